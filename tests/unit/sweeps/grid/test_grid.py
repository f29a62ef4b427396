"""Grids: how values are read, what names mean, which sets there are, and what is refused before any is made."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from barloom.strategies.registry import load_strategy
from barloom.sweeps.grid.axes import Axis
from barloom.sweeps.grid.grid import OPTIONS, Grid, known_names, parameters_of

BASE = RunParameters(strategy="ema-cross")
WITH_A_STOP = """
from barloom import Entries, Strategy
from pydantic import Field, field_validator

class Odd(Strategy):
    name = "odd"

    class Params(Strategy.Params):
        bars: int
        stop: float = Field(1.0, gt=0)
        mode: str = "calm"
        exact: bool = False
        level: int = 3

        @field_validator("level", mode="before")
        @classmethod
        def _word(cls, value):
            return {"high": 9}.get(value, value)

    def signals(self, window):
        return Entries.none()
"""


def odd(folder: Path) -> RunParameters:
    path = folder / "odd.py"
    path.write_text(WITH_A_STOP)
    return RunParameters(strategy=f"{path}:Odd")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5:20:5", (5, 10, 15, 20)),
        ("fast=5:19:5", (5, 10, 15)),
        ("fast=20:5:-5", (20, 15, 10, 5)),
        ("fast=7:7:1", (7,)),
        ("x=0.1:0.5:0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("x=1:2:0.5", (1.0, 1.5, 2.0)),
        ("slow=50,100, 200", (50, 100, 200)),
        ("slow=5:15:5,50,100", (5, 10, 15, 50, 100)),
        ("x=1e-3,.5,-2", (0.001, 0.5, -2)),
        ("stop=atr:1..3:0.5", ("atr:1", "atr:1.5", "atr:2", "atr:2.5", "atr:3")),
        ("stop=PIPS:10..30:10,none", ("pips:10", "pips:20", "pips:30", "none")),
        ("trail-activation=r:0..1:0.25", ("r:0", "r:0.25", "r:0.5", "r:0.75", "r:1")),
        ("stop=atr:1,pct:0.5", ("atr:1", "pct:0.5")),
        ("entry=close,next_open", ("close", "next_open")),
        ("flag=true,False", (True, False)),
        ("daily_close=21:55,20:00", ("21:55", "20:00")),
        ("ladder=r:1@0.5,r:2@0.3", ("r:1@0.5,r:2@0.3",)),
        ("ladder=r:1@0.5,r:2@0.3;none", ("r:1@0.5,r:2@0.3", "none")),
    ],
)
def test_values_are_read_as_they_are_written(text: str, values: tuple[Any, ...]) -> None:
    axis = Axis.parse(text)
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]
    assert axis.name == text.partition("=")[0].replace("-", "_")


@given(
    st.decimals(-1000, 1000, places=3), st.decimals("0.001", 50, places=3), st.integers(0, 300), st.decimals(0, "0.999", places=3)
)  # fmt: skip
def test_steps_are_exact_decimals(first: Decimal, step: Decimal, count: int, beyond: Decimal) -> None:
    last = first + step * count + step * beyond
    values = Axis.parse(f"x={first}:{last}:{step}").values
    assert values == tuple(float(first + step * place) for place in range(count + 1))
    if first > 0:
        distances = Axis.parse(f"stop=atr:{first}..{last}:{step}").values
        assert [Decimal(str(text).removeprefix("atr:")) for text in distances] == [
            first + step * place for place in range(count + 1)
        ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(5, 20, 5), (5, 10, 15)),
        ([1, 2.5], (1, 2.5)),
        (("atr:1", "atr:2"), ("atr:1", "atr:2")),
        (np.array([1, 2]), (1, 2)),
        (np.float32([0.5, 2]), (0.5, 2.0)),
        (np.int64(3), (3,)),
        (7, (7,)),
        (None, (None,)),
        ([None, 30], (None, 30)),
        ([True, 1], (True, 1)),
        ("atr:1..2:0.5", ("atr:1", "atr:1.5", "atr:2")),
        ("5:15:5", (5, 10, 15)),
    ],
)
def test_values_come_from_python_too(values: Any, expected: tuple[Any, ...]) -> None:
    axis = Axis.of("max-hold", values)
    assert axis.name == "max_hold"
    assert axis.values == expected
    assert [type(value) for value in axis.values] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fast", "--grid fast: give NAME=VALUES"),
        ("=1,2", "give NAME=VALUES"),
        ("fast=", "--grid fast=: there are no values"),
        ("fast=1,,2", "a value is missing"),
        ("fast=5:1:1", "from 5 to 1 in steps of 1 is empty: go from 1 to 5"),
        ("fast=1:5:-1", "from 1 to 5 in steps of -1 is empty: go from 1 to 5 with a positive step"),
        ("fast=1:5:0", "a step of 0"),
        ("fast=1:1000000000000:1", "1,000,000,000,000 values are too many"),
        ("stop=atr:0..1:0.000000000001", "1,000,000,000,001 values are too many"),
        ("stop=atr:1..4", "'atr:1..4' is no range of distances: write UNIT:FIRST..LAST:STEP"),
        ("stop=xyz:1..4:1", "is no range of distances"),
        ("fast=5,10,5", "5 is given twice"),
        ("fast=5,5.0", "5.0 is given twice"),
        ("stop=atr:1,ATR:1.0", "ATR:1.0 is given twice"),
        ("x=1e999", "1e999 is no finite number"),
    ],
)
def test_a_text_that_is_no_axis_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Axis.parse(text)
    assert message in str(caught.value) and "--grid" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "there are none"),
        ({5, 10}, "a set has no order"),
        ({"a": 1}, "a dict has no order"),
        (iter([1]), "has no length: give a list"),
        (range(10**12), "1,000,000,000,000 values are too many"),
        ([math.nan], "nan is no finite number"),
        ([2**63], "beyond 9223372036854775807"),
        ([object()], "is no number, text"),
        ([1, 1], "1 is given twice"),
    ],
)
def test_python_values_that_are_no_axis_are_refused(values: Any, message: str) -> None:
    with pytest.raises(InputError, match="grid name 'fast'") as caught:
        Axis.of("fast", values)
    assert message in str(caught.value)


def test_sets_are_in_the_order_of_the_axes_the_first_slowest() -> None:
    grid = Grid.of(["fast=5,10", "slow=50,100,200", "stop=atr:1,none"], BASE)
    assert grid.names == ("fast", "slow", "stop")
    assert grid.count() == 12
    assert grid.sets() == list(itertools.product((5, 10), (50, 100, 200), ("atr:1", "none")))
    assert [grid.at(place) for place in range(12)] == grid.sets()


def test_values_have_the_types_of_what_they_are_for() -> None:
    grid = Grid.of(
        {
            "fast": ["5", 10.0], "stop_atr": range(1, 3), "max-hold": "none,30", "spread": [0, 1], "direction": ["LONG", "both"],
            "stop": "own,none,ATR:2", "daily_close": "none,21:55", "trail_activation": "none,r:1", "slippage": "0.5,atr:0.1",
        },
        BASE,
    )  # fmt: skip
    assert {axis.name: axis.values for axis in grid.axes} == {
        "fast": (5, 10),
        "stop_atr": (1.0, 2.0),
        "max_hold": (None, 30),
        "spread": (0.0, 1.0),
        "direction": ("long", "both"),
        "stop": (None, "none", "atr:2"),
        "daily_close": (None, "21:55"),
        "trail_activation": (None, "r:1"),
        "slippage": ("0.5", "atr:0.1"),
    }
    assert all(type(value) is float for value in grid.axes[1].values + grid.axes[3].values)


def test_a_number_the_strategy_refuses_is_left_to_its_set() -> None:
    axis = Grid.of(["fast=0:10:2.5"], BASE).axes[0]
    assert axis.values == (0.0, 2.5, 5.0, 7.5, 10.0)
    with pytest.raises(InputError, match=r"parameter 'fast' of ema-cross is 2\.5: give a whole number"):
        load_strategy("ema-cross", parameters_of(BASE, ["fast"], [2.5]).params)


def test_json_gives_the_same_grid_back() -> None:
    grid = Grid.of(
        ["fast=5,10", "stop_atr=1:2:0.5", "max_hold=none,30", "entry=close,limit"],
        BASE, where=["fast < slow"], sample=3, seed=9,
    )  # fmt: skip
    again = Grid.model_validate_json(grid.model_dump_json())
    assert again == grid
    types = [[type(value) for value in axis.values] for axis in again.axes]
    assert types == [[type(value) for value in axis.values] for axis in grid.axes]
    assert again.sets() == grid.sets()


def test_a_set_is_the_run_with_those_options() -> None:
    base = RunParameters(strategy="ema-cross", params={"slow": "60", "atr": 10}, spread=0.5, max_hold=9, stop="atr:4")
    grid = Grid.of(["fast=5,10", "max_hold=none,30", "stop=own,atr:2", "fills=optimistic"], base)
    runs = [parameters_of(base, grid.names, values) for values in grid.sets()]
    assert len(runs) == 8
    assert runs[0] == RunParameters(
        strategy="ema-cross", params={"slow": "60", "atr": 10, "fast": 5}, spread=0.5, fills="optimistic"
    )
    assert runs[-1] == base.model_copy(
        update={"params": {"slow": "60", "atr": 10, "fast": 10}, "max_hold": 30, "stop": "atr:2", "fills": "optimistic"}
    )
    assert base.params == {"slow": "60", "atr": 10}


def test_text_values_of_a_set_are_read_by_their_fields() -> None:
    made = parameters_of(BASE, ["max_hold", "spread", "fast"], ["30", "0.5", 7])
    assert (made.max_hold, made.spread, made.params) == (30, 0.5, {"fast": 7})
    with pytest.raises(InputError, match="grid name 'max_hold': 0: "):
        parameters_of(BASE, ["max_hold"], [0])


def test_an_option_hides_a_parameter_of_its_name(tmp_path: Path) -> None:
    base = odd(tmp_path)
    known = known_names(base.strategy)
    assert list(known.fields)[:5] == ["bars", "param.stop", "mode", "exact", "level"]
    assert set(OPTIONS) < set(known.fields)
    grid = Grid.of(["stop=atr:1", "param.stop=2,3", "param.bars=4"], base)
    assert grid.names == ("stop", "param.stop", "bars")
    made = parameters_of(base, grid.names, grid.sets()[1])
    assert (made.stop, made.params) == ("atr:1", {"stop": 3.0, "bars": 4})


def test_words_that_a_strategy_reads_in_its_own_way_are_left_to_it(tmp_path: Path) -> None:
    grid = Grid.of(["bars=1", "level=high,4", "exact=true,false", "mode=wild"], odd(tmp_path))
    assert [axis.values for axis in grid.axes] == [(1,), ("high", 4), (True, False), ("wild",)]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([], "a sweep needs a grid"),
        (["fst=1,2"], "grid name 'fst' is no option and no parameter of ema-cross: did you mean 'fast'?"),
        (["max_hld=1,2"], "did you mean 'max_hold'?"),
        (["param.stop=1"], "grid name 'param.stop' is no option and no parameter of ema-cross"),
        (["threads=1,2"], "grid name 'threads' is the same for every set of a sweep: give it as an option, --threads"),
        (["chunk-rows=1,2"], "give it as an option, --chunk-rows"),
        (["fast=1", "slow=2", "fast=3"], "grid name 'fast' is given twice"),
        (["fast=1", "param.fast=3"], "grid name 'fast' is given twice"),
        (["max-hold=1", "max_hold=3"], "grid name 'max_hold' is given twice"),
        (["fast=abc"], "parameter 'fast' of ema-cross is 'abc': give a whole number"),
        (["fast=5:50"], "a range is FIRST:LAST:STEP"),
        (["max_hold=5:50"], "a range is FIRST:LAST:STEP"),
        (["max_hold=0,30"], "grid name 'max_hold': 0: "),
        (["spread=none"], "grid name 'spread': 'none': "),
        (["stop=2"], "grid name 'stop': 2 is not a distance"),
        (["stop=r:2"], "grid name 'stop': 'r:2' is not a distance"),
        (["slippage=pips:1"], "grid name 'slippage': 'pips:1' is not a distance"),
        (["entry=next_opn"], "did you mean 'next_open'?"),
        (["fills=optimist"], "did you mean 'optimistic'?"),
        (["position=twice"], "known: single, overlap, reverse"),
        (["daily_close=9pm"], "grid name 'daily_close': '9pm' is no time of day"),
        (["ladder=r:1@2"], "grid name 'ladder': "),
        (["direction=up"], "grid name 'direction': 'up' is not known"),
        (["direction=long,LONG"], "long is given twice"),
    ],
)
def test_names_and_values_that_mean_nothing_are_refused(axes: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Grid.of(axes, BASE)
    assert message in str(caught.value)


def test_a_value_that_is_no_value_of_the_option_is_refused_from_python() -> None:
    with pytest.raises(InputError, match="None is no value for --spread"):
        Grid.of({"spread": [None, 1]}, BASE)
    with pytest.raises(InputError, match="parameter 'wide' is unknown to ema-cross"):
        Grid.of({"fast": [1]}, RunParameters(strategy="ema-cross", params={"wide": 1}))
    with pytest.raises(InputError, match="twice"):
        Grid(axes=(Axis.of("fast", [1]), Axis.of("fast", [2])))


def test_constraints_leave_the_sets_that_fulfil_them_in_order() -> None:
    grid = Grid.of(
        ["fast=1:9:1", "slow=1:9:1", "stop=atr:1,none"], BASE, where=["fast < slow", "stop != 'none' or fast*2 >= slow"]
    )
    expected = [
        values
        for values in itertools.product(range(1, 10), range(1, 10), ("atr:1", "none"))
        if values[0] < values[1] and (values[2] != "none" or values[0] * 2 >= values[1])
    ]
    assert 0 < len(expected) < 162
    assert grid.sets() == expected
    assert [values for values in map(grid.at, range(grid.count())) if grid.test()(values)] == expected


def test_constraints_read_what_is_given_beside_the_grid(tmp_path: Path) -> None:
    assert Grid.of(["fast=10,30,70"], BASE, where="fast < slow").sets() == [(10,), (30,)]
    given = RunParameters(strategy="ema-cross", params={"slow": "25"}, stop="atr:2")
    assert Grid.of(["fast=10,30,70"], given, where="fast < slow").sets() == [(10,)]
    assert Grid.of(
        ["stop=atr:1,atr:2"], given.model_copy(update={"target": "atr:2"}), where="stop < target"
    ).sets() == [("atr:1",)]
    base = odd(tmp_path)
    assert Grid.of(["stop=atr:1", "param.stop=1,2"], base, where="param.stop > 1").sets() == [("atr:1", 2.0)]
    with pytest.raises(InputError, match="parameter 'bars' of odd has no plain value: put it on the grid"):
        Grid.of(["level=1,2"], base, where="level < bars")


def test_a_constraint_is_tried_as_soon_as_its_names_have_values() -> None:
    # 10^15 combinations, of which the first two axes leave three.
    axes = {
        "fast": range(1, 4),
        "slow": range(1, 4),
        "atr": range(1, 2),
        **{name: range(1, 2) for name in ("max_hold", "good_for")},
    }
    huge = {"stop_atr": [1, 2], "target_r": [1, 2]}
    grid = Grid.of({**axes, **huge}, BASE, where=["fast < slow", "stop_atr == target_r"])
    assert len(grid.sets()) == 3 * 2
    wide = Grid.of(
        {"fast": range(1, 100_001), "slow": range(1, 100_001), "atr": range(1, 100_001)}, BASE, where=["fast == 5", "slow == 7", "atr < 3"]
    )  # fmt: skip
    assert wide.count() == 10**15
    assert wide.sets() == [(5, 7, 1), (5, 7, 2)]


def test_too_many_sets_are_refused_before_they_are_made() -> None:
    values = range(1, 100_001)
    grid = Grid.of({"fast": values, "slow": values, "atr": values}, BASE)
    assert grid.count() == 10**15
    with pytest.raises(
        InputError, match=r"1,000,000,000,000,000 sets \(fast 100000 x .*, above --max-sets, which is 1,000,000"
    ):
        grid.sets()
    with pytest.raises(InputError, match=r"the grid has 4 sets .*above --max-sets, which is 3"):
        Grid.of(["fast=1:4:1"], BASE).sets(max_sets=3)
    assert len(Grid.of(["fast=1:4:1"], BASE).sets(max_sets=4)) == 4


def test_the_limit_counts_what_constraints_and_the_sample_leave() -> None:
    axes = ["fast=1:10:1", "slow=1:10:1"]
    assert len(Grid.of(axes, BASE, where="fast == slow").sets(max_sets=10)) == 10
    with pytest.raises(InputError, match=r"more than 9 sets .*above --max-sets, which is 9"):
        Grid.of(axes, BASE, where="fast == slow").sets(max_sets=9)
    assert len(Grid.of(axes, BASE, sample=10).sets(max_sets=10)) == 10
    with pytest.raises(InputError, match="--sample 11 is more than --max-sets 10"):
        Grid.of(axes, BASE, sample=11).sets(max_sets=10)


def test_constraints_that_leave_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="no set of the grid fulfils --where 'fast > slow'"):
        Grid.of(["fast=1,2", "slow=3,4"], BASE, where="fast > slow").sets()
    with pytest.raises(InputError, match="no set of the grid fulfils"):
        Grid.of(["fast=1,2", "slow=3,4"], BASE, where="fast > slow", sample=1).sets()


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 200), st.integers(0, 2**40))
def test_a_sample_is_some_of_the_sets_in_their_order(fast: int, slow: int, wanted: int, seed: int) -> None:
    axes = {"fast": range(1, fast + 1), "slow": range(1, slow + 1)}
    for where in ([], ["fast <= slow"]):
        everything = Grid.of(axes, BASE, where=where).sets()
        sample = Grid.of(axes, BASE, where=where, sample=wanted, seed=seed).sets()
        assert len(sample) == min(wanted, len(everything))
        places = [everything.index(values) for values in sample]
        assert places == sorted(set(places))
        assert Grid.of(axes, BASE, where=where, sample=wanted, seed=seed).sets() == sample


def test_another_seed_draws_another_sample() -> None:
    axes = {"fast": range(1, 101), "slow": range(1, 101)}
    samples = {tuple(Grid.of(axes, BASE, sample=20, seed=seed).sets()) for seed in range(5)}
    assert len(samples) == 5


@pytest.mark.parametrize("values", [2_000, 100_000])
def test_huge_grids_are_sampled_without_being_made(values: int) -> None:
    numbers = range(1, values + 1)
    axes = {"fast": numbers, "slow": numbers, "atr": numbers, "max_hold": numbers}
    plain = Grid.of(axes, BASE, sample=500, seed=3)
    # 1.6e13 and 10^20 combinations, the latter above what len() can count.
    sets = plain.sets()
    assert sets == sorted(set(sets)) and len(sets) == 500
    assert np.std([each[0] for each in sets]) > values / 5
    constrained = Grid.of(axes, BASE, where="fast < slow and atr < 10*max_hold", sample=200, seed=3).sets()
    assert constrained == sorted(set(constrained)) and len(constrained) == 200
    assert all(fast < slow and atr < 10 * hold for fast, slow, atr, hold in constrained)


def test_a_constraint_that_almost_nothing_fulfils_ends_the_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barloom.sweeps.grid.grid.FEW", 1000)
    grid = Grid.of({"fast": range(1, 10_001), "slow": range(1, 10_001)}, BASE, where="fast == slow", sample=100)
    with pytest.raises(InputError, match=r"of 1,000 sets drawn from 100,000,000 only .* fulfil --where 'fast == slow'"):
        grid.sets()
    monkeypatch.setattr("barloom.sweeps.grid.grid.MOST_LOOKED_AT", 1000)
    with pytest.raises(
        InputError, match="100,000,000 combinations, too many to try --where 'fast == slow' on them all"
    ):
        Grid.of({"fast": range(1, 10_001), "slow": range(1, 10_001)}, BASE, where="fast == slow").sets()


def test_a_sample_of_less_than_one_is_refused() -> None:
    with pytest.raises(InputError, match="--sample 0: give at least 1"):
        Grid.of(["fast=1"], BASE, sample=0)
