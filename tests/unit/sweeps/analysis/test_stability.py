"""The best set beside its neighbours."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from barloom.sweeps.analysis.stability import stability
from barloom.sweeps.analysis.table import SweepTable
from helpers.sweeps import results_of


def table_of(axes: dict[str, list[Any]], sharpe: dict[tuple[Any, ...], float | None], **more: Any) -> SweepTable:
    sets = list(product(*axes.values()))
    rows = [{"sharpe": sharpe.get(values), "trades": 40} | more for values in sets]
    return SweepTable.made(tuple(axes), sets, results_of(rows))


AXES: dict[str, list[Any]] = {"fast": [5, 10, 20], "stop": ["atr:1", "atr:2", "atr:10", "none"]}


def test_neighbours_are_one_step_along_one_axis() -> None:
    sharpe = {(5, "atr:2"): 1.7, (10, "atr:2"): 2.0, (20, "atr:2"): 1.5, (10, "atr:1"): -1.0, (10, "atr:10"): None}
    found = stability(table_of(AXES, sharpe))
    assert found is not None
    assert (found.best, found.result) == (5, 2.0)
    assert [(one.name, one.value, one.result) for one in found.neighbours] == [
        ("fast", 5, 1.7),
        ("fast", 20, 1.5),
        ("stop", "atr:1", -1.0),
        ("stop", "atr:10", None),
    ]
    assert found.mean == pytest.approx(2.2 / 3)
    assert found.worst == -1.0
    assert found.near == pytest.approx(1 / 3)


def test_a_set_on_the_edge_has_fewer_neighbours() -> None:
    found = stability(table_of(AXES, {(20, "atr:10"): 1.0, (10, "atr:10"): 0.9}))
    assert found is not None
    assert [(one.value, one.result) for one in found.neighbours] == [(10, 0.9), ("atr:2", None)]
    assert found.near == 1.0


def test_words_and_switches_have_no_neighbours() -> None:
    axes = {"stop": ["atr:1", "none", "pct:1"], "direction": ["long", "both"], "filter": [True, False]}
    found = stability(table_of(axes, dict.fromkeys(product(*axes.values()), 1.0)))
    assert found is not None
    assert found.neighbours == ()
    assert (found.mean, found.worst, found.near) == (None, None, None)


def test_of_drawdowns_the_highest_is_the_worst() -> None:
    sets = [(1,), (2,), (3,)]
    table = SweepTable.made(("k",), sets, results_of([{"max_drawdown": x} for x in (110.0, 100.0, 130.0)]))
    found = stability(table, "max-drawdown")
    assert found is not None
    assert (found.best, found.worst, found.mean, found.near) == (1, 130.0, 120.0, 0.5)


def test_a_loss_that_is_the_best_has_neighbours_near_it() -> None:
    table = SweepTable.made(("k",), [(1,), (2,), (3,)], results_of([{"net_pnl": x} for x in (-119.0, -100.0, -121.0)]))
    found = stability(table, "net_pnl")
    assert found is not None
    assert found.near == 0.5


def test_sets_that_were_left_out_are_no_neighbours() -> None:
    sets = [(1, 1), (2, 2), (2, 1)]
    table = SweepTable.made(("a", "b"), sets, results_of([{"sharpe": x} for x in (1.0, 2.0, 0.5)]))
    found = stability(table)
    assert found is not None
    assert [(one.name, one.set_id) for one in found.neighbours] == [("b", 2)]


def test_without_a_ranked_set_there_is_nothing_to_compare() -> None:
    assert stability(table_of(AXES, {})) is None
    assert stability(table_of(AXES, {(5, "none"): 1.0}), min_trades=41) is None
