"""Progress of a run or a sweep: a bar at a terminal, occasional lines elsewhere. Both take under 1% of the run time."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from barloom.observe import interrupts
from barloom.observe.memory import MemoryWatch

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

REDRAW_SECONDS = 0.25
LINE_SECONDS = 10.0
"""Seconds between two lines of a sweep if stderr is no terminal."""
log = logging.getLogger(__name__)


class Step(Protocol):
    """Progress of a run after a chunk."""

    @property
    def bars(self) -> int:
        """Bars so far."""

    @property
    def total_bars(self) -> int | None:
        """All bars, if that is known."""

    @property
    def trades(self) -> int:
        """Trades so far."""

    @property
    def seconds(self) -> float:
        """Seconds since the start."""


class SweepStep(Protocol):
    """Progress of a sweep after some of its sets."""

    @property
    def sets(self) -> int:
        """Finished sets, those of an earlier start of the sweep included."""

    @property
    def total_sets(self) -> int:
        """All sets."""

    @property
    def failed(self) -> int:
        """Finished sets that could not be run."""

    @property
    def new_sets(self) -> int:
        """Sets finished since this start."""

    @property
    def seconds(self) -> float:
        """Seconds since this start."""


class ProgressReport:
    """Takes each step of a run and shows some of them on stderr.

    Use it as a context manager around the run and call it with each step.
    """

    def __init__(self, log_frequency: int, memory: MemoryWatch, *, terminal: bool | None = None) -> None:
        """Show steps.

        Args:
            log_frequency: trades between lines where stderr is no terminal.
            memory: looked at with each step that is shown.
            terminal: whether to draw a bar; None finds out from stderr, and from whether progress is logged at all.
        """
        self._every = log_frequency
        self._memory = memory
        self._terminal = _at_terminal() if terminal is None else terminal
        self._next_trades = log_frequency
        self._next_look = 0.0
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._label = "bars"

    def __enter__(self) -> Self:
        if self._terminal:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[done]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                # Drawn by us between chunks: no thread of its own beside the kernels'.
                auto_refresh=False,
                transient=True,
            )
            self._bar.start()
            self.begin(self._label)
        return self

    def begin(self, label: str) -> None:
        """Start again for another pass over the bars, named ``label``."""
        self._label = label
        self._next_trades = self._every
        self._next_look = 0.0
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(label, total=None, done="")

    def __call__(self, step: Step) -> None:
        """Take a step; most are not shown. Raises KeyboardInterrupt if a signal came that was swallowed."""
        interrupts.check()
        now = time.monotonic()
        if now < self._next_look and step.trades < self._next_trades:
            return
        self._next_look = now + REDRAW_SECONDS
        self._memory.look()
        if self._bar is not None and self._task is not None:
            self._next_trades = sys.maxsize
            done = f"{step.bars:,} bars" + (f"  {step.trades:,} trades" if step.trades else "")
            self._bar.update(self._task, completed=step.bars, total=step.total_bars, done=done, refresh=True)
        elif step.trades >= self._next_trades:
            # A chunk may hold many times the frequency: one line for it, not many.
            self._next_trades = (step.trades // self._every + 1) * self._every
            share = f" of {step.total_bars:,}" if step.total_bars else ""
            log.info(
                "%s: %s%s, %s trades, %.1f s", self._label, f"{step.bars:,}", share, f"{step.trades:,}", step.seconds
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._memory.look()


class SweepProgress:
    """Takes each step of a sweep and shows sets done, sets a second and the time left on stderr.

    Use it as a context manager around the sweep and call it with each step.
    """

    def __init__(
        self,
        memory: MemoryWatch,
        *,
        label: str = "sets",
        terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show steps.

        Args:
            memory: looked at with each step.
            label: what is counted.
            terminal: whether to draw a bar; None finds out from stderr, and from whether progress is logged at all.
            clock: seconds, for the time between lines.
        """
        self._memory = memory
        self._label = label
        self._terminal = _at_terminal() if terminal is None else terminal
        self._clock = clock
        self._next_line = 0.0
        self._next_look = 0.0
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._next_line = self._clock() + LINE_SECONDS
        if self._terminal:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                auto_refresh=False,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=None, rate="")
        return self

    def __call__(self, step: SweepStep) -> None:
        """Take a step. Raises KeyboardInterrupt if a signal came that was swallowed."""
        interrupts.check()
        now = self._clock()
        if now < self._next_look and step.sets < step.total_sets:
            return
        self._next_look = now + REDRAW_SECONDS
        self._memory.look()
        if self._bar is not None and self._task is not None:
            rate = ", ".join(_pace(step))
            self._bar.update(self._task, completed=step.sets, total=step.total_sets, rate=rate, refresh=True)
        elif now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            failed = [f"{step.failed:,} refused"] if step.failed else []
            said = ", ".join([f"{step.sets:,} of {step.total_sets:,}", *failed, *_pace(step)])
            log.info("%s: %s", self._label, said)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._memory.look()


def _at_terminal() -> bool:
    return sys.stderr.isatty() and log.isEnabledFor(logging.INFO)


def _pace(step: SweepStep) -> list[str]:
    """Sets per second since this start, and the time left at that rate; empty if there is no rate yet."""
    if step.new_sets <= 0 or step.seconds <= 0.0:
        return []
    left = (step.total_sets - step.sets) * step.seconds / step.new_sets
    return [f"{step.new_sets / step.seconds:,.1f} a second", f"{_span(left)} left"]


def _span(seconds: float) -> str:
    """A duration in words of at most two parts: ``40 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
