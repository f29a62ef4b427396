"""Columns of any name, of none, named twice, in any order and of either side."""

from __future__ import annotations

import shlex
from datetime import timedelta
from decimal import Decimal

import pytest

import barloom as bl
from faults.field.asked import (
    file_refused,
    first_works,
    is_read,
    matches,
    read_or_asked,
    reads,
)
from faults.field.files import (
    EPOCH,
    HEADER,
    ISO_DAY,
    PRICES,
    Known,
    cells,
    days,
    minutes,
    save,
    spelled,
    text,
    walk,
    weekdays,
)
from helpers.chunks import drawn
from helpers.command import run_here

HOURS = walk(minutes("2024-03-04T00:00", 200, 60))
DAYS = walk(weekdays("2021-10-20", 64))
BID = walk(minutes("2024-03-04T00:00", 200), "1.10000")
ASK = Known(BID.times, [tuple(price + Decimal("0.00010") for price in row) for row in BID.prices])
UTC = spelled("%Y-%m-%dT%H:%MZ")


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("bid_o bid_h bid_l bid_c ask_o ask_h ask_l ask_c", None),
        ("BidOpen BidHigh BidLow BidClose AskOpen AskHigh AskLow AskClose", None),
        ("o.b h.b l.b c.b o.a h.a l.a c.a", None),
        ("bo bh bl bc ao ah al ac", "time=1,open=2,high=3,low=4,close=5,ask_open=6,ask_high=7,ask_low=8,ask_close=9"),
    ],
)
def test_both_sides_of_one_file_whatever_they_are_called(names, columns):
    rows = [[*bid, *ask[1:]] for bid, ask in zip(cells(BID, UTC), cells(ASK), strict=True)]
    path = save("oanda.csv", text(rows, ["time", *names.split()]))
    sides = [*PRICES, *("ask_" + name for name in PRICES)]
    given = columns or ",".join(
        f"{side}={name}" for side, name in zip(["time", *sides], ["time", *names.split()], strict=True)
    )
    matches(drawn(bl.open_bars(path, columns=given)), BID, {"ask_" + name: ASK.column(name) for name in PRICES})
    code, out, err = run_here("data", "info", path, "--columns", given)
    assert code == 0, err
    assert "bid and ask" in out


def test_half_an_ask_side_is_refused():
    rows = [[*bid, *ask[1:]] for bid, ask in zip(cells(BID, UTC), cells(ASK), strict=True)]
    path = save("oanda.csv", text(rows, ["time", *["o", "h", "l", "c", "ao", "ah", "al", "ac"]]))
    file_refused(path, "ask_low", columns="time=time,open=o,high=h,low=l,close=c,ask_open=ao,ask_high=ah,ask_close=ac")


# Without a name


@pytest.mark.parametrize(
    ("header", "change"),
    [
        (["", "date", *PRICES], lambda number, row: [str(number), *row]),
        (["date", *PRICES, ""], lambda number, row: [*row, ""]),
        (["", "date", *PRICES, ""], lambda number, row: [str(number), *row, ""]),
        (["Unnamed: 0", "date", *PRICES], lambda number, row: [str(number), *row]),
        (["date", *PRICES, "", ""], lambda number, row: [*row, "x", "y"]),
        (["", *PRICES], lambda number, row: row),
    ],
    ids=["index", "trailing", "both", "pandas again", "two", "the time"],
)
def test_a_column_without_a_name(header, change):
    rows = [change(number, row) for number, row in enumerate(cells(HOURS))]
    path = save("index.csv", text(rows, header))
    got = is_read(path)
    if got is None:
        message = file_refused(path, "--ignore-columns")
        first_works(message, ["data", "info", str(path)])
        assert header[0] == "Unnamed: 0", f"a column without a name is left unread: {message}"
    else:
        reads(path, HOURS)


@pytest.mark.parametrize(("position", "header"), [("1", ["", "date", *PRICES]), ("6", ["date", *PRICES, "x"])])
def test_a_column_may_be_left_unread_by_its_position(position, header):
    rows = [[str(number), *row] if position == "1" else [*row, "9"] for number, row in enumerate(cells(HOURS))]
    reads(save("index.csv", text(rows, header)), HOURS, ignore_columns=position)


# Names that need quotes


ODD_NAMES = [
    ["Shares Traded ", "Turnover (Cr)"],
    ["Trader's note", "a|b"],
    ["$ value", "Turnover; total & net"],
    ["Turnover, Cr", "*"],
    ["-x", "#trades"],
    ['the "best"', "`id`"],
]


@pytest.mark.parametrize("names", ODD_NAMES, ids=lambda names: names[0])
def test_names_that_need_quotes_are_printed_with_them(names):
    rows = [[*row, "100", f"{number % 50}.5"] for number, row in enumerate(cells(DAYS, ISO_DAY))]
    path = save("nse.csv", text(rows, [*(name + " " for name in HEADER), *names]))
    got = is_read(path)
    if got is None:
        message = file_refused(path)
        first_works(message, ["data", "info", str(path)])
    else:
        matches(got, DAYS)


@pytest.mark.parametrize("name", ["my file.csv", "it's.csv", "a$b.csv"])
def test_a_file_whose_name_needs_quotes_is_printed_with_them(name):
    path = save(name, text(cells(DAYS, ISO_DAY)))
    code, out, err = run_here("data", "check", path)
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if line.startswith("command")]
    words = shlex.split(line.removeprefix("command"))
    assert words[:3] == ["barloom", "data", "ingest"]
    code, _, err = run_here(*words[1:])
    assert code == 0, err


# Names that stand twice


@pytest.mark.parametrize(
    ("again", "value"),
    [
        ("Date", lambda row: row[0]),
        ("Close", lambda row: row[4]),
        ("Open", lambda row: row[1]),
    ],
)
def test_a_name_that_stands_twice_over_the_same_cells(again, value):
    path = save("twice.csv", text([[*row, value(row)] for row in cells(DAYS, ISO_DAY)], [*HEADER, again]))
    got = is_read(path)
    if got is None:
        message = file_refused(path)
        first_works(message, ["data", "info", str(path)])
    else:
        matches(got, DAYS)
    reads(path, DAYS, columns="time=1,open=2,high=3,low=4,close=5")
    reads(path, DAYS, ignore_columns="6")


@pytest.mark.parametrize("again", ["Close", "Date", "High"])
def test_a_name_that_stands_twice_over_other_cells_is_asked_for(again):
    """Prices of another market, or dates a year later: never one of the two in silence."""
    other = DAYS.scaled("2").at([time + timedelta(days=364) for time in DAYS.times])
    at = HEADER.index(again)
    rows = [[*row, twin[at]] for row, twin in zip(cells(DAYS, ISO_DAY), cells(other, ISO_DAY), strict=True)]
    path = save("twice.csv", text(rows, [*HEADER, again]))
    message = file_refused(path, again)
    first_works(message, ["data", "info", str(path)])
    reads(path, DAYS, ignore_columns="6")


# No header


def volumes(number: int) -> str:
    return f"{0.5 + number % 7}"


@pytest.mark.parametrize("order", ["hloc", "lhoc", "chlo", "ohlc", "ochl", "olhc", "clho"])
@pytest.mark.parametrize("volume", ["last", "first", "none"])
def test_the_order_of_prices_is_found_from_the_bars(order, volume):
    """Epochs first, then the prices in any order, and a volume on either side of them or none."""
    bars = walk(minutes("2024-03-04T09:30", 200))
    names = [name for letter in order for name in PRICES if name[0] == letter]
    rows = cells(bars, lambda time: str(int((time - EPOCH).total_seconds())), order=names)
    if volume == "last":
        rows = [[*row, volumes(number)] for number, row in enumerate(rows)]
    elif volume == "first":
        rows = [[row[0], volumes(number), *row[1:]] for number, row in enumerate(rows)]
    first = 3 if volume == "first" else 2
    columns = ",".join(["time=1", *(f"{name}={first + at}" for at, name in enumerate(names))])
    path = save("order.csv", text(rows, None))
    reads(path, bars, columns=columns)
    reads(path, bars)


def test_an_order_that_two_readings_fit_is_asked_for():
    """Bars that neither rise nor fall from one to the next: open and close cannot be told apart."""
    times = minutes("2024-03-04T09:30", 60)
    bars = Known(times, [tuple(map(Decimal, ("100.00", "100.10", "99.90", "100.00")))] * 60)
    rows = cells(bars, spelled("%Y-%m-%d %H:%M"))
    path = save("flat.csv", text(rows, None))
    got = is_read(path)
    if got is None:
        first_works(file_refused(path, "--columns"), ["data", "info", str(path)])
    else:
        matches(got, bars)


# Several times


OPENED, CLOSED = days("2023-01-01", 120), days("2023-01-01", 120)
COINS = walk(OPENED)


def stamps(spell, end):
    return [(spell(time), spell(time + end)) for time in OPENED]


ISO_MS = spelled("%Y-%m-%dT%H:%M:%S.%fZ")


def milliseconds(time):
    return str(int((time - EPOCH) / timedelta(milliseconds=1)))


SEVERAL = [
    ("timeOpen", "timeClose", "timestamp", lambda time: ISO_MS(time)[:-4] + "Z", timedelta(days=1, milliseconds=-1)),
    ("open_time", "close_time", None, milliseconds, timedelta(days=1, milliseconds=-1)),
    ("start", "end", None, spelled("%Y-%m-%d %H:%M"), timedelta(days=1)),
    ("From", "To", "Date", spelled("%d/%m/%Y %H:%M"), timedelta(days=1)),
    ("begins", "expires", None, spelled("%Y-%m-%d %H:%M:%S"), timedelta(hours=23, minutes=59, seconds=59)),
]


@pytest.mark.parametrize(("opens", "closes", "third", "spell", "length"), SEVERAL, ids=lambda value: str(value)[:9])
@pytest.mark.parametrize("close_first", [False, True], ids=["opens first", "closes first"])
def test_of_several_times_the_open_is_the_bar(opens, closes, third, spell, length, close_first):
    rows = []
    for time, row in zip(OPENED, cells(COINS), strict=True):
        pair = [spell(time), spell(time + length)]
        rows.append([*(pair[::-1] if close_first else pair), *row[1:], *([pair[1]] if third else [])])
    pair = [closes, opens] if close_first else [opens, closes]
    path = save("cmc.csv", text(rows, [*pair, *PRICES, *([third] if third else [])], ";"))
    if third == "Date":
        read_or_asked(path, COINS, "--columns", f"time={opens},open=open,high=high,low=low,close=close")
    else:
        reads(path, COINS)


@pytest.mark.parametrize("length", [timedelta(days=1, milliseconds=-1), timedelta(days=1, seconds=-1)])
@pytest.mark.parametrize("name", ["timestamp", "timeClose", "close_time"])
def test_a_time_of_the_last_moment_is_no_open(name, length):
    """23:59:59.999 of each day, and nothing else: stamped by close, or asked; never bars that open then."""
    rows = [[ISO_MS(time + length)[:-4] + "Z", *row[1:]] for time, row in zip(OPENED, cells(COINS), strict=True)]
    path = save("closes.csv", text(rows, [name, *PRICES], ";"))
    read_or_asked(path, COINS, "--stamp", "close")
    reads(path, COINS, stamp="close")
