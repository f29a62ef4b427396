"""A bid source and an ask source as one: each bid row with the ask row of the same time, read forward through both."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from barloom._native import chunking
from barloom.bars.sources.base import MALFORMED, Batches, Floats, RowBatch, Source
from barloom.bars.times import iso


class PairSource(Source):
    """The rows of a bid source with the ask prices of an ask source, using the memory of one batch of each.

    Rows are those of the bid source. A row without an ask row of its time, or whose ask row is no good bar, is bad; ask
    rows without a bid row are passed over.
    """

    has_ask = True

    def __init__(self, bid: Source, ask: Source) -> None:
        self.bid = bid
        self.ask = ask
        self.label = bid.label
        self.paths = bid.paths
        self.taken_for = bid.taken_for
        self.corrected = bid.corrected
        self.has_volume = bid.has_volume

    def files(self) -> tuple[Path, ...]:
        """The bid files, then the ask files."""
        return (*self.bid.files(), *self.ask.files())

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The batches of the bid source; the ask source is read from its first row to the time of the last."""
        with (
            closing(self.bid.batches(start, stop, volume=volume, threads=threads)) as bids,
            closing(self.ask.batches(0, None, volume=False, threads=threads)) as asks,
        ):
            ask, at, ended = _nothing(), 0, False
            for batch in bids:
                rows = len(batch)
                out = (np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows))
                done = 0
                while done < rows:
                    done, at = chunking.pair_asks(
                        batch.timestamp, batch.bid, done, ask.timestamp, ask.bid, at, ended, out
                    )
                    if done < rows:
                        following = next(asks, None)
                        at, ended = 0, following is None
                        ask = _nothing() if following is None else following
                yield replace(batch, ask=out)

    def total_rows(self) -> int:
        """Number of rows of the bid source."""
        return self.bid.total_rows()

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return self.bid.parses or self.ask.parses

    def rows_at_hand(self) -> int | None:
        """Number of rows of the bid source, if it is known without reading."""
        return self.bid.rows_at_hand()

    def left_out(self, start: int, stop: int | None, first_time: int, end_time: int) -> dict[str, int]:
        """Counts of rows that the bid source leaves out."""
        return self.bid.left_out(start, stop, first_time, end_time)

    def held(self, threads: int) -> int:
        """Bytes that both sources hold."""
        return self.bid.held(threads) + self.ask.held(threads)

    def show(self, row: int) -> str:
        """The bid row, and the ask row of the same time."""
        shown = self.bid.show(row)
        time = next(
            (int(batch.timestamp[0]) for batch in self.bid.batches(row, row + 1, volume=False, threads=1)), MALFORMED
        )
        if time <= MALFORMED:
            return shown
        with closing(self.ask.batches(0, None, volume=False, threads=1)) as asks:
            for batch in asks:
                places = np.flatnonzero(batch.timestamp == time)
                if len(places):
                    return f"{shown}; in {self.ask.label}: {self.ask.show(batch.first_row + int(places[0]))}"
        return f"{shown}; {self.ask.label} has no row of {iso(time)}"


def _nothing() -> RowBatch:
    """No rows."""
    none: Floats = np.empty(0)
    return RowBatch(0, np.empty(0, dtype=np.int64), none, none, none, none)
