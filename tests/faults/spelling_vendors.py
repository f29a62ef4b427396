"""The exact layouts of vendors, by their own pages: the truth includes their clocks and stamps. Each can be only one thing."""

from __future__ import annotations

import datetime
import gzip
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from faults.spelling_bars import STEPS, Bars, make_bars, nanoseconds, plain

NOT_MOVED = datetime.timedelta()
EST = datetime.timedelta(hours=-5)


@dataclass(frozen=True)
class Vendor:
    name: str
    data: bytes
    times: np.ndarray
    prices: np.ndarray
    label: str


@dataclass(frozen=True)
class Row:
    """A bar for a vendor's line: its time, its step, open, high, low, close as text, a volume, its number."""

    time: datetime.datetime
    step: datetime.timedelta
    open: str
    high: str
    low: str
    close: str
    volume: int
    number: int

    def at(self, shape: str, moved: datetime.timedelta = NOT_MOVED) -> str:
        return (self.time + moved).strftime(shape)

    def epoch(self, unit: int, *, end: bool = False) -> int:
        return nanoseconds(self.time + self.step if end else self.time) // unit - end

    def prices(self, mark: str) -> str:
        return mark.join((self.open, self.high, self.low, self.close))


def _binance(row: Row, unit: int) -> str:
    return f"{row.epoch(unit)},{row.prices(',')},{row.volume}.5,{row.epoch(unit, end=True)},{row.volume * 7}.25,{row.volume},1.5,9.75,0"


def _eet(row: Row) -> str:
    local = row.time.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo("EET"))
    return local.strftime("%Y.%m.%d %H:%M:%S")


BINANCE = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"  # of futures
Line = Callable[[Row], str]
# Name: file name, header, line. The steps and the markets are minutes; those of DAYS are days.
VENDORS: dict[str, tuple[str, str, Line]] = {
    "histdata": ("DAT_ASCII_EURUSD_M1_2019.csv", "", lambda r: f"{r.at('%Y%m%d %H%M%S', EST)};{r.prices(';')};0"),
    "histdata-mt": ("DAT_MT_EURUSD_M1_2019.csv", "", lambda r: f"{r.at('%Y.%m.%d,%H:%M', EST)},{r.prices(',')},0"),
    "histdata-metastock": (
        "DAT_MS_EURUSD_M1_2019.csv",
        "",
        lambda r: f"EURUSD,{r.at('%Y%m%d%H%M', EST)},{r.prices(',')},0",
    ),
    # Stamped by the close, as docs/data.md takes them for; volumes are what tells them from HistData's.
    "ninjatrader": ("EURUSD.Last.txt", "", lambda r: f"{r.at('%Y%m%d %H%M%S', r.step)};{r.prices(';')};{r.volume}"),
    "mt5": (
        "EURUSD_M1.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        lambda r: r.at("%Y.%m.%d\t%H:%M:%S\t") + r.prices("\t") + f"\t{r.volume}\t0\t{r.number % 5}",
    ),
    "dukascopy": (
        "EURUSD_Candlestick_1_M_BID.csv",
        "Gmt time,Open,High,Low,Close,Volume",
        lambda r: f"{r.at('%d.%m.%Y %H:%M:%S.000')},{r.prices(',')},{r.volume}",
    ),
    "dukascopy-local": (
        "EURUSD_Candlestick_1_M_BID.csv",
        "Local time,Open,High,Low,Close,Volume",
        lambda r: f"{r.at('%d.%m.%Y %H:%M:%S.000', datetime.timedelta(hours=9))} GMT+0900,{r.prices(',')},{r.volume}",
    ),
    "jforex-utc": (
        "EURUSD_1 Min_Bid.csv",
        "Time (UTC),Open,High,Low,Close,Volume ",
        lambda r: f"{r.at('%Y.%m.%d %H:%M:%S')},{r.prices(',')},{r.volume}",
    ),
    "jforex-eet": (
        "EURUSD_1 Min_Bid.csv",
        "Time (EET),Open,High,Low,Close,Volume ",
        lambda r: f"{_eet(r)},{r.prices(',')},{r.volume}",
    ),
    "dukascopy-node": (
        "eurusd-m1-bid.csv",
        "timestamp,open,high,low,close,volume",
        lambda r: f"{r.epoch(10**6)},{r.prices(',')},{r.volume}",
    ),
    "binance": ("BTCUSDT-1m-2024-01.csv", "", lambda r: _binance(r, 10**6)),
    "binance-us": ("BTCUSDT-1m-2025-01.csv", "", lambda r: _binance(r, 10**3)),
    "binance-futures": ("BTCUSDT-1m-2024-01.csv", BINANCE, lambda r: _binance(r, 10**6)),
    "bitfinex": ("btcusd.csv", "", lambda r: f"{r.epoch(10**6)},{r.open},{r.close},{r.high},{r.low},{r.volume}.5"),
    "kraken": ("XBTUSD_1.csv", "", lambda r: f"{r.epoch(10**9)},{r.prices(',')},{r.volume}.5,{r.number % 7 + 1}"),
    "tradingview": (
        "ABC, 1.csv",
        "time,open,high,low,close,Volume",
        lambda r: f"{r.epoch(10**9)},{r.prices(',')},{r.volume}",
    ),
    "tradingview-offset": (
        "ABC, 1.csv",
        "time,open,high,low,close,Volume",
        lambda r: f"{r.at('%Y-%m-%dT%H:%M:%S', datetime.timedelta(hours=1))}+01:00,{r.prices(',')},{r.volume}",
    ),
    "polygon": (
        "2024-03-04.csv",
        "ticker,volume,open,close,high,low,window_start,transactions",
        lambda r: f"ABC,{r.volume},{r.open},{r.close},{r.high},{r.low},{r.epoch(1)},{r.number + 1}",
    ),
    "databento": (
        "glbx-mdp3.ohlcv-1m.csv",
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol",
        lambda r: f"{r.at('%Y-%m-%dT%H:%M:%S.000000000Z')},33,1,5482,{r.prices(',')},{r.volume},ESH4",
    ),
    "stooq": (
        "abc.us.txt",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        lambda r: f"ABC.US,1,{r.at('%Y%m%d,%H%M%S')},{r.prices(',')},{r.volume},0",
    ),
    "yahoo": (
        "ABC.csv",
        "Date,Open,High,Low,Close,Adj Close,Volume",
        lambda r: f"{r.at('%Y-%m-%d')},{r.prices(',')},{r.low},{r.volume}",
    ),
    "yfinance": (
        "ABC.csv",
        "Price,Close,High,Low,Open,Volume\nTicker,ABC,ABC,ABC,ABC,ABC\nDate,,,,,",
        lambda r: f"{r.at('%Y-%m-%d')},{r.close},{r.high},{r.low},{r.open},{r.volume}",
    ),
    "cryptodatadownload": (
        "Binance_BTCUSDT_1h.csv",
        "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount",
        lambda r: (
            f"{r.epoch(10**6)},{r.at('%Y-%m-%d %H:%M:%S')},BTC/USDT,{r.prices(',')},{r.volume}.5,{r.volume * 9}.25,{r.number + 1}"
        ),
    ),
}
DAYS = ("yahoo", "yfinance")
NEWEST_FIRST = ("cryptodatadownload",)
DECIMALS = ("databento",)  # whole prices are thousand millionths there
RECENT = ("bitfinex", "kraken", "binance", "binance-us")  # told by epochs without a header: of exchanges' time


def vendor_bars(random: Random, label: str) -> Bars:
    """Bars as that vendor could have: days or minutes, with decimals where whole prices mean something else."""
    while True:
        bars = make_bars(random)
        if bars.grid != ("day" if label in DAYS else "minute") or (label in DECIMALS and not bars.market.digits):
            continue
        if label in RECENT and bars.times[0].year < 2012:
            continue
        return bars


def write_vendor(bars: Bars, label: str, random: Random) -> str:
    """The text of these bars as the vendor writes them."""
    _, header, line = VENDORS[label]
    lines = []
    for number, (time, ticks) in enumerate(zip(bars.times, bars.prices, strict=True)):
        prices = [plain(price, bars.market.digits) for price in ticks]
        lines.append(line(Row(time, STEPS[bars.grid], *prices, random.randint(1, 900), number)))
    if label in NEWEST_FIRST:
        lines.reverse()
    return "".join(f"{text}\n" for text in [*([header] if header else []), *lines])


def choose_vendor(random: Random) -> Vendor:
    """A vendor's file of known bars, packed sometimes."""
    label = random.choice(list(VENDORS))
    bars = vendor_bars(random, label)
    data, name = write_vendor(bars, label, random).encode(), VENDORS[label][0]
    if random.random() < 0.2:
        data = data.replace(b"\n", b"\r\n")
    if label == "polygon" or random.random() < 0.1:
        data, name = gzip.compress(data, 1, mtime=0), f"{name}.gz"
    times = np.array([nanoseconds(time) for time in bars.times], np.int64)
    prices = np.array([[float(plain(price, bars.market.digits)) for price in bar] for bar in bars.prices])
    return Vendor(name, data, times, prices, label)
