"""The bars as vendors write them: text, MetaTrader history, nautilus_trader and LEAN, each read back into the same bars."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

NAMES = ("timestamp", "open", "high", "low", "close", "volume")
Columns = dict[str, Any]
Row = tuple[int, float, float, float, float, float]
MINUTE = 60_000_000_000
HOUR = 60 * MINUTE


def rows_of(bars: Columns) -> Iterator[Row]:
    """The bars one by one: nanoseconds, open, high, low, close, volume."""
    return zip(*(np.asarray(bars[name]).tolist() for name in NAMES), strict=True)


def stamp(time: int, shape: str, moved: int = 0) -> str:
    """A time as a vendor writes it, on a clock so many nanoseconds before or behind UTC."""
    moment = np.datetime64(time + moved, "ns").astype("datetime64[ms]").item()
    return str(moment.strftime(shape))


def text(row: Callable[[Row], str], header: str = "", *, end: str = "\n", newest_first: bool = False) -> Any:
    """A maker of text with a row a bar."""

    def made(bars: Columns) -> bytes:
        found = [row(one) for one in rows_of(bars)]
        found = found[::-1] if newest_first else found
        return "".join(f"{line}{end}" for line in [*([header] if header else []), *found]).encode()

    return made


def _prices(row: Row, separator: str = ",") -> str:
    return separator.join(f"{price:.7f}" for price in row[1:5])


def _commas(row: Row) -> str:
    return ",".join(f"{value:.7f}".replace(".", ",") for value in row[1:])


BINANCE = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def _binance(r: Row) -> str:
    # From the fifth bar on in microseconds, as the files are from 2025 on.
    time = r[0] // 10**3 if r[5] > 4 else r[0] // 10**6
    return f"{time},{_prices(r)},{r[5]:g},{time},18.5,5,6,9,0"


def _bitfinex(r: Row) -> str:
    return f"{r[0] // 10**6},{r[1]!r},{r[4]!r},{r[2]!r},{r[3]!r},{r[5]!r}"


def _databento(r: Row) -> str:
    return f"{r[0]},33,1,5482,{','.join(str(round(price * 10**9)) for price in r[1:5])},{r[5]:g},ESH2"


def _polygon(r: Row) -> str:
    return f"AAPL,{r[5]!r},{r[1]!r},{r[4]!r},{r[2]!r},{r[3]!r},{r[0]},3"


TEXT: dict[str, Callable[[Columns], bytes]] = {
    "histdata": text(lambda r: f"{stamp(r[0], '%Y%m%d %H%M%S', -5 * HOUR)};{_prices(r, ';')};0", end="\r\n"),
    "histdata-mt": text(lambda r: f"{stamp(r[0], '%Y.%m.%d,%H:%M', -5 * HOUR)},{_prices(r)},0"),
    "histdata-metastock": text(lambda r: f"EURUSD,{stamp(r[0], '%Y%m%d%H%M', -5 * HOUR)},{_prices(r)},0"),
    "ninjatrader": text(lambda r: f"{stamp(r[0], '%Y%m%d %H%M%S', MINUTE)};{_prices(r, ';')};{r[5]:g}"),
    "mt4": text(lambda r: f"{stamp(r[0], '%Y.%m.%d,%H:%M')},{_prices(r)},{r[5]:g}"),
    "mt5": text(
        lambda r: f"{stamp(r[0], '%Y.%m.%d')}\t{stamp(r[0], '%H:%M:%S')}\t{_prices(r, chr(9))}\t{r[5]:g}\t0\t3",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        end="\r\n",
    ),
    "dukascopy": text(
        lambda r: f"{stamp(r[0], '%d.%m.%Y %H:%M:%S')}.000,{_prices(r)},{r[5]:g}", "Gmt time,Open,High,Low,Close,Volume"
    ),
    "dukascopy-local": text(
        lambda r: f"{stamp(r[0], '%d.%m.%Y %H:%M:%S', 9 * HOUR)}.000 GMT+0900,{_prices(r)},{r[5]:g}",
        "Local time,Open,High,Low,Close,Volume",
    ),
    "jforex": text(
        lambda r: f"{stamp(r[0], '%Y.%m.%d %H:%M:%S', 2 * HOUR)},{_prices(r)},{r[5]:g}",
        "Time (EET),Open,High,Low,Close,Volume ",
    ),
    "jforex-commas": text(
        lambda r: f"{stamp(r[0], '%Y.%m.%d %H:%M:%S')},{_commas(r)}", "Time (UTC),Open,High,Low,Close,Volume "
    ),
    "dukascopy-node": text(lambda r: f"{r[0] // 10**6},{_prices(r)},{r[5]:g}", "timestamp,open,high,low,close,volume"),
    "binance": text(_binance),
    "binance-headed": text(_binance, BINANCE),
    "bitfinex": text(_bitfinex),
    "kraken": text(lambda r: f"{r[0] // 10**9},{_prices(r)},{r[5]:g},3"),
    "tradingview": text(
        lambda r: f"{stamp(r[0], '%Y-%m-%dT%H:%M:%S', HOUR)}+01:00,{_prices(r)},{r[5]:g},,",
        "time,open,high,low,close,Volume,Moving average,Plot",
    ),
    "yahoo": text(
        lambda r: f"{stamp(r[0], '%Y-%m-%d %H:%M:%S')},{_prices(r)},1.2,{r[5]:g}",
        "Date,Open,High,Low,Close,Adj Close,Volume",
    ),
    "yfinance": text(
        lambda r: f"{stamp(r[0], '%Y-%m-%d %H:%M:%S')}+00:00,{r[4]!r},{r[2]!r},{r[3]!r},{r[1]!r},{r[5]:g}",
        "Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\nDatetime,,,,,",
    ),
    "polygon": text(_polygon, "ticker,volume,open,close,high,low,window_start,transactions"),
    "databento": text(_databento, "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"),
    "stooq": text(
        lambda r: f"EURUSD,1,{stamp(r[0], '%Y%m%d,%H%M%S')},{_prices(r)},{r[5]:g},0",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
    ),
    "cryptodatadownload": text(
        lambda r: f"{r[0] // 10**9},{stamp(r[0], '%Y-%m-%d %H:%M:%S')},BTC/USD,{_prices(r)},{r[5]:g},13",
        "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD",
        newest_first=True,
    ),
    "semicolons": text(
        lambda r: f"{stamp(r[0], '%Y-%m-%d;%H:%M')};{_prices(r, ';').replace('.', ',')};{r[5]:g}",
        "Date;Time;Open;High;Low;Close;Volume",
    ),
}
"""Vendors of text by the name ``--input-format`` has for them, or near it."""


def as_hst(bars: Columns, version: int = 401) -> bytes:
    """MetaTrader 4 history."""
    head = struct.pack("<i64s12siiii52x", version, b"(C)opyright", b"EURUSD", 1, 5, 0, 0)
    if version == 401:
        records = [
            struct.pack("<qddddqiq", t // 10**9, o, h, low, c, int(volume), 0, 0)
            for t, o, h, low, c, volume in rows_of(bars)
        ]
    else:
        records = [
            struct.pack("<iddddd", t // 10**9, o, low, h, c, volume) for t, o, h, low, c, volume in rows_of(bars)
        ]
    return head + b"".join(records)


def as_nautilus(bars: Columns, width: int = 16) -> bytes:
    """A catalog file of nautilus_trader: whole numbers of 16 or 8 bytes, stamped by the close."""
    unit = 10 ** {16: 16, 8: 9}[width]
    # The prices have seven digits, so this is exact.
    fixed = {
        name: pa.array(
            [(round(value * 10**7) * (unit // 10**7)).to_bytes(width, "little", signed=True) for value in bars[name]],
            pa.binary(width),
        )
        for name in NAMES[1:]
    }
    times = pa.array(np.asarray(bars["timestamp"]) + MINUTE).cast(pa.uint64())
    said = {"bar_type": "EUR/USD.SIM-1-MINUTE-BID-EXTERNAL", "price_precision": "7", "size_precision": "2"}
    out = io.BytesIO()
    table = pa.table({**fixed, "ts_event": times, "ts_init": times}).replace_schema_metadata(said)
    pa.parquet.write_table(
        table, out, row_group_size=6, compression="none", use_dictionary=False, write_statistics=False,
        write_page_checksum=True,
    )  # fmt: skip
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    """A zip of one file, the same at any time of day: its date is fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2012, 2, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def as_lean(bars: Columns, row: Callable[[Row], str]) -> bytes:
    """A zip of LEAN's."""
    return zipped("20120201.csv", "".join(f"{row(one)}\n" for one in rows_of(bars)).encode())


def lean_quote(r: Row) -> str:
    """Milliseconds of the day in UTC, the bid, a size, the ask, a size."""
    asks = ",".join(f"{price + 2**-12!r}" for price in r[1:5])
    return f"{r[0] // 10**6 % 86_400_000},{','.join(map(repr, r[1:5]))},0,{asks},0"


def lean_trade(r: Row) -> str:
    """Milliseconds of the day in New York, prices times 10,000, the volume."""
    return f"{(r[0] - 5 * HOUR) // 10**6 % 86_400_000},{','.join(f'{price * 10_000!r}' for price in r[1:5])},{r[5]:g}"
