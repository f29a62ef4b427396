"""Request of a sweep: the bars, the sets, and the facts that tell it from other sweeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from barloom.bars.bars import Bars
from barloom.bars.resampling import ResampledBars
from barloom.engine.orchestrator import CHUNK_ROWS
from barloom.errors import InputError
from barloom.jobs.records import NOT_IN_A_FILE
from barloom.jobs.sweep.folder import FileStamp, SweepPlan, sets_digest
from barloom.rules.parameters import RunParameters
from barloom.strategies.base import StrategyOrigin
from barloom.strategies.registry import load_strategy
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.grid.grid import Grid, parameters_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import MOST_SETS, SHARED_SETS
from barloom.sweeps.runner.tasks import Value

Values = tuple[Value, ...]


class Search(Protocol):
    """Method that chooses sets by the results of earlier ones; the same results give the same sets."""

    trials: int

    def ask(self) -> Sequence[Values]:
        """The next sets; an empty list when the search is over. No set is proposed twice."""

    def tell(self, values: Sequence[Values], table: SweepTable) -> None:
        """Receive the results of the proposed sets, one row per set, in their order."""

    def settings(self) -> dict[str, Any]:
        """Settings that identify the search, as plain values."""


class SweepRequest:
    """One sweep before any work is done.

    Attributes:
        bars, selected: all the bars of the source, and the part of them that is taken.
        fine: finer bars; None where there are none.
        base: the options that all sets share.
        grid, names: the values and constraints, and the names of what is varied.
        search: what chooses the sets in place of the whole grid.
        sets: their values by ``names``; those that a search has asked for until now.
        trials: how many sets there are to be.
        options: the slice, the workers, where the files go, and whose trades are kept.
        reading_known: whether ``options`` tell how the files were opened.
        origin: where the strategy comes from; None where it cannot be loaded without the parameters of a set.
    """

    def __init__(
        self,
        bars: Bars,
        base: RunParameters,
        grid: Grid,
        options: SweepOptions,
        search: Search | None = None,
        *,
        reading_known: bool = False,
    ) -> None:
        """Select the bars and the sets of the grid.

        Raises:
            InputError: options that contradict one another, no such part of the bars, or too many sets.
        """
        options.check()
        self.bars, self.selected = bars, options.selected(bars)
        self.fine = options.open_fine(bool(bars.source.corrected))
        self.base = base.with_finer_bars(self.fine is not None)
        self.grid, self.names, self.search = grid, grid.names, search
        self.sets: list[Values] = [] if search is not None else list(grid.sets(options.max_sets))
        self.trials = search.trials if search is not None else len(self.sets)
        self.options, self.reading_known = options, reading_known
        self.origin = self._origin()

    def _origin(self) -> StrategyOrigin | None:
        """Origin of the strategy; its parameters may be complete only together with those of a set."""
        tried = [self.base.params]
        if self.sets:
            with contextlib.suppress(InputError):
                tried.append(parameters_of(self.base, self.names, self.sets[0]).params)
        for params in tried:
            with contextlib.suppress(InputError):
                return load_strategy(self.base.strategy, params).origin
        return None

    def identity(self) -> SweepPlan:
        """The facts that tell this sweep from others.

        Raises:
            InputError: a file of it cannot be read.
        """
        options, source = self.options, self.bars.source
        reading = options.reading.kept()
        in_file = self.bars.label not in NOT_IN_A_FILE
        paths = (source.paths or (Path(self.bars.label),)) if in_file else ()
        beside = (path for path in (reading.ask, reading.fine) if path is not None)
        if self.search is not None:
            search = self.search.settings() | {"rank_by": options.metric, "min_trades": options.min_trades}
            chosen: Any = [self.grid.model_dump(mode="json"), search]
        else:
            chosen = self.sets
        return SweepPlan(
            base=self.base.model_copy(update={"threads": None, "chunk_rows": None}),
            names=self.names,
            sets=sets_digest(chosen),
            data=self.bars.label if not in_file else str(Path(self.bars.label).absolute()),
            reading=reading,
            fraction=options.data_frac,
            portion=options.portion,
            start=options.start,
            end=options.end,
            bars=None if in_file and self.reading_known else self._content_hash(),
            files=tuple(FileStamp.of(path) for path in (*paths, *beside)),
            strategy=None if self.origin is None else self.origin.sha256,
            all_trades=options.kept_sets is None,
        )

    def _content_hash(self) -> str:
        """The hash of the bars, from a pass over them if it is not known yet."""
        bars = self.selected
        if bars.report is None:
            facts = bars.source.facts
            if facts is not None and bars.selection.whole and not isinstance(bars, ResampledBars):
                return facts.content_hash
            with contextlib.closing(bars.chunks(CHUNK_ROWS)) as chunks:
                for _ in chunks:
                    pass
        assert bars.report is not None
        return bars.report.content_hash

    def tried(self) -> list[RunParameters]:
        """Some neighbouring sets, to measure their cost."""
        if self.search is None:
            first = max(0, (len(self.sets) - MOST_SETS) // 2)
            return list(self._parameters(self.sets[first : first + MOST_SETS]))
        places = {place * (self.grid.count() - 1) // 7 for place in range(8)}
        return list(self._parameters([self.grid.at(place) for place in sorted(places)]))

    def all_parameters(self) -> list[RunParameters]:
        """The parameters of all valid sets; an empty list if they are too many to compare."""
        return list(self._parameters(self.sets)) if len(self.sets) <= SHARED_SETS else []

    def _parameters(self, sets: Sequence[Values]) -> Iterator[RunParameters]:
        for values in sets:
            with contextlib.suppress(InputError):
                yield parameters_of(self.base, self.names, values)
