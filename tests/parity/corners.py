"""Counts how often a set of trades went through each corner of the rules, on each side, from the bars alone."""

from __future__ import annotations

from collections import Counter

import numpy as np

from parity.market import Market
from parity.signals import Signals
from parity.tables import Trades

BOTH = "both levels in one bar"
BEYOND_TARGET = "open beyond the target, low through the stop"
BEYOND_STOP = "open beyond the stop"
ENTRY_BAR = "a level within the entry bar"
TOUCH = "exact touch"
FLAT = "left on a bar without range"
EVEN = "both levels in one bar, high and low as far from the open"
AGAIN = "a signal on the bar the last trade left on"
TRAIL = "trail raised and run through in one bar"

OFF_GRID = (BOTH, BEYOND_TARGET, BEYOND_STOP, ENTRY_BAR, EVEN, AGAIN)
"""Corners of brackets whose levels lie on no price a bar can have."""
BRACKET = (*OFF_GRID, TOUCH, FLAT)
TRAILING = (BOTH, BEYOND_STOP, ENTRY_BAR, AGAIN, TRAIL)

Corner = tuple[str, int]


def count(market: Market, signals: Signals, trades: Trades, entry: str) -> Counter[Corner]:
    """Number of trades of each side that met each corner case."""
    found: Counter[Corner] = Counter()
    signalled = set(signals.bar.tolist())
    row_of = {bar: row for row, bar in enumerate(signals.bar.tolist())}
    for trade in trades:
        row = row_of[int(trade["signal_bar"])]
        for name in _corners(market, signals, row, trade, entry):
            found[name, int(trade["side"])] += 1
        if int(trade["exit_bar"]) in signalled and not trade["open"]:
            found[AGAIN, int(trade["side"])] += 1
    return found


def often(found: Counter[Corner], wanted: tuple[str, ...], times: int) -> None:
    """Every corner came up on both sides.

    Raises:
        AssertionError: one did not, by name.
    """
    rare = {(name, side): found[name, side] for name in wanted for side in (1, -1) if found[name, side] < times}
    assert not rare, f"fewer than {times} trades: {rare}"


def _corners(market: Market, signals: Signals, row: int, trade: np.void, entry: str) -> set[str]:
    """Corners of one trade, in prices turned so that a higher one is better for it."""
    side = int(trade["side"])
    better, worse = (market.high, market.low) if side > 0 else (market.low, market.high)
    base = signals.base[row]
    stop, target = side * base - signals.stop[row], side * base + signals.target[row]
    first = int(trade["entry_bar"]) + (entry == "close")
    found = set()
    entered = int(trade["entry_bar"])
    # A level that is NaN compares as not reached.
    if side * worse[entered] <= stop or side * better[entered] >= target:
        found.add(ENTRY_BAR)
    left = int(trade["exit_bar"])
    if left < first:
        return found
    peak = side * float(trade["entry_price"])
    ahead = peak + signals.activation

    def raised(best: float) -> float:
        """Where a trail stands, NaN without one."""
        return best * (1.0 - side * signals.share) if signals.share else best - float(signals.trail[row])

    for bar in range(first, left + 1):
        if peak >= ahead:
            stop = np.fmax(stop, raised(peak))
        high, low = side * better[bar], side * worse[bar]
        if bar == left:
            break
        if high > peak and raised(high) >= low:
            found.add(TRAIL)
        peak = max(peak, high)
    if trade["open"]:
        return found
    opened = side * market.open[left]
    if low <= stop and high >= target:
        found.add(BOTH)
        if high - opened == opened - low:
            found.add(EVEN)
        if opened >= target and left > entered:
            found.add(BEYOND_TARGET)
    if opened <= stop and left > entered:
        found.add(BEYOND_STOP)
    if low == stop or high == target:
        found.add(TOUCH)
    if high == low:
        found.add(FLAT)
    return found
