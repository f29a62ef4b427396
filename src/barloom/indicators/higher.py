"""A longer timeframe beside the bars of a run: indicators of its bars, each seen once its bar is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom._native.resampling import Resampler
from barloom.bars.chunk import Chunk
from barloom.bars.timeframes import Timeframe
from barloom.errors import InputError, nearest
from barloom.indicators.cache import IndicatorBank
from barloom.indicators.spec import COLUMNS, Indicator, Source

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class At:
    """One thing read of a longer timeframe: an indicator or a column of its bars."""

    timeframe: str
    source: Source


class HigherBank:
    """Columns and indicators of the bars of one longer timeframe, told for each bar of a run.

    A bar sees the last longer bar that ended at or before its own open: none of whose prices lies in the bar or after it. Before the
    first is closed there is NaN. The longer bars are made of all the bars of the run, the first of them of those that are there.

    Args:
        timeframe: a length as ``Bars.resample`` takes it, an anchor behind a blank: ``1d 17:00 America/New_York``.
        wanted: indicators and names of columns.
        history: the most bars of history a chunk will ask for.
        subject: who asks, for messages.

    Raises:
        InputError: no such timeframe or column.
    """

    def __init__(self, timeframe: str, wanted: Mapping[str, Source], history: int, subject: str) -> None:
        self._frame = Timeframe.parse(timeframe, option=subject)
        self._subject = f"{subject} '{timeframe}'"
        self._sources = list(dict.fromkeys(wanted.values()))
        for source in self._sources:
            if not isinstance(source, Indicator) and source not in COLUMNS:
                known = nearest(str(source), COLUMNS)
                raise InputError(f"{self._subject} reads '{source}': no such column; {known}, or give an indicator")
        self._keys = [At(timeframe, source) for source in self._sources]
        self._bank = IndicatorBank(source for source in self._sources if isinstance(source, Indicator))
        self.uses_volume = "volume" in self._sources or "volume" in self._bank.columns
        self._resampler = Resampler()
        self._made = 0
        self._history = history
        self._last: Floats = np.full(len(self._sources), np.nan)
        self._tail: Floats = np.empty((len(self._sources), 0))

    def update(self, chunk: Chunk) -> dict[At, Floats]:
        """Values for the bars of a chunk, its history too: chunks come in the order of the bars, each once.

        Raises:
            InputError: the bars of the run do not add up to those of the timeframe.
        """
        long, finished = self._gather(chunk)
        computed = self._bank.update(long) if long.rows else {}
        tail = self._tail[:, self._tail.shape[1] - chunk.history :]
        values = np.empty((len(self._sources), chunk.history + chunk.rows))
        values[:, : chunk.history] = tail
        for row, source in enumerate(self._sources):
            if long.rows:
                made = computed[source] if isinstance(source, Indicator) else getattr(long, source)
                seen = np.append(self._last[row], made)
            else:
                seen = self._last[row : row + 1].copy()
            seen.take(finished, out=values[row, chunk.history :], mode="clip")
            self._last[row] = seen[-1]
        self._tail = values[:, max(0, values.shape[1] - self._history) :].copy()
        return dict(zip(self._keys, values, strict=True))

    def _gather(self, chunk: Chunk) -> tuple[Chunk, npt.NDArray[np.int64]]:
        """The longer bars that end before the last bar of the chunk, and for each bar how many of them end before it."""
        fresh = slice(chunk.history, None)
        time, rows = chunk.timestamp[fresh], chunk.rows
        if chunk.base == 0:
            self._frame.check_rows(time, self._subject, "the bars of the run")
        edges, step = self._frame.edges(int(time[0]), int(time[-1]))
        times = np.empty(rows, dtype=np.int64)
        prices = (np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows))
        finished = np.empty(rows, dtype=np.int64)
        volume = chunk.volume[fresh] if self.uses_volume and chunk.volume is not None else None
        volumes = None if volume is None else np.empty(rows)
        bid = (chunk.open[fresh], chunk.high[fresh], chunk.low[fresh], chunk.close[fresh])
        count = self._resampler.update(time, bid, volume, None, edges, step, times, prices, volumes, None, finished)
        open_, high, low, close = (column[:count] for column in prices)
        summed = None if volumes is None else volumes[:count]
        long = Chunk(self._made, 0, count, False, times[:count], open_, high, low, close, summed)
        self._made += count
        return long, finished
