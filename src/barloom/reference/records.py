"""Input and output of the reference simulator: bars as plain lists, trades as plain objects, and the results of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from barloom.rules.costs import Costs


class Quote(NamedTuple):
    """A bar of one side of the market: bid or ask."""

    open: float
    high: float
    low: float
    close: float

    def low_for(self, side: int) -> float:
        """The worst price to leave at: the low for a long, the high for a short."""
        return self.low if side > 0 else self.high

    def high_for(self, side: int) -> float:
        """The best price to leave at: the high for a long, the low for a short."""
        return self.high if side > 0 else self.low

    def plus(self, spread: float) -> Quote:
        """The bar with a spread added."""
        return Quote(self.open + spread, self.high + spread, self.low + spread, self.close + spread)


def falls_to(side: int, price: float, level: float) -> bool:
    """True if a price is at the level or below it; for a short, at it or above. False if the level is NaN."""
    return price <= level if side > 0 else price >= level


def rises_to(side: int, price: float, level: float) -> bool:
    """True if a price is at the level or above it; for a short, at it or below. False if the level is NaN."""
    return price >= level if side > 0 else price <= level


def above(side: int, price: float, distance: float) -> float:
    """The price a distance better for a trade; for a short that is below."""
    return price + distance if side > 0 else price - distance


def below(side: int, price: float, distance: float) -> float:
    """The price a distance worse for a trade; for a short that is above."""
    return price - distance if side > 0 else price + distance


@dataclass
class ReferenceBars:
    """Bars as plain lists.

    Attributes:
        time: open times, nanoseconds UTC.
        open, high, low, close: bid prices.
        ask_open, ask_high, ask_low, ask_close: ask prices; without them the ask is the bid plus the spread of the costs.
        fine: the finer bid bars inside a bar, by its number, for ``drilldown``.
    """

    time: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    ask_open: Sequence[float] | None = None
    ask_high: Sequence[float] | None = None
    ask_low: Sequence[float] | None = None
    ask_close: Sequence[float] | None = None
    fine: dict[int, list[tuple[float, float, float, float]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.open)

    def bid(self, j: int) -> Quote:
        """Bar j as it is."""
        return Quote(self.open[j], self.high[j], self.low[j], self.close[j])

    def ask(self, j: int, costs: Costs) -> Quote:
        """Bar j on the other side of the spread."""
        if self.ask_open is None or self.ask_high is None or self.ask_low is None or self.ask_close is None:
            return self.bid(j).plus(costs.spread)
        return Quote(self.ask_open[j], self.ask_high[j], self.ask_low[j], self.ask_close[j])

    def entering(self, side: int, j: int, costs: Costs) -> Quote:
        """The side of the market a trade enters on: a long buys at the ask."""
        return self.ask(j, costs) if side > 0 else self.bid(j)

    def leaving(self, side: int, j: int, costs: Costs) -> Quote:
        """The side of the market a trade leaves on: a long sells at the bid."""
        return self.bid(j) if side > 0 else self.ask(j, costs)

    def spread(self, j: int, costs: Costs, *, at_close: bool) -> float:
        """Ask less bid at the open of a bar, or at its close."""
        if self.ask_open is None or self.ask_close is None:
            return costs.spread
        return self.ask_close[j] - self.close[j] if at_close else self.ask_open[j] - self.open[j]


@dataclass
class ReferenceTrade:
    """One order and the trade it became: the request, the fields of the trade record, and the steps to them."""

    signal_bar: int
    side: int
    stop_asked: float
    target_asked: float
    stop_is_price: bool
    target_is_price: bool
    max_hold: int
    size: float
    slippage: float
    good_for: int = 1
    price: float = math.nan
    trail: float = math.nan
    trail_share: float = 0.0
    activation: float = 0.0
    trigger: float = math.nan
    offset: float = 0.0
    fraction: float = 1.0
    nearest: float = math.nan

    trade_id: int = -1
    entry_bar: int = -1
    entry_time: int = 0
    entry_price: float = math.nan
    initial_stop: float = math.nan
    target: float = math.nan
    exit_bar: int = -1
    exit_time: int = 0
    exit_price: float = math.nan
    exit_reason: str = ""
    gap: bool = False
    ambiguous: bool = False
    mfe: float = 0.0
    mae: float = 0.0
    gross_pnl: float = 0.0
    spread_cost: float = 0.0
    slippage_cost: float = 0.0
    commission: float = 0.0
    swap: float = 0.0
    net_pnl: float = 0.0
    r: float = math.nan

    refused: str = ""
    filled: str = ""
    """``open``, ``close`` or ``inside`` the entry bar."""
    limit_fill: bool = False
    leaves_at: float = math.nan
    """Price at which the trade could have left at the moment of its fill."""
    decided: bool = False
    """Finer bars showed which of two levels came first."""
    stop: float = math.nan
    """Last level of the stop: the initial one, or the one that trail and breakeven moved it to."""
    stop_reason: str = "stop"
    spread: float = 0.0
    """Spread that the trade paid, in price units."""

    @property
    def bars_held(self) -> int:
        """Bars from entry to exit, both counted."""
        return self.exit_bar - self.entry_bar + 1


@dataclass
class ReferenceCase:
    """Result of the account if every ambiguous trade had gone the same way."""

    net_pnl: float = 0.0
    max_drawdown: float = 0.0
    wins: int = 0
    trades: int = 0


@dataclass
class ReferenceResult:
    """Result of the reference simulator.

    Attributes:
        trades: in the order of their numbers.
        rejected: signals refused, by reason.
        accepted: signals that became at least one trade.
        equity: at every close.
        max_drawdown, max_drawdown_pct, longest_drawdown: from a peak of that equity; the longest in nanoseconds.
        exposed_bars: bars on which a trade was open.
        best, worst: the same entries if ambiguous trades had their better, and their worse outcome; None if not asked for.
    """

    trades: list[ReferenceTrade]
    rejected: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    equity: list[float] = field(default_factory=list)
    max_drawdown: float = 0.0
    max_drawdown_pct: float = 0.0
    longest_drawdown: int = 0
    exposed_bars: int = 0
    best: ReferenceCase | None = None
    worst: ReferenceCase | None = None


Watch = Callable[[ReferenceTrade, int, str, dict[str, Any]], None]
"""Called with a trade, a bar, the name of what happened there (``fill``, ``level``, ``decided``) and the facts."""
