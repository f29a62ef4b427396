"""Mean, deviation and z-score of the last values: one pass gives all three."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import SupportsIndex

from barloom._native.indicators import Moments
from barloom.indicators.kernels import Kernel, SharedWindow
from barloom.indicators.plain import Series, rolling
from barloom.indicators.registry import register
from barloom.indicators.spec import Indicator, Source, windowed


def sma(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Mean of the last ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, sma
        >>> prices = [2, 4, 6, 11]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([sma(3)]).update(chunk)[sma(3)].round(3).tolist()
        [nan, nan, 4.0, 7.0]
    """
    return windowed("sma", n, source)


def rolling_mean(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Mean of the last ``n`` values: ``sma`` under its statistical name, and the same spec.

    Examples:
        >>> from barloom.indicators import rolling_mean, sma
        >>> rolling_mean(20) == sma(20)
        True
    """
    return sma(n, source)


def rolling_std(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Population standard deviation (divided by n) of the last ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rolling_std
        >>> prices = [2, 4, 6, 11]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([rolling_std(3)]).update(chunk)[rolling_std(3)].round(3).tolist()
        [nan, nan, 1.633, 2.944]
    """
    return windowed("rolling_std", n, source)


def zscore(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Distance of the newest of the last ``n`` values from their mean, in standard deviations; 0 where all are equal.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, zscore
        >>> prices = [2, 4, 6, 11]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([zscore(3)]).update(chunk)[zscore(3)].round(3).tolist()
        [nan, nan, 1.225, 1.359]
    """
    return windowed("zscore", n, source)


def _kernel(specs: Sequence[Indicator]) -> Kernel:
    outputs = {"sma": "mean", "rolling_std": "deviation", "zscore": "score"}
    return SharedWindow(Moments(specs[0].params[0]), outputs, specs)


def _family(spec: Indicator) -> Hashable:
    return "moments", spec.source, spec.params


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))


def _score(values: Sequence[float]) -> float:
    spread = _deviation(values)
    return (values[-1] - _mean(values)) / spread if spread > 0.0 else 0.0


def _plain_sma(n: int, x: Series) -> Series:
    return rolling(x, n, _mean)


def _plain_std(n: int, x: Series) -> Series:
    return rolling(x, n, _deviation)


def _plain_zscore(n: int, x: Series) -> Series:
    return rolling(x, n, _score)


register(sma, _kernel, _plain_sma, family=_family, most=3)
register(rolling_std, _kernel, _plain_std, family=_family, most=3)
register(zscore, _kernel, _plain_zscore, family=_family, most=3)
