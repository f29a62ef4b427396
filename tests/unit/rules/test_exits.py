"""Exits as data: what is refused and by what name, and that JSON gives the same exits back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.errors import InputError
from barloom.rules.exits import Breakeven, Distance, Exits, Rung, Trail, parse_ladder
from barloom.rules.sessions import Session

amounts = st.floats(min_value=1e-9, max_value=1e9)
texts = st.builds(
    lambda unit, amount: f"{unit}:{amount!r}", st.sampled_from(["atr", "pct", "points", "pips", "r"]), amounts
)
far = st.one_of(amounts, texts)
maybe_zero = st.one_of(far, st.sampled_from([0.0, 0, "r:0", "points:0"]))
rungs = st.lists(st.builds(Rung, target=far, fraction=st.floats(min_value=1e-6, max_value=0.25)), max_size=4)
all_exits = st.builds(
    Exits,
    max_hold=st.none() | st.integers(1, 10**9),
    trail=st.none() | st.builds(Trail, distance=far | st.just("peak:0.5"), activation=maybe_zero),
    breakeven=st.none() | st.builds(Breakeven, trigger=far, offset=maybe_zero),
    session=st.none() | st.builds(Session, daily=st.sampled_from([None, "21:00"]), zone=st.just("Europe/London")),
    ladder=rungs.map(tuple),
)


@given(all_exits)
def test_json_gives_the_same_exits_back(exits: Exits) -> None:
    again = Exits.model_validate_json(exits.model_dump_json())
    assert again == exits
    assert again.model_dump_json() == exits.model_dump_json()


def test_equal_distances_are_equal_however_they_are_written() -> None:
    assert Trail(distance=" ATR:2 ") == Trail(distance="atr:2.0", activation=0)
    assert Trail(distance="points:0.002") == Trail(distance=0.002)
    assert Breakeven(trigger=1, offset="points:0") == Breakeven(trigger=1.0)


@pytest.mark.parametrize(
    "bad", [-1.0, 0.0, math.nan, math.inf, "atr:-1", "atr:nan", "atr:inf", "r:0", "2", "none", "x:1"]
)
@pytest.mark.parametrize(
    ("kind", "field", "rest"),
    [
        (Trail, "distance", {}),
        (Breakeven, "trigger", {}),
        (Rung, "target", {"fraction": 0.5}),
    ],
)
def test_a_distance_that_is_no_positive_number_is_refused(
    kind: Any, field: str, rest: dict[str, Any], bad: Any
) -> None:
    with pytest.raises(InputError, match=rf"^{field} of {kind.__name__}"):
        kind(**{field: bad}, **rest)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, "atr:-0.5", "none"])
@pytest.mark.parametrize(
    ("kind", "field", "rest"), [(Trail, "activation", {"distance": 1.0}), (Breakeven, "offset", {"trigger": 1.0})]
)
def test_activation_and_offset_may_be_zero_but_not_less(kind: Any, field: str, rest: dict[str, Any], bad: Any) -> None:
    assert getattr(kind(**{field: 0.0}, **rest), field) == 0.0
    with pytest.raises(InputError, match=rf"^{field} of {kind.__name__}"):
        kind(**{field: bad}, **rest)


@pytest.mark.parametrize("bad", [0.0, -0.5, 1.1, math.nan, math.inf])
def test_a_fraction_is_above_0_and_at_most_1(bad: float) -> None:
    with pytest.raises(InputError, match=r"^fraction of Rung is"):
        Rung(target=1.0, fraction=bad)


def ladder(*fractions: float) -> tuple[Rung, ...]:
    return tuple(Rung(target=1.0 + row, fraction=fraction) for row, fraction in enumerate(fractions))


def test_fractions_add_up_to_at_most_1() -> None:
    with pytest.raises(InputError, match=r"^ladder of Exits: the fractions add up to 1\.1: give at most 1"):
        Exits(ladder=ladder(0.6, 0.5))
    assert Exits(ladder=ladder(0.1, 0.2, 0.7)).parts == 3  # 0.1 + 0.2 + 0.7 is not 1 in floating point
    assert Exits(ladder=ladder(*[0.1] * 10)).parts == 10
    assert Exits(ladder=ladder(0.5, 0.25)).parts == 3
    assert Exits(ladder=ladder(0.5, 0.5 + 5e-10)).parts == 2
    assert Exits().parts == 1


def test_what_is_inside_is_refused_by_its_own_name() -> None:
    with pytest.raises(InputError, match="trail of Exits: distance of Trail"):
        Exits(trail={"distance": -1})
    with pytest.raises(InputError, match="did you mean 'breakeven'"):
        Exits(break_even=None)
    with pytest.raises(InputError, match="max_hold of Exits is 0: input should be greater than or equal to 1"):
        Exits(max_hold=0)
    with pytest.raises(InputError, match="distance of Trail"):
        Trail()


def test_a_trail_keeps_a_part_of_the_peak() -> None:
    assert Trail(distance=" Peak:0.50 ").distance == "peak:0.5"
    with pytest.raises(InputError, match="'100' percent of the peak leaves no stop: give less than 100"):
        Trail(distance="peak:100")


UNITS = ["atr", "pct", "points", "pips", "r"]


@pytest.mark.parametrize(
    ("option", "units", "zero", "none"),
    [
        ("stop", {"atr", "pct", "points", "pips"}, False, True),
        ("target", set(UNITS), False, True),
        ("trail", {*UNITS, "peak"}, False, True),
        ("trail-activation", set(UNITS), True, False),
        ("breakeven", set(UNITS), False, True),
        ("breakeven-offset", set(UNITS), True, False),
        ("entry-offset", {"atr", "pct", "points", "pips"}, True, False),
        ("slippage", {"atr"}, False, False),
    ],
)
def test_which_units_an_option_takes(option: str, units: set[str], zero: bool, none: bool) -> None:
    def taken(text: str) -> bool:
        try:
            Distance.parse(text, option)
        except InputError as error:
            assert str(error).startswith(f"--{option} {text}")
            return False
        return True

    assert {unit for unit in (*UNITS, "peak") if taken(f"{unit}:2")} == units
    assert taken("atr:0") == zero
    assert taken("none") == none


@pytest.mark.parametrize("text", ["r:1@0.5", "r:1@0.5,atr:2.5@0.3", " R:1@0.5 , points:0.002@0.25", "none"])
def test_a_ladder_is_read_back_as_written(text: str) -> None:
    rungs = parse_ladder(text)
    written = ",".join(f"{Distance.of(rung.target, 'ladder')}@{rung.fraction!r}" for rung in rungs)
    assert parse_ladder(written or "none") == rungs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r:1", "--ladder r:1: 'r:1' is not a target and a fraction"),
        ("r:1@", "the fraction '' is not above 0"),
        ("r:1@0", "the fraction '0' is not above 0"),
        ("r:1@nan", "the fraction 'nan' is not above 0"),
        ("r:1@1.5", "the fraction '1.5' is not above 0 and at most 1"),
        ("r:0@0.5", "'0' is not a positive number"),
        ("furlong:1@0.5", "'furlong:1@0.5' is not a distance"),
        ("r:1@0.5,", "'' is not a target and a fraction"),
        ("r:1@0.7,r:2@0.7", r"the fractions add up to 1\.4"),
    ],
)
def test_a_ladder_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_ladder(text)
