"""backtesting.py, driven by a strategy that only places what the signals say."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from parity.market import Market
from parity.signals import Signals
from parity.tables import Trades, table, told

CASH = 1e12


def levels(signals: Signals, tick: float) -> tuple[np.ndarray, np.ndarray]:
    """Stop and target as prices on the grid, which is how this engine takes them."""
    grid = round(1.0 / tick)
    away = signals.side
    stop, target = signals.base - away * signals.stop, signals.base + away * signals.target
    return np.round(stop * grid) / grid, np.round(target * grid) / grid


def run(
    backtesting: ModuleType,
    market: Market,
    signals: Signals,
    entry: str,
    *,
    position: str = "single",
    exits: frozenset[int] = frozenset(),
    finalize: bool = False,
) -> Trades:
    """Trades of the real engine, one unit each; those still open when the data ends are marked so.

    Args:
        backtesting: the module.
        market, signals: what to trade.
        entry: ``next_open``, or ``close`` for ``trade_on_close``.
        position: ``single`` (no order while a trade is open), ``overlap`` (``hedging``) or ``reverse`` (an opposite signal closes first).
        exits: bars whose close decided to leave whatever is open.
        finalize: leave what is open when the data ends (``finalize_trades``) instead of marking it.
    """
    stops, targets = levels(signals, market.tick)
    row_of = {bar: row for row, bar in enumerate(signals.bar.tolist())}

    class Placed(backtesting.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            self.peaks: dict[int, float] = {}

        def next(self) -> None:
            bar = len(self.data) - 1
            self.follow(bar)
            if bar in exits:
                for trade in self.trades:
                    trade.close()
            row = row_of.get(bar)
            if row is None:
                return
            side = int(signals.side[row])
            if self.trades and position != "overlap":
                if position == "single" or self.trades[0].is_long == (side > 0):
                    return
                for trade in self.trades:
                    trade.close()
            order = self.buy if side > 0 else self.sell
            order(size=1, sl=_given(stops[row]), tp=_given(targets[row]), tag=bar)

        def follow(self, bar: int) -> None:
            """Raise the stop of every trade behind the best price its bars had, after their close."""
            for trade in self.trades:
                row = row_of[trade.tag]
                trail = signals.trail[row]
                if np.isnan(trail):
                    continue
                side = 1 if trade.is_long else -1
                best = side * (market.high[bar] if side > 0 else market.low[bar])
                peak = max(self.peaks.get(trade.tag, side * trade.entry_price), best)
                self.peaks[trade.tag] = peak
                if peak >= side * trade.entry_price + signals.activation:
                    raised = side * peak - side * trail
                    if trade.sl is None or side * raised > side * trade.sl:
                        trade.sl = raised

    frame = pd.DataFrame(
        {"Open": market.open, "High": market.high, "Low": market.low, "Close": market.close},
        index=pd.date_range("2020-01-01", periods=len(market), freq="min"),
    )
    with warnings.catch_warnings():
        # Trades left open at the end are what is asked for.
        warnings.simplefilter("ignore")
        test = backtesting.Backtest(
            frame,
            Placed,
            cash=CASH,
            trade_on_close=entry == "close",
            hedging=position == "overlap",
            finalize_trades=finalize,
        )
        stats = test.run()
    closed = [
        (row.Tag, row.Size, row.EntryBar, row.EntryPrice, row.ExitBar, row.ExitPrice, False)
        for row in stats["_trades"].itertuples()
    ]
    last = len(market) - 1
    still = [
        (trade.tag, trade.size, trade.entry_bar, trade.entry_price, last, market.close[last], True)
        for trade in stats["_strategy"].trades
    ]
    rows: list[Any] = sorted(closed + still)
    trades = table(len(rows))
    for row, (tag, size, entry_bar, entry_price, exit_bar, exit_price, is_open) in enumerate(rows):
        trades[row] = (tag, np.sign(size), entry_bar, entry_price, exit_bar, exit_price, is_open, "")
    rows_of = np.searchsorted(signals.bar, trades["signal_bar"])
    between = "stop"
    if exits or position == "reverse":
        between = "signal" if np.isnan(signals.trail).all() else ""
    told(trades, targets[rows_of], stops[rows_of], between)
    return trades


def _given(price: float) -> float | None:
    return None if np.isnan(price) else float(price)
