"""The true range of a bar and Wilder's average of it."""

from __future__ import annotations

from typing import SupportsIndex

from barloom._native.indicators import AverageTrueRange, TrueRange
from barloom.indicators.kernels import OneOutput
from barloom.indicators.plain import NAN, Series, average
from barloom.indicators.registry import register, window_and_one
from barloom.indicators.spec import BARS, Indicator, bars_of


def true_range() -> Indicator:
    """Greatest of high - low and the distances of high and low from the close before; none on the first bar.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, true_range
        >>> bars = bl.from_arrays(range(4), open=[5, 6, 7, 8], high=[7, 8, 9, 8], low=[5, 5, 7, 4], close=[6, 7, 8, 5])
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([true_range()]).update(chunk)[true_range()].round(3).tolist()
        [nan, 3.0, 2.0, 4.0]
    """
    return Indicator("true_range", BARS)


def atr(n: SupportsIndex) -> Indicator:
    """Wilder's average of the true range over ``n`` bars.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, atr
        >>> bars = bl.from_arrays(range(4), open=[5, 6, 7, 8], high=[7, 8, 9, 8], low=[5, 5, 7, 4], close=[6, 7, 8, 5])
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([atr(2)]).update(chunk)[atr(2)].round(3).tolist()
        [nan, nan, 2.5, 3.25]
    """
    return Indicator("atr", BARS, (bars_of("atr", n),))


def _plain_range(high: Series, low: Series, close: Series) -> Series:
    return [NAN] + [max(high[k], close[k - 1]) - min(low[k], close[k - 1]) for k in range(1, len(close))]


def _plain_average(n: int, high: Series, low: Series, close: Series) -> Series:
    return average(_plain_range(high, low, close), n, 1 / n)


register(true_range, lambda specs: OneOutput(TrueRange()), _plain_range, warmup=lambda spec: 2)
register(atr, lambda specs: OneOutput(AverageTrueRange(specs[0].params[0])), _plain_average, warmup=window_and_one)
