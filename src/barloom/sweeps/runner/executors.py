"""Who runs the tasks of a sweep: this process, worker processes, or the workers of a scheduler; chosen here for every kind of sweep."""

from __future__ import annotations

from contextlib import ExitStack

from barloom.engine.orchestrator import available_cores
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.local import Executor, Workers, capped


class ExecutorChoice:
    """The choice that the options make.

    Attributes:
        local: False for the workers of a scheduler.
        workers: processes that run tasks; those of a scheduler once it is connected.
    """

    def __init__(self, options: SweepOptions) -> None:
        """Choose; nothing is started."""
        self.local = options.executor == "local"
        self.workers = capped(options.max_workers) if self.local else 1
        self._scheduler = options.scheduler or ""
        self._cluster: Executor | None = None

    def connect(self, stack: ExitStack) -> None:
        """Connect to the scheduler, if one was chosen, until ``stack`` closes.

        Raises:
            InputError: it cannot be reached, or has no workers.
        """
        if self.local:
            return
        from barloom.sweeps.runner.dask import Cluster

        self._cluster = Cluster(self._scheduler)
        self.workers = self._cluster.workers
        stack.callback(self._cluster.close)

    def threads(self, most: int | None) -> int:
        """Threads of each worker, at most ``most``."""
        if self._cluster is not None:
            return self._cluster.threads
        cores = available_cores()
        return max(1, min(most or cores, cores // self.workers))

    def elsewhere(self, workers: int, threads: int) -> Executor | None:
        """The executor of other processes, started now where they are on this machine; None where tasks run in this process."""
        if self._cluster is not None:
            return self._cluster
        return Workers(workers, threads) if workers > 1 else None
