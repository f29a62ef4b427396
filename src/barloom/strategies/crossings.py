"""Where one series crosses another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from barloom._native import signals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RARE = 16  # bars to a crossing that room is made for at first


def crossings(series: Floats, upper: Floats | float, lower: Floats | float) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Bars on which ``series`` crosses above ``upper`` (side +1) or below ``lower`` (side -1), in order.

    It crosses above when it is > upper now and was <= upper one bar before, and below when it is < lower now and was
    >= lower one bar before. A NaN crosses nothing, and neither does the first bar. ``upper`` must not be below
    ``lower``; both are arrays, or both are numbers.

    Returns:
        Indices of the bars, and the sides, both of shape (crossings,).
    """
    room = len(series) // RARE + 1
    while True:
        bars, sides = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int8)
        found = signals.crossings(series, _levels(upper), _levels(lower), bars, sides)
        if found <= room:
            return bars[:found], sides[:found]
        room = found


def _levels(level: Floats | float) -> Floats:
    return level if isinstance(level, np.ndarray) else np.array([level], dtype=np.float64)
