"""Schedule of a batch: the division into passes changes the memory, never the results."""

from __future__ import annotations

import random

import pytest

import barloom as bl
from barloom.engine.signals import SignalMaker
from barloom.indicators import Indicator
from barloom.rules.parameters import RunParameters
from barloom.strategies.ema_cross import EmaCross
from barloom.sweeps.runner import schedule as scheduling
from barloom.sweeps.runner.batch import run_batch
from barloom.sweeps.runner.schedule import schedule


class Group:
    def __init__(self, fast: int, slow: int) -> None:
        self.maker = SignalMaker(EmaCross(EmaCross.Params(fast=fast, slow=slow)))


def groups(fasts: int, slows: int) -> list[Group]:
    return [Group(2 + fast, 100 + slow) for fast in range(fasts) for slow in range(slows)]


def read_by(one_pass: list[int], of: list[Group]) -> set[Indicator]:
    return {spec for k in one_pass for spec in of[k].maker.specs.values()}


@pytest.mark.parametrize("chunk_rows", [None, 20_000, 131_072])
def test_every_set_is_in_one_pass_whose_indicators_fit(chunk_rows: int | None) -> None:
    many = groups(12, 30)
    how = schedule(many, chunk_rows, again=True)
    assert sorted(k for one_pass in how.passes for k in one_pass) == list(range(360))
    assert chunk_rows is None or how.rows == chunk_rows
    for one_pass in how.passes:
        assert 8 * how.rows * len(read_by(one_pass, many)) <= scheduling.INDICATOR_BYTES


def test_a_grid_of_averages_is_cut_into_blocks_that_share_them() -> None:
    many = groups(12, 30)
    how = schedule(many, 131_072, again=True)
    # At most 15 indicators: 7 fast averages, 7 slow ones and the ATR; 2 x 5 blocks of at most 49 sets.
    assert len(how.passes) == 10
    assert max(len(read_by(one_pass, many)) for one_pass in how.passes) == 15


def test_sets_that_share_little_pass_together_in_smaller_chunks() -> None:
    rng = random.Random(0)
    lone = [Group(rng.randrange(2, 202), rng.randrange(300, 900)) for _ in range(400)]
    how = schedule(lone, None, again=True)
    assert how.rows < 131_072
    # In the largest chunks nearly every set would read the bars for itself.
    assert len(how.passes) < len(schedule(lone, 131_072, again=True).passes) / 2


def test_bars_that_must_be_parsed_are_drawn_once() -> None:
    how = schedule(groups(12, 30), None, again=False)
    assert how.passes == [list(range(360))]
    assert 8 * how.rows * 43 <= scheduling.INDICATOR_BYTES


def test_passes_change_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = bl.from_synthetic(5_000)
    sets = [
        RunParameters(strategy="ema-cross", params={"fast": fast, "slow": slow}, stop=stop)
        for fast in (3, 5, 8)
        for slow in (20, 30, 40)
        for stop in (None, "atr:1")
    ]
    whole = run_batch(bars, sets, chunk_rows=1_000).table
    monkeypatch.setattr(scheduling, "INDICATOR_BYTES", 8 * 1_000 * 3)
    assert len(schedule(groups(3, 3), 1_000, again=True).passes) == 9
    assert run_batch(bars, sets, chunk_rows=1_000).table.equals(whole)
