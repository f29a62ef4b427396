"""Small files as vendors write them, each read bar by bar into open times in UTC and prices."""

from __future__ import annotations

import errno
import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from barloom.bars import open_bars
from barloom.bars.sources import csv as csv_module
from barloom.bars.sources import text as text_module
from barloom.bars.sources.dialects import NAMES
from barloom.bars.times import iso
from barloom.errors import InputError
from helpers.chunks import drawn

Write = Callable[..., Path]
BARS = ((1.5, 1.51, 1.49, 1.505), (1.505, 1.52, 1.5, 1.515), (1.515, 1.516, 1.511, 1.512))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a text to a file."""

    def write(text: str, encoding: str = "utf-8", name: str = "bars.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def times(path: Path, **options: str) -> list[str]:
    return [iso(int(time)) for time in drawn(open_bars(path, **options))["timestamp"]]  # type: ignore[arg-type]


def bars(path: Path, **options: str) -> list[tuple[float, ...]]:
    columns = drawn(open_bars(path, **options))  # type: ignore[arg-type]
    return list(zip(*(columns[name].tolist() for name in ("open", "high", "low", "close")), strict=True))


def minutes(first: str, count: int = 3) -> list[str]:
    """ISO times, a minute apart, from ``2012-02-01T05:00`` on."""
    hour, minute = first[:-2], int(first[-2:])
    return [f"{hour}{minute + at:02d}:00Z" for at in range(count)]


# Name, text, first open time in UTC, volumes, what is said. The three bars are BARS, a minute apart.
SAMPLES = {
    "histdata": (
        "20120201 000000;1.500000;1.510000;1.490000;1.505000;0\n"
        "20120201 000100;1.505000;1.520000;1.500000;1.515000;0\n"
        "20120201 000200;1.515000;1.516000;1.511000;1.512000;0\n",
        "2012-02-01T05:00",
        [0, 0, 0],
        "HistData ASCII: semicolons, no header, columns time, open, high, low, close, volume, times in EST (UTC-5), "
        "stamped by open, bid",
    ),
    "histdata-mt": (
        "2012.02.01,00:00,1.500000,1.510000,1.490000,1.505000,0\n"
        "2012.02.01,00:01,1.505000,1.520000,1.500000,1.515000,0\n"
        "2012.02.01,00:02,1.515000,1.516000,1.511000,1.512000,0\n",
        "2012-02-01T05:00",
        [0, 0, 0],
        "HistData MT: commas, no header",
    ),
    "histdata-metastock": (
        "EURUSD,201202010000,1.500000,1.510000,1.490000,1.505000,0\n"
        "EURUSD,201202010001,1.505000,1.520000,1.500000,1.515000,0\n"
        "EURUSD,201202010002,1.515000,1.516000,1.511000,1.512000,0\n",
        "2012-02-01T05:00",
        [0, 0, 0],
        "symbol EURUSD",
    ),
    "mt4": (
        "2012.02.01,00:00,1.50000,1.51000,1.49000,1.50500,12\n"
        "2012.02.01,00:01,1.50500,1.52000,1.50000,1.51500,7\n"
        "2012.02.01,00:02,1.51500,1.51600,1.51100,1.51200,9\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "most servers run on --time-zone America/New_York+7h",
    ),
    "mt5": (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
        "2012.02.01\t00:00:00\t1.50000\t1.51000\t1.49000\t1.50500\t12\t0\t3\r\n"
        "2012.02.01\t00:01:00\t1.50500\t1.52000\t1.50000\t1.51500\t7\t0\t2\r\n"
        "2012.02.01\t00:02:00\t1.51500\t1.51600\t1.51100\t1.51200\t9\t0\t4\r\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "a MetaTrader 5 export: tabs, times in UTC, stamped by open, bid, unread <VOL>, <SPREAD>",
    ),
    "dukascopy": (
        "Gmt time,Open,High,Low,Close,Volume\n"
        "01.02.2012 00:00:00.000,1.5,1.51,1.49,1.505,12.5\n"
        "01.02.2012 00:01:00.000,1.505,1.52,1.5,1.515,7\n"
        "01.02.2012 00:02:00.000,1.515,1.516,1.511,1.512,9\n",
        "2012-02-01T00:00",
        [12.5, 7, 9],
        "Dukascopy: commas, dates day first, times in UTC",
    ),
    "dukascopy, local time": (
        "Local time,Open,High,Low,Close,Volume\n"
        "01.02.2012 09:00:00.000 GMT+0900,1.5,1.51,1.49,1.505,12.5\n"
        "01.02.2012 09:01:00.000 GMT+0900,1.505,1.52,1.5,1.515,7\n"
        "01.02.2012 09:02:00.000 GMT+0900,1.515,1.516,1.511,1.512,9\n",
        "2012-02-01T00:00",
        [12.5, 7, 9],
        "times with their offset from UTC",
    ),
    "jforex": (
        "Time (EET),Open,High,Low,Close,Volume \n"
        "2012.02.01 02:00:00,1.5,1.51,1.49,1.505,12.5\n"
        "2012.02.01 02:01:00,1.505,1.52,1.5,1.515,7\n"
        "2012.02.01 02:02:00,1.515,1.516,1.511,1.512,9\n",
        "2012-02-01T00:00",
        [12.5, 7, 9],
        "JForex: commas, times in EET",
    ),
    "jforex, decimal commas": (
        "Time (UTC),Open,High,Low,Close,Volume \n"
        "2012.02.01 00:00:00,1,5,1,51,1,49,1,505,12,5\n"
        "2012.02.01 00:01:00,1,505,1,52,1,5,1,515,7\n"
        "2012.02.01 00:02:00,1,515,1,516,1,511,1,512,9,0\n",
        "2012-02-01T00:00",
        [12.5, 7, 9],
        "commas and decimal commas",
    ),
    "binance": (
        "1328054400000,1.5,1.51,1.49,1.505,12,1328054459999,18,5,6,9,0\n"
        "1328054460000000,1.505,1.52,1.5,1.515,7,1328054519999999,10,5,3,4,0\n"
        "1328054520000000,1.515,1.516,1.511,1.512,9,1328054579999999,13,5,4,6,0\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "Binance klines: commas, no header",
    ),
    "binance, with header": (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n"
        "1328054400000,1.5,1.51,1.49,1.505,12,1328054459999,18,5,6,9,0\n"
        "1328054460000,1.505,1.52,1.5,1.515,7,1328054519999,10,5,3,4,0\n"
        "1328054520000,1.515,1.516,1.511,1.512,9,1328054579999,13,5,4,6,0\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "unread close_time",
    ),
    "bitfinex": (
        "1328054400000,1.5,1.505,1.51,1.49,12\n"
        "1328054460000,1.505,1.515,1.52,1.5,7\n"
        "1328054520000,1.515,1.512,1.516,1.511,9\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "Bitfinex: commas, no header, columns time, open, close, high, low, volume",
    ),
    "kraken": (
        "1328054400,1.5,1.51,1.49,1.505,12,3\n"
        "1328054460,1.505,1.52,1.5,1.515,7,1\n"
        "1328054520,1.515,1.516,1.511,1.512,9,4\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "Kraken OHLCVT",
    ),
    "tradingview": (
        "time,open,high,low,close,Volume,Moving average,Plot\n"
        "2012-02-01T01:00:00+01:00,1.5,1.51,1.49,1.505,12,,\n"
        "2012-02-01T01:01:00+01:00,1.505,1.52,1.5,1.515,7,1.5,\n"
        "2012-02-01T01:02:00+01:00,1.515,1.516,1.511,1.512,9,1.6,1\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "unread Moving average, Plot",
    ),
    "polygon": (
        "ticker,volume,open,close,high,low,window_start,transactions\n"
        "AAPL,12,1.5,1.505,1.51,1.49,1328054400000000000,3\n"
        "AAPL,7.5,1.505,1.515,1.52,1.5,1328054460000000000,1\n"
        "AAPL,9,1.515,1.512,1.516,1.511,1328054520000000000,4\n",
        "2012-02-01T00:00",
        [12, 7.5, 9],
        "symbol AAPL",
    ),
    "databento, whole numbers": (
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
        "1328054400000000000,33,1,5482,1500000000,1510000000,1490000000,1505000000,12,ESH2\n"
        "1328054460000000000,33,1,5482,1505000000,1520000000,1500000000,1515000000,7,ESH2\n"
        "1328054520000000000,33,1,5482,1515000000,1516000000,1511000000,1512000000,9,ESH2\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "prices in units of 1e-09",
    ),
    "databento, pretty": (
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume\n"
        "2012-02-01T00:00:00.000000000Z,33,1,5482,1.500000000,1.510000000,1.490000000,1.505000000,12\n"
        "2012-02-01T00:01:00.000000000Z,33,1,5482,1.505000000,1.520000000,1.500000000,1.515000000,7\n"
        "2012-02-01T00:02:00.000000000Z,33,1,5482,1.515000000,1.516000000,1.511000000,1.512000000,9\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "symbol 5482",
    ),
    "ninjatrader": (
        "20120201 000100;1.5;1.51;1.49;1.505;12\n"
        "20120201 000200;1.505;1.52;1.5;1.515;7\n"
        "20120201 000300;1.515;1.516;1.511;1.512;9\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "NinjaTrader 8: semicolons, no header, columns time, open, high, low, close, volume, times in UTC, stamped by close",
    ),
    "stooq": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "EURUSD,1,20120201,000000,1.5,1.51,1.49,1.505,12,0\n"
        "EURUSD,1,20120201,000100,1.505,1.52,1.5,1.515,7,0\n"
        "EURUSD,1,20120201,000200,1.515,1.516,1.511,1.512,9,0\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "Stooq says neither zone nor stamp",
    ),
    "cryptodatadownload": (
        "https://www.CryptoDataDownload.com\n"
        "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
        "1328054520,2012-02-01 00:02:00,BTC/USD,1.515,1.516,1.511,1.512,9,13\n"
        "1328054460,2012-02-01 00:01:00,BTC/USD,1.505,1.52,1.5,1.515,7,10\n"
        "1328054400,2012-02-01 00:00:00,BTC/USD,1.5,1.51,1.49,1.505,12,18\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "newest first, read backwards",
    ),
    "yfinance": (
        "Price,Close,High,Low,Open,Volume\n"
        "Ticker,SPY,SPY,SPY,SPY,SPY\n"
        "Datetime,,,,,\n"
        "2012-02-01 00:00:00+00:00,1.505,1.51,1.49,1.5,12\n"
        "2012-02-01 00:01:00+00:00,1.515,1.52,1.5,1.505,7\n"
        "2012-02-01 00:02:00+00:00,1.512,1.516,1.511,1.515,9\n",
        "2012-02-01T00:00",
        [12, 7, 9],
        "prices may be adjusted",
    ),
    "csv": (
        "Date;Time;Open;High;Low;Close\n"
        "01/31/2012;23:59;1,5;1,51;1,49;1,505\n"
        "02/01/2012;00:00;1,505;1,52;1,5;1,515\n"
        "02/01/2012;00:01;1,515;1,516;1,511;1,512\n",
        "",
        None,
        "text: semicolons and decimal commas, dates month first, times in UTC",
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_vendors_file_is_told_and_read_bar_by_bar(write: Write, name: str) -> None:
    text, first, volumes, said = SAMPLES[name]
    path = write(text)
    found = open_bars(path)
    assert said in found.taken_for and found.taken_for.startswith(f"{path} is taken for ")
    columns = drawn(found, volume=found.has_volume)
    assert list(zip(*(columns[price].tolist() for price in ("open", "high", "low", "close")), strict=True)) == list(
        BARS
    )
    if volumes is not None:
        assert columns["volume"].tolist() == volumes
    expected = minutes(first) if first else ["2012-01-31T23:59:00Z", *minutes("2012-02-01T00:00", 2)]
    assert [iso(int(time)) for time in columns["timestamp"]] == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_a_vendors_name_reads_its_file_the_same_way(write: Write, name: str) -> None:
    path = write(SAMPLES[name][0])
    vendor = name.split(",")[0]
    assert times(path, input_format=vendor) == times(path)
    assert bars(path, input_format=vendor) == list(BARS)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_do_not_matter(write: Write, name: str, encoding: str) -> None:
    text = SAMPLES[name][0]
    assert bars(write(text, encoding)) == list(BARS)
    assert times(write(text, encoding)) == times(write(text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_packed_file_with_the_newest_first_is_unpacked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """However many blocks it is read backwards in, and however often it is read."""
    rows = [f"{1328054400 + 60 * at},1.5,1.5,1.5,1.5,1" for at in range(5000)]
    path = tmp_path / "newest.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["time,open,high,low,close,volume", *rows[::-1], ""]).encode(encoding)))
    monkeypatch.setattr(csv_module, "BLOCK", 100)
    monkeypatch.setattr(text_module, "PIECE", 4000)
    opened: list[Path] = []
    content = text_module.TextFile._content
    monkeypatch.setattr(text_module.TextFile, "_content", lambda self: (opened.append(self.path), content(self))[1])
    found = open_bars(path)
    told = len(opened)
    for _ in range(2):
        assert drawn(found, 700)["timestamp"].tolist() == [(1328054400 + 60 * at) * 10**9 for at in range(5000)]
    assert len(opened) == told + 1 <= 3


def test_no_room_to_unpack_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "newest.csv.gz"
    path.write_bytes(gzip.compress(SAMPLES["cryptodatadownload"][0].encode()))

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(
        InputError, match=r"newest\.csv\.gz has the newest bars first, .*No space left on device.*TMPDIR"
    ):
        drawn(open_bars(path))


def test_a_header_that_names_no_known_zone_asks_for_one(write: Write) -> None:
    path = write(SAMPLES["jforex"][0].replace("EET", "Mars"))
    with pytest.raises(InputError, match=r"bars\.txt names its times 'Time \(Mars\)', .*--time-zone"):
        open_bars(path)
    assert times(path, time_zone="EET") == times(write(SAMPLES["jforex"][0]))


def test_yahoo_days(write: Write) -> None:
    path = write(
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2012-02-01,1.5,1.51,1.49,1.505,1.2,12\n"
        "2012-02-02,1.505,1.52,1.5,1.515,1.3,7\n"
    )
    assert times(path) == ["2012-02-01T00:00:00Z", "2012-02-02T00:00:00Z"] and bars(path) == list(BARS[:2])
    assert "unread Adj Close" in open_bars(path).taken_for


def test_mt5_days_have_no_time_of_day(write: Write) -> None:
    path = write(
        "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2012.02.01\t1.5\t1.51\t1.49\t1.505\t12\t0\t3\n2012.02.02\t1.505\t1.52\t1.5\t1.515\t7\t0\t2\n"
    )
    assert times(path) == ["2012-02-01T00:00:00Z", "2012-02-02T00:00:00Z"] and bars(path) == list(BARS[:2])


def test_mt5_spreads_are_points_beside_the_bid(write: Write) -> None:
    columns = drawn(open_bars(write(SAMPLES["mt5"][0]), spread_column="<SPREAD>*0.00001"))
    assert columns["ask_open"].tolist() == [1.5 + 3 * 0.00001, 1.505 + 2 * 0.00001, 1.515 + 4 * 0.00001]


def test_an_unsuited_format_name_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="no file of --input-format binance"):
        open_bars(write(SAMPLES["histdata"][0]), input_format="binance")
    with pytest.raises(InputError, match="did you mean 'kraken'"):
        open_bars(write(SAMPLES["kraken"][0]), input_format="krakn")
    with pytest.raises(InputError, match="no file of --input-format parquet"):
        open_bars(write(SAMPLES["kraken"][0]), input_format="parquet")


@pytest.mark.parametrize("vendor", NAMES)
def test_every_vendors_name_on_every_file_reads_it_or_is_refused(write: Write, vendor: str) -> None:
    for name, (text, *_) in SAMPLES.items():
        try:
            bars(write(text), input_format=vendor)
        except InputError as error:
            assert "bars.txt" in str(error), (name, error)


# ---------------------------------------------------------------- no header


def test_an_order_that_two_readings_fit_is_refused(write: Write) -> None:
    path = write("1328054400,1.5,1.5,1.5,1.5\n1328054460,1.5,1.5,1.5,1.5\n")
    with pytest.raises(InputError, match=r"no header.*several orders.*--columns time=1,open=2"):
        open_bars(path)
    assert bars(path, columns="time=1,open=2,high=3,low=4,close=5") == [(1.5,) * 4] * 2


def test_of_several_orders_the_one_nearest_to_the_close_before_is_taken(write: Write) -> None:
    # Highs are opens and lows are closes, or the other way round: only the chain of bars tells which.
    path = write("1328054400,1.6,1.6,1.5,1.5\n1328054460,1.5,1.5,1.4,1.4\n1328054520,1.4,1.4,1.3,1.3\n")
    assert bars(path) == [(1.6, 1.6, 1.5, 1.5), (1.5, 1.5, 1.4, 1.4), (1.4, 1.4, 1.3, 1.3)]


def test_no_order_that_fits_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"no order of its prices.*--columns"):
        open_bars(write("1328054400,1.5,1.4,1.6,1.3\n1328054460,1.5,1.6,1.4,1.7\n"))


# ---------------------------------------------------------------- several symbols

TWO = SAMPLES["polygon"][0] + "MSFT,5,2.5,2.5,2.5,2.5,1328054400000000000,1\n"


def test_several_symbols_are_refused_by_name_and_one_is_chosen(write: Write) -> None:
    path = write(TWO)
    with pytest.raises(
        InputError, match=r"several symbols in its column .*, AAPL, MSFT: choose one, as with --symbol AAPL"
    ):
        open_bars(path)
    assert bars(path, symbol="AAPL") == list(BARS)
    assert bars(path, symbol="MSFT") == [(2.5,) * 4]
    assert open_bars(path, symbol="MSFT").source.total_rows() == 1
    with pytest.raises(InputError, match="has no symbol TSLA, it holds AAPL, MSFT"):
        drawn(open_bars(path, symbol="TSLA"))


def test_a_second_symbol_far_down_is_found(write: Write) -> None:
    lines = SAMPLES["polygon"][0].splitlines()
    start = 1328054400
    rows = [f"AAPL,1,1.5,1.5,1.5,1.5,{(start + 60 * at) * 10**9},1" for at in range(5000)]
    path = write("\n".join([lines[0], *rows, f"MSFT,1,1.5,1.5,1.5,1.5,{(start + 60 * 5000) * 10**9},1"]) + "\n")
    with pytest.raises(InputError, match="several symbols in its column 'ticker', AAPL, MSFT"):
        drawn(open_bars(path))
    assert len(bars(path, symbol="AAPL")) == 5000


def test_rows_of_a_chosen_symbol_are_shown_by_their_line(write: Write) -> None:
    path = write(TWO + "MSFT,5,2.5,2.5,oops,2.5,1328054460000000000,1\n")
    with pytest.raises(InputError, match=r"data row 2, line 6: MSFT,5,2\.5,2\.5,oops"):
        drawn(open_bars(path, symbol="MSFT"))


def test_a_symbol_for_a_file_without_symbols_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="no column of symbols: leave --symbol EURUSD out"):
        open_bars(write(SAMPLES["dukascopy"][0]), symbol="EURUSD")


def test_yfinance_with_several_tickers(write: Write) -> None:
    path = write(
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
        "Ticker,A,B,A,B,A,B,A,B,A,B\n"
        "Date,,,,,,,,,,\n"
        "2012-02-01,1.505,9,1.51,9,1.49,9,1.5,9,12,1\n"
    )
    with pytest.raises(InputError, match="several symbols, A, B"):
        open_bars(path)
    assert bars(path, symbol="A") == [BARS[0]] and bars(path, symbol="B") == [(9.0,) * 4]
