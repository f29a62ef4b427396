"""The text files of vendors: how to recognise each, which columns are read, their clock and their price side.

A new vendor is one entry of ``HEADED`` (told by the names of its header) or ``HEADLESS`` (told by the shape of its rows).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from barloom.bars.cells.moments import Order
from barloom.bars.column_names import TIMES

PRICES = {"open": "open", "high": "high", "low": "low", "close": "close"}
SERVER = "times of a server, read as UTC: most servers run on --time-zone America/New_York+7h"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A vendor's format of bars as text."""

    name: str
    """Name in ``--input-format``."""
    title: str
    told_by: Callable[..., bool]
    """Recognises a file by the names of its header, as they are and as they are compared, or by its ``Shape``."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field -> name, or position from 1 without a header; ``date+time`` joins two. Empty for the usual columns."""
    zone: str | None = None
    """Zone of naive times; None for UTC."""
    stamp: str = "open"
    side: str = ""
    symbol: str = ""
    """Name or position of the column of symbols."""
    note: str = ""
    """A remark for the user."""
    like: Callable[[Shape], bool] | None = None
    """A weaker check of the shape, enough if the user names the vendor."""
    integer_unit: float = 1.0
    """Number of whole-number prices in one price unit."""
    date_order: Order | None = None
    """Order of the numbers in dates, if the vendor has a fixed one."""
    points: bool = False
    """True if the vendor writes decimal points in files whose columns are not separated by commas."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Features of the first rows of a file without a header."""

    separator: str
    rows: Sequence[Sequence[str]]
    order: str
    """Order of the prices, as ``ohlc``."""
    clock: bool
    """True if the time of day is a column of its own."""
    has_symbol: bool

    @property
    def cells(self) -> Sequence[str]:
        """The first row."""
        return self.rows[0]

    @property
    def width(self) -> int:
        """Number of cells of a row."""
        return len(self.cells)

    def no_volume(self) -> bool:
        """True if the last column is zero in every row."""
        return all(re.fullmatch(r"0+([.,]0*)?", row[-1].strip()) for row in self.rows)


def _has(*names: str) -> Callable[[Sequence[str], Sequence[str]], bool]:
    """Check for a header that begins with the first of the names and has all of them."""
    return lambda _, plain: plain[0] == names[0] and set(names) <= set(plain)


def _first(pattern: str) -> Callable[[Sequence[str], Sequence[str]], bool]:
    """Check for a header by the name of its first column, with prices after it."""
    return lambda _, plain: bool(re.fullmatch(pattern, plain[0])) and set(PRICES) <= set(plain)


def _tradingview(names: Sequence[str], plain: Sequence[str]) -> bool:
    given = [name.strip().lstrip("\ufeff") for name in names]
    return given[:5] == ["time", *PRICES] and "Volume" in given[5:]


def _crypto_data_download(names: Sequence[str], plain: Sequence[str]) -> bool:
    counted = [name for name in plain if name.startswith("volume ")]
    return plain[0] in ("unix", "date") and "symbol" in plain and set(PRICES) <= set(plain) and bool(counted)


def _semicolons(shape: Shape) -> bool:
    moment = re.fullmatch(r"\d{8} \d{6}", shape.cells[0].strip())
    return shape.separator == ";" and shape.width == 6 and bool(moment)


def _metatrader(shape: Shape) -> bool:
    return shape.clock and not shape.has_symbol and bool(re.fullmatch(r"\d{4}\.\d\d\.\d\d", shape.cells[0].strip()))


def _epoch(shape: Shape, low: int, high: int) -> bool:
    first = shape.cells[0].strip()
    return len(first) < 20 and first.isdecimal() and low <= int(first) < high


# Told in this order by a header.
HEADED = (
    Dialect(
        "mt5",
        "a MetaTrader 5 export",
        _has("date", *PRICES, "tickvol"),
        {"time": "date+time", **PRICES, "volume": "tickvol"},
        side="bid",
        note=SERVER,
        points=True,
    ),
    Dialect(
        "dukascopy",
        "Dukascopy",
        _first(r"(gmt|local) time"),
        {**PRICES, "volume": "volume"},
        note="one side a file",
        date_order="dmy",
    ),
    Dialect("jforex", "JForex", _first(r"time \(.+\)"), {**PRICES, "volume": "volume"}, note="one side a file"),
    Dialect(
        "binance",
        "Binance klines",
        lambda _, plain: plain[0] == "open_time" and "close_time" in plain and set(PRICES) <= set(plain),
        {"time": "open_time", **PRICES, "volume": "volume"},
        side="trades",
    ),
    Dialect("bitfinex", "Bitfinex", _has("mts", *PRICES), {"time": "mts", **PRICES, "volume": "volume"}, side="trades"),
    Dialect(
        "polygon",
        "a Polygon flat file",
        _has("ticker", "window_start", *PRICES),
        {"time": "window_start", **PRICES, "volume": "volume"},
        side="trades",
        symbol="ticker",
    ),
    Dialect(
        "databento",
        "Databento ohlcv",
        _has("ts_event", "rtype", "instrument_id", *PRICES),
        {"time": "ts_event", **PRICES, "volume": "volume"},
        side="trades",
        symbol="symbol|instrument_id",
        integer_unit=1e9,
    ),
    Dialect(
        "stooq",
        "Stooq",
        _has("ticker", "per", "date", *PRICES, "openint"),
        {"time": "date+time", **PRICES, "volume": "vol"},
        side="trades",
        symbol="ticker",
        note="Stooq says neither zone nor stamp",
    ),
    Dialect(
        "cryptodatadownload",
        "CryptoDataDownload",
        _crypto_data_download,
        {"time": "unix|date", **PRICES, "volume": "volume *"},
        side="trades",
        symbol="symbol",
    ),
    Dialect(
        "yfinance",
        "yfinance",
        lambda _, plain: plain[0] == "price" and set(PRICES) <= set(plain),
        {"time": "price", **PRICES, "volume": "volume"},
        side="trades",
        note="prices may be adjusted",
    ),
    Dialect(
        "yahoo",
        "Yahoo",
        lambda _, plain: _has("date", *PRICES, "adj close")(_, plain) and sum(name in TIMES for name in plain) == 1,
        {"time": "date", **PRICES, "volume": "volume"},
        side="trades",
        note="the adjusted close is left unread",
    ),
    Dialect("tradingview", "a TradingView export", _tradingview, {"time": "time", **PRICES, "volume": "volume"}),
    # Told by name only: its header is what many write.
    Dialect("dukascopy-node", "dukascopy-node", lambda *_: False, note="one side a file"),
)

POSITIONS = {"time": "1", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "6"}

# Told in this order by the shape of rows without a header.
HEADLESS = (
    Dialect(
        "histdata",
        "HistData ASCII",
        lambda shape: _semicolons(shape) and shape.no_volume(),
        POSITIONS,
        zone="EST",
        side="bid",
        like=_semicolons,
        points=True,
    ),
    Dialect(
        "ninjatrader",
        "NinjaTrader 8",
        _semicolons,
        POSITIONS,
        stamp="close",
        note="an import may also be stamped by open",
        points=True,
    ),
    Dialect(
        "histdata-metastock",
        "HistData MetaStock",
        lambda shape: shape.has_symbol and bool(re.fullmatch(r"\d{12}", shape.cells[1].strip())),
        {name: str(int(at) + 1) for name, at in POSITIONS.items()},
        zone="EST",
        side="bid",
        symbol="1",
    ),
    Dialect(
        "histdata-mt",
        "HistData MT",
        lambda shape: _metatrader(shape) and shape.no_volume(),
        {"time": "1+2", "open": "3", "high": "4", "low": "5", "close": "6", "volume": "7"},
        zone="EST",
        side="bid",
        like=_metatrader,
    ),
    Dialect(
        "mt4",
        "a MetaTrader export",
        _metatrader,
        {"time": "1+2", "open": "3", "high": "4", "low": "5", "close": "6", "volume": "7"},
        side="bid",
        note=SERVER,
    ),
    Dialect(
        "binance",
        "Binance klines",
        lambda shape: shape.width == 12 and _epoch(shape, 10**11, 10**17) and shape.cells[6].strip().isdecimal(),
        POSITIONS,
        side="trades",
    ),
    Dialect(
        "bitfinex",
        "Bitfinex",
        lambda shape: shape.width == 6 and shape.order == "ochl" and _epoch(shape, 10**11, 10**14),
        {"time": "1", "open": "2", "close": "3", "high": "4", "low": "5", "volume": "6"},
        side="trades",
    ),
    Dialect(
        "kraken",
        "Kraken OHLCVT",
        lambda shape: shape.width == 7 and _epoch(shape, 10**9, 10**11) and shape.order == "ohlc",
        POSITIONS,
        side="trades",
    ),
)

PLAIN = Dialect("csv", "text", lambda *_: False)
NAMES = tuple(dict.fromkeys(dialect.name for dialect in (PLAIN, *HEADED, *HEADLESS)))


def by_header(names: Sequence[str], plain: Sequence[str], wanted: str | None) -> Dialect:
    """The vendor of a header: the wanted one, else the first that recognises it, else the generic one."""
    if wanted is not None:
        return next((dialect for dialect in HEADED if dialect.name == wanted), PLAIN)
    return next((dialect for dialect in HEADED if dialect.told_by(names, plain)), PLAIN)


def by_shape(shape: Shape) -> Dialect:
    """The vendor of rows without a header."""
    return next((dialect for dialect in HEADLESS if dialect.told_by(shape)), PLAIN)


def headless(wanted: str | None) -> Dialect | None:
    """The vendor of that name who writes no header."""
    return next((dialect for dialect in HEADLESS if dialect.name == wanted), None)


def order_of(dialect: Dialect) -> str:
    """The order of a vendor's prices, as ``ohlc``."""
    return "".join(name[0] for name in sorted(PRICES, key=lambda name: int(dialect.columns[name])))
