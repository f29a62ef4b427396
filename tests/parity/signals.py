"""Signals that both engines trade, each with its stop and its target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import barloom as bl
from parity.market import Market

ABSENT = np.nan


@dataclass(frozen=True)
class Signals:
    """One row a signal; distances in price units, NaN for none.

    Attributes:
        bar: the bar whose close decided it, never decreasing.
        side: +1 or -1.
        stop, target: distances from ``base``.
        trail: distance of a trailing stop from the best price.
        share: distance of every trailing stop as a part of the best price, 0 for none.
        activation: how far the best price must be for the trail to count.
        base: the price the distances are measured from: that of the fill, or the close of the signal bar.
    """

    bar: np.ndarray
    side: np.ndarray
    stop: np.ndarray
    target: np.ndarray
    trail: np.ndarray
    share: float
    activation: float
    base: np.ndarray

    def __len__(self) -> int:
        return len(self.bar)

    def entries(self, stop_price: np.ndarray | None, target_price: np.ndarray | None) -> bl.Entries:
        """As barloom takes them: levels as the prices given, or as distances from the fill where none are.

        A trail that is the same for all is not among them: it holds for every trade and is one of the ``exits``.
        """
        trail = None if np.isnan(self.trail).all() or self.activation else self.trail
        if stop_price is None or target_price is None:
            return bl.Entries(self.bar, self.side, stop=self.stop, target=self.target, trail=trail)
        return bl.Entries(self.bar, self.side, stop_price=stop_price, target_price=target_price, trail=trail)

    def exits(self) -> bl.Exits:
        """Exits that hold for every trade."""
        if self.share:
            return bl.Exits(trail=bl.Trail(distance=f"peak:{100.0 * self.share!r}"))
        if not self.activation:
            return bl.Exits()
        return bl.Exits(trail=bl.Trail(distance=float(self.trail[0]), activation=self.activation))


def drawn(
    market: Market,
    entry: str,
    seed: int,
    *,
    share: float,
    ticks: tuple[int, int],
    off_grid: float = 0.0,
    stops: float = 0.95,
    targets: float = 0.97,
    trails: float = 0.0,
    trail_share: float = 0.0,
    activation: float = 0.0,
    both_sides: float = 0.0,
    from_close: bool = False,
    to_the_end: bool = True,
) -> Signals:
    """Signals on random bars, either side, with levels some ticks away.

    Args:
        market: the bars.
        entry: ``close`` or ``next_open``, which says where the fill is.
        seed: of the generator.
        share: of the bars that carry a signal.
        ticks: least and most ticks to a level.
        off_grid: ticks added to every distance, so that no level lies on a price a bar can have.
        stops, targets, trails: share of signals that have one.
        trail_share: of the best price, for a trail of every signal and no stop beside it.
        activation: of the trails, in ticks; with one, every signal has the same trail.
        both_sides: share of signal bars with a long and a short, which cancel each other.
        from_close: levels are measured from the close of the signal bar, not from the fill.
        to_the_end: whether the last bar that can carry a signal does.
    """
    rng = np.random.default_rng(seed)
    rows = len(market)
    # backtesting.py asks its strategy for the first time on bar 1, and a next open needs a bar after the signal.
    last = rows - 1 if entry == "close" else rows - 2
    where = np.flatnonzero(rng.random(rows) < share)
    where = np.append(where[(where > 0) & (where < last)], np.full(int(to_the_end), last))
    twice = rng.random(len(where)) < both_sides
    bar = np.repeat(where, 1 + twice)
    count = len(bar)
    side = rng.choice(np.array([1, -1], dtype=np.int8), count)
    second = np.flatnonzero(bar[1:] == bar[:-1]) + 1
    side[second] = -side[second - 1]

    beside = off_grid * market.tick

    def distances(given: float) -> np.ndarray:
        values = rng.integers(ticks[0], ticks[1] + 1, count) * market.tick + beside
        return np.where(rng.random(count) < given, values, ABSENT)

    stop, target, trail = distances(stops), distances(targets), distances(trails)
    if activation:
        trail[:] = ticks[1] // 2 * market.tick + beside
    # What has neither a stop nor a target would hold the only place to the end of the data.
    stop = np.where(np.isnan(stop) & np.isnan(trail), 2 * ticks[1] * market.tick + beside, stop)
    if trail_share:
        stop[:] = ABSENT
    from_open = entry == "next_open" and not from_close
    base = market.open[bar + 1] if from_open else market.close[bar]
    return Signals(bar, side, stop, target, trail, trail_share, activation * market.tick, base)
