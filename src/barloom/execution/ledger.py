"""The money of one run: sizes trades, charges them, and keeps the accounts of what was chosen, of the best and of the worst case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barloom._native import ledger as kernel
from barloom.execution.account import MONEY, POINT, Rows, new_accounts
from barloom.execution.sessions import nights

if TYPE_CHECKING:
    from barloom.bars.chunk import Chunk, Floats, Ints
    from barloom.execution.rules import Rules
    from barloom.execution.trades import Plans, Trades

DAY = 86_400_000_000_000


class Ledger:
    """The accounts of one parameter set, carried from chunk to chunk.

    Attributes:
        accounts: three rows of ``ACCOUNT``: as chosen, best case, worst case. In the best case every ambiguous trade that finer bars did
            not decide takes the outcome that nets more, in the worst the one that nets less; until there is one they are the same.
        account: the first of them.
    """

    def __init__(self, rules: Rules) -> None:
        self.accounts: Rows = new_accounts(rules.sizing.balance)
        self.account: Rows = self.accounts[:1]
        self._money = money_of(rules)
        self._has_swap = rules.costs.has_swap
        # Used again for every chunk.
        self._events: Ints = np.empty((2, 0), dtype=np.int64)

    @property
    def accepted(self) -> int:
        """Signals that became trades in the chosen account; the parts of a ladder are one signal."""
        return int(self.account["accepted"][0])

    def settle(
        self, chunk: Chunk, trades: Trades, plans: Plans | None, extremes: tuple[Floats, ...] | None = None
    ) -> Rows:
        """Pass one chunk through the accounts: sizes and numbers to what filled on its bars, money to what closed.

        Args:
            chunk: the bars.
            trades: everything in hand, in the order of entry, resolved to the end of the chunk.
            plans: the plans of those trades; None if none has one and the bars have no ask of their own.
            extremes: of the bid, as ``Quotes`` has them; they spare time and change nothing.

        Returns:
            Equity points in the order of time: one a day that ended, one a trade that closed, and after the last bar that of its day.
        """
        first = chunk.history
        fills, exits = self._sorted_events(trades, chunk.base)
        time = chunk.timestamp[first:]
        days = min(int((time[-1] - time[0]) // DAY) + 2, chunk.rows)
        points = np.empty(len(exits) + days + 1, dtype=POINT)
        count = kernel.settle(
            self.accounts,
            trades,
            plans,
            fills,
            exits,
            self._nights(trades, exits) if self._has_swap else None,
            time,
            chunk.close[first:],
            None if chunk.ask_close is None else chunk.ask_close[first:],
            chunk.base,
            self._money,
            points,
            *(extremes or ()),
        )
        if chunk.last:
            kernel.close_day(self.accounts, points[count:])
            count += 1
        return points[:count]

    def _sorted_events(self, trades: Trades, base: int) -> tuple[Ints, Ints]:
        """What filled and what closed on the bars from ``base`` on, in the order of time."""
        if self._events.shape[1] < len(trades):
            self._events = np.empty((2, 2 * len(trades)), dtype=np.int64)
        fills, exits = self._events
        filled, left, in_order = kernel.events(trades, base, fills, exits)
        fills, exits = fills[:filled], exits[:left]
        if not in_order:
            fills.sort()
        exits.sort()
        return fills, exits

    @staticmethod
    def _nights(trades: Trades, exits: Ints) -> Floats:
        """The nights that each of the trades that closed was held."""
        closed = trades[exits & kernel.ROW]
        return nights(closed["exit_time"]) - nights(closed["entry_time"])


def money_of(rules: Rules) -> Rows:
    """Costs and sizing as the kernel takes them, one row of ``MONEY``."""
    costs, sizing = rules.costs, rules.sizing
    money = np.zeros(1, dtype=MONEY)
    money["spread"], money["slippage"] = costs.spread, costs.slippage
    money["commission"], money["per_trade"] = costs.commission, costs.commission_per_trade
    money["of_notional"] = costs.commission_pct / 100.0
    money["swap_long"], money["swap_short"] = costs.swap_long, costs.swap_short
    money["units"], money["notional"] = sizing.units or 0.0, sizing.notional or 0.0
    money["risk_pct"] = sizing.risk_pct
    money["step"], money["lowest"], money["highest"] = sizing.step, sizing.lowest, sizing.highest
    money["value"], money["leverage"] = sizing.conversion, sizing.leverage or 0.0
    money["parts"], money["limit"], money["bounds"] = rules.parts, rules.entry == "limit", rules.bounds
    return money
