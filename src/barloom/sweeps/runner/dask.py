"""The tasks of a sweep on the workers of a Dask scheduler (package ``distributed``, the extra ``dask``)."""

from __future__ import annotations

import contextlib
import importlib
import logging
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from barloom.errors import InputError, sentence
from barloom.observe import interrupts
from barloom.sweeps.runner.tasks import Task, TaskFailed, TaskResult, perform_text

REACHED_SECONDS = 5  # in which a scheduler answers, and has a worker
AHEAD = 2  # tasks at the scheduler for each thread of its workers
LOOK_SECONDS = 0.2


class Cluster:
    """Tasks on the workers of a scheduler; each worker opens the bars under the same path as here.

    A worker that dies costs its tasks alone: the scheduler gives them to another one, and gives a task up that ends worker after worker.
    """

    threads = 1  # Dask runs as many tasks at once on a machine as its workers there have threads

    def __init__(self, address: str) -> None:
        """Connect to a scheduler.

        Args:
            address: such as ``tcp://192.168.1.10:8786``.

        Raises:
            InputError: ``distributed`` is not installed, nobody answers there within some seconds, or there is no worker.
        """
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise InputError(
                "--executor dask needs the package distributed: install it with python -m pip install 'barloom[dask]'"
            ) from None
        self.address = address
        self._client: Any = None
        self._levels = _silenced()
        try:
            self._client = distributed.Client(address, timeout=REACHED_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=REACHED_SECONDS)
        except (OSError, ValueError, TypeError) as error:
            reached = self._client is not None
            self.close()
            if reached:
                raise InputError(
                    f"--scheduler {address} has no workers: start some with dask worker {address}"
                ) from None
            raise InputError(
                f"--scheduler {address} cannot be reached ({sentence(str(error))[:200]}): check the address, "
                "and that dask scheduler runs there"
            ) from None
        self.workers = max(1, sum(self._client.nthreads().values()))

    def run(self, tasks: Iterable[Task]) -> Iterator[TaskResult | TaskFailed]:
        """Result of each task, in the order in which they finish.

        Raises:
            InputError: the scheduler is lost.
        """
        if self._client is None:
            raise ValueError("the cluster is closed")
        drawn = iter(tasks)
        token = secrets.token_hex(4)
        pending: dict[Any, Task] = {}
        while True:
            while len(pending) < AHEAD * self.workers and (task := next(drawn, None)) is not None:
                key = f"barloom-{token}-{task.set_ids[0]}-{task.set_ids[-1]}"
                pending[self._client.submit(perform_text, task.model_dump_json(), key=key, pure=False)] = task
            if not pending:
                return
            for future in self._ended(pending):
                yield self._outcome(future, pending.pop(future))

    def _ended(self, pending: dict[Any, Task]) -> list[Any]:
        """The futures that are finished, at least one."""
        wait = importlib.import_module("distributed").wait
        while True:
            interrupts.check()
            try:
                with self._client.as_current():
                    return list(wait(list(pending), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                continue
            except CancelledError:
                raise self._gone() from None

    def _outcome(self, future: Any, task: Task) -> TaskResult | TaskFailed:
        if future.status == "finished":
            try:
                found: TaskResult | TaskFailed = future.result()
            except (OSError, CancelledError):  # it went away with what it had
                raise self._gone() from None
            future.release()
            return found
        if future.status in ("cancelled", "lost"):
            raise self._gone()
        error = future.exception()
        future.release()
        if isinstance(error, importlib.import_module("distributed").KilledWorker):
            return TaskFailed(task.set_ids, "died", f"strategy {task.base.strategy}: its workers died again and again")
        if isinstance(error, ModuleNotFoundError):
            return TaskFailed(
                task.set_ids, "input", f"a worker of {self.address} lacks {error.name}: install barloom there too"
            )
        return TaskFailed(task.set_ids, "unexpected", sentence(f"{type(error).__name__}: {error}"))

    def _gone(self) -> InputError:
        return InputError(
            f"--scheduler {self.address} is gone: start it again; the same command goes on with what was finished"
        )

    def close(self) -> None:
        """Cancel unfinished tasks, and leave the scheduler as it was."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close(timeout=1)
            self._client = None
        for log, level in self._levels.items():
            log.setLevel(level)


def _silenced() -> dict[logging.Logger, int]:
    """Silence Dask's long log messages, as one sentence replaces them. Returns the log levels to restore."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    levels = {log: log.level for log in map(logging.getLogger, names)}
    for log in levels:
        log.setLevel(logging.CRITICAL + 1)
    return levels
