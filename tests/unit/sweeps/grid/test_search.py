"""Searches: no set twice, none that a constraint forbids, the same again for the same answers, and better than chance."""

from __future__ import annotations

import logging
import math
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.grid.search import Search

BASE = RunParameters(strategy="ema-cross")
AXES = ["fast=5:100:5", "slow=10:200:10", "stop=atr:1..6:0.5,none", "target=r:1..8:1"]


def hill(values: tuple[Any, ...]) -> float:
    """Highest, at 0, for fast 60, slow 120, stop 2.5 ATR and target 4 R."""
    fast, slow, stop, target = values
    away = 9.0 if stop == "none" else float(stop.removeprefix("atr:")) - 2.5
    return (
        -(((fast - 60) / 30) ** 2)
        - ((slow - 120) / 50) ** 2
        - away**2
        - (float(target.removeprefix("r:")) - 4) ** 2 / 4
    )


def searched(search: Search, result: Callable[[tuple[Any, ...]], float | None] = hill) -> list[tuple[Any, ...]]:
    while sets := search.ask():
        search.tell([result(values) for values in sets])
    return search.given


def grid(seed: int = 0, **options: Any) -> Grid:
    return Grid.of(AXES, BASE, where="fast < slow", seed=seed, **options)


def test_sets_are_of_the_grid_fulfil_its_constraints_and_come_once() -> None:
    search = Search(grid(), 150)
    sizes = []
    while sets := search.ask():
        sizes.append(len(sets))
        search.tell([hill(values) for values in sets])
    assert sizes == [32, 32, 32, 32, 22]
    assert len(set(search.given)) == 150
    assert set(search.given) <= set(grid().sets())


def test_the_same_seed_and_results_give_the_same_sets() -> None:
    first = searched(Search(grid(7), 80))
    assert searched(Search(grid(7), 80)) == first
    assert searched(Search(grid(8), 80)) != first
    # What the sets came to decides what is asked next, and nothing else does.
    other = searched(Search(grid(7), 80), lambda values: -hill(values))
    assert other[:32] == first[:32] and other[32:] != first[32:]


def test_a_search_learns_from_its_results() -> None:
    everything = grid().sets()
    for seed in range(3):
        sets = searched(Search(grid(seed), 160))
        chance = [hill(values) for values in random.Random(seed).sample(everything, 1000)]
        late = [hill(values) for values in sets[96:]]
        # Results are below 0: closer to the top than six tenths of what chance comes to.
        assert sum(late) / len(late) > 0.6 * sum(chance) / len(chance)
        assert max(map(hill, sets)) >= max(chance[:160])


def test_smaller_is_better_where_it_is() -> None:
    found = searched(Search(grid(1), 64, maximise=False), lambda values: -hill(values))
    assert found == searched(Search(grid(1), 64))
    assert found != searched(Search(grid(1), 64, maximise=False))


def test_a_small_grid_is_given_whole_and_then_no_more() -> None:
    small = Grid.of(["fast=5:30:5", "slow=10:40:10"], BASE, where="fast < slow")
    search = Search(small, 1000, batch=8)
    sets = searched(search, lambda values: float(values[0]))
    assert sorted(sets) == small.sets()
    assert len(sets) == len(small.sets()) == 15
    assert search.trials == 15 and search.ask() == []


def test_sets_without_a_result_are_told_too() -> None:
    small = Grid.of(["fast=5:30:5", "slow=10:40:10"], BASE)
    results: list[float | None] = [None, math.nan, math.inf, 1.0]
    sets = searched(Search(small, 100, batch=8), lambda values: results[values[0] // 5 % 4])
    assert sorted(sets) == small.sets()
    never = searched(Search(grid(), 70), lambda values: None)
    assert len(set(never)) == 70


def test_a_narrow_constraint_is_met() -> None:
    narrow = Grid.of({"fast": range(1, 1001), "slow": range(1, 1001)}, BASE, where="slow == 2*fast")
    sets = searched(Search(narrow, 24, batch=8), lambda values: float(values[0]))
    assert len(set(sets)) == 24
    assert all(slow == 2 * fast for fast, slow in sets)


def test_places_of_the_grid_go_through_the_sampler_unchanged() -> None:
    search = Search(grid(), 10)
    for place in (0, 1, 12345, search.grid.count() - 1):
        choices = search._choices(place)
        assert search._place(choices) == place
        assert search.grid.at(place) == tuple(axis.values[choices[axis.name]] for axis in search.grid.axes)


def test_numbers_and_distances_have_an_order_and_words_have_none() -> None:
    mixed = Grid.of(
        ["fast=5,10,50", "stop_atr=3:1:-0.5", "stop=atr:1..3:1", "target=r:1,pct:1", "entry=close,next_open", "max_hold=none,10",
         "slow=5,50,10"],
        BASE,
    )  # fmt: skip
    kinds = {name: type(kind).__name__ for name, kind in Search(mixed, 1)._distributions.items()}
    assert [name for name, kind in kinds.items() if kind == "IntDistribution"] == ["fast", "stop_atr", "stop"]
    assert {kind for name, kind in kinds.items() if name not in ("fast", "stop_atr", "stop")} == {
        "CategoricalDistribution"
    }


def test_a_search_says_nothing_and_leaves_optuna_as_it_was(
    recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.INFO)
    try:
        searched(Search(grid(), 40))
        assert optuna.logging.get_verbosity() == logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Search(grid(), 0), "--trials 0: give at least 1"),
        (lambda: Search(grid(), 5, method="tbe"), "--search tbe is not known: did you mean 'tpe'?"),
        (lambda: Search(grid(sample=5), 5), "--search tpe and --sample 5 both choose sets"),
        (
            lambda: Search(Grid.of(["fast=1,2", "slow=3,4"], BASE, where="fast > slow"), 5),
            "no set of the grid fulfils --where 'fast > slow'",
        ),
        (
            lambda: Search(Grid.of(["stop=atr:1,pct:1"], BASE, where="stop < 'atr:2'"), 5),
            "pct:1 cannot be compared with atr:2",
        ),
    ],
)
def test_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert message in str(caught.value)


def test_without_optuna_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        InputError, match=r"--search tpe needs Optuna, which is not installed: pip install 'barloom\[search\]'"
    ):
        Search(grid(), 5)


def test_results_come_before_other_sets() -> None:
    search = Search(grid(), 100)
    search.ask()
    with pytest.raises(RuntimeError, match="tell the results"):
        search.ask()
