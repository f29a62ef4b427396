"""Execution of a sweep's tasks: in this process, or in worker processes that are spawned, never forked."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from barloom.bars.bars import Bars
from barloom.engine.orchestrator import Progress, available_cores
from barloom.errors import BarloomError
from barloom.observe import interrupts
from barloom.observe.clock import Clock
from barloom.sweeps.runner.tasks import Task, TaskFailed, TaskResult, perform, perform_text

TRIES = 2
LOOK_SECONDS = 0.2  # between two looks at signals while nothing comes
GOODBYE_SECONDS = 5.0  # that a worker without work has to end by itself
log = logging.getLogger(__name__)


class Executor(Protocol):
    """Runs tasks, in any order; closing it ends everything it started."""

    workers: int
    threads: int
    """Threads that each task should use."""

    def run(self, tasks: Iterable[Task]) -> Iterator[TaskResult | TaskFailed]:
        """Result of each task, in the order in which they finish. Tasks are drawn as they are needed."""

    def close(self) -> None:
        """End every process that was started."""


def capped(workers: int) -> int:
    """Return the number of workers asked for, at most one a core; more are capped with one warning.

    A worker of ``multiprocessing.Pool`` may start no processes itself: there it is one, which is this process.
    """
    if workers > 1 and multiprocessing.current_process().daemon:
        log.warning("this process belongs to a pool and may start no workers: the sets run in it, one after the other")
        return 1
    cores = available_cores()
    if workers > cores:
        log.warning(
            "--max-workers %d is more than there are cores: %d %s used", workers, cores, "are" if cores > 1 else "is"
        )
    return min(workers, cores)


class Here:
    """Tasks one after the other in this process."""

    workers = 1

    def __init__(
        self,
        bars: Bars | None = None,
        fine: Bars | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Run tasks over their own bars, or over ``bars`` if a task has none; ``clock`` takes the seconds of each step."""
        self.threads = available_cores()
        self._bars = bars
        self._fine = fine
        self.on_progress = on_progress
        self._clock = clock

    def run(self, tasks: Iterable[Task]) -> Iterator[TaskResult | TaskFailed]:
        """Result of each task; errors are raised where they happen.

        Raises:
            InputError, FidelityError: see ``perform``.
        """
        for task in tasks:
            bars = None if task.bars is not None else self._bars
            yield perform(task, bars, self._fine if bars is not None else None, self.on_progress, self._clock)

    def close(self) -> None:
        """Do nothing: no process was started."""


# ---------------------------------------------------------------- worker processes


class _Spawned(SpawnProcess):
    """A spawned process that does not run the main script again: a worker needs nothing from it."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: N802
        # spawn looks at __main__ for a script to run again, which without a guard would start a sweep of its own.
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


@dataclass(eq=False)
class _Worker:
    """A process, our end of its pipe, and its current task."""

    process: _Spawned
    pipe: Connection
    task: Task | None = None
    tries: int = 0


def _quiet() -> Iterator[None]:
    """Block Ctrl-C for a moment: a process started meanwhile never receives it, so only its parent reacts."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    # Started within, it would let Ctrl-C through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


quiet = contextmanager(_quiet)


class Workers:
    """Tasks in ``count`` spawned processes, each with its share of the cores.

    A process that dies costs its own task alone, which gets one more try in a new process. Nothing is sent to a process but the text
    of its task, and it ends with this process, however that ends.
    """

    def __init__(self, count: int, threads: int | None = None) -> None:
        self.workers = count
        self.threads = threads or max(1, available_cores() // count)
        self._workers: list[_Worker] = []

    def run(self, tasks: Iterable[Task]) -> Iterator[TaskResult | TaskFailed]:
        """Result of each task, in the order in which they finish; a task whose process died twice fails with ``died``."""
        drawn = iter(tasks)
        again: deque[tuple[Task, int]] = deque()
        while True:
            for worker in list(self._idle()):
                task, tries = again.popleft() if again else (next(drawn, None), 0)
                if task is None:
                    break
                self._give(worker, task, tries)
            busy = [worker for worker in self._workers if worker.task is not None]
            if not busy:
                return
            for worker, found in self._heard(busy):
                task, tries, worker.task = worker.task, worker.tries, None
                assert task is not None
                if found is not None:
                    yield found
                    continue
                self._workers.remove(worker)
                worker.pipe.close()
                worker.process.join()
                code = worker.process.exitcode
                more = ", its sets run again" if tries + 1 < TRIES else ""
                log.warning("a worker of strategy %s died (exit code %s)%s", task.base.strategy, code, more)
                if tries + 1 < TRIES:
                    again.append((task, tries + 1))
                else:
                    said = f"strategy {task.base.strategy}: its worker died twice (exit code {code})"
                    yield TaskFailed(task.set_ids, "died", said)

    def _idle(self) -> Iterator[_Worker]:
        """Workers without a task, started as needed, up to the count."""
        yield from [worker for worker in self._workers if worker.task is None]
        while len(self._workers) < self.workers:
            yield self._start()

    def _start(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        process = _Spawned(target=serve, args=(theirs, self.threads), name="barloom-worker", daemon=True)
        with quiet():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)  # type: ignore[arg-type, unused-ignore]  # on Windows the pipe is of another class
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker, task: Task, tries: int) -> None:
        worker.task, worker.tries = task, tries
        # A process that died meanwhile is found out by the next look at it.
        with suppress(OSError):
            worker.pipe.send_bytes(task.model_dump_json().encode())

    def _heard(self, busy: list[_Worker]) -> Iterator[tuple[_Worker, TaskResult | TaskFailed | None]]:
        """Workers that have answered, or None for one that died."""
        interrupts.check()
        pipes = {worker.pipe: worker for worker in busy}
        # Without a limit, a wait on Windows never sees Ctrl-C.
        for pipe in wait(list(pipes), LOOK_SECONDS):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                found = worker.pipe.recv()
            except (EOFError, OSError):
                found = None
            yield worker, found

    def close(self) -> None:
        """End the processes: busy ones are killed, idle ones finish by themselves."""
        for worker in self._workers:
            if worker.task is not None:
                worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(GOODBYE_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


def serve(pipe: Connection, threads: int) -> None:
    """Main loop of a worker process: receives a task, sends its result, until the pipe is closed."""
    import pyarrow as pa

    # Where signals cannot be held back when a process starts, they are left to the parent here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="barloom-parent", daemon=True).start()
    with suppress(OSError):
        os.dup2(2, 1)  # results go through the pipe: whatever is printed here is a strategy's
    pa.set_cpu_count(threads)
    pa.set_io_thread_count(max(1, threads))
    while True:
        try:
            text = pipe.recv_bytes().decode()
        except (EOFError, OSError):
            return
        try:
            found = perform_text(text)
        except MemoryError:
            os._exit(1)  # as if it had been killed for it: the task is tried once more
        try:
            pipe.send(found)
        except OSError:
            return


def _end_with_parent() -> None:
    """End this process at once when its parent is gone, even during a task."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def raised(failed: TaskFailed) -> BarloomError:
    """The error to raise for a failed task that ends the sweep."""
    from barloom.errors import FidelityError, InputError

    if failed.kind == "input":
        return InputError(failed.message)
    if failed.kind == "fidelity":
        return FidelityError(failed.message)
    return BarloomError(f"unexpected in a worker: {failed.message}")
