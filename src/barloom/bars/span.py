"""Where bars begin and end, and how far apart they are: found without a pass over them wherever that can be."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from barloom.bars.bars import Bars
from barloom.bars.intake import Tally
from barloom.bars.resampling import ResampledBars
from barloom.bars.sources.pair import PairSource
from barloom.bars.steps import commonest

CHUNK_ROWS = 1 << 16
FIRST_ROWS = 1024  # bars that tell the step
TAIL_ROWS = 4096  # rows at the end in which the last good one is sought


@dataclass(frozen=True, slots=True)
class Span:
    """The ends of bars, times in nanoseconds UTC."""

    first: int
    last: int
    step: int | None
    """The most common step between the first bars, nanoseconds; None for a single bar."""

    @classmethod
    def of(cls, bars: Bars) -> Span:
        """The span of bars: their first and last rows are read, all of them only where the selection ends at a time
        that comes before their last row, or where the last rows are bad.

        Raises:
            InputError: the bars cannot be read, or there are none.
        """
        with closing(bars.chunks(FIRST_ROWS, threads=1)) as chunks:
            chunk = next(chunks)
            first, last, only = int(chunk.timestamp[0]), int(chunk.timestamp[-1]), chunk.last
            step = commonest(np.diff(chunk.timestamp))[0] or None
        if isinstance(bars, ResampledBars):
            return cls(first, bars.timeframe.start_of(cls.of(bars.base).last), step or bars.timeframe.step)
        if not only:
            found = _last_of_tail(bars)
            last = _last_of_pass(bars) if found is None else found
        return cls(first, last, step)


def _last_of_tail(bars: Bars) -> int | None:
    """Time of the last good bar, where it is among the last rows of the selection."""
    if bars.report is not None:
        return bars.report.last_ts
    selection, source = bars.selection, bars.source
    if isinstance(source, PairSource):
        source = source.bid  # its times are those of the pairs, and no ask need be looked for
    first, stop = selection.rows(source.total_rows())
    tally = Tally(selection.start)
    with closing(source.batches(max(first, stop - TAIL_ROWS), stop, volume=False, threads=1)) as batches:
        for batch in batches:
            tally.check(batch)
    last = tally.last_time
    return None if last is None or last >= selection.end else last


def _last_of_pass(bars: Bars) -> int:
    """Time of the last bar, by a pass over all of them."""
    last = 0
    with closing(bars.chunks(CHUNK_ROWS)) as chunks:
        for chunk in chunks:
            last = int(chunk.timestamp[-1])
    return last
