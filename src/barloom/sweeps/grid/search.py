"""A search through a grid: the results of the sets so far say which to try next."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from barloom.errors import InputError, nearest
from barloom.sweeps.grid.axes import Axis, distance
from barloom.sweeps.grid.grid import Grid, Set

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

METHODS = ("tpe",)
BATCH = 32
"""Sets asked for at a time. More run together, fewer learn sooner from each other."""
ASKED_A_SET = 4
"""Suggestions for each set of a batch before untried sets are drawn at random instead of ones tried before."""
LOOKED_AT = 100_000
"""Sets looked at for such a draw."""


class Search:
    """The sets of a search, batch by batch: ``ask`` gives the next, ``tell`` takes what they came to.

    The method is the tree-structured Parzen estimator of Optuna (Bergstra, Bardenet, Bengio, Kegl 2011, "Algorithms for Hyper-Parameter
    Optimization", NeurIPS 24) over the values of the axes: axes of numbers, or of distances of one unit, in their order, others as words.
    No set is given twice; those that do not fulfil the constraints are never given. The same grid, seed and results give the same sets.

    Args:
        grid: axes and constraints; its seed is the seed of the search.
        trials: sets to give altogether; fewer where the grid has fewer.
        method: one of ``METHODS``.
        batch: sets at a time.
        maximise: whether a larger result is better.

    Attributes:
        trials: sets that will be given, as far as that is known beforehand.
        given: the sets so far, in order: a set's place is its ``set_id``.

    Raises:
        InputError: Optuna is not installed, the grid draws a sample of its own, no set of it fulfils its constraints, or an unknown method.
    """

    def __init__(
        self, grid: Grid, trials: int, *, method: str = "tpe", batch: int = BATCH, maximise: bool = True
    ) -> None:
        if method not in METHODS:
            raise InputError(f"--search {method} is not known: {nearest(method, METHODS)}")
        if trials < 1:
            raise InputError(f"--trials {trials}: give at least 1")
        if grid.sample is not None:
            raise InputError(
                f"--search {method} and --sample {grid.sample} both choose sets: leave one of them out; --trials says how many"
            )
        try:
            import optuna
        except ModuleNotFoundError as error:
            raise InputError(
                f"--search {method} needs Optuna, which is not installed: pip install 'barloom[search]'"
            ) from error
        self._optuna = optuna
        self.grid, self.batch = grid, batch
        self.given: list[Set] = []
        self._fulfils = grid.test()
        self._results: dict[int, float | None] = {}
        self._pending: dict[int, list[Trial]] = {}
        self.trials = min(trials, grid.count())
        if grid.count() <= LOOKED_AT:
            self.trials = min(trials, sum(map(self._is_new, range(grid.count()))))
        if not self.trials:
            raise grid.none_fulfils()
        self._distributions = {axis.name: _distribution(axis) for axis in grid.axes}
        self._source = random.Random(grid.seed)
        with _quiet(optuna):
            sampler = optuna.samplers.TPESampler(
                seed=grid.seed % 2**32, n_startup_trials=batch, multivariate=True, constant_liar=True
            )
            self._study = optuna.create_study(sampler=sampler, direction="maximize" if maximise else "minimize")

    def ask(self) -> list[Set]:
        """The next sets, at most ``batch``; none once all have been given.

        Raises:
            InputError: no set of the grid fulfils the constraints, or what they compare cannot be compared.
            RuntimeError: the results of the sets before are still to be told.
        """
        if self._pending:
            raise RuntimeError("tell the results of the sets before asking for others")
        wanted = min(self.batch, self.trials - len(self.given))
        with _quiet(self._optuna):
            for _ in range(wanted * ASKED_A_SET):
                if len(self._pending) == wanted:
                    break
                self._suggest()
        for place in self._untried(wanted - len(self._pending)):
            self._pending[place] = []
        found = [self.grid.at(place) for place in self._pending]
        if not found and not self.given:
            raise self.grid.none_fulfils()
        self.given += found
        return found

    def tell(self, results: Sequence[float | None]) -> None:
        """The result of each set of the last ``ask``, in their order; None, or no finite number, where a set has none."""
        with _quiet(self._optuna):
            for (place, trials), result in zip(self._pending.items(), results, strict=True):
                result = None if result is None or not math.isfinite(result) else float(result)
                self._results[place] = result
                for trial in trials:
                    self._finish(trial, result)
                if not trials:
                    self._add(place, result)
        self._pending = {}

    def _suggest(self) -> None:
        """Take one suggestion: a set to give, or what is known of it at once."""
        trial = self._study.ask(self._distributions)
        place = self._place(trial.params)
        if place in self._results:
            self._finish(trial, self._results[place])
        elif place in self._pending:
            self._pending[place].append(trial)
        elif self._fulfils(self.grid.at(place)):
            self._pending[place] = [trial]
        else:
            self._finish(trial, None)

    def _finish(self, trial: Trial, result: float | None) -> None:
        # Pruned trials count as worse than all others; failed ones would teach the sampler nothing.
        if result is None:
            self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)
        else:
            self._study.tell(trial, result)

    def _add(self, place: int, result: float | None) -> None:
        """Tell the sampler of a set that it did not suggest."""
        states = self._optuna.trial.TrialState
        trial = self._optuna.trial.create_trial(
            params=self._choices(place),
            distributions=self._distributions,
            value=result,
            state=states.PRUNED if result is None else states.COMPLETE,
        )
        self._study.add_trial(trial)

    def _untried(self, wanted: int) -> list[int]:
        """Places of sets that have not been given, drawn at random; fewer than wanted where no more are found."""
        if wanted < 1:
            return []
        count = self.grid.count()
        if count <= LOOKED_AT:
            left = [place for place in range(count) if self._is_new(place)]
            return left if len(left) <= wanted else self._source.sample(left, wanted)
        found: list[int] = []
        for _ in range(LOOKED_AT):
            place = self._source.randrange(count)
            if place not in found and self._is_new(place):
                found.append(place)
                if len(found) == wanted:
                    break
        return found

    def _is_new(self, place: int) -> bool:
        return place not in self._results and place not in self._pending and self._fulfils(self.grid.at(place))

    def _place(self, choices: dict[str, Any]) -> int:
        """The place in the grid of the values at those places of the axes."""
        place = 0
        for axis in self.grid.axes:
            place = place * len(axis.values) + choices[axis.name]
        return place

    def _choices(self, place: int) -> dict[str, int]:
        choices = {}
        for axis in reversed(self.grid.axes):
            place, choices[axis.name] = divmod(place, len(axis.values))
        return {axis.name: choices[axis.name] for axis in self.grid.axes}


def _distribution(axis: Axis) -> BaseDistribution:
    """The places of an axis' values: as numbers where the values go up or down, else as mere names."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if _in_order(axis):
        return IntDistribution(0, len(axis.values) - 1)
    return CategoricalDistribution(range(len(axis.values)))


def _in_order(axis: Axis) -> bool:
    amounts = []
    for value in axis.values:
        found = distance(value)
        if found is None and type(value) not in (int, float):
            return False
        amounts.append(found or ("", value))
    if len({unit for unit, _ in amounts}) > 1:
        return False
    steps = {second[1] > first[1] for first, second in pairwise(amounts)}  # type: ignore[operator]
    return len(steps) <= 1


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's log lines and its warnings about options that may still change."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)
