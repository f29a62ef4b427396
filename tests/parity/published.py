"""Engines that cannot be run here, from the rules they publish: one open trade, walked along the four prices of every bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from parity.market import Market
from parity.signals import Signals
from parity.tables import Trades, table

UNSAID = "on a bar whose way the rule does not tell, low first as barloom has it"

HighFirst = Callable[[Market, int], bool | None]
"""Rule that is True if a bar goes to its high before its low; None if the rule does not say."""


def tradingview(market: Market, bar: int) -> bool | None:
    """The extreme nearer to the open comes first."""
    up, down = market.high[bar] - market.open[bar], market.open[bar] - market.low[bar]
    return None if up == down else bool(up < down)


def metatrader(market: Market, bar: int) -> bool | None:
    """A rising bar goes to its low first, a falling one to its high; one that closes where it opened goes by the bar before it."""
    opened, closed = market.open[bar], market.close[bar]
    return None if opened == closed else bool(closed < opened)


def walk(market: Market, signals: Signals, high_first: HighFirst) -> Trades:
    """Trades of the rules: in at the next open, out at the first level the path crosses, or at an open beyond one."""
    found = []
    left = -1
    for row, signal in enumerate(signals.bar.tolist()):
        entered = signal + 1
        if signal < left or entered >= len(market):
            continue
        side, price = int(signals.side[row]), float(market.open[entered])
        stop, target = price - side * signals.stop[row], price + side * signals.target[row]
        out = (len(market) - 1, float(market.close[-1]), "end")
        for bar in range(entered, len(market)):
            hit = _leave(market, bar, side, stop, target, bar > entered, high_first)
            if hit is not None:
                out = (bar, *hit)
                break
        left = out[0]
        found.append((signal, side, entered, price, *out[:2], out[2] == "end", out[2]))
    trades = table(len(found))
    trades[:] = found
    return trades


def unsaid(market: Market, signals: Signals, trade: np.void, high_first: HighFirst) -> bool:
    """True if the trade left on a bar with both its levels, and the open between them, whose path the rule does not tell."""
    bar, side = int(trade["exit_bar"]), int(trade["side"])
    row = int(np.searchsorted(signals.bar, trade["signal_bar"]))
    levels = trade["entry_price"] - side * signals.stop[row], trade["entry_price"] + side * signals.target[row]
    within = market.low[bar] <= min(levels) and max(levels) <= market.high[bar]
    between = min(levels) < market.open[bar] < max(levels)
    return bool(within and between and high_first(market, bar) is None)


def _leave(
    market: Market, bar: int, side: int, stop: float, target: float, scan_open: bool, high_first: HighFirst
) -> tuple[float, str] | None:
    """Price and reason if the bar's path meets a level; a gap at the open fills there."""
    opened = float(market.open[bar])
    if scan_open and side * opened <= side * stop:
        return opened, "stop"
    if scan_open and side * opened >= side * target:
        return opened, "target"
    at = opened
    for price in _path(market, bar, high_first):
        lowest, highest = min(at, price), max(at, price)
        if lowest <= stop <= highest:
            return stop, "stop"
        if lowest <= target <= highest:
            return target, "target"
        at = price
    return None


def _path(market: Market, bar: int, high_first: HighFirst) -> Iterator[float]:
    """The prices a bar goes to after its open, the low first where the rule does not say."""
    extremes = [float(market.low[bar]), float(market.high[bar])]
    yield from reversed(extremes) if high_first(market, bar) else extremes
    yield float(market.close[bar])
