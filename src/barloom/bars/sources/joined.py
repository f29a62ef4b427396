"""Several files as one data set: in the order of their first times, one behind the other, bars that two of them hold once."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from barloom.bars.sources.base import MALFORMED, Batches, Floats, Ints, RowBatch, Source
from barloom.bars.sources.seams import Edge, FileStart, check_names, check_prices
from barloom.bars.times import iso
from barloom.errors import InputError, Question

AnyPath = str | os.PathLike[str]
Paths = AnyPath | Iterable[AnyPath]

WILD = "*?["
TAIL_ROWS = 4096  # rows at the end of a file in which those are sought that reach into the next
MOST_SHARED = 1_000_000  # bars that two files may hold


def open_joined(paths: Paths, open_one: Callable[[Path], Source], shared_bars: str | None = None) -> Source:
    """The source of a file, or of several as one data set.

    Args:
        paths: a path, or several of them; one with ``*``, ``?`` or ``[`` that is no file itself stands for all it matches.
        open_one: opens one file.
        shared_bars: see ``JoinedSource``.

    Raises:
        InputError: a file cannot be opened, nothing matches, or the files are no one data set, see ``JoinedSource``.
    """
    typed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files = find_files(typed)
    if len(files) == 1:
        return open_one(files[0])
    return JoinedSource([open_one(path) for path in files], files, _label(typed, len(files)), shared_bars)


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
    """The name that users see: the pattern, or the first of the names."""
    if len(typed) == 1:
        return f"{os.fspath(typed[0])} ({count} files)"
    more = len(typed) - 1
    return f"{os.fspath(typed[0])} and {more} more ({count} files)"


@dataclass(slots=True)
class _Reach:
    """The rows of a file at or past the first time of the next one."""

    last: int
    """Time of the last of them."""
    rows: list[RowBatch]
    """They themselves, where they are to be compared."""


class JoinedSource(Source):
    """The rows of several sources, in the order of their first times, in the memory of one batch of one of them.

    Rows are counted through. All of them have a volume or none has one, likewise ask prices, their bars are equally
    far apart, and their symbols and prices meet. Bars that two neighbours hold with the same prices are taken once.

    Args:
        sources: at least one, in any order.
        paths: the file of each.
        label: what a user knows them by.
        shared_bars: which bars are taken where a source reaches into the next: those of the ``first``, of the ``last``, or none
            (``error``); None for the first where both are the same, which is asked otherwise.

    Raises:
        InputError: a source has no time that can be read, two begin at the same time, or they differ as said.
    """

    def __init__(
        self, sources: Sequence[Source], paths: Sequence[Path], label: str, shared_bars: str | None = None
    ) -> None:
        starts = [_start(source) for source in sources]
        order = sorted(range(len(sources)), key=lambda at: starts[at].time)
        self.sources = [sources[at] for at in order]
        self.paths = tuple(paths[at] for at in order)
        self.label = label
        self.shared_bars = shared_bars
        self._starts = [starts[at] for at in order]
        self._shared: dict[int, list[tuple[Ints, Ints]]] = {}
        self._check()
        self.has_volume, self.has_ask = self.sources[0].has_volume, self.sources[0].has_ask
        self.taken_for = self._taken_for()
        self.corrected = "; ".join(dict.fromkeys(source.corrected for source in self.sources if source.corrected))

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The batches of one source after the other, rows counted through, those that two hold once."""
        base = 0
        reach: _Reach | None = None
        edge: Edge | None = None
        edge_of = 0
        skipped = False
        for number, source in enumerate(self.sources):
            after = base + source.total_rows() if start > 0 or stop is not None else None
            if after is not None and after <= start:
                base, skipped = after, True
                continue
            if stop is not None and base >= stop:
                return
            if skipped:
                reach, skipped = self._tail(number - 1), False
            ending = None if stop is None or (after is not None and stop >= after) else stop - base
            row = base
            self._shared[number] = []
            seam = _Seam(self, number, reach, whole=start <= base)
            drawn = source.batches(max(start - base, 0), ending, volume=volume, threads=threads)
            with closing(drawn):
                for batch in drawn:
                    batch = replace(batch, first_row=base + batch.first_row, part=number)
                    row = batch.first_row + len(batch)
                    for kept in seam.kept(batch):
                        if edge is not None and edge_of != number:
                            self._meet(number, edge, kept)
                        edge, edge_of = _edge(kept, -1) or edge, number
                        yield kept
            seam.finish(to_end=ending is None)
            reach = seam.reach
            base = row if after is None else after

    def _meet(self, number: int, edge: Edge, batch: RowBatch) -> None:
        """Compare the price before a seam with the first one behind it."""
        first = _edge(batch, 0)
        if first is not None:
            day = max(self._starts[number - 1].day, self._starts[number].day)
            check_prices(self.sources[number - 1], edge, self.sources[number], first, day)

    def _tail(self, number: int) -> _Reach | None:
        """Bars of a source that is not drawn, at or past the first time of the next one."""
        if self.shared_bars == "last":
            return None
        source, following = self.sources[number], self._starts[number + 1].time
        total, size = source.total_rows(), TAIL_ROWS
        while True:
            first = max(0, total - size)
            with closing(source.batches(first, total, volume=False, threads=1)) as drawn:
                times = np.concatenate([batch.timestamp for batch in drawn] or [np.empty(0, dtype=np.int64)])
            beyond = times[times >= following]
            if len(beyond) < len(times) or first == 0:
                return _Reach(int(beyond.max()), []) if len(beyond) else None
            size *= 2

    def left_out(self, start: int, stop: int | None, first_time: int, end_time: int) -> dict[str, int]:
        """The rows that two sources hold, of those that the last drawing left out; and what the sources leave out themselves."""
        count = 0
        for found in self._shared.values():
            for rows, times in found:
                chosen = (rows >= start) & (times >= first_time) & (times < end_time)
                count += int((chosen if stop is None else chosen & (rows < stop)).sum())
        return {"shared": count} if count else {}

    def held(self, threads: int) -> int:
        """The answer of the file that holds most: they are read one after another."""
        return max(source.held(threads) for source in self.sources)

    def total_rows(self) -> int:
        """Rows of all files."""
        return sum(source.total_rows() for source in self.sources)

    @property
    def parses(self) -> bool:
        """True if drawing the bars once more means parsing them once more."""
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
            before, start = self._starts[number - 1], self._starts[number]
            if start.time == before.time:
                raise InputError(
                    f"{self.sources[number - 1].label} and {source.label} both begin at {iso(before.time)}: files of one "
                    "data set follow one another; leave one out, or give it with --ask if it holds the ask prices"
                )
            check_names(self.sources[number - 1], source)
            check_prices(
                self.sources[number - 1],
                Edge(before.time, before.price),
                source,
                Edge(start.time, start.price),
                max(before.day, start.day),
                beginnings=True,
            )
        stepped = [(at.step, source) for at, source in zip(self._starts, self.sources, strict=True) if at.step]
        for step, source in stepped[1:]:
            if step != stepped[0][0]:
                raise InputError(
                    f"{stepped[0][1].label} has a bar every {(stepped[0][0] or 0) / 1e9:g} s and {source.label} one every "
                    f"{(step or 0) / 1e9:g} s: give files of the same step"
                )

    def _overlap(self, number: int, time: int, why: str = "") -> Question:
        """The refusal of a file that reaches into the next one."""
        following = self._starts[number + 1].time
        return Question(
            f"{self.sources[number].label} has a bar at {iso(time)}, but {self.sources[number + 1].label} begins at "
            f"{iso(following)}{why}: files of one data set must not overlap; leave one out or cut one of them, or say which "
            "of them counts, with --shared-bars first or --shared-bars last",
            [("--shared-bars", "first"), ("--shared-bars", "last")],
        )

    def _taken_for(self) -> str:
        """The format that each file was read as, said once if it is the same."""
        said = dict.fromkeys(str(getattr(source, "taken_for", "")) for source in self.sources)
        return "; ".join(text for text in said if text)


class _Seam:
    """Bars left out of a source beside its neighbours.

    Args:
        joined: the data set.
        number: which of its sources is drawn.
        reach: what the one before has at or past its first time.
        whole: whether it is drawn from its first row.
    """

    def __init__(self, joined: JoinedSource, number: int, reach: _Reach | None, *, whole: bool) -> None:
        self.joined, self.number = joined, number
        self.before = reach
        self.reach: _Reach | None = None
        self._compared = joined.shared_bars is None and whole and reach is not None and bool(reach.rows)
        self._rows = _rows_of(reach.rows) if reach is not None and self._compared else np.empty((0, 9))
        self._times = (
            np.concatenate([batch.timestamp for batch in reach.rows])
            if reach is not None and self._compared
            else np.empty(0, dtype=np.int64)
        )
        self._at = 0
        self._following = joined._starts[number + 1].time if number + 1 < len(joined.sources) else None

    def kept(self, batch: RowBatch) -> Iterator[RowBatch]:
        """The parts of a batch that are taken."""
        out = np.zeros(len(batch), dtype=bool)
        times = batch.timestamp
        if self.before is not None:
            head = (times <= self.before.last) & (times > MALFORMED)
            if head.any():
                self._compare(batch, head)
                out |= head
        if self._following is not None and len(times) and int(times.max()) >= self._following:
            out |= self._reaches(batch, (times >= self._following) & ~out)
        if not out.any():
            yield batch
            return
        rows = np.flatnonzero(out)
        self._note(rows + batch.first_row, times[rows])
        edges = np.flatnonzero(np.diff(np.concatenate(([True], out, [True]))))
        for begin, end in edges.reshape(-1, 2).tolist():
            yield batch.between(batch.first_row + begin, batch.first_row + end)

    def _compare(self, batch: RowBatch, head: npt.NDArray[np.bool_]) -> None:
        """Bars of the file before, again: the same, or asked about."""
        if not self._compared:
            return
        rows, times = _rows_of([batch])[head], batch.timestamp[head]
        at = self._at
        known, prices = self._times[at : at + len(times)], self._rows[at : at + len(times)]
        same = (known == times[: len(known)]) & ((prices == rows[: len(known)]) | np.isnan(prices)).all(axis=1)
        if len(known) < len(times) or not same.all():
            odd = int(np.flatnonzero(~same)[0]) if not same.all() else len(known)
            self._differ(
                int(times[odd]), rows[odd], prices[odd] if odd < len(known) and known[odd] == times[odd] else None
            )
        self._at += len(times)

    def _differ(self, time: int, mine: Floats, theirs: Floats | None) -> None:
        joined, number = self.joined, self.number
        names = joined.sources[number - 1].label, joined.sources[number].label
        if theirs is None:
            why = f", and only one of them has a bar at {iso(time)}"
        else:
            field = int(np.flatnonzero(mine != theirs)[0])
            what = ("open", "high", "low", "close")[field % 4]
            why = f", and at {iso(time)} {what} is {theirs[field]:g} in the one and {mine[field]:g} in the other"
        assert self.before is not None and names
        raise joined._overlap(number - 1, self.before.last, why)

    def _reaches(self, batch: RowBatch, beyond: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Deal with rows at or past the first time of the next file; those to leave out."""
        nothing = np.zeros(len(batch), dtype=bool)
        if not beyond.any():
            return nothing
        joined = self.joined
        if joined.shared_bars == "last":
            return beyond
        last = int(batch.timestamp[beyond].max())
        if joined.shared_bars == "error":
            raise joined._overlap(self.number, int(batch.timestamp[beyond][0]))
        if self.reach is None:
            self.reach = _Reach(last, [])
        self.reach.last = max(self.reach.last, last)
        if joined.shared_bars is None:
            later = joined._starts[self.number + 2].time if self.number + 2 < len(joined.sources) else None
            held = sum(len(rows) for rows in self.reach.rows) + int(beyond.sum())
            if held > MOST_SHARED or (later is not None and last >= later):
                raise joined._overlap(self.number, int(batch.timestamp[beyond][0]))
            rows = np.flatnonzero(beyond)
            self.reach.rows.append(_copied(batch, rows))
        return nothing

    def finish(self, *, to_end: bool) -> None:
        """See that the bars of the file before were all there; and let a file that lies within the one before not end its reach."""
        if self._compared and to_end and self._at < len(self._times):
            self._differ(int(self._times[self._at]), self._rows[self._at], None)
        following = self._following
        if self.before is not None and following is not None and self.before.last >= following:
            last = max(self.before.last, self.reach.last if self.reach is not None else self.before.last)
            self.reach = _Reach(last, [] if self.reach is None else self.reach.rows)

    def _note(self, rows: Ints, times: Ints) -> None:
        found = self.joined._shared[self.number]
        found.append((rows, times))
        if sum(len(part) for part, _ in found) > MOST_SHARED:
            raise InputError(
                f"{self.joined.sources[self.number].label} shares more than {MOST_SHARED:,} bars with its neighbour: cut one of them"
            )


def _rows_of(batches: Sequence[RowBatch]) -> Floats:
    """The prices of batches, one row a bar."""
    columns = [np.column_stack([*batch.bid, *(batch.ask or ())]) for batch in batches]
    return np.concatenate(columns)


def _copied(batch: RowBatch, rows: Ints) -> RowBatch:
    open_, high, low, close = (column[rows].copy() for column in batch.bid)
    ask = None
    if batch.ask is not None:
        ask_open, ask_high, ask_low, ask_close = (column[rows].copy() for column in batch.ask)
        ask = (ask_open, ask_high, ask_low, ask_close)
    return RowBatch(0, batch.timestamp[rows].copy(), open_, high, low, close, None, ask)


def _edge(batch: RowBatch, at: int) -> Edge | None:
    """The first (0) or last (-1) bar of a batch that has a time and prices; None where it has none."""
    price = batch.open if at == 0 else batch.close
    if len(batch) and batch.timestamp[at] > MALFORMED and price[at] > 0 and np.isfinite(price[at]):
        return Edge(int(batch.timestamp[at]), float(price[at]))
    good = np.flatnonzero((batch.timestamp > MALFORMED) & (price > 0) & np.isfinite(price))
    return Edge(int(batch.timestamp[good[at]]), float(price[good[at]])) if len(good) else None


def _start(source: Source) -> FileStart:
    """Facts of the first rows of a source, by reading as little as possible."""
    with closing(source.batches(0, None, volume=False, threads=1)) as drawn:
        for batch in drawn:
            found = FileStart.of(batch)
            if found is not None:
                return found
    raise InputError(
        f"{source.label} has no time that can be read: leave it out or say where its times are with --columns"
    )
