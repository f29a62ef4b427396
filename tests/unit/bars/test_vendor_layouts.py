"""Layouts that vendors and programs export, made small from known bars, are read as those bars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from barloom.bars import open_bars
from barloom.errors import InputError
from helpers.chunks import drawn

BARS = 60


class Bar(NamedTuple):
    """A bar with its prices as they are written."""

    when: datetime
    open: str
    high: str
    low: str
    close: str
    volume: int

    def at(self, template: str) -> str:
        """Its time as it is written."""
        return self.when.strftime(template)


def days() -> list[Bar]:
    """Days of 2023 from January 2nd, with prices of four digits before the point."""
    return made(datetime(2023, 1, 2, tzinfo=UTC), timedelta(days=1), 510_000)


def minutes() -> list[Bar]:
    return made(datetime(2024, 1, 15, 9, 30, tzinfo=UTC), timedelta(minutes=1), 17_510)


def made(first: datetime, step: timedelta, price: int) -> list[Bar]:
    draw = np.random.default_rng(15)
    bars = []
    for at in range(BARS):
        open_, close = price + draw.integers(-3, 4), price + draw.integers(-40, 41)
        high, low = max(open_, close) + draw.integers(1, 20), min(open_, close) - draw.integers(1, 20)
        prices = [f"{Decimal(int(value)) / 100:.2f}" for value in (open_, high, low, close)]
        bars.append(Bar(first + at * step, *prices, volume=int(draw.integers(1, 900)) * 1000))
        price = int(close)
    return bars


def grouped(text: str) -> str:
    return f"{Decimal(text):,}"


def german(text: str) -> str:
    return grouped(text).translate(str.maketrans(",.", ".,"))


def written(bars: list[Bar], line: Callable[[Bar], str], header: str = "", newest_first: bool = False) -> str:
    rows = [line(bar) for bar in (bars[::-1] if newest_first else bars)]
    return "\n".join([*([header] if header else []), *rows]) + "\n"


def prices(bar: Bar, order: str = "ohlc", mark: str = ",", spell: Callable[[str], str] = str) -> str:
    names = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    return mark.join(spell(names[letter]) for letter in order)


def read(path: Path, content: str | bytes, bars: list[Bar], *, volumes: bool = True, **options: Any) -> Any:
    """Check that a file is read as some bars, to the digit."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return judged(path, bars, volumes=volumes, **options)


def judged(path: Path, bars: list[Bar], *, volumes: bool = True, **options: Any) -> Any:
    source = open_bars(path, **options)
    found = drawn(source, volume=volumes)
    assert found["timestamp"].tolist() == [int(bar.when.timestamp()) * 10**9 for bar in bars]
    for name in ("open", "high", "low", "close", *(("volume",) if volumes else ())):
        assert found[name].tolist() == [float(getattr(bar, name)) for bar in bars], name
    return source


def investing(date: str, spell: Callable[[str], str]) -> Callable[[Bar], str]:
    """A row of Investing.com: close, open, high, low, a volume in thousands and the change, in quotes."""
    return lambda bar: ",".join(
        f'"{cell}"'
        for cell in (bar.at(date), *prices(bar, "cohl", "|", spell).split("|"), spell("1.25") + "K", "0.12%")
    )


# Header, date, spelling of numbers, for the sites of Investing.com.
SITES = {
    "Spanish": ("Fecha,Último,Apertura,Máximo,Mínimo,Vol.,% var.", "%d.%m.%Y", german),
    "French": ("Date,Dernier,Ouv., Plus Haut,Plus Bas,Vol.,Variation %", "%d/%m/%Y", german),
    "Italian": ("Data,Ultimo,Apertura,Massimo,Minimo,Vol.,Var. %", "%d.%m.%Y", german),
    "Russian": ("Дата,Цена,Откр.,Макс.,Мин.,Объём,Изм. %", "%d.%m.%Y", german),
    "Turkish": ("Tarih,Şimdi,Açılış,Yüksek,Düşük,Hac.,Fark %", "%d.%m.%Y", german),
    "Polish": ("Data,Ostatnio,Otwarcie,Max.,Min.,Wol.,Zmiana%", "%d.%m.%Y", german),
    "Dutch": ("Datum,Laatste,Open,Hoog,Laag,Vol.,Verschil %", "%d-%m-%Y", german),
    "Japanese": ("日付け,終値,始値,高値,安値,出来高,変化率 %", "%Y年%m月%d日", grouped),
    "Korean": ("날짜,종가,시가,고가,저가,거래량,변동 %", "%Y- %m- %d", grouped),
    "Chinese": ("日期,收盘,开盘,高,低,交易量,涨跌幅", "%Y年%m月%d日", grouped),
}


@pytest.mark.parametrize("site", SITES)
def test_investing_com_in_the_language_of_its_site(tmp_path: Path, site: str) -> None:
    header, date, spell = SITES[site]
    text = written(days(), investing(date, spell), header, newest_first=True)
    read(tmp_path / "a.csv", "\ufeff" + text, days(), volumes=False)


# Header and a row: names that vendors use, and columns beside the bars that are not read.
HEADED: dict[str, tuple[str, Callable[[Bar], str]]] = {
    "Nasdaq": (
        "Date,Close/Last,Volume,Open,High,Low",
        lambda bar: f"{bar.at('%m/%d/%Y')},${bar.close},{bar.volume},{prices(bar, 'ohl', ',', '${}'.format)}",
    ),
    "Stooq in Polish": (
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen",
        lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar)},{bar.volume}",
    ),
    "Bombay": (
        "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades,Total Turnover (Rs.),"
        "Deliverable Quantity,% Deli. Qty to Traded Qty,Spread High-Low,Spread Close-Open,",
        lambda bar: f"{bar.at('%d-%B-%Y')},{prices(bar)},1,{bar.volume},5,99.00,44,33.1,0.5,-0.5,",
    ),
    "Tiingo": (
        "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor",
        lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar, 'chlo')},{bar.volume},1,2,3,4,5,0.0,1.0",
    ),
    "Alpha Vantage": (
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
        lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar)},9.5,{bar.volume},0.0000,1.0",
    ),
    "IEX": (
        "close,high,low,open,priceDate,symbol,volume,id,key,subkey,date,updated,changeOverTime,marketChangeOverTime,uOpen,"
        "uClose,uHigh,uLow,uVolume,fOpen,fClose,fHigh,fLow,fVolume,label,change,changePercent",
        lambda bar: (
            f"{prices(bar, 'chlo')},{bar.at('%Y-%m-%d')},AAPL,{bar.volume},P,AAPL,,{int(bar.when.timestamp()) * 1000},"
            f"1709600000000,0.1,0.1,1,2,3,4,5,1,2,3,4,5,{bar.at('%b %d')},0.1,0.01"
        ),
    ),
    "OKX": (
        "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm",
        lambda bar: f"BTC-USDT,{prices(bar)},{bar.volume},1,2,{int(bar.when.timestamp()) * 1000},1",
    ),
    "Upbit": (
        "market,candle_date_time_utc,candle_date_time_kst,opening_price,high_price,low_price,trade_price,timestamp,"
        "candle_acc_trade_price,candle_acc_trade_volume,unit",
        lambda bar: (
            f"KRW-BTC,{bar.at('%Y-%m-%dT%H:%M:%S')},{bar.at('%Y-%m-%dT09:%M:%S')},{prices(bar)},"
            f"{int(bar.when.timestamp()) * 1000 + 86_300_123},99.5,{bar.volume},1"
        ),
    ),
    "CoinMarketCap copied": (
        "Date,Open*,High,Low,Close**,Volume,Market Cap",
        lambda bar: f'"{bar.at("%b %d, %Y")}",{prices(bar)},{bar.volume},5',
    ),
    "OANDA mid": (
        "complete,volume,time,mid.o,mid.h,mid.l,mid.c",
        lambda bar: f"True,{bar.volume},{bar.at('%Y-%m-%dT00:00:00.000000000Z')},{prices(bar)}",
    ),
    "quantmod": (
        '"Index","AAPL.Open","AAPL.High","AAPL.Low","AAPL.Close","AAPL.Volume"',
        lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar)},{bar.volume}",
    ),
    "FXCM in Python": (
        "date,bidopen,bidclose,bidhigh,bidlow,askopen,askclose,askhigh,asklow,tickqty",
        lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar, 'ochl')},{prices(bar, 'ochl')},{bar.volume}",
    ),
    "Quantower": (
        "Time left,Time right,Open,High,Low,Close,Volume",
        lambda bar: f"{bar.at('%Y-%m-%d 00:00:00')},{bar.at('%Y-%m-%d 23:59:59')},{prices(bar)},{bar.volume}",
    ),
    "Finam": (
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        lambda bar: f"SBER,D,{bar.at('%Y%m%d')},000000,{prices(bar)},{bar.volume}",
    ),
    "ariva.de": (
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke",
        lambda bar: f"{bar.at('%Y-%m-%d')};{prices(bar, mark=';', spell=german)};{bar.volume}",
    ),
}


@pytest.mark.parametrize("vendor", HEADED)
def test_names_of_a_vendor_are_read_without_a_question(tmp_path: Path, vendor: str) -> None:
    header, line = HEADED[vendor]
    source = read(tmp_path / "a.csv", written(days(), line, header), days())
    assert vendor != "Finam" or "Stooq" not in source.taken_for


def test_two_tickers_that_share_a_table_are_asked_about(tmp_path: Path) -> None:
    names = ",".join(f"{ticker}.{name}" for ticker in ("AAPL", "MSFT") for name in ("Open", "High", "Low", "Close"))
    path = tmp_path / "a.csv"
    path.write_text(written(days(), lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar)},{prices(bar)}", f"Index,{names}"))
    with pytest.raises(InputError, match="no column for open, high, low, close"):
        open_bars(path)


def test_an_average_price_is_no_volume(tmp_path: Path) -> None:
    """Kraken's candles without a header have the average before the volume."""
    text = written(minutes(), lambda bar: f"{int(bar.when.timestamp())},{prices(bar)},{bar.close},{bar.volume},9")
    read(tmp_path / "a.csv", text, minutes())


def test_a_german_table_of_excel_in_its_own_encoding(tmp_path: Path) -> None:
    line = lambda bar: f"{bar.at('%d.%m.%Y')};{prices(bar, mark=';', spell=german)};{bar.volume}"  # noqa: E731
    text = written(days(), line, "sep=;\nDatum;Eröffnung;Hoch;Tief;Schluss;Volumen")
    source = read(tmp_path / "a.csv", text.encode("cp1252"), days())
    assert "cp1252" in source.taken_for


def test_both_sides_of_a_japanese_broker(tmp_path: Path) -> None:
    names = ",".join(f"{name}({side})" for side in ("BID", "ASK") for name in ("始値", "高値", "安値", "終値"))
    text = written(minutes(), lambda bar: f"{bar.at('%Y/%m/%d %H:%M:%S')},{prices(bar)},{prices(bar)}", f"日時,{names}")
    source = read(tmp_path / "a.csv", text.encode("shift_jis"), minutes(), volumes=False)
    assert source.has_ask


@pytest.mark.parametrize("spelling", ["%Y-%m-%d %I-%p", "%Y-%m-%d %I %p", "%Y-%m-%d %I%p"])
def test_hours_of_the_day_in_halves(tmp_path: Path, spelling: str) -> None:
    bars = made(datetime(2024, 1, 15, tzinfo=UTC), timedelta(hours=1), 510_000)
    read(
        tmp_path / "a.csv",
        written(bars, lambda bar: f"{bar.at(spelling)},{prices(bar)},{bar.volume}", "Date,O,H,L,C,V"),
        bars,
    )


@pytest.mark.parametrize("end", ["\nhistory.cursor\n\nINDEX;TOTAL;PAGESIZE\n0;250;100\n", "\nTotal\n"])
def test_another_table_below_the_bars_is_no_bad_row(tmp_path: Path, end: str) -> None:
    line = lambda bar: f"{bar.at('%Y-%m-%d')};SBER;{prices(bar, mark=';')};{bar.volume}"  # noqa: E731
    text = "history\n\n" + written(days(), line, "TRADEDATE;SECID;OPEN;HIGH;LOW;CLOSE;VOLUME") + end
    read(tmp_path / "a.csv", text, days())


def test_a_row_cut_short_is_still_a_bad_row(tmp_path: Path) -> None:
    text = written(days(), lambda bar: f"{bar.at('%Y-%m-%d')};{prices(bar, mark=';')};{bar.volume}", "Date;O;H;L;C;V")
    (tmp_path / "a.csv").write_text(text + "\n2023-03-03;51\n")
    with pytest.raises(InputError, match="1 bad row"):
        drawn(open_bars(tmp_path / "a.csv"))


def parquet(path: Path, time: Any, bars: list[Bar], kind: Any = None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: [getattr(bar, name) for bar in bars] for name in ("open", "high", "low", "close")}
    table = {
        name: pa.array([Decimal(cell) for cell in cells], kind or pa.decimal128(12, 2))
        for name, cells in columns.items()
    }
    pq.write_table(pa.table({"date": time, **table, "volume": [bar.volume for bar in bars]}), path)


@pytest.mark.parametrize("digits", [(12, 2), (38, 20), (50, 4)])
def test_decimals_are_the_nearest_numbers(tmp_path: Path, digits: tuple[int, int]) -> None:
    """Arrow's own cast makes 63123.450000000004 of 63123.45."""
    import pyarrow as pa

    bars = made(datetime(2024, 1, 15, tzinfo=UTC), timedelta(minutes=1), 6_312_345)
    kind = (pa.decimal128 if digits[0] <= 38 else pa.decimal256)(*digits)
    parquet(tmp_path / "a.parquet", [bar.when for bar in bars], bars, kind)
    judged(tmp_path / "a.parquet", bars)


TEXTS = {
    "ISO": "%Y-%m-%d %H:%M:%S",
    "ISO with an offset": "%Y-%m-%dT%H:%M:%S+00:00",
    "day first": "%d.%m.%Y %H:%M",
    "digits": "%Y%m%d%H%M",
}


@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
@pytest.mark.parametrize("spelling", TEXTS)
def test_times_that_are_text_in_parquet_and_arrow(tmp_path: Path, spelling: str, kind: str) -> None:
    import pyarrow as pa
    from pyarrow import feather
    from pyarrow.parquet import write_table

    cells = pa.array([bar.at(TEXTS[spelling]) for bar in minutes()])
    cells = cells.dictionary_encode() if kind == "dictionary" else cells.cast(getattr(pa, kind)())
    numbers = {name: [float(getattr(bar, name)) for bar in minutes()] for name in Bar._fields[1:]}
    table = pa.table({"date": cells, **numbers})
    write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, tmp_path / "a.feather", compression="uncompressed")
    judged(tmp_path / "a.parquet", minutes())
    judged(tmp_path / "a.feather", minutes())


def test_a_text_that_is_no_time_is_a_bad_row_of_parquet(tmp_path: Path) -> None:
    stamps = [bar.at("%Y-%m-%d %H:%M:%S") for bar in minutes()]
    parquet(tmp_path / "a.parquet", [*stamps[:30], "maintenance", *stamps[31:]], minutes())
    with pytest.raises(InputError, match="1 bad row: 1 unparsable_time"):
        drawn(open_bars(tmp_path / "a.parquet"))


def test_days_and_months_of_text_in_parquet_are_asked_about(tmp_path: Path) -> None:
    bars = made(datetime(2024, 3, 4, tzinfo=UTC), timedelta(days=40), 17_510)[:3]
    parquet(tmp_path / "a.parquet", ["03/04/2024", "04/05/2024", "05/06/2024"], bars)
    with pytest.raises(InputError, match="--date-order dmy"):
        open_bars(tmp_path / "a.parquet")
    assert drawn(open_bars(tmp_path / "a.parquet", date_order="mdy"))["timestamp"][0] == 1709510400 * 10**9


@pytest.mark.parametrize("name", ["US/Eastern", "America/New_York"])
def test_a_zone_behind_each_time_is_its_clock(tmp_path: Path, name: str) -> None:
    """Interactive Brokers write ``20240115 09:30:00 US/Eastern``; half past nine there is 14:30 UTC."""
    line = lambda bar: f"{bar.at('%Y%m%d %H:%M:%S')} {name},{prices(bar)},{bar.volume}"  # noqa: E731
    text = written(minutes(), line, "Date,Open,High,Low,Close,Volume")
    source = read(tmp_path / "a.csv", text, [bar._replace(when=bar.when + timedelta(hours=5)) for bar in minutes()])
    assert name in source.taken_for


def test_a_row_of_another_zone_is_no_time(tmp_path: Path) -> None:
    line = lambda bar: f"{bar.at('%Y%m%d %H:%M:%S')} US/Eastern,{prices(bar)},{bar.volume}"  # noqa: E731
    lines = written(minutes(), line, "Date,Open,High,Low,Close,Volume").split("\n")
    lines[40] = lines[40].replace("US/Eastern", "US/Pacific")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="1 bad row: 1 unparsable_time"):
        drawn(open_bars(tmp_path / "a.csv"))


UNKNOWN = {  # names that no vendor uses, order of the prices
    "ohlc": "Dátum,Nyitó,Csúcs,Mély,Záró,Forgalom",
    "cohl": "Dátum,Záró,Nyitó,Csúcs,Mély,Forgalom",
    "olhc": "Dátum,Nyitó,Mély,Csúcs,Záró,Forgalom",
}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("order", UNKNOWN)
def test_names_nobody_knows_are_refused_with_the_columns_that_their_numbers_fit(
    tmp_path: Path, order: str, newest_first: bool
) -> None:
    bars = made(datetime(2023, 1, 16, tzinfo=UTC), timedelta(days=1), 510_000)
    text = written(
        bars, lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar, order)},{bar.volume}", UNKNOWN[order], newest_first
    )
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(
        InputError, match="its numbers fit 'Nyitó' as open, 'Csúcs' as high, 'Mély' as low, 'Záró' as close: "
    ) as refused:
        open_bars(path)
    command = str(refused.value).split("--columns ")[1].split(", else")[0]
    read(path, text, bars, volumes=False, columns=command)


@pytest.mark.parametrize(
    "header",
    [
        "日期,开盘价(元),最高价(元),最低价(元),收盘价(元),成交量(股)",
        "Date,Open (USD),High (USD),Low (USD),Close (USD),Volume_(BTC)",
    ],
)
def test_units_in_brackets_behind_names(tmp_path: Path, header: str) -> None:
    read(
        tmp_path / "a.csv",
        written(days(), lambda bar: f"{bar.at('%Y-%m-%d')},{prices(bar)},{bar.volume}", header),
        days(),
    )
