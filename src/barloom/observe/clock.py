"""Seconds by phase of a run: two readings of the clock a step, and nothing else unless somebody watches (``profiling``)."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from types import TracebackType

PHASES = ("ingest", "scan", "simulate", "write")
STEPS = {"ingest": "ingest", "prepare": "scan", "scan": "scan", "simulate": "simulate", "write": "write"}
"""The phase of each step; each step is taken by one thread alone."""


class Clock:
    """Adds up the seconds of each step.

    Attributes:
        seconds: by step, the names of ``STEPS``.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    def phases(self) -> dict[str, float]:
        """Seconds in ingest, scan (indicators and signals), simulate and write; phases overlap."""
        times = dict.fromkeys(PHASES, 0.0)
        for step, seconds in self.seconds.items():
            times[STEPS[step]] += seconds
        return times

    def phase(self, step: str) -> AbstractContextManager[None]:
        """Add what passes within it to a step."""
        return _Timed(self.seconds, step)


class _Timed:
    __slots__ = ("_seconds", "_started", "_step")

    def __init__(self, seconds: dict[str, float], step: str) -> None:
        self._seconds = seconds
        self._step = step

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._seconds[self._step] += time.perf_counter() - self._started
