"""The reference simulator's entries: the fill of an order, and the check that its stop and target can be placed there."""

from __future__ import annotations

import math

from barloom.reference.records import (
    Quote,
    ReferenceBars,
    ReferenceTrade,
    above,
    below,
    falls_to,
    rises_to,
)
from barloom.rules.rules import Rules


def fill(trade: ReferenceTrade, bars: ReferenceBars, rules: Rules) -> None:
    """Fill an order and set its levels; ``refused`` says if that failed."""
    if rules.entry in ("limit", "stop") and not math.isnan(trade.price):
        fill_working_order(trade, bars, rules)
    else:
        fill_market_order(trade, bars, rules)


def fill_market_order(trade: ReferenceTrade, bars: ReferenceBars, rules: Rules) -> None:
    """At the close of the signal bar, or at the open of the next one."""
    trade.filled = "close" if rules.entry == "close" else "open"
    bar = trade.signal_bar if trade.filled == "close" else trade.signal_bar + 1
    if bar >= len(bars):
        trade.refused = "no_fill"
        return
    entering = bars.entering(trade.side, bar, rules.costs)
    leaving = bars.leaving(trade.side, bar, rules.costs)
    price = entering.close if trade.filled == "close" else entering.open
    leaves_at = leaving.close if trade.filled == "close" else leaving.open
    take(trade, bars, rules, bar, above(trade.side, price, trade.slippage), leaves_at)


def fill_working_order(trade: ReferenceTrade, bars: ReferenceBars, rules: Rules) -> None:
    """On the first bar that comes to the order's price while it is good."""
    last = trade.signal_bar + trade.good_for
    for bar in range(trade.signal_bar + 1, last + 1):
        if bar >= len(bars):
            trade.refused = "no_fill"
            return
        entering = bars.entering(trade.side, bar, rules.costs)
        trade.filled = where_touched(trade, entering, rules.entry)
        if trade.filled:
            break
    else:
        trade.entry_bar = trade.exit_bar = last
        trade.refused = "expired"
        return
    if trade.filled == "open":
        price, leaves_at = entering.open, bars.leaving(trade.side, bar, rules.costs).open
    else:
        price = trade.price
        leaves_at = below(trade.side, price, bars.spread(bar, rules.costs, at_close=False))
    if rules.entry == "limit":
        trade.limit_fill = True
    else:
        price = above(trade.side, price, trade.slippage)
    take(trade, bars, rules, bar, price, leaves_at)


def where_touched(trade: ReferenceTrade, entering: Quote, entry: str) -> str:
    """Part of a bar that fills a limit or stop order: its ``open``, ``inside`` it, or an empty string for no fill."""
    side = trade.side
    if entry == "limit":
        if falls_to(side, entering.open, trade.price):
            return "open"
        return "inside" if falls_to(side, entering.low_for(side), trade.price) else ""
    if rises_to(side, entering.open, trade.price):
        return "open"
    return "inside" if rises_to(side, entering.high_for(side), trade.price) else ""


def take(trade: ReferenceTrade, bars: ReferenceBars, rules: Rules, bar: int, price: float, leaves_at: float) -> None:
    """Write the fill; ``leaves_at`` is the price at which the trade could leave at that moment."""
    trade.entry_bar, trade.entry_time, trade.entry_price = bar, bars.time[bar], price
    trade.leaves_at = leaves_at
    spread = bars.spread(bar, rules.costs, at_close=trade.filled == "close")
    if trade.side > 0:
        trade.spread = spread
    trade.refused = set_levels(trade, rules, spread, leaves_at)


def set_levels(trade: ReferenceTrade, rules: Rules, spread: float, leaves_at: float) -> str:
    """Set stop and target from the fill price. Returns the reason if they cannot be placed."""
    side, entry = trade.side, trade.entry_price
    stop, target = trade.stop_asked, trade.target_asked
    if math.isnan(stop):
        if rules.sizing.needs_stop and math.isnan(trade.size):
            return "no_stop"
    else:
        if not trade.stop_is_price:
            if stop <= spread:
                return "invalid_bracket"
            stop = below(side, entry, stop)
        if rises_to(side, stop, leaves_at):
            return "invalid_bracket"
    if not math.isnan(target) and not trade.target_is_price:
        target = above(side, entry, target)
    # The parts of a ladder stand or fall together, by the target nearest to the entry.
    checked = target if math.isnan(trade.nearest) else above(side, entry, trade.nearest)
    if falls_to(side, checked, entry):
        return "invalid_bracket"
    trade.initial_stop = trade.stop = stop
    trade.target = target
    return ""
