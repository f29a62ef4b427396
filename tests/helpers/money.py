"""Trades written by hand, with their fills and exits, and the ledger passed over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from barloom.engine.account import POINT
from barloom.engine.market import MarketBuilder, order_arrays
from barloom.engine.money import simulator_of
from barloom.engine.quotes import QuoteMaker
from barloom.engine.simulator import nights_at
from barloom.engine.totals import totals_of
from barloom.engine.trades import CLOSED, DECIDED, OPEN, REASONS, TRADE
from barloom.rules.entries import Entries
from barloom.rules.plans import PLAN, default_plans
from barloom.rules.rules import Rules
from helpers.market import Market

CODES = {reason: code for code, reason in REASONS.items()}


def trade(
    entry_bar: int,
    exit_bar: int,
    entry: float,
    exit_price: float,
    *,
    side: int = 1,
    stop: float = math.nan,
    target: float = math.nan,
    size: float = math.nan,
    reason: str = "time",
    ambiguous: bool = False,
    decided: bool = False,
    part: int = 0,
    **plan: Any,
) -> np.ndarray:
    """A trade as the exit resolver leaves it, and its plan; ``stop`` is the initial stop and the one at the exit."""
    row = np.zeros(1, dtype=[("trade", TRADE), ("plan", PLAN)])
    values = {"trade_id": -1, "signal_bar": entry_bar - 1, "entry_bar": entry_bar, "exit_bar": exit_bar, "side": side}
    values |= {"entry_price": entry, "exit_price": exit_price, "initial_stop": stop, "stop": stop, "target": target}
    values |= {"size": size, "exit_reason": CODES[reason], "ambiguous": ambiguous, "part": part}
    values |= {"marks": DECIDED if decided else 0, "state": CLOSED}
    for name, value in values.items():
        row["trade"][name] = value
    row["plan"] = default_plans(1)
    for name, value in plan.items():
        row["plan"][name] = value
    return row


class Settled:
    """Trades after the ledger has passed over them in chunks of any size, its equity points, and the totals."""

    def __init__(
        self,
        market: Market,
        rows: Sequence[np.ndarray],
        rules: Rules,
        *,
        plans: bool = False,
        ask_close: Sequence[float] | None = None,
        chunk_rows: int = 1 << 20,
    ) -> None:
        whole = np.concatenate(rows) if len(rows) else np.zeros(0, dtype=[("trade", TRADE), ("plan", PLAN)])
        self.trades, self.plans = whole["trade"].copy(), whole["plan"].copy()
        slippage = self.plans["slippage"]
        self.plans["slippage"] = np.where(np.isnan(slippage), rules.costs.slippage, slippage)
        self.trades["entry_time"] = market.time[self.trades["entry_bar"]]
        self.trades["exit_time"] = market.time[self.trades["exit_bar"]]
        simulator, markets, quotes = simulator_of([rules], keep=True), MarketBuilder(rules), QuoteMaker()
        points = []
        for chunk in market.chunks(chunk_rows):
            end = chunk.base + chunk.rows
            if ask_close is not None:
                asks = np.array(ask_close[chunk.base : end], dtype=np.float64)
                chunk.ask_open = chunk.ask_high = chunk.ask_low = chunk.ask_close = asks
            in_hand = np.flatnonzero((self.trades["entry_bar"] < end) & (self.trades["exit_bar"] >= chunk.base))
            here = self.trades[in_hand]
            here["state"] = np.where(here["exit_bar"] < end, CLOSED, OPEN)
            none = Entries.none()
            market = markets.make(chunk, quotes.make(chunk), none)
            simulator.resolve(order_arrays(none), market, nights_at(chunk) if rules.costs.has_swap else None)
            simulator.write_in_flight(here, self.plans[in_hand] if plans else None)
            simulator.mark_to_market()
            simulator.read_in_flight(here, None)
            simulator.emit_closed(chunk.last)
            self.trades[in_hand] = here
            points.append(np.empty(simulator.sizes(0)[1], dtype=POINT))
            simulator.take_points(0, points[-1])
        self.totals = totals_of(simulator, 1)[0]
        self.points = np.concatenate(points) if points else np.empty(0, dtype=POINT)

    def __getitem__(self, name: str) -> list[Any]:
        return self.trades[name].tolist()

    def account(self, case: int = 0) -> dict[str, Any]:
        row = self.totals.accounts[case]
        return {name: row[name].item() for name in row.dtype.names}
