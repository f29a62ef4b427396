"""Wilder's relative strength index."""

from __future__ import annotations

from itertools import pairwise
from typing import SupportsIndex

from barloom._native.indicators import RelativeStrength
from barloom.indicators.kernels import OneOutput
from barloom.indicators.plain import NAN, Series, average
from barloom.indicators.registry import register, window_and_one
from barloom.indicators.spec import Indicator, Source, windowed


def rsi(n: SupportsIndex, source: Source = "close") -> Indicator:
    """Wilder's relative strength index over ``n`` bars, 0 to 100; 0 where nothing moved, as TA-Lib has it.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, rsi
        >>> prices = [2, 4, 3, 6, 5]
        >>> bars = bl.from_arrays(range(5), open=prices, high=prices, low=prices, close=prices)
        >>> [chunk] = bars.chunks(5)
        >>> IndicatorBank([rsi(3)]).update(chunk)[rsi(3)].round(3).tolist()
        [nan, nan, nan, 83.333, 66.667]
    """
    return windowed("rsi", n, source)


def _plain(n: int, x: Series) -> Series:
    moves = [NAN] + [after - before for before, after in pairwise(x)]
    gains = average([max(move, 0.0) if move == move else NAN for move in moves], n, 1 / n)
    losses = average([max(-move, 0.0) if move == move else NAN for move in moves], n, 1 / n)
    return [
        NAN if gain != gain else 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0
        for gain, loss in zip(gains, losses, strict=True)
    ]


register(rsi, lambda specs: OneOutput(RelativeStrength(specs[0].params[0])), _plain, warmup=window_and_one)
