"""One pass over the rows of a source: counts bad rows, hashes good rows and gathers them into chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from barloom._native import chunking
from barloom.bars.chunk import Chunk, Floats, Ints
from barloom.bars.lending import is_kept
from barloom.bars.sources.base import Prices, RowBatch, cut
from barloom.bars.times import FIRST_TIME, LAST_TIME

RING = 3  # a chunk, the one drawn after it, and the one being filled


class Tally:
    """State carried from batch to batch: bad rows by kind, the content hash, the time of the last good row."""

    __slots__ = ("forgiven", "state")

    state: Ints

    def __init__(
        self,
        start: int = FIRST_TIME,
        end: int = LAST_TIME,
        *,
        keep_odd_volumes: bool = False,
        forgiven: Collection[str] = (),
    ) -> None:
        """Nothing counted yet.

        Args:
            start: times before it are passed over.
            end: the first time that is no longer wanted.
            keep_odd_volumes: let a volume that is missing, infinite or negative be NaN; a bad row where False.
            forgiven: kinds of bad rows that are left out whatever becomes of the others.
        """
        self.forgiven = frozenset(forgiven)
        self.state = np.zeros(chunking.TALLY_SIZE, dtype=np.int64)
        self.state[chunking.TALLY_LAST] = FIRST_TIME
        self.state[chunking.TALLY_START] = start
        self.state[chunking.TALLY_END] = end
        self.state[chunking.TALLY_KEEP_ODD] = keep_odd_volumes

    @property
    def start(self) -> int:
        """The first time that is wanted."""
        return int(self.state[chunking.TALLY_START])

    @property
    def end(self) -> int:
        """The first time that is no longer wanted."""
        return int(self.state[chunking.TALLY_END])

    @property
    def finished(self) -> bool:
        """True if a time at or after the end was met."""
        return bool(self.state[chunking.TALLY_FINISHED])

    @property
    def last_time(self) -> int | None:
        """Time of the last good row; None before the first."""
        last = int(self.state[chunking.TALLY_LAST])
        return None if last == FIRST_TIME else last

    @property
    def bad(self) -> int:
        """Bad rows so far."""
        return int(self._counts().sum())

    @property
    def refused(self) -> int:
        """Bad rows so far that are not forgiven."""
        if not self.forgiven:
            return self.bad
        return sum(count for kind, count in self.by_kind().items() if kind not in self.forgiven)

    @property
    def odd_volumes(self) -> int:
        """Good rows so far whose volume is unknown."""
        return int(self.state[chunking.TALLY_ODD_VOLUMES])

    def share_of_time(self, kept: int, step: int) -> float | None:
        """Share of the bars' time that bad rows take, those at the end included; None if bars have no step.

        Args:
            kept: good rows.
            step: nanoseconds from bar to bar, 0 where that is not known.
        """
        if not step:
            return None
        ending = int(self.state[chunking.TALLY_BROKEN]) * (int(self.state[chunking.TALLY_DELTA]) or step)
        lost = int(self.state[chunking.TALLY_LOST]) + int(self.state[chunking.TALLY_EARLY]) * step + ending
        return lost / (lost + kept * step) if lost else 0.0

    def _counts(self) -> npt.NDArray[np.int64]:
        return self.state[chunking.TALLY_COUNTS : chunking.TALLY_COUNTS + len(chunking.KIND_NAMES)]

    def by_kind(self) -> dict[str, int]:
        """Bad rows by kind; only kinds that occurred."""
        return {kind: int(count) for kind, count in zip(chunking.KIND_NAMES, self._counts(), strict=True) if count}

    def first_rows(self) -> dict[str, int]:
        """The first bad row of each kind that occurred, rows counted from 0 in the source."""
        first = self.state[chunking.TALLY_FIRST : chunking.TALLY_FIRST + len(chunking.KIND_NAMES)]
        return {kind: int(first[place]) for place, kind in enumerate(chunking.KIND_NAMES) if self._counts()[place]}

    def content_hash(self, rows: int, ask: bool = False) -> str:
        """Hash of times and prices of the good rows in order, ask prices included. Batch borders do not change it."""
        lanes = self.state[chunking.TALLY_HASH : chunking.TALLY_HASH + 5]
        digest = hashlib.blake2b(lanes.astype("<i8").tobytes(), digest_size=16)
        digest.update(rows.to_bytes(8, "little"))
        if ask:
            lanes = self.state[chunking.TALLY_ASK_HASH : chunking.TALLY_ASK_HASH + 4]
            digest.update(lanes.astype("<i8").tobytes())
        return digest.hexdigest()

    def check(self, batch: RowBatch) -> int:
        """Check and hash a batch without copying it. Returns the number of good rows."""
        return chunking.take_bars(*batch.columns, 0, batch.first_row, self.state, ask=batch.ask)[1]


@dataclass(slots=True)
class _Buffer:
    """The arrays of one chunk while it is filled."""

    timestamp: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats | None
    ask: Prices | None
    history: int = 0
    filled: int = 0
    """Rows filled, history included."""

    @classmethod
    def make(cls, rows: int, volume: bool, ask: bool) -> _Buffer:
        times = np.empty(rows, dtype=np.int64)
        open_, high, low, close = (np.empty(rows) for _ in range(4))
        asks = (np.empty(rows), np.empty(rows), np.empty(rows), np.empty(rows)) if ask else None
        return cls(times, open_, high, low, close, np.empty(rows) if volume else None, asks)

    def arrays(self) -> list[Ints | Floats]:
        arrays: list[Ints | Floats] = [self.timestamp, self.open, self.high, self.low, self.close]
        if self.volume is not None:
            arrays.append(self.volume)
        return arrays + list(self.ask or ())

    def take(self, batch: RowBatch, at: int, room: int, tally: Tally) -> int:
        """Fill up to ``room`` rows with good rows of a batch from row ``at`` on. Returns the row to continue from."""
        at, self.filled = chunking.take_bars(
            batch.timestamp,
            batch.open,
            batch.high,
            batch.low,
            batch.close,
            None if self.volume is None else batch.volume,
            at,
            batch.first_row,
            tally.state,
            self.timestamp[:room],
            self.open[:room],
            self.high[:room],
            self.low[:room],
            self.close[:room],
            None if self.volume is None else self.volume[:room],
            self.filled,
            None if self.ask is None else batch.ask,
            None if self.ask is None else cut(self.ask, slice(room)),
        )
        return at

    def lead(self, before: _Buffer | None, history: int) -> None:
        """Start with the last bars of the previous chunk."""
        self.history = 0 if before is None else min(history, before.filled)
        self.filled = self.history
        if before is None or not self.history:
            return
        for mine, theirs in zip(self.arrays(), before.arrays(), strict=True):
            mine[: self.history] = theirs[before.filled - self.history : before.filled]


@dataclass(slots=True)
class Intake:
    """Gathers the good rows of batches into chunks of ``chunk_rows``, each led by up to ``history`` bars.

    With ``strict`` the chunk that would hold the first bad row is not handed out, nor any after it; rows are counted
    all the same.
    """

    tally: Tally
    chunk_rows: int
    history: int
    volume: bool
    strict: bool
    ask: bool = False
    kept: int = 0
    first_time: int = FIRST_TIME
    last_time: int = FIRST_TIME
    _ring: list[_Buffer] = field(default_factory=list)

    def chunks(self, batches: Iterator[RowBatch], rows_hint: int | None = None) -> Iterator[Chunk]:
        """The chunks of the batches, up to the end of the tally's time range."""
        rows = self.chunk_rows if rows_hint is None else max(1, min(self.chunk_rows, rows_hint))
        base = 0
        number = 0
        filling = self._buffer(number, rows)
        ready: Chunk | None = None
        for batch in batches:
            at = 0
            while at < len(batch) and not self.tally.finished:
                before = filling.filled
                # Room for this chunk only: a buffer holds the history and then exactly `rows` new bars.
                room = filling.history + rows
                at = filling.take(batch, at, room, self.tally)
                self._note(filling, before)
                if self.strict and self.tally.refused:
                    ready = None
                    filling.filled = filling.history
                    continue
                if ready is not None and filling.filled > filling.history:
                    yield self._followed(ready, filling)
                    ready = None
                if filling.filled == room:
                    ready = self._chunk(filling, base, last=False)
                    base += rows
                    number += 1
                    following = self._buffer(number, rows)
                    following.lead(filling, self.history)
                    filling = following
            if self.tally.finished:
                break
        if self.strict and self.tally.refused:
            return
        if ready is not None and filling.filled > filling.history:
            yield self._followed(ready, filling)
            ready = None
        if filling.filled > filling.history:
            yield self._chunk(filling, base, last=True)
        elif ready is not None:
            ready.last = True
            yield ready

    def _note(self, filling: _Buffer, before: int) -> None:
        taken = filling.filled - before
        if taken:
            if not self.kept:
                self.first_time = int(filling.timestamp[before])
            self.last_time = int(filling.timestamp[filling.filled - 1])
            self.kept += taken

    def _buffer(self, number: int, rows: int) -> _Buffer:
        place = number % RING
        if number < RING:
            self._ring.append(_Buffer.make(self.history + rows, self.volume, self.ask))
            self._ring[place].lead(None, self.history)
        elif any([is_kept(array) for array in self._ring[place].arrays()]):
            self._ring[place] = _Buffer.make(self.history + rows, self.volume, self.ask)
        return self._ring[place]

    @staticmethod
    def _followed(chunk: Chunk, following: _Buffer) -> Chunk:
        """The same chunk with the time of the bar after it."""
        chunk.next_time = int(following.timestamp[following.history])
        return chunk

    @staticmethod
    def _chunk(buffer: _Buffer, base: int, last: bool) -> Chunk:
        count = buffer.filled
        asks = (None, None, None, None) if buffer.ask is None else cut(buffer.ask, slice(count))
        return Chunk(
            base,
            buffer.history,
            count - buffer.history,
            last,
            buffer.timestamp[:count],
            buffer.open[:count],
            buffer.high[:count],
            buffer.low[:count],
            buffer.close[:count],
            None if buffer.volume is None else buffer.volume[:count],
            None,
            *asks,
        )
