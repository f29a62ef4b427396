"""The measurements of ``--profile``: seconds by phase and what overlapped, kernels, hotspots, memory, threads.

Off, it costs nothing: a run then has a plain ``Clock``, no hook, and the kernels as they are.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from barloom.observe.clock import PHASES, STEPS, Clock
from barloom.observe.kernels import KernelClock
from barloom.observe.memory import MB, peak_rss, rss
from barloom.observe.stacks import Call, Stacks

FEWEST_HOTSPOTS = 10
"""Hotspots of a complete profile; one with fewer is marked incomplete."""
MOST_HOTSPOTS = 40

Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Megabytes = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Key = tuple[str, str, int]
"""A function: name, file, line."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseCost(_Part):
    """Cost of a phase. Percents are of the profiled wall clock; MB are 10**6 bytes, None where the platform does not tell.

    Attributes:
        seconds: in its steps, added up over threads and processes.
        overlapped_seconds: of the wall clock of each process, while another step ran beside it.
        memory_mb: the largest resident set of a process at the end of one of its steps.
        peak_growth_mb: by how much the peaks of the processes rose during its steps, which may have been for what ran beside it.
    """

    seconds: Seconds
    percent: Seconds
    overlapped_seconds: Seconds
    memory_mb: Megabytes | None
    peak_growth_mb: Megabytes | None


class Overlap(_Part):
    """Wall clock in which steps of these phases ran at once in a process; a phase twice where two of its steps did."""

    phases: list[str] = Field(min_length=2)
    seconds: Seconds
    percent: Seconds


class KernelCost(_Part):
    """Cost of a compiled kernel; nanoseconds a bar are None if it was given no bars."""

    calls: int = Field(ge=1)
    bars: int = Field(ge=0)
    seconds: Seconds
    ns_a_bar: Seconds | None


class Hotspot(_Part):
    """A function and its own time, all processes, threads and callers together.

    Attributes:
        file, line: of the function; of compiled code of libraries, what calls it.
        own_seconds, percent: without what it calls; percent of the profiled wall clock.
        total_seconds: with what it calls.
    """

    function: str
    file: str
    line: int
    calls: int
    own_seconds: Seconds
    percent: Seconds
    total_seconds: Seconds


class ThreadCost(_Part):
    """The Python threads of a name, each task of a worker with its own: seconds at work, and seconds in which they waited for others."""

    name: str
    count: int = Field(ge=1)
    busy_seconds: Seconds
    waiting_seconds: Seconds


class ProfilingReport(_Part):
    """``profile.json``: where the time and the memory of a run went.

    Attributes:
        status: ``incomplete`` with fewer than 10 hotspots.
        wall_clock_total: seconds that were profiled: from the first bar asked for to the digest, the run's check of itself included.
        workers: processes beside this one whose phases, kernels, threads and hotspots are added to its own.
        worker_seconds: wall clock of all their tasks.
        outside_seconds: of both, in no phase; a process that waits for its workers is in none.
        kernel_threads: threads that a kernel may use in a process.
        threads: the Python threads there were, by name.
        hotspots: by own time, the largest first.
    """

    job_id: str
    status: Literal["complete", "incomplete"]
    wall_clock_total: Seconds
    memory_peak_mb: Megabytes | None
    workers: int = Field(ge=0)
    worker_seconds: Seconds
    kernel_threads: int = Field(ge=1)
    phases: dict[str, PhaseCost]
    outside_seconds: Seconds
    overlaps: list[Overlap]
    kernels: dict[str, KernelCost]
    threads: list[ThreadCost]
    hotspots: list[Hotspot]

    @model_validator(mode="after")
    def _as_said(self) -> Self:
        if (self.status == "complete") != (len(self.hotspots) >= FEWEST_HOTSPOTS):
            raise ValueError(f"a profile with {len(self.hotspots)} hotspots is not {self.status}")
        own = [hotspot.own_seconds for hotspot in self.hotspots]
        if own != sorted(own, reverse=True):
            raise ValueError("hotspots are sorted by their own time")
        if set(self.phases) != set(PHASES):
            raise ValueError(f"the phases are {', '.join(PHASES)}")
        return self

    def to_json(self) -> bytes:
        """The report as JSON with a line end."""
        return self.model_dump_json(indent=2).encode("utf-8") + b"\n"


class WatchedClock(Clock):
    """A clock that also sees which steps run at once, and the memory at their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.together: dict[tuple[str, ...], float] = {}
        """Wall clock by the steps that ran."""
        self.memory: dict[str, int] = {}
        self.growth: dict[str, int] = {}
        self._running: tuple[str, ...] = ()
        self._since = time.perf_counter()
        self._lock = threading.Lock()

    def phase(self, step: str) -> AbstractContextManager[None]:
        """See ``Clock.phase``."""
        return _WatchedStep(self, step)

    def change(self, *, began: str | None = None, ended: str | None = None) -> float:
        """A step begins or ends, or neither; the moment it does."""
        with self._lock:
            now = time.perf_counter()
            self.together[self._running] = self.together.get(self._running, 0.0) + now - self._since
            self._since = now
            running = list(self._running)
            if began is not None:
                running.append(began)
            if ended is not None:
                running.remove(ended)
            self._running = tuple(sorted(running))
        return now

    def remember(self, step: str, before: int | None) -> None:
        """Take the memory at the end of a step; ``before`` is the peak of the process at its beginning."""
        phase, held, peak = STEPS[step], rss(), peak_rss()
        with self._lock:
            if held is not None:
                self.memory[phase] = max(self.memory.get(phase, 0), held)
            if peak is not None and before is not None:
                # Linux counts pages by processor and adds up now and then: a peak may be read lower than before.
                self.growth[phase] = self.growth.get(phase, 0) + max(0, peak - before)


class _WatchedStep:
    __slots__ = ("_clock", "_peak", "_started", "_step")

    def __init__(self, clock: WatchedClock, step: str) -> None:
        self._clock = clock
        self._step = step

    def __enter__(self) -> None:
        self._peak = peak_rss()
        self._started = self._clock.change(began=self._step)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended = self._clock.change(ended=self._step)
        self._clock.seconds[self._step] += ended - self._started
        self._clock.remember(self._step, self._peak)


class Profiler:
    """Profiles what runs within it; use it as a context manager, one at a time in a process.

    Attributes:
        clock: for the phases of the run.
    """

    def __init__(self) -> None:
        self.clock = WatchedClock()
        self._kernels = KernelClock()
        self._stacks = Stacks()
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._kernels.__enter__()
        self._started = self.clock.change()
        self.clock.together.clear()
        # Last in and first out, so that it sees nothing of the rest.
        self._stacks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stacks.__exit__(kind, error, traceback)
        self._seconds = self.clock.change() - self._started
        self._kernels.__exit__(kind, error, traceback)

    def threads(self) -> list[Call]:
        """The trees of calls, one for each name of a thread."""
        return self._stacks.threads()

    def measured(self) -> ProfileSums:
        """The measurements without the trees; call it after the profiler was left."""
        threads, clock = self._stacks.threads(), self.clock
        return ProfileSums(
            seconds=self._seconds,
            memory=dict(clock.memory),
            sums={
                "phases": {name: [seconds] for name, seconds in clock.phases().items()},
                "together": {steps: [seconds] for steps, seconds in clock.together.items()},
                "growth": {phase: [grown] for phase, grown in clock.growth.items()},
                "kernels": {
                    name: [count.calls, count.bars, count.seconds] for name, count in self._kernels.counts.items()
                },
                "spots": _spots(threads),
                "threads": _threads(threads),
            },
        )

    def report(
        self,
        job_id: str,
        kernel_threads: int,
        *,
        tasks: Sequence[ProfileSums] = (),
        workers: int = 0,
        peak: int | None = None,
    ) -> ProfilingReport:
        """The measurements; call it after the profiler was left.

        Args:
            job_id: of the run or sweep.
            kernel_threads: threads that a kernel may use in a process.
            tasks: what was measured in other processes.
            workers: how many of them there were.
            peak: bytes of all of them; None for the peak of this one.
        """
        own = self.measured()
        peak = peak_rss() if peak is None else peak
        return _report(own, tasks, job_id, kernel_threads, workers, peak)


@dataclass(slots=True)
class ProfileSums:
    """The measurements of a profiler as plain values that can be sent from one process to another and added up.

    Attributes:
        seconds: wall clock.
        memory: the largest resident set by phase, bytes.
        sums: all that adds up, by its kind and then by name: ``phases``: seconds; ``together``, by the steps that ran at once: seconds;
            ``growth`` of the peak by phase: bytes; ``kernels``: calls, bars, seconds; ``spots``, by function: calls, own and total
            nanoseconds; ``threads``: how many, nanoseconds at work, nanoseconds of waiting.
    """

    seconds: float = 0.0
    memory: dict[str, int] = field(default_factory=dict)
    sums: dict[str, dict[Any, list[float]]] = field(default_factory=dict)

    @classmethod
    def total(cls, parts: Iterable[ProfileSums]) -> ProfileSums:
        """All parts as one: of memory the largest, all else added up."""
        total = cls()
        for part in parts:
            total.seconds += part.seconds
            for phase, held in part.memory.items():
                total.memory[phase] = max(total.memory.get(phase, 0), held)
            for kind, more in part.sums.items():
                sums = total.sums.setdefault(kind, {})
                for name, values in more.items():
                    sums[name] = [a + b for a, b in zip(sums.get(name, [0] * len(values)), values, strict=True)]
        return total


def _report(
    own: ProfileSums,
    tasks: Sequence[ProfileSums],
    job_id: str,
    kernel_threads: int,
    workers: int,
    peak: int | None,
) -> ProfilingReport:
    """The measurements of this process and of others as one report."""
    total = ProfileSums.total([own, *tasks])
    percent = _Percent(own.seconds)
    hotspots = _hotspots(total.sums["spots"], percent)
    return ProfilingReport(
        job_id=job_id,
        status="complete" if len(hotspots) >= FEWEST_HOTSPOTS else "incomplete",
        wall_clock_total=own.seconds,
        memory_peak_mb=None if peak is None else peak / MB,
        workers=workers,
        worker_seconds=sum(task.seconds for task in tasks),
        kernel_threads=kernel_threads,
        phases={name: _phase(total, name, percent) for name in PHASES},
        outside_seconds=sum(total.sums["together"].get((), [0.0])),
        overlaps=_overlaps(total, percent),
        kernels={
            name: KernelCost(
                calls=int(calls), bars=int(bars), seconds=seconds, ns_a_bar=seconds * 1e9 / bars if bars else None
            )
            for name, (calls, bars, seconds) in sorted(total.sums["kernels"].items(), key=lambda item: -item[1][2])
        },
        threads=[
            ThreadCost(name=name, count=int(count), busy_seconds=busy / 1e9, waiting_seconds=waiting / 1e9)
            for name, (count, busy, waiting) in total.sums["threads"].items()
        ],
        hotspots=hotspots,
    )


class _Percent:
    """Seconds in percent of the profiled wall clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, seconds: float) -> float:
        return 100.0 * seconds / self._seconds if self._seconds else 0.0


def _phase(total: ProfileSums, name: str, percent: _Percent) -> PhaseCost:
    (seconds,) = total.sums["phases"][name]
    beside = [
        spent
        for steps, (spent,) in total.sums["together"].items()
        if len(steps) > 1 and name in (STEPS[step] for step in steps)
    ]
    held, growth = total.memory.get(name), total.sums["growth"].get(name)
    return PhaseCost(
        seconds=seconds,
        percent=percent(seconds),
        overlapped_seconds=sum(beside),
        memory_mb=None if held is None else held / MB,
        peak_growth_mb=None if growth is None else growth[0] / MB,
    )


def _overlaps(total: ProfileSums, percent: _Percent) -> list[Overlap]:
    found: dict[tuple[str, ...], float] = {}
    for steps, (spent,) in total.sums["together"].items():
        if len(steps) > 1:
            phases = tuple(sorted((STEPS[step] for step in steps), key=PHASES.index))
            found[phases] = found.get(phases, 0.0) + spent
    return [
        Overlap(phases=list(phases), seconds=spent, percent=percent(spent))
        for phases, spent in sorted(found.items(), key=lambda item: -item[1])
    ]


def _threads(roots: Iterable[Call]) -> dict[str, list[float]]:
    """By name: how many, nanoseconds at work, nanoseconds of waiting."""
    found: dict[str, list[float]] = {}
    for root in roots:
        waiting = sum(call.own_ns for call in root.walk() if call.waits)
        found[root.name] = [root.calls, max(root.total_ns - waiting, 0), waiting]
    return found


def _spots(threads: Iterable[Call]) -> dict[_Key, list[float]]:
    """By function: calls, own and total nanoseconds; waiting for another thread or process is none."""
    found: dict[_Key, list[float]] = {}
    waiting: list[tuple[Call, frozenset[_Key]]] = [(root, frozenset()) for root in threads]
    while waiting:
        call, above = waiting.pop()
        key = (call.name, call.file, call.line)
        if call.file and not call.waits:
            entry = found.setdefault(key, [0, 0, 0])
            entry[0] += call.calls
            entry[1] += call.own_ns
            # What calls itself is counted once.
            entry[2] += 0 if key in above else call.total_ns
        below = above if key in above else above | {key}
        waiting.extend((each, below) for each in call.called.values())
    return found


def _hotspots(spots: dict[_Key, list[float]], percent: _Percent) -> list[Hotspot]:
    """The functions with the most time of their own."""
    ranked = sorted(spots.items(), key=lambda item: -item[1][1])[:MOST_HOTSPOTS]
    return [
        Hotspot(
            function=name,
            file=short_path(file),
            line=line,
            calls=int(calls),
            own_seconds=own / 1e9,
            percent=percent(own / 1e9),
            total_seconds=total / 1e9,
        )
        for (name, file, line), (calls, own, total) in ranked
        if own > 0
    ]


def short_path(file: str) -> str:
    """A file as it is imported: what comes after the folder that Python looks in."""
    folders = [
        folder
        for folder in sys.path
        if folder and file.startswith(folder.rstrip("/\\") + ("\\" if "\\" in folder else "/"))
    ]
    if not folders:
        return file
    return file[len(max(folders, key=len).rstrip("/\\")) + 1 :].replace("\\", "/")
