"""Finished sets of a sweep: their rows, their trades, and the reasons of those that failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import pyarrow as pa

from barloom.bars.bars import BarsReport
from barloom.errors import InputError
from barloom.jobs.sweep.folder import SweepFolder
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.runner.tasks import SET_ID, TaskFailed, TaskResult, Value, errors_table, nothing_ran

log = logging.getLogger(__name__)


class DoneSets:
    """Results of the tasks of a sweep.

    Attributes:
        resumed: sets that were finished before this process began.
        kept: sets that are finished, and in the folder if there is one.
        failed: reasons why sets have no row, by their numbers.
    """

    def __init__(self, label: str, folder: SweepFolder | None) -> None:
        """Begin with the sets finished in the folder; ``label`` is that of the bars.

        Raises:
            InputError: files of the folder are damaged.
        """
        self._label, self._folder = label, folder
        self._results: dict[int, TaskResult] = {}
        self._broken: dict[int, str] = {}
        self.failed: dict[int, str] = {}
        if folder is not None:
            self._results = {result.set_ids[0]: result for result in folder.finished()}
        self.resumed = self.kept = sum(len(result.set_ids) for result in self._results.values())

    def add(self, found: TaskResult) -> None:
        """Keep the result of a task.

        Raises:
            InputError: it read other bars than the tasks before it.
        """
        self._refuse_other_bars(found)
        if self._folder is not None:
            self._folder.save(found)
        self._results[found.set_ids[0]] = found
        self.kept += len(found.set_ids)

    def add_failed(self, found: TaskFailed) -> None:
        """Note the sets of a task that failed."""
        told = {"details": found.details}
        log.error("sets %d to %d: %s", found.set_ids[0], found.set_ids[-1], found.message, extra=told)
        self.failed |= dict.fromkeys(found.set_ids, found.message)
        if found.kind != "died":  # that is the strategy's doing, or the machine's, and told by its name
            self._broken |= dict.fromkeys(found.set_ids, found.details)

    def _refuse_other_bars(self, found: TaskResult) -> None:
        first = self.report
        if found.report is None or first is None or first.content_hash == found.report.content_hash:
            return
        if self._folder is not None:
            raise self._folder.other_bars()
        raise InputError(f"{self._label} was changed while it was in use: run again when nothing writes to it")

    @property
    def numbers(self) -> set[int]:
        """Numbers of the finished sets."""
        return {number for result in self._results.values() for number in result.set_ids}

    @property
    def refused(self) -> int:
        """Number of sets without a result."""
        refused: int = sum(len(result.set_ids) - result.table["error"].null_count for result in self._results.values())
        return len(self.failed) + refused

    @property
    def report(self) -> BarsReport | None:
        """Report of a pass over the bars; None if none was made."""
        return next((result.report for result in self._results.values() if result.report is not None), None)

    def table(self, names: Sequence[str], sets: Sequence[Sequence[Value]], ids: range) -> SweepTable:
        """The table of the sets with these numbers, those that failed among them."""
        # A task holds sets of one round only. What is left of an earlier start may be of rounds that are still to come.
        parts = [result.table for result in self._results.values() if result.set_ids[0] in ids]
        failed = {number: said for number, said in self.failed.items() if number in ids}
        return SweepTable.made(names, sets, pa.concat_tables([*parts, errors_table(failed)]))

    def refuse_nothing(self, table: SweepTable) -> None:
        """Refuse a table in which no set has a result.

        Raises:
            InputError: every set was refused.
            BarloomError: the first of them failed in code.
        """
        if table.refused < len(table):
            return
        if self._folder is not None:
            self._folder.forget_parts()
        broken = {number: said for result in self._results.values() for number, said in result.broken.items()}
        broken |= self._broken
        numbers = table.table[SET_ID].to_pylist()
        if numbers and broken.get(numbers[0]):
            log.error("set %d failed:", numbers[0], extra={"details": broken[numbers[0]]})
        raise nothing_ran(numbers, table.table["error"].to_pylist(), broken, "the grid")

    def trades(self) -> Iterator[pa.Table]:
        """The trades of all sets, if all keep theirs."""
        for _, result in sorted(self._results.items()):
            found = result.trades
            if found is None and self._folder is not None:
                found = self._folder.trades_of(result)
            if found is not None:
                yield found
