"""A sweep as a job: a folder that remembers finished sets, and the messages if it is stopped or fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from barloom.bars.bars import Bars
from barloom.jobs.endings import Ending, ending, logged_to
from barloom.jobs.sweep.folder import SweepFolder
from barloom.jobs.sweep.records import facts_of
from barloom.jobs.sweep.request import Search, SweepRequest
from barloom.jobs.sweep.work import SweepJob, SweepOutcome
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import Plan
from barloom.sweeps.runner.progress import SweepProgress

__all__ = ["Plan", "Search", "SweepOutcome", "SweepProgress", "plan_sweep", "sweep_job"]


def plan_sweep(
    bars: Bars,
    base: RunParameters,
    grid: Grid,
    options: SweepOptions,
    *,
    search: Search | None = None,
    reading_known: bool = False,
) -> Plan:
    """Plan of ``sweep_job``; runs only a few sets over the first bars, and leaves no file.

    Raises:
        InputError: see ``sweep_job``.
    """
    request = SweepRequest(bars, base, grid, options, search, reading_known=reading_known)
    job = SweepJob(request)
    if options.out is None:
        return job.plan(None)
    with contextlib.closing(SweepFolder(options.out, request.identity())) as folder:
        try:
            return job.plan(folder)
        finally:
            folder.abandon()


def sweep_job(
    bars: Bars,
    base: RunParameters,
    grid: Grid,
    options: SweepOptions,
    *,
    command: Sequence[str] = (),
    search: Search | None = None,
    reading_known: bool = False,
    on_plan: Callable[[Plan], None] | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
) -> SweepOutcome:
    """Run every set of a grid, or those that a search proposes, and leave the files of the sweep.

    The same sweep with the same ``out`` goes on where it was stopped, and once finished is only shown.

    Args:
        bars: all the bars of a source; the slice is taken here.
        base: the options that all sets share.
        grid: names, values and constraints.
        options: the slice, the workers, where the files go, and whose trades are kept.
        command: the words of the command line, for the record.
        search: what chooses the sets in place of the whole grid.
        reading_known: whether ``options`` tell how the files of ``bars`` were opened, so that workers may open them the same way.
        on_plan: called with the plan before any set runs.
        on_progress: called after each batch, and within a batch that runs in this process.

    Raises:
        InputError: bad data or options, something that changed since the sweep was begun, or no room for the files.
        FidelityError: a strategy looks ahead, or a set run again gave other trades.
        KeyboardInterrupt: with a sentence that says what was kept.
        BarloomError: anything unexpected, with the path of the log that holds the traceback.
    """
    request = SweepRequest(bars, base, grid, options, search, reading_known=reading_known)
    job = SweepJob(request, command, on_plan, on_progress)
    if options.out is None:
        return job.run(None)
    folder = SweepFolder(options.out, request.identity())
    with contextlib.closing(folder), ending(_SweepEnding(job, folder)):
        folder.copy_record_to(options.benchmark_out)  # refused now, not in the end
        before = job.finished(folder)
        if before is not None:
            return before
        with logged_to(folder.log, command):
            return job.run(folder)


class _SweepEnding(Ending):
    """Files left of a sweep that fails or is stopped: the finished sets."""

    left = "what was finished is kept"

    def __init__(self, job: SweepJob, folder: SweepFolder) -> None:
        self._job, self._folder = job, folder
        self.place, self.log = folder.path, folder.log

    def abandon(self) -> None:
        """Leave the folder only if a set in it is finished."""
        self._folder.abandon()

    def interrupted(self) -> str:
        """Keep the finished sets."""
        folder = self._folder
        if folder.whole:
            return f"the sweep was finished and is in {folder.path}"
        kept = folder.sets_kept()
        folder.abandon()
        if not kept:
            return "no batch was finished, nothing is left of this sweep"
        self.failed("interrupted")
        return f"{kept:,} sets are finished and kept: the same command goes on from there"

    def failed(self, error: str) -> None:
        """Leave the benchmark record."""
        facts = facts_of(self._job.usage, self._folder.job_id, self._job.command, self._job.usage.trades)
        self._folder.leave_failed(facts, error)
