"""Lowest and highest of the last values, and the place of the RSI between its own: one pass gives all three."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import SupportsIndex

from barloom._native.indicators import Extremes
from barloom.indicators.kernels import Kernel, SharedWindow
from barloom.indicators.plain import Series, rolling
from barloom.indicators.registry import register
from barloom.indicators.spec import Indicator, Source, windowed
from barloom.indicators.strength import rsi


def rolling_min(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Lowest of the last ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rolling_min
        >>> prices = [2, 4, 3, 6]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([rolling_min(3)]).update(chunk)[rolling_min(3)].round(3).tolist()
        [nan, nan, 2.0, 3.0]
    """
    return windowed("rolling_min", n, source)


def rolling_max(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Highest of the last ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rolling_max
        >>> prices = [2, 4, 3, 6]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([rolling_max(3)]).update(chunk)[rolling_max(3)].round(3).tolist()
        [nan, nan, 4.0, 6.0]
    """
    return windowed("rolling_max", n, source)


def stoch_rsi(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Place of the RSI over ``n`` bars within its range of ``n`` bars, 0 to 1, unsmoothed.

    0 where that range is empty, as TA-Lib has it (its STOCHRSI with fastk_period=n, fastd_period=1, divided by 100).

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, stoch_rsi
        >>> prices = [2, 4, 3, 6, 5, 6, 4]
        >>> bars = bl.from_arrays(range(7), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(7)
        >>> IndicatorBank([stoch_rsi(3)]).update(chunk)[stoch_rsi(3)].round(3).tolist()
        [nan, nan, nan, nan, nan, 0.462, 0.0]
    """
    return windowed("stoch_rsi", n, source)


def _kernel(specs: Sequence[Indicator]) -> Kernel:
    outputs = {"rolling_min": "low", "rolling_max": "high", "stoch_rsi": "place"}
    return SharedWindow(Extremes(specs[0].params[0]), outputs, specs)


def _family(spec: Indicator) -> Hashable:
    return "extremes", spec.source, spec.params


def _strength(spec: Indicator) -> tuple[Source, ...]:
    return (rsi(spec.params[0], spec.source),)


def _strength_family(spec: Indicator) -> Hashable:
    """That of the extremes of the RSI, which the same kernel gives."""
    return "extremes", *_strength(spec), spec.params


def _place(values: Sequence[float]) -> float:
    low, high = min(values), max(values)
    return (values[-1] - low) / (high - low) if high > low else 0.0


def _plain_min(n: int, x: Series) -> Series:
    return rolling(x, n, min)


def _plain_max(n: int, x: Series) -> Series:
    return rolling(x, n, max)


def _plain_stoch(n: int, strength: Series) -> Series:
    return rolling(strength, n, _place)


register(rolling_min, _kernel, _plain_min, family=_family, most=3)
register(rolling_max, _kernel, _plain_max, family=_family, most=3)
register(stoch_rsi, _kernel, _plain_stoch, inputs=_strength, family=_strength_family, most=3)
