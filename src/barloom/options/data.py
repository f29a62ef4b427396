"""Options that say which bars are used and how files are read."""

from __future__ import annotations

from functools import partial

from barloom.options.kinds import COLUMNS, COUNT, FILE, FLAG, FRACTION, NAMES, ZONE
from barloom.options.option import Option
from barloom.options.rules import RUNS

READ_IN = (*RUNS, "data ingest", "data check", "data info")
SEVERAL_IN = (*RUNS, "data ingest", "data check")
JUDGED_IN = (*RUNS, "data ingest")

_data = partial(Option, group="data", commands=RUNS)
_reading = partial(Option, group="reading files", commands=READ_IN)

DATA = (
    _data(
        "data",
        "CSV (plain, .gz, .zip, .zst), Parquet or Arrow file; several, or a pattern in quotes ('EURUSD-*.csv'), are one data set",
        FILE,
        metavar="DATA",
        argument=True,
        many=True,
        basic=True,
        one_of="data",
    ),
    _data("data", "same as DATA; can be given several times", FILE, metavar="DATA", dest="data_option", many=True),
    _data(
        "sample",
        "use built-in made-up bars (a random walk); no file needed",
        FLAG,
        commands=("run",),
        basic=True,
        one_of="data",
    ),
    _data("start", "use bars from this time on: 2015-01-01 or 2015-01-01T09:30, UTC", metavar="TIME", basic=True),
    _data("end", "use bars before this time", metavar="TIME", basic=True),
    _data(
        "data-frac",
        "use only this share of the rows, such as 0.25",
        FRACTION,
        metavar="F",
        default=1.0,
        unless="all",
    ),
    _data(
        "portion",
        "which share to use: with --data-frac 0.25, 2 is the second quarter",
        COUNT,
        metavar="K",
        default=1,
    ),
    _data(
        "timeframe",
        "combine the file's bars into longer ones: 5m, 15m, 1h, 4h, 1d, 1w, or any number of s, m, h, d, w",
        metavar="LENGTH",
        basic=True,
    ),
    _data(
        "anchor",
        "when the trading day starts, for --timeframe: '17:00 America/New_York'",
        metavar="TIME",
        unless="00:00 UTC",
    ),
    _data(
        "fine",
        "finer bars of the same market: they decide which of stop and target was reached first",
        FILE,
        metavar="FILE",
    ),
)
READING = (
    _reading(
        "columns",
        "which column is which, by name or by position from 1",
        COLUMNS,
        metavar="time=Date,open=O,...",
    ),
    _reading("ignore-columns", "columns to ignore", NAMES, metavar="A,B", default=()),
    _reading(
        "input-format",
        "read the file as this vendor's export: mt5, histdata, ...",
        metavar="NAME",
        unless="recognised by content",
    ),
    _reading(
        "time-zone",
        "time zone of times in the file that name none: EST, +02:00, America/New_York, America/New_York+7h",
        ZONE,
        metavar="ZONE",
        unless="the format's, else UTC",
    ),
    _reading(
        "stamp",
        "does a bar's time say when it opened or when it closed",
        choices=("open", "close"),
        unless="the format's, else open",
    ),
    _reading(
        "symbol", "which one of several symbols in the file to read; '*' reads all of them as one", metavar="NAME"
    ),
    _reading(
        "date-order",
        "order of day, month and year, where no date of the file shows it",
        choices=("dmy", "mdy", "ymd"),
    ),
    _reading(
        "time-format",
        "how times are written: '%d-%b-%y %H:%M' and the like, epoch, epoch-s, epoch-ms, epoch-us, epoch-ns or excel",
        metavar="FORMAT",
    ),
    _reading("decimal", "decimal mark of prices, point or comma, where no price of the file shows it", metavar="MARK"),
    _reading("thousands", "thousands mark of prices: comma, point, space, apostrophe or none", metavar="MARK"),
    _reading(
        "encoding",
        "encoding of a text that is not UTF-8: gbk, shift_jis, cp1251 and so on",
        metavar="NAME",
        unless="recognised by content",
    ),
    _reading(
        "shared-bars",
        "which bars count where a file reaches into the next",
        commands=SEVERAL_IN,
        choices=("first", "last", "error"),
        unless="read once where they are the same",
    ),
    _reading(
        "odd-times",
        "stop at times that no bar has, in the future or every 7 s, or keep them",
        commands=SEVERAL_IN,
        choices=("error", "keep"),
        default="error",
        unless="stop",
    ),
    _reading(
        "on-bad-rows",
        "stop at rows that cannot be used, or skip and count them; drop skips up to 1% of the rows and of the time",
        commands=JUDGED_IN,
        choices=("error", "drop", "drop:any"),
        default="error",
        unless="stop",
    ),
    _reading(
        "on-crossed",
        "bars whose ask is below the bid: stop, skip them, or raise the ask to the bid there",
        commands=JUDGED_IN,
        choices=("error", "drop", "widen"),
        default="error",
        unless="stop",
    ),
    _reading(
        "drop-spikes",
        "leave out price spikes: bars that jump away and come straight back ('data check' lists them)",
        FLAG,
        commands=JUDGED_IN,
        default=False,
    ),
    _reading(
        "ask",
        "file with the ask prices; DATA then holds the bid",
        FILE,
        commands=SEVERAL_IN,
        metavar="FILE",
        one_of="spread",
    ),
    _reading(
        "spread-column",
        "column with each bar's spread, in price units; for a column in points write NAME*0.00001",
        commands=SEVERAL_IN,
        metavar="NAME",
        one_of="spread",
    ),
)
