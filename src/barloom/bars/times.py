"""Times as the house keeps them, int64 nanoseconds UTC: from text, datetimes and epochs, and back to text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.iso_time import EPOCH, iso
from barloom.errors import InputError

Ints = npt.NDArray[np.int64]

FIRST_TIME = int(np.iinfo(np.int64).min)
"""The smallest int64: no time, and the mark of a time that could not be read."""
LAST_TIME = int(np.iinfo(np.int64).max)

NANOSECONDS = {
    "W": 604_800 * 10**9,
    "D": 86_400 * 10**9,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}


def datetimes_to_ns(values: npt.NDArray[Any]) -> Ints:
    """A datetime64 array of any unit as int64 nanoseconds; ``FIRST_TIME`` for NaT and times outside 1677 to 2262."""
    unit, step = np.datetime_data(values.dtype)
    if unit == "generic":
        return np.full(len(values), FIRST_TIME, dtype=np.int64)
    if values.dtype.byteorder not in "=|" and not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if unit in ("Y", "M"):
        values, unit, step = values.astype("datetime64[D]"), "D", 1
    if unit in ("ps", "fs", "as"):
        values, unit, step = values.astype("datetime64[ns]"), "ns", 1
    raw = np.ascontiguousarray(values).view(np.int64)
    factor = NANOSECONDS[unit] * step
    if factor == 1:
        return raw
    most = LAST_TIME // factor
    inside = (raw >= -most) & (raw <= most)
    return raw * factor if inside.all() else np.where(inside, raw, 0) * factor + np.where(inside, 0, FIRST_TIME)


def parse_time(value: Any, option: str) -> int:
    """Nanoseconds of a time given as ISO text, datetime, date, datetime64 or integer nanoseconds; naive is UTC.

    Raises:
        InputError: the text is no time, or the time lies outside the years 1677 to 2262.
    """
    if isinstance(value, bool):
        raise InputError(f"{option} is {value}: give a time such as 2012-02-01T00:00:00")
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.datetime64):
        value = int(datetimes_to_ns(value.reshape(1))[0])
        if value == FIRST_TIME:
            raise InputError(f"{option} is no time between the years 1677 and 2262")
        return int(value)
    moment: datetime
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise InputError(
                f"{option} is '{value}': give an ISO time such as 2012-02-01 or 2012-02-01T09:30:00 (UTC)"
            ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    nanoseconds = (moment - EPOCH) // timedelta(microseconds=1) * 1000 + int(getattr(moment, "nanosecond", 0))
    if not FIRST_TIME < nanoseconds <= LAST_TIME:
        raise InputError(f"{option} is '{value}': times lie between the years 1677 and 2262")
    return nanoseconds


__all__ = [
    "EPOCH",
    "FIRST_TIME",
    "LAST_TIME",
    "NANOSECONDS",
    "Ints",
    "datetimes_to_ns",
    "iso",
    "parse_time",
]
