"""Series over lists in plain Python: the parts that the definitions of several indicators share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
    """A function of the last ``n`` values; NaN until there are so many, and while one of them is NaN."""
    windows = [x[max(0, k + 1 - n) : k + 1] for k in range(len(x))]
    return [NAN if len(window) < n or any(map(math.isnan, window)) else of(window) for window in windows]
