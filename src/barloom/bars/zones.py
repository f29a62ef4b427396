"""Clocks of files: naive times of a zone as UTC, and times at the close of a bar as times at its open."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.steps import commonest
from barloom.bars.times import FIRST_TIME
from barloom.errors import InputError

Ints = npt.NDArray[np.int64]

HOUR = 3600 * 10**9
DAY = 24 * HOUR
MARKED = FIRST_TIME + 16  # below it lie marks of rows that could not be read, no times
OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?")
SHIFTED = re.compile(r"(.+?)([+-]\d{1,2})h", re.IGNORECASE)
FIXED = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "MST": -7}
EXAMPLES = "give UTC, EST (UTC-5 all year), +02:00, America/New_York or America/New_York+7h (most MetaTrader servers)"


@dataclass(frozen=True, slots=True)
class Zone:
    """The clock of naive times: a zone of the tz database or none, and a fixed offset from it."""

    text: str
    """As it was given."""
    name: str | None
    """A zone of the tz database, None for a clock that never changes."""
    offset: int
    """Nanoseconds that the clock is ahead of the zone, or of UTC where there is none."""

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
        """Naive times, nanoseconds, as UTC; ``FIRST_TIME`` where clocks skipped the time or showed it twice.

        Marks of rows without a time stay.
        """
        if self.name is None and not self.offset:
            return times
        marked = (times < MARKED) | (times < FIRST_TIME + 2 * DAY)
        local = np.where(marked, 0, times) - self.offset
        if self.name is None:
            return np.where(marked, times, local)
        early, late = _assumed(local, self.name)
        return np.where(marked, times, np.where(early == late, early, FIRST_TIME))

    def fault(self, time: int) -> str | None:
        """Why a naive time is no time of this clock, None where it is one."""
        if self.name is None or time < FIRST_TIME + 2 * DAY:
            return None
        early, late = _assumed(np.array([time - self.offset], dtype=np.int64), self.name)
        difference = int(late[0] - early[0])
        if not difference:
            return None
        # Around a gap the two answers are neighbours: the last moment before it and the first after it.
        how = "twice, clocks were set back" if difference > 1 else "never, clocks were set forward"
        return f"{self.text} showed this time {how}"


UTC_ZONE = Zone("UTC", None, 0)


@dataclass(frozen=True, slots=True)
class Clock:
    """What makes a file's times open times in UTC."""

    zone: Zone = UTC_ZONE
    step: int = 0
    """Nanoseconds from the open of a bar to its stamp: its length where it is stamped by its close, else 0."""

    def to_open(self, times: Ints) -> Ints:
        """A file's times as open times in UTC, marks kept; days and longer are stepped on the file's own clock."""
        if self.step and self.step >= DAY:
            times = self._stepped(times)
        times = self.zone.to_utc(times)
        return self._stepped(times) if self.step and self.step < DAY else times

    def _stepped(self, times: Ints) -> Ints:
        low = times < FIRST_TIME + self.step + 16
        return np.where(low, np.minimum(times, MARKED), np.where(low, 0, times) - self.step)


def common_step(times: Ints) -> int | None:
    """The most common step between times, the smaller of two as common; None where no time follows another."""
    known = times[times >= MARKED]
    steps = np.abs(np.diff(known))
    return commonest(steps[steps > 0])[0] or None


def _assumed(local: Ints, name: str) -> tuple[Ints, Ints]:
    """UTC times of naive ones: the earlier and the later of two where there are two, or none."""
    import pyarrow as pa
    from pyarrow import compute

    naive = pa.array(local).view(pa.timestamp("ns"))
    early, late = (
        compute.assume_timezone(naive, name, ambiguous=which, nonexistent=which).view(pa.int64()).to_numpy()
        for which in ("earliest", "latest")
    )
    return early, late


def _known(name: str) -> bool:
    import pyarrow as pa

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]*", name):
        return False
    try:
        _assumed(np.zeros(1, dtype=np.int64), name)
    except (pa.ArrowInvalid, pa.ArrowException, ValueError, KeyError):
        return False
    return True
