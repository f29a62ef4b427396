"""What an indicator is: a name, a source and parameters. Two equal specs are one computation."""

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


def sma(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("sma", n, source)


def ema(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("ema", n, source)


def rma(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("rma", n, source)


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


def atr(n: int) -> Indicator:
    """Wilder's average of the true range over ``n`` bars.

    Examples:
        >>> import barloom as bl
        >>> from barloom.indicators import IndicatorBank, atr
        >>> bars = bl.from_arrays(range(4), open=[5, 6, 7, 8], high=[7, 8, 9, 8], low=[5, 5, 7, 4], close=[6, 7, 8, 5])
        >>> [chunk] = bars.chunks(4)
        >>> IndicatorBank([atr(2)]).update(chunk)[atr(2)].round(3).tolist()
        [nan, nan, 2.5, 3.25]
    """
    return Indicator("atr", BARS, (_bars("atr", n),))


def rsi(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("rsi", n, source)


def stoch_rsi(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("stoch_rsi", n, source)


def rolling_min(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("rolling_min", n, source)


def rolling_max(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("rolling_max", n, source)


def rolling_mean(n: int, source: Source = "close") -> Indicator:
    """Mean of the last ``n`` values: ``sma`` under its statistical name, and the same spec.

    Examples:
        >>> from barloom.indicators import rolling_mean, sma
        >>> rolling_mean(20) == sma(20)
        True
    """
    return sma(n, source)


def rolling_std(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("rolling_std", n, source)


def zscore(n: int, source: Source = "close") -> Indicator:
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
    return _windowed("zscore", n, source)


def _windowed(name: str, n: SupportsIndex, source: Source) -> Indicator:
    if not isinstance(source, Indicator) and (not isinstance(source, str) or source not in COLUMNS):
        near = nearest(source, COLUMNS) if isinstance(source, str) else nearest("", COLUMNS)
        raise InputError(f"{name} of {shown(source)}: no such column; {near}, or another indicator")
    return Indicator(name, source, (_bars(name, n),))


def _bars(name: str, n: SupportsIndex) -> int:
    try:
        bars = -1 if isinstance(n, bool) else operator.index(n)
    except Exception:
        bars = -1
    if not 1 <= bars <= MOST_BARS:
        raise InputError(f"{name} over {shown(n)} bars: give a whole number of at least 1 and at most {MOST_BARS}")
    return bars
