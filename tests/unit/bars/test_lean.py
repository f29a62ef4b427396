"""LEAN's data folder: prices, clocks and sides by where a file lies, days joined, and nothing taken for it elsewhere."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from barloom.bars import Bars
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import lean
from barloom.bars.sources.files import read_head
from barloom.bars.sources.joined import open_joined
from barloom.bars.sources.lean import LeanSource
from barloom.bars.zones import Zone
from barloom.errors import InputError
from helpers.chunks import drawn

NEW_YORK = ZoneInfo("America/New_York")
UTC = ZoneInfo("UTC")
TRADES = ["34200000,1674100,1675000,1673900,1674400,18215", "34260000,1674400,1674400,1673000,1673000,900"]
QUOTES = [
    "14400000,1.36,1.361,1.3595,1.3601,0,1.3602,1.3612,1.3597,1.3603,0",
    "14460000,1.3601,1.3601,1.36,1.36,0,1.3603,1.3603,1.3602,1.3602,0",
]


def write(folder: Path, name: str, lines: Sequence[str]) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path.stem + ".csv", "".join(f"{line}\n" for line in lines))
    return path


def source(path: Path, **options: Any) -> LeanSource:
    head = read_head(path)
    said = replace(ColumnOptions(), **options)
    found = LeanSource(path, head, said)
    found.set_clock(said)
    return found


def ns(text: str, zone: ZoneInfo) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 10**9


@pytest.mark.parametrize("day", ["20131007", "20140110"])  # daylight-saving time and not
def test_equity_minutes_of_new_york(tmp_path: Path, day: str) -> None:
    path = write(tmp_path, f"equity/usa/minute/spy/{day}_trade.zip", TRADES)
    assert lean.recognises(read_head(path), path)
    found = source(path)
    bars = drawn(Bars(found), 1, volume=True)
    assert bars["timestamp"].tolist() == [ns(f"{day}T{time}", NEW_YORK) for time in ("093000", "093100")]
    assert bars["open"].tolist() == [167.41, 167.44]
    assert bars["high"].tolist() == [167.5, 167.44]
    assert bars["low"].tolist() == [167.39, 167.3]
    assert bars["close"].tolist() == [167.44, 167.3]
    assert bars["volume"].tolist() == [18215.0, 900.0]
    assert found.taken_for == (
        "LEAN equity of usa, SPY, minute bars: America/New_York, stamped by open, trades, prices in 1/10,000; "
        "--time-zone, --stamp change that"
    )


@pytest.mark.parametrize(("market", "hours"), [("oanda", 4), ("fxcm", 9)])
def test_forex_quotes_have_two_sides(tmp_path: Path, market: str, hours: int) -> None:
    path = write(tmp_path, f"Data/forex/{market}/minute/eurusd/20140503_quote.zip", QUOTES)
    found = source(path)
    assert (found.has_ask, found.has_volume) == (True, False)
    bars = drawn(Bars(found))
    assert bars["timestamp"].tolist() == [ns(f"2014-05-03T{hours:02}:0{minute}", UTC) for minute in range(2)]
    rows = [[float(cell) for cell in line.split(",")] for line in QUOTES]
    for at, name in enumerate(("open", "high", "low", "close"), 1):
        assert bars[name].tolist() == [row[at] for row in rows], name
        assert bars[f"ask_{name}"].tolist() == [row[at + 5] for row in rows], name
    zone = "UTC" if market == "oanda" else "EST (UTC-5)"
    assert found.taken_for == (
        f"LEAN forex of {market}, EURUSD, minute bars: {zone}, stamped by open, bid and ask; "
        "--time-zone, --stamp change that"
    )


def test_equity_quotes_are_scaled_on_both_sides(tmp_path: Path) -> None:
    lines = ["34200000,10000,10100,9900,10000,5,10010,10110,9910,10010,7"]
    bars = drawn(Bars(source(write(tmp_path, "equity/usa/second/aa/20131007_quote.zip", lines))))
    assert [bars[name][0] for name in ("open", "high", "low", "close")] == [1.0, 1.01, 0.99, 1.0]
    assert [bars[f"ask_{name}"][0] for name in ("open", "high", "low", "close")] == [1.001, 1.011, 0.991, 1.001]


@pytest.mark.parametrize(("resolution", "times"), [("hour", ("09:00", "10:00")), ("daily", ("00:00", "00:00"))])
def test_hours_and_days_are_dated(tmp_path: Path, resolution: str, times: tuple[str, str]) -> None:
    days = ("20131001", "20131001" if resolution == "hour" else "20131002")
    lines = [f"{day} {time},1681000,1690000,1680000,1689000,1000" for day, time in zip(days, times, strict=True)]
    bars = drawn(Bars(source(write(tmp_path, f"equity/usa/{resolution}/spy.zip", lines))))
    expected = [ns(f"{day}T{time}", NEW_YORK) for day, time in zip(days, times, strict=True)]
    assert bars["timestamp"].tolist() == expected
    assert bars["close"].tolist() == [168.9, 168.9]


def test_crypto_prices_are_plain(tmp_path: Path) -> None:
    path = write(tmp_path, "crypto/coinbase/minute/btcusd/20180405_trade.zip", ["0,6798,6800,6790,6795.5,2.25"])
    bars = drawn(Bars(source(path)), volume=True)
    assert [bars[name][0] for name in ("open", "high", "low", "close", "volume")] == [6798, 6800, 6790, 6795.5, 2.25]
    assert bars["timestamp"].tolist() == [ns("2018-04-05", UTC)]


def test_days_are_joined_in_order(tmp_path: Path) -> None:
    days = ("20131007", "20131008", "20131009")
    for day in days:
        write(tmp_path, f"equity/usa/minute/spy/{day}_trade.zip", TRADES)
    bars = drawn(Bars(open_joined(tmp_path / "equity/usa/minute/spy/*_trade.zip", source)))
    assert bars["timestamp"].tolist() == [ns(f"{day}T{time}", NEW_YORK) for day in days for time in ("0930", "0931")]


def test_a_market_of_an_unknown_clock_asks_for_it(tmp_path: Path) -> None:
    path = write(tmp_path, "equity/india/minute/infy/20200106_trade.zip", TRADES)
    with pytest.raises(InputError, match="say which clock equity data of india has, with --time-zone"):
        source(path)
    bars = drawn(Bars(source(path, time_zone=Zone.parse("Asia/Kolkata"))))
    assert bars["timestamp"][0] == ns("2020-01-06T04:00", UTC)


@pytest.mark.parametrize(
    "name",
    ["20131007_trade.zip", "spy/20131007_trade.zip", "equity/usa/minute/spy/20131307_trade.zip", "daily/spy.zip"],
)
def test_a_zip_elsewhere_is_not_leans(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, TRADES)
    assert not lean.recognises(read_head(path), path)
    with pytest.raises(InputError, match="is not in LEAN's folders"):
        source(path)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["34200000,167,3"], "has 3 columns: bars of trades have 6, of quotes 11; ticks are no bars"),
        ([TRADES[0], TRADES[1] + ",7"], "what is no LEAN bar after row 0: .*Expected 6 columns, got 7"),
        ([TRADES[0], "x" + TRADES[1]], "what is no LEAN bar after row 0"),
        ([TRADES[0], "86400000,1,1,1,1,1"], r"1 bad row: 1 \w+ \(first: row 2, no time"),
    ],
)
def test_what_is_no_bar_is_refused(tmp_path: Path, lines: list[str], says: str) -> None:
    path = write(tmp_path, "equity/usa/minute/spy/20131007_trade.zip", lines)
    with pytest.raises(InputError, match=says):
        drawn(Bars(source(path)))


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "equity/usa/minute/spy/20131007_trade.zip", TRADES)
    whole = path.read_bytes()
    for length in range(4, len(whole)):
        path.write_bytes(whole[:length])
        assert lean.recognises(read_head(path), path)
        with pytest.raises(InputError, match="cannot be read as zip, it is damaged or cut short"):
            drawn(Bars(source(path)))
