"""Exponential averages: `ema` and Wilder's `rma`, up to four of one source in one pass."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import SupportsIndex

from barloom._native.indicators import Smoother
from barloom.indicators.kernels import Floats
from barloom.indicators.plain import Series, average
from barloom.indicators.registry import register
from barloom.indicators.spec import Indicator, Source, windowed


def ema(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Exponential average of weight 2 / (n + 1), beginning with the mean of the first ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, ema
        >>> prices = [2, 4, 6, 10]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([ema(3)]).update(chunk)[ema(3)].round(3).tolist()
        [nan, nan, 4.0, 7.0]
    """
    return windowed("ema", n, source)


def rma(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Wilder's average: exponential of weight 1 / n, beginning with the mean of the first ``n`` values.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rma
        >>> prices = [2, 4, 6, 10]
        >>> bars = bl.from_arrays(range(4), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([rma(3)]).update(chunk)[rma(3)].round(3).tolist()
        [nan, nan, 4.0, 6.0]
    """
    return windowed("rma", n, source)


def _weight(name: str, n: int) -> float:
    return 1.0 / n if name == "rma" else 2.0 / (n + 1.0)


class _Averages:
    """Up to four exponential averages of one source."""

    def __init__(self, specs: Sequence[Indicator]) -> None:
        periods = [spec.params[0] for spec in specs]
        self._kernel = Smoother(periods, [_weight(spec.name, n) for spec, n in zip(specs, periods, strict=True)])

    def update(self, inputs: Sequence[Floats], outs: Sequence[Floats]) -> None:
        self._kernel.update(inputs[0], outs)


def _family(spec: Indicator) -> Hashable:
    return "exponential", spec.source


def _plain_ema(n: int, x: Series) -> Series:
    return average(x, n, _weight("ema", n))


def _plain_rma(n: int, x: Series) -> Series:
    return average(x, n, _weight("rma", n))


register(ema, _Averages, _plain_ema, family=_family, most=4)
register(rma, _Averages, _plain_rma, family=_family, most=4)
