"""Times of day that end trades or charge them: the close of the day, of the week, before a gap, and the nightly rollover."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from barloom.arrays import distinct
from barloom.bars.times_of_day import time_of_day, zone_of
from barloom.errors import InputError
from barloom.rules.checked import Checked

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SECOND = 10**9
DAY = 86_400 * SECOND
EPOCH = date(1970, 1, 1)
FRIDAY = 4
ROLLOVER_ZONE = "America/New_York"
ROLLOVER = "17:00"
# Monday to Sunday: swap of Wednesday's rollover is threefold, for the weekend on which there is none.
NIGHTS = np.array([1.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0])
UNITS = {"m": 60 * SECOND, "h": 3600 * SECOND, "d": DAY}


class Session(Checked):
    """When open trades leave although nothing hit them: at the close of the last bar before a moment.

    Attributes:
        daily: time of day, ``HH:MM`` in ``zone``; on every calendar day.
        friday: time of day on Fridays, ``HH:MM`` in ``zone``.
        before_gap: leave before a pause between bars longer than this: ``90m``, ``2h``, ``1d``.
        zone: a name of the time zone database (``Europe/London``). Where clocks change, a time of day that comes twice counts the
            first time, and one that is skipped counts as if the clocks had not changed yet.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> exits = bl.Exits(session=bl.Session(daily="06:00", zone="Europe/London"))
        >>> trades = bl.simulate(bars, bl.Entries([10], side=1, stop=0.01), exits=exits).trades
        >>> str(trades["exit_time"][0]), trades["exit_reason"][0]
        ('2015-01-05 05:59:00+00:00', 'session')
    """

    daily: str | None = None
    friday: str | None = None
    before_gap: str | None = None
    zone: str = Field(default="UTC")

    @field_validator("daily", "friday")
    @classmethod
    def _time_of_day(cls, value: str | None) -> str | None:
        if value is not None:
            time_of_day(value)
        return value

    @field_validator("before_gap")
    @classmethod
    def _gap(cls, value: str | None) -> str | None:
        if value is not None:
            duration(value)
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        zone_of(value)
        return value

    def ends(self, times: Ints, next_time: int | None) -> Ints:
        """Indices of the bars at whose close trades leave, ascending.

        Args:
            times: open times of consecutive bars, nanoseconds UTC, ascending.
            next_time: open time of the bar after them; None where none follows.
        """
        if not len(times):
            return np.empty(0, dtype=np.int64)
        found = []
        last = int(times[-1]) if next_time is None else next_time
        for clock, weekday in ((self.daily, None), (self.friday, FRIDAY)):
            if clock is None:
                continue
            days, moments = _instants(self.zone, clock, int(times[0]), last)
            wanted = (moments > times[0]) & (moments <= last)
            if weekday is not None:
                # Monday is 0; 1970-01-01 was a Thursday.
                wanted &= (days + 3) % 7 == weekday
            moments = moments[wanted]
            found.append(np.searchsorted(times, moments) - 1)
        if self.before_gap is not None:
            longest = duration(self.before_gap)
            found.append(np.flatnonzero(np.diff(times) > longest))
            if last - int(times[-1]) > longest:
                found.append(np.array([len(times) - 1]))
        return distinct(np.concatenate(found).astype(np.int64)) if found else np.empty(0, dtype=np.int64)


def nights(times: Ints) -> Floats:
    """Rollovers up to and including each time, weighted, from a fixed origin on: swap is charged for the difference of two.

    Rollover is at 17:00 in New York, Monday to Friday; Wednesday's counts threefold.
    """
    if not len(times):
        return np.empty(0)
    days, moments = _instants(ROLLOVER_ZONE, ROLLOVER, int(times.min()), int(times.max()))
    return _charged(days)[np.searchsorted(moments, times, side="right") - 1]


def _charged(days: Ints) -> Floats:
    """Weighted rollovers of all days up to each day, counted from the Monday before 1970."""
    weeks, weekday = np.divmod(days + 3, 7)
    whole: Floats = weeks * NIGHTS.sum() + np.cumsum(NIGHTS)[weekday]
    return whole


def _instants(zone: str, clock: str, first: int, last: int) -> tuple[Ints, Ints]:
    """Calendar days (since 1970) and the instants of a time of day on them; from before ``first`` to after ``last``."""
    of_day = time_of_day(clock)
    days = np.arange(first // DAY - 2, last // DAY + 3, dtype=np.int64)
    if zone == "UTC":
        return days, days * DAY + (of_day.hour * 3600 + of_day.minute * 60) * SECOND
    place = zone_of(zone)
    moments = [datetime.combine(EPOCH + timedelta(days=day), of_day, place).astimezone(UTC) for day in days.tolist()]
    seconds = [round(moment.timestamp()) for moment in moments]
    return days, np.array(seconds, dtype=np.int64) * SECOND


def duration(text: str) -> int:
    """Nanoseconds of ``90m``, ``2h`` or ``1d``; raises InputError for anything else."""
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if found is None or int(found[1]) == 0:
        raise InputError(f"'{text}' is no length of time: give minutes, hours or days, such as 90m, 2h or 1d")
    return int(found[1]) * UNITS[found[2]]
