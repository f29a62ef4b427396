"""The benchmark record of a job, finished or failed, and its copy for ``--benchmark-out``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from barloom import __version__
from barloom.errors import InputError
from barloom.jobs.records import BenchmarkRecord, DatasetSlice, Machine
from barloom.jobs.staged import StagedFile
from barloom.observe.criteria import Criterion, Facts, WorkerFacts, judge, unjudged
from barloom.observe.machine import machine
from barloom.observe.memory import MB
from barloom.outputs import Output, is_json_with, refuse_no_name

log = logging.getLogger(__name__)

_is_record = is_json_with("job_id", "status", "criteria", "phase_times", "machine")


def _output(path: Path) -> Output:
    """Output that accepts a path for a benchmark record: a new name, or the place of another such record."""
    return Output(path, "--benchmark-out", ours=_is_record, kind="a benchmark record of barloom")


def copy_path(path: Path | None, job_id: str) -> Path | None:
    """Path of the copy of the benchmark record for ``--benchmark-out``: a file, or a file in a folder named after the job; None without it.

    Raises:
        InputError: its folder does not exist, or something other than a benchmark record is there.
    """
    if path is None:
        return None
    refuse_no_name(path, "--benchmark-out")
    if path.is_dir():
        path = path / f"benchmark_{job_id}.json"
    _output(path).check()
    return path


class StagedCopy(StagedFile):
    """A copy of a benchmark record under a temporary name; if its final name was taken while the job ran, a warning replaces it."""

    def __init__(self, path: Path, content: bytes, original: Path) -> None:
        """Write the copy beside ``path``, which ``copy_path`` gave."""
        self._original = original
        super().__init__(path, content, _output(path))

    def commit(self) -> None:
        """Rename to the final name; see ``StagedFile.commit``."""
        try:
            super().commit()
        except InputError as error:
            log.warning("%s; the benchmark record is in %s", error, self._original)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """Facts about a job, whether it finished or failed.

    Attributes:
        job_id, started_at, command: of the job.
        seconds: wall clock until now.
        trades: trades simulated until now.
        phases: seconds by phase.
        peak: largest memory in bytes; None if the platform does not provide it.
    """

    job_id: str
    started_at: datetime
    command: Sequence[str]
    seconds: float
    trades: int
    phases: dict[str, float]
    peak: int | None

    @property
    def peak_mb(self) -> float | None:
        """The peak in MB."""
        return None if self.peak is None else round(self.peak / MB, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Results that a finished job adds to its benchmark record.

    Attributes:
        data: the bars.
        digest: of its result.
        ended_at: when it ended.
        ingest_seconds: until bars could be drawn.
        identical: whether the repeated run gave the same result; None if nothing was repeated.
        compared: description of the repeated run.
        hotspots: number found by a profile; None without one.
        signals: of a run.
        speedup: of a run over the reference simulator.
        retries: largest number of times that a question had to be repeated before a run.
        workers: of a sweep or a walk forward.
    """

    data: DatasetSlice
    digest: str
    ended_at: datetime
    ingest_seconds: float
    identical: bool | None
    compared: str
    hotspots: int | None
    signals: int | None = None
    speedup: float | None = None
    retries: int | None = None
    workers: WorkerFacts | None = None


def benchmark_record(facts: JobFacts, results: Results | None, error: str | None = None) -> BenchmarkRecord:
    """The benchmark record of a job: with ``results`` if it finished, with ``error`` if it failed."""
    data = None if results is None else results.data
    raw = 0 if data is None else data.selected_rows * 8 * len(data.columns)
    return BenchmarkRecord(
        job_id=facts.job_id,
        status="failed" if results is None else "complete",
        error=error,
        started_at=facts.started_at,
        ended_at=max(datetime.now(UTC), facts.started_at) if results is None else results.ended_at,
        command=list(facts.command),
        version=__version__,
        machine=Machine.model_validate(machine()),
        data=data,
        trades_simulated=facts.trades,
        signals=None if results is None else results.signals,
        phase_times=facts.phases,
        wall_clock_total=facts.seconds,
        memory_peak_mb=facts.peak_mb,
        raw_bytes=raw,
        memory_ratio=round(facts.peak / raw, 6) if facts.peak is not None and raw else None,
        parallel_efficiency=None if results is None or results.workers is None else results.workers.efficiency,
        speedup_vs_baseline=None if results is None else results.speedup,
        digest=None if results is None else results.digest,
        criteria=unjudged("it came to no end") if results is None else _judged(facts, results, raw),
    )


def _judged(facts: JobFacts, results: Results, raw: int) -> dict[str, Criterion]:
    return judge(
        Facts(
            selected_rows=results.data.selected_rows,
            seconds=facts.seconds,
            ingest_seconds=results.ingest_seconds,
            peak_bytes=facts.peak,
            raw_bytes=raw,
            speedup=results.speedup,
            identical=results.identical,
            compared=results.compared,
            retries=results.retries,
            hotspots=results.hotspots,
            workers=results.workers,
        )
    )
