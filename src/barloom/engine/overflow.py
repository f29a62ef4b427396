"""Accounts that grow past what float64 adds up: refused by the bar where they do, before a number of theirs is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from barloom.bars.times import iso
from barloom.errors import InputError

if TYPE_CHECKING:
    from barloom.arrays import Rows
    from barloom.rules.sizing import Sizing

MOST = 1e150
"""Money, and multiples of the starting balance, whose squares a float64 still holds."""
MONEY = ("balance", "last_equity", "peak", "max_drawdown")
CASES = ("account", "best case of the account", "worst case of the account")


def refuse_overflow(accounts: Rows, points: Rows, sizing: Sizing) -> None:
    """Refuse accounts that passed ``MOST``, or hold no number at all; call it after each chunk, before its trades are passed on.

    Args:
        accounts: rows of ``ACCOUNT``, the first of them as chosen, as the ledger left them.
        points: equity points of the chunk, which tell the bar.
        sizing: how trades were sized, which tells the remedy.

    Raises:
        InputError: naming the bar and the option to change.
    """
    most = MOST * min(1.0, sizing.balance)
    for case, row in zip(CASES, accounts, strict=False):
        # Not what is larger: that NaN is not.
        if all(abs(float(row[name])) <= most for name in MONEY):
            continue
        bar, time = int(row["last_bar"]), int(row["last_time"])
        held = np.abs(points["equity"]) <= most
        if case == CASES[0] and not held.all():
            first = points[int(held.argmin())]
            bar, time = int(first["bar"]), int(first["time"])
        if sizing.needs_stop:
            why = f"profits compound with --risk-pct {sizing.risk_pct:g}: size trades with --size or --notional, or give fewer bars"
        else:
            option, value = ("size", sizing.units) if sizing.units is not None else ("notional", sizing.notional)
            why = f"trades have --{option} {value:g}: give less"
        raise InputError(
            f"the {case} passes {most:g} by bar {bar} ({iso(time)}), more than a float64 can add up: {why}"
        )
