"""The row of a parameter set in the table of a sweep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from barloom.engine.metrics import Metrics
from barloom.engine.outcome import Outcome

METRICS = {
    name: pa.int64() if field.annotation is int else pa.float64() for name, field in Metrics.model_fields.items()
}
"""Every metric of a run by name, with its column type."""
SCHEMA = pa.schema(
    [
        *METRICS.items(),
        ("checksum", pa.string()),
        ("error", pa.string()),
        ("days", pa.int64()),
        ("skewness", pa.float64()),
        ("kurtosis", pa.float64()),
        ("return_counts", pa.list_(pa.int64())),
        ("return_sums", pa.list_(pa.float64())),
        ("return_squares", pa.list_(pa.float64())),
    ]
)
"""A row a set. ``error`` says why a set could not be run; everything else is null then. ``days`` is the number of daily returns,
``skewness`` and ``kurtosis`` (3 for the normal distribution) are theirs. The three lists hold the number, the sum and the sum of
squares of the daily returns of consecutive periods of equally many days, the last perhaps shorter: 32 to 64 periods, one a day in
shorter data; alike for every set of a sweep."""


def set_row(outcome: Outcome) -> dict[str, Any]:
    """The row of a finished set."""
    totals, days = outcome.totals, outcome.totals.days
    count = int(days["count"])
    counts = totals.return_counts
    spread = days["second"] / count if count else 0.0
    row = outcome.metrics().model_dump() | {"checksum": totals.checksum, "days": count}
    row["skewness"] = days["third"] / count / spread**1.5 if spread > 0.0 else None
    row["kurtosis"] = days["fourth"] / count / spread**2 if spread > 0.0 else None
    row["return_counts"] = counts.tolist()
    row["return_sums"] = totals.sums[: len(counts)].tolist()
    row["return_squares"] = totals.squares[: len(counts)].tolist()
    return {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in row.items()}
