"""Times written as whole numbers: epochs, or the digits of a calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.cells.moments import days_of, whole_year
from barloom.bars.times import FIRST_TIME, LAST_TIME

Ints = npt.NDArray[np.int64]

SECOND = 10**9
FACTORS = {"epoch-s": 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}
SIZES = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Digits of a date, and of a time of day behind it: which of them are which."""

    template: str
    """As ``--time-format`` has it."""
    parts: tuple[tuple[str, int], ...]
    """Name and number of digits, from the left."""

    @property
    def width(self) -> int:
        """Digits in all."""
        return sum(count for _, count in self.parts)

    def to_ns(self, values: Ints) -> Ints:
        """Whole numbers as nanoseconds, naive; ``FIRST_TIME`` where one is no moment."""
        left = np.where(values < 0, 0, values)
        found = {}
        for name, count in reversed(self.parts):
            left, found[name] = np.divmod(left, np.int64(10**count))
        year = whole_year(found["y"]) if "y" in found else found["Y"]
        zero = np.zeros(len(values), dtype=np.int64)
        hour, minute, second, milli = (found.get(name, zero) for name in "HMSL")
        days, exists = days_of(year, found["m"], found["d"])
        exists &= (
            (year >= 1900) & (year < 2100) & (hour < 24) & (minute < 60) & (second < 60) & (left == 0) & (values > 0)
        )
        seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
        return np.where(exists, np.where(exists, seconds, 0) * SECOND + milli * 1_000_000, FIRST_TIME)


def _calendar(template: str) -> Calendar:
    names = template.replace("%f", "%L").split("%")[1:]
    return Calendar(template, tuple((name, {"Y": 4, "L": 3}.get(name, 2)) for name in names))


CALENDARS = tuple(
    map(
        _calendar,
        (
            "%Y%m%d", "%d%m%Y", "%m%d%Y", "%y%m%d", "%d%m%y", "%m%d%y", "%Y%m%d%H", "%y%m%d%H%M", "%Y%m%d%H%M",
            "%y%m%d%H%M%S", "%Y%m%d%H%M%S", "%Y%m%d%H%M%S%f",
        ),
    )
)  # fmt: skip


def calendar_of(template: str) -> Calendar | None:
    """The calendar of a template that has nothing between its numbers."""
    return next((calendar for calendar in CALENDARS if calendar.template == template), None)


def epochs(values: Ints, word: str = "epoch") -> Ints:
    """Epochs as nanoseconds: of one unit, or the unit told by size, value by value; ``FIRST_TIME`` past int64.

    Up to 1e11 they are seconds, to 1e14 milliseconds, to 1e17 microseconds, above that nanoseconds; those before 1970
    likewise.
    """
    factor = FACTORS.get(word)
    if factor is not None:
        return scaled(values, factor)
    sizes = np.abs(values)
    low, high = (int(sizes.min()), int(sizes.max())) if len(values) else (0, 0)
    below = 0
    for limit, by in (*SIZES, (LAST_TIME, 1)):
        if below <= low and high < limit:
            return scaled(values, by)
        below = limit
    times = values.copy()
    below = 0
    for limit, by in SIZES:
        fits = (sizes >= below) & (sizes < limit)
        times[fits] = scaled(values[fits], by)
        below = limit
    return times


def scaled(values: Ints, factor: int) -> Ints:
    """Epochs of one unit as nanoseconds, ``factor`` of them in one; ``FIRST_TIME`` past int64."""
    most = LAST_TIME // factor
    inside = (values >= -most) & (values <= most)
    if inside.all():
        return values if factor == 1 else values * np.int64(factor)
    return np.where(inside, np.where(inside, values, 0) * np.int64(factor), FIRST_TIME)


def excel(values: npt.NDArray[np.float64]) -> Ints:
    """Days since 30 December 1899 as nanoseconds, to the second; ``FIRST_TIME`` where one is no day of 1900 to 2200.

    Five digits behind the point, as programs show, are right to half a second.
    """
    sound = np.isfinite(values) & (values >= 1) & (values < 110_000)
    days = np.where(sound, values, 25_569.0)
    seconds = np.rint((days - 25_569.0) * 86_400.0)
    return np.where(sound, seconds.astype(np.int64) * SECOND, FIRST_TIME)
