"""The median of the last values: a mean that one bad tick does not move."""

from __future__ import annotations

import statistics
from typing import SupportsIndex

import numpy as np

from barloom.indicators.kernels import Floats, Windows
from barloom.indicators.plain import Series, rolling
from barloom.indicators.registry import register
from barloom.indicators.spec import Indicator, Source, windowed


def rolling_median(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Median of the last ``n`` values: the middle one in size, or the mean of the middle two."""
    return windowed("rolling_median", n, source)


def _medians(windows: Floats) -> Floats:
    values: Floats = np.median(windows, axis=1)
    return values


def _plain(n: int, x: Series) -> Series:
    return rolling(x, n, statistics.median)


register(rolling_median, lambda specs: Windows(specs[0].params[0], _medians), _plain)
