"""What every source of bars offers: raw batches in row order, counted from 0, with marks on rows it could not read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from barloom.bars.times import FIRST_TIME, iso

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Prices = tuple[Floats, Floats, Floats, Floats]
"""Open, high, low and close."""
T = TypeVar("T")

# Marks in the time of a row that could not be read; take_bars counts them under these names.
UNPARSABLE_TIME = FIRST_TIME
UNPARSABLE_PRICE = FIRST_TIME + 1
MALFORMED = FIRST_TIME + 2


@dataclass(slots=True)
class Batch:
    """Consecutive raw rows, good and bad, as contiguous columns: times in ns UTC (or a mark), prices float64."""

    first_row: int
    timestamp: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats | None = None
    ask: Prices | None = None

    def __len__(self) -> int:
        return len(self.timestamp)

    @property
    def bid(self) -> Prices:
        """The prices that are not ask."""
        return self.open, self.high, self.low, self.close

    def add_spread(self, spread: Floats) -> None:
        """Let the ask be the bid plus a spread, price by price; a spread that is not finite makes it NaN."""
        spread = np.where(np.isfinite(spread), spread, np.nan)
        self.ask = (self.open + spread, self.high + spread, self.low + spread, self.close + spread)

    def between(self, start: int, stop: int | None) -> Batch:
        """The rows numbered ``start`` to ``stop`` of the source that lie in this batch, as views."""
        low = min(max(start - self.first_row, 0), len(self))
        high = len(self) if stop is None else min(max(stop - self.first_row, low), len(self))
        if low == 0 and high == len(self):
            return self
        part = slice(low, high)
        return Batch(
            self.first_row + low,
            self.timestamp[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            None if self.volume is None else self.volume[part],
            None if self.ask is None else cut(self.ask, part),
        )


def cut(prices: Prices, part: slice) -> Prices:
    """A part of each column, as views."""
    open_, high, low, close = prices
    return open_[part], high[part], low[part], close[part]


Batches = Generator[Batch, None, None]


class Source(ABC):
    """Rows of bars that can be drawn any number of times, any part of them, in bounded memory."""

    label: str
    """What a user knows the source by: a path, or ``memory``."""
    has_volume: bool
    has_ask: bool = False
    """Whether batches carry ask prices."""

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

    def clean_arrays(self) -> Batch | None:
        """All rows at once where they lie in memory and are known to be good, else None."""
        return None

    def whole_hash(self) -> str | None:
        """The content hash of all rows where it is known already, else None."""
        return None

    def rows_at_hand(self) -> int | None:
        """The number of rows where it costs nothing to know, else None."""
        return None

    def show(self, row: int) -> str:
        """A row as a user finds it in the source: its number from 1 and what it holds."""
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
