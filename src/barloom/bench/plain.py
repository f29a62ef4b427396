"""The indicators by their definitions, in plain Python over lists: what the kernels are checked against before they are timed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from barloom.errors import InputError

NAN = math.nan
Series = list[float]


def average(x: Series, n: int, weight: float) -> Series:
    """Exponential average that begins with the mean of the first ``n`` values; leading NaNs are passed over."""
    first = next((k for k, value in enumerate(x) if value == value), len(x))
    out = [NAN] * len(x)
    if first + n > len(x):
        return out
    now = out[first + n - 1] = sum(x[first : first + n]) / n
    for k in range(first + n, len(x)):
        now += weight * (x[k] - now)
        out[k] = now
    return out


def rolling(x: Series, n: int, of: Callable[[Sequence[float]], float]) -> Series:
    """A function of the last ``n`` values; NaN until there are so many."""
    return [NAN if k + 1 < n else of(x[k + 1 - n : k + 1]) for k in range(len(x))]


def true_range(high: Series, low: Series, close: Series) -> Series:
    """Greatest of high - low and the distances of high and low from the close before; NaN on the first bar."""
    return [NAN] + [max(high[k], close[k - 1]) - min(low[k], close[k - 1]) for k in range(1, len(close))]


def rsi(x: Series, n: int) -> Series:
    """100 x Wilder's average gain over the sum of average gain and loss; 0 where nothing moved."""
    moves = [b - a for a, b in pairwise(x)]
    gains = average([NAN] + [max(move, 0.0) for move in moves], n, 1 / n)
    losses = average([NAN] + [max(-move, 0.0) for move in moves], n, 1 / n)
    return [
        NAN if gain != gain else 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 0.0
        for gain, loss in zip(gains, losses, strict=True)
    ]


def place(window: Sequence[float]) -> float:
    """Place of the newest value within the range of all, 0 to 1; NaN with a NaN among them."""
    if any(value != value for value in window):
        return NAN
    low, high = min(window), max(window)
    return (window[-1] - low) / (high - low) if high > low else 0.0


def deviation(window: Sequence[float]) -> float:
    """Population standard deviation."""
    mean = math.fsum(window) / len(window)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in window) / len(window))


def score(window: Sequence[float]) -> float:
    """Distance of the newest value from the mean, in standard deviations; 0 where all are equal."""
    spread = deviation(window)
    return (window[-1] - math.fsum(window) / len(window)) / spread if spread > 0.0 else 0.0


def indicator(name: str, params: tuple[int, ...], high: Series, low: Series, close: Series) -> Series:
    """The indicator of this name over bars, by its definition.

    Raises:
        InputError: there is no definition of it here.
    """
    n = params[0] if params else 0
    works: dict[str, Callable[[], Series]] = {
        "sma": lambda: rolling(close, n, lambda window: math.fsum(window) / n),
        "ema": lambda: average(close, n, 2 / (n + 1)),
        "rma": lambda: average(close, n, 1 / n),
        "true_range": lambda: true_range(high, low, close),
        "atr": lambda: average(true_range(high, low, close), n, 1 / n),
        "rsi": lambda: rsi(close, n),
        "stoch_rsi": lambda: rolling(rsi(close, n), n, place),
        "rolling_min": lambda: rolling(close, n, min),
        "rolling_max": lambda: rolling(close, n, max),
        "rolling_std": lambda: rolling(close, n, deviation),
        "zscore": lambda: rolling(close, n, score),
    }
    if name not in works:
        raise InputError(f"indicator {name} has no plain definition to be checked against: add it to bench/plain.py")
    return works[name]()
