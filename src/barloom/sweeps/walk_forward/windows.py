"""The windows of a walk forward: spans of the calendar over the times of the bars."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from barloom.bars.times import iso
from barloom.errors import InputError

DAY = 86_400 * 10**9
MAX_WINDOWS = 10_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SPAN = re.compile(r"(\d{1,6})\s*([ymwd])", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """A length of the calendar: months, and days beside them."""

    months: int
    days: int
    text: str

    @classmethod
    def parse(cls, text: str, option: str) -> CalendarSpan:
        """The span of ``2y``, ``6m`` (months), ``8w`` or ``30d``.

        Raises:
            InputError: it is no span, or of no length.
        """
        found = _SPAN.fullmatch(text.strip())
        number = int(found[1]) if found else 0
        if not found or not number:
            raise InputError(
                f"--{option} is '{text}': give a number and y, m, w or d: 2y, 6m, 8w or 30d are years, months, weeks and days"
            )
        unit = found[2].lower()
        months = number * {"y": 12, "m": 1}.get(unit, 0)
        return cls(months, number * {"w": 7, "d": 1}.get(unit, 0), text.strip())


def moved(origin: date, months: int, days: int) -> date:
    """The day so many months, and then days, later; the last day of a month that is too short, the last day there is past year 9999."""
    year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    day = min(origin.day, monthrange(year, month + 1)[1])
    try:
        return date(year, month + 1, day) + timedelta(days=days)
    except OverflowError:
        return date.max


@dataclass(frozen=True, slots=True)
class TrainTestWindow:
    """Bars to choose a set on, and the bars after them to try it on.

    Attributes:
        number: from 0.
        train_start, train_end, test_end: nanoseconds UTC, each end exclusive; the test begins where the training ends.
        whole: whether the bars reach as far as the test was meant to.
    """

    number: int
    train_start: int
    train_end: int
    test_end: int
    whole: bool


def _ns(day: date) -> int:
    return (day.toordinal() - _EPOCH_DAY) * DAY


def windows_of(
    first: int, stop: int, train: CalendarSpan, test: CalendarSpan, step: CalendarSpan, *, anchored: bool = False
) -> list[TrainTestWindow]:
    """The windows over bars from ``first`` until before ``stop``, nanoseconds UTC.

    They begin at midnight UTC of the day of the first bar. Each is counted from there, so that spans of months do not drift. A test ends
    where the next begins, should months and days not go evenly; the last one is tested on what is left of its span.

    Args:
        first: time of the first bar.
        stop: when the last bar ends.
        train: length of the training; with ``anchored`` of the first training.
        test: length of the test.
        step: from one window to the next.
        anchored: every training begins at the first bar.

    Raises:
        InputError: the bars are too short for one window, tests would overlap, or there are too many.
    """
    origin = date(1970, 1, 1) + timedelta(seconds=first // 10**9)
    if moved(origin, step.months, step.days) < moved(origin, test.months, test.days):
        raise InputError(
            f"--step {step.text} is shorter than --test {test.text}, so that bars would be tested twice: give a step of {test.text} or more"
        )
    made: list[TrainTestWindow] = []
    while len(made) <= MAX_WINDOWS:
        number = len(made)
        months, days = number * step.months, number * step.days
        begin = moved(origin, 0 if anchored else months, 0 if anchored else days)
        middle = _ns(moved(origin, months + train.months, days + train.days))
        end = _ns(moved(origin, months + train.months + test.months, days + train.days + test.days))
        following = _ns(moved(origin, months + step.months + train.months, days + step.days + train.days))
        if middle >= stop:
            break
        made.append(
            TrainTestWindow(number, max(_ns(begin), first), middle, min(end, following, stop), end <= stop + DAY)
        )
    if not made:
        raise InputError(
            f"the bars from {iso(first)} to {iso(stop)} are shorter than --train {train.text} and a bar to test on: "
            "give a shorter --train, or more bars"
        )
    if len(made) > MAX_WINDOWS:
        raise InputError(
            f"--step {step.text} makes more than {MAX_WINDOWS:,} windows of the bars: give a longer --step"
        )
    return made
