"""Finer bars beside the bars of a run: what happened inside a bar, read forward as the run asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.bars import Bars
from barloom.bars.chunk import Chunk, Floats, Ints
from barloom.bars.span import Span
from barloom.bars.times import FIRST_TIME, LAST_TIME, iso
from barloom.errors import InputError

CHUNK_ROWS = 1 << 16
COLUMNS = ("timestamp", "open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class FineBars:
    """The finer bars of n ranges of time, one range behind the other: range k has those numbered ``offsets[k]`` to ``offsets[k + 1]``."""

    offsets: Ints
    """n + 1 numbers, the first of them 0."""
    time: Ints
    """Open times, nanoseconds UTC."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats


class Fine:
    """Finer bars that runs may look into; of bars with ask prices the bid prices. Each run draws a reader of its own.

    Args:
        bars: the finer bars.
        step: nanoseconds that the last coarse bar lasts, whose end no other bar tells; None for as long as there are
            finer bars.
    """

    def __init__(self, bars: Bars, step: int | None = None) -> None:
        self.bars = bars
        self.step = step

    @classmethod
    def beside(cls, coarse: Bars, bars: Bars) -> Fine:
        """Finer bars for a run over ``coarse``, checked by ``check_finer``, which tells the step too."""
        return cls(bars, check_finer(coarse, bars))

    def reader(self) -> FineReader:
        """A reader that begins at the first of the finer bars: a new one for each run and each rerun."""
        return FineReader(self.bars, self.step)


class FineReader:
    """One way forward through finer bars, holding one chunk of them; nothing is read before ranges are asked for."""

    def __init__(self, bars: Bars, step: int | None = None) -> None:
        self._step = step
        self._chunks = bars.chunks(CHUNK_ROWS, threads=1)
        self._chunk: Chunk | None = None
        self._asked_to = FIRST_TIME

    def between(self, starts: Ints, stops: Ints) -> FineBars:
        """The finer bars of ranges of time, ``starts[k] <= time < stops[k]`` in nanoseconds UTC; a range may hold none.

        Neither starts nor stops decrease; a range may be given several times. The ranges of the next call begin where
        those of this one end, or later. The largest int64 as stop means: one step after the start.

        Raises:
            InputError: the finer bars cannot be read, or hold bad rows.
            ValueError: the ranges are not in that order.
        """
        if not len(starts):
            return _gathered(0, [], [])
        if starts[0] < self._asked_to or (np.diff(starts) < 0).any() or (np.diff(stops) < 0).any():
            raise ValueError(f"ranges of time must ascend, on from {self._asked_to}")
        if self._step is not None:
            stops = np.where(stops == LAST_TIME, starts + self._step, stops)
        self._asked_to = int(stops[-1])
        ranges: list[Ints] = []
        columns: list[list[npt.NDArray[Any]]] = []
        chunk = self._reaching(int(starts[0]))
        while True:
            # Of all ranges those that touch this chunk: they are few where the finer bars are many.
            begin = int(stops.searchsorted(chunk.timestamp[0], "right"))
            end = len(starts) if chunk.next_time is None else int(starts.searchsorted(chunk.next_time))
            low = chunk.timestamp.searchsorted(starts[begin:end])
            count = np.maximum(chunk.timestamp.searchsorted(stops[begin:end]) - low, 0)
            numbers = np.repeat(np.arange(begin, begin + len(low)), count)
            # Row by row: where its range begins in the chunk, and how far into the range it is.
            rows = np.repeat(low - (count.cumsum() - count), count) + np.arange(len(numbers))
            ranges.append(numbers)
            columns.append([getattr(chunk, name)[rows] for name in COLUMNS])
            if chunk.next_time is None or int(stops[-1]) <= chunk.next_time:
                return _gathered(len(starts), ranges, columns)
            chunk = self._reaching(chunk.next_time)

    def close(self) -> None:
        """End what reads ahead."""
        self._chunks.close()

    def _reaching(self, time: int) -> Chunk:
        """The chunk that holds the bars from a time on, or the last one."""
        chunk = self._chunk
        while chunk is None or (chunk.next_time is not None and chunk.next_time <= time):
            chunk = next(self._chunks)
        self._chunk = chunk
        return chunk


def _gathered(count: int, ranges: list[Ints], columns: list[list[npt.NDArray[Any]]]) -> FineBars:
    """The bars found chunk by chunk, put in the order of their ranges."""
    offsets = np.zeros(count + 1, dtype=np.int64)
    if not ranges:
        none: Floats = np.empty(0)
        return FineBars(offsets, np.empty(0, dtype=np.int64), none, none, none, none)
    numbers = np.concatenate(ranges)
    np.cumsum(np.bincount(numbers, minlength=count), out=offsets[1:])
    order = np.argsort(numbers, kind="stable")  # a range given twice, across two chunks, was found turn about
    time, open_, high, low, close = (np.concatenate(parts)[order] for parts in zip(*columns, strict=True))
    return FineBars(offsets, time, open_, high, low, close)


def check_finer(coarse: Bars, fine: Bars) -> int | None:
    """Refuse bars that cannot show what happened inside others, before a run: reads the ends of both, see ``Span``.

    Returns:
        The step of the coarse bars, nanoseconds; None for a single one.

    Raises:
        InputError: the finer bars begin after the first coarse bar ends, end before the last one begins, are no finer,
            or either cannot be read.
    """
    inside, around = Span.of(fine), Span.of(coarse)
    if inside.step is None or (around.step is not None and inside.step >= around.step):
        steps = "has a single bar" if inside.step is None else f"has a bar every {inside.step / 1e9:g} s"
        beside = "" if around.step is None else f", {coarse.label} one every {around.step / 1e9:g} s"
        raise InputError(f"{fine.label} is no finer: it {steps}{beside}; give bars of a smaller step with --fine")
    if inside.first >= around.first + (around.step or 1):
        raise InputError(
            f"{fine.label} begins at {iso(inside.first)}, after the first bar of {coarse.label} at {iso(around.first)}: "
            "give finer bars of the whole run with --fine, or begin the run later with --start"
        )
    if inside.last < around.last:
        raise InputError(
            f"{fine.label} ends at {iso(inside.last)}, before the last bar of {coarse.label} at {iso(around.last)}: "
            "give finer bars of the whole run with --fine, or end the run earlier with --end"
        )
    return around.step
