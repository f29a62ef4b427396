"""Several files as one data set: in the order of their first times, one behind the other, none reaching into the next."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from barloom.bars.sources.base import MALFORMED, Batches, Ints, Source
from barloom.bars.steps import commonest
from barloom.bars.times import iso
from barloom.errors import InputError

AnyPath = str | os.PathLike[str]
Paths = AnyPath | Iterable[AnyPath]

WILD = "*?["
TELLING_STEPS = 100  # steps that tell how far apart the bars of a file are, at least


def open_joined(paths: Paths, open_one: Callable[[Path], Source]) -> Source:
    """The source of a file, or of several as one data set.

    Args:
        paths: a path, or several of them; one with ``*``, ``?`` or ``[`` that is no file itself stands for all it matches.
        open_one: opens one file.

    Raises:
        InputError: a file cannot be opened, nothing matches, or the files are no one data set, see ``JoinedSource``.
    """
    typed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files = find_files(typed)
    if len(files) == 1:
        return open_one(files[0])
    return JoinedSource([open_one(path) for path in files], files, _label(typed, len(files)))


def find_files(typed: Sequence[AnyPath]) -> list[Path]:
    """The files that paths and patterns stand for, each once, those of a pattern by name.

    Raises:
        InputError: there are none, a pattern matches nothing, or a file is named twice.
    """
    if not typed:
        raise InputError("no data: name at least one file of bars")
    found: list[Path] = []
    for one in typed:
        text = os.fspath(one)
        if not any(mark in text for mark in WILD) or os.path.lexists(text):
            found.append(Path(one))
            continue
        matches = sorted(glob.glob(text, recursive=True))
        if not matches:
            raise InputError(f"no file matches {text}: check the pattern, or name the files")
        found.extend(map(Path, matches))
    seen: dict[str, Path] = {}
    for path in found if len(found) > 1 else ():
        real = os.path.realpath(path)
        if real in seen:
            also = "" if str(seen[real]) == str(path) else f", as {seen[real]} too"
            raise InputError(f"{path} is named twice{also}: name each file of bars once")
        seen[real] = path
    return found


def _label(typed: Sequence[AnyPath], count: int) -> str:
    """What a user knows the files by: the pattern, or the first of the names."""
    if len(typed) == 1:
        return f"{os.fspath(typed[0])} ({count} files)"
    more = len(typed) - 1
    return f"{os.fspath(typed[0])} and {more} more ({count} files)"


@dataclass(frozen=True, slots=True)
class _Start:
    """What the first rows of a file say."""

    time: int
    """The first time that can be read, nanoseconds UTC."""
    step: int | None
    """Nanoseconds between the bars, where the first rows leave no doubt."""


class JoinedSource(Source):
    """The rows of several sources, in the order of their first times, in the memory of one batch of one of them.

    Rows are counted through. All of them have a volume or none has one, likewise ask prices, and their bars are equally
    far apart. A time at or past the first one of the next source is refused while it is read, naming both.

    Args:
        sources: at least one, in any order.
        paths: the file of each.
        label: what a user knows them by.

    Raises:
        InputError: a source has no time that can be read, two begin at the same time, or they differ as said.
    """

    def __init__(self, sources: Sequence[Source], paths: Sequence[Path], label: str) -> None:
        starts = [_start(source) for source in sources]
        order = sorted(range(len(sources)), key=lambda at: starts[at].time)
        self.sources = [sources[at] for at in order]
        self.paths = tuple(paths[at] for at in order)
        self.label = label
        self._starts = [starts[at] for at in order]
        self._check()
        self.has_volume, self.has_ask = self.sources[0].has_volume, self.sources[0].has_ask
        self.taken_for = self._taken_for()

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The batches of one source after the other, rows counted through."""
        base = 0
        for number, source in enumerate(self.sources):
            after = base + source.total_rows() if start > 0 or stop is not None else None
            if after is not None and after <= start:
                base = after
                continue
            if stop is not None and base >= stop:
                return
            ending = None if stop is None or (after is not None and stop >= after) else stop - base
            row = base
            drawn = source.batches(max(start - base, 0), ending, volume=volume, threads=threads)
            with closing(drawn):
                for batch in drawn:
                    self._check_end(number, batch.timestamp)
                    batch = replace(batch, first_row=base + batch.first_row)
                    row = batch.first_row + len(batch)
                    yield batch
            base = row if after is None else after

    def held(self, threads: int) -> int:
        """What the one that holds most does: they are read one after another."""
        return max(source.held(threads) for source in self.sources)

    def total_rows(self) -> int:
        """Rows of all files."""
        return sum(source.total_rows() for source in self.sources)

    @property
    def parses(self) -> bool:
        """Whether drawing the bars once more means parsing them once more."""
        return any(source.parses for source in self.sources)

    def rows_at_hand(self) -> int | None:
        """Rows of all files, where it costs nothing to know."""
        total = 0
        for source in self.sources:
            rows = source.rows_at_hand()
            if rows is None:
                return None
            total += rows
        return total

    def show(self, row: int) -> str:
        """The file that a row lies in, and the row as it is shown there."""
        for source in self.sources:
            rows = source.total_rows()
            if row < rows:
                return f"{source.label}, {source.show(row)}"
            row -= rows
        return f"row {row + 1}"

    def _check(self) -> None:
        """Refuse sources that are no one data set, before a row is drawn."""
        one = self.sources[0]
        for number, source in enumerate(self.sources[1:], 1):
            for what, has, wanted in (
                ("volume", source.has_volume, one.has_volume),
                ("ask price", source.has_ask, one.has_ask),
            ):
                if has != wanted:
                    there, absent = (source, one) if has else (one, source)
                    raise InputError(
                        f"{there.label} has a {what} column and {absent.label} has none: "
                        "files of one data set have the same columns, leave it unread or run them apart"
                    )
            before = self._starts[number - 1]
            if self._starts[number].time == before.time:
                raise InputError(
                    f"{self.sources[number - 1].label} and {source.label} both begin at {iso(before.time)}: files of one "
                    "data set follow one another; leave one out, or give it with --ask if it holds the ask prices"
                )
        stepped = [(at.step, source) for at, source in zip(self._starts, self.sources, strict=True) if at.step]
        for step, source in stepped[1:]:
            if step != stepped[0][0]:
                raise InputError(
                    f"{stepped[0][1].label} has a bar every {(stepped[0][0] or 0) / 1e9:g} s and {source.label} one every "
                    f"{(step or 0) / 1e9:g} s: give files of the same step"
                )

    def _check_end(self, number: int, timestamp: Ints) -> None:
        """Refuse a file that reaches into the next one."""
        if number + 1 < len(self.sources) and len(timestamp):
            following = self._starts[number + 1].time
            if int(timestamp.max()) >= following:
                time = int(timestamp[timestamp >= following][0])
                raise InputError(
                    f"{self.sources[number].label} has a bar at {iso(time)}, but {self.sources[number + 1].label} begins at "
                    f"{iso(following)}: files of one data set must not overlap; leave one out or cut one of them"
                )

    def _taken_for(self) -> str:
        """What each file was taken for, said once where it is the same."""
        said = dict.fromkeys(str(getattr(source, "taken_for", "")) for source in self.sources)
        return "; ".join(text for text in said if text)


def _start(source: Source) -> _Start:
    """The first time of a source and the step of its first bars, by reading as little as can be."""
    with closing(source.batches(0, None, volume=False, threads=1)) as drawn:
        for batch in drawn:
            times = batch.timestamp[batch.timestamp > MALFORMED]
            if len(times):
                steps = np.diff(times)
                step, count = commonest(steps)
                telling = len(steps) >= TELLING_STEPS and count * 2 > len(steps)
                return _Start(int(times[0]), step if telling else None)
    raise InputError(
        f"{source.label} has no time that can be read: leave it out or say where its times are with --columns"
    )
