"""The made files say what they are meant to: pandas and plain Python read the same bars from them, told the spelling."""

from __future__ import annotations

import zipfile
from decimal import Decimal

import pandas as pd
import pytest

from faults.field.asked import shows
from faults.field.files import (
    PRICES,
    cells,
    grouped,
    indian,
    minutes,
    months,
    packed,
    plain,
    save,
    sessions,
    spelled,
    text,
    walk,
    weekdays,
)
from faults.field.test_clocks import SERVER, TRUE
from helpers.remedies import option_value, pasted_commands, remedies, without

BARS = walk(minutes("2024-12-30T23:50", 300), "998.00", 300)


@pytest.mark.parametrize(
    ("pattern", "template"),
    [
        ("{d}/{m}/%Y {I}:%M:%S %p", "%d/%m/%Y %I:%M:%S %p"),
        ("%b %d, %Y %H:%M", "%b %d, %Y %H:%M"),
        ("%y%m%d%H%M", "%y%m%d%H%M"),
        ("%a, {d} %B %Y {H}%M%S", "%a, %d %B %Y %H%M%S"),
    ],
)
def test_times(pattern, template):
    frame = pd.read_csv(save("times.csv", text(cells(BARS, spelled(pattern)))), dtype={"Date": str})
    # strptime takes single digits for %d, %m and %I, but `{H}%M%S` has to be padded to be cut
    stamps = frame["Date"].str.replace(r" (\d{5})$", r" 0\1", regex=True)
    assert list(pd.to_datetime(stamps, format=template)) == BARS.times
    for name in PRICES:
        assert list(frame[name.capitalize()]) == list(BARS.column(name))


@pytest.mark.parametrize(
    ("number", "separator", "marks"),
    [
        (plain, ",", {}),
        (grouped(",", "."), ",", {"thousands": ","}),
        (grouped(".", ","), ";", {"thousands": ".", "decimal": ","}),
        (grouped(" ", ","), "\t", {"thousands": " ", "decimal": ","}),
        (grouped("", ","), ",", {"decimal": ","}),
    ],
)
def test_numbers(number, separator, marks):
    path = save("numbers.csv", text(cells(BARS, number=number), separator=separator, quoted="prices"))
    frame = pd.read_csv(path, sep=separator, **marks)
    for name in PRICES:
        assert list(frame[name.capitalize()]) == list(BARS.column(name))


def test_numbers_by_hand():
    assert indian(Decimal("1234567.89")) == "12,34,567.89"
    assert indian(Decimal("123.50")) == "123.50"
    assert grouped("'", ".")(Decimal("1234567.80")) == "1'234'567.80"


def test_bars_are_bars():
    for opened, high, low, closed in [*BARS.prices, *TRUE.prices]:
        assert low <= min(opened, closed) <= max(opened, closed) <= high
    assert all(before[3] == row[0] for before, row in zip(BARS.prices, BARS.prices[1:], strict=False))


def test_calendars():
    assert all(day.weekday() < 5 for day in weekdays("2024-01-06", 30))
    assert [str(day)[:10] for day in months(2023, 13)][::12] == ["2023-01-01", "2024-01-01"]
    assert len({time.date() for time in sessions("2019-03-04T09:30", 5, 39, 10)}) == 5


def test_a_server_is_two_hours_ahead_in_winter_and_three_in_summer():
    ahead = {(server - true).total_seconds() / 3600 for true, server in zip(TRUE.times, SERVER, strict=True)}
    assert ahead == {2, 3}
    assert all(server.weekday() < 5 for server in SERVER)


def test_zips():
    with zipfile.ZipFile(packed("a.zip", {"b/": b"", "b/c.csv": b"x"})) as whole:
        assert whole.namelist() == ["b/", "b/c.csv"] and whole.read("b/c.csv") == b"x"


# What is taken out of a sentence


def test_remedies_in_a_sentence():
    words = ["data", "info", "a.csv", "--symbol", "X"]
    said = "a.csv holds A and 'B c': give --symbol A or --symbol 'B c'; or leave --symbol X out, or name columns with --columns."
    assert remedies(said, words) == [
        ["data", "info", "a.csv"],
        ["data", "info", "a.csv", "--symbol", "A"],
        ["data", "info", "a.csv", "--symbol", "B c"],
    ]


def test_what_was_given_is_no_remedy_for_itself():
    words = ["data", "info", "a.csv", "--input-format", "kraken"]
    said = "a.csv is no file of --input-format kraken: leave the option out, or give --columns time=1,open=2"
    assert remedies(said, words) == [["data", "info", "a.csv"], [*words, "--columns", "time=1,open=2"]]
    assert remedies("--input-format kraken is not that of a.csv", words) == []


def test_commands_in_a_text():
    save("two.csv", "")
    said = "go on with barloom data ingest two.csv --out two.arrow --symbol 'A b', or not.\ncommand  barloom data check two.csv\nmore"
    commands, rest = pasted_commands(said)
    assert commands == [
        ["data", "ingest", "two.csv", "--out", "two.arrow", "--symbol", "A b"],
        ["data", "check", "two.csv"],
    ]
    assert "or not" in rest and "two.csv" not in rest


@pytest.mark.parametrize(
    ("rest", "value"),
    [
        (" dmy or", "dmy"),
        (" '*'.", "*"),
        (" ,", ","),
        (" .", "."),
        (" 'it'\"'\"'s', or", "it's"),
        (" is 'Mars'", None),
        (": write", None),
        ("=x;", "x"),
    ],
)
def test_values(rest, value):
    found = option_value(rest)
    assert (found and found[0]) == value


@pytest.mark.parametrize("rest", [" dmy|mdy|ymd", " (column 1, without a name)", " Turnover(Cr)", " *"])
def test_values_that_a_shell_does_not_take(rest):
    with pytest.raises(AssertionError, match="a shell"):
        option_value(rest)


def test_without():
    assert without(["a", "--force", "--x", "1", "b"], "--x") == ["a", "--force", "b"]


def test_dates_in_a_sentence():
    day = BARS.times[0]
    assert all(shows(said, day) for said in ("2024-12-30", "30 December 2024", "Dec 30", "30 Dec"))
    assert not any(shows(said, day) for said in ("2024-12-3", "130 Dec", "30/12/2024"))
