"""Preparation of a sweep before its first batch: bars that can be read repeatedly, workers, and the plan."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from barloom.bars.bars import Bars
from barloom.bars.resampling import ResampledBars
from barloom.bars.times import FIRST_TIME, LAST_TIME
from barloom.engine.orchestrator import CHUNK_ROWS
from barloom.jobs.sweep.request import SweepRequest
from barloom.observe.clock import Clock
from barloom.observe.memory import MB, peak_rss
from barloom.sweeps.runner.batch import Sharing
from barloom.sweeps.runner.executors import ExecutorChoice
from barloom.sweeps.runner.local import Executor, Here
from barloom.sweeps.runner.plan import Cost, MemoryPlan, Plan, Sizes, batch_sets, expected, measure, most_sets, shares
from barloom.sweeps.runner.schedule import INDICATOR_BYTES
from barloom.sweeps.runner.shared import Readable, readable

COUNTED_ROWS = 50_000_000
"""Most rows that are read to count those between two times for the plan."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything needed to run batches."""

    plan: Plan
    readable: Readable
    executor: Executor
    sizes: Sizes


class SweepPreparation:
    """Prepares a sweep; the stack closes whatever it opens and starts."""

    def __init__(self, request: SweepRequest, clock: Clock, stack: ExitStack) -> None:
        """Prepare the requested sweep."""
        self._request, self._clock, self._stack = request, clock, stack

    def prepare(self, folder: Path | None, finished: int) -> Prepared:
        """Make the bars readable, start the workers and plan the unfinished sets.

        Args:
            folder: of the sweep; None where nothing is written.
            finished: sets that need not run any more.

        Raises:
            InputError: the bars cannot be read, no scheduler answers, or ``--max-ram`` is too little.
        """
        request, options = self._request, self._request.options
        chosen = ExecutorChoice(options)
        with self._clock.phase("ingest"):
            shared = self._stack.enter_context(
                readable(
                    request.selected,
                    options.reading if request.reading_known else None,
                    processes=chosen.workers > 1,
                    elsewhere=not chosen.local,
                    folder=folder,
                )
            )
            rows = self._rows(shared.bars)
        chosen.connect(self._stack)
        threads = chosen.threads(request.base.threads)
        tried = request.tried()
        cost = measure(shared.bars, tried, fine=request.fine, threads=threads, chunk_rows=request.base.chunk_rows)
        sharing = shares(shared.bars, tried if request.search is not None else request.all_parameters())
        left = request.trials - finished
        sizes = self._sizes(chosen.workers, threads, cost, rows, left)
        memory = self._memory(shared.bars, sharing, sizes.chunk_rows)
        if options.max_ram is not None:
            sizes = memory.within(options.max_ram, sizes, request.trials, request.bars.label)
        executor = chosen.elsewhere(sizes.workers, sizes.threads) or Here(shared.bars, request.fine, clock=self._clock)
        self._stack.callback(executor.close)
        batches = -(-left // sizes.sets)
        plan = Plan(
            sets=request.trials,
            finished=finished,
            signal_sets=sharing.signals if sharing else None,
            indicators=sharing.indicators if sharing else None,
            bars=rows,
            batches=batches,
            batch_sets=sizes.sets,
            chunk_rows=sizes.chunk_rows,
            workers=sizes.workers,
            threads=sizes.threads,
            memory_mb=round(memory.bytes(sizes, request.trials) / MB, 1),
            seconds=expected(cost, rows, left, batches, sizes.workers),
            executor=options.executor,
            data=request.bars.label,
            folder=folder,
        )
        return Prepared(plan, shared, executor, sizes)

    def _sizes(self, workers: int, threads: int, cost: Cost | None, rows: int | None, left: int) -> Sizes:
        """Sets per batch, so that each batch takes some seconds."""
        chunk_rows = self._request.base.chunk_rows or CHUNK_ROWS
        size = batch_sets(left, workers, rows, cost, most_sets(chunk_rows, rows)) if left else 1
        return Sizes(workers, threads, size, chunk_rows)

    def _memory(self, bars: Bars, sharing: Sharing | None, chunk_rows: int) -> MemoryPlan:
        indicators = min(sharing.indicators if sharing else 8, INDICATOR_BYTES // (8 * chunk_rows))
        return MemoryPlan(bars, self._request.fine, indicators, peak_rss() or 0)

    def _rows(self, bars: Bars) -> int | None:
        """Number of bars; None if it would take long to find out."""
        for known in (bars.report, self._request.selected.report):
            if known is not None:
                return known.selected_rows
        if isinstance(bars, ResampledBars):
            return None
        selection, total = bars.selection, bars.source.total_rows()
        first, stop = selection.rows(total)
        if (selection.start, selection.end) == (FIRST_TIME, LAST_TIME):
            return stop - first
        if total > COUNTED_ROWS:
            return None
        with contextlib.closing(bars.chunks(CHUNK_ROWS)) as chunks:
            return sum(chunk.rows for chunk in chunks)
