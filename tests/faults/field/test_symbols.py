"""Instruments beside one another in a file are never mixed, whatever tells them apart."""

from __future__ import annotations

import pytest

import barloom as bl
from barloom.errors import InputError
from faults.field.asked import file_refused, first_works, read_or_asked, reads, refused
from faults.field.files import cells, minutes, save, spelled, text, walk
from helpers.chunks import drawn

FRONT = walk(minutes("2024-05-06T00:00", 300, 2), "79.98")
BACK = walk(minutes("2024-05-06T00:01", 300, 2), "94.98", seed=2)
BESIDE = BACK.at(FRONT.times)


def mixed(column, values, others, at=1, sort=True):
    """A file of two instruments with a column of their names at some place."""
    rows = []
    for bars, value in ((FRONT, values[0]), (others, values[1])):
        for row in cells(bars, spelled("%Y-%m-%d %H:%M")):
            rows.append([*row[:at], value, *row[at:]])
    if sort:
        rows.sort(key=lambda row: row[0] if at else row[1])
    header = ["datetime", "open", "high", "low", "close"]
    return save("two.csv", text(rows, [*header[:at], column, *header[at:]]))


NAMED = [
    ("symbol", ("FRONT", "BACK"), 1),
    ("Ticker", ("CLM4", "CLN4"), 0),
    ("CONTRACT", ("2024-06", "2024-07"), 5),
    ("name", ("Oil, front", "Oil, back"), 1),
    ("Kontrakt", ("M4", "N4"), 5),
    ("instrument_id", ("5001", "5002"), 1),
    ("asset class", ("it's", "$x"), 1),
]


@pytest.mark.parametrize(("column", "values", "at"), NAMED)
@pytest.mark.parametrize(("others", "sort"), [(BACK, True), (BESIDE, True), (BESIDE, False)],
                         ids=["in turn", "beside", "one after the other"])  # fmt: skip
def test_two_instruments_are_asked_for_by_their_names(column, values, at, others, sort):
    path = mixed(column, values, others, at, sort)
    message = file_refused(path, "--symbol", *values)
    first_works(message, ["data", "info", str(path)])
    reads(path, FRONT, symbol=values[0])
    reads(path, others, symbol=values[1])


@pytest.mark.parametrize(("column", "values", "at"), NAMED[:3])
def test_leaving_the_names_unread_does_not_mix_them(column, values, at):
    path = mixed(column, values, BACK, at)
    words = ["data", "check", path, "--ignore-columns", column]
    message = refused(words, "--symbol", *values)
    first_works(message, [str(word) for word in words])


@pytest.mark.parametrize("command", [["check"], ["info"], ["ingest", "--out", "two.arrow"]])
def test_every_command_asks(command):
    path = mixed("symbol", ("FRONT", "BACK"), BACK)
    words = ["data", command[0], str(path), *command[1:]]
    first_works(refused(words, "--symbol", "FRONT", "BACK"), words)


def test_a_run_asks():
    path = mixed("ticker", ("FRONT", "BACK"), BESIDE)
    words = ["run", str(path), "--strategy", "ema-cross", "--non-interactive"]
    first_works(refused(words, "--symbol", "FRONT", "BACK"), words)


@pytest.mark.parametrize("column", ["symbol", "contract", "Papier"])
def test_contracts_in_turn_are_one_where_that_is_said(column):
    """A continuous contract: the front month changes once."""
    path_bars = walk(minutes("2024-05-06T00:00", 400), "79.98")
    rows = [[*row, "CLM4" if number < 230 else "CLN4"] for number, row in enumerate(cells(path_bars))]
    path = save("continuous.csv", text(rows, ["datetime", "open", "high", "low", "close", column]))
    file_refused(path, "--symbol", "CLM4", "CLN4")
    reads(path, path_bars, symbol="*")


@pytest.mark.parametrize("column", ["symbol", "name", "Kontrakt"])
def test_one_instrument_needs_no_word(column):
    rows = [[*row, "FRONT"] for row in cells(FRONT)]
    path = save("one.csv", text(rows, ["datetime", "open", "high", "low", "close", column]))
    read_or_asked(path, FRONT, "--ignore-columns", column)


def test_all_values_of_instruments_beside_one_another_are_no_instrument():
    path = mixed("symbol", ("FRONT", "BACK"), BESIDE)
    with pytest.raises(InputError, match=r"repeated|FRONT|in most rows"):
        drawn(bl.open_bars(path, symbol="*"))


def test_a_value_that_is_not_there_shows_those_that_are():
    path = mixed("symbol", ("FRONT", "BACK"), BACK)
    message = file_refused(path, "--symbol", "FRONT", "BACK", symbol="MIDDLE")
    first_works(message, ["data", "info", str(path), "--symbol", "MIDDLE"])


def test_a_few_repeated_numbers_are_no_names():
    """A column of trades or flags with few values is not what tells rows apart: times do not repeat."""
    rows = [[*row, str(number % 3)] for number, row in enumerate(cells(FRONT))]
    path = save("flags.csv", text(rows, ["datetime", "open", "high", "low", "close", "flag"]))
    reads(path, FRONT, columns="time=datetime,open=open,high=high,low=low,close=close")
