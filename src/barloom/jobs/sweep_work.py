"""One sweep at work: its plan, the batches on whoever runs them, and the table in the end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from barloom.bars.bars import Bars, BarsReport
from barloom.bars.resampling import ResampledBars
from barloom.bars.times import FIRST_TIME, LAST_TIME
from barloom.engine.audit.draw import EACH, LEAST
from barloom.engine.orchestrator import CHUNK_ROWS, Progress, available_cores
from barloom.engine.results import AuditCounts
from barloom.errors import FidelityError, InputError
from barloom.jobs.records import NOT_IN_A_FILE, BenchmarkRecord
from barloom.jobs.sweep_folder import FileStamp, SweepFolder, SweepPlan, sets_digest
from barloom.jobs.sweep_records import Ended, SweepRecord, records_of
from barloom.observe import interrupts
from barloom.observe.clock import Clock
from barloom.observe.memory import MB, MemoryWatch, peak_rss
from barloom.observe.profile_files import files_asked, profiler_of
from barloom.rules.parameters import RunParameters
from barloom.strategies.base import StrategyOrigin
from barloom.strategies.registry import load_strategy
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.grid.grid import Grid, parameters_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.local import Executor, Here, Workers, capped, raised
from barloom.sweeps.runner.plan import (
    MOST_SETS,
    SHARED_SETS,
    MemoryPlan,
    Plan,
    Sizes,
    batch_sets,
    expected,
    measure,
    most_sets,
    shares,
)
from barloom.sweeps.runner.progress import SweepProgress
from barloom.sweeps.runner.schedule import INDICATOR_BYTES
from barloom.sweeps.runner.shared import Readable, readable
from barloom.sweeps.runner.tasks import SET_ID, Task, TaskFailed, TaskResult, Value, errors_table, nothing_ran, perform
from barloom.sweeps.runner.usage import Usage

OTHER_CHUNK_ROWS = 10_007
COUNTED_ROWS = 50_000_000
"""Rows of which those between two times are counted for the plan."""
log = logging.getLogger(__name__)
Values = tuple[Value, ...]


class Search(Protocol):
    """What chooses sets from what earlier ones came to; the same answers give the same sets."""

    trials: int

    def ask(self) -> Sequence[Values]:
        """The next sets, none when the search is over. They are new: no set is asked for twice."""

    def tell(self, values: Sequence[Values], table: SweepTable) -> None:
        """What the sets that were asked for came to, a row each in their order."""

    def settings(self) -> dict[str, Any]:
        """What makes the search the one it is, as plain values."""


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What a sweep left.

    Attributes:
        plan: as it was told before it began.
        table: a row a set, in the order of ``set_id``.
        trades: of the sets that keep theirs, ``set_id`` first; None where none do.
        record: what ``sweep.json`` holds. benchmark, benchmark_path: None where the sweep was finished before or nothing is written.
        folder: None where nothing is written.
        already: whether the sweep was finished before, and nothing ran.
    """

    plan: Plan
    table: SweepTable
    trades: pa.Table | None
    record: SweepRecord
    benchmark: BenchmarkRecord | None
    benchmark_path: Path | None
    folder: Path | None
    already: bool


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that is needed to run batches."""

    plan: Plan
    readable: Readable
    executor: Executor
    sizes: Sizes


@dataclass
class SweepJob:
    """One sweep from its options to its outcome."""

    bars: Bars
    base: RunParameters
    grid: Grid
    options: SweepOptions
    search: Search | None
    reading_known: bool
    command: Sequence[str] = ()
    on_plan: Callable[[Plan], None] | None = None
    on_progress: Callable[[SweepProgress], None] | None = None
    kept: int = 0
    """Sets that are finished, and in the folder if there is one."""
    results: dict[int, TaskResult] = field(default_factory=dict)
    """By first set."""
    failed: dict[int, str] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    """Sets that failed in code, or whose worker did, each with what is known of it."""

    def __post_init__(self) -> None:
        options = self.options
        options.check()
        self.profiler = profiler_of(options)
        self.usage = Usage(Clock() if self.profiler is None else self.profiler.clock)
        self.selected = options.selected(self.bars)
        self.fine = options.open_fine(bool(self.bars.source.corrected))
        self.base = self.base.with_finer_bars(self.fine is not None)
        self.names = self.grid.names
        self.sets: list[Values] = [] if self.search is not None else list(self.grid.sets(options.max_sets))
        self.total = self.search.trials if self.search is not None else len(self.sets)
        self.origin = self._origin()

    def _origin(self) -> StrategyOrigin | None:
        """Where the strategy comes from; its parameters may be complete only with those of a set."""
        tried = [self.base.params]
        if self.sets:
            with contextlib.suppress(InputError):
                tried.append(parameters_of(self.base, self.names, self.sets[0]).params)
        for params in tried:
            with contextlib.suppress(InputError):
                return load_strategy(self.base.strategy, params).origin
        return None

    # ------------------------------------------------------------ what the sweep is

    def identity(self) -> SweepPlan:
        """What tells this sweep from others.

        Raises:
            InputError: a file of it cannot be read.
        """
        options, source = self.options, self.bars.source
        reading = options.reading.kept()
        in_file = self.bars.label not in NOT_IN_A_FILE
        paths = (source.paths or (Path(self.bars.label),)) if in_file else ()
        beside = (path for path in (reading.ask, reading.fine) if path is not None)
        if self.search is not None:
            search = self.search.settings() | {"rank_by": options.metric, "min_trades": options.min_trades}
            chosen: Any = [self.grid.model_dump(mode="json"), search]
        else:
            chosen = self.sets
        return SweepPlan(
            base=self.base.model_copy(update={"threads": None, "chunk_rows": None}),
            names=self.names,
            sets=sets_digest(chosen),
            data=self.bars.label if not in_file else str(Path(self.bars.label).absolute()),
            reading=reading,
            fraction=options.data_frac,
            portion=options.portion,
            start=options.start,
            end=options.end,
            bars=None if in_file and self.reading_known else self._content_hash(),
            files=tuple(FileStamp.of(path) for path in (*paths, *beside)),
            strategy=None if self.origin is None else self.origin.sha256,
            all_trades=options.kept_sets is None,
        )

    def _content_hash(self) -> str:
        """The hash of the bars, by a pass over them where nothing has it already."""
        bars = self.selected
        if bars.report is None:
            facts = bars.source.facts
            if facts is not None and bars.selection.whole and not isinstance(bars, ResampledBars):
                return facts.content_hash
            with contextlib.closing(bars.chunks(CHUNK_ROWS)) as chunks:
                for _ in chunks:
                    pass
        assert bars.report is not None
        return bars.report.content_hash

    # ------------------------------------------------------------ before it begins

    def prepare(self, stack: ExitStack, folder: SweepFolder | None, done: dict[int, TaskResult]) -> _Prepared:
        """Bars that can be drawn again and again, workers for them, and the plan; ``stack`` ends both."""
        options = self.options
        dask = options.executor == "dask"
        workers = 1 if dask else capped(options.max_workers)
        finished = sum(len(result.set_ids) for result in done.values())
        with self.usage.clock.phase("ingest"):
            shared = stack.enter_context(
                readable(
                    self.selected,
                    options.reading if self.reading_known else None,
                    processes=workers > 1,
                    elsewhere=dask,
                    folder=None if folder is None else folder.path,
                )
            )
            rows = self._rows(shared.bars)
        cluster: Executor | None = None
        if dask:
            from barloom.sweeps.runner.dask import Cluster

            cluster = Cluster(options.scheduler or "")
            stack.callback(cluster.close)
            workers = cluster.workers
        cores = available_cores()
        threads = min(self.base.threads or cores, cores) if workers == 1 and not dask else 1
        if not dask and workers > 1:
            threads = max(1, min(self.base.threads or cores, cores // workers))
        tried = self._tried()
        cost = measure(shared.bars, tried, fine=self.fine, threads=threads, chunk_rows=self.base.chunk_rows)
        left = self.total - finished
        shared_work = shares(shared.bars, tried if self.search is not None else self._all_parameters())
        chunk_rows = self.base.chunk_rows or CHUNK_ROWS
        indicators = min(shared_work.indicators if shared_work else 8, INDICATOR_BYTES // (8 * chunk_rows))
        size = batch_sets(left, workers, rows, cost, most_sets(chunk_rows, rows)) if left else 1
        sizes = Sizes(workers, threads, size, chunk_rows)
        memory = MemoryPlan(shared.bars, self.fine, indicators, peak_rss() or 0)
        if options.max_ram is not None:
            sizes = memory.within(options.max_ram, sizes, self.total, self.bars.label)
        batches = -(-left // sizes.sets)
        executor: Executor
        if cluster is not None:
            executor = cluster
        elif sizes.workers > 1:
            executor = Workers(sizes.workers, sizes.threads)
        else:
            executor = Here(shared.bars, self.fine, clock=self.usage.clock)
        stack.callback(executor.close)
        plan = Plan(
            sets=self.total,
            finished=finished,
            signal_sets=shared_work.signals if shared_work else None,
            indicators=shared_work.indicators if shared_work else None,
            bars=rows,
            batches=batches,
            batch_sets=sizes.sets,
            chunk_rows=sizes.chunk_rows,
            workers=sizes.workers,
            threads=sizes.threads,
            memory_mb=round(memory.bytes(sizes, self.total) / MB, 1),
            seconds=expected(cost, rows, left, batches, sizes.workers),
            executor=options.executor,
            data=self.bars.label,
            folder=None if folder is None else folder.path,
        )
        return _Prepared(plan, shared, executor, sizes)

    def _rows(self, bars: Bars) -> int | None:
        """How many bars there are; None where it would take long to find out."""
        for known in (bars.report, self.selected.report):
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

    def _tried(self) -> list[RunParameters]:
        """Some sets to measure, neighbours of one another."""
        if self.search is None:
            first = max(0, (len(self.sets) - MOST_SETS) // 2)
            return list(self._parameters(self.sets[first : first + MOST_SETS]))
        places = {place * (self.grid.count() - 1) // 7 for place in range(8)}
        return list(self._parameters([self.grid.at(place) for place in sorted(places)]))

    def _all_parameters(self) -> list[RunParameters]:
        return list(self._parameters(self.sets)) if len(self.sets) <= SHARED_SETS else []

    def _parameters(self, sets: Sequence[Values]) -> Iterator[RunParameters]:
        for values in sets:
            with contextlib.suppress(InputError):
                yield parameters_of(self.base, self.names, values)

    # ------------------------------------------------------------ the work

    def run(self, stack: ExitStack, folder: SweepFolder | None) -> SweepOutcome:
        """The sweep from what is finished to its end."""
        done = {} if folder is None else {result.set_ids[0]: result for result in folder.finished()}
        self.results |= done
        resumed = self.kept = sum(len(result.set_ids) for result in done.values())
        usage = self.usage
        with self.profiler or contextlib.nullcontext():
            prepared = self.prepare(stack, folder, done)
            if self.options.executor == "local":
                usage.workers, usage.threads = prepared.plan.workers, prepared.plan.threads
            if resumed:
                log.info("%d of %d sets are finished already", resumed, self.total)
            if self.on_plan is not None:
                self.on_plan(prepared.plan)
            watch = MemoryWatch(self.options.memory_threshold_mb)
            usage.before, began = usage.seconds, time.perf_counter()
            self._tell(began, resumed, 0)
            for first, values in self._rounds(folder):
                for result in self._round(prepared, folder, first, values, began, resumed):
                    usage.take(result)
                    watch.look()
            usage.working = time.perf_counter() - began
            with usage.clock.phase("write"):
                table = self._table(range(len(self.sets)))
            self._refuse_nothing(table, folder)
            best, trades, audit = self._trades(prepared, folder, table)
        log.info("seconds: %s", ", ".join(f"{name} {took:.3f}" for name, took in usage.phases().items()))
        ended = Ended(
            usage=usage,
            resumed=resumed,
            report=self._report(),
            best=best,
            audit=audit,
            profile=None
            if folder is None or self.profiler is None
            else usage.profiled(self.profiler, self.options, folder.job_id),
        )
        record, benchmark = records_of(self, prepared.plan, table, ended, folder)
        path = None if folder is None else folder.benchmark_path(self.options.benchmark_out)
        kept: pa.Table | None
        if folder is None or path is None:
            parts = list(trades)
            kept = pa.concat_tables(parts) if parts else None
        else:
            files = [] if ended.profile is None else ended.profile.files
            folder.finish(table.table, trades, record.to_json(), benchmark, path, files)
            kept = folder.trades
        return SweepOutcome(
            prepared.plan, table, kept, record, benchmark, path, None if folder is None else folder.path, already=False
        )

    def _rounds(self, folder: SweepFolder | None) -> Iterator[tuple[int, Sequence[Values]]]:
        """The sets that can run now, with the number of the first: all of the grid, or what the search asks for next."""
        if self.search is None:
            yield 0, self.sets
            return
        while values := list(self.search.ask()):
            first = len(self.sets)
            self.sets += values
            self.total = max(self.total, len(self.sets))
            yield first, values
            self.search.tell(values, self._table(range(first, len(self.sets))))

    def _round(
        self,
        prepared: _Prepared,
        folder: SweepFolder | None,
        first: int,
        values: Sequence[Values],
        began: float,
        resumed: int,
    ) -> Iterator[TaskResult]:
        """Run the sets of a round that are not finished yet."""
        there = {number for result in self.results.values() for number in result.set_ids}
        left = [number for number in range(first, first + len(values)) if number not in there]
        executor = prepared.executor
        if isinstance(executor, Here):
            executor.on_progress = self._within(began, resumed, prepared.sizes.sets)
        for found in executor.run(self._tasks(prepared, left)):
            if isinstance(found, TaskFailed):
                if found.kind in ("input", "fidelity"):
                    raise raised(found)
                told = {"details": found.details}
                log.error("sets %d to %d: %s", found.set_ids[0], found.set_ids[-1], found.message, extra=told)
                self.failed |= dict.fromkeys(found.set_ids, found.message)
                if found.kind != "died":  # that is the strategy's doing, or the machine's, and told by its name
                    self.broken |= dict.fromkeys(found.set_ids, found.details)
            else:
                self._same_bars(found, folder)
                if folder is not None:
                    with self.usage.clock.phase("write"):
                        folder.save(found)
                self.results[found.set_ids[0]] = found
                self.kept += len(found.set_ids)
                yield found
            self._tell(began, resumed, 0)

    def _tasks(self, prepared: _Prepared, left: Sequence[int]) -> Iterator[Task]:
        """The sets in batches of consecutive numbers."""
        size = prepared.sizes.sets
        if self.search is not None:
            size = max(1, min(size, -(-len(left) // prepared.sizes.workers)))
        start = 0
        while start < len(left):
            stop = start + 1
            while stop < len(left) and stop - start < size and left[stop] == left[stop - 1] + 1:
                stop += 1
            yield self._task(prepared, left[start:stop], keep_trades=self.options.kept_sets is None)
            start = stop

    def _task(self, prepared: _Prepared, ids: Sequence[int], *, keep_trades: bool, here: bool = False) -> Task:
        inside = here or isinstance(prepared.executor, Here)
        return Task(
            bars=None if inside else prepared.readable.shared,
            base=self.base,
            names=self.names,
            set_ids=tuple(ids),
            values=tuple(self.sets[number] for number in ids),
            threads=prepared.sizes.threads if not here else None,
            # Left to the batch, which knows what its sets share, unless something speaks for less.
            chunk_rows=None if prepared.sizes.chunk_rows == CHUNK_ROWS else prepared.sizes.chunk_rows,
            keep_trades=keep_trades,
            profile=self.profiler is not None and not inside,
        )

    def _same_bars(self, found: TaskResult, folder: SweepFolder | None) -> None:
        """Refuse bars that are not those of the other batches."""
        if found.report is None:
            return
        for other in self.results.values():
            if other.report is not None:
                if other.report.content_hash != found.report.content_hash:
                    if folder is not None:
                        raise folder.other_bars()
                    raise InputError(
                        f"{self.bars.label} was changed while it was in use: run again when nothing writes to it"
                    )
                return

    def _tell(self, began: float, resumed: int, within: int) -> None:
        interrupts.check()
        if self.on_progress is not None:
            done = self.kept + len(self.failed)
            total = max(self.total, done)
            new = done - resumed + within
            self.on_progress(
                SweepProgress(min(done + within, total), total, self._refused(), time.perf_counter() - began, new)
            )

    def _refused(self) -> int:
        refused: int = sum(len(result.set_ids) - result.table["error"].null_count for result in self.results.values())
        return len(self.failed) + refused

    def _within(self, began: float, resumed: int, size: int) -> Callable[[Progress], None]:
        """Progress within a batch: as many of its sets as bars have passed."""

        def tell(progress: Progress) -> None:
            share = progress.bars / progress.total_bars if progress.total_bars else 0.0
            self._tell(began, resumed, int(min(share, 1.0) * (size - 1)))

        return tell

    # ------------------------------------------------------------ the end

    def _table(self, ids: range) -> SweepTable:
        """The table of these sets, those that failed among them."""
        # A task holds sets of one round only. What is left of an earlier start may be of rounds that are still to come.
        parts = [result.table for result in self.results.values() if result.set_ids[0] in ids]
        failed = {number: said for number, said in self.failed.items() if number in ids}
        whole = pa.concat_tables([*parts, errors_table(failed)])
        return SweepTable.made(self.names, self.sets, whole)

    def _refuse_nothing(self, table: SweepTable, folder: SweepFolder | None) -> None:
        """Refuse a table in which no set has a result.

        Raises:
            InputError: every set was refused.
            BarloomError: the first of them failed in code.
        """
        if table.refused < len(table):
            return
        if folder is not None:
            folder.forget_parts()
        broken = {number: said for result in self.results.values() for number, said in result.broken.items()}
        broken |= self.broken
        numbers = table.table[SET_ID].to_pylist()
        if numbers and broken.get(numbers[0]):
            log.error("set %d failed:", numbers[0], extra={"details": broken[numbers[0]]})
        raise nothing_ran(numbers, table.table["error"].to_pylist(), broken, "the grid")

    def _report(self) -> BarsReport | None:
        """What a pass found of the bars as they were given."""
        if self.selected.report is not None:
            return self.selected.report
        return next((result.report for result in self.results.values() if result.report is not None), None)

    def _trades(
        self, prepared: _Prepared, folder: SweepFolder | None, table: SweepTable
    ) -> tuple[list[int], Iterator[pa.Table], AuditCounts | None]:
        """The best sets, the trades of those that keep theirs, and what came of their audit.

        The best run once more, in other chunks: their trades are taken then, and together as many of their decisions are asked for again
        as in a run.

        Raises:
            FidelityError: a strategy looks ahead, or back further than its lookback says; or the trades of a built-in one differ.
        """
        options = self.options
        best = table.best(options.metric, options.min_trades, options.kept_sets or 10)
        if not best:
            return best, self._all_trades(folder) if options.kept_sets is None else iter(()), None
        again = best[: options.kept_sets or 1]
        task = self._task(prepared, sorted(again), keep_trades=bool(options.kept_sets), here=True)
        task = task.model_copy(update={"chunk_rows": OTHER_CHUNK_ROWS, "audited": max(LEAST, EACH // len(again))})
        found = perform(task, prepared.readable.bars, self.fine, clock=self.usage.clock)
        before = dict(zip(table.table[SET_ID].to_pylist(), table.table["checksum"].to_pylist(), strict=True))
        after = zip(found.table[SET_ID].to_pylist(), found.table["checksum"].to_pylist(), strict=True)
        for number, checksum in after:
            if before[number] != checksum:
                self._other_trades(number)
        for said in found.audit.warnings(self.base.strategy) if found.audit is not None else ():
            log.warning("%s", said)
        if options.kept_sets is None:
            return best, self._all_trades(folder), found.audit
        return best, iter(() if found.trades is None else (found.trades,)), found.audit

    def _other_trades(self, number: int) -> None:
        """Say that a set gave other trades in other chunks, though the audit let it pass.

        Raises:
            FidelityError: its strategy is built in, and depends on no chunk.
        """
        said = f"set {number} gives other trades when the bars come in chunks of {OTHER_CHUNK_ROWS}"
        if self.origin is not None and self.origin.kind == "built-in":
            raise FidelityError(f"{said}: please report this")
        log.warning(
            "%s: some signals of strategy %s depend on the bar that their window begins with (its lookback is short, or a sum over "
            "the window rounds); none was found to look ahead",
            said,
            self.base.strategy,
        )

    def _all_trades(self, folder: SweepFolder | None) -> Iterator[pa.Table]:
        for _, result in sorted(self.results.items()):
            found = result.trades
            if found is None and folder is not None:
                found = folder.trades_of(result)
            if found is not None:
                yield found

    def finished(self, folder: SweepFolder) -> SweepOutcome | None:
        """What a finished sweep left, read back; None where it is not finished, or kept the trades of other sets.

        Raises:
            InputError: its files are damaged.
        """
        if not folder.whole:
            return None
        options = self.options
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
        missing = [name for name in files_asked(options) if name not in record.files]
        if missing:
            raise InputError(
                f"the sweep in {folder.path} is finished, so that there is nothing left to measure for {missing[0]}: move that folder away, "
                "choose another --out, or leave --profile out"
            )
        table = SweepTable.read(folder.path / "sweep.parquet")
        plan = Plan(
            sets=len(table),
            finished=len(table),
            signal_sets=None,
            indicators=None,
            bars=record.data.selected_rows,
            batches=0,
            batch_sets=0,
            chunk_rows=self.base.chunk_rows or CHUNK_ROWS,
            workers=record.workers,
            threads=record.threads,
            memory_mb=record.memory_peak_mb or 0.0,
            seconds=0.0,
            executor=record.executor,
            data=self.bars.label,
            folder=folder.path,
        )
        if self.on_plan is not None:
            self.on_plan(plan)
        return SweepOutcome(plan, table, folder.trades, record, None, None, folder.path, already=True)
