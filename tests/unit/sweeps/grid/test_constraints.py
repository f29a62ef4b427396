"""Constraints: what they mean, that nothing in them is ever run, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.errors import InputError
from barloom.sweeps.grid.constraints import Length, operand, parse_constraint

KNOWN = ("fast", "slow", "stop", "target", "entry", "max_hold", "exact", "param.stop")
VALUES: dict[str, Any] = {
    "fast": 10, "slow": 25.5, "stop": "atr:2", "target": "r:3", "entry": "close", "max_hold": None, "exact": True, "param.stop": 1.5,
}  # fmt: skip


def holds(text: str, **values: Any) -> bool:
    operands = {name: operand(value) for name, value in (VALUES | values).items()}
    return all(constraint.holds(operands) for constraint in parse_constraint(text, KNOWN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fast < slow", True),
        ("fast >= slow", False),
        ("5 < fast < slow", True),
        ("5 < fast < 10", False),
        ("fast < slow > 20 > fast", True),
        ("slow >= 2*fast and stop != 'none'", True),
        ("slow >= 3*fast and stop != 'none'", False),
        ("slow < fast or entry == 'close'", True),
        ("not fast < slow", False),
        ("not (fast > slow or entry == 'limit')", True),
        ("(slow - 0.5) / 2 + -fast == 2.5", True),
        ("+fast == 10.0", True),
        ("stop < 'atr:2.5'", True),
        ("stop >= 'atr:2'", True),
        ("stop == 'ATR:2.0'", True),
        ("stop != 'pct:2'", True),
        ("stop * 2 == 'atr:4'", True),
        ("2 * stop - 'atr:1' == 'atr:3'", True),
        ("-stop < stop", True),
        ("stop / 'atr:0.5' == 4", True),
        ("target == 'none' or stop == 'none'", False),
        ("max_hold == 'none'", True),
        ("max_hold != 'none' and max_hold > fast", False),
        ("max_hold == 30", False),
        ("exact == True", True),
        ("exact != False and entry != 'limit'", True),
        ("param.stop == 1.5", True),
    ],
)
def test_what_a_constraint_means(text: str, expected: bool) -> None:
    assert holds(text) is expected


numbers = st.one_of(st.sampled_from(["fast", "slow"]), st.integers(0, 60).map(str), st.sampled_from(["0.5", "1.25"]))
terms = st.recursive(
    numbers, lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
)
comparisons = st.tuples(terms, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), terms).map(" ".join)
anchored = comparisons.map(lambda text: f"fast + 0 <= {text}")
conditions = st.recursive(
    anchored,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=5,
).filter(lambda text: len(text) <= 500)


@given(conditions, st.integers(1, 60), st.integers(1, 60))
def test_numbers_mean_what_they_mean_in_python(text: str, fast: int, slow: int) -> None:
    assert holds(text, fast=fast, slow=slow) is eval(text, {"fast": fast, "slow": slow})


def test_what_and_joins_is_tried_part_by_part() -> None:
    parts = parse_constraint("fast < slow and (stop != 'none' and entry == 'close') and 1 < fast", KNOWN)
    assert [sorted(part.names) for part in parts] == [["fast", "slow"], ["stop"], ["entry"], ["fast"]]


def test_words_stand_before_what_they_make_impossible() -> None:
    assert holds("stop == 'none' or stop < 'atr:3'", stop="none")
    assert holds("max_hold == 'none' or max_hold > 5")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "open('x')", "fast.__class__ == 1", "param.stop.real < 1", "fast[0] < 1", "[fast] < [slow]",
        "(fast, slow) < (1, 2)", "fast if slow else 1", "lambda: fast", "fast ** slow < 1", "fast % 2 == 0", "fast // 2 == 5",
        "fast in (1, 2)", "fast is 10", "fast @ slow < 1", "~fast < 1", "fast << 2 < 1", "f'{fast}' == '10'", "(fast := 1) < 2",
        "{fast} == {slow}", "fast < 1j", "fast < None", "fast < ...", "b'x' == entry", "(yield) < fast", "*fast < slow",
        "[x for x in stop] == 1",
    ],
)  # fmt: skip
def test_nothing_but_comparisons_of_plain_values_is_read(text: str) -> None:
    with pytest.raises(InputError, match=r"--where .*(made of names of the grid|compare with <)"):
        parse_constraint(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fast", "'fast' is no comparison: give one, such as fast < slow"),
        ("fast + slow", "'fast + slow' is no comparison"),
        ("fast < slow and stop", "'stop' is no comparison"),
        ("not fast", "'fast' is no comparison"),
        ("fast < fst", "unknown name 'fst' (a word is put in quotes, as in entry == 'close'): did you mean 'fast'?"),
        ("entry == limit", "a word is put in quotes"),
        ("fast = slow", "equality is =="),
        ("fast <", "not a constraint"),
        ("", "not a constraint"),
        ("fast < slow; 1", "not a constraint"),
        ("fast < slow\nimport os", "not a constraint"),
        ("fast < 1\0", "not a constraint"),
        ("1or fast < 2", "not a constraint"),
        ("(" * 249 + "fast < 1" + ")" * 200, "not a constraint"),
        ("1 < 2", "'1 < 2' names nothing of the grid"),
        ("(fast < slow) < 3", "'fast < slow' is a condition where a value must be"),
        ("(not fast < 1) == True", "is a condition where a value must be"),
        ("fast < " + "1 + " * 200 + "1", "letters are too many: give at most 500"),
    ],
)
def test_what_is_no_constraint_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_constraint(text, KNOWN)
    assert message in str(caught.value) and str(caught.value).startswith("--where ")


def test_deeply_nested_constraints_are_read_or_refused() -> None:
    assert holds("-" * 490 + "fast == 10")
    assert holds("not " * 100 + "fast == 10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stop < target", "atr:2 cannot be compared with r:3: their units differ (at stop=atr:2, target=r:3)"),
        ("stop < 3", "atr:2 cannot be compared with 3: write a distance in quotes"),
        ("stop == 2", "atr:2 cannot be compared with 2"),
        ("max_hold > 5", "'none' is neither more nor less than anything"),
        ("stop > 'none'", "'none' is neither more nor less"),
        ("exact > fast", "'True' is neither more nor less"),
        ("entry + 1 == 2", "close + 1 cannot be worked out"),
        ("stop * stop == 1", "atr:2 * atr:2 cannot be worked out"),
        ("stop + target == 'atr:5'", "atr:2 + r:3 cannot be worked out"),
        ("stop + 1 == 'atr:5'", "atr:2 + 1 cannot be worked out"),
        ("-entry == 2", "-1 * close cannot be worked out"),
        ("fast / (slow - 25.5) < 1", "it divides by 0 at fast=10, slow=25.5"),
        ("stop / (fast - 10) < stop", "it divides by 0"),
        ("fast * " + "9" * 200 + " * " + "9" * 200 + " / 1 < slow", "a number grows too large at fast=10"),
    ],
)
def test_what_cannot_be_compared_or_worked_out_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        holds(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"--where {text}: ")


def test_values_as_constraints_see_them() -> None:
    assert operand("pips:20") == Length("pips", 20.0)
    assert [operand(value) for value in (None, "none", "r:1@0.5", "21:55", 3, 0.5, True)] == [
        *("none", "none", "r:1@0.5", "21:55", 3, 0.5, True)
    ]
