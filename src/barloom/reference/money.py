"""The reference simulator's ledger: sizes, costs and equity, in time order."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from barloom.reference.records import (
    ReferenceBars,
    ReferenceCase,
    ReferenceResult,
    ReferenceTrade,
    below,
    rises_to,
)
from barloom.rules.costs import Costs
from barloom.rules.rules import Rules
from barloom.rules.sessions import nights
from barloom.rules.sizing import Sizing

AT_THE_CLOSE = ("time", "session", "end")


def keep_accounts(bars: ReferenceBars, signals: list[list[ReferenceTrade]], rules: Rules) -> ReferenceResult:
    """The account of the run, and if asked for those of the best and the worst case; each sizes its trades by its own balance."""
    best = [[by_outcome(trade, better=True) for trade in parts] for parts in signals]
    worst = [[by_outcome(trade, better=False) for trade in parts] for parts in signals]
    result = keep_ledger(bars, signals, rules)
    if rules.bounds:
        result.best = case_of(keep_ledger(bars, best, rules))
        result.worst = case_of(keep_ledger(bars, worst, rules))
    return result


def case_of(result: ReferenceResult) -> ReferenceCase:
    """Summary of a case for the report."""
    return ReferenceCase(
        net_pnl=sum(trade.net_pnl for trade in result.trades),
        max_drawdown=result.max_drawdown,
        wins=sum(trade.net_pnl > 0.0 for trade in result.trades),
        trades=len(result.trades),
    )


def by_outcome(trade: ReferenceTrade, *, better: bool) -> ReferenceTrade:
    """A copy of a trade, as if the bar that touched both its levels had gone the better or the worse way."""
    if not trade.ambiguous or trade.decided:
        return replace(trade)
    stopped = below(trade.side, trade.stop, trade.slippage)
    if rises_to(trade.side, trade.target, stopped) == better:
        return replace(trade, exit_price=trade.target, exit_reason="target")
    return replace(trade, exit_price=stopped, exit_reason=trade.stop_reason)


def keep_ledger(bars: ReferenceBars, signals: list[list[ReferenceTrade]], rules: Rules) -> ReferenceResult:
    """Size the trades, charge them and mark equity to every close, in time order."""
    result = ReferenceResult(trades=[])
    costs, sizing = rules.costs, rules.sizing
    rollovers = nights(np.array(bars.time)).tolist()
    balance = peak = sizing.balance
    entering: dict[int, list[list[ReferenceTrade]]] = {}
    leaving: dict[int, list[ReferenceTrade]] = {}
    for parts in signals:
        if not parts[0].refused:
            entering.setdefault(parts[0].entry_bar, []).append(parts)
            for trade in parts:
                leaving.setdefault(trade.exit_bar, []).append(trade)
    open_trades: list[ReferenceTrade] = []
    peak_time, under_water = bars.time[0], False
    for j in range(len(bars)):
        for parts in entering.get(j, []):
            why = size_parts(parts, balance, open_trades, sizing)
            for trade in parts:
                trade.refused = why or ("" if trade.size > 0.0 else "empty")
                if not trade.refused:
                    trade.trade_id = len(result.trades)
                    result.trades.append(trade)
                    open_trades.append(trade)
        result.exposed_bars += bool(open_trades)
        for trade in leaving.get(j, []):
            if not trade.refused:
                held = rollovers[trade.exit_bar] - rollovers[trade.entry_bar]
                charge(trade, bars, costs, held, sizing.conversion)
                balance += trade.net_pnl
                open_trades.remove(trade)
        equity = balance + sum(marked(trade, bars, j, costs, sizing.conversion) for trade in open_trades)
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


def size_parts(parts: list[ReferenceTrade], balance: float, open_trades: list[ReferenceTrade], sizing: Sizing) -> str:
    """Give the parts of a signal their units, 0 for a part that rounds to zero. Returns the reason if the whole is refused."""
    first = parts[0]
    step = (sizing.lot_step or 0.0) * sizing.contract_size
    computed = math.isnan(first.size) and sizing.units is None
    whole = whole_size(first, balance, sizing)
    if not whole > 0.0:
        return "no_equity"
    if computed:
        lowest = (sizing.min_lots or 0.0) * sizing.contract_size
        highest = (sizing.max_lots or 0.0) * sizing.contract_size
        if highest > 0.0 and whole > highest:
            whole = highest
        whole = rounded_down(whole, step)
        if whole < lowest or whole <= 0.0:
            return "below_minimum"
    if sizing.leverage is not None:
        notional = sum(trade.size * trade.entry_price * sizing.conversion for trade in open_trades)
        if notional + whole * first.entry_price * sizing.conversion > balance * sizing.leverage:
            return "insufficient_margin"
    left = whole
    for trade in parts[:-1]:
        trade.size = whole * trade.fraction
        if computed:
            trade.size = rounded_down(trade.size, step)
        left -= trade.size
    parts[-1].size = left
    return ""


def whole_size(trade: ReferenceTrade, balance: float, sizing: Sizing) -> float:
    """Units of a signal before lots: its own, fixed ones, a fixed notional, or a percentage of the balance at risk."""
    if not math.isnan(trade.size):
        return trade.size
    if sizing.units is not None:
        return sizing.units
    if sizing.notional is not None:
        return sizing.notional / (trade.entry_price * sizing.conversion)
    risk = abs(trade.entry_price - trade.initial_stop)
    return balance * sizing.risk_pct / 100.0 / (risk * sizing.conversion)


def rounded_down(units: float, step: float) -> float:
    """Whole lot steps; a size short of the next step by rounding alone is raised to it."""
    return math.floor(units / step + 1e-9) * step if step > 0.0 else units


def charge(trade: ReferenceTrade, bars: ReferenceBars, costs: Costs, held: float, value: float) -> None:
    """The money of a closed trade held over some nights: gross before costs, each cost, and the net."""
    move = trade.exit_price - trade.entry_price if trade.side > 0 else trade.entry_price - trade.exit_price
    slipped = (0 if trade.limit_fill else 1) + (0 if trade.exit_reason == "target" else 1)
    if trade.side < 0:
        trade.spread = bars.spread(trade.exit_bar, costs, at_close=trade.exit_reason in AT_THE_CLOSE)
    trade.spread_cost = trade.spread * trade.size * value
    trade.slippage_cost = trade.slippage * trade.size * slipped * value
    trade.commission = (
        costs.commission * trade.size
        + costs.commission_per_trade
        + costs.commission_pct / 100.0 * (trade.size * (trade.entry_price + trade.exit_price) * value)
    )
    swap = costs.swap_long if trade.side > 0 else costs.swap_short
    trade.swap = swap * trade.size * held
    trade.gross_pnl = trade.size * move * value + trade.spread_cost + trade.slippage_cost
    trade.net_pnl = trade.gross_pnl - trade.spread_cost - trade.slippage_cost - trade.commission - trade.swap
    trade.r = trade.net_pnl / (abs(trade.entry_price - trade.initial_stop) * trade.size * value)


def marked(trade: ReferenceTrade, bars: ReferenceBars, j: int, costs: Costs, value: float) -> float:
    """Open profit or loss of a trade at a close."""
    close = bars.leaving(trade.side, j, costs).close
    move = close - trade.entry_price if trade.side > 0 else trade.entry_price - close
    return trade.size * move * value
