"""Spellings of times: read where they can be only one thing, by ``--time-format`` in any case."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import barloom as bl
from faults.field.asked import file_refused, first_works, is_read, matches, must_ask, read_or_asked, reads
from faults.field.files import EPOCH, HEADER, cells, days, minutes, months, plain, save, spelled, text, walk, weekdays
from helpers.chunks import drawn
from helpers.command import run_here

DAYS = walk(weekdays("2021-10-20", 64))
MINUTES = walk(minutes("2024-03-04T09:31", 300))
GERMAN = dict(
    zip(range(1, 13), ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"], strict=True)
)
FRENCH = dict(
    zip(
        range(1, 13),
        [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        strict=True,
    )
)
SPANISH = dict(
    zip(range(1, 13), ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"], strict=True)
)


@pytest.mark.parametrize(
    ("pattern", "template"),
    [
        ("%d-%b-%y", "%d-%b-%y"),
        ("%d-%b-%Y", "%d-%b-%Y"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%Y%m%d  %H:%M:%S", None),
        ("%m/%d/%y", "%m/%d/%y"),
        ("%b %d, %Y", "%b %d, %Y"),
        # others that a mean tester would think of
        ("{d} %B %Y", "%d %B %Y"),
        ("%a %b %d %Y", None),
        ("%A, %d %B %Y", None),
        ("{d}/{m}/%Y {I}:%M:%S %p", "%d/%m/%Y %I:%M:%S %p"),
        ("%d.%m.%Y %H:%M:%S.000", "%d.%m.%Y %H:%M:%S.%f"),
        ("%d.%m.%Y, %H:%M", None),
        ("%b {d}, %Y {I}:%M %p", None),
        ("%Y-%b-%d", None),
    ],
)
def test_a_date_that_can_be_only_one_thing(pattern, template):
    path = save("dates.csv", text(cells(DAYS, spelled(pattern))))
    reads(path, DAYS)
    if template is not None:
        reads(path, DAYS, time_format=template)


@pytest.mark.parametrize(
    "spell",
    [
        lambda t: f"{t:%d}-{GERMAN[t.month]}-{t:%y}",
        lambda t: f"{t.day} {FRENCH[t.month]} {t.year}",
        lambda t: f"{t:%d}/{SPANISH[t.month].upper()}/{t.year}",
        lambda t: f"{t:%d}-{t:%b}-{t:%Y}".upper(),
        lambda t: f"{t.day}. {GERMAN[t.month]} {t.year}",
    ],
)
def test_months_in_other_languages(spell):
    year = walk(weekdays("2021-10-20", 260))
    reads(save("months.csv", text(cells(year, spell))), year)


@pytest.mark.parametrize(
    ("pattern", "hours"),
    [
        ("%Y-%m-%d %H:%M:%S+0100", -1),
        ("%d.%m.%Y %H:%M:%S.000 GMT+0900", -9),
        ("%Y-%m-%dT%H:%M:%S.000Z", 0),
        ("%m/%d/%Y %I:%M %p UTC", 0),
        ("%d-%b-%y %H:%M -05:00", 5),
    ],
)
def test_a_zone_behind_the_time_is_obeyed(pattern, hours):
    local = walk(minutes("2024-03-14T09:31", 200))
    path = save("zone.csv", text(cells(local, spelled(pattern))))
    reads(path, local.at([time + timedelta(hours=hours) for time in local.times]))


@pytest.mark.parametrize("clock", ["{I}:%M %p", "{I}:%M:%S%p", "%I:%M:%S %p"])
def test_noon_and_midnight_of_twelve_hours(clock):
    bars = walk(minutes("2024-03-13T00:00", 96, 30))
    reads(save("ampm.csv", text(cells(bars, spelled("{d}/{m}/%Y " + clock)))), bars)


# A date and a time of day


@pytest.mark.parametrize(
    ("names", "date", "clock"),
    [
        ("Date,Timestamp", "%Y%m%d", "%H:%M:%S"),
        ("Date,Time", "%Y%m%d", "{H}%M"),
        ("Date, Time", "%Y/{m}/{d}", " %H:%M:%S"),
        # others of the kind
        ("Date,Time", "%Y%m%d", "{H}%M%S"),
        ("Day,Hour", "%d.%m.%Y", "{H}:%M"),
        ("DATE,MINUTE", "%Y-%m-%d", "%H%M"),
        ("Date,Time", "%d-%b-%y", "{I}:%M %p"),
        ("<DATE>,<TIME>", "%Y%m%d", "%H%M%S"),
        ("Trade Date,Bar Time", "%b %d %Y", "%H:%M:%S.000"),
    ],
)
def test_a_date_and_a_time_of_day_are_told_by_content(names, date, clock):
    bars = walk(minutes("2024-03-14T09:31", 300))
    rows = [[spelled(date)(time), spelled(clock)(time), *row[1:]]
            for time, row in zip(bars.times, cells(bars), strict=True)]  # fmt: skip
    blank = " " if ", " in names else ""
    header = [*names.split(","), *(blank + name for name in ("Open", "High", "Low", "Last" if blank else "Close"))]
    reads(save("two_times.csv", text(rows, header)), bars)


@pytest.mark.parametrize("header", ["Time,Open,High,Low,Close,Date", "Timestamp,Open,High,Low,Close,Day"])
def test_the_time_of_day_may_stand_first(header):
    rows = [[f"{time:%H:%M:%S}", *row[1:], f"{time:%Y-%m-%d}"]
            for time, row in zip(MINUTES.times, cells(MINUTES), strict=True)]  # fmt: skip
    reads(save("time_first.csv", text(rows, header.split(","))), MINUTES)


def test_a_date_left_without_its_time_of_day_is_no_bar():
    """Every row of a day at midnight: the remedy is the other column, not dropping."""
    rows = [[f"{time:%Y%m%d}", f"{time:%H:%M:%S}", *row[1:]]
            for time, row in zip(MINUTES.times, cells(MINUTES), strict=True)]  # fmt: skip
    path = save("two_times.csv", text(rows, ["Date", "Timestamp", *HEADER[1:]]))
    got = is_read(path, ignore_columns="Timestamp")
    if got is None:
        message = file_refused(path, "--columns", ignore_columns="Timestamp")
        first_works(message, ["data", "info", str(path), "--ignore-columns", "Timestamp"])
    else:
        matches(got, MINUTES)
    reads(path, MINUTES, columns="time=Date+Timestamp,open=Open,high=High,low=Low,close=Close")


@pytest.mark.parametrize("pattern", ["%Y/{m}/{d}", "%Y.{m}.{d}", "%Y-{m}-{d}", "%Y {m} {d}", "%Y/{m}/{d} {H}:%M"])
def test_the_year_first_without_padding(pattern):
    year = walk(weekdays("2019-10-01", 261))
    reads(save("ymd.csv", text(cells(year, spelled(pattern)))), year)


# Digits


@pytest.mark.parametrize(
    ("pattern", "first", "step"),
    [
        ("%Y%m%d%H", "2024-03-01T00:00", 60),
        ("%y%m%d%H%M", "2024-03-01T09:00", 1),
        # others of the kind
        ("%Y%m%d%H%M", "2024-03-01T09:00", 1),
        ("%y%m%d%H%M%S", "2024-03-01T09:00", 5),
        ("%Y%m%d%H%M%S", "2024-03-01T09:00", 15),
        ("%Y%m%d%H%M%S000", "2024-03-01T09:00", 1),
        ("%Y%m%d", "2019-10-01T00:00", 1440),
        ("%d%m%Y", "2019-10-01T00:00", 1440),
        ("%m%d%Y", "2019-10-01T00:00", 1440),
        ("%Y%m%d%H", "2009-12-30T00:00", 240),
        ("%y%m%d%H%M", "2012-01-01T00:00", 60),
    ],
)
def test_digits_that_are_a_calendar(pattern, first, step):
    bars = walk(minutes(first, 300, step))
    path = save("digits.csv", text(cells(bars, spelled(pattern)), ["timestamp", "open", "high", "low", "close"]))
    if pattern.endswith("000"):
        reads(path, bars)
    else:
        read_or_asked(path, bars, "--time-format", pattern)
        reads(path, bars, time_format=pattern)


def seconds(unit: int):
    return lambda time: str(int((time - EPOCH).total_seconds()) * unit)


@pytest.mark.parametrize(
    ("first", "step", "rows"),
    [
        ("2001-07-21T01:30", 1440, 100),
        ("1990-01-01T00:00", 1440, 100),
        # others of the kind
        ("1985-06-03T00:00", 60, 400),
        ("1997-03-03T14:31", 1, 390),
        ("1973-05-14T00:00", 7 * 1440, 80),
        ("2001-09-09T01:40", 1, 30),
    ],
)
@pytest.mark.parametrize(("unit", "name"), [(1, "epoch-s"), (1000, "epoch-ms"), (10**9, "epoch-ns")])
def test_epochs_before_2001(first, step, rows, unit, name):
    bars = walk(minutes(first, rows, step))
    path = save("epochs.csv", text(cells(bars, seconds(unit)), ["timestamp", "open", "high", "low", "close"]))
    read_or_asked(path, bars, "--time-format", name)
    reads(path, bars, time_format="epoch")
    reads(path, bars, time_format=name)


def test_epochs_that_change_their_unit_are_told_one_by_one():
    bars = walk(minutes("2024-12-31T22:00", 240))
    turn = datetime(2025, 1, 1)
    rows = cells(bars, lambda time: seconds(1000 if time < turn else 10**6)(time))
    path = save("binance.csv", text(rows))
    reads(path, bars)
    reads(path, bars, time_format="epoch")


@pytest.mark.parametrize(
    ("first", "step"), [("2024-03-04T09:00", 1440), ("2024-03-04T12:00", 360), ("2024-03-04T00:00", 45)]
)
def test_serials_of_a_spreadsheet_are_asked_for(first, step):
    bars = walk(minutes(first, 60, step))
    zero = datetime(1899, 12, 30)
    path = save("serials.csv", text(cells(bars, lambda time: plain_days((time - zero) / timedelta(days=1)))))
    must_ask(path, "--time-format", {"excel": bars})


@pytest.mark.parametrize("digits", [5, 6, 9])
def test_serials_of_few_digits_are_right_to_the_second(digits):
    """45355.39583 is half past nine but for 0.3 seconds."""
    bars = walk(minutes("2024-03-04T09:30", 100))
    zero = datetime(1899, 12, 30)
    path = save("serials.csv", text(cells(bars, lambda time: f"{(time - zero) / timedelta(days=1):.{digits}f}")))
    got = drawn(bl.open_bars(path, time_format="excel"))
    assert abs(got["timestamp"] - bars.timestamp).max() <= 500_000_000


def plain_days(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def test_a_template_that_does_not_fit_is_refused_with_the_cell():
    path = save("dates.csv", text(cells(DAYS, spelled("%d-%b-%y"))))
    file_refused(path, "--time-format", "20-Oct-21", time_format="%Y%m%d")


@pytest.mark.parametrize("pattern", ["%b-%y", "%b %Y"])
def test_months_alone_are_no_days_of_another_century(pattern):
    """`Jan-00` is no day of the year 2000 with a number missing: the first of the month, or asked."""
    bars = walk(months(2010, 120))
    path = save("months.csv", text(cells(bars, spelled(pattern), plain)))
    got = is_read(path)
    if got is None:
        file_refused(path, "--time-format")
    else:
        matches(got, bars)


def test_bars_of_the_future_raise_a_question():
    """Times that step by a day, of the year 2190: read only with a word of warning."""
    bars = walk(days("2190-01-01", 60))
    path = save("future.csv", text(cells(bars, spelled("%Y-%m-%d"))))
    code, out, err = run_here("data", "check", path)
    assert "future" in out + err or code == 2
    assert "verdict  clean" not in out
