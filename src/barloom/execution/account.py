"""The records the ledger keeps: accounts, rates, equity points, running totals; and how rows of records are joined and picked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

CASES = 3
"""Accounts of a ledger: as chosen, best case, worst case."""

# Field for field the structs of the kernels.
ACCOUNT = np.dtype(
    [
        (name, np.float64)
        for name in (
            *("balance", "units", "basis", "shorts", "notional", "peak"),
            *("max_drawdown", "max_drawdown_pct", "last_equity"),
        )
    ]
    + [
        (name, np.int64)
        for name in (
            *("open_trades", "next_id", "accepted", "trades", "wins", "peak_time", "longest_drawdown", "under_water"),
            *("exposed_bars", "day_end", "last_time", "last_bar", "cases"),
        )
    ]
)
POINT = np.dtype(
    [(name, np.int64) for name in ("time", "bar", "trade_id")]
    + [(name, np.float64) for name in ("balance", "equity", "drawdown")]
)

MONEY = np.dtype(
    [
        (name, np.float64)
        for name in (
            *("spread", "slippage", "commission", "per_trade", "of_notional", "swap_long", "swap_short"),
            *("units", "notional", "risk_pct", "step", "lowest", "highest", "value", "leverage"),
        )
    ]
    + [(name, np.int64) for name in ("parts", "limit", "bounds")]
)

TALLY = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("trades", "wins", "losses", "ambiguous", "undecided", "with_risk", "bars_held", "longest_hold"),
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


def distinct(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers in order, each once. NumPy's own function loads its masked arrays at the first call, 70 ms."""
    ordered: npt.NDArray[np.int64] = np.sort(numbers)
    first: npt.NDArray[np.bool_] = np.diff(ordered, prepend=ordered[:1] - 1) != 0
    return ordered[first]
