"""Fractions, portions and time ranges."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from barloom.bars import from_arrays
from barloom.bars.slicing import make_selection, portions
from barloom.bars.times import iso, parse_time
from barloom.errors import InputError
from helpers.chunks import drawn

MINUTE = 60 * 10**9
FIRST = 1328054400 * 10**9


@pytest.mark.parametrize(
    ("fraction", "count"),
    [(1, 1), (1.0, 1), (0.5, 2), (0.25, 4), (0.1, 10), (0.3, 4), (1 / 3, 3), (0.7, 2), (1 / 7, 7), ("0.25", 4)],
)
def test_a_fraction_has_as_many_portions_as_are_needed(fraction: object, count: int) -> None:
    for portion in range(1, count + 1):
        assert portions(make_selection(fraction, portion).fraction) == count
    for portion in (0, count + 1, -1, 1.5, "x", None, True, float("nan")):
        if portion is True and count:
            portion = "True"
        with pytest.raises(InputError, match=f"portions 1 to {count}"):
            make_selection(fraction, portion)


@pytest.mark.parametrize("fraction", [0, -1, 1.2, float("nan"), float("inf"), "half", None, 1e-300, ""])
def test_a_bad_fraction_is_refused(fraction: object) -> None:
    with pytest.raises(InputError, match="fraction of the data"):
        make_selection(fraction)


@pytest.mark.parametrize("total", [0, 1, 2, 3, 7, 10, 99, 1000])
@pytest.mark.parametrize("fraction", [1, 0.5, 0.25, 0.1, 0.3, 1 / 3, 0.99, 0.011])
def test_portions_cover_every_row_exactly_once(fraction: float, total: int) -> None:
    ranges = [
        make_selection(fraction, portion + 1).rows(total)
        for portion in range(portions(make_selection(fraction).fraction))
    ]
    assert [row for first, stop in ranges for row in range(first, stop)] == list(range(total))


def test_tenths_are_tenths_although_floats_are_not() -> None:
    assert make_selection(0.1, 3).rows(10) == (2, 3)
    assert make_selection(0.1).fraction == Fraction(1, 10)


@pytest.mark.parametrize(
    "value",
    [
        "2012-02-01",
        "2012-02-01T00:00:00",
        "2012-02-01 00:00:00Z",
        "2012-02-01T02:00:00+02:00",
        datetime(2012, 2, 1),
        datetime(2012, 2, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        date(2012, 2, 1),
        np.datetime64("2012-02-01"),
        np.int64(FIRST),
        pd.Timestamp("2012-02-01"),
        pd.Timestamp("2012-01-31 19:00", tz="America/New_York"),
        FIRST,
    ],
)
def test_a_time_may_be_given_in_any_usual_form(value: object) -> None:
    assert parse_time(value, "start") == FIRST
    assert iso(FIRST) == "2012-02-01T00:00:00Z"


@pytest.mark.parametrize(
    "value", ["soon", "", "2012-13-01", True, 1.5, "9999-01-01", datetime(1600, 1, 1), np.datetime64("NaT", "s")]
)
def test_what_is_no_time_is_refused_naming_the_option(value: object) -> None:
    with pytest.raises(InputError, match="start"):
        make_selection(start=value)


def test_times_are_shown_with_a_fraction_only_where_there_is_one() -> None:
    assert iso(FIRST + 5) == "2012-02-01T00:00:00.000000005Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999999Z"


def test_nanoseconds_of_a_pandas_time_are_kept() -> None:
    assert parse_time(pd.Timestamp(FIRST + 1001), "start") == FIRST + 1001


def test_rows_of_a_portion_come_first_and_then_the_times() -> None:
    ones = np.ones(100)
    bars = from_arrays(FIRST + np.arange(100) * MINUTE, ones, ones, ones, ones)
    half = bars.select(fraction=0.5, portion=2, start="2012-02-01T00:40", end="2012-02-01T01:00")
    assert drawn(half)["timestamp"].tolist() == [FIRST + minute * MINUTE for minute in range(50, 60)]
    exact = bars.select(start=FIRST + 3 * MINUTE, end=FIRST + 5 * MINUTE)
    assert drawn(exact)["timestamp"].tolist() == [FIRST + 3 * MINUTE, FIRST + 4 * MINUTE]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "2020-01-01"}, "no bars from 2020-01-01T00:00:00Z"),
        ({"end": "2010-01-01"}, "no bars before 2010-01-01T00:00:00Z"),
        ({"start": "2012-02-02", "end": "2012-02-01"}, "not before"),
        ({"fraction": 0.001, "portion": 1}, "no bars in portion 1 of fraction 0.001"),
    ],
)
def test_a_selection_without_bars_is_refused(options: dict[str, object], said: str) -> None:
    ones = np.ones(100)
    bars = from_arrays(FIRST + np.arange(100) * MINUTE, ones, ones, ones, ones)
    with pytest.raises(InputError, match=said):
        drawn(bars.select(**options))  # type: ignore[arg-type]


def test_a_selection_is_made_once() -> None:
    bars = from_arrays([FIRST], [1.0], [1.0], [1.0], [1.0])
    assert bars.select().select(fraction=0.5) is not None
    with pytest.raises(InputError, match="selection already"):
        bars.select(fraction=0.5).select(fraction=0.5)


@pytest.mark.parametrize(
    "options", [{"chunk_rows": 0}, {"chunk_rows": 1, "history": -1}, {"chunk_rows": 1, "threads": 0}]
)
def test_impossible_chunks_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least"):
        from_arrays([FIRST], [1.0], [1.0], [1.0], [1.0]).chunks(**options)  # type: ignore[arg-type]
