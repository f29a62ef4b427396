"""Rows past 2^31, and bars without end: counted in 64 bits, held in the same memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import barloom as bl
from barloom.bars.bars import Bars, Chunks
from barloom.bars.sources.base import Batches, RowBatch, Source
from barloom.bars.synthetic import SyntheticSource
from barloom.engine.orchestrator import simulate
from barloom.errors import InputError
from faults.made import every
from helpers.command import environment

MANY = 2**31 + 7
MINUTE = 60_000_000_000


class Endless(Source):
    """More rows than 31 bits count, each made when it is asked for; ``bad`` has its high below its low."""

    label = "endless"
    has_volume = False
    bad = -1

    def total_rows(self) -> int:
        return MANY

    def rows_at_hand(self) -> int:
        return MANY

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        for first in range(start, MANY if stop is None else stop, 1000):
            rows = np.arange(first, min(first + 1000, MANY if stop is None else stop))
            level = 1.0 + rows % 64 / 64
            high = np.where(rows == self.bad, 0.5, level + 1)
            yield RowBatch(first, rows * (MINUTE // 60), level, high, level - 0.5, level)


def test_the_last_rows_of_more_than_2_to_the_31_are_read_as_such() -> None:
    """The last of a million portions lies beyond what an int32 counts."""
    bars = Bars(Endless()).select(fraction=2**-20, portion=2**20)
    drawn = np.concatenate([chunk.timestamp[chunk.history :].copy() for chunk in bars.chunks(300)])
    assert drawn[-1] == (MANY - 1) * (MINUTE // 60)
    assert (np.diff(drawn) == MINUTE // 60).all()
    assert bars.report is not None
    assert (bars.report.total_rows, bars.report.selected_rows) == (MANY, len(drawn))


def test_a_bad_row_past_2_to_the_31_is_named_by_its_number() -> None:
    source = Endless()
    source.bad = MANY - 3
    with pytest.raises(InputError, match=f"1 high_low .first: row {MANY - 2:d}, "):
        for _ in Bars(source).select(fraction=2**-20, portion=2**20).chunks(300):
            pass


class Late(Bars):
    """Bars whose chunks say that so many bars came before them."""

    before = 0

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: bool = False, threads: int = 2) -> Chunks:
        for chunk in super().chunks(chunk_rows, history=history, volume=volume, threads=threads):
            yield replace(chunk, base=chunk.base + self.before)


@pytest.mark.parametrize("before", [2**31 - 3000, 2**31 - 3, 2**31, 2**32 - 5, 2**40])
def test_trades_are_the_same_wherever_they_are_counted_from(before: int) -> None:
    """Bar numbers cross 2^31 in the middle, in the kernels as well."""
    where = np.arange(10, 5900, 37)
    entries = bl.Entries(where, np.where(where % 2, 1, -1), stop=0.0008, target=0.0012)
    exits = bl.Exits(max_hold=200, trail=bl.Trail(distance=0.0006, activation=0.0004))
    plain = simulate(Bars(SyntheticSource(6000, 3)), entries, exits=exits, position="overlap", chunk_rows=701)
    late = Late(SyntheticSource(6000, 3))
    late.before = before
    moved = simulate(late, entries.moved(before), exits=exits, position="overlap", chunk_rows=701)
    ours, theirs = plain.sink.columns, moved.sink.columns  # type: ignore[union-attr]
    counted = [name for name in ours if name.endswith("_bar")]
    assert counted and len(ours["side"]) == len(where)
    for name, values in ours.items():
        expected = values + before if name in counted else values
        assert np.array_equal(theirs[name], expected, equal_nan=values.dtype.kind == "f"), name


PEAK = """
import json, sys
from barloom.engine.orchestrator import run
from barloom.rules.parameters import RunParameters
from barloom.bars import from_synthetic
from barloom.observe.memory import peak_rss
few_trades = {"fast": 500, "slow": 5000}
run(from_synthetic(int(sys.argv[1]), 3), RunParameters(strategy="ema-cross", params=few_trades, chunk_rows=16_384))
print(peak_rss())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
def test_ten_times_the_bars_and_more_take_the_memory_of_the_first() -> None:
    """From 100,000 bars on, which fill every buffer; few trades, as those of a run in memory are kept. A hundred times the bars
    with ``BARLOOM_FAULTS=all``."""
    peaks = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PEAK, str(rows)], env=environment(), capture_output=True, text=True, check=True
            ).stdout
        )
        for rows in (100_000, 1_000_000, 10_000_000)[: 3 if every() else 2]
    ]
    assert max(peaks) < 300_000_000
    assert max(peaks[1:]) - min(peaks) < 15_000_000, peaks
