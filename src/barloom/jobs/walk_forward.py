"""A walk-forward as a job: bars prepared for reading once for all windows, the folder with its results, and its records."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from barloom.bars.bars import Bars
from barloom.engine.results import AuditCounts
from barloom.jobs.benchmark import Results, benchmark_record
from barloom.jobs.endings import Ending, ending, logged_to
from barloom.jobs.folder import WALK_FORWARD, JobFolder
from barloom.jobs.records import DatasetSlice, Digest, Record, Seconds, UtcTime, dataset_slice
from barloom.jobs.sweep.records import facts_of, worker_facts
from barloom.observe.clock import Clock
from barloom.observe.machine import versions
from barloom.observe.profile_files import files_requested, profiler_of
from barloom.rules.parameters import RunParameters
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.session import SweepSession
from barloom.sweeps.runner.usage import Usage
from barloom.sweeps.walk_forward.result import Trained, WalkForward, WalkForwardSummary
from barloom.sweeps.walk_forward.walk import Walk, WalkStep
from barloom.sweeps.walk_forward.walk_forward import walk_forward

log = logging.getLogger(__name__)


class WalkForwardRecord(Record):
    """``walk-forward.json``: its presence means that the folder is complete.

    Attributes:
        job_id: the folder's name; empty where nothing was written.
        base: the options that all sets share. names: of the grid. where: its constraints.
        train, test, step, anchored: the windows as they were asked for.
        data: the bars, as they were named.
        windows, summary: what came of them.
        audit: what came of asking again for decisions of all tests.
        digest: BLAKE2b of number, set and checksum of every test.
        seconds: wall clock.
    """

    job_id: str
    started_at: UtcTime
    ended_at: UtcTime
    command: list[str]
    versions: dict[str, str]
    base: RunParameters
    names: list[str]
    train: str
    test: str
    step: str
    anchored: bool
    rank_by: str
    min_trades: int
    data: str
    start: str | None
    end: str | None
    fraction: float
    portion: int
    windows: list[Trained]
    summary: WalkForwardSummary
    audit: AuditCounts | None = None
    digest: Digest
    seconds: Seconds
    folder: str | None
    files: list[str]


@dataclass(frozen=True, slots=True)
class WalkOutcome:
    """Result of a walk-forward: its record, its trades and equity, and its folder if there is one."""

    record: WalkForwardRecord
    result: WalkForward
    folder: Path | None


def walk_forward_job(
    bars: Bars,
    walk: Walk,
    options: SweepOptions,
    *,
    command: Sequence[str] = (),
    reading_known: bool = False,
    on_progress: Callable[[WalkStep], None] | None = None,
) -> WalkOutcome:
    """Run a walk-forward and, unless ``options.out`` is None, leave its files in ``OUT/walk-forward/<job>/``.

    The bars are read once into a store where their file is slow to read, and every window is drawn from there.

    Args:
        bars: all the bars of a source; the slice is taken here.
        walk: the grid and the windows.
        options: the slice, the workers, where the files go, and whether a profile is among them.
        command: the words of the command line, for the record.
        reading_known: whether ``options`` tell how the files of ``bars`` were opened, so that workers may open them the same way.
        on_progress: told how many sets are done, over all windows.

    Raises:
        InputError: bad data or options, or no room for the files; nothing is left.
        FidelityError: a strategy looks ahead; the log and a benchmark record are left.
        KeyboardInterrupt: with a sentence; nothing is left but the log and a benchmark record, once sets were run.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    job = _WalkForward(bars, walk, options, command)
    session = SweepSession(bars, walk.base, options, reading_known=reading_known, usage=job.usage)
    windows = walk.windows(session.bars)
    job.make_folder()
    with ending(job), job.logged():
        with job.profiler or contextlib.nullcontext(), session:
            result = walk_forward(session, walk, windows, on_progress=on_progress)
            report = None if job.folder is None else session.whole()
        record = job.record(result)
        if job.folder is not None and report is not None:
            data = dataset_slice(bars, session.fine, report, options.reading, **options.part)
            job.commit(job.folder, result, record, data, session.workers)
    return WalkOutcome(record, result, None if job.folder is None else job.folder.path)


class _WalkForward(Ending):
    """One walk-forward: its records, or the files left if it fails."""

    left = "nothing of this is left"

    def __init__(self, bars: Bars, walk: Walk, options: SweepOptions, command: Sequence[str]) -> None:
        self.bars, self.walk, self.options, self.command = bars, walk, options, command
        self.profiler = profiler_of(options)
        self.usage = Usage(Clock() if self.profiler is None else self.profiler.clock)
        self.folder: JobFolder | None = None
        self.log: Path | None = None
        self.place = options.out or Path()

    def make_folder(self) -> None:
        """Make the folder, if one is wanted.

        Raises:
            InputError: it cannot be made.
        """
        if self.options.out is not None:
            strategy = self.walk.base.strategy
            self.folder = JobFolder.new(self.options.out, WALK_FORWARD, strategy, self.usage.started_at)
            self.log = self.folder.log

    @contextlib.contextmanager
    def logged(self) -> Iterator[None]:
        """Keep the log, if there is a folder."""
        if self.folder is None:
            yield
            return
        self.folder.copy_record_to(self.options.benchmark_out)  # refused now, not in the end
        with logged_to(self.folder.log, self.command):
            yield
            took = self.usage.phases().items()
            log.info("seconds: %s", ", ".join(f"{name} {seconds:.3f}" for name, seconds in took))

    def record(self, result: WalkForward) -> WalkForwardRecord:
        """The record of the walk-forward."""
        walk, options, folder = self.walk, self.options, self.folder
        return WalkForwardRecord(
            job_id="" if folder is None else folder.job_id,
            started_at=self.usage.started_at,
            ended_at=max(datetime.now(UTC), self.usage.started_at),
            command=list(self.command),
            versions=versions(),
            base=walk.base,
            names=list(walk.names),
            train=walk.train.text,
            test=walk.test.text,
            step=walk.step.text,
            anchored=walk.anchored,
            rank_by=result.summary.metric,
            min_trades=walk.min_trades,
            data=self.bars.label,
            start=options.start,
            end=options.end,
            fraction=options.data_frac,
            portion=options.portion,
            windows=list(result.windows),
            summary=result.summary,
            audit=result.audit,
            digest=result.digest,
            seconds=result.seconds,
            folder=None if folder is None else str(folder.path),
            files=[]
            if folder is None
            else [*TABLES, folder.benchmark.name, folder.kind.log, *files_requested(options), folder.kind.record],
        )

    def commit(
        self, folder: JobFolder, result: WalkForward, record: WalkForwardRecord, data: DatasetSlice, workers: int
    ) -> None:
        """Leave the files: tables, profile, benchmark record, and the record last."""
        usage, options = self.usage, self.options
        profile = None if self.profiler is None else usage.profiled(self.profiler, options, folder.job_id)
        facts = facts_of(usage, folder.job_id, self.command, usage.trades, record.seconds)
        results = Results(
            data=data,
            digest=record.digest,
            ended_at=record.ended_at,
            ingest_seconds=usage.before,
            identical=None,
            compared="nothing",
            hotspots=None if profile is None else len(profile.report.hotspots),
            workers=worker_facts(options, workers, usage),
        )
        files = [
            (name, _parquet(table))
            for name, table in zip(TABLES, (result.trades_table, result.equity_table), strict=True)
        ]
        files += [] if profile is None else profile.files
        folder.commit(record.to_json(), benchmark_record(facts, results), files)

    # ------------------------------------------------------------ what is left

    def abandon(self) -> None:
        """Leave no file."""
        if self.folder is not None:
            self.folder.discard()

    def interrupted(self) -> str:
        """Leave the log and the benchmark record if sets were run; else no file."""
        if self.folder is not None and self.folder.whole:
            return f"the walk forward was finished and is in {self.folder.path}"
        if self.folder is not None and self.usage.peaks:
            self.failed("interrupted")
            return f"the walk forward was not finished, nothing is left of it but its benchmark record {self.folder.benchmark}"
        self.abandon()
        return "the walk forward was not finished, nothing is left of it"

    def failed(self, error: str) -> None:
        """Leave the log and a benchmark record."""
        if self.folder is not None:
            facts = facts_of(self.usage, self.folder.job_id, self.command, self.usage.trades)
            self.folder.leave_failed(facts, error)


TABLES = ("trades.parquet", "equity.parquet")


def _parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()
