"""The plain reference simulator: EXECUTION.md in Python, bar by bar, to be read beside it and never optimised.

It judges the compiled engine. It shares no code with it: every rule stands here a second time, in the words of the page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from barloom.execution.costs import Costs
from barloom.execution.entries import Entries
from barloom.execution.sizing import Sizing


@dataclass
class ReferenceTrade:
    """One order and the trade it became; the fields of the trade record."""

    signal_bar: int
    side: int
    stop_asked: float
    target_asked: float
    stop_is_price: bool
    target_is_price: bool
    max_hold: int
    size: float
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

    @property
    def bars_held(self) -> int:
        """Bars from entry to exit, both counted."""
        return self.exit_bar - self.entry_bar + 1


@dataclass
class ReferenceResult:
    """What the reference simulator found: trades in the order of their numbers, refusals by reason, equity at every close."""

    trades: list[ReferenceTrade]
    rejected: dict[str, int]
    equity: list[float] = field(default_factory=list)
    max_drawdown: float = 0.0
    max_drawdown_pct: float = 0.0
    longest_drawdown: int = 0
    exposed_bars: int = 0


@dataclass
class ReferenceBars:
    """Bars as plain lists."""

    time: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]

    def __len__(self) -> int:
        return len(self.open)


def simulate(
    bars: ReferenceBars,
    entries: Entries,
    *,
    entry: str = "next_open",
    intrabar: str = "pessimistic",
    max_open: int = 1,
    max_hold: int = 0,
    costs: Costs | None = None,
    sizing: Sizing | None = None,
) -> ReferenceResult:
    """Simulate entries over bars.

    Args:
        bars: the selected slice.
        entries: what the signals ask for.
        entry: ``next_open`` or ``close``.
        intrabar: path policy by name.
        max_open: trades open at one time, 0 for any number (``single`` is 1).
        max_hold: time stop in bars for entries without their own, 0 for none.
        costs: spread, slippage, commission.
        sizing: balance and how large a trade is.
    """
    costs = costs or Costs()
    sizing = sizing or Sizing()
    rejected: Counter[str] = Counter()
    orders = without_conflicts(orders_of(entries, max_hold), rejected)
    resolved: list[ReferenceTrade] = []
    holding: list[ReferenceTrade] = []
    for order in orders:
        holding = [earlier for earlier in holding if occupies(earlier, order.signal_bar)]
        if max_open > 0 and len(holding) >= max_open:
            rejected["position"] += 1
            continue
        resolve(order, bars, entry, intrabar, costs, needs_stop=sizing.units is None)
        resolved.append(order)
        holding.append(order)
    result = keep_ledger(bars, resolved, costs, sizing)
    rejected.update(order.refused for order in resolved if order.refused)
    result.rejected = dict(rejected)
    return result


def orders_of(entries: Entries, max_hold: int) -> list[ReferenceTrade]:
    """Read the columns of the entries, one order a row."""
    orders = []
    for k in range(len(entries)):
        stop_price, target_price = float(entries.stop_price[k]), float(entries.target_price[k])
        orders.append(
            ReferenceTrade(
                signal_bar=int(entries.signal_bar[k]),
                side=int(entries.side[k]),
                stop_asked=float(entries.stop[k]) if math.isnan(stop_price) else stop_price,
                target_asked=float(entries.target[k]) if math.isnan(target_price) else target_price,
                stop_is_price=not math.isnan(stop_price),
                target_is_price=not math.isnan(target_price),
                max_hold=int(entries.max_hold[k]) or max_hold,
                size=float(entries.size[k]),
            )
        )
    return orders


def without_conflicts(orders: list[ReferenceTrade], rejected: Counter[str]) -> list[ReferenceTrade]:
    """A long and a short signal on one bar cancel each other."""
    sides: dict[int, set[int]] = {}
    for order in orders:
        sides.setdefault(order.signal_bar, set()).add(order.side)
    kept = [order for order in orders if len(sides[order.signal_bar]) == 1]
    if len(kept) < len(orders):
        rejected["conflict"] += len(orders) - len(kept)
    return kept


def occupies(trade: ReferenceTrade, signal_bar: int) -> bool:
    """Whether a trade still holds its place when a signal comes: it left on no bar up to that one."""
    if trade.refused == "no_fill":
        return True
    left_on = trade.entry_bar if trade.refused else trade.exit_bar
    return left_on > signal_bar


def resolve(
    trade: ReferenceTrade, bars: ReferenceBars, entry: str, intrabar: str, costs: Costs, needs_stop: bool
) -> None:
    """Fill an order and walk its trade to the exit, bar by bar."""
    long = trade.side > 0
    fill_bar = trade.signal_bar + 1 if entry == "next_open" else trade.signal_bar
    if fill_bar >= len(bars):
        trade.refused = "no_fill"
        return
    bid = bars.open[fill_bar] if entry == "next_open" else bars.close[fill_bar]
    ask = bid + costs.spread
    trade.entry_bar = fill_bar
    trade.entry_time = bars.time[fill_bar]
    trade.entry_price = ask + costs.slippage if long else bid - costs.slippage
    if not hang_levels(trade, costs, leaves_at=bid if long else ask, needs_stop=needs_stop):
        return

    first = fill_bar if entry == "next_open" else fill_bar + 1
    last = len(bars) - 1
    if first > last:
        leave(trade, bars, costs, last, bars.close[last] if long else bars.close[last] + costs.spread, "end")
        return
    for j in range(first, last + 1):
        open_scanned = j != fill_bar
        # A long leaves on the bid, a short on the ask.
        ahead = 0.0 if long else costs.spread
        o, h, lo, c = (price[j] + ahead for price in (bars.open, bars.high, bars.low, bars.close))
        stop, target = trade.initial_stop, trade.target
        stop_at_open = o <= stop if long else o >= stop
        target_at_open = o >= target if long else o <= target
        stop_inside = lo <= stop if long else h >= stop
        target_inside = h >= target if long else lo <= target
        # 1. at the open
        if open_scanned and stop_at_open:
            return leave(trade, bars, costs, j, o, "stop", gap=True, opened=o)
        if open_scanned and target_at_open:
            return leave(trade, bars, costs, j, o, "target", gap=True, opened=o)
        # 2. inside the bar
        opened = o if open_scanned else None
        trade.ambiguous = stop_inside and target_inside
        if trade.ambiguous:
            stop_inside = stop_is_first(trade, bars, j, intrabar)
        if stop_inside:
            return leave(trade, bars, costs, j, stop, "stop", opened=opened)
        if target_inside:
            return leave(trade, bars, costs, j, target, "target", opened=opened)
        # 3. at the close
        if trade.max_hold and j == first + trade.max_hold - 1:
            return leave(trade, bars, costs, j, c, "time", opened=opened)
        if j == last:
            return leave(trade, bars, costs, j, c, "end", opened=opened)
        # 4. after the close
        see(trade, h)
        see(trade, lo)


def hang_levels(trade: ReferenceTrade, costs: Costs, leaves_at: float, needs_stop: bool) -> bool:
    """Set stop and target from the fill price, and refuse a bracket that could not stand; ``leaves_at`` is the other side's price."""
    long = trade.side > 0
    entry = trade.entry_price
    stop, target = trade.stop_asked, trade.target_asked
    if math.isnan(stop):
        if needs_stop and math.isnan(trade.size):
            trade.refused = "no_stop"
            return False
    else:
        if not trade.stop_is_price:
            if stop <= costs.spread:
                trade.refused = "invalid_bracket"
                return False
            stop = entry - stop if long else entry + stop
        if (stop >= leaves_at) if long else (stop <= leaves_at):
            trade.refused = "invalid_bracket"
            return False
    if not math.isnan(target):
        if not trade.target_is_price:
            target = entry + target if long else entry - target
        if (target <= entry) if long else (target >= entry):
            trade.refused = "invalid_bracket"
            return False
    trade.initial_stop, trade.target = stop, target
    return True


def stop_is_first(trade: ReferenceTrade, bars: ReferenceBars, j: int, intrabar: str) -> bool:
    """The order inside a bar that holds both levels. The path is the bar's own: a short meets its stop at the high."""
    if intrabar == "pessimistic":
        return True
    if intrabar == "optimistic":
        return False
    o, h, lo, c = bars.open[j], bars.high[j], bars.low[j], bars.close[j]
    high_first = {
        "nearest_open": abs(h - o) < abs(lo - o),
        "ohlc": True,
        "olhc": False,
        "candle": c < o,
    }[intrabar]
    stop_is_high = trade.side < 0
    return high_first == stop_is_high


def leave(
    trade: ReferenceTrade,
    bars: ReferenceBars,
    costs: Costs,
    j: int,
    price: float,
    reason: str,
    gap: bool = False,
    opened: float | None = None,
) -> None:
    """Close the trade on bar j; market and stop fills slip, targets do not."""
    if reason != "target":
        price = price - costs.slippage if trade.side > 0 else price + costs.slippage
    trade.exit_bar, trade.exit_time, trade.exit_price = j, bars.time[j], price
    trade.exit_reason, trade.gap = reason, gap
    if opened is not None:
        see(trade, opened)
    see(trade, price)


def see(trade: ReferenceTrade, price: float) -> None:
    """Count a price in the best and worst excursion."""
    move = price - trade.entry_price if trade.side > 0 else trade.entry_price - price
    trade.mfe = max(trade.mfe, move)
    trade.mae = max(trade.mae, -move)


def keep_ledger(bars: ReferenceBars, orders: list[ReferenceTrade], costs: Costs, sizing: Sizing) -> ReferenceResult:
    """Size the trades, charge them and mark equity to every close, in time order."""
    result = ReferenceResult(trades=[], rejected={})
    balance = peak = sizing.balance
    filled = [order for order in orders if not order.refused]
    by_exit = sorted(filled, key=lambda trade: trade.exit_bar)
    entering: dict[int, list[ReferenceTrade]] = {}
    leaving: dict[int, list[ReferenceTrade]] = {}
    for trade in filled:
        entering.setdefault(trade.entry_bar, []).append(trade)
    for trade in by_exit:
        leaving.setdefault(trade.exit_bar, []).append(trade)
    open_trades: list[ReferenceTrade] = []
    peak_time, under_water = 0, False
    for j in range(len(bars)):
        for trade in entering.get(j, []):
            if size(trade, balance, sizing):
                trade.trade_id = len(result.trades)
                result.trades.append(trade)
                open_trades.append(trade)
            else:
                trade.refused = "no_equity"
        result.exposed_bars += bool(open_trades)
        for trade in leaving.get(j, []):
            if not trade.refused:
                charge(trade, costs)
                balance += trade.net_pnl
                open_trades.remove(trade)
        equity = balance + sum(marked(trade, bars.close[j], costs) for trade in open_trades)
        result.equity.append(equity)
        if equity >= peak:
            if under_water:
                result.longest_drawdown = max(result.longest_drawdown, bars.time[j] - peak_time)
            peak, peak_time, under_water = equity, bars.time[j], False
        else:
            under_water = True
            result.max_drawdown = max(result.max_drawdown, peak - equity)
            result.max_drawdown_pct = max(result.max_drawdown_pct, (peak - equity) / peak)
    if under_water:
        result.longest_drawdown = max(result.longest_drawdown, bars.time[len(bars) - 1] - peak_time)
    return result


def size(trade: ReferenceTrade, balance: float, sizing: Sizing) -> bool:
    """Give a trade its units; False if there is no equity left to risk."""
    if not math.isnan(trade.size):
        return True
    if sizing.units is not None:
        trade.size = sizing.units
        return True
    risk = abs(trade.entry_price - trade.initial_stop)
    trade.size = balance * sizing.risk_pct / 100.0 / risk
    return trade.size > 0.0


def charge(trade: ReferenceTrade, costs: Costs) -> None:
    """The money of a closed trade: gross before every cost, each cost, and what is left."""
    move = trade.exit_price - trade.entry_price if trade.side > 0 else trade.entry_price - trade.exit_price
    fills_that_slip = 1 if trade.exit_reason == "target" else 2
    trade.spread_cost = costs.spread * trade.size
    trade.slippage_cost = costs.slippage * trade.size * fills_that_slip
    trade.commission = costs.commission * trade.size
    trade.gross_pnl = trade.size * move + trade.spread_cost + trade.slippage_cost
    trade.net_pnl = trade.gross_pnl - trade.spread_cost - trade.slippage_cost - trade.commission - trade.swap
    trade.r = trade.net_pnl / (abs(trade.entry_price - trade.initial_stop) * trade.size)


def marked(trade: ReferenceTrade, close: float, costs: Costs) -> float:
    """What an open trade is worth at a close."""
    if trade.side > 0:
        return trade.size * (close - trade.entry_price)
    return trade.size * (trade.entry_price - (close + costs.spread))
