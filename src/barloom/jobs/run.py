"""A run as a job: a folder of its own, the bars through the pipeline, the record, and what is left when it goes wrong."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from barloom import __version__
from barloom.bars.bars import Bars, BarsReport
from barloom.bars.reading import Reading
from barloom.engine import orchestrator
from barloom.engine.memory_limit import within
from barloom.engine.results import RunResult, SelfCheck
from barloom.engine.sinks import BATCH_ROWS, ParquetSink
from barloom.errors import FidelityError, InputError, described
from barloom.jobs.endings import StagedRecord, Unfinished, benchmark_path, with_log
from barloom.jobs.folder import RunFolder, StagedFile, append_row, check_summary
from barloom.jobs.records import (
    NOT_IN_A_FILE,
    SUMMARY_COLUMNS,
    BacktestJob,
    BenchmarkRecord,
    Counts,
    DatasetSlice,
    FinerBars,
    Machine,
    RunRecord,
)
from barloom.observe.clock import Clock
from barloom.observe.criteria import Facts, judge
from barloom.observe.log_file import LogFile
from barloom.observe.machine import machine, versions
from barloom.observe.memory import MB, MemoryWatch, peak_rss
from barloom.observe.profile_files import Profiled, profiler_of
from barloom.observe.progress import ProgressReport
from barloom.rules.parameters import RunParameters

log = logging.getLogger(__name__)


class JobOptions(Reading):
    """Options of one run that shape no trade but by the bars; each field is the command-line option of that name."""

    data_frac: float = Field(default=1.0, gt=0.0, le=1.0)
    portion: int = Field(default=1, ge=1)
    start: str | None = None
    end: str | None = None
    deterministic: bool = False
    batch_rows: int = Field(default=BATCH_ROWS, ge=1)
    log_frequency: int = Field(default=1000, ge=1)
    memory_threshold_mb: float = Field(default=0.0, ge=0.0)
    max_ram: str | None = None
    out: Path = Path("results")
    benchmark_out: Path | None = None
    profile: bool = False
    profile_html: bool = False


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What a job left: its two records and where they are."""

    run: RunRecord
    benchmark: BenchmarkRecord
    folder: Path
    benchmark_path: Path


@contextlib.contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Everything barloom logs, from INFO up, goes to the file as well, and so does the traceback of what is raised."""
    logger = logging.getLogger("barloom")
    handler = LogFile(path)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield
    except Exception:
        handler.keep_traceback(log.name)
        raise
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()


def _report(result: RunResult) -> BarsReport:
    """What the pass over the bars found; a run to the end always has it."""
    if result.report is None:
        raise RuntimeError("a finished run has no report of its bars")
    return result.report


def _compare(first: RunResult, second: RunResult) -> None:
    """Refuse two runs over the same bars that are not the same.

    Raises:
        FidelityError: the bars or the trades differ.
    """
    if _report(first).content_hash != _report(second).content_hash:
        raise FidelityError("the bars changed between the two runs of --deterministic: the file was written to")
    if (first.digest, first.checksum) != (second.digest, second.checksum):
        raise FidelityError(f"two runs gave different trades: digest {first.digest} and then {second.digest}")


def dataset_slice(bars: Bars, fine: Bars | None, report: BarsReport, reading: Reading, **part: Any) -> DatasetSlice:
    """The record of the bars that were used: what a pass found, how they were read, and which part was taken."""
    files = tuple(path.absolute() for path in bars.source.paths)
    return DatasetSlice(
        path=bars.label,
        file=None if bars.label in NOT_IN_A_FILE or files else Path(bars.label).absolute(),
        files=files,
        reading=reading.kept(),
        finer=None if fine is None else FinerBars.of(fine),
        store=bars.source.facts,
        taken_for=bars.taken_for,
        content_hash=report.content_hash,
        total_rows=report.total_rows,
        selected_rows=report.selected_rows,
        first_ts=report.first_ts,
        last_ts=report.last_ts,
        columns=report.columns,
        dropped=report.dropped,
        notes=report.notes,
        **part,
    )


def _slice(bars: Bars, fine: Bars | None, result: RunResult, options: JobOptions) -> DatasetSlice:
    reading = Reading(**{name: getattr(options, name) for name in Reading.model_fields})
    part = {"fraction": options.data_frac, "portion": options.portion, "start": options.start, "end": options.end}
    return dataset_slice(bars, fine, _report(result), reading, **part)


@dataclass(slots=True)
class _Measured:
    """Clocks of a job, and what else is known while it runs."""

    started: float
    clock: Clock
    retries: int | None
    trades: int = 0
    profile: Profiled | None = None

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Files of the profile."""
        return [] if self.profile is None else self.profile.files

    def unfinished(self, job: BacktestJob, command: Sequence[str]) -> Unfinished:
        """What is known of a job that comes to no end."""
        return Unfinished(job.job_id, job.started_at, command, self.started, self.trades, self.clock.phases())


def _compared(check: SelfCheck | None, deterministic: bool) -> str:
    """What was run again and came out the same, in words."""
    parts = ["two whole runs, by digest"] if deterministic else []
    if check is not None:
        parts.append(f"{check.trades} trades of the first {check.bars} bars, run again in other chunks on one thread")
        parts.append(f"{check.judged_trades} of them by the reference simulator")
    return "; ".join(parts) or "nothing"


def _records(
    job: BacktestJob,
    result: RunResult,
    data: DatasetSlice,
    folder: RunFolder,
    command: Sequence[str],
    measured: _Measured,
) -> tuple[RunRecord, BenchmarkRecord]:
    """Both records of a finished run."""
    ended_at = max(datetime.now(UTC), job.started_at)
    done = job.become("complete", at=ended_at)
    seconds = time.perf_counter() - measured.started
    peak = peak_rss()
    raw = data.selected_rows * 8 * len(data.columns)
    check = result.self_check
    phase_times = measured.clock.phases()
    facts = Facts(
        selected_rows=data.selected_rows,
        seconds=seconds,
        ingest_seconds=phase_times["ingest"],
        peak_bytes=peak,
        raw_bytes=raw,
        speedup=check.speedup if check is not None else None,
        identical=True if check is not None or job.deterministic else None,
        compared=_compared(check, job.deterministic),
        retries=measured.retries,
        hotspots=len(measured.profile.report.hotspots) if measured.profile is not None else None,
    )
    peak_mb = round(peak / MB, 3) if peak is not None else None
    run = RunRecord(
        **{name: getattr(done, name) for name in BacktestJob.model_fields},
        digest=result.digest,
        checksum=result.checksum,
        metrics=result.metrics,
        bounds=result.bounds,
        counts=Counts.model_validate(result.counts),
        data=data,
        strategy=result.origin,
        command=list(command),
        versions=versions(),
        phase_times=phase_times,
        wall_clock_total=seconds,
        memory_peak_mb=peak_mb,
        self_check=check,
        audit=result.audit,
        folder=str(folder.path),
        files=["run.json", "trades.parquet", "equity.parquet", "run.log", *(name for name, _ in measured.files)],
    )
    benchmark = BenchmarkRecord(
        job_id=job.job_id,
        started_at=done.started_at,
        ended_at=ended_at,
        command=list(command),
        version=__version__,
        machine=Machine.model_validate(machine()),
        data=data,
        trades_simulated=result.trades_count,
        signals=run.counts.signals,
        phase_times=phase_times,
        wall_clock_total=seconds,
        memory_peak_mb=peak_mb,
        raw_bytes=raw,
        memory_ratio=round(peak / raw, 6) if peak is not None and raw else None,
        speedup_vs_baseline=facts.speedup,
        digest=result.digest,
        criteria=judge(facts),
    )
    return run, benchmark


def _commit(
    folder: RunFolder,
    sink: ParquetSink,
    run: RunRecord,
    benchmark: BenchmarkRecord,
    path: Path,
    more: Sequence[tuple[str, bytes]],
) -> None:
    """Everything on the disk under temporary names first, then the names; ``run.json`` last of all."""
    staged: list[StagedFile] = []
    try:
        staged.append(folder.stage("run.json", run.to_json()))
        staged.append(StagedRecord(path, benchmark, folder.benchmarks))
        staged += [folder.stage(name, content) for name, content in more]
        sink.commit()
        for file in staged[1:]:
            file.commit()
        append_row(folder.benchmarks / "summary.csv", benchmark.summary_row(run.parameters.strategy))
        staged[0].commit()
    finally:
        for file in staged:
            file.discard()


def _failed(folder: RunFolder, job: BacktestJob, error: str) -> None:
    """Leave ``failed.json``, so that nobody takes the folder for a run that is still going on."""
    record = job.become("failed", at=datetime.now(UTC), error=error)
    with contextlib.suppress(OSError):
        folder.stage("failed.json", record.to_json()).commit()


def run_job(
    bars: Bars,
    parameters: RunParameters,
    options: JobOptions,
    *,
    command: Sequence[str],
    retries: int | None = None,
) -> JobOutcome:
    """Run a strategy over bars, and leave the files of the run.

    Args:
        bars: all the bars of a source; the slice is taken here.
        parameters: what shapes the result.
        options: the slice, where the files go, and how much is said meanwhile.
        command: the words of the command line, for the record.
        retries: most often a question had to be asked again before this, None where nothing was asked.

    Returns:
        The records that were written.

    Raises:
        InputError: bad data or options, or no room for the files; no folder is left.
        FidelityError: two runs that must agree do not; the folder is kept, marked as failed, and so is the benchmark record.
        KeyboardInterrupt: with a sentence that says what was kept.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    profiler = profiler_of(options)
    clock = Clock() if profiler is None else profiler.clock
    measured = _Measured(time.perf_counter(), clock, retries)
    started_at = datetime.now(UTC)
    selected = bars.select(fraction=options.data_frac, portion=options.portion, start=options.start, end=options.end)
    fine = options.open_fine(bool(bars.source.corrected))
    parameters = parameters.with_finer_bars(fine is not None)
    if options.max_ram is not None:
        parameters = within(options.max_ram, selected, parameters, fine=fine)
    check_summary(options.out / "benchmarks" / "summary.csv", SUMMARY_COLUMNS)
    folder = RunFolder(options.out, parameters.strategy, started_at)
    job = BacktestJob(
        job_id=folder.job_id,
        started_at=started_at,
        parameters=parameters,
        fraction=options.data_frac,
        portion=options.portion,
        deterministic=options.deterministic,
    )
    sink: ParquetSink | None = None
    record_path = folder.benchmarks / f"benchmark_{folder.job_id}.json"
    try:
        record_path = benchmark_path(options.benchmark_out, folder.job_id, folder.benchmarks)
        with logged_to(folder.path / "run.log"):
            log.info("barloom %s: %s", __version__, " ".join(command))
            job = job.become("running")
            sink = ParquetSink(folder.path, options.batch_rows)
            with ProgressReport(options.log_frequency, MemoryWatch(options.memory_threshold_mb)) as progress:

                def on_progress(step: orchestrator.Progress) -> None:
                    measured.trades = step.trades
                    progress(step)

                with profiler or contextlib.nullcontext():
                    result = orchestrator.run(
                        selected, parameters, fine=fine, sink=sink, on_progress=on_progress, clock=clock, digest=True
                    )
                log.info("%d trades, digest %s", result.trades_count, result.digest)
                log.info("seconds: %s", ", ".join(f"{name} {took:.3f}" for name, took in clock.phases().items()))
                if options.deterministic:
                    progress.begin("again")
                    _compare(result, orchestrator.run(selected, parameters, fine=fine, on_progress=progress))
            if profiler is not None:
                cores = orchestrator.available_cores()
                threads = min(parameters.threads or cores, cores)
                measured.profile = Profiled.of(profiler, options, job.job_id, threads)
            data = _slice(bars, fine, result, options)
            run, benchmark = _records(job, result, data, folder, command, measured)
            _commit(folder, sink, run, benchmark, record_path, measured.files)
    except InputError:
        _abandon(sink, keep_partial=False)
        folder.discard()
        raise
    except OSError as error:
        _abandon(sink, keep_partial=False)
        folder.discard()
        where = error.filename or folder.path
        raise InputError(
            f"cannot read or write '{where}': {error.strerror or error}; nothing of this run is left"
        ) from error
    except KeyboardInterrupt:
        if folder.whole:
            raise KeyboardInterrupt(f"the run was finished and is in {folder.path}") from None
        kept = _abandon(sink, keep_partial=True)
        if kept is None:
            folder.discard()
            raise KeyboardInterrupt("no trade was finished, nothing is left of this run") from None
        _failed(folder, job, "interrupted")
        measured.unfinished(job, command).leave(record_path, "interrupted")
        raise KeyboardInterrupt(f"the trades finished so far are in {kept}") from None
    except Exception as error:
        _abandon(sink, keep_partial=True)
        said = described(error)
        _failed(folder, job, said)
        measured.unfinished(job, command).leave(record_path, said)
        if isinstance(error, FidelityError):
            raise
        raise with_log(error, folder.path / "run.log") from error
    return JobOutcome(run, benchmark, folder.path, record_path)


def _abandon(sink: ParquetSink | None, *, keep_partial: bool) -> Path | None:
    """Close what was being written; the path of what is worth keeping of it."""
    if sink is None:
        return None
    try:
        return sink.abandon(keep_partial)
    except OSError:
        return None
