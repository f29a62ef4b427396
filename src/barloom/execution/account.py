"""The records the ledger keeps: account, equity points, running totals; and how rows of records are joined and picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Field for field the structs of ledger.pyx.
ACCOUNT = np.dtype(
    [
        (name, np.float64)
        for name in ("balance", "units", "basis", "peak", "max_drawdown", "max_drawdown_pct", "last_equity")
    ]
    + [
        (name, np.int64)
        for name in (
            *("open_trades", "next_id", "peak_time", "longest_drawdown", "under_water"),
            *("exposed_bars", "day_end", "last_time", "last_bar"),
        )
    ]
)
POINT = np.dtype(
    [(name, np.int64) for name in ("time", "bar", "trade_id")]
    + [(name, np.float64) for name in ("balance", "equity", "drawdown")]
)

TALLY = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("trades", "wins", "losses", "ambiguous", "with_risk", "bars_held", "longest_hold"),
            *("win_streak", "loss_streak", "longest_win_streak", "longest_loss_streak"),
        )
    ]
    + [("checksum", np.uint64)]
    + [(name, np.float64) for name in ("gross_profit", "gross_loss", "net_pnl", "r_sum", "best", "worst")]
)

Rows = npt.NDArray[np.void]


def join(parts: Sequence[Rows], dtype: np.dtype[np.void]) -> Rows:
    """Records one after the other. As plain bytes: NumPy copies structured rows field by field, which takes ten times as long."""
    if len(parts) == 1:
        return parts[0]
    whole = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([part.view(whole) for part in parts]).view(dtype) if parts else np.empty(0, dtype=dtype)


def pick(rows: Rows, chosen: npt.NDArray[Any]) -> Rows:
    """The chosen records (a mask or indices), copied as plain bytes."""
    picked: Rows = rows.view(np.dtype((np.void, rows.dtype.itemsize)))[chosen].view(rows.dtype)
    return picked


def new_account(balance: float) -> npt.NDArray[np.void]:
    """An account of one row that starts with ``balance`` and has seen no bar."""
    account = np.zeros(1, dtype=ACCOUNT)
    account["balance"] = account["peak"] = account["last_equity"] = balance
    account["day_end"] = np.iinfo(np.int64).min
    account["last_bar"] = -1
    return account
