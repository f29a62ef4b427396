"""Where a benchmark record goes, and the one that a run, a sweep or a walk forward leaves when it comes to no end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from barloom import __version__
from barloom.backtest.records import BenchmarkRecord, Machine
from barloom.backtest.run_folder import StagedFile
from barloom.errors import InputError
from barloom.observe.criteria import unjudged
from barloom.observe.machine import machine
from barloom.observe.memory import MB, peak_rss


def benchmark_path(path: Path | None, job_id: str, benchmarks: Path) -> Path:
    """Where the benchmark record goes: to ``path``, a file or a folder, or to the folder of all records.

    Raises:
        InputError: ``--benchmark-out`` is in no folder.
    """
    name = f"benchmark_{job_id}.json"
    if path is None:
        return benchmarks / name
    if path.is_dir():
        return path / name
    if not path.parent.is_dir():
        raise InputError(f"--benchmark-out {path}: there is no folder '{path.parent}'; make it or name another file")
    return path


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
        with contextlib.suppress(OSError):
            StagedFile(path, self.record(error).to_json()).commit()
