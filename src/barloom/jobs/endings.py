"""Where a benchmark record goes, and the one that a run, a sweep or a walk forward leaves when it comes to no end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from barloom import __version__
from barloom.errors import BarloomError, InputError, StrategyError, described
from barloom.jobs.folder import StagedFile
from barloom.jobs.records import BenchmarkRecord, Machine
from barloom.observe.criteria import unjudged
from barloom.observe.machine import machine
from barloom.observe.memory import MB, peak_rss
from barloom.outputs import Output, is_json_with, refuse_no_name
from barloom.sweeps.runner.usage import Usage
from barloom.threads import is_refused, no_threads

log = logging.getLogger(__name__)


def with_log(error: Exception, path: Path) -> BarloomError:
    """What to raise for what was not expected of a job: the same kind of error, with the path of the log that holds the traceback."""
    if is_refused(error):
        return no_threads()
    if isinstance(error, MemoryError):
        return InputError(f"there is not enough memory ({error}): give --max-ram, or fewer --chunk-rows")
    said = str(error) if isinstance(error, BarloomError) else f"unexpected: {described(error)}"
    kind = StrategyError if isinstance(error, StrategyError) else BarloomError
    return kind(f"{said}; the traceback is in {path}")


_is_record = is_json_with("job_id", "status", "criteria", "phase_times", "machine")


def _output(path: Path) -> Output:
    """What decides whether a benchmark record may go there: to a new name, or in the place of another such record."""
    return Output(path, "--benchmark-out", ours=_is_record, kind="a benchmark record of barloom")


def benchmark_path(path: Path | None, job_id: str, benchmarks: Path) -> Path:
    """Where the benchmark record goes: to ``path``, a file or a folder, or to the folder of all records.

    Raises:
        InputError: ``--benchmark-out`` is in no folder, or something else than a benchmark record is there.
    """
    name = f"benchmark_{job_id}.json"
    if path is None:
        return benchmarks / name
    refuse_no_name(path, "--benchmark-out")
    if path.is_dir():
        path = path / name
    _output(path).check()
    return path


class StagedRecord(StagedFile):
    """A benchmark record under a temporary name; where its own was taken while the job ran, it goes to the folder of all records."""

    def __init__(self, path: Path, record: BenchmarkRecord, benchmarks: Path) -> None:
        """Write the record beside ``path``, which ``benchmark_path`` gave."""
        self._record, self._benchmarks = record, benchmarks
        super().__init__(path, record.to_json(), _output(path))

    def commit(self) -> None:
        """Rename to the final name; see ``StagedFile.commit``."""
        try:
            super().commit()
        except InputError as error:
            path = self._benchmarks / f"benchmark_{self._record.job_id}.json"
            log.warning("%s; the benchmark record is in %s", error, path)
            StagedFile(path, self._record.to_json()).commit()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A job that came to no end.

    Attributes:
        job_id, started_at, command: of the job.
        started: ``time.perf_counter()`` then.
        trades: that were simulated until now.
        phases: seconds by phase until now.
    """

    job_id: str
    started_at: datetime
    command: Sequence[str]
    started: float
    trades: int
    phases: dict[str, float]

    @classmethod
    def of(cls, usage: Usage, job_id: str, command: Sequence[str]) -> Unfinished:
        """What a sweep or a walk forward has used until now."""
        return cls(job_id, usage.started_at, command, usage.started, usage.trades, usage.phases())

    def record(self, error: str) -> BenchmarkRecord:
        """The benchmark record, which says why."""
        peak = peak_rss()
        return BenchmarkRecord(
            job_id=self.job_id,
            status="failed",
            error=error,
            started_at=self.started_at,
            ended_at=max(datetime.now(UTC), self.started_at),
            command=list(self.command),
            version=__version__,
            machine=Machine.model_validate(machine()),
            data=None,
            trades_simulated=self.trades,
            signals=None,
            phase_times=self.phases,
            wall_clock_total=time.perf_counter() - self.started,
            memory_peak_mb=round(peak / MB, 3) if peak is not None else None,
            raw_bytes=0,
            memory_ratio=None,
            digest=None,
            criteria=unjudged("it came to no end"),
        )

    def leave(self, path: Path, error: str) -> None:
        """Write the record, where that can be done."""
        with contextlib.suppress(OSError, InputError):
            staged = StagedFile(path, self.record(error).to_json(), _output(path))
            try:
                staged.commit()
            finally:
                staged.discard()
