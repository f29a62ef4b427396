"""Windows of a walk forward lie where the calendar says: none is tested twice, and none drifts."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from barloom.bars.times import iso
from barloom.errors import InputError
from barloom.sweeps.walk_forward.windows import CalendarSpan, moved, windows_of


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def spans(*texts):
    return [CalendarSpan.parse(text, "train") for text in texts]


def days(windows):
    return [tuple(iso(at)[:10] for at in (one.train_start, one.train_end, one.test_end)) for one in windows]


@pytest.mark.parametrize(
    ("text", "months", "length"), [("2y", 24, 0), ("6m", 6, 0), ("8w", 0, 56), ("30d", 0, 30), (" 1 Y ", 12, 0)]
)
def test_spans_are_read(text, months, length):
    span = CalendarSpan.parse(text, "train")
    assert (span.months, span.days) == (months, length)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "2", "m", "1.5y", "2h", "10 min", "9999999y", "١d"])
def test_what_is_no_span_is_refused_by_its_option(text):
    with pytest.raises(InputError, match=r"^--test is .*2y, 6m, 8w or 30d"):
        CalendarSpan.parse(text, "test")


def test_a_month_that_is_too_short_ends_on_its_last_day():
    assert moved(date(2023, 1, 31), 1, 0) == date(2023, 2, 28)
    assert moved(date(2024, 1, 31), 1, 0) == date(2024, 2, 29)
    assert moved(date(2023, 11, 30), 3, 1) == date(2024, 3, 1)
    assert moved(date(2023, 1, 1), 12 * 999_999, 0) == date.max


def test_windows_follow_one_another_and_the_last_is_cut():
    made = windows_of(ns("2020-01-01T00:05"), ns("2021-02-10"), *spans("6m", "3m", "3m"))
    assert days(made) == [
        ("2020-01-01", "2020-07-01", "2020-10-01"),
        ("2020-04-01", "2020-10-01", "2021-01-01"),
        ("2020-07-01", "2021-01-01", "2021-02-10"),
    ]
    assert [one.whole for one in made] == [True, True, False]
    assert made[0].train_start == ns("2020-01-01T00:05"), "no bar before the first is asked for"


def test_months_do_not_drift_from_the_31st():
    made = windows_of(ns("2020-01-31"), ns("2020-08-15"), *spans("1m", "1m", "1m"))
    assert [one[1] for one in days(made)] == [
        "2020-02-29",
        "2020-03-31",
        "2020-04-30",
        "2020-05-31",
        "2020-06-30",
        "2020-07-31",
    ]


def test_anchored_windows_begin_at_the_first_bar():
    made = windows_of(ns("2020-01-01"), ns("2020-03-01"), *spans("2w", "2w", "2w"), anchored=True)
    assert {one.train_start for one in made} == {ns("2020-01-01")}
    assert [one[1] for one in days(made)] == ["2020-01-15", "2020-01-29", "2020-02-12", "2020-02-26"]


@pytest.mark.parametrize("step", ["30d", "1m", "5w", "2m"])
@pytest.mark.parametrize("test", ["30d", "1m"])
def test_no_bar_is_tested_twice(step, test):
    first, stop = ns("2020-01-31"), ns("2021-12-31")
    try:
        made = windows_of(first, stop, *spans("2m", test, step))
    except InputError as error:
        assert "tested twice" in str(error)
        return
    assert len(made) > 5
    for one, following in pairwise(made):
        assert one.train_start < one.train_end < one.test_end <= following.train_end


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("2y", "1m", "1m"), "shorter than --train 2y and a bar to test on"),
        (("1m", "2m", "1m"), "--step 1m is shorter than --test 2m"),
        (("9999y", "1m", "1m"), "shorter than --train 9999y"),
    ],
)
def test_windows_that_cannot_be_made_are_refused(texts, said):
    with pytest.raises(InputError, match=said):
        windows_of(ns("2020-01-01"), ns("2020-12-31"), *spans(*texts))


def test_too_many_windows_are_refused():
    with pytest.raises(InputError, match="more than 10,000 windows"):
        windows_of(ns("1990-01-01"), ns("2025-01-01"), *spans("1d", "1d", "1d"))
