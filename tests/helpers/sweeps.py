"""Results of a sweep written by hand, without bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from barloom.engine.money import simulator_of
from barloom.engine.outcome import Outcome
from barloom.engine.totals import totals_of
from barloom.rules.rules import Rules
from barloom.sweeps.runner.set_rows import SCHEMA

NOTHING = Outcome(totals_of(simulator_of([Rules()]), 1)[0], 10_000.0).metrics().model_dump()
"""The metrics of a set without a trade."""


def results_of(rows: Sequence[Mapping[str, Any]], set_ids: Sequence[int] | None = None) -> pa.Table:
    """The columns of a batch with ``set_id`` before them: what is not given is as without a trade, or null beside an ``error``."""
    filled = [dict(row) if "error" in row else NOTHING | {"checksum": "0" * 16} | dict(row) for row in rows]
    table = pa.Table.from_pylist(filled, schema=SCHEMA)
    return table.add_column(0, "set_id", pa.array(range(len(rows)) if set_ids is None else set_ids, pa.int64()))


def from_returns(returns: np.ndarray, periods: int = 32, days_a_year: float = 252.0) -> pa.Table:
    """The results of sets of which only the daily returns are known.

    Args:
        returns: a row a set, a column a day.
        periods: into how many stretches of days the sums are put.
        days_a_year: what the Sharpe ratio is annualised by.
    """
    rows = []
    edges = np.linspace(0, returns.shape[1], periods + 1).astype(int)
    for daily in returns:
        parts = [daily[first:last] for first, last in pairwise(edges)]
        away = daily - daily.mean()
        spread = math.sqrt((away**2).mean())
        row: dict[str, Any] = {
            "days": len(daily),
            "trades": int(np.count_nonzero(daily)),
            "skewness": float((away**3).mean() / spread**3) if spread else None,
            "kurtosis": float((away**4).mean() / spread**4) if spread else None,
            "sharpe": float(daily.mean() / daily.std(ddof=1) * math.sqrt(days_a_year)) if spread else None,
            "return_counts": [len(part) for part in parts],
            "return_sums": [float(part.sum()) for part in parts],
            "return_squares": [float((part**2).sum()) for part in parts],
        }
        rows.append(row)
    return results_of(rows)
