"""Sweeps over several periods of the same bars, which are prepared for reading once; used by walk-forward."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from typing import Self

import pyarrow as pa

from barloom.bars.bars import Bars, BarsReport
from barloom.engine.orchestrator import CHUNK_ROWS, available_cores
from barloom.errors import InputError
from barloom.observe.profile_files import files_requested
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.grid.grid import parameters_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.executors import ExecutorChoice
from barloom.sweeps.runner.local import Here, raised
from barloom.sweeps.runner.plan import MOST_SETS, batch_sets, measure, most_sets
from barloom.sweeps.runner.progress import SweepProgress
from barloom.sweeps.runner.shared import Readable, readable, window
from barloom.sweeps.runner.tasks import Task, TaskFailed, Value, errors_table
from barloom.sweeps.runner.usage import Usage


class SweepSession:
    """Bars that are read once and workers that are started once, for any number of sweeps; a context manager.

    Attributes:
        bars: the bars; once the context is entered they can be drawn again and again without being parsed.
        fine: finer bars; None where there are none.
        workers, threads: processes, and threads of each.
        report: what the last pass over bars in a stretch found.
        usage: what the tasks of all sweeps took.
        broken: sets that failed in code in the last sweep, each with what is known of it.
    """

    def __init__(
        self,
        bars: Bars,
        base: RunParameters,
        options: SweepOptions,
        *,
        reading_known: bool = False,
        usage: Usage | None = None,
    ) -> None:
        """Take the slice that the options name; the bars are read on entry into the context.

        Args:
            bars: all the bars of a source.
            base: the options that all sets share.
            options: the slice, how the files are read, and the workers.
            reading_known: whether ``options`` tell how the files were opened, so that workers may open them the same way.
            usage: where what is used is added up; one of its own if none is given.

        Raises:
            InputError: options that contradict one another, or a selection that is none.
        """
        options.check()
        self.bars = self._selected = options.selected(bars)
        self.fine = options.open_fine(bool(bars.source.corrected))
        self.base = base.with_finer_bars(self.fine is not None)
        self.options = options
        self.workers = 1
        self.threads = available_cores()
        self.report: BarsReport | None = None
        self.broken: dict[int, str] = {}
        self.usage = usage or Usage()
        self._reading = options.reading if reading_known else None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        chosen = ExecutorChoice(self.options)
        try:
            with self.usage.clock.phase("ingest"):
                self._readable: Readable = self._stack.enter_context(
                    readable(self.bars, self._reading, processes=chosen.workers > 1, elsewhere=not chosen.local)
                )
            self.bars = self._readable.bars
            chosen.connect(self._stack)
            self.workers, self.threads = chosen.workers, chosen.threads(self.base.threads)
            self._executor = chosen.elsewhere(self.workers, self.threads)
            if self._executor is not None:
                self._stack.callback(self._executor.close)
            if chosen.local:
                self.usage.workers, self.usage.threads = self.workers, self.threads
            self.usage.before = self.usage.seconds
            return self
        except BaseException:
            self._stack.close()
            raise

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def whole(self) -> BarsReport:
        """Report of a pass over all the given bars; makes that pass if there was none yet.

        Raises:
            InputError: they cannot be read.
        """
        bars = self._selected
        if bars.report is None:
            volume = self.report is not None and "volume" in self.report.columns
            with self.usage.clock.phase("ingest"), closing(bars.chunks(CHUNK_ROWS, volume=volume)) as chunks:
                for _ in chunks:
                    pass
        assert bars.report is not None
        return bars.report

    def part(self, start: int | None = None, end: int | None = None) -> Bars:
        """The bars with ``start <= time < end`` (nanoseconds UTC), to be drawn in this process."""
        return window(self._readable.bars, start, end)

    def sweep(
        self,
        names: Sequence[str],
        sets: Sequence[Sequence[Value]],
        *,
        start: int | None = None,
        end: int | None = None,
        on_progress: Callable[[SweepProgress], None] | None = None,
    ) -> SweepTable:
        """Run sets over the bars with ``start <= time < end`` (nanoseconds UTC); one row per set.

        Raises:
            InputError: no bars there, or they cannot be read.
            FidelityError: a strategy looks ahead.
        """
        bars = window(self.bars, start, end)
        executor = self._executor or Here(bars, self.fine, clock=self.usage.clock)
        shared = self._readable.shared if self._executor is not None else None
        shared = None if shared is None else shared.window(start, end)
        self.broken = {}
        began, tables, done, failed = time.perf_counter(), [], 0, 0

        def tasks() -> Iterator[Task]:
            size = self._size(bars, names, sets)
            for first in range(0, len(sets), size):
                ids = range(first, min(first + size, len(sets)))
                yield Task(
                    bars=shared,
                    base=self.base,
                    names=tuple(names),
                    set_ids=tuple(ids),
                    values=tuple(tuple(sets[number]) for number in ids),
                    threads=self.threads,
                    chunk_rows=self.base.chunk_rows,
                    profile=self._executor is not None and bool(files_requested(self.options)),
                )

        if on_progress is not None:
            on_progress(SweepProgress(0, len(sets), 0, 0.0, 0))
        for found in executor.run(tasks()):
            if isinstance(found, TaskFailed):
                if found.kind in ("input", "fidelity"):
                    raise raised(found)
                tables.append(errors_table(dict.fromkeys(found.set_ids, found.message)))
                if found.kind != "died":
                    self.broken |= dict.fromkeys(found.set_ids, found.details)
            else:
                tables.append(found.table)
                self.broken |= found.broken
                self.report = found.report or self.report
                self.usage.take(found)
            done += len(found.set_ids)
            failed += len(found.set_ids) - tables[-1]["error"].null_count
            if on_progress is not None:
                on_progress(SweepProgress(done, len(sets), failed, time.perf_counter() - began, done))
        self.usage.working += time.perf_counter() - began
        with self.usage.clock.phase("write"):
            return SweepTable.made(names, sets, pa.concat_tables(tables))

    def _size(self, bars: Bars, names: Sequence[str], sets: Sequence[Sequence[Value]]) -> int:
        """Sets per batch, measured on the first bars if several workers share them."""
        rows = bars.bars_at_hand()
        most = most_sets(self.base.chunk_rows or CHUNK_ROWS, rows)
        if self.workers == 1:
            return max(1, min(len(sets), most))
        tried = []
        for values in sets[:MOST_SETS]:
            with suppress(InputError):
                tried.append(parameters_of(self.base, names, values))
        cost = measure(bars, tried, fine=self.fine, threads=self.threads, chunk_rows=self.base.chunk_rows)
        return batch_sets(len(sets), self.workers, rows, cost, most)
