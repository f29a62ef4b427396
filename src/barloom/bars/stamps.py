"""Bars stamped by the time they close: their open times, found by the step of the bars or by the calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.steps import commonest
from barloom.bars.times import FIRST_TIME

Ints = npt.NDArray[np.int64]

SECOND = 10**9
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
WEEK = 7 * DAY
FRIDAY = 4
LEAST_MONTH = 28 * DAY
MEAN_MONTH = 30.44 * DAY
MARKED = FIRST_TIME + 16  # below it lie marks of rows that could not be read, no times
LAST_FRACTIONS = (10**6, 10**3, 1)  # nanoseconds by which 59.999, 59.999999 and 59.999999999 come before the minute


@dataclass(frozen=True, slots=True)
class CloseStamp:
    """Converts the close times of bars to open times.

    Bars shorter than a day are a step long. Days open at midnight of the file's clock, weeks on Monday (those that end
    from Monday to Thursday six days before), months, quarters and years on their first day.
    """

    step: int
    """Nanoseconds from bar to bar."""
    dates: bool = False
    """True if stamps are dates: the last day of a bar, not the moment after it, except dates that begin the next bar."""
    early: int = 0
    """Nanoseconds by which stamps come before the moment at which bars close."""
    exact: bool = False
    """True if bars of any length are a step long, days and months too."""

    @property
    def months(self) -> int:
        """Months of a bar; 0 for shorter bars."""
        return round(self.step / MEAN_MONTH) if self.step >= LEAST_MONTH else 0

    @property
    def by_calendar(self) -> bool:
        """Tell if bars are days or longer, which open by the clock of their file."""
        return self.step >= DAY and not self.exact

    def to_open(self, times: Ints) -> Ints:
        """Close times as open times, marks kept."""
        low = times < FIRST_TIME + WEEK * 60 + self.step
        known = np.where(low, 0, times)
        return np.where(low, np.minimum(times, MARKED), self._opened(known))

    def _opened(self, times: Ints) -> Ints:
        if not self.by_calendar:
            return times + self.early - self.step
        day = times // DAY if self.dates else (times + self.early - 1) // DAY
        if self.dates and (self.months or self.step == WEEK):
            day -= self._begins_another(day)
        if self.months:
            month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - (self.months - 1)
            return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) * DAY
        days = round(self.step / DAY)
        if days == 7:
            weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
            return np.where(weekday >= FRIDAY, day - weekday, day - 6) * DAY
        return (day - (days - 1)) * DAY

    def _begins_another(self, day: Ints) -> Ints:
        """1 for dates that are the first day after a bar (the first of a month, or a Monday); 0 for others."""
        if self.months:
            month = day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
            begins: Ints = (day == month).astype(np.int64)
        else:
            begins = ((day + 3) % 7 == 0).astype(np.int64)
        return begins


def early_by(times: Ints) -> int:
    """Nanoseconds by which all times come before the end of a bar, as closes at 59.999 or 23:59:59 do; 0 for others."""
    known = times[times >= MARKED]
    steps = np.abs(np.diff(known))
    step = commonest(steps[steps > 0])[0]
    if step >= MINUTE and not ((known + SECOND) % min(step, DAY)).any():
        return SECOND
    for early in LAST_FRACTIONS:
        if len(known) and not ((known + early) % SECOND).any():
            return early
    return 0
