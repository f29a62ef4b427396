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
    """Median of the last ``n`` values: the middle one in size, or the mean of the middle two.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rolling_median
        >>> prices = [2, 4, 100, 6]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([rolling_median(3)]).update(chunk)[rolling_median(3)].round(3).tolist()
        [nan, nan, 4.0, 6.0]
    """
    return windowed("rolling_median", n, source)


def _medians(windows: Floats) -> Floats:
    values: Floats = np.median(windows, axis=1)
    return values


def _plain(n: int, x: Series) -> Series:
    return rolling(x, n, statistics.median)


register(rolling_median, lambda specs: Windows(specs[0].params[0], _medians), _plain)
