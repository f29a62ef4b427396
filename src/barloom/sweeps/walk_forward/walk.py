"""The plan of a walk forward: its grid, its windows, and how the best set is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from barloom.bars.span import Span
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid, parameters_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.walk_forward.windows import CalendarSpan, TrainTestWindow, windows_of

if TYPE_CHECKING:
    from barloom.bars.bars import Bars


@dataclass(frozen=True, slots=True)
class WalkStep:
    """Progress of a walk forward, in sets run in sample over all windows."""

    sets: int
    total_sets: int
    failed: int
    seconds: float

    @property
    def new_sets(self) -> int:
        """All of them: a walk forward begins anew."""
        return self.sets


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The plan of a walk forward.

    Attributes:
        names, sets: the grid.
        base: the parameters that all sets share.
        make: the parameters of a set by its values.
        train, test, step, anchored: the windows, see ``windows_of``.
        rank_by, min_trades: the metric of the best set, and the trades it needs at least.
    """

    names: tuple[str, ...]
    sets: Sequence[tuple[Any, ...]]
    base: RunParameters
    make: Callable[[tuple[Any, ...]], RunParameters]
    train: CalendarSpan
    test: CalendarSpan
    step: CalendarSpan
    anchored: bool = False
    rank_by: str = "sharpe"
    min_trades: int = 0

    @classmethod
    def of(
        cls,
        grid: Grid,
        base: RunParameters,
        options: SweepOptions,
        train: CalendarSpan,
        test: CalendarSpan,
        step: CalendarSpan,
        *,
        anchored: bool = False,
    ) -> Walk:
        """A walk forward over the sets of a grid.

        Raises:
            InputError: too many sets, or an unknown metric.
        """
        return cls(
            names=grid.names,
            sets=grid.sets(options.max_sets),
            base=base,
            make=partial(parameters_of, base, grid.names),
            train=train,
            test=test,
            step=step,
            anchored=anchored,
            rank_by=options.metric,
            min_trades=options.min_trades,
        )

    def windows(self, part: Bars) -> list[TrainTestWindow]:
        """The windows over the bars of a selection.

        Raises:
            InputError: see ``windows_of``.
        """
        span = Span.of(part)
        stop = min(span.last + (span.step or 1), part.selection.end)
        return windows_of(span.first, stop, self.train, self.test, self.step, anchored=self.anchored)
