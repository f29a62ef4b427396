"""Entries refuse what could not be meant, naming the entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.rules.entries import Entries
from barloom.rules.exits import Distance


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"signal_bar": [3, 2], "side": 1}, "signal_bar of entry 1 is 2: before the entry above it"),
        ({"signal_bar": [-1], "side": 1}, "signal_bar of entry 0 is -1: negative"),
        ({"signal_bar": [1.5], "side": 1}, "signal_bar of the entries has type float64"),
        ({"signal_bar": [[1]], "side": 1}, "has 2 dimensions"),
        ({"signal_bar": [1, 2], "side": [1, 0]}, "side of entry 1 is 0: neither"),
        ({"signal_bar": [1, 2], "side": [1, 257]}, "side of entry 1 is 257: neither"),
        ({"signal_bar": [1, 2], "side": [1]}, r"side of the entries has shape \(1,\) beside 2 signal bars"),
        ({"signal_bar": [1], "side": 1, "stop": -0.5}, "stop of entry 0 is -0.5: not a positive number"),
        ({"signal_bar": [1], "side": 1, "stop": 0.0}, "stop of entry 0 is 0.0"),
        ({"signal_bar": [1], "side": 1, "target": np.inf}, "target of entry 0 is inf"),
        ({"signal_bar": [1], "side": 1, "size": 0.0}, "size of entry 0 is 0.0"),
        ({"signal_bar": [1], "side": 1, "max_hold": -1}, "max_hold of entry 0 is -1"),
        (
            {"signal_bar": [1], "side": 1, "stop": 1.0, "stop_price": 99.0},
            "stop of entry 0 is 1.0: given beside a stop_price",
        ),
    ],
)
def test_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Entries(**columns)


WHOLE = ("signal_bar", "side", "max_hold", "good_for")
REAL = ("stop", "target", "stop_price", "target_price", "size", "trail", "price")
FINE: dict[str, Any] = {"signal_bar": [1, 2], "side": [1, -1]}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, object])
@pytest.mark.parametrize("value", [1.5, 1.0000001, -0.5, np.nan, np.inf, -np.inf, 1e300])
def test_a_fraction_in_a_column_of_whole_numbers_is_refused_by_its_row(name: str, dtype: type, value: float) -> None:
    with np.errstate(over="ignore"):
        column = np.array([1, value], dtype=dtype)
    if float(column[1]) == 1.0:  # what the type cannot hold was never there
        return
    with pytest.raises(InputError, match=rf"{name} of (the entries has type|entry 1 is) .*(whole|beyond)"):
        Entries(**{**FINE, name: column})


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
@pytest.mark.parametrize(
    "column",
    [
        [1, "2"],
        ["1", "2"],
        [b"1", 2],
        [1, [2]],
        [1, {}],
        [True, False],
        [1, object()],
        [1j, 2],
        np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
        {"a": 1},
        {1, 2},
        "12",
        b"12",
        "\ud800",
        (value for value in (1, 2)),
        [1, -5],
        [1, -(10**400)],
        np.array([[1, 2]]),
    ],
    ids=lambda column: str(column).split(" at 0x")[0],  # an address is another one in every process
)
def test_what_is_no_number_is_refused_by_name(name: str, column: Any) -> None:
    with pytest.raises(InputError, match=name):
        Entries(**{**FINE, name: column})


@pytest.mark.parametrize("name", WHOLE)
def test_missing_and_huge_whole_numbers_are_refused_by_row(name: str) -> None:
    import pandas as pd

    for column in (
        [1, None],
        [1, 10**400],
        [1, 2**63],
        np.array([1, 2**63], dtype=np.uint64),
        np.ma.masked_array([1, 1], [False, True]),
        pd.array([1, None], dtype="Int64"),
        pd.Series([1, None]),
    ):
        with pytest.raises(InputError, match=rf"{name} of .*entry 1 is"):
            Entries(**{**FINE, name: column})


def test_numbers_of_every_kind_are_read_exactly() -> None:
    import decimal

    import pandas as pd

    for sides in ([1.0, -1.0], np.array([1, -1], dtype=np.int8), pd.array([1, -1], dtype="Int64"), [np.int16(1), -1.0]):
        assert Entries([1, 2], sides).side.tolist() == [1, -1]
    for stops in ([None, 2], np.ma.masked_array([1.0, 2.0], [True, False]), pd.array([None, 2.0], dtype="Float64")):
        entries = Entries([1, 2], 1, stops)
        assert np.isnan(entries.stop[0]) and entries.stop[1] == 2.0
    assert Entries([1, 2], 1, [decimal.Decimal("0.5"), 10**20]).stop.tolist() == [0.5, 1e20]
    big = 2**53 + 1
    assert Entries([1, 2], 1, max_hold=[0, big]).max_hold.tolist() == [0, big]


def test_any_array_will_do() -> None:
    readonly = np.arange(6)[::2]
    readonly.flags.writeable = False
    entries = Entries(readonly, [1.0, -1.0, 1.0], np.float32(0.5), [None, 1, 2.5])
    assert entries.signal_bar.tolist() == [0, 2, 4] and entries.signal_bar.flags.c_contiguous
    assert entries.side.dtype == np.int8
    assert entries.stop.tolist() == [0.5] * 3
    assert np.isnan(entries.target[0]) and entries.target[1:].tolist() == [1.0, 2.5]
    assert len(Entries([], [])) == len(Entries.none()) == 0


@pytest.mark.parametrize("text", ["atr:2", "pct:0.5", "points:0.0020", "pips:20", "none", " ATR:2 "])
def test_distances_are_read_back_as_written(text: str) -> None:
    distance = Distance.parse(text, "stop")
    assert Distance.parse(str(distance), "stop") == distance


@pytest.mark.parametrize(
    "text", ["2", "atr", "atr:", "atr:-1", "atr:nan", "atr:inf", "atr:0", "r:2", "foo:2", "none:1", ""]
)
def test_a_stop_that_is_no_distance(text: str) -> None:
    with pytest.raises(InputError, match="--stop"):
        Distance.parse(text, "stop")


def test_a_target_may_be_in_r() -> None:
    assert Distance.parse("r:2", "target") == Distance(unit="r", amount=2.0)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"trail": -1.0}, r"trail of entry 1 is -1\.0: not a positive number"),
        ({"trail": 0.0}, r"trail of entry 1 is 0\.0"),
        ({"trail": np.inf}, "trail of entry 1 is inf"),
        ({"price": 0.0}, r"price of entry 1 is 0\.0: not a positive number"),
        ({"good_for": 0}, "good_for of entry 1 is 0: less than 1"),
    ],
)
def test_plans_refused(columns: dict[str, Any], message: str) -> None:
    (name, bad), *_ = columns.items()
    with pytest.raises(InputError, match=message):
        Entries([1, 2], 1, **{name: [1, bad]})


def test_entries_without_more_than_levels_have_no_plans() -> None:
    entries = Entries([1, 2], 1, stop=1.0, target=2.0, max_hold=3, size=1.0)
    assert entries.plans is None
    assert entries.take([1]).plans is None and entries.moved(3).plans is None
    assert Entries.joined([entries, Entries.none()]).plans is None


def test_plans_go_where_their_entries_go() -> None:
    planned = Entries([1, 2, 5], 1, trail=[1.0, np.nan, 3.0], price=[9.0, 8.0, None], good_for=[1, 2, 3])
    plain = Entries([7, 8], -1, stop=1.0)
    joined = Entries.joined([planned.take(np.array([False, True, True])).moved(10), plain, planned.take(slice(0, 1))])
    assert joined.signal_bar.tolist() == [12, 15, 7, 8, 1]
    assert joined.plans is not None
    np.testing.assert_array_equal(joined.plans["trail"], [np.nan, 3.0, np.nan, np.nan, 1.0])
    np.testing.assert_array_equal(joined.plans["price"], [8.0, np.nan, np.nan, np.nan, 9.0])
    assert joined.plans["good_for"].tolist() == [2, 3, 1, 1, 1]
    assert joined.plans["fraction"].tolist() == [1.0] * 5
    assert np.isnan(joined.plans["trigger"]).all()


def test_a_replaced_column_leaves_the_entries_as_they_were() -> None:
    entries = Entries([1, 2], 1, stop=1.0)
    assert entries.replaced(stop=np.array([2.0, 3.0])).stop.tolist() == [2.0, 3.0]
    assert entries.stop.tolist() == [1.0, 1.0]


def test_entries_of_bars_that_ask_for_both_sides_are_in_conflict() -> None:
    entries = Entries([1, 2, 2, 4, 4, 4, 7, 7], [1, 1, 1, 1, -1, -1, -1, 1])
    assert entries.conflicting().tolist() == [False, False, False, True, True, True, True, True]
    assert entries.take(slice(0, 3)).conflicting().tolist() == [False] * 3
    assert Entries.none().conflicting().tolist() == []
