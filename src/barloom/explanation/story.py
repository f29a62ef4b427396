"""Explanation of a replayed trade in words and numbers: the events on each bar, and the rule behind each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from barloom.bars.times import iso
from barloom.explanation.record import (
    BarShown,
    ExitDecision,
    Explanation,
    Fill,
    Money,
    Move,
    OrderShown,
    Other,
    Prices,
    Signal,
)
from barloom.jobs.records import RunRecord
from barloom.reference.money import charge
from barloom.reference.simulator import ReferenceBars, ReferenceTrade
from barloom.rules.entries import Entries
from barloom.rules.fills import PRICED
from barloom.rules.rules import Rules
from barloom.rules.sessions import nights

Row = dict[str, Any]
"""A row of ``trades.parquet``: times in nanoseconds, the reason in words."""
PRICES = ("open", "high", "low", "close")
ASK_PRICES = tuple(f"ask_{name}" for name in PRICES)
MONEY = ("gross_pnl", "spread_cost", "slippage_cost", "commission", "swap", "net_pnl")


class Event(NamedTuple):
    """Event that the reference simulator reported on a bar, counted from the signal: ``fill``, ``level`` or ``decided``, with its facts."""

    bar: int
    name: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Replayed:
    """One trade by the reference simulator; bars are counted from ``first``, the signal bar in the slice."""

    trade: ReferenceTrade
    entry: Entries
    rules: Rules
    bars: ReferenceBars
    first: int
    events: list[Event]

    def bar(self, j: int) -> BarShown:
        """Bar ``j`` in the form in which it is shown."""
        ask = None
        if self.bars.ask_open is not None or self.rules.costs.spread:
            ask = Prices(**self.bars.ask(j, self.rules.costs)._asdict())
        bid = Prices(**self.bars.bid(j)._asdict())
        return BarShown(bar=self.first + j, time=iso(int(self.bars.time[j])), bid=bid, ask=ask)


def tell(folder: Path, record: RunRecord, row: Row, replayed: Replayed, indicators: dict[str, float]) -> Explanation:
    """The explanation of a trade.

    Args:
        folder: where the run is.
        record: what it left.
        row: the trade as the run has it.
        replayed: the same trade, replayed.
        indicators: values of the strategy's indicators on the signal bar.
    """
    moves = [
        Move(
            bar=replayed.first + j,
            time=iso(int(replayed.bars.time[j])),
            old=number(facts["old"]),
            new=facts["new"],
            reason=facts["reason"],
            peak=facts["peak"],
        )
        for j, name, facts in replayed.events
        if name == "level"
    ]
    return Explanation(
        run=record.job_id,
        folder=str(folder),
        strategy=record.parameters.strategy,
        trade_id=row["trade_id"],
        side="long" if row["side"] > 0 else "short",
        signal=Signal(
            bar=replayed.bar(0),
            indicators={name: number(value) for name, value in indicators.items()},
            asked=_order_shown(replayed),
        ),
        fill=_fill(row, replayed),
        moves=moves,
        decision=_decision(row, replayed),
        bars_held=row["bars_held"],
        mfe=row["mfe"],
        mae=row["mae"],
        money=Money(size=row["size"], **{name: row[name] for name in MONEY}, r=number(row["r"])),
        checked=f"replayed over its {len(replayed.bars):,} bars by the reference simulator: every column as in trades.parquet",
    )


def number(value: float) -> float | None:
    """A number; None for NaN and infinities."""
    return float(value) if math.isfinite(value) else None


def _order_shown(replayed: Replayed) -> OrderShown:
    """The order that the signal asked for."""
    entry, rules = replayed.entry, replayed.rules
    asked: dict[str, Any] = {
        name: number(getattr(entry, name)[0]) for name in ("stop", "target", "stop_price", "target_price")
    }
    asked["max_hold"] = int(entry.max_hold[0]) or rules.max_hold or None
    if entry.plans is not None:
        plan = entry.plans[0]
        asked["fraction"] = float(plan["fraction"])
        if rules.entry in PRICED and not math.isnan(plan["price"]):
            asked |= {"price": float(plan["price"]), "good_for": int(plan["good_for"])}
        if not math.isnan(plan["trail"]):
            asked["trail_activation"] = float(plan["activation"])
            share = float(plan["trail_share"])
            asked |= {"trail_share": share} if share else {"trail": float(plan["trail"])}
        if not math.isnan(plan["trigger"]):
            asked |= {"breakeven": float(plan["trigger"]), "breakeven_offset": float(plan["offset"])}
    return OrderShown(entry=rules.entry, **asked)


def _fill(row: Row, replayed: Replayed) -> Fill:
    """The fill of the entry."""
    trade, costs = replayed.trade, replayed.rules.costs
    stop = number(row["initial_stop"])
    return Fill(
        bar=replayed.bar(trade.entry_bar),
        where=trade.filled,
        price=row["entry_price"],
        spread=replayed.bars.spread(trade.entry_bar, costs, at_close=trade.filled == "close"),
        slippage=0.0 if trade.limit_fill else trade.slippage,
        stop=stop,
        target=number(row["target"]),
        risk=None if stop is None else abs(row["entry_price"] - stop),
    )


def _decision(row: Row, replayed: Replayed) -> ExitDecision:
    """The bar that decided the exit, and the rule."""
    trade = replayed.trade
    j, _, facts = next(event for event in replayed.events if event.name == "decided")
    return ExitDecision(
        bar=replayed.bar(j),
        rule=facts["rule"],
        words=_words(replayed, j, facts),
        price=row["exit_price"],
        reason=row["exit_reason"],
        gap=bool(row["gap"]),
        ambiguous=bool(row["ambiguous"]),
        settled=trade.decided,
        stop=number(trade.stop),
        target=number(trade.target),
        other=_other(replayed, facts["other"]) if row["ambiguous"] else None,
    )


def _other(replayed: Replayed, price: float) -> Other:
    """Result of the trade at the same size, if the other level had come first."""
    trade, rules = replayed.trade, replayed.rules
    reason = trade.stop_reason if trade.exit_reason == "target" else "target"
    instead = replace(trade, exit_price=price, exit_reason=reason)
    rollovers = nights(np.array([trade.entry_time, trade.exit_time], dtype=np.int64))
    charge(instead, replayed.bars, rules.costs, float(rollovers[1] - rollovers[0]), rules.sizing.conversion)
    return Other(price=price, reason=reason, net_pnl=instead.net_pnl)


# ---------------------------------------------------------------- in words


def _words(replayed: Replayed, j: int, facts: dict[str, Any]) -> str:
    """The rule, worded for this trade."""
    trade, rules = replayed.trade, replayed.rules
    long = trade.side > 0
    quote = replayed.bars.leaving(trade.side, j, rules.costs)
    beyond = ("below", "above") if long else ("above", "below")
    level = _level(trade)
    if facts["rule"] == "open_stop":
        where = "filled at that level all the same" if rules.gap_stop_at_level else "left at the open"
        return f"the open {price(quote.open)} was at or {beyond[0]} the {level} {price(trade.stop)}: {where}"
    if facts["rule"] == "open_target":
        where = "filled at that level all the same" if rules.gap_target_at_level else "left at the open"
        return f"the open {price(quote.open)} was at or {beyond[1]} the target {price(trade.target)}: {where}"
    if facts["rule"] == "both":
        return _both(replayed, j, facts)
    if facts["rule"] == "stop":
        name, touched = ("low", quote.low) if long else ("high", quote.high)
        first = ", which goes before the open beyond the target" if facts["path"] else ""
        return f"the {name} {price(touched)} touched the {level} {price(trade.stop)}{first}{_after_fill(trade, j)}"
    if facts["rule"] == "target":
        name, touched = ("high", quote.high) if long else ("low", quote.low)
        return f"the {name} {price(touched)} touched the target {price(trade.target)}{_after_fill(trade, j)}"
    return {
        "open_signal": "an exit signal was decided at the close of the bar before: left at the open",
        "time": f"held for {trade.max_hold:,} bars: left at the close",
        "session": "the last bar before the end of the session: left at the close",
        "end": "the last bar of the data: left at the close",
    }[str(facts["rule"])]


def _after_fill(trade: ReferenceTrade, j: int) -> str:
    """For a bar that filled the order inside it: a statement that the level came after the fill."""
    inside = j == trade.entry_bar and trade.filled == "inside"
    return ", taken to be after the fill inside this bar" if inside else ""


def _level(trade: ReferenceTrade) -> str:
    return {"trail": "trailing stop", "breakeven": "breakeven stop"}.get(trade.stop_reason, "stop")


def _both(replayed: Replayed, j: int, facts: dict[str, Any]) -> str:
    """Explanation of a bar that contains both levels: which came first, and why."""
    trade, rules = replayed.trade, replayed.rules
    taken = "target" if facts["reason"] == "target" else _level(trade)
    held = f"the bar held both the {_level(trade)} {price(trade.stop)} and the target {price(trade.target)}"
    if trade.decided:
        return f"{held}; the finer bars came to the {taken} first"
    bid = replayed.bars.bid(j)
    up, down = abs(bid.high - bid.open), abs(bid.low - bid.open)
    first = "high" if up < down else "low"
    why = {
        "pessimistic": "pessimistic takes the worse",
        "optimistic": "optimistic takes the better",
        "nearest_open": f"the {first} was {'no farther from' if up == down else 'nearer to'} the open, so it came first",
        "ohlc": "the path is open, high, low, close",
        "olhc": "the path is open, low, high, close",
        "candle": "a falling bar goes to its high first"
        if bid.close < bid.open
        else "a rising bar goes to its low first",
        "drilldown": "no finer bar tells which came first, so the worse",
    }[rules.intrabar]
    if (
        j == trade.entry_bar
        and trade.filled == "inside"
        and rules.intrabar not in ("pessimistic", "optimistic", "drilldown")
    ):
        way = "down" if trade.limit_fill == (trade.side > 0) else "up"
        why = f"the order was filled on the way {way}, and what lies behind it on that way came next"
    return f"{held}; {why}: the {taken}"


def price(value: float) -> str:
    """A price as people write it: rounded to ten significant digits, which removes noise of binary fractions."""
    return f"{value:.10g}"
