"""The plan of a sweep, shown before it starts: batches, memory, workers, and the expected time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from barloom.bars.bars import Bars
from barloom.bars.opening import from_arrays
from barloom.engine.memory_limit import LEAST_ROWS, PREPARED, RING, SCRATCH, UNMEASURED, WORKING, parse_size
from barloom.errors import BarloomError, InputError
from barloom.observe.memory import MB
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import Sharing, run_batch, sharing

MOST_SETS = 1000  # in a batch
FEWEST_SETS = 64  # that memory makes a batch of by itself
BATCHES = 4  # batches a worker, so that none waits long for the last
SHORT, LONG = 2.0, 10.0  # seconds a batch should take
HEAD_ROWS = 1 << 15  # bars that are tried
TRIED_SETS = 8  # at first, and eight times as many while that takes no time
TRIED_SECONDS = 0.2
MOST_TRIED = 128
SHARED_SETS = 20_000  # sets of which more are not compared
SET_BYTES = 35_000  # of one set: account, open trades, daily returns, row of the table
SET_ROW = 1  # bytes of a set for each bar of a chunk: what it asks for there, and the trades that go on
TABLE_ROW = 5_000  # bytes of a set in the table
CHUNK_BYTES = 160_000_000  # that these may take in all


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a batch on one worker, measured on the first bars: seconds per bar, and seconds per bar and set."""

    bar: float
    bar_set: float

    def batch(self, bars: int, sets: float) -> float:
        """Seconds of a batch."""
        return bars * (self.bar + self.bar_set * sets)


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a sweep that is about to start.

    Attributes:
        sets: parameter sets. finished: number of them that are in the folder already.
        signal_sets, indicators: distinct ones that the sets share; None if unknown.
        bars: None if they are not counted yet. batches, batch_sets: how the sets are divided.
        chunk_rows: bars in memory at a time. workers, threads: processes, and threads of each.
        memory_mb: estimate for all processes. seconds: estimate; None if it could not be measured.
        executor: ``local`` or ``dask``. data: label of the bars. folder: None if nothing is written.
    """

    sets: int
    finished: int
    signal_sets: int | None
    indicators: int | None
    bars: int | None
    batches: int
    batch_sets: int
    chunk_rows: int
    workers: int
    threads: int
    memory_mb: float
    seconds: float | None
    executor: str
    data: str
    folder: Path | None

    def model_dump(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self) | {"folder": None if self.folder is None else str(self.folder)}

    def rows(self) -> list[tuple[str, str]]:
        """The plan as names and values for printing."""
        done = f", {self.finished:,} of them there already" if self.finished else ""
        shared = [
            f"{number:,} {one if number == 1 else many}"
            for number, one, many in (
                (self.signal_sets, "signal set", "signal sets"),
                (self.indicators, "indicator", "indicators"),
            )
            if number is not None
        ]
        where = "of the scheduler" if self.executor == "dask" else "worker" if self.workers == 1 else "workers"
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        rows = [
            ("sets", f"{self.sets:,}{done}"),
            ("made once for all", ", ".join(shared)),
            ("data", self.data),
            ("bars", "" if self.bars is None else f"{self.bars:,}, {self.chunk_rows:,} at a time"),
            ("batches", f"{self.batches:,} of up to {self.batch_sets:,} sets" if self.batches else "none"),
            ("workers", f"{self.workers:,} {where}, {threads} each"),
            ("memory", f"about {self.memory_mb:,.0f} MB"),
            ("should take", "" if self.seconds is None else f"about {duration(self.seconds)}"),
            ("files", "" if self.folder is None else str(self.folder)),
        ]
        return [(name, value) for name, value in rows if value]


def duration(seconds: float) -> str:
    """Seconds for printing: ``3 s``, ``4 min``, ``2.5 h``."""
    if seconds < 100:
        return f"{math.ceil(seconds):,} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def measure(
    bars: Bars, sets: Sequence[RunParameters], *, fine: Bars | None, threads: int, chunk_rows: int | None
) -> Cost | None:
    """Measure the cost of a batch with a few of the sets over the first bars; None if those cannot be run."""
    if not sets:
        return None
    try:
        with closing(bars.chunks(HEAD_ROWS, volume="any" if bars.has_volume else False, threads=1)) as chunks:
            chunk = next(chunks)
            asks = (chunk.ask_open, chunk.ask_high, chunk.ask_low, chunk.ask_close) if chunk.has_ask else None
            head = from_arrays(
                chunk.timestamp.copy(),
                chunk.open.copy(),
                chunk.high.copy(),
                chunk.low.copy(),
                chunk.close.copy(),
                volume=None if chunk.volume is None else chunk.volume.copy(),
                ask=None if asks is None else [column.copy() for column in asks if column is not None],
            )
            head.source.judged = True  # a few of the bars
            rows = chunk.rows

        def seconds(count: int) -> float:
            # Neighbours, as in a batch: they share more than sets from far apart.
            first = (len(sets) - count) // 2
            started = time.perf_counter()
            run_batch(head, sets[first : first + count], fine=fine, threads=threads, chunk_rows=chunk_rows)
            return time.perf_counter() - started

        seconds(1)  # what is loaded and compiled first counts for nothing
        one, count = seconds(1), min(TRIED_SETS, len(sets))
        many = seconds(count)
        while many < TRIED_SECONDS and count < min(len(sets), MOST_TRIED):
            count = min(TRIED_SETS * count, len(sets), MOST_TRIED)
            many = seconds(count)
    except (BarloomError, StopIteration):
        return None
    each = max((many - one) / (count - 1), one / 1000) if count > 1 else one
    return Cost(bar=max(one - each, 0.0) / rows, bar_set=each / rows)


def batch_sets(left: int, workers: int, bars: int | None, cost: Cost | None, most: int | None = None) -> int:
    """Sets per batch: enough for some seconds of work, few enough that each worker gets several batches; at most ``most``."""
    most = min(MOST_SETS, most or MOST_SETS)
    share = math.ceil(left / workers)
    if cost is None or bars is None:
        return max(1, min(most, math.ceil(share / BATCHES)))
    wanted = min(max(cost.batch(bars, share) / BATCHES, SHORT), LONG)
    fitting = int((wanted / bars - cost.bar) / cost.bar_set) if cost.bar_set > 0 else MOST_SETS
    # A pass over the bars that costs more than its sets is worth many sets.
    fitting = max(fitting, int(cost.bar / cost.bar_set) if cost.bar_set > 0 else 1, 1)
    return max(1, min(most, share, fitting))


def expected(cost: Cost | None, bars: int | None, sets: int, batches: int, workers: int) -> float | None:
    """Expected seconds of all batches; None if it could not be measured."""
    if cost is None or bars is None:
        return None
    return round(batches * cost.batch(bars, sets / max(batches, 1)) / min(workers, max(batches, 1)), 3)


def shares(bars: Bars, sets: Sequence[RunParameters]) -> Sharing | None:
    """Work that the sets share; None if there are no sets to tell it from."""
    return sharing(bars, sets) if sets else None


def most_sets(chunk_rows: int, bars: int | None) -> int:
    """Most sets of a batch, so that their memory per chunk is bounded. Smaller batches cost less time than smaller chunks."""
    rows = chunk_rows if bars is None else min(chunk_rows, bars)
    return min(MOST_SETS, max(FEWEST_SETS, CHUNK_BYTES // (SET_ROW * max(1, rows))))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes that determine the memory."""

    workers: int
    threads: int
    sets: int
    chunk_rows: int


class MemoryPlan:
    """Memory estimate of a sweep, rounded up: the arrays of a run, and a state for each set of a batch."""

    def __init__(self, bars: Bars, fine: Bars | None, indicators: int, held: int) -> None:
        """Plan for these bars.

        Args:
            bars: the selection.
            fine: finer bars, if any.
            indicators: distinct ones of a batch.
            held: bytes that this process takes already.
        """
        columns = 5 + bars.has_volume + 4 * bars.has_ask
        self._row = 8 * (RING * columns + PREPARED * (indicators + 1)) + SCRATCH
        self._sources = [bars.source] if fine is None else [bars.source, fine.source]
        self._held = held

    def bytes(self, sizes: Sizes, total_sets: int) -> int:
        """Memory of all processes together, the table of all sets included."""
        reading = sum(source.held(sizes.threads) for source in self._sources)
        batch = WORKING + reading + self._row * sizes.chunk_rows
        batch += (SET_BYTES + SET_ROW * sizes.chunk_rows) * sizes.sets
        own = self._held + TABLE_ROW * total_sets
        return own + (batch if sizes.workers == 1 else sizes.workers * (UNMEASURED + batch))

    def within(self, limit: str, sizes: Sizes, total_sets: int, label: str) -> Sizes:
        """Reduce the batches, then the chunks, then the number of workers, until the memory fits.

        Raises:
            InputError: nothing does, with what would.
        """
        most = parse_size(limit)
        cores = sizes.workers * sizes.threads
        for workers in range(sizes.workers, 0, -1):
            threads = max(1, cores // workers)
            rows = sizes.chunk_rows
            while True:
                sets = sizes.sets
                while True:
                    tried = Sizes(workers, threads, sets, rows)
                    needed = self.bytes(tried, total_sets)
                    if needed <= most:
                        return tried
                    if sets <= 16:
                        break
                    sets //= 2
                if rows // 2 < LEAST_ROWS:
                    break
                rows //= 2
        raise InputError(
            f"--max-ram {limit.strip()} is too little for {label}: the smallest batches and chunks on one worker take about "
            f"{-(-needed // MB)} MB; give --max-ram {-(-needed // MB)}MB"
        )
