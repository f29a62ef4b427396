"""Which longer bar a time belongs to: a timeframe such as ``4h``, counted from UTC midnight or from a session's opening."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self

import numpy as np

from barloom.bars.chunk import Ints
from barloom.bars.times import EPOCH, FIRST_TIME, LAST_TIME
from barloom.bars.times_of_day import time_of_day, zone_of
from barloom.errors import InputError

SECOND = 10**9
UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND, "w": 7 * 86_400 * SECOND}
DAY = UNITS["d"]
LONGEST = 3660 * DAY
FIRST_MONDAY = 4 * DAY
"""1970-01-05, which weeks are counted from."""
TELLING_STEPS = 16
"""Steps between rows it takes to tell how far apart they are."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """When days begin: a time of day in a time zone.

    A day that begins at noon or later bears the next date: 17:00 in New York on Sunday opens Monday.
    """

    at: time
    zone: tzinfo
    text: str

    @classmethod
    def parse(cls, text: str, option: str = "--anchor") -> Self:
        """Read ``17:00 America/New_York``; a time alone is UTC.

        Raises:
            InputError: it is no time of day, or the zone is unknown.
        """
        clock, _, name = text.strip().partition(" ")
        try:
            at = time_of_day(clock)
        except InputError:
            raise InputError(
                f"{option} '{text}': give a time of day and a zone, such as '17:00 America/New_York'"
            ) from None
        try:
            return cls(at, zone_of(name.strip() or "UTC"), text)
        except InputError as error:
            raise InputError(f"{option} '{text}': {error}") from None

    def opening(self, day: int) -> int:
        """When a day begins, nanoseconds UTC; days are numbered from 1970-01-01 by their date."""
        before = self.at.hour >= 12
        on = date(1970, 1, 1) + timedelta(days=day - before)
        local = datetime.combine(on, self.at, self.zone)
        return (local - EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(frozen=True, slots=True)
class Timeframe:
    """Bars of one length, labelled by when they begin.

    Without an anchor they are counted from 1970-01-01 UTC, weeks from Mondays: of ``5m``, ``1h``, ``4h`` and all others that
    divide a day one begins at each UTC midnight. With an anchor, seconds, minutes and hours are counted afresh from each opening
    (the last of a day may be shorter), and days and weeks begin at openings, weeks at Monday's.
    """

    text: str
    count: int
    unit: str
    anchor: Anchor | None = None

    @classmethod
    def parse(cls, text: str, anchor: str | None = None, option: str = "--timeframe") -> Self:
        """Read ``5m``, ``4h``, ``1d`` or ``1w``; the anchor may follow after a blank: ``1d 17:00 America/New_York``.

        ``option`` is what the user calls ``text``, for messages.

        Raises:
            InputError: it is no such length, longer than ten years, or the anchor cannot be used with it.
        """
        length, _, rest = str(text).strip().partition(" ")
        subject = f"{option} '{text}'"
        if rest and anchor is not None:
            raise InputError(f"{subject} and --anchor '{anchor}' both say when days begin: leave one of them out")
        found = re.fullmatch(r"([1-9]\d{0,8})([smhdw])", length)
        if found is None:
            raise InputError(f"{subject}: give a number and s, m, h, d or w, such as 5m, 15m, 1h, 4h, 1d or 1w")
        opening = None
        if rest:
            opening = Anchor.parse(rest, option)
        elif anchor is not None:
            opening = Anchor.parse(anchor)
        frame = cls(length, int(found[1]), found[2], opening)
        if frame.step > LONGEST:
            raise InputError(f"{subject} is longer than ten years: give a shorter one")
        if opening is not None and frame.unit in "smh" and frame.step >= DAY:
            raise InputError(f"{subject} does not fit into a day that begins at {opening.text}: give days, such as 1d")
        return frame

    @property
    def step(self) -> int:
        """Nanoseconds a bar lasts, where no clock is put forward or back meanwhile."""
        return self.count * UNITS[self.unit]

    def __str__(self) -> str:
        return self.text if self.anchor is None else f"{self.text} {self.anchor.text}"

    def edges(self, first: int, last: int) -> tuple[Ints, int]:
        """Where bars begin from one time to another, both nanoseconds UTC: edges, and the step they are counted by from each.

        The first edge is no later than ``first`` and the last one later than ``last``; with step 0 bars begin at edges alone.

        Raises:
            InputError: a time so near the end of what nanoseconds can count that its bar would begin beyond it.
        """
        if first < FIRST_TIME + 2 * self.step + 10 * DAY or last > LAST_TIME - 2 * self.step - 10 * DAY:
            raise InputError(
                f"--timeframe {self.text}: bars in the years 1677 and 2262 cannot be gathered into longer ones"
            )
        if self.anchor is None:
            origin = FIRST_MONDAY if self.unit == "w" else 0
            low, high = (origin + (moment - origin) // self.step * self.step for moment in (first, last))
            return np.array([low, high + self.step], dtype=np.int64), self.step
        days = {"d": self.count, "w": 7 * self.count}.get(self.unit, 1)
        monday = 4 if self.unit == "w" else 0
        # Openings lie within two days of their date's UTC midnight, wherever the zone.
        day = monday + (first // DAY - 2 - monday) // days * days
        found = [self.anchor.opening(day)]
        while found[-1] <= last:
            day += days
            found.append(self.anchor.opening(day))
        return np.array(found, dtype=np.int64), 0 if self.unit in "dw" else self.step

    def start_of(self, moment: int) -> int:
        """When the bar of a time begins, nanoseconds UTC."""
        edges, step = self.edges(moment, moment)
        edge = int(edges[edges.searchsorted(moment, "right") - 1])
        return edge + (moment - edge) // step * step if step else edge

    def check_rows(self, time: Ints, subject: str, bars: str) -> None:
        """Refuse rows that are no parts of bars of this length: the first of them tell how far apart rows are.

        Args:
            time: open times of the first rows, nanoseconds UTC.
            subject: what asks for the timeframe, for the message.
            bars: what the rows are, for the message.

        Raises:
            InputError: the rows are further apart than a bar lasts, or a bar would end inside a row.
        """
        steps = np.diff(time[:1024])
        if len(steps) < TELLING_STEPS:
            return
        apart = int(np.gcd.reduce(steps))
        if apart and self.step % apart:
            raise InputError(
                f"{subject}: {bars} are {apart / SECOND:g} s apart and do not add up to it: give a multiple of their step"
            )
