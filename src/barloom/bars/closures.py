"""Reasons for gaps in the bars: weekends, nightly closes and holidays, told from holes by the longest time that each may last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

HOUR = 3600 * 10**9
DAY = 24 * HOUR
SATURDAY_NOON = 2 * DAY + DAY // 2  # 1970-01-03 12:00
WEEKEND_LEAST = 24 * HOUR
FEWEST_USUAL = 4  # weekends that tell how long they usually are
LATE = 2 * HOUR  # a weekend longer than the usual one by more is not only a weekend
HOLIDAY_LEAST = HOUR

EARLY_AND_LATE = 12 * HOUR
"""Time around closed days by which a market that trades day and night may close early and open late."""
NIGHTS = 20 * HOUR
"""The same for a market that closes every night: the nights before and after."""


@dataclass(frozen=True, slots=True)
class Closures:
    """Gaps, each with its row (the bar behind it), the time of the bar before and the time of the bar behind."""

    weekends: Ints
    nightly: Ints
    holidays: Ints
    holes: Ints
    always_open: bool
    """True if the market trades on weekends; then every gap is a hole."""


def classify(gaps: Ints, step: int, first: int, last: int, days: list[int]) -> Closures:
    """Tell gaps apart.

    A weekend contains a Saturday noon (UTC) and lasts no longer than is usual in these bars. A nightly close ends in the same
    hour of the day on at least half of all days. A holiday touches one of ``holidays``, lasts an hour or more, and holds no day on which
    the market is open: what is left without Saturdays, Sundays and holidays is less than early closes and late opens take. The rest are
    holes.

    Args:
        gaps: row, time before and time behind, one row a gap.
        step: nanoseconds from bar to bar.
        first: time of the first bar.
        last: time of the last bar.
        days: days with bars by weekday, Monday first.
    """
    begins, ends = gaps[:, 1] + step, gaps[:, 2]
    lasting = ends - begins
    noon = begins + (SATURDAY_NOON - begins) % (7 * DAY)
    weekend = (noon < ends) & (lasting >= WEEKEND_LEAST)
    always_open = bool(days[5] and int(weekend.sum()) < 0.5 * ((last - first) / (7 * DAY)))
    if always_open:
        none = gaps[:0]
        return Closures(none, none, none, gaps, True)
    usual = float(np.median(lasting[weekend])) if weekend.any() else 0.0
    weekend &= lasting <= usual + LATE
    known = holidays_between(first, last)
    if weekend.sum() < FEWEST_USUAL:  # they say themselves what is usual: the calendar has to agree
        for at in np.flatnonzero(weekend).tolist():
            weekend[at] = not open_days(int(begins[at]), int(ends[at]), known)
    hour = ends // HOUR % 24
    inside = ~weekend & (lasting < DAY)
    a_day = np.bincount(hour[inside], minlength=24)
    around = a_day + np.roll(a_day, 1) + np.roll(a_day, -1)
    nightly = inside & (around[hour] >= max(3.0, 0.5 * sum(days)))
    rest = ~weekend & ~nightly
    days_off = np.zeros(len(gaps), dtype=bool)
    room = NIGHTS if nightly.any() else EARLY_AND_LATE
    for at in np.flatnonzero(rest & (lasting >= HOLIDAY_LEAST)).tolist():
        begin, end = int(begins[at]), int(ends[at])
        touched = bool(((known < end) & (known + DAY > begin)).any())
        days_off[at] = touched and open_time(begin, end, known) <= room and not open_days(begin, end, known)
    return Closures(gaps[weekend], gaps[nightly], gaps[days_off], gaps[rest & ~days_off], False)


def open_days(begin: int, end: int, known: Ints) -> int:
    """Whole days (UTC) between two times that are neither Saturdays, Sundays nor holidays."""
    days = np.arange(-(-begin // DAY), end // DAY, dtype=np.int64)
    weekday = (days + 3) % 7  # Monday 0; 1970-01-01 was a Thursday
    return int(((weekday < 5) & ~np.isin(days * DAY, known)).sum())


def open_time(begin: int, end: int, known: Ints) -> int:
    """Nanoseconds between two times that lie on neither Saturdays, Sundays nor holidays (UTC)."""
    days = np.arange(begin // DAY, -(-end // DAY), dtype=np.int64)
    weekday = (days + 3) % 7
    is_open = days[(weekday < 5) & ~np.isin(days * DAY, known)] * DAY
    return int((np.minimum(is_open + DAY, end) - np.maximum(is_open, begin)).clip(0).sum())


# ---------------------------------------------------------------- holidays


def holidays_between(first: int, last: int) -> Ints:
    """Starts of the holidays, nanoseconds, of the years of two times."""
    years = [(datetime(1970, 1, 1) + timedelta(seconds=time // 10**9)).year for time in (first, last)]
    known = [day for year in range(years[0], years[1] + 1) for day in holidays(year)]
    return np.array([(day - date(1970, 1, 1)).days * DAY for day in known], dtype=np.int64)


def holidays(year: int) -> list[date]:
    """Days on which FX or the exchanges of the USA rest or close early."""
    easter = _easter(year)
    fixed = ((1, 1), (1, 2), (6, 19), (7, 3), (7, 4), (7, 5), (12, 24), (12, 25), (12, 26), (12, 31))
    thanksgiving = _weekday(year, 11, 3, 4)
    return [
        *(date(year, month, day) for month, day in fixed),
        easter - timedelta(2),
        easter + timedelta(1),
        _weekday(year, 1, 0, 3),
        _weekday(year, 2, 0, 3),
        _weekday(year, 6, 0, 1) - timedelta(7),
        _weekday(year, 9, 0, 1),
        thanksgiving,
        thanksgiving + timedelta(1),
    ]


def _weekday(year: int, month: int, weekday: int, number: int) -> date:
    """The ``number``-th weekday (Monday 0) of a month."""
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, left = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, odd = divmod(rest, 4)
    day = (32 + 2 * left + 2 * quarter - moon - odd) % 7
    shift = (golden + 11 * moon + 22 * day) // 451
    month, of_month = divmod(moon + day - 7 * shift + 114, 31)
    return date(year, month, of_month + 1)
