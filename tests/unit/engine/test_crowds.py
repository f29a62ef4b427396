"""Many trades carried from chunk to chunk, whose bars are looked at on several threads; and few, over long quiet stretches."""

from __future__ import annotations

import numpy as np

from barloom.bars import Bars, from_arrays, from_synthetic
from barloom.engine import orchestrator
from barloom.rules.parameters import RunParameters

CHUNK = 1000
SPREAD_OVER_THREADS = 256  # from so many on


def test_a_crowd_that_goes_on_is_the_same_on_any_number_of_threads() -> None:
    rules = {
        "strategy": "ema-cross",
        "params": {"fast": 2, "slow": 4},
        "stop": "atr:60",
        "target": "r:3",
        "max_hold": 4000,
    }
    found = [
        orchestrator.run(
            from_synthetic(6000, 5), RunParameters(**rules, position="overlap", chunk_rows=CHUNK, threads=threads)
        )
        for threads in (1, 2, 3)
    ]
    trades = found[0].trades
    carried = [int(((trades["entry_bar"] < at) & (trades["exit_bar"] >= at)).sum()) for at in range(CHUNK, 6000, CHUNK)]
    assert max(carried) > SPREAD_OVER_THREADS
    assert len({one.digest for one in found}) == 1


def bars_of_seconds(rows: int) -> Bars:
    """Made bars, one a second, so that a day is long enough for thousands of bars between two events."""
    chunk = next(from_synthetic(rows, 5).chunks(rows, volume=False))
    times = np.datetime64("2024-01-02", "ns") + np.arange(rows) * np.timedelta64(1, "s")
    return from_arrays(times, *(column.copy() for column in (chunk.open, chunk.high, chunk.low, chunk.close)))


def test_long_stretches_in_which_nothing_happens_are_passed_at_once() -> None:
    """Thousands of bars without an event, in one chunk, against chunks too short to pass more than 64 at a time."""
    rules = {"strategy": "ema-cross", "params": {"fast": 2000, "slow": 6000}, "stop": "atr:4000", "size": 1.0}
    bars = bars_of_seconds(60_000)
    whole, pieces = (orchestrator.run(bars, RunParameters(**rules, chunk_rows=rows)) for rows in (60_000, 900))
    assert int((whole.trades["exit_bar"] - whole.trades["entry_bar"]).max()) > 10_000
    assert (whole.digest, whole.metrics) == (pieces.digest, pieces.metrics)
    assert whole.metrics.max_drawdown > 0
