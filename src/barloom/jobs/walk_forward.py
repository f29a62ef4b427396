"""A walk forward as a job: the bars made readable once for all windows, the folder that holds what came of it, and its records."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from barloom import __version__
from barloom.bars.bars import Bars
from barloom.engine.results import AuditCounts
from barloom.errors import FidelityError, InputError, described
from barloom.jobs.benchmark import Asked, benchmark_of
from barloom.jobs.endings import StagedRecord, Unfinished, benchmark_path, with_log
from barloom.jobs.folder import StagedFile, append_row, check_summary, new_job_id
from barloom.jobs.records import SUMMARY_COLUMNS, BenchmarkRecord, Digest, Record, Seconds, UtcTime
from barloom.jobs.run import dataset_slice, logged_to
from barloom.observe.clock import Clock
from barloom.observe.machine import versions
from barloom.observe.profile_files import files_asked, profiler_of
from barloom.rules.parameters import RunParameters
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.session import SweepSession
from barloom.sweeps.runner.usage import Usage
from barloom.sweeps.walk_forward.walk_forward import (
    Trained,
    Walk,
    WalkForward,
    WalkForwardSummary,
    WalkStep,
    walk_forward,
)

log = logging.getLogger(__name__)


class WalkForwardRecord(Record):
    """``walk-forward.json``: its presence means that the folder is whole.

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
    """What a walk forward left: its record, its trades and equity, and its folder where there is one."""

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
    """Run a walk forward and, unless ``options.out`` is None, leave its files in ``OUT/walk-forward/<job>/``.

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
        KeyboardInterrupt: with a sentence; nothing is left but a benchmark record, once sets were run.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    profiler = profiler_of(options)
    usage = Usage(Clock() if profiler is None else profiler.clock)
    prepared = SweepSession(bars, walk.base, options, reading_known=reading_known, usage=usage)
    windows = walk.windows(prepared.bars)
    folder = None if options.out is None else _Folder(options.out, walk.base.strategy, usage.started_at)
    with _ending(folder, usage, options, command):
        with profiler or contextlib.nullcontext(), prepared as session:
            result = walk_forward(session, walk, windows, on_progress=on_progress)
            report = None if folder is None else session.whole()
        record = WalkForwardRecord(
            job_id="" if folder is None else folder.job_id,
            started_at=usage.started_at,
            ended_at=max(datetime.now(UTC), usage.started_at),
            command=list(command),
            versions=versions(),
            base=walk.base,
            names=list(walk.names),
            train=walk.train.text,
            test=walk.test.text,
            step=walk.step.text,
            anchored=walk.anchored,
            rank_by=result.summary.metric,
            min_trades=walk.min_trades,
            data=bars.label,
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
            files=[] if folder is None else [*TABLES, LOG, *files_asked(options), RECORD],
        )
        if folder is not None and report is not None:
            profile = None if profiler is None else usage.profiled(profiler, options, folder.job_id)
            benchmark = benchmark_of(
                record,
                dataset_slice(bars, prepared.fine, report, options.reading, **options.part),
                usage,
                Asked(options.executor, prepared.workers, options.max_workers),
                trades=usage.trades,
                identical=None,
                compared="nothing",
                profile=profile,
            )
            folder.commit(result, record, benchmark, folder.record(options), [] if profile is None else profile.files)
    return WalkOutcome(record, result, None if folder is None else folder.path)


@contextlib.contextmanager
def _ending(folder: _Folder | None, usage: Usage, options: SweepOptions, command: Sequence[str]) -> Iterator[None]:
    """Keep the log, and turn whatever goes wrong into what is said and left of the walk forward."""
    try:
        if folder is None:
            yield
        else:
            folder.record(options)  # refused now, not in the end
            with logged_to(folder.path / LOG):
                log.info("barloom %s: %s", __version__, " ".join(command))
                yield
                log.info("seconds: %s", ", ".join(f"{name} {took:.3f}" for name, took in usage.phases().items()))
    except InputError:
        _discard(folder)
        raise
    except OSError as error:
        _discard(folder)
        where = error.filename or options.out
        raise InputError(
            f"cannot read or write '{where}': {error.strerror or error}; nothing of this is left"
        ) from error
    except KeyboardInterrupt:
        left = "nothing is left of it"
        if folder is not None and folder.whole:
            raise KeyboardInterrupt(f"the walk forward was finished and is in {folder.path}") from None
        if folder is not None and usage.peaks:
            record = folder.record(options)
            Unfinished.of(usage, folder.job_id, command).leave(record, "interrupted")
            left += f" but its benchmark record {record}"
        _discard(folder)
        raise KeyboardInterrupt(f"the walk forward was not finished, {left}") from None
    except Exception as error:
        if folder is None:
            raise
        Unfinished.of(usage, folder.job_id, command).leave(folder.record(options), described(error))
        if isinstance(error, FidelityError):
            raise
        raise with_log(error, folder.path / LOG) from error


def _discard(folder: _Folder | None) -> None:
    if folder is not None:
        folder.discard()


TABLES = ("trades.parquet", "equity.parquet")
LOG = "walk-forward.log"
RECORD = "walk-forward.json"


class _Folder:
    """``OUT/walk-forward/<job>/``, ours alone."""

    def __init__(self, out: Path, strategy: str, now: datetime) -> None:
        self.job_id = new_job_id(strategy, now)
        self.path = out / "walk-forward" / self.job_id
        self.benchmarks = out / "benchmarks"
        self._strategy = strategy
        check_summary(self.benchmarks / "summary.csv", SUMMARY_COLUMNS)
        self._made = [folder for folder in (self.path.parent, self.benchmarks, out) if not folder.exists()]
        try:
            self.path.mkdir(parents=True)
            self.benchmarks.mkdir(exist_ok=True)
            # Root may make folders where it may not write: find out now.
            StagedFile(self.path / RECORD, b"").discard()
        except OSError as error:
            self.discard()
            raise InputError(f"cannot write to --out {out}: {error.strerror or error}; name another folder") from None

    def record(self, options: SweepOptions) -> Path:
        """Where the benchmark record goes.

        Raises:
            InputError: ``--benchmark-out`` is in no folder.
        """
        return benchmark_path(options.benchmark_out, self.job_id, self.benchmarks)

    @property
    def whole(self) -> bool:
        """Whether all is written."""
        return (self.path / RECORD).exists()

    def commit(
        self,
        result: WalkForward,
        record: WalkForwardRecord,
        benchmark: BenchmarkRecord,
        to: Path,
        more: Sequence[tuple[str, bytes]],
    ) -> None:
        """Write everything under temporary names, then name it, the record last."""
        staged: list[StagedFile] = []
        try:
            for name, table in zip(TABLES, (result.trades_table, result.equity_table), strict=True):
                content = io.BytesIO()
                pq.write_table(table, content)
                staged.append(StagedFile(self.path / name, content.getvalue()))
            staged += [StagedFile(self.path / name, content) for name, content in more]
            staged.append(StagedRecord(to, benchmark, self.benchmarks))
            staged.append(StagedFile(self.path / RECORD, record.to_json()))
            for file in staged[:-1]:
                file.commit()
            append_row(self.benchmarks / "summary.csv", benchmark.summary_row(self._strategy))
            staged[-1].commit()
        finally:
            for file in staged:
                file.discard()

    def discard(self) -> None:
        """Remove the folder, and those above that were made for it and are empty."""
        shutil.rmtree(self.path, ignore_errors=True)
        for folder in self._made:
            with contextlib.suppress(OSError):
                folder.rmdir()
