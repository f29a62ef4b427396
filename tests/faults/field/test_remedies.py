"""Refusals of the readers: whatever option a sentence prints with a value is pasted, and the command goes well or on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from faults.field.asked import all_work, first_works, refused
from faults.field.files import (
    HEADER,
    ISO_DAY,
    cells,
    grouped,
    minutes,
    packed,
    plain,
    save,
    spelled,
    text,
    walk,
    weekdays,
)
from faults.field.test_clocks import CLAIMS, IGNORED, claimed
from helpers.command import run_here

DAYS = walk(weekdays("2021-10-20", 64))
MINUTES = walk(minutes("2020-09-01T00:00", 300))
OTHER = walk(minutes("2020-09-01T00:00", 300), "250.00", seed=5)
NARROW = walk(weekdays("2020-01-01", 262), "1.234", 2)
RULE = ["--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive"]
ALL = "time=Date,open=Open,high=High,low=Low,close=Close"

INFO, CHECK, INGEST, RUN = ("data info", "data check", "data ingest", "run")
ENDS = {INFO: [], CHECK: [], INGEST: ["--out", "s.arrow"], RUN: RULE}


def days() -> list[Path]:
    """A file that needs no option."""
    return [save("days.csv", text(cells(DAYS, ISO_DAY)))]


def ambiguous(pattern: str) -> Callable[[], list[Path]]:
    return lambda: [save("day.csv", text(cells(MINUTES, spelled(pattern))))]


def symbols(column: str, *values: str) -> Callable[[], list[Path]]:
    def make() -> list[Path]:
        rows = [[*row, value] for bars, value in zip((MINUTES, OTHER), values, strict=True) for row in cells(bars)]
        return [save("two.csv", text(sorted(rows, key=lambda row: row[0]), [*HEADER, column]))]

    return make


def contracts() -> list[Path]:
    rows = [[*row, "CLM4" if number < 170 else "CLN4"] for number, row in enumerate(cells(MINUTES))]
    return [save("continuous.csv", text(rows, [*HEADER, "contract"]))]


def beside(*names: str) -> Callable[[], list[Path]]:
    """Columns of measurements that nobody knows, with many values."""

    def make() -> list[Path]:
        rows = [[*row, *(f"{number % 50}.{at}5" for at in range(len(names)))]
                for number, row in enumerate(cells(DAYS, ISO_DAY))]  # fmt: skip
        return [save("beside.csv", text(rows, [*HEADER, *names]))]

    return make


def headed(*names: str, encoding: str = "utf-8") -> Callable[[], list[Path]]:
    return lambda: [save("headed.csv", text(cells(DAYS, ISO_DAY), names), encoding)]


def without_close() -> list[Path]:
    return [save("three.csv", text([row[:4] for row in cells(DAYS, ISO_DAY)], HEADER[:4]))]


def twice(name: str) -> Callable[[], list[Path]]:
    def make() -> list[Path]:
        later = DAYS.scaled("3").at([time + timedelta(days=364) for time in DAYS.times])
        at = HEADER.index(name)
        rows = [[*row, twin[at]] for row, twin in zip(cells(DAYS, ISO_DAY), cells(later, ISO_DAY), strict=True)]
        return [save("twice.csv", text(rows, [*HEADER, name]))]

    return make


def marks(mark: str, separator: str, quoted: str = "needed") -> Callable[[], list[Path]]:
    rows = cells(NARROW, ISO_DAY, grouped("", mark))
    return lambda: [save("marks.csv", text(rows, separator=separator, quoted=quoted))]


def serials() -> list[Path]:
    def serial(time: datetime) -> str:
        return f"{(time - datetime(1899, 12, 30)) / timedelta(days=1):.3f}"

    return [save("serials.csv", text(cells(walk(minutes("2024-03-04T09:00", 60, 180)), serial)))]


def sharing() -> list[Path]:
    prices = list(MINUTES.prices)
    prices[150] = tuple(price + 1 for price in prices[150])
    later = type(MINUTES)(MINUTES.times, prices)
    return [
        save("a.csv", text(cells(MINUTES.part(slice(0, 151))))),
        save("b.csv", text(cells(later.part(slice(150, 300))))),
    ]


def server() -> list[Path]:
    return [claimed(CLAIMS[0])]


def bad_rows(count: int) -> Callable[[], list[Path]]:
    """Rows here and there whose high is below their low."""

    def make() -> list[Path]:
        rows = cells(MINUTES)
        for row in rows[7 :: len(rows) // count][:count]:
            row[2], row[3] = row[3], row[2]
        return [save("bad.csv", text(rows))]

    return make


def half_asked() -> list[Path]:
    rows = [[*row, row[1], row[2]] for row in cells(DAYS, ISO_DAY)]
    return [save("asked.csv", text(rows, [*HEADER, "ask_open", "ask_high"]))]


def two_in_a_zip() -> list[Path]:
    content = text(cells(DAYS, ISO_DAY)).encode()
    return [packed("two.zip", {"EURUSD.csv": content, "GBPUSD.csv": content})]


def workbook() -> list[Path]:
    return [packed("bars.xlsx", {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})]


@dataclass(frozen=True)
class Refusal:
    """A command that is refused, what its sentence has to name, and whether it has to print a remedy to paste."""

    make: Callable[[], list[Path]]
    command: str
    named: tuple[str, ...]
    options: tuple[str, ...] = ()
    offers: bool = True


def asks(make: Callable[[], list[Path]], command: str, *named: str, options: tuple[str, ...] = ()) -> Refusal:
    return Refusal(make, command, named, options)


def wrong(option: str, value: str, *named: str, make: Callable[[], list[Path]] = days, command: str = INFO) -> Refusal:
    """An option whose value is at fault: the sentence names it; what it prints besides has to work."""
    return Refusal(make, command, (option, *named), (option, value), offers=False)


REFUSALS = {
    # what can be two things
    "one ambiguous day": asks(ambiguous("%m/%d/%Y %H:%M"), INFO, "--date-order"),
    "one ambiguous day, checked": asks(ambiguous("%m-%d-%Y %H:%M"), CHECK, "--date-order"),
    "one ambiguous day, run": asks(ambiguous("%d.%m.%Y %H:%M"), RUN, "--date-order"),
    "one ambiguous day, ingested": asks(ambiguous("%d %m %Y %H:%M"), INGEST, "--date-order"),
    "one ambiguous day of two digits": asks(ambiguous("%d-%m-%y %H:%M"), INFO, "--date-order"),
    "one ambiguous day of some zone": asks(
        ambiguous("%m/%d/%Y %H:%M"), INFO, "--date-order", options=("--time-zone", "America/New_York")
    ),
    "one ambiguous day and columns": asks(ambiguous("%m/%d/%Y %H:%M"), RUN, "--date-order", options=("--columns", ALL)),
    "points or thousands": asks(marks(".", ";"), INFO, "--decimal"),
    "points or thousands, run": asks(marks(".", "\t"), RUN, "--decimal"),
    "commas or thousands": asks(marks(",", ",", "all"), CHECK, "--decimal"),
    "commas or thousands, ingested": asks(marks(",", ";"), INGEST, "--decimal"),
    "serials of a spreadsheet": asks(serials, INFO, "--time-format"),
    "serials of a spreadsheet, run": asks(serials, RUN, "--time-format"),
    # instruments
    "two symbols": asks(symbols("symbol", "EURUSD", "GBPUSD"), INFO, "--symbol", "EURUSD", "GBPUSD"),
    "two tickers, checked": asks(symbols("Ticker", "EURUSD", "GBPUSD"), CHECK, "--symbol"),
    "two contracts, run": asks(symbols("CONTRACT", "2024-06", "2024-07"), RUN, "--symbol"),
    "two names, ingested": asks(symbols("name", "Oil, front", "Oil, back"), INGEST, "--symbol"),
    "two of another word": asks(symbols("Papier", "it's", "$x"), INFO, "--symbol"),
    "a symbol that is not there": asks(
        symbols("symbol", "EURUSD", "GBPUSD"), INFO, "--symbol", "EURUSD", options=("--symbol", "USDJPY")
    ),
    "a symbol in small letters": asks(
        symbols("symbol", "EURUSD", "GBPUSD"), RUN, "--symbol", "EURUSD", options=("--symbol", "eurusd")
    ),
    "two symbols left unread": asks(
        symbols("symbol", "EURUSD", "GBPUSD"), CHECK, "--symbol", options=("--ignore-columns", "symbol")
    ),
    "contracts in turn": asks(contracts, INFO, "--symbol", "CLM4", "CLN4"),
    # columns
    "a column that nobody knows": asks(beside("zscore"), INFO, "--ignore-columns"),
    "columns with blanks": asks(beside("Delivery Ratio", "Turnover (Cr)"), INFO, "--ignore-columns"),
    "a column with an apostrophe": asks(beside("Trader's mood"), RUN, "--ignore-columns"),
    "a column with a comma": asks(beside("Mood, of traders"), CHECK, "--ignore-columns"),
    "a column with signs of a shell": asks(beside("$mood & *", "`id`"), INGEST, "--ignore-columns"),
    "two closes": asks(twice("Close"), INFO, "--", "Close"),
    "two dates": asks(twice("Date"), RUN, "--", "Date"),
    "two highs": asks(twice("High"), INGEST, "--", "High"),
    "names of another language": Refusal(
        headed("Paiva", "Avaus", "Ylin", "Alin", "Paatos"), INFO, ("--columns", "Avaus"), offers=False
    ),
    "letters of another encoding": asks(
        headed("Päivä", "Avaus", "Ylin", "Alin", "Päätös", encoding="cp1252"), INFO, "--encoding", "--columns"
    ),
    "letters of another encoding, run": asks(
        headed("Dátum", "Nyitó ár", "Legmagasabb", "Legalacsonyabb", "Záró", encoding="cp1250"), RUN, "--encoding"
    ),
    "no close": Refusal(without_close, INFO, ("no column for close",), offers=False),
    "half an ask side": Refusal(half_asked, INFO, ("ask_open",), offers=False),
    "a column that is not there": wrong("--columns", ALL.replace("=Open", "=Openn"), "Openn", "Open"),
    "a position that is not there": wrong("--columns", "time=1,open=2,high=3,low=4,close=9", "9"),
    "a side that is left out": wrong("--columns", "time=Date,open=Open", "close"),
    "no such side": wrong("--columns", ALL + ",volumes=Close", "volume"),
    "a column to ignore that is not there": wrong("--ignore-columns", "Clozes", "Clozes"),
    "a column to ignore that is needed": Refusal(days, INFO, ("close",), ("--ignore-columns", "Close"), offers=False),
    "a spread that is not there": wrong("--spread-column", "Spread", "Spread", command=RUN),
    # clocks and seams
    "a server's clock, run": asks(server, RUN, "--time-zone", options=tuple(IGNORED)),
    "a server's clock, ingested": asks(server, INGEST, "--time-zone", options=tuple(IGNORED)),
    "a bar that two files share": asks(sharing, RUN, "--shared-bars", "a.csv", "b.csv"),
    "a bar that two files share, checked": asks(sharing, CHECK, "--shared-bars"),
    "a bar that two files share, ingested": asks(sharing, INGEST, "--shared-bars"),
    "a bad row": asks(bad_rows(1), RUN, "--on-bad-rows"),
    "a bad row, ingested": asks(bad_rows(2), INGEST, "--on-bad-rows"),
    "one row in ten is bad": asks(bad_rows(30), RUN, "--on-bad-rows", "drop:any", options=("--on-bad-rows", "drop")),
    # values at fault
    "no zone": wrong("--time-zone", "Mars", "Mars"),
    "no stamp": wrong("--stamp", "middle", "open", "close"),
    "no order": wrong("--date-order", "dym", "dmy", "mdy", "ymd"),
    "no mark": wrong("--decimal", ";", "comma"),
    "no mark of thousands": wrong("--thousands", "x", "none"),
    "one mark for both": Refusal(days, INFO, ("--decimal",), ("--decimal", ".", "--thousands", "."), offers=False),
    "no encoding": wrong("--encoding", "klingon", "klingon"),
    "an encoding that is no text": wrong("--encoding", "base64", "base64"),
    "no template": wrong("--time-format", "%Q", "%Q"),
    "a template that does not fit": wrong("--time-format", "%d/%m/%Y", "2021-10-20"),
    "no format": wrong("--input-format", "csvv", "csv"),
    "a format of others": wrong("--input-format", "kraken", "kraken"),
    "a symbol where there is none": wrong("--symbol", "EURUSD", "EURUSD"),
    "an order that the dates disprove": Refusal(
        lambda: [save("us.csv", text(cells(DAYS, spelled("%m/%d/%Y"))))], INFO, ("--date-order", "10/20/2021"), ("--date-order", "dmy")
    ),
    "a mark that the prices disprove": Refusal(
        lambda: [save("us.csv", text(cells(DAYS, ISO_DAY, plain), separator=";"))], INFO, ("--decimal",), ("--decimal", ",")
    ),
    "a choice that is none": wrong("--shared-bars", "both", "first", "last", "error", make=sharing, command=RUN),
    "two files in a zip": Refusal(two_in_a_zip, INFO, ("EURUSD.csv", "GBPUSD.csv"), offers=False),
    "a workbook": Refusal(workbook, INFO, ("workbook",), offers=False),
}  # fmt: skip


def test_there_are_enough_of_them():
    assert len(REFUSALS) >= 40


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_refusal_prints_works_when_pasted(name):
    refusal = REFUSALS[name]
    files = [str(path) for path in refusal.make()]
    words = [*refusal.command.split(), *files, *refusal.options, *ENDS[refusal.command]]
    message = refused(words, *refusal.named)
    assert "unknown option" not in message
    (first_works if refusal.offers else all_work)(message, words)


def test_a_file_that_needs_nothing_is_read_by_every_command():
    """Precondition of the other tests: without its fault, every command accepts the file."""
    (path,) = days()
    for command, ending in ENDS.items():
        code, _, err = run_here(*command.split(), path, *ending)
        assert code == 0, err
