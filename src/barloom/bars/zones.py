"""Clocks of files: conversion of naive times of a zone to UTC, and of close times to open times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from barloom.bars.stamps import CloseStamp
from barloom.bars.steps import commonest
from barloom.bars.times import FIRST_TIME, LAST_TIME
from barloom.bars.times_of_day import zone_of
from barloom.errors import InputError

Ints = npt.NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 10**9
HOUR = 3600 * SECOND
DAY = 24 * HOUR
MARKED = FIRST_TIME + 16  # below it lie marks of rows that could not be read, no times
OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?")
SHIFTED = re.compile(r"(.+?)([+-]\d{1,2})h", re.IGNORECASE)
FIXED = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "MST": -7}
EXAMPLES = "give UTC, EST (UTC-5 all year), +02:00, America/New_York or America/New_York+7h (most MetaTrader servers)"


@dataclass(frozen=True, slots=True)
class Zone:
    """The clock of naive times: a zone of the tz database, if any, and a fixed offset."""

    text: str
    """The name as it was given."""
    name: str | None
    """A zone of the tz database; None for a clock that never changes."""
    offset: int
    """Nanoseconds that the clock is ahead of the zone, or of UTC without a zone."""

    @classmethod
    def parse(cls, text: str) -> Zone:
        """The zone of ``--time-zone``.

        Raises:
            InputError: no such zone, or an offset of more than a day.
        """
        given = text.strip()
        fixed = FIXED.get(given.upper())
        if fixed is not None:
            return cls(given.upper(), None, fixed * HOUR)
        bare = re.fullmatch(r"(?:UTC|GMT)?" + OFFSET.pattern, given, re.IGNORECASE)
        if bare:
            hours, minutes = int(bare[2]), int(bare[3] or 0)
            if hours > 14 or minutes > 59:
                raise InputError(f"--time-zone is '{text}', further from UTC than any clock: {EXAMPLES}")
            return cls(given, None, (-1 if bare[1] == "-" else 1) * (hours * 60 + minutes) * 60 * 10**9)
        shifted = SHIFTED.fullmatch(given)
        name, hours = (shifted[1].strip(), int(shifted[2])) if shifted else (given, 0)
        if abs(hours) > 24:
            raise InputError(f"--time-zone is '{text}', shifted by more than a day: {EXAMPLES}")
        if name.upper() in FIXED:
            return cls(given, None, (FIXED[name.upper()] + hours) * HOUR)
        if not _known(name):
            raise InputError(f"--time-zone is '{text}', no time zone: {EXAMPLES}")
        return cls(given, name, hours * HOUR)

    def __str__(self) -> str:
        return "EST (UTC-5)" if self.text == "EST" else self.text

    def to_utc(self, times: Ints) -> Ints:
        """Naive times, nanoseconds, as UTC; ``FIRST_TIME`` if clocks skipped the time or showed it twice.

        Marks of rows without a time stay.
        """
        if self.name is None and not self.offset:
            return times
        marked = times < FIRST_TIME + 2 * DAY
        if marked.all():
            return times
        local = np.where(marked, times.max(), times) - self.offset
        if self.name is not None:
            early, late, offsets = _spells(local, self.name)
            local = np.where(early == late, local - offsets[early], FIRST_TIME)
        return np.where(marked, times, local)

    def to_wall(self, times: Ints, *, few: bool = False) -> Ints:
        """Times in UTC, nanoseconds, as the clock shows them. With ``few``, each is looked up by itself and nothing is cached."""
        if self.name is None or not len(times):
            return times + self.offset
        if few:
            ahead = [_ahead(self.name, time) for time in (times // SECOND).tolist()]
            return times + np.array(ahead, dtype=np.int64) + self.offset
        starts, offsets = _offsets(self.name, int(times.min()), int(times.max()))
        return times + offsets[np.searchsorted(starts, times, side="right")] + self.offset

    def fault(self, time: int) -> str | None:
        """The reason why a naive time does not exist on this clock; None if it does."""
        if self.name is None or time < FIRST_TIME + 2 * DAY:
            return None
        early, late, _ = _spells(np.array([time - self.offset], dtype=np.int64), self.name)
        if early[0] == late[0]:
            return None
        how = "twice, clocks were set back" if early[0] < late[0] else "never, clocks were set forward"
        return f"{self.text} showed this time {how}"


UTC_ZONE = Zone("UTC", None, 0)


@dataclass(frozen=True, slots=True)
class FileClock:
    """Converts the times of a file to open times in UTC."""

    zone: Zone = UTC_ZONE
    stamp: CloseStamp | None = None
    """Conversion of close times; None if bars are stamped by their open."""
    dates: bool = False
    """True if times are dates; a day begins even if clocks skipped its midnight or showed it twice."""

    def to_open(self, times: Ints) -> Ints:
        """A file's times as open times in UTC, marks kept; days and longer open by the file's own clock."""
        stamp = self.stamp
        if stamp is not None and stamp.by_calendar:
            times = stamp.to_open(times)
        found = self.zone.to_utc(times)
        if self.dates or (stamp is not None and stamp.by_calendar):
            found = self._midnights(times, found)
        return stamp.to_open(found) if stamp is not None and not stamp.by_calendar else found

    def _midnights(self, times: Ints, found: Ints) -> Ints:
        """Days whose midnight does not exist, or exists twice, as the moments at which they began."""
        lost = np.flatnonzero((found == FIRST_TIME) & (times >= MARKED) & (times % DAY == 0))
        if not len(lost):
            return found
        found = found.copy()
        before = self.zone.to_utc(times[lost] - 2 * HOUR)
        found[lost] = np.where(before == FIRST_TIME, FIRST_TIME, before + 2 * HOUR)
        return found


def common_step(times: Ints) -> int | None:
    """The most common step between times, the smallest of equally common ones; None if no time follows another."""
    known = times[times >= MARKED]
    steps = np.abs(np.diff(known))
    return commonest(steps[steps > 0])[0] or None


def _spells(local: Ints, name: str) -> tuple[Ints, Ints, Ints]:
    """Periods of one offset in which a zone's clock showed naive times: the first that had not passed, the last that had begun.

    They are the same but where clocks were set: of a time shown twice the first is the earlier spell, of one that was skipped
    it is the later. Third, the offsets of all spells, nanoseconds ahead of UTC.
    """
    starts, offsets = _offsets(name, int(local.min()), int(local.max()))
    return (
        np.searchsorted(starts + offsets[:-1], local, side="right"),
        np.searchsorted(starts + offsets[1:], local, side="right"),
        offsets,
    )


def _offsets(name: str, first: int, last: int) -> tuple[Ints, Ints]:
    """The moments at which a zone's clock was changed around two times, and its offset from UTC before the first and after each."""
    years = range(_year(first - 2 * DAY), _year(last + 2 * DAY) + 1)
    changes = [change for year in years for change in _changes(name, year) if change[0] < LAST_TIME - DAY]
    starts = np.array([start for start, _ in changes], dtype=np.int64)
    offsets = np.array([_ahead(name, _new_year(years[0]) - 1), *(ahead for _, ahead in changes)], dtype=np.int64)
    return starts, offsets


@lru_cache(maxsize=4096)
def _changes(name: str, year: int) -> list[tuple[int, int]]:
    """The moments at which a zone's clock was changed in a year of UTC, and its offset from UTC after each, both nanoseconds.

    Looked for from day to day, so a clock that was set twice within one would be seen to be set once.
    """
    found = []
    before = _ahead(name, _new_year(year) - 1)
    for low in range(_new_year(year), _new_year(year + 1), 86400):
        after = _ahead(name, low + 86399)
        if after != before:
            early, late = low - 1, low + 86399
            while late - early > 1:
                middle = (early + late) // 2
                early, late = (middle, late) if _ahead(name, middle) == before else (early, middle)
            found.append((late * SECOND, after))
            before = after
    return found


def _ahead(name: str, second: int) -> int:
    """Offset of a zone's clock from UTC, nanoseconds."""
    ahead = (EPOCH + timedelta(seconds=second)).astimezone(zone_of(name)).utcoffset()
    assert ahead is not None
    return round(ahead.total_seconds()) * SECOND


def _year(time: int) -> int:
    return (EPOCH + timedelta(seconds=time // SECOND)).year


def _new_year(year: int) -> int:
    """Start of a year of UTC, seconds."""
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1)


def _known(name: str) -> bool:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]*", name):
        return False
    try:
        zone_of(name)
    except InputError:
        return False
    return True
