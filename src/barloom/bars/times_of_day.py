"""Times of day and time zones by their names, as users write them."""

from __future__ import annotations

import re
from datetime import UTC, time, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from barloom.errors import InputError


def time_of_day(text: str) -> time:
    """Read ``21:55``.

    Raises:
        InputError: it is anything else.
    """
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise InputError(f"'{text}' is no time of day: give hours and minutes, such as 21:55")
    return time(int(found[1]), int(found[2]))


@lru_cache
def zone_of(name: str) -> tzinfo:
    """A zone of the time zone database by its name.

    Raises:
        InputError: there is no such zone, or no database.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    try:
        ZoneInfo("Europe/London")
    except (ZoneInfoNotFoundError, OSError):
        raise InputError(
            f"time zone {name} cannot be looked up, for this machine has no time zone database: run pip install tzdata"
        ) from None
    raise InputError(f"'{name}' is no time zone: give a name such as UTC, Europe/London or America/New_York")
