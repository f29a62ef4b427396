"""``drop_spikes`` leaves out what ``check_bars`` calls spikes, counts it, and changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from barloom.bars import open_bars
from barloom.bars.checks import check_bars
from barloom.errors import InputError
from helpers.bar_files import Columns, ask_bars, minute_bars, spreads, write
from helpers.command import run_here

SPIKES = [0, 900, 2500, 2501, 5990]


def spiked(rows: int = 6000) -> Columns:
    bars = minute_bars(rows, 7)
    for row in SPIKES:
        for name in ("open", "high", "low", "close"):
            bars[name][row] = 1965.0001
    return bars


def without(bars: Columns, rows: list[int]) -> Columns:
    return {name: np.delete(values, rows) for name, values in bars.items()}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("chunk_rows", [700, 100_000])
def test_the_bars_are_those_of_a_file_without_the_spikes(tmp_path: Path, suffix: str, chunk_rows: int) -> None:
    bars = spiked()
    dirty = open_bars(write(tmp_path / f"dirty.{suffix}", bars), drop_spikes=True)
    clean = open_bars(write(tmp_path / f"clean.{suffix}", without(bars, SPIKES)))
    chunks = [chunk.close.copy() for chunk in dirty.chunks(chunk_rows)]
    assert [len(close) for close in chunks] == [len(chunk.close) for chunk in clean.chunks(chunk_rows)]
    assert dirty.report is not None and clean.report is not None
    assert dirty.report.content_hash == clean.report.content_hash
    assert (dirty.report.total_rows, dirty.report.selected_rows) == (6000, 5995)
    assert dirty.report.dropped == {"spike": 5}


def test_only_spikes_of_the_selection_are_counted(tmp_path: Path) -> None:
    bars = spiked()
    whole = open_bars(write(tmp_path / "dirty.parquet", bars), drop_spikes=True)
    part = whole.select(fraction=0.5, portion=1, start=int(bars["timestamp"][100]), end=int(bars["timestamp"][2501]))
    assert sum(chunk.rows for chunk in part.chunks(1000)) == 2501 - 100 - 2
    assert part.report is not None and part.report.dropped == {"spike": 2}


def test_other_bad_rows_are_refused_all_the_same(tmp_path: Path) -> None:
    bars = spiked()
    bars["low"][1000] = -1.0
    path = write(tmp_path / "dirty.csv", bars)
    with pytest.raises(InputError, match=r"1 not_positive \(first: data row 1001"):
        list(open_bars(path, drop_spikes=True).chunks(1000))
    both = open_bars(path, drop_spikes=True, on_bad_rows="drop")
    assert sum(chunk.rows for chunk in both.chunks(1000)) == 5994
    assert both.report is not None and both.report.dropped == {"not_positive": 1, "spike": 5}


def test_spikes_are_dropped_with_their_ask(tmp_path: Path) -> None:
    bars = spiked()
    ask = write(tmp_path / "ask.csv", ask_bars(bars, spreads(bars)))
    pair = open_bars(write(tmp_path / "bid.csv", bars), ask=ask, drop_spikes=True)
    assert max(float(chunk.ask_high.max()) for chunk in pair.chunks(1000) if chunk.ask_high is not None) < 2


def test_a_check_warns_and_a_run_obeys(tmp_path: Path) -> None:
    bars = spiked()
    path = write(tmp_path / "dirty.csv", bars)
    assert check_bars(open_bars(path)).found("spike") == 5
    words = ("--strategy", "ema-cross", "--non-interactive", "--format", "json", "--out", tmp_path)
    code, told, _ = run_here("run", path, "--drop-spikes", *words)
    assert code == 0
    clean = write(tmp_path / "clean.csv", without(bars, SPIKES))
    assert json.loads(told)["digest"] == json.loads(run_here("run", clean, *words)[1])["digest"]
    assert json.loads(told)["digest"] != json.loads(run_here("run", path, *words)[1])["digest"]
