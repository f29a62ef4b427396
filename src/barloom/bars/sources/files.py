"""Files as sources: opened with clear refusals, and checked for changes while they are read."""

from __future__ import annotations

import difflib
import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from barloom.bars.schema import ColumnOptions, Layout
from barloom.bars.sources.base import RowBatch, Source
from barloom.bars.stamps import CloseStamp, early_by
from barloom.bars.zones import UTC_ZONE, FileClock, Zone, common_step
from barloom.errors import InputError

HEAD = 4096  # bytes of a file that tell its format
OFFSET = re.compile(rb"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)? ?(?:GMT|UTC)?[+-](?!00:?00|00\b)\d\d(?::?\d\d)?\b")
UTC_NAMES = ("UTC", "Z", "GMT", "+00:00", "ETC/UTC")


class FileSource(Source):
    """A source that is one file, which must not change after it was opened."""

    kind: str
    """Name of the format, as the user knows it."""
    layout: Layout
    schema: Any = None
    """The Arrow schema of formats that have one, else None."""
    naive: bool = True
    """True if times are naive: the file does not state their zone."""
    zone: Zone = UTC_ZONE
    """The zone of naive times, unless the user gives another."""
    stamp: str = "open"
    """End of a bar that its time marks, unless the user gives the other."""
    dates_only: bool = False
    """True if times are dates: without a time of day, or all at midnight."""
    midnights: bool = False
    """True if such dates have a time of day, which is midnight."""
    clock: FileClock | None = None
    """Conversion of times to open times in UTC; None if they are that already."""
    zone_named: bool = False
    """True if the user gave the zone, which then counts whatever the file says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = str(path)
        self._stamp = _stamp(path)

    def set_clock(self, options: ColumnOptions) -> None:
        """Take the zone and the stamp of a user, else those of the format.

        A zone also corrects times that claim to be UTC (epochs, ``Z``, ``+00:00``): servers write the time of their own clock so.

        Raises:
            InputError: a zone for times that carry another offset than that of UTC, or a stamp by close where one bar tells no step.
        """
        named = options.time_zone
        if named is not None and not self.naive and self._says_offset():
            raise InputError(
                f"{self.label} says in its times how far they are from UTC: leave --time-zone {named.text} out"
            )
        self.zone_named = named is not None
        self.zone = named or self.zone
        self.stamp = options.stamp or self.stamp
        self.clock = None
        zone = self.zone if self.naive or named is not None else UTC_ZONE
        if not self.naive and (zone.name is not None or zone.offset):
            self.corrected = f"its times claim to be UTC and are read as those of {zone}, as --time-zone says"
        stamp = self._close_stamp() if self.stamp == "close" else None
        if stamp is not None or zone.name is not None or zone.offset:
            self.clock = FileClock(zone, stamp, self.dates_only)

    @property
    def read_by(self) -> Zone:
        """The clock that the times were read by."""
        return self.zone if self.naive or self.zone_named else UTC_ZONE

    def _says_offset(self) -> bool:
        """Check if times carry an offset other than UTC; the clock that showed them is then unknown."""
        text = getattr(self, "text", None)
        if text is not None:
            return OFFSET.search(text.first_lines()[:HEAD]) is not None
        said = None
        if self.schema is not None and "time" in self.layout.index:
            said = getattr(self.schema.field(self.layout.index["time"]).type, "tz", None)
        return said is not None and said.upper() not in UTC_NAMES

    def timed(self, batch: RowBatch) -> RowBatch:
        """A batch as read, with open times in UTC."""
        if self.clock is not None:
            batch.timestamp = self.clock.to_open(batch.timestamp)
        return batch

    def _close_stamp(self) -> CloseStamp:
        """Conversion of close times, from the step of the first bars."""
        with closing(self.batches(0, None, volume=False, threads=1)) as batches:
            times = next((batch.timestamp for batch in batches), np.zeros(0, dtype=np.int64))
        step = common_step(times)
        if step is None:
            raise InputError(f"{self.label} holds too few bars to tell how long one lasts: --stamp close needs two")
        return CloseStamp(step, self.dates_only and not self.midnights, early_by(times))

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Refuse a file that changed since it was opened: checked before and after reading, and when reading fails."""
        self._check()
        try:
            yield
        except InputError:
            self._check()
            raise
        self._check()

    def _check(self) -> None:
        try:
            same = _stamp(self.path) == self._stamp
        except OSError as error:
            raise InputError(refusal(self.path, error)) from error
        if not same:
            raise InputError(f"{self.label} changed while it was in use: run again when nothing writes to it")


def _stamp(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns, found.st_ino


def read_head(path: Path) -> bytes:
    """The first bytes of a regular file.

    Raises:
        InputError: the file is missing, a directory or device, empty, or may not be read.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a directory: name one file of bars in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path} is not a regular file: copy the bars to a file first")
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(refusal(path, error)) from error
    if not head:
        raise InputError(f"{path} is empty")
    return head


def refusal(path: Path, error: Exception) -> str:
    """The reason why a path cannot be opened, with the nearest names in its folder if it does not exist."""
    if len(str(path)) > 500:
        return f"{str(path)[:100]}... is no path: it is too long"
    if not isinstance(error, OSError):
        return f"{str(path)!r} is no path: {error}"
    if error.errno == errno.ENOENT:
        folder = path.parent
        if not folder.is_dir():
            return f"{path} does not exist: there is no folder {folder}"
        close = difflib.get_close_matches(path.name, _names(folder), n=3, cutoff=0.5)
        return f"{path} does not exist" + (
            f": nearest in its folder: {', '.join(close)}" if close else ": check the name"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} may not be read: permission denied, allow this user to read it"
    return f"{path} cannot be opened: {error.strerror or error}"


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(10_000), strict=False)]
    except OSError:
        return []
