"""Inputs of a sweep, checked before any bar is read, and the analysis of its best set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from barloom.engine.metrics import LOWER_IS_BETTER
from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.overfitting import Overfitting, overfitting
from barloom.sweeps.analysis.stability import Stability, stability
from barloom.sweeps.analysis.table import SweepTable, metric_of
from barloom.sweeps.grid.grid import Axis, Grid
from barloom.sweeps.grid.search import Search


def asked_grid(
    axes: Iterable[Axis | str] | Mapping[str, Any],
    base: RunParameters,
    *,
    where: Iterable[str] | str = (),
    sample: int | None = None,
) -> Grid:
    """The grid of a sweep, with names that are not given elsewhere; a sample is drawn with the seed of the run.

    Raises:
        InputError: see ``Grid.of``; a name that is given a single value as well.
    """
    grid = Grid.of(axes, base, where=where, sample=sample, seed=base.seed)
    for name in grid.names:
        parameter = name.removeprefix("param.")
        if name in base.model_fields_set:
            option = "--" + name.replace("_", "-")
            raise InputError(f"{option} {getattr(base, name)} is on the grid as well, as {name}: leave one of them out")
        if parameter in base.params and name not in RunParameters.model_fields:
            raise InputError(
                f"--param {parameter}={base.params[parameter]} is on the grid as well: leave one of them out"
            )
    return grid


class RankedSearch:
    """A search that chooses the next sets by the metric of the sets run so far.

    Attributes:
        trials: sets it tries.

    Raises:
        InputError: see ``Search``; a search without a number of trials, or the other way round.
    """

    def __init__(self, grid: Grid, method: str, trials: int, rank_by: str, min_trades: int) -> None:
        self.trials = trials
        self._metric, self._min_trades = metric_of(rank_by), min_trades
        self._method = method
        self._search = Search(grid, trials, method=method, maximise=self._metric not in LOWER_IS_BETTER)

    @classmethod
    def asked(
        cls, grid: Grid, method: str | None, trials: int | None, *, rank_by: str, min_trades: int, max_sets: int
    ) -> RankedSearch | None:
        """The search given by the options; None for the whole grid.

        Raises:
            InputError: one option without the other, or more trials than sets allowed.
        """
        if method is None:
            if trials is not None:
                raise InputError(f"--trials {trials} is for --search: give --search tpe as well, or leave it out")
            return None
        if trials is None:
            raise InputError(f"--search {method} needs a number of sets to try: --trials 200")
        if trials > max_sets:
            raise InputError(f"--trials {trials:,} is more than --max-sets {max_sets:,}: lower it, or raise --max-sets")
        return cls(grid, method, trials, rank_by, min_trades)

    def ask(self) -> Sequence[tuple[Any, ...]]:
        """The next sets; an empty list when the search is over."""
        return self._search.ask()

    def tell(self, values: Sequence[tuple[Any, ...]], table: SweepTable) -> None:
        """Give the search the results of the sets it proposed, one row per set, in their order."""
        results = table.numbers(self._metric)
        few = table.numbers("trades") < self._min_trades
        self._search.tell(
            [None if np.isnan(result) or bad else float(result) for result, bad in zip(results, few, strict=True)]
        )

    def settings(self) -> dict[str, Any]:
        """Settings that identify the search."""
        from optuna import __version__

        return {"search": self._method, "trials": self.trials, "optuna": __version__}


@dataclass(frozen=True, slots=True)
class Judged:
    """Analysis of the best set of a sweep.

    Attributes:
        best: the set; None if no set has the metric and enough trades.
        stability: comparison with its neighbours.
        overfitting: statistics of overfitting.
    """

    best: int | None
    stability: Stability | None
    overfitting: Overfitting

    @classmethod
    def of(cls, table: SweepTable, by: str, min_trades: int) -> Judged:
        """Judge the best set by a metric.

        Raises:
            InputError: there is no such metric.
        """
        best = next(iter(table.best(by, min_trades)), None)
        return cls(best, stability(table, by, min_trades), overfitting(table, best))
