"""Plain reference simulator: the execution rules of docs/execution.md in Python, bar by bar. It is kept simple and never optimised.

It judges the compiled engine. It shares no code with it: every rule stands here a second time, in the words of the page. This file
says which signals become trades and how trades are left; ``reference_fills`` how they are entered, ``reference_money`` what they earn.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from barloom.reference.fills import fill, where_touched
from barloom.reference.money import keep_accounts
from barloom.reference.records import (
    Quote,
    ReferenceBars,
    ReferenceCase,
    ReferenceResult,
    ReferenceTrade,
    Watch,
    above,
    below,
    falls_to,
    rises_to,
)
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules

__all__ = ["ReferenceBars", "ReferenceCase", "ReferenceResult", "ReferenceTrade", "Watch", "simulate"]


class Leaving(NamedTuple):
    """Why and where a trade leaves a bar.

    Attributes:
        rule: ``open_stop``, ``open_target``, ``open_signal``, ``stop``, ``target``, ``both``, ``time``, ``session`` or ``end``.
        price: before slippage.
        reason: the exit reason of the trade record.
        path: in words, what was assumed of the way inside the bar.
    """

    rule: str
    price: float
    reason: str
    gap: bool = False
    ambiguous: bool = False
    decided: bool = False
    path: str = ""


def simulate(
    bars: ReferenceBars,
    entries: Entries,
    rules: Rules,
    exit_signals: ExitSignals | None = None,
    watch: Watch | None = None,
) -> ReferenceResult:
    """Simulate entries over bars.

    Args:
        bars: the selected slice.
        entries: what the signals ask for; ``rules.parts`` consecutive rows are the parts of one signal.
        rules: how entries fill, trades leave, and what they cost.
        exit_signals: what asks open trades to leave.
        watch: called with a trade, a bar, an event and its facts:
            ``fill`` (filled, price, leaves_at, stop, target), ``level`` (old, new, reason, peak) when the stop of the next bar moves,
            ``decided`` (rule, price, reason, path, gap, ambiguous, other) when the trade leaves; ``other`` is the price it would have
            left at had the bar gone the other way, NaN where it could not.
    """
    rejected: Counter[str] = Counter()
    signals = without_conflicts(signals_of(entries, rules), rejected)
    asked = asked_to_leave(signals, exit_signals, rules)
    session_ends = ends_of_sessions(bars, rules)
    taken: list[list[ReferenceTrade]] = []
    holding: list[list[ReferenceTrade]] = []
    for parts in signals:
        holding = [earlier for earlier in holding if occupies(earlier, parts[0], rules)]
        if rules.max_positions > 0 and len(holding) >= rules.max_positions:
            rejected["position"] += 1
            continue
        for trade in parts:
            fill(trade, bars, rules)
            if not trade.refused:
                TradeWalk(trade, bars, rules, asked[trade.side], session_ends, watch).to_the_exit()
        taken.append(parts)
        holding.append(parts)
    result = keep_accounts(bars, taken, rules)
    for parts in taken:
        if any(trade.trade_id >= 0 for trade in parts):
            result.accepted += 1
        else:
            rejected[parts[0].refused] += 1
    result.rejected = dict(rejected)
    return result


def signals_of(entries: Entries, rules: Rules) -> list[list[ReferenceTrade]]:
    """Read the columns of the entries: an order a row, and the orders of one signal together."""
    orders = []
    for k in range(len(entries)):
        stop_price, target_price = float(entries.stop_price[k]), float(entries.target_price[k])
        order = ReferenceTrade(
            signal_bar=int(entries.signal_bar[k]),
            side=int(entries.side[k]),
            stop_asked=float(entries.stop[k]) if math.isnan(stop_price) else stop_price,
            target_asked=float(entries.target[k]) if math.isnan(target_price) else target_price,
            stop_is_price=not math.isnan(stop_price),
            target_is_price=not math.isnan(target_price),
            max_hold=int(entries.max_hold[k]) or rules.max_hold,
            size=float(entries.size[k]),
            slippage=rules.costs.slippage,
        )
        if entries.plans is not None:
            plan = entries.plans[k]
            order.good_for = int(plan["good_for"])
            for name in ("price", "trail", "trail_share", "activation", "trigger", "offset", "fraction", "nearest"):
                setattr(order, name, float(plan[name]))
            if not math.isnan(plan["slippage"]):
                order.slippage = float(plan["slippage"])
        orders.append(order)
    return [orders[k : k + rules.parts] for k in range(0, len(orders), rules.parts)]


def without_conflicts(signals: list[list[ReferenceTrade]], rejected: Counter[str]) -> list[list[ReferenceTrade]]:
    """A long and a short signal on one bar cancel each other."""
    sides: dict[int, set[int]] = {}
    for first, *_ in signals:
        sides.setdefault(first.signal_bar, set()).add(first.side)
    kept = [parts for parts in signals if len(sides[parts[0].signal_bar]) == 1]
    if len(kept) < len(signals):
        rejected["conflict"] += len(signals) - len(kept)
    return kept


def asked_to_leave(
    signals: list[list[ReferenceTrade]], exit_signals: ExitSignals | None, rules: Rules
) -> dict[int, set[int]]:
    """Bars at whose close longs (+1) and shorts (-1) are asked to leave: by exit signals, and by opposite entries under ``reverse``."""
    asked: dict[int, set[int]] = {1: set(), -1: set()}
    if exit_signals is not None:
        for bar, side in zip(exit_signals.signal_bar.tolist(), exit_signals.side.tolist(), strict=True):
            for leaving in (1, -1) if side == 0 else (side,):
                asked[leaving].add(bar)
    if rules.reverse:
        for first, *_ in signals:
            asked[-first.side].add(first.signal_bar)
    return asked


def ends_of_sessions(bars: ReferenceBars, rules: Rules) -> set[int]:
    """Bars that are the last of a session."""
    if rules.session is None:
        return set()
    return set(rules.session.ends(np.array(bars.time, dtype=np.int64), None).tolist())


def occupies(earlier: list[ReferenceTrade], order: ReferenceTrade, rules: Rules) -> bool:
    """True if a signal's trades still hold their place when another signal comes."""
    return any(holds_its_place(trade, order, rules) for trade in earlier)


def holds_its_place(trade: ReferenceTrade, order: ReferenceTrade, rules: Rules) -> bool:
    """A trade holds its place to the bar it left on, an order to the bar that refused it."""
    if trade.refused == "no_fill":
        return True
    if rules.reverse and trade.side != order.side and trade.entry_bar <= order.signal_bar:
        # It leaves at the next open at the latest.
        return False
    held_to = trade.entry_bar if trade.refused else trade.exit_bar
    if rules.entry == "close" and not rules.reenter_on_exit_bar:
        return held_to >= order.signal_bar
    return held_to > order.signal_bar


class TradeWalk:
    """One trade, walked from its fill to its exit."""

    def __init__(
        self,
        trade: ReferenceTrade,
        bars: ReferenceBars,
        rules: Rules,
        asked: set[int],
        session_ends: set[int],
        watch: Watch | None,
    ) -> None:
        self.trade = trade
        self.bars = bars
        self.rules = rules
        self.asked = asked
        self.session_ends = session_ends
        self.watch = watch
        self.peak = trade.entry_price
        scanned = rules.scan_entry_bar and trade.filled != "close"
        self.first = trade.entry_bar if scanned else trade.entry_bar + 1

    def to_the_exit(self) -> None:
        """Walk the trade bar by bar to its exit, with the four steps of docs/execution.md on each bar."""
        trade, bars, rules = self.trade, self.bars, self.rules
        last = len(bars) - 1
        self.tell(
            trade.entry_bar,
            "fill",
            filled=trade.filled,
            price=trade.entry_price,
            leaves_at=trade.leaves_at,
            stop=trade.initial_stop,
            target=trade.target,
        )
        if self.first > last:
            close = bars.leaving(trade.side, last, rules.costs).close
            self.leave(last, Leaving("end", close, "end"))
            return
        if self.first > trade.entry_bar:
            self.set_levels(trade.entry_bar)
        for j in range(self.first, last + 1):
            quote = bars.leaving(trade.side, j, rules.costs)
            filled_inside = j == trade.entry_bar and trade.filled == "inside"
            # 1. at the open
            leaving = self.at_open(quote, j - 1 in self.asked) if j > trade.entry_bar else None
            # 2. inside the bar
            if leaving is None and filled_inside:
                leaving = self.after_fill(quote, bars.bid(j), rules.intrabar)
            elif leaving is None:
                leaving = self.inside(quote, bars.bid(j))
            if leaving is not None and leaving.ambiguous and rules.intrabar == "drilldown":
                leaving = self.on_finer_bars(j) or leaving
            # 3. at the close
            if leaving is None:
                leaving = self.at_close(j, quote)
            if leaving is not None:
                self.leave(j, leaving)
                return
            # 4. after the close
            if filled_inside:
                self.see(quote.low_for(trade.side) if trade.limit_fill else quote.high_for(trade.side))
                self.see(quote.close)
            else:
                self.see(quote.high)
                self.see(quote.low)
            self.set_levels(j)

    def at_open(self, quote: Quote, asked: bool) -> Leaving | None:
        """The open is beyond a level, or an exit signal came on the bar before."""
        trade, rules, side = self.trade, self.rules, self.trade.side
        if falls_to(side, quote.open, trade.stop):
            price = trade.stop if rules.gap_stop_at_level else quote.open
            return Leaving("open_stop", price, trade.stop_reason, gap=True)
        if rises_to(side, quote.open, trade.target):
            if rules.stop_wins_open and not asked and falls_to(side, quote.low_for(side), trade.stop):
                return Leaving("stop", trade.stop, trade.stop_reason, path="the stop wins over the open")
            price = trade.target if rules.gap_target_at_level else quote.open
            return Leaving("open_target", price, "target", gap=True)
        return Leaving("open_signal", quote.open, "signal") if asked else None

    def inside(self, quote: Quote, bid: Quote) -> Leaving | None:
        """A level lies in the bar's range; if both do, the path policy decides."""
        side, stop, target = self.trade.side, self.trade.stop, self.trade.target
        stopped = falls_to(side, quote.low_for(side), stop)
        reached = rises_to(side, quote.high_for(side), target)
        if stopped and reached:
            stop_first, path = stop_comes_first(side, bid, self.rules.intrabar)
            return self.at_level(stop_first, ambiguous=True, path=path)
        return self.at_level(stopped) if stopped or reached else None

    def after_fill(self, quote: Quote, bid: Quote, intrabar: str) -> Leaving | None:
        """The bar filled a limit or stop order inside: a level counts only if the bar came to it after the fill."""
        trade, side = self.trade, self.trade.side
        in_range = falls_to(side, quote.low_for(side), trade.stop), rises_to(side, quote.high_for(side), trade.target)
        stop_first, path = stop_comes_first(side, bid, intrabar)
        by_path = intrabar not in ("pessimistic", "drilldown", "optimistic")
        if trade.limit_fill:
            # On its way down the bar came to the order first and to the stop behind it.
            stopped = in_range[0]
            reached = in_range[1] and (
                intrabar == "optimistic" or rises_to(side, quote.close, trade.target) or (by_path and stop_first)
            )
            stop_first = intrabar != "optimistic"
        else:
            # On its way up the bar came to the order first and to the target behind it.
            reached = in_range[1]
            stopped = in_range[0] and (
                intrabar in ("pessimistic", "drilldown")
                or falls_to(side, quote.close, trade.stop)
                or (by_path and not stop_first)
            )
            stop_first = intrabar in ("pessimistic", "drilldown")
        if not stopped and not reached:
            return None
        ambiguous = all(in_range)
        return self.at_level(stopped and (stop_first or not reached), ambiguous, path if ambiguous else "")

    def at_level(self, stopped: bool, ambiguous: bool = False, path: str = "") -> Leaving:
        """Leave at the stop or at the target."""
        trade = self.trade
        price, reason = (trade.stop, trade.stop_reason) if stopped else (trade.target, "target")
        rule = "both" if ambiguous else "stop" if stopped else "target"
        return Leaving(rule, price, reason, ambiguous=ambiguous, path=path)

    def on_finer_bars(self, j: int) -> Leaving | None:
        """Replay bar j on its finer bars; None if they do not show which level came first."""
        trade, side = self.trade, self.trade.side
        spread = self.bars.spread(j, self.rules.costs, at_close=False)
        waiting = j == trade.entry_bar and trade.filled == "inside"
        for number, prices in enumerate(self.bars.fine.get(j, [])):
            bid = Quote(*prices)
            ask = bid.plus(spread)
            quote = bid if side > 0 else ask
            open_scanned = number > 0 or j > trade.entry_bar
            leaving = None
            if waiting:
                filled = where_touched(trade, ask if side > 0 else bid, self.rules.entry)
                if not filled:
                    continue
                waiting = False
                open_scanned = False
                if filled == "inside":
                    leaving = self.after_fill(quote, bid, "pessimistic")
                    if leaving is None:
                        continue
            if leaving is None and open_scanned:
                leaving = self.at_open(quote, asked=False)
            if leaving is None:
                leaving = self.inside(quote, bid)
            if leaving is not None:
                if leaving.ambiguous:
                    return None
                return leaving._replace(rule="both", ambiguous=True, decided=True, path=f"finer bar {number}")
        return None

    def at_close(self, j: int, quote: Quote) -> Leaving | None:
        """The time is over: of the trade, of the session, of the bars."""
        if self.trade.max_hold and j == self.first + self.trade.max_hold - 1:
            reason = "time"
        elif j in self.session_ends:
            reason = "session"
        elif j == len(self.bars) - 1:
            reason = "end"
        else:
            return None
        return Leaving(reason, quote.close, reason)

    def set_levels(self, j: int) -> None:
        """The stop of the bar after j, from all that is known at its close: the highest that initial stop, breakeven and trail ask for."""
        trade, side, entry = self.trade, self.trade.side, self.trade.entry_price
        stop, reason = trade.initial_stop, "stop"
        asked = []
        if rises_to(side, self.peak, above(side, entry, trade.trigger)):
            asked.append((above(side, entry, trade.offset), "breakeven"))
        if rises_to(side, self.peak, above(side, entry, trade.activation)) and not math.isnan(trade.trail):
            kept = self.peak * below(side, 1.0, trade.trail_share)
            asked.append((below(side, kept, trade.trail), "trail"))
        for level, name in asked:
            if math.isnan(stop) or not falls_to(side, level, stop):
                stop, reason = level, name
        if stop != trade.stop and not (math.isnan(stop) and math.isnan(trade.stop)):
            self.tell(j, "level", old=trade.stop, new=stop, reason=reason, peak=self.peak)
        trade.stop, trade.stop_reason = stop, reason

    def leave(self, j: int, leaving: Leaving) -> None:
        """Close the trade on bar j; market and stop fills slip, targets do not."""
        trade, bars, side = self.trade, self.bars, self.trade.side
        price = leaving.price
        if leaving.reason != "target":
            price = below(side, price, trade.slippage)
        trade.exit_bar, trade.exit_time, trade.exit_price = j, bars.time[j], price
        trade.exit_reason, trade.gap = leaving.reason, leaving.gap
        trade.ambiguous, trade.decided = leaving.ambiguous, leaving.decided
        # Of this bar only the open and the exit were surely seen.
        if j > trade.entry_bar:
            self.see(bars.leaving(side, j, self.rules.costs).open)
        self.see(price)
        other = math.nan
        if leaving.ambiguous:
            other = below(side, trade.stop, trade.slippage) if leaving.reason == "target" else trade.target
        self.tell(j, "decided", **leaving._asdict(), other=other)

    def see(self, price: float) -> None:
        """Count a price in the peak and in the best and worst excursion."""
        trade, side = self.trade, self.trade.side
        if rises_to(side, price, self.peak):
            self.peak = price
        move = price - trade.entry_price if side > 0 else trade.entry_price - price
        trade.mfe = max(trade.mfe, move)
        trade.mae = max(trade.mae, -move)

    def tell(self, j: int, event: str, **facts: Any) -> None:
        """Let the caller know what happened on a bar."""
        if self.watch is not None:
            self.watch(self.trade, j, event, facts)


def stop_comes_first(side: int, bid: Quote, intrabar: str) -> tuple[bool, str]:
    """True if a bar that holds both levels came to the stop first, and the reason in words. A bar has one path for both sides."""
    if intrabar in ("pessimistic", "drilldown"):
        return True, "the stop first"
    if intrabar == "optimistic":
        return False, "the target first"
    high_first = {
        "nearest_open": abs(bid.high - bid.open) < abs(bid.low - bid.open),
        "ohlc": True,
        "olhc": False,
        "candle": bid.close < bid.open,
    }[intrabar]
    # A short meets its stop at the high.
    return high_first == (side < 0), "the high first" if high_first else "the low first"
