"""An indicator by its name, source and parameters. Two equal specs are one computation."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import SupportsIndex, TypeAlias

from barloom.errors import InputError, nearest, shown

COLUMNS = ("open", "high", "low", "close", "volume")
MOST_BARS = 1_000_000_000
BARS = "bars"
"""The source of an indicator of high, low and close together."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A derived series: equal specs are computed once and shared.

    ``source`` is a column of the bars, ``"bars"`` where high, low and close are all read, or another indicator.

    Examples:
        >>> from barloom.indicators import ema, rsi, sma
        >>> smoothed = ema(3, rsi(14))  # of an indicator
        >>> str(smoothed), str(sma(20, "high"))
        ('ema(3, rsi(14))', 'sma(20, high)')
        >>> ema(3, rsi(14)) == smoothed
        True
    """

    name: str
    source: str | Indicator
    params: tuple[int, ...] = ()

    def __str__(self) -> str:
        inside = [str(n) for n in self.params]
        if self.source not in ("close", BARS):
            inside.append(str(self.source))
        return f"{self.name}({', '.join(inside)})"


Source: TypeAlias = str | Indicator


def windowed(name: str, n: SupportsIndex, source: Source) -> Indicator:
    """The spec of an indicator over the last ``n`` values of a source.

    Raises:
        InputError: ``n`` is no whole number of bars, or ``source`` no column and no indicator.
    """
    if not isinstance(source, Indicator) and (not isinstance(source, str) or source not in COLUMNS):
        near = nearest(source, COLUMNS) if isinstance(source, str) else nearest("", COLUMNS)
        raise InputError(f"{name} of {shown(source)}: no such column; {near}, or another indicator")
    return Indicator(name, source, (bars_of(name, n),))


def bars_of(name: str, n: SupportsIndex) -> int:
    """``n`` as a number of bars.

    Raises:
        InputError: it is no whole number from 1 to ``MOST_BARS``.
    """
    try:
        bars = -1 if isinstance(n, bool) else operator.index(n)
    except Exception:
        bars = -1
    if not 1 <= bars <= MOST_BARS:
        raise InputError(f"{name} over {shown(n)} bars: give a whole number of at least 1 and at most {MOST_BARS}")
    return bars
