"""Bars gathered into longer ones while they are drawn: ``Bars.resample``."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

import numpy as np

from barloom._native.resampling import Resampler
from barloom.bars.bars import Bars, BarsReport, Chunks, Volume
from barloom.bars.chunk import Chunk, Floats, Ints
from barloom.bars.intake import Intake, Tally
from barloom.bars.sources.base import Batches, Prices, RowBatch, cut
from barloom.bars.timeframes import Timeframe
from barloom.errors import InputError

DRAWN_ROWS = 1 << 17  # rows gathered at a time


class ResampledBars(Bars):
    """Bars made of those of ``base``, which may be a selection, while chunks are drawn.

    A selection is one of rows of the base, and what it leaves is gathered: selecting before or after ``resample`` is the same. So
    portions cover each row exactly once, and the first and last bar of a portion, or of a range that begins or ends within a bar,
    hold only the rows selected.

    In ``report``, ``total_rows`` and ``dropped`` count rows of the base; everything else is about the longer bars.
    """

    def __init__(self, base: Bars, timeframe: Timeframe) -> None:
        super().__init__(base.source, base.selection, base.on_bad_rows)
        self.base = base
        self.timeframe = timeframe

    def __repr__(self) -> str:
        return f"{self.base!r}.resample({str(self.timeframe)!r})"

    @property
    def has_volume(self) -> bool:
        """True if chunks can carry the volume: that of the rows in a bar, added up."""
        return self.base.has_volume

    @property
    def has_ask(self) -> bool:
        """True if chunks carry ask prices beside the bid prices."""
        return self.base.has_ask

    def bars_at_hand(self) -> int | None:
        """Never known before a pass."""
        return None

    def select(self, *, fraction: float = 1.0, portion: int = 1, start: Any = None, end: Any = None) -> Bars:
        """The longer bars of a part of the base, see ``Bars.select``.

        Raises:
            InputError: a value is out of range, or a selection was made already.
        """
        selected = self.base.select(fraction=fraction, portion=portion, start=start, end=end)
        return ResampledBars(selected, self.timeframe)

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: Volume = False, threads: int = 2) -> Chunks:
        """Draw the longer bars, see ``Bars.chunks``.

        Raises:
            InputError: as there; bars of the base that do not add up to the timeframe.
        """
        if chunk_rows < 1 or history < 0 or threads < 1:
            raise InputError(f"chunk rows {chunk_rows}, history {history}, threads {threads}: at least 1, 0 and 1")
        if volume and not self.has_volume:
            raise InputError(f"{self.label} has no volume column")
        return self._gathered(chunk_rows, history, volume, threads)

    def _gathered(self, chunk_rows: int, history: int, volume: Volume, threads: int) -> Chunks:
        tally = Tally(keep_odd_volumes=volume == "any")
        intake = Intake(tally, chunk_rows, history, bool(volume), strict=True, ask=self.has_ask)
        hint = self.base.bars_at_hand()
        with closing(self._batches(volume, threads)) as batches:
            yield from intake.chunks(batches, hint)
        if tally.bad:
            raise InputError(
                f"{self.label}: volumes add up to no finite number in a bar of --timeframe {self.timeframe}"
            )
        under = self.base.report
        assert under is not None
        known = tally.content_hash(intake.kept, self.has_ask)
        self.report = BarsReport(
            under.total_rows, intake.kept, intake.first_time, intake.last_time, under.dropped, known, under.columns,
            under.notes, under.odd_volumes,
        )  # fmt: skip

    def _batches(self, volume: Volume, threads: int) -> Batches:
        """The longer bars that each chunk of the base finishes, and the last one; the arrays are used again for the next batch."""
        made = _Made(DRAWN_ROWS, bool(volume), self.has_ask)
        with closing(self.base.chunks(DRAWN_ROWS, volume=volume, threads=threads)) as chunks:
            yield from made.batches(chunks, self.timeframe, self.label)


class _Made:
    """Room for the bars that one chunk finishes."""

    def __init__(self, rows: int, volume: bool, ask: bool) -> None:
        self.time: Ints = np.empty(rows, dtype=np.int64)
        self.bid = _four(rows)
        self.volume: Floats | None = np.empty(rows) if volume else None
        self.ask: Prices | None = _four(rows) if ask else None

    def batches(self, chunks: Generator[Chunk, None, None], timeframe: Timeframe, label: str) -> Batches:
        resampler = Resampler()
        made = 0
        for chunk in chunks:
            if chunk.base == 0:
                timeframe.check_rows(chunk.timestamp, f"--timeframe {timeframe}", f"the bars of {label}")
            edges, step = timeframe.edges(int(chunk.timestamp[0]), int(chunk.timestamp[-1]))
            bid = (chunk.open, chunk.high, chunk.low, chunk.close)
            count = resampler.update(
                chunk.timestamp,
                bid,
                chunk.volume,
                asks_of(chunk),
                edges,
                step,
                self.time,
                self.bid,
                self.volume,
                self.ask,
            )
            yield self._batch(made, count)
            made += count
        yield self._batch(made, resampler.finish(self.time, self.bid, self.volume, self.ask))

    def _batch(self, first: int, count: int) -> RowBatch:
        part = slice(count)
        volume = None if self.volume is None else self.volume[part]
        return RowBatch(
            first, self.time[part], *cut(self.bid, part), volume, None if self.ask is None else cut(self.ask, part)
        )


def _four(rows: int) -> Prices:
    return np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows)


def asks_of(chunk: Chunk) -> Prices | None:
    """The ask prices of a chunk; None where it has none."""
    if chunk.ask_open is None or chunk.ask_high is None or chunk.ask_low is None or chunk.ask_close is None:
        return None
    return chunk.ask_open, chunk.ask_high, chunk.ask_low, chunk.ask_close
