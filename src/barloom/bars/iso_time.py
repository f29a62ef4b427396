"""A time as text, for what must start at once: without NumPy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(nanoseconds: int) -> str:
    """A time as text, ``2012-02-01T00:16:00Z``, with a fraction only where there is one."""
    seconds, fraction = divmod(nanoseconds, 10**9)
    moment = EPOCH + timedelta(seconds=seconds)
    tail = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{tail}Z"
