"""A source without spikes: single bars whose price jumps far off and comes back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from barloom._native.checking import Checker
from barloom.bars.first_rows import SPIKE_DEVIATIONS, read_head
from barloom.bars.sources.base import Batches, Ints, Source
from barloom.errors import InputError

MOST_SPIKES = 100_000


class DespikedSource(Source):
    """The rows of another source without those that ``check_bars`` reports as spikes; row numbers stay those of the source.

    What is a spike depends on the bars behind it, so the first drawing is led by a pass that looks for them.
    """

    def __init__(self, inner: Source) -> None:
        self.inner = inner
        self.label, self.has_volume, self.has_ask, self.paths = (
            inner.label,
            inner.has_volume,
            inner.has_ask,
            inner.paths,
        )
        self.taken_for = getattr(inner, "taken_for", "")
        self.corrected = inner.corrected
        self._spikes: Ints | None = None

    def spikes(self, threads: int = 2) -> Ints:
        """Row and time of each spike, in their order.

        Raises:
            InputError: the source cannot be read, or has so many that they are none.
        """
        if self._spikes is None:
            head = read_head(self.inner)
            checker = Checker(head.step, head.phase, 1, 0, head.close, head.usual, SPIKE_DEVIATIONS, spikes=MOST_SPIKES)
            with closing(self.inner.batches(0, None, volume=False, threads=threads)) as batches:
                for batch in batches:
                    prices = batch.open, batch.high, batch.low, batch.close
                    checker.take(batch.timestamp, *prices, None, batch.first_row, batch.ask)
            checker.finish()
            count = checker.counts()["spike"]
            if count > MOST_SPIKES:
                raise InputError(
                    f"{self.label} has {count:,} bars that look like spikes: so many are none; leave --drop-spikes out"
                )
            self._spikes = checker.spikes[:count].copy()
        return self._spikes

    def files(self) -> tuple[Path, ...]:
        """The files of the inner source."""
        return self.inner.files()

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The batches of the source, cut where a spike is left out."""
        rows = self.spikes(threads)[:, 0]
        with closing(self.inner.batches(start, stop, volume=volume, threads=threads)) as batches:
            for batch in batches:
                begin, end = batch.first_row, batch.first_row + len(batch)
                for spike in rows[rows.searchsorted(begin) : rows.searchsorted(end)].tolist():
                    if spike > begin:
                        yield batch.between(begin, spike)
                    begin = spike + 1
                if begin < end:
                    yield batch.between(begin, end)

    def left_out(self, start: int, stop: int | None, first_time: int, end_time: int) -> dict[str, int]:
        """The spikes among the rows ``start`` to ``stop``, of the times ``first_time`` to ``end_time`` (both exclusive)."""
        rows, times = self.spikes().T
        chosen = (rows >= start) & (times >= first_time) & (times < end_time)
        count = int((chosen if stop is None else chosen & (rows < stop)).sum())
        under = self.inner.left_out(start, stop, first_time, end_time)
        return under | {"spike": count} if count else under

    def total_rows(self) -> int:
        """Number of all rows, spikes included."""
        return self.inner.total_rows()

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return self.inner.parses

    def rows_at_hand(self) -> int | None:
        """Number of all rows, spikes included, if it is known without reading."""
        return self.inner.rows_at_hand()

    def held(self, threads: int) -> int:
        """Bytes that the inner source holds."""
        return self.inner.held(threads)

    def show(self, row: int) -> str:
        """A row as a user finds it in the source."""
        return self.inner.show(row)
