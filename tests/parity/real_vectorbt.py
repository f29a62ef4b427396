"""vectorbt's ``Portfolio.from_signals``, set so that it is asked the same as barloom's preset answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from parity.market import Market
from parity.signals import Signals
from parity.tables import Trades, table, told

CASH = 1e9
FAR = 0.9
"""A fraction of the price so far away that no bar comes there."""


def levels(signals: Signals) -> tuple[np.ndarray, np.ndarray]:
    """Stop and target as prices, to the bit as vectorbt takes them from fractions of the fill price."""
    away = signals.side
    stop, target = signals.stop / signals.base, signals.target / signals.base
    return signals.base * (1.0 - away * stop), signals.base * (1.0 + away * target)


@cache
def _followed(vbt: ModuleType) -> Callable[..., Any]:
    """A trail of a fixed distance, which vectorbt knows by a callback only: its own follows by a part of the best price."""
    from numba import njit

    @njit
    def adjust(c: Any, trail: Any, hard: Any, activation: float) -> Any:
        side = 1.0 if c.position_now > 0 else -1.0
        level = hard[c.init_i]
        if side * c.curr_price >= side * c.init_price + activation:
            raised = c.curr_price - side * trail[c.init_i]
            if np.isnan(level) or side * raised > side * level:
                level = raised
        # A stop that is once NaN is not asked for again.
        return FAR if np.isnan(level) else side * (1.0 - level / c.curr_price), True

    return adjust


def run(vbt: ModuleType, market: Market, signals: Signals, entry: str, engine: str) -> Trades:
    """Trades of the real engine: one unit each, an opposite signal ignored, levels from the fill price.

    Args:
        vbt: the module.
        market, signals: what to trade.
        entry: ``close``, or ``next_open``: the same signals a bar later, at the open.
        engine: ``rust`` or ``numba``.
    """
    later = int(entry == "next_open")
    rows = len(market)

    def column(values: np.ndarray, absent: float = np.nan) -> np.ndarray:
        whole = np.full(rows, absent)
        whole[signals.bar + later] = values
        return whole

    longs, shorts = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    longs[signals.bar[signals.side > 0] + later] = True
    shorts[signals.bar[signals.side < 0] + later] = True
    never = np.zeros(rows, dtype=bool)
    options: dict[str, Any] = {}
    stop = column(signals.stop / signals.base)
    if signals.share:
        stop, options = np.full(rows, signals.share), {"sl_trail": True}
    elif not np.isnan(signals.trail).all():
        # Replaced by the callback before it is first looked at.
        stop = np.full(rows, FAR)
        hard = column(levels(signals)[0])
        options = {
            "adjust_sl_func_nb": _followed(vbt),
            "adjust_sl_args": (column(signals.trail), hard, signals.activation),
            "sl_trail": True,
        }
    portfolio = vbt.Portfolio.from_signals(
        market.close,
        longs,
        never,
        short_entries=shorts,
        short_exits=never,
        open=market.open,
        high=market.high,
        low=market.low,
        price=market.open if later else market.close,
        sl_stop=stop,
        tp_stop=column(signals.target / signals.base),
        stop_entry_price="fillprice",
        upon_opposite_entry="ignore",
        size=1.0,
        init_cash=CASH,
        engine=engine,
        **options,
    )
    records = portfolio.trades.values
    trades = table(len(records))
    trades["signal_bar"] = records["entry_idx"] - later
    trades["side"] = np.where(records["direction"] == 0, 1, -1)
    trades["entry_bar"], trades["exit_bar"] = records["entry_idx"], records["exit_idx"]
    trades["entry_price"], trades["exit_price"] = records["entry_price"], records["exit_price"]
    trades["open"] = records["status"] == 0
    # Two signals of one bar cancel each other, so a bar that traded has one row.
    rows_of = np.searchsorted(signals.bar, trades["signal_bar"])
    stops, targets = levels(signals)
    told(trades, targets[rows_of], stops[rows_of], "stop")
    return trades
