"""Base class of all sources of bars: raw batches in row order, counted from 0, with marks on rows that could not be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from barloom.bars.times import FIRST_TIME, iso
from barloom.errors import InputError

if TYPE_CHECKING:
    from barloom.bars.facts import StoreFacts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Prices = tuple[Floats, Floats, Floats, Floats]
"""Open, high, low and close."""
T = TypeVar("T")

READ_BYTES = 30_000_000  # a thread: a piece of text, its columns, and those of the piece after it

# Marks in the time of a row that could not be read; take_bars counts them under these names.
UNPARSABLE_TIME = FIRST_TIME
UNPARSABLE_PRICE = FIRST_TIME + 1
MALFORMED = FIRST_TIME + 2


@dataclass(slots=True)
class RowBatch:
    """Consecutive raw rows, good and bad, as contiguous columns: times in ns UTC (or a mark), prices float64."""

    first_row: int
    timestamp: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats | None = None
    ask: Prices | None = None
    part: int = 0
    """Number of the file that the rows come from, if there are several."""

    def __len__(self) -> int:
        return len(self.timestamp)

    @property
    def bid(self) -> Prices:
        """The bid prices: all prices that are not ask."""
        return self.open, self.high, self.low, self.close

    @property
    def columns(self) -> tuple[Ints, Floats, Floats, Floats, Floats, Floats | None]:
        """Times, bid prices and volume, in the order in which kernels take them."""
        return self.timestamp, self.open, self.high, self.low, self.close, self.volume

    def add_spread(self, spread: Floats) -> None:
        """Set the ask to the bid plus a spread, price by price; a spread that is not finite gives NaN."""
        spread = np.where(np.isfinite(spread), spread, np.nan)
        self.ask = (self.open + spread, self.high + spread, self.low + spread, self.close + spread)

    def between(self, start: int, stop: int | None) -> RowBatch:
        """The rows numbered ``start`` to ``stop`` of the source that lie in this batch, as views."""
        low = min(max(start - self.first_row, 0), len(self))
        high = len(self) if stop is None else min(max(stop - self.first_row, low), len(self))
        if low == 0 and high == len(self):
            return self
        part = slice(low, high)
        return RowBatch(
            self.first_row + low,
            self.timestamp[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            None if self.volume is None else self.volume[part],
            None if self.ask is None else cut(self.ask, part),
            self.part,
        )

    def backwards(self, total: int) -> RowBatch:
        """The rows in the opposite order, numbered from the other end of ``total`` rows."""
        columns = [self.timestamp, *self.bid, *((self.volume,) if self.volume is not None else ()), *(self.ask or ())]
        turned = [np.ascontiguousarray(column[::-1]) for column in columns]
        open_, high, low, close = turned[1:5]
        ask = None if self.ask is None else (turned[-4], turned[-3], turned[-2], turned[-1])
        first = total - self.first_row - len(self)
        return RowBatch(first, turned[0], open_, high, low, close, None if self.volume is None else turned[5], ask)


def cut(prices: Prices, part: slice) -> Prices:
    """A part of each column, as views."""
    open_, high, low, close = prices
    return open_[part], high[part], low[part], close[part]


Batches = Generator[RowBatch, None, None]


class Source(ABC):
    """Rows of bars that can be drawn any number of times, any part of them, in bounded memory."""

    label: str
    """Name shown to the user: a path, or ``memory``."""
    has_volume: bool = False
    has_ask: bool = False
    """True if batches carry ask prices."""
    taken_for: str = ""
    """Format that the source was read as, in words, and the options that change it; empty if nothing had to be guessed."""
    corrected: str = ""
    """Half a sentence saying which counts if an option contradicts the file."""
    asks: bool = True
    """True if a contradiction found in the bars is a question to the user; else it is only a warning."""
    judged: bool = False
    """True if properties of the whole data set (its clock, its seams) were checked, and asked about, already."""
    odd_volumes: int = 0
    """Rows of arrays in memory whose volume is unknown, if that is known without reading."""
    odd_times_kept: bool = False
    """True if the user confirmed times that look impossible for bars."""
    widens: bool = False
    """True if an ask price below the bid is raised to it while bars are read."""
    forgiven: tuple[str, ...] = ()
    """Kinds of bad rows that are left out, whatever is done with the others."""
    paths: tuple[Path, ...] = ()
    """The files, if there are several."""
    facts: StoreFacts | None = None
    """Facts stored in the file, if it is a store."""

    def files(self) -> tuple[Path, ...]:
        """Every file that is read, in order."""
        return self.paths or (Path(self.label),)

    @abstractmethod
    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Batches covering rows ``start`` to ``stop`` (exclusive; None for all), each row once, in order.

        Closing the iterator ends every thread it started.

        Raises:
            InputError: the file cannot be read to its end.
        """

    @abstractmethod
    def total_rows(self) -> int:
        """All rows, good and bad."""

    def clean_arrays(self) -> RowBatch | None:
        """All rows at once if they are in memory and known to be good, else None."""
        return None

    def whole_hash(self) -> str | None:
        """The content hash of all rows if it is known already, else None."""
        return None

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return True

    def rows_at_hand(self) -> int | None:
        """The number of rows if it is known without reading, else None."""
        return None

    def left_out(self, start: int, stop: int | None, first_time: int, end_time: int) -> dict[str, int]:
        """Counts of rows by kind that the batches of rows ``start`` to ``stop`` leave out, from ``first_time`` to ``end_time``."""
        return {}

    def confirm(self, content_hash: str) -> None:
        """Compare the hash of all bars with the hash in the facts of a store.

        Raises:
            InputError: they differ.
        """
        if self.facts is not None and self.facts.content_hash != content_hash:
            raise InputError(f"{self.label} is damaged: its bars are not those that were ingested; ingest them again")

    def held(self, threads: int) -> int:
        """Estimate of the bytes that reading holds besides the chunks, rounded up."""
        return READ_BYTES * threads

    def show(self, row: int) -> str:
        """A row as a user finds it in the source: its number from 1 and its content."""
        where = f"row {row + 1}"
        for batch in self.batches(row, row + 1, volume=False, threads=1):
            if len(batch):
                when = "no time" if batch.timestamp[0] <= MALFORMED else iso(int(batch.timestamp[0]))
                prices = ", ".join(
                    f"{name} {float(getattr(batch, name)[0])!r}" for name in ("open", "high", "low", "close")
                )
                if batch.ask is not None:
                    asks = ", ".join(repr(float(column[0])) for column in batch.ask)
                    prices += f"; ask {asks}"
                return f"{where}, {when}: {prices}"
        return where


def read_ahead(tasks: Iterable[Callable[[], T]], workers: int) -> Generator[T, None, None]:
    """Results of tasks in their order, computed by a few threads that run at most ``workers + 1`` tasks ahead.

    ``tasks`` is drawn in the caller's thread. Closing the iterator ends the threads: it waits for the tasks under way,
    no longer.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="barloom-read")
    pending: deque[Future[T]] = deque()
    drawn = iter(tasks)
    try:
        for task in drawn:
            pending.append(pool.submit(task))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        close = getattr(drawn, "close", None)
        if close is not None:
            close()
