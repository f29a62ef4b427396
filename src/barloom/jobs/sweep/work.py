"""Execution of one sweep: its batches, its best sets once more, and its records at the end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from barloom.engine.audit.draw import EACH, LEAST
from barloom.engine.orchestrator import CHUNK_ROWS, Progress
from barloom.engine.results import AuditCounts
from barloom.errors import FidelityError, InputError
from barloom.jobs.records import BenchmarkRecord
from barloom.jobs.sweep.done_sets import DoneSets
from barloom.jobs.sweep.folder import SweepFolder
from barloom.jobs.sweep.preparation import Prepared, SweepPreparation
from barloom.jobs.sweep.records import Ended, SweepRecord, records_of
from barloom.jobs.sweep.request import SweepRequest, Values
from barloom.observe import interrupts
from barloom.observe.clock import Clock
from barloom.observe.memory import MemoryWatch
from barloom.observe.profile_files import files_requested, profiler_of
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.runner.local import Here, raised
from barloom.sweeps.runner.plan import Plan
from barloom.sweeps.runner.progress import SweepProgress
from barloom.sweeps.runner.tasks import SET_ID, Task, TaskFailed, TaskResult, perform
from barloom.sweeps.runner.usage import Usage

OTHER_CHUNK_ROWS = 10_007
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """Result of a sweep.

    Attributes:
        plan: the plan shown before it began.
        table: one row per set, in the order of ``set_id``.
        trades: trades of the sets that keep theirs, ``set_id`` first; None if none do.
        record: content of ``sweep.json``. benchmark: None if the sweep was finished before.
        folder: None if nothing is written.
        already: whether the sweep was finished before, and nothing ran.
    """

    plan: Plan
    table: SweepTable
    trades: pa.Table | None
    record: SweepRecord
    benchmark: BenchmarkRecord | None
    folder: Path | None
    already: bool


class SweepJob:
    """One sweep from its request to its outcome.

    Attributes:
        request: what was asked.
        command: the words of the command line, for the record.
        usage: what was used until now.
    """

    def __init__(
        self,
        request: SweepRequest,
        command: Sequence[str] = (),
        on_plan: Callable[[Plan], None] | None = None,
        on_progress: Callable[[SweepProgress], None] | None = None,
    ) -> None:
        """Get ready; for the arguments see ``sweep_job``."""
        self.request, self.command = request, command
        self._on_plan, self._on_progress = on_plan, on_progress
        self._profiler = profiler_of(request.options)
        self.usage = Usage(Clock() if self._profiler is None else self._profiler.clock)
        self._began = time.perf_counter()

    def plan(self, folder: SweepFolder | None) -> Plan:
        """Plan of ``run``; runs a few sets over the first bars, and leaves no file."""
        finished = DoneSets(self.request.bars.label, folder).kept
        with ExitStack() as stack:
            return self._prepare(stack, folder, finished).plan

    def run(self, folder: SweepFolder | None) -> SweepOutcome:
        """Run the unfinished sets and finish the sweep.

        Raises:
            InputError: bad data, every set was refused, or no room for the files.
            FidelityError: a strategy looks ahead, or a set run again gave other trades.
            BarloomError: every set failed, the first of them in code.
        """
        request, usage = self.request, self.usage
        done = DoneSets(request.bars.label, folder)
        with ExitStack() as stack:
            with self._profiler or contextlib.nullcontext():
                prepared = self._prepare(stack, folder, done.kept)
                self._run_rounds(prepared, done)
                with usage.clock.phase("write"):
                    table = done.table(request.names, request.sets, range(len(request.sets)))
                done.refuse_nothing(table)
                best, trades, audit = self._best(prepared, done, table)
            log.info("seconds: %s", ", ".join(f"{name} {took:.3f}" for name, took in usage.phases().items()))
            profiler = None if folder is None else self._profiler
            ended = Ended(
                usage=usage,
                resumed=done.resumed,
                report=request.selected.report or done.report,
                best=best,
                audit=audit,
                profile=None
                if folder is None or profiler is None
                else usage.profiled(profiler, request.options, folder.job_id),
            )
            return self._leave(prepared.plan, table, trades, ended, folder)

    def _prepare(self, stack: ExitStack, folder: SweepFolder | None, finished: int) -> Prepared:
        preparation = SweepPreparation(self.request, self.usage.clock, stack)
        return preparation.prepare(None if folder is None else folder.path, finished)

    # ------------------------------------------------------------ the batches

    def _run_rounds(self, prepared: Prepared, done: DoneSets) -> None:
        """Run the sets that are not finished."""
        options, usage, plan = self.request.options, self.usage, prepared.plan
        if options.executor == "local":
            usage.workers, usage.threads = plan.workers, plan.threads
        if done.resumed:
            log.info("%d of %d sets are finished already", done.resumed, self.request.trials)
        if self._on_plan is not None:
            self._on_plan(plan)
        watch = MemoryWatch(options.memory_threshold_mb)
        usage.before, self._began = usage.seconds, time.perf_counter()
        self._tell(done)
        if isinstance(prepared.executor, Here):
            prepared.executor.on_progress = self._within(done, prepared.sizes.sets)
        for first, values in self._rounds(done):
            for result in self._round(prepared, done, range(first, first + len(values))):
                usage.take(result)
                watch.look()
        usage.working = time.perf_counter() - self._began

    def _rounds(self, done: DoneSets) -> Iterator[tuple[int, Sequence[Values]]]:
        """The sets that can run now, with the number of the first: the whole grid, or the next sets of the search."""
        request = self.request
        if request.search is None:
            yield 0, request.sets
            return
        while values := list(request.search.ask()):
            first = len(request.sets)
            request.sets += values
            request.trials = max(request.trials, len(request.sets))
            yield first, values
            request.search.tell(values, done.table(request.names, request.sets, range(first, len(request.sets))))

    def _round(self, prepared: Prepared, done: DoneSets, ids: range) -> Iterator[TaskResult]:
        """Run the unfinished sets of a round."""
        there = done.numbers
        left = [number for number in ids if number not in there]
        for found in prepared.executor.run(self._tasks(prepared, left)):
            if isinstance(found, TaskFailed):
                if found.kind in ("input", "fidelity"):
                    raise raised(found)
                done.add_failed(found)
            else:
                with self.usage.clock.phase("write"):
                    done.add(found)
                yield found
            self._tell(done)

    def _tasks(self, prepared: Prepared, left: Sequence[int]) -> Iterator[Task]:
        """The sets in batches of consecutive numbers."""
        size = prepared.sizes.sets
        if self.request.search is not None:
            size = max(1, min(size, -(-len(left) // prepared.sizes.workers)))
        start = 0
        while start < len(left):
            stop = start + 1
            while stop < len(left) and stop - start < size and left[stop] == left[stop - 1] + 1:
                stop += 1
            yield self._task(prepared, left[start:stop], keep_trades=self.request.options.kept_sets is None)
            start = stop

    def _task(self, prepared: Prepared, ids: Sequence[int], *, keep_trades: bool, here: bool = False) -> Task:
        inside = here or isinstance(prepared.executor, Here)
        return Task(
            bars=None if inside else prepared.readable.shared,
            base=self.request.base,
            names=self.request.names,
            set_ids=tuple(ids),
            values=tuple(self.request.sets[number] for number in ids),
            threads=prepared.sizes.threads if not here else None,
            # Left to the batch, which knows what its sets share, unless something speaks for less.
            chunk_rows=None if prepared.sizes.chunk_rows == CHUNK_ROWS else prepared.sizes.chunk_rows,
            keep_trades=keep_trades,
            profile=self._profiler is not None and not inside,
        )

    def _tell(self, done: DoneSets, within: int = 0) -> None:
        """Report the number of finished sets; ``within`` of them are in the current batch."""
        interrupts.check()
        if self._on_progress is not None:
            sets = done.kept + len(done.failed)
            total = max(self.request.trials, sets)
            seconds = time.perf_counter() - self._began
            new = sets - done.resumed + within
            self._on_progress(SweepProgress(min(sets + within, total), total, done.refused, seconds, new))

    def _within(self, done: DoneSets, size: int) -> Callable[[Progress], None]:
        """Progress within a batch: the share of the bars done, times its sets."""

        def tell(progress: Progress) -> None:
            share = progress.bars / progress.total_bars if progress.total_bars else 0.0
            self._tell(done, int(min(share, 1.0) * (size - 1)))

        return tell

    # ------------------------------------------------------------ the best sets

    def _best(
        self, prepared: Prepared, done: DoneSets, table: SweepTable
    ) -> tuple[list[int], Iterator[pa.Table], AuditCounts | None]:
        """The best sets, the trades of those that keep theirs, and the result of their audit.

        The best sets run once more, in other chunks: their trades are collected then, and in total as many of their decisions are checked
        as in a run.

        Raises:
            FidelityError: a strategy looks ahead, or back further than its lookback says; or the trades of a built-in one differ.
        """
        options = self.request.options
        best = table.best(options.metric, options.min_trades, options.kept_sets or 10)
        if not best:
            return best, done.trades() if options.kept_sets is None else iter(()), None
        again = best[: options.kept_sets or 1]
        task = self._task(prepared, sorted(again), keep_trades=bool(options.kept_sets), here=True)
        task = task.model_copy(update={"chunk_rows": OTHER_CHUNK_ROWS, "audited": max(LEAST, EACH // len(again))})
        found = perform(task, prepared.readable.bars, self.request.fine, clock=self.usage.clock)
        before = dict(zip(table.table[SET_ID].to_pylist(), table.table["checksum"].to_pylist(), strict=True))
        after = zip(found.table[SET_ID].to_pylist(), found.table["checksum"].to_pylist(), strict=True)
        for number, checksum in after:
            if before[number] != checksum:
                self._other_trades(number)
        for said in found.audit.warnings(self.request.base.strategy) if found.audit is not None else ():
            log.warning("%s", said)
        if options.kept_sets is None:
            return best, done.trades(), found.audit
        return best, iter(() if found.trades is None else (found.trades,)), found.audit

    def _other_trades(self, number: int) -> None:
        """Warn that a set gave other trades in other chunks, although it passed the audit.

        Raises:
            FidelityError: its strategy is built in, and depends on no chunk.
        """
        origin = self.request.origin
        said = f"set {number} gives other trades when the bars come in chunks of {OTHER_CHUNK_ROWS}"
        if origin is not None and origin.kind == "built-in":
            raise FidelityError(f"{said}: please report this")
        log.warning(
            "%s: some signals of strategy %s depend on the bar that their window begins with (its lookback is short, or a sum over "
            "the window rounds); none was found to look ahead",
            said,
            self.request.base.strategy,
        )

    # ------------------------------------------------------------ the end

    def _leave(
        self, plan: Plan, table: SweepTable, trades: Iterator[pa.Table], ended: Ended, folder: SweepFolder | None
    ) -> SweepOutcome:
        """Write the records and the files, if there is a folder."""
        record, benchmark = records_of(self, plan, table, ended, folder)
        if folder is None:
            parts = list(trades)
            kept = pa.concat_tables(parts) if parts else None
            return SweepOutcome(plan, table, kept, record, benchmark, None, already=False)
        files = [] if ended.profile is None else ended.profile.files
        folder.finish(table.table, trades, record.to_json(), benchmark, files)
        return SweepOutcome(plan, table, folder.trades, record, benchmark, folder.path, already=False)

    def finished(self, folder: SweepFolder) -> SweepOutcome | None:
        """Result of a finished sweep, read from its folder; None if it is not finished, or kept the trades of other sets.

        Raises:
            InputError: its files are damaged.
        """
        if not folder.whole:
            return None
        options = self.request.options
        file = folder.path / "sweep.json"
        try:
            record = SweepRecord.model_validate_json(file.read_bytes())
        except ValueError:
            raise InputError(
                f"{file} is no record of this version of barloom: move {folder.path} away to start over"
            ) from None
        asked = (options.keep_trades, options.metric, options.min_trades)
        if options.kept_sets and asked != (record.keep_trades, record.rank_by, record.min_trades):
            return None
        missing = [name for name in files_requested(options) if name not in record.files]
        if missing:
            raise InputError(
                f"the sweep in {folder.path} is finished, so that there is nothing left to measure for {missing[0]}: move that folder away, "
                "choose another --out, or leave --profile out"
            )
        table = SweepTable.read(folder.path / "sweep.parquet")
        plan = self._plan_of(record, len(table), folder.path)
        if self._on_plan is not None:
            self._on_plan(plan)
        return SweepOutcome(plan, table, folder.trades, record, None, folder.path, already=True)

    def _plan_of(self, record: SweepRecord, sets: int, folder: Path) -> Plan:
        """The plan of a sweep with no set left to run."""
        return Plan(
            sets=sets,
            finished=sets,
            signal_sets=None,
            indicators=None,
            bars=record.data.selected_rows,
            batches=0,
            batch_sets=0,
            chunk_rows=self.request.base.chunk_rows or CHUNK_ROWS,
            workers=record.workers,
            threads=record.threads,
            memory_mb=record.memory_peak_mb or 0.0,
            seconds=0.0,
            executor=record.executor,
            data=self.request.bars.label,
            folder=folder,
        )
