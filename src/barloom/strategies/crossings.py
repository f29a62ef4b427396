"""Where one series crosses another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def crossings(series: Floats, upper: Floats | float, lower: Floats | float) -> tuple[Ints, Ints]:
    """Bars on which ``series`` crosses above ``upper`` (side +1) or below ``lower`` (side -1), in order.

    It crosses above when it is > upper now and was <= upper one bar before, and below when it is < lower now and was
    >= lower one bar before. A NaN crosses nothing, and neither does the first bar. ``upper`` must not be below
    ``lower``.

    Returns:
        Indices of the bars, and the sides, both of shape (crossings,).
    """
    above, below = series > upper, series < lower
    changed = above[1:] != above[:-1]
    changed |= below[1:] != below[:-1]
    bars = np.flatnonzero(changed) + 1
    before = series[bars - 1]
    up = above[bars] & (before <= _at(upper, bars - 1))
    down = below[bars] & (before >= _at(lower, bars - 1))
    crossed = up | down
    return bars[crossed], np.where(up[crossed], 1, -1)


def _at(level: Floats | float, bars: Ints) -> Floats | float:
    return level[bars] if isinstance(level, np.ndarray) else level
