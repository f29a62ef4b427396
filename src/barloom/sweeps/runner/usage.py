"""Resources used by the tasks of a sweep or a walk-forward, summed over all workers while they run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from barloom.observe.clock import PHASES, Clock
from barloom.observe.memory import peak_rss
from barloom.observe.profile_files import Profiled

if TYPE_CHECKING:
    from barloom.observe.profile_files import ProfileOptions
    from barloom.observe.profiling import Profiler, ProfileSums
    from barloom.sweeps.runner.tasks import TaskResult


@dataclass(slots=True)
class Usage:
    """Resources used since the object was created.

    Attributes:
        clock: takes the seconds of each step in this process.
        before: wall clock until the first set ran. working: while sets ran. cpu_seconds: of all workers in that time.
        trades: of all sets.
        peaks: largest resident set of the process after each task, bytes.
        measured: profiles of the tasks that other processes did.
        workers, threads: processes at work, and threads of each.
    """

    clock: Clock = field(default_factory=Clock)
    before: float = 0.0
    working: float = 0.0
    cpu_seconds: float = 0.0
    trades: int = 0
    peaks: list[int] = field(default_factory=list)
    measured: list[ProfileSums] = field(default_factory=list)
    workers: int = 1
    threads: int = 1
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.perf_counter)
    _phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    def take(self, result: TaskResult) -> None:
        """Add the resources of a task."""
        self.cpu_seconds += result.cpu_seconds
        self.trades += result.trades_count
        self.peaks.append(result.peak_rss or 0)
        for name, seconds in result.phases.items():
            self._phases[name] += seconds
        if result.measured is not None:
            self.measured.append(result.measured)

    @property
    def seconds(self) -> float:
        """Wall clock since the beginning."""
        return time.perf_counter() - self.started

    def phases(self) -> dict[str, float]:
        """Seconds by phase, summed over the processes."""
        return {name: seconds + self._phases[name] for name, seconds in self.clock.phases().items()}

    def peak(self) -> int | None:
        """Largest memory of this process and its workers together, bytes; None if the platform does not provide it."""
        own = peak_rss()
        if own is None or self.workers == 1:
            return own
        return own + self.workers * max(self.peaks, default=0)

    def efficiency(self) -> float | None:
        """Processor seconds / (workers x threads x seconds in which sets ran); None if no task reported them."""
        most = self.workers * self.threads * self.working
        return round(self.cpu_seconds / most, 4) if most > 0.0 and self.peaks else None

    def profiled(self, profiler: Profiler, options: ProfileOptions, job_id: str) -> Profiled:
        """The profile of this process and of its workers; call it after the profiler has stopped."""
        return Profiled.of(
            profiler,
            options,
            job_id,
            self.threads,
            tasks=self.measured,
            workers=self.workers if self.workers > 1 else 0,
            peak=self.peak(),
        )
