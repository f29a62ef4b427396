"""Touches to the last bit, wherever they lie: blocks of 64 bars and groups of 4,096 are passed as one, and never with a touch in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from barloom._native.chunking import block_extremes
from barloom._native.simulation import BLOCK_BARS, GROUP_BLOCKS
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing
from helpers.engine import run_pipeline
from helpers.market import MINUTE, Bar, Market, entries_of

BLOCK, GROUP = BLOCK_BARS, BLOCK_BARS * GROUP_BLOCKS
BARS = 2 * GROUP + 3 * BLOCK + 5
CHUNKS = (BARS, GROUP, BLOCK, GROUP + BLOCK, 1000)
QUIET: Bar = (100.0, 100.25, 99.75, 100.0)
ENTERED = (1, BLOCK - 1, BLOCK, GROUP - 1, GROUP, GROUP + 1)
"""Bars on which a trade begins: inside a block, at its last and first bar, and at those of a group."""


def edges() -> list[int]:
    """Bars at the edges of blocks, groups and chunks, before, on and behind them, and some in the middle."""
    levels = (BLOCK, 2 * BLOCK, GROUP - BLOCK, GROUP, GROUP + BLOCK, 2 * GROUP, *CHUNKS[2:], 2000)
    near = {level + step for level in levels for step in (-1, 0, 1)}
    return sorted({at for at in near | {5, GROUP // 2 + 7, GROUP + 777} if 2 < at < BARS - 2})


TOUCHES: dict[str, dict[str, Any]] = {
    # Levels are measured from a fill at 100; ``bar`` touches one to the bit, ``short_of`` stops an eighth before it.
    "stop": {
        "stop": 2.0,
        "bar": (100.0, 100.25, 98.0, 100.0),
        "short_of": (100.0, 100.25, 98.125, 100.0),
        "price": 98.0,
    },
    "target": {
        **{"stop": 9.0, "target": 3.0, "price": 103.0},
        **{"bar": (100.0, 103.0, 99.75, 100.0), "short_of": (100.0, 102.875, 99.75, 100.0)},
    },
    # The peak of 104 comes before, and a trail of 3 behind it stands at 101: every later bar but the touch lies above.
    "trail": {
        **{
            "stop": 9.0,
            "trail": 3.0,
            "price": 101.0,
            "peak": (100.0, 104.0, 99.75, 103.0),
            "after": (103.0, 103.25, 102.75, 103.0),
        },
        **{"bar": (103.0, 103.25, 101.0, 103.0), "short_of": (103.0, 103.25, 101.125, 103.0)},
    },
    "breakeven": {
        **{"stop": 9.0, "trigger": 4.0, "price": 100.0, "peak": (100.0, 104.0, 99.75, 103.0)},
        **{"after": (103.0, 103.25, 102.75, 103.0), "bar": (103.0, 103.25, 100.0, 103.0)},
        **{"short_of": (103.0, 103.25, 100.125, 103.0)},
    },
}


def turned(rows: np.ndarray, side: int) -> np.ndarray:
    """The same bars for the other side: upside down around 100."""
    return rows if side > 0 else 200.0 - rows[:, [0, 2, 1, 3]]


def scenes(kind: str, at: int) -> Iterator[tuple[list[int], np.ndarray]]:
    """Entry bars, and bars with one touch, on which all of them leave; peaks lie a few bars, a block and a group before it."""
    asked = TOUCHES[kind]
    peaks = [None] if "peak" not in asked else [back for back in (1, 3, BLOCK, GROUP) if at - back > 1]
    for back in peaks:
        rows = np.array([QUIET] * BARS)
        first = at
        if back is not None:
            first = at - back
            rows[first] = asked["peak"]
            rows[first + 1 :] = asked["after"]
            # Before the touch a bar that comes as near as it can.
        if at - 1 > first or back is None:
            rows[at - 1] = asked["short_of"]
        rows[at] = asked["bar"]
        if at + 1 < BARS:
            rows[at + 1 :, 0] = rows[at, 3]
        # A peak counts from the bar after the entry on: levels are set at the close of a bar.
        entered = [bar for bar in ENTERED if bar < first - (back is None)]
        if entered:
            yield entered, rows


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("kind", TOUCHES)
def test_a_trade_leaves_on_the_bar_that_touches_its_level_to_the_bit(kind: str, side: int) -> None:
    asked = TOUCHES[kind]
    options = {name: asked[name] for name in ("stop", "target", "trail", "trigger") if name in asked}
    if "trail" in options:
        options |= {"activation": 0.0}
    seen = 0
    for at in edges():
        for entered, rows in scenes(kind, at):
            market = Market(turned(rows, side))
            signals = [{"signal_bar": bar - 1, "side": side, **options} for bar in entered]
            entries = entries_of(signals, planned=kind not in ("stop", "target"))
            for chunk_rows in CHUNKS:
                found = run_pipeline(
                    market, entries, Rules(max_positions=0, sizing=Sizing(units=1.0)), chunk_rows
                ).rows()
                assert [row["exit_bar"] for row in found] == [at] * len(entered), (at, chunk_rows, entered)
                price = asked["price"] if side > 0 else 200.0 - asked["price"]
                assert {row["exit_price"] for row in found} == {price}, (at, chunk_rows)
                assert {row["exit_reason"] for row in found} == {kind}
                seen += len(entered)
    assert seen > 400


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("entry", ["limit", "stop"])
def test_an_order_fills_on_the_bar_that_touches_its_price_to_the_bit(entry: str, side: int) -> None:
    level, near, bar = (98.0, (100.0, 100.25, 98.125, 100.0), (100.0, 100.25, 98.0, 100.0))
    if entry == "stop":
        level, near, bar = (102.0, (100.0, 101.875, 99.75, 100.0), (100.0, 102.0, 99.75, 100.0))
    for at in edges():
        rows = np.array([QUIET] * BARS)
        rows[at - 1], rows[at] = near, bar
        price = level if side > 0 else 200.0 - level
        signals = [
            {"signal_bar": signal - 1, "side": side, "price": price, "good_for": BARS, "max_hold": 1}
            for signal in ENTERED
            if signal < at - 1
        ]
        for chunk_rows in CHUNKS:
            rules = Rules(max_positions=0, entry=entry, sizing=Sizing(units=1.0))
            found = run_pipeline(
                Market(turned(rows, side)), entries_of(signals, planned=True), rules, chunk_rows
            ).rows()
            assert [(row["entry_bar"], row["entry_price"]) for row in found] == [(at, price)] * len(signals), (
                at,
                chunk_rows,
            )


@pytest.mark.parametrize("side", [1, -1])
def test_a_trade_leaves_at_its_last_bar_wherever_that_lies(side: int) -> None:
    """The last bar of a trade ends what may be passed as one; what was best and worst until then was seen."""
    for at in edges():
        rows = np.array([QUIET] * BARS)
        rows[at - 1] = (100.0, 101.0, 99.0, 100.0)
        rows[at + 1 :] = (100.0, 105.0, 95.0, 100.0)
        entered = [bar for bar in ENTERED if bar < at]
        signals = [{"signal_bar": bar - 1, "side": side, "stop": 50.0, "max_hold": at - bar + 1} for bar in entered]
        for chunk_rows in CHUNKS:
            rules = Rules(max_positions=0, sizing=Sizing(units=1.0))
            found = run_pipeline(Market(turned(rows, side)), entries_of(signals), rules, chunk_rows).rows()
            assert {(row["exit_bar"], row["mfe"], row["mae"]) for row in found} == {(at, 1.0, 1.0)}, (at, chunk_rows)


@pytest.mark.parametrize("side", [1, -1])
def test_equity_is_back_at_its_peak_on_the_bar_that_brings_it_there_to_the_bit(side: int) -> None:
    """The ledger passes blocks and groups in which no close can be back at the peak; one close that is, ends the drawdown."""
    for at in edges():
        # No low is below the lowest close: else the ledger looks at every close, as it may find a deeper fall.
        rows = np.array([(99.0, 99.25, 99.0, 99.0)] * BARS)
        rows[0] = rows[1] = (100.0, 100.0, 99.0, 100.0)
        rows[at] = (99.0, 100.0, 99.0, 100.0)
        market = Market(turned(rows, side))
        entries = entries_of([{"signal_bar": 0, "side": side}])
        for chunk_rows in CHUNKS:
            account = run_pipeline(
                market, entries, Rules(sizing=Sizing(balance=1000.0, units=1.0)), chunk_rows
            ).account[0]
            assert account["peak_time"] == market.time[at] and account["under_water"], (at, chunk_rows)
            assert account["longest_drawdown"] == (at - 1) * MINUTE, (at, chunk_rows)
            assert account["max_drawdown"] == 1.0


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("bars", [1, BLOCK, BLOCK + 1, GROUP - 1, GROUP, GROUP + BLOCK + 1])
def test_the_extreme_of_every_block_and_group_is_found_wherever_it_lies(bars: int, threads: int) -> None:
    blocks = -(-bars // BLOCK)
    groups = -(-blocks // GROUP_BLOCKS)
    high, low = np.full(bars, 2.0), np.full(bars, 1.0)
    for at in range(bars):
        high[at], low[at] = 3.0, 0.5
        found = [np.zeros(count) for count in (blocks, blocks, groups, groups)]
        block_extremes(high, low, *found, threads)
        for values, plain, extreme, size in zip(
            found, (2.0, 1.0) * 2, (3.0, 0.5) * 2, (BLOCK, BLOCK, GROUP, GROUP), strict=True
        ):
            expected = np.full(len(values), plain)
            expected[at // size] = extreme
            assert (values == expected).all(), at
        high[at], low[at] = 2.0, 1.0
