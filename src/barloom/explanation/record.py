"""The story of one trade, as a record: signal, fill, the levels that moved, the bar that decided, and the money."""

from __future__ import annotations

from pydantic import Field

from barloom.jobs.records import Record

Number = float | None
"""A number; None if there is none."""


class Prices(Record):
    """One side of a bar."""

    open: float
    high: float
    low: float
    close: float


class BarShown(Record):
    """A bar of the trade.

    Attributes:
        bar: its number in the selected slice.
        time: its open time, ISO, UTC.
        bid: prices as in the data.
        ask: the other side; None without a spread.
    """

    bar: int
    time: str
    bid: Prices
    ask: Prices | None = None


class OrderShown(Record):
    """Order that the signal asked for. Distances are from the fill price, in price units.

    Attributes:
        entry: ``next_open``, ``close``, ``limit`` or ``stop``; a waiting order has a ``price`` and ``good_for`` bars.
        stop, target: distances. stop_price, target_price: the same as prices.
        trail, trail_activation: distance of the stop behind the peak, and the gain from which it follows.
        trail_share: the same distance as a share of the peak.
        breakeven, breakeven_offset: the gain at which the stop moves to the entry price, and its distance beyond it.
        max_hold: bars after which the trade leaves at the close.
        fraction: this trade's part of the signal's size; below 1 for a rung of a ladder.
    """

    entry: str
    price: Number = None
    good_for: int | None = None
    stop: Number = None
    target: Number = None
    stop_price: Number = None
    target_price: Number = None
    trail: Number = None
    trail_share: Number = None
    trail_activation: Number = None
    breakeven: Number = None
    breakeven_offset: Number = None
    max_hold: int | None = None
    fraction: float = 1.0


class Signal(Record):
    """The bar whose close decided the entry, the strategy's indicators there by name (None until warm), and the order asked for."""

    bar: BarShown
    indicators: dict[str, Number]
    asked: OrderShown


class Fill(Record):
    """Fill of the entry.

    Attributes:
        where: ``open``, ``close`` or ``inside`` the bar.
        price: what was paid, spread and slippage included.
        spread, slippage: of that fill, in price units.
        stop, target: the levels, measured from it. risk: distance to the stop.
    """

    bar: BarShown
    where: str
    price: float
    spread: float
    slippage: float
    stop: Number
    target: Number
    risk: Number


class Move(Record):
    """A stop raised after the close of a bar: it holds from the next bar on.

    Attributes:
        old, new: the stop before and after; ``old`` is None where there was none.
        reason: ``trail`` or ``breakeven``.
        peak: the best price seen by then.
    """

    bar: int
    time: str
    old: Number
    new: float
    reason: str
    peak: float


class Other(Record):
    """Alternative end of an ambiguous trade: the other level came first."""

    price: float
    reason: str
    net_pnl: float


class ExitDecision(Record):
    """The bar on which the trade left.

    Attributes:
        rule: ``open_stop``, ``open_target``, ``open_signal``, ``stop``, ``target``, ``both``, ``time``, ``session`` or ``end``.
        words: the rule as it applied here, in words.
        price, reason: as in the trade record, slippage included.
        gap: left at the open, beyond the level.
        ambiguous: the bar held both levels. settled: finer bars told which came first.
        stop, target: the levels that held on this bar.
        other: what the other order would have paid; None unless ambiguous.
    """

    bar: BarShown
    rule: str
    words: str
    price: float
    reason: str
    gap: bool
    ambiguous: bool
    settled: bool
    stop: Number
    target: Number
    other: Other | None


class Money(Record):
    """The trade's money, in the account's currency: gross less each cost is net. ``r`` is None without a stop."""

    size: float
    gross_pnl: float
    spread_cost: float
    slippage_cost: float
    commission: float
    swap: float
    net_pnl: float
    r: Number


class Explanation(Record):
    """Explanation of one trade, checked against the run that made it.

    Attributes:
        run: job id of the run. folder: where it is. strategy: its name.
        side: ``long`` or ``short``.
        moves: every time the stop was raised, in order.
        bars_held, mfe, mae: as in the trade record.
        checked: what the story was checked against.

    Examples:
        After ``barloom run --sample --end 2015-01-10 --out first``:

        >>> from pathlib import Path
        >>> import barloom as bl
        >>> folder = next(Path("first/runs").iterdir())
        >>> trade = bl.explain(folder, trade_id=1)
        >>> trade.signal.bar.time, trade.fill.bar.time, trade.decision.bar.time
        ('2015-01-05T00:55:00Z', '2015-01-05T00:56:00Z', '2015-01-05T01:04:00Z')
        >>> trade.decision.reason, round(trade.money.net_pnl, 2)
        ('target', 50.25)
    """

    run: str
    folder: str
    strategy: str
    trade_id: int = Field(ge=0)
    side: str
    signal: Signal
    fill: Fill
    moves: list[Move]
    decision: ExitDecision
    bars_held: int
    mfe: float
    mae: float
    money: Money
    checked: str
