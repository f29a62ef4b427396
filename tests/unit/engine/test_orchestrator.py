"""Exits, exit signals and finer bars from Python to the trades: what is counted, and what never changes a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import barloom as bl
from barloom.errors import InputError

MINUTE = 60 * 10**9
ROWS = 3000


def fine_bars() -> bl.Bars:
    """Ten-second bars of a random walk."""
    rng = np.random.default_rng(5)
    close = 100.0 + np.cumsum(rng.integers(-3, 4, 6 * ROWS)) / 64
    opened = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opened, close) + 1 / 64, np.minimum(opened, close) - 1 / 64
    return bl.from_arrays(np.arange(6 * ROWS) * (MINUTE // 6), opened, high, low, close)


def minute_bars() -> bl.Bars:
    """The minutes of the same walk."""
    (chunk,) = fine_bars().chunks(6 * ROWS)
    return bl.from_arrays(
        chunk.timestamp[::6].copy(),
        chunk.open[::6].copy(),
        chunk.high.reshape(-1, 6).max(axis=1),
        chunk.low.reshape(-1, 6).min(axis=1),
        chunk.close[5::6].copy(),
    )


def entries(every: int = 17) -> bl.Entries:
    bars = np.arange(20, ROWS - 20, every)
    return bl.Entries(bars, np.where(bars % 2 == 0, 1, -1), stop=3 / 64, target=3 / 64)


def simulated(**options: Any) -> Any:
    return bl.simulate(minute_bars(), entries(), **options)


EXITS = bl.Exits(
    trail=bl.Trail(distance="atr:0.5", activation="r:0.5"),
    breakeven=bl.Breakeven(trigger="r:0.5"),
    ladder=(bl.Rung(target="r:0.5", fraction=0.25), bl.Rung(target="r:2", fraction=0.5)),
)


def test_counts_are_of_signals_and_trades_are_parts() -> None:
    plain, parts = simulated(), simulated(exits=EXITS)
    for result in (plain, parts):
        assert result.counts["accepted"] + sum(result.counts["rejected"].values()) == result.counts["signals"]
        assert result.counts["signals"] == len(entries())
    assert plain.metrics.trades == plain.counts["accepted"]
    assert parts.metrics.trades == 3 * parts.counts["accepted"]
    np.testing.assert_allclose(parts.trades["size"].to_numpy().reshape(-1, 3).sum(axis=1), 1.0)


@pytest.mark.parametrize("chunk_rows", [7, 1009])
def test_chunks_and_threads_change_nothing(chunk_rows: int) -> None:
    options: dict[str, Any] = {
        "exits": EXITS,
        "exit_signals": bl.ExitSignals(np.arange(21, ROWS, 34), np.arange(len(range(21, ROWS, 34))) % 3 - 1),
        "position": "overlap",
    }
    whole = simulated(**options)
    assert {"stop", "target", "trail", "signal"} <= set(whole.trades["exit_reason"])
    assert simulated(**options, chunk_rows=chunk_rows, threads=1).digest == whole.digest


def test_finer_bars_decide_between_the_bounds() -> None:
    pessimistic = simulated()
    drilled = simulated(intrabar="drilldown", fine=fine_bars())
    assert pessimistic.bounds.deciding_trades > drilled.bounds.deciding_trades
    assert drilled.trades["ambiguous"].sum() == pessimistic.trades["ambiguous"].sum()
    assert pessimistic.bounds.worst.net_pnl < drilled.metrics.net_pnl < pessimistic.bounds.best.net_pnl


def test_bounds_are_left_out_where_they_are_not_asked_for() -> None:
    assert simulated(bounds=False).bounds is None


def test_bars_that_are_no_finer_are_refused() -> None:
    with pytest.raises(InputError, match="is no finer"):
        simulated(intrabar="drilldown", fine=minute_bars())


def test_exits_of_a_run_are_those_of_its_options() -> None:
    bars = minute_bars()
    given = bl.run(bars, exits=EXITS)
    assert (
        given.digest
        == bl.run(
            bars, trail="atr:0.5", trail_activation="r:0.5", breakeven="r:0.5", ladder="r:0.5@0.25,r:2@0.5"
        ).digest
    )
    assert given.digest != bl.run(bars).digest
