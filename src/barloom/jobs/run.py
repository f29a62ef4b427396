"""A run as a job: its own folder, the bars through the pipeline, the records, and the files that are left if it fails."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from barloom.bars.bars import Bars, BarsReport
from barloom.bars.reading import Reading
from barloom.engine import orchestrator
from barloom.engine.memory_limit import within
from barloom.engine.results import RunResult, SelfCheck
from barloom.engine.sinks import ParquetSink
from barloom.errors import FidelityError
from barloom.fields import of
from barloom.jobs.benchmark import JobFacts, Results, benchmark_record
from barloom.jobs.endings import Ending, ending, logged_to
from barloom.jobs.folder import RUN, JobFolder
from barloom.jobs.records import BacktestJob, BenchmarkRecord, Counts, DatasetSlice, RunRecord, dataset_slice
from barloom.observe.clock import Clock
from barloom.observe.machine import versions
from barloom.observe.memory import MemoryWatch, peak_rss
from barloom.observe.profile_files import Profiled, profiler_of
from barloom.observe.progress import ProgressReport
from barloom.rules.parameters import RunParameters

log = logging.getLogger(__name__)


class JobOptions(Reading):
    """Options of one run that affect no trade except through the bars; each field is the command-line option of that name."""

    data_frac: float = of("data_frac")
    portion: int = of("portion")
    start: str | None = of("start")
    end: str | None = of("end")
    deterministic: bool = of("deterministic")
    batch_rows: int = of("batch_rows")
    log_frequency: int = of("log_frequency")
    memory_threshold_mb: float = of("memory_threshold_mb")
    max_ram: str | None = of("max_ram")
    out: Path = of("out", kept=Path)
    benchmark_out: Path | None = of("benchmark_out")
    profile: bool = of("profile")
    profile_html: bool = of("profile_html")


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """Result of a job: its two records, and the folder they are in."""

    run: RunRecord
    benchmark: BenchmarkRecord
    folder: Path


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
        FidelityError: two runs that must agree do not; the folder is kept with its benchmark record, marked as failed.
        KeyboardInterrupt: with a sentence that says what was kept.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    run = _Run(bars, parameters, options, command, retries)
    with ending(run):
        run.folder.copy_record_to(options.benchmark_out)
        with logged_to(run.folder.log, command):
            return run.carry_out()


class _Run(Ending):
    """One run from its options to its records, or to the files left if it fails."""

    left = "nothing of this run is left"

    def __init__(
        self, bars: Bars, parameters: RunParameters, options: JobOptions, command: Sequence[str], retries: int | None
    ) -> None:
        """Take the slice and make the folder.

        Raises:
            InputError: bad options, or the folder cannot be made.
        """
        self.options, self.command, self.retries = options, command, retries
        self.profiler = profiler_of(options)
        self.clock = Clock() if self.profiler is None else self.profiler.clock
        self.started, self.started_at = time.perf_counter(), datetime.now(UTC)
        self.bars = bars.select(
            fraction=options.data_frac, portion=options.portion, start=options.start, end=options.end
        )
        self.source = bars
        self.fine = options.open_fine(bool(bars.source.corrected))
        parameters = parameters.with_finer_bars(self.fine is not None)
        if options.max_ram is not None:
            parameters = within(options.max_ram, self.bars, parameters, fine=self.fine)
        self.folder = JobFolder.new(options.out, RUN, parameters.strategy, self.started_at)
        self.place, self.log = self.folder.path, self.folder.log
        self.job = BacktestJob(
            job_id=self.folder.job_id,
            started_at=self.started_at,
            parameters=parameters,
            fraction=options.data_frac,
            portion=options.portion,
            deterministic=options.deterministic,
        )
        self.trades = 0
        self.sink: ParquetSink | None = None

    # ------------------------------------------------------------ the run

    def carry_out(self) -> JobOutcome:
        """Run, and commit the files.

        Raises:
            FidelityError: two runs that must agree do not.
        """
        self.job = self.job.become("running")
        sink = self.sink = ParquetSink(self.folder.path, self.options.batch_rows)
        watch = MemoryWatch(self.options.memory_threshold_mb)
        with ProgressReport(self.options.log_frequency, watch) as progress:
            result = self._simulate(sink, progress)
            if self.options.deterministic:
                progress.begin("again")
                _compare(result, orchestrator.run(self.bars, self.parameters, fine=self.fine, on_progress=progress))
        profile = self._profile()
        data = self._slice(result)
        facts = self.facts()
        run = self._record(result, data, facts, profile)
        benchmark = benchmark_record(facts, self._results(run, result, data, profile))
        self.folder.commit(
            run.to_json(),
            benchmark,
            [] if profile is None else profile.files,
            write=sink.commit,
        )
        return JobOutcome(run, benchmark, self.folder.path)

    @property
    def parameters(self) -> RunParameters:
        """The options that shape the result."""
        return self.job.parameters

    def _simulate(self, sink: ParquetSink, progress: ProgressReport) -> RunResult:
        def on_progress(step: orchestrator.Progress) -> None:
            self.trades = step.trades
            progress(step)

        with self.profiler or contextlib.nullcontext():
            result = orchestrator.run(
                self.bars,
                self.parameters,
                fine=self.fine,
                sink=sink,
                on_progress=on_progress,
                clock=self.clock,
                digest=True,
            )
        log.info("%d trades, digest %s", result.trades_count, result.digest)
        log.info("seconds: %s", ", ".join(f"{name} {took:.3f}" for name, took in self.clock.phases().items()))
        return result

    def _profile(self) -> Profiled | None:
        if self.profiler is None:
            return None
        cores = orchestrator.available_cores()
        threads = min(self.parameters.threads or cores, cores)
        return Profiled.of(self.profiler, self.options, self.folder.job_id, threads)

    # ------------------------------------------------------------ its records

    def facts(self) -> JobFacts:
        """Facts about the run until now."""
        return JobFacts(
            job_id=self.folder.job_id,
            started_at=self.started_at,
            command=self.command,
            seconds=time.perf_counter() - self.started,
            trades=self.trades,
            phases=self.clock.phases(),
            peak=peak_rss(),
        )

    def _slice(self, result: RunResult) -> DatasetSlice:
        options = self.options
        reading = Reading(**{name: getattr(options, name) for name in Reading.model_fields})
        part = {"fraction": options.data_frac, "portion": options.portion, "start": options.start, "end": options.end}
        return dataset_slice(self.source, self.fine, _report(result), reading, **part)

    def _record(self, result: RunResult, data: DatasetSlice, facts: JobFacts, profile: Profiled | None) -> RunRecord:
        done = self.job.become("complete", at=max(datetime.now(UTC), self.started_at))
        more = [] if profile is None else [name for name, _ in profile.files]
        return RunRecord(
            **{name: getattr(done, name) for name in BacktestJob.model_fields},
            digest=result.digest,
            checksum=result.checksum,
            metrics=result.metrics,
            bounds=result.bounds,
            counts=Counts.model_validate(result.counts),
            data=data,
            strategy=result.origin,
            command=list(self.command),
            versions=versions(),
            phase_times=facts.phases,
            wall_clock_total=facts.seconds,
            memory_peak_mb=facts.peak_mb,
            self_check=result.self_check,
            audit=result.audit,
            folder=str(self.folder.path),
            files=["run.json", "trades.parquet", "equity.parquet", "benchmark.json", "run.log", *more],
        )

    def _results(self, run: RunRecord, result: RunResult, data: DatasetSlice, profile: Profiled | None) -> Results:
        check = result.self_check
        assert run.ended_at is not None
        return Results(
            data=data,
            digest=result.digest,
            ended_at=run.ended_at,
            ingest_seconds=run.phase_times["ingest"],
            identical=True if check is not None or self.options.deterministic else None,
            compared=_compared(check, self.options.deterministic),
            hotspots=None if profile is None else len(profile.report.hotspots),
            signals=run.counts.signals,
            speedup=None if check is None else check.speedup,
            retries=self.retries,
        )

    # ------------------------------------------------------------ what is left

    def abandon(self) -> None:
        """Leave no file."""
        self._close_sink(keep_partial=False)
        self.folder.discard()

    def interrupted(self) -> str:
        """Keep the finished trades."""
        if self.folder.whole:
            return f"the run was finished and is in {self.folder.path}"
        kept = self._close_sink(keep_partial=True)
        if kept is None:
            self.folder.discard()
            return "no trade was finished, nothing is left of this run"
        self._mark_failed("interrupted")
        return f"the trades finished so far are in {kept}"

    def failed(self, error: str) -> None:
        """Keep all files, marked as failed."""
        self._close_sink(keep_partial=True)
        self._mark_failed(error)

    def _mark_failed(self, error: str) -> None:
        record = self.job.become("failed", at=datetime.now(UTC), error=error)
        with contextlib.suppress(OSError):
            self.folder.stage("failed.json", record.to_json()).commit()
        self.folder.leave_failed(self.facts(), error)

    def _close_sink(self, *, keep_partial: bool) -> Path | None:
        """Close the trades file. Returns its path if it is worth keeping, else None."""
        if self.sink is None:
            return None
        try:
            return self.sink.abandon(keep_partial)
        except OSError:
            return None


def _report(result: RunResult) -> BarsReport:
    """The report of the pass over the bars; a finished run always has it."""
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


def _compared(check: SelfCheck | None, deterministic: bool) -> str:
    """Description of the repeated runs that gave the same result."""
    parts = ["two whole runs, by digest"] if deterministic else []
    if check is not None:
        parts.append(f"{check.trades} trades of the first {check.bars} bars, run again in other chunks on one thread")
        parts.append(f"{check.judged_trades} of them by the reference simulator")
    return "; ".join(parts) or "nothing"
