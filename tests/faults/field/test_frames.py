"""Frames of pandas whose index holds the time, of yfinance, and newest first."""

from __future__ import annotations

import pandas as pd
import pytest

import barloom as bl
from barloom.errors import InputError
from faults.field.asked import matches
from faults.field.files import PRICES, minutes, walk
from helpers.chunks import drawn

BARS = walk(minutes("2024-03-04T09:30", 60))
NAMED = {"open": "O", "high": "H", "low": "L", "close": "C"}
YAHOO = ["Close", "High", "Low", "Open", "Volume"]


def frame(names=("open", "high", "low", "close"), index="Datetime", zone=None):
    times = pd.DatetimeIndex(BARS.times, name=index).tz_localize("UTC")
    times = times.tz_convert(zone) if zone else times.tz_localize(None)
    return pd.DataFrame({name: BARS.column(side) for name, side in zip(names, PRICES, strict=True)}, index=times)


def yahoo(levels=("Price", "Ticker"), ticker="AAPL", zone=None, adjusted=False):
    """The frame of ``yf.download``: names of prices above the ticker, or below it."""
    out = frame(("Open", "High", "Low", "Close"), zone=zone)[["Close", "High", "Low", "Open"]].assign(Volume=5)
    if adjusted:
        out.insert(0, "Adj Close", out["Close"] / 2)
    pairs = [(name, ticker) for name in out.columns]
    out.columns = pd.MultiIndex.from_tuples(
        pairs if levels[0] == "Price" else [pair[::-1] for pair in pairs], names=levels
    )
    return out


@pytest.mark.parametrize("columns", [NAMED, {"time": "Datetime", **NAMED}, "time=Datetime,open=O,high=H,low=L,close=C"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_columns_of_a_frame_with_its_times_in_the_index(columns, zone):
    matches(drawn(bl.from_pandas(frame("OHLC", zone=zone), columns=columns)), BARS)


@pytest.mark.parametrize("index", [None, "Date", "index", "open"])
def test_an_index_of_any_name_or_none(index):
    matches(drawn(bl.from_pandas(frame(index=index))), BARS)
    matches(drawn(bl.from_pandas(frame("OHLC", index=index), columns=NAMED)), BARS)


@pytest.mark.parametrize("levels", [("Price", "Ticker"), ("Ticker", "Price"), (None, None)])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_the_frame_of_yfinance(levels, zone):
    matches(drawn(bl.from_pandas(yahoo(levels if levels[0] else ("Price", "Ticker"), zone=zone))), BARS)
    unnamed = yahoo()
    unnamed.columns.names = list(levels)
    matches(drawn(bl.from_pandas(unnamed)), BARS)


def test_the_frame_of_yfinance_with_adjusted_closes_has_its_own_close():
    matches(drawn(bl.from_pandas(yahoo(adjusted=True))), BARS)


def test_two_tickers_are_never_mixed():
    both = pd.concat([yahoo(), yahoo(ticker="MSFT") * 2], axis=1)
    with pytest.raises(InputError) as said:
        drawn(bl.from_pandas(both))
    assert "AAPL" in str(said.value) and "MSFT" in str(said.value) and "--" not in str(said.value)


@pytest.mark.parametrize(
    "turned",
    [
        lambda whole: whole.iloc[::-1],
        lambda whole: whole.iloc[::-1].reset_index(),
        lambda whole: whole.reset_index().rename(columns={"Datetime": "time"}).sort_values("time", ascending=False),
    ],
)
def test_newest_first(turned):
    matches(drawn(bl.from_pandas(turned(frame()))), BARS)


def test_yahoo_newest_first():
    matches(drawn(bl.from_pandas(yahoo().iloc[::-1])), BARS)


@pytest.mark.parametrize(
    "call",
    [
        lambda: bl.from_pandas(frame("OHLC")),
        lambda: bl.from_pandas(frame(), columns={"open": "Nope", "high": "high", "low": "low", "close": "close"}),
        lambda: bl.from_pandas(frame().reset_index(drop=True)),
        lambda: bl.from_pandas(frame().assign(close="x")),
        lambda: bl.from_pandas(frame().iloc[[3, 1, 2, 0]]),
        lambda: bl.from_pandas(frame().iloc[[0, 1, 1, 2]]),
        lambda: bl.from_pandas(frame().iloc[:0]),
    ],
    ids=["unnamed prices", "no such column", "no time", "text", "mixed up", "twice", "empty"],
)
def test_messages_in_python_name_no_option_of_the_command(call):
    """Read, or one sentence in words of Python: ``columns=``, ``on_bad_rows=``."""
    try:
        drawn(call())
    except InputError as said:
        assert "--" not in str(said) and "\n" not in str(said)
