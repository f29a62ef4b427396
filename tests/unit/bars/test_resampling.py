"""Bars gathered into longer ones: as pandas does it, in any chunks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.bars import Bars, from_arrays, from_pandas, from_synthetic, open_bars
from barloom.bars.resampling import DRAWN_ROWS
from barloom.bars.span import Span
from barloom.bars.timeframes import Timeframe
from barloom.errors import InputError
from helpers.chunks import ASKS, drawn

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PRICES = ("open", "high", "low", "close")
HOW = {"open": "first", "high": "max", "low": "min", "close": "last"}
PANDAS = {"5m": "5min", "15m": "15min", "1h": "1h", "4h": "4h", "1d": "1D", "1w": "W-MON"}


def market(rows: int, seed: int = 0, step: int = MINUTE, holes: float = 0.3) -> pd.DataFrame:
    """Bars with holes in them, of uneven volumes, and their ask prices."""
    random = np.random.default_rng(seed)
    kept = np.cumsum(1 + random.geometric(1 - holes, rows) - 1)
    start = np.datetime64("2012-02-26T21:58", "ns")
    close = 1.1 + np.cumsum(random.normal(0, 1e-5, rows))
    opened = np.roll(close, 1)
    frame = pd.DataFrame({"open": opened, "close": close})
    frame["high"] = frame.max(axis=1) + random.random(rows) * 1e-4
    frame["low"] = frame[["open", "close"]].min(axis=1) - random.random(rows) * 1e-4
    frame["volume"] = random.random(rows) * 10.0 ** random.integers(-9, 9, rows)
    for name in PRICES:  # a spread that grows from the low to the high, so that extremes of bid and ask can part
        frame[f"ask_{name}"] = frame[name] + (frame[name] - frame["low"]) * 0.5 + 1e-5
    frame.index = pd.DatetimeIndex(start + kept * np.timedelta64(step, "ns"))
    return frame


def bars_of(frame: pd.DataFrame, ask: bool = True) -> Bars:
    times = frame.index.to_numpy().astype("datetime64[ns]")
    columns = [frame[name].to_numpy() for name in (*PRICES, "volume")]
    return from_arrays(times, *columns, ask=[frame[name].to_numpy() for name in ASKS] if ask else None)


def by_pandas(frame: pd.DataFrame, rule: str) -> dict[str, np.ndarray]:
    how = {**HOW, "volume": "sum", **{f"ask_{name}": kind for name, kind in HOW.items()}}
    long = frame.resample(rule, label="left", closed="left").agg(how)
    long = long[long["open"].notna()]
    times = long.index.to_numpy().astype("datetime64[ns]").view(np.int64)
    return {"timestamp": times, **{name: long[name].to_numpy() for name in how}}


def same(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert got.keys() == wanted.keys()
    for name, values in wanted.items():
        assert got[name].tobytes() == values.tobytes(), name


def like_pandas(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """To the bit, but for sums of fractions, whose last digits are a matter of how they are added up."""
    np.testing.assert_allclose(got.pop("volume"), wanted.pop("volume"), rtol=1e-14)
    same(got, wanted)


@pytest.mark.parametrize("timeframe", PANDAS)
@pytest.mark.parametrize("rows", [1, 2, 3_000, DRAWN_ROWS + 5_000])
def test_bars_are_those_of_pandas(timeframe: str, rows: int) -> None:
    """Some of them of more rows than are gathered at once."""
    frame = market(rows)
    like_pandas(drawn(bars_of(frame).resample(timeframe), volume=True), by_pandas(frame, PANDAS[timeframe]))


@given(
    rows=st.integers(1, 400),
    seed=st.integers(0, 1000),
    chunk_rows=st.integers(1, 90),
    history=st.integers(0, 30),
    timeframe=st.sampled_from(["2m", "5m", "7m", "1h", "1d", "1h 17:30 America/New_York", "1d 17:00 America/New_York"]),
)
def test_any_chunks_give_the_same_bars(rows: int, seed: int, chunk_rows: int, history: int, timeframe: str) -> None:
    bars = bars_of(market(rows, seed, 3 * MINUTE if timeframe == "2m" else MINUTE, holes=0.6)).resample(
        "6m" if timeframe == "2m" else timeframe
    )
    whole = drawn(bars, volume=True)
    report = bars.report
    same(drawn(bars, chunk_rows, history=history, volume=True), whole)
    assert bars.report == report
    assert (whole["high"] >= np.maximum(whole["open"], whole["close"])).all()


def test_chunks_drawn_of_the_base_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = bars_of(market(2_000)).resample("15m")
    whole = drawn(bars, volume=True)
    for rows in (1, 2, 7, 999):
        monkeypatch.setattr("barloom.bars.resampling.DRAWN_ROWS", rows)
        same(drawn(bars, 100, volume=True), whole)


def test_volumes_of_thousands_of_rows_add_up_exactly() -> None:
    frame = market(30_000)
    sums = drawn(bars_of(frame).resample("1w"), volume=True)["volume"]
    weeks = frame["volume"].groupby(frame.index.to_period("W-SUN"))
    np.testing.assert_allclose(sums, [math.fsum(week) for _, week in weeks], rtol=2.3e-16)


def test_a_timeframe_that_divides_no_day_is_counted_from_the_epoch() -> None:
    frame = market(2_000)
    how = {**HOW, "volume": "sum", **{f"ask_{name}": kind for name, kind in HOW.items()}}
    for timeframe, rule in (("7m", "7min"), ("36h", "36h"), ("3d", "3D")):
        long = frame.resample(rule, label="left", closed="left", origin="epoch").agg(how)
        times = long[long["open"].notna()].index.to_numpy().astype("datetime64[ns]").view(np.int64)
        assert drawn(bars_of(frame).resample(timeframe))["timestamp"].tolist() == times.tolist()


def test_days_anchored_in_new_york_are_those_of_its_clocks() -> None:
    """Across both changes of the clocks in 2012, and weeks from the opening on Sunday."""
    times = pd.date_range("2012-01-01", "2012-12-31", freq="30min", tz="UTC")
    ones = np.ones(len(times))
    bars = from_pandas(pd.DataFrame(dict.fromkeys(PRICES, ones) | {"volume": ones}, index=times))
    days = drawn(bars.resample("1d", "17:00 America/New_York"), volume=True)
    local = pd.DatetimeIndex(days["timestamp"], tz="UTC").tz_convert("America/New_York")
    assert set(local[1:].strftime("%H:%M")) == {"17:00"}
    assert set(days["volume"][1:-1]) == {46.0, 48.0, 50.0}
    weeks = drawn(bars.resample("1w", "17:00 America/New_York"))
    local = pd.DatetimeIndex(weeks["timestamp"], tz="UTC").tz_convert("America/New_York")
    assert set(local.strftime("%a %H:%M")) == {"Sun 17:00"}
    hours = drawn(bars.resample("4h", "17:00 America/New_York"), volume=True)
    local = pd.DatetimeIndex(hours["timestamp"], tz="UTC").tz_convert("America/New_York")
    summer = local[(local > "2012-04-01") & (local < "2012-10-01")]
    assert set(summer.hour) == {17, 21, 1, 5, 9, 13}
    assert drawn(bars.resample("1w", "09:30 Europe/London"))["timestamp"][1] == pd.Timestamp("2012-01-02T09:30").value


def test_a_day_that_a_zone_left_out_makes_no_bar() -> None:
    """Samoa had no 30 December 2011: both of its openings are one moment."""
    times = pd.date_range("2011-12-28", "2012-01-03", freq="1h", tz="UTC")
    bars = from_pandas(pd.DataFrame(dict.fromkeys(PRICES, np.ones(len(times))), index=times))
    days = drawn(bars.resample("1d", "00:00 Pacific/Apia"))["timestamp"]
    local = pd.DatetimeIndex(days, tz="UTC").tz_convert("Pacific/Apia").strftime("%m-%d %H:%M").tolist()
    assert "12-30 00:00" not in local
    assert local[2:5] == ["12-29 00:00", "12-31 00:00", "01-01 00:00"]


def test_a_selection_chooses_rows_before_or_after() -> None:
    frame = market(1_000)
    bars = bars_of(frame)
    for options in ({"fraction": 0.3, "portion": 2}, {"start": "2012-02-26T22:02"}, {"end": "2012-02-27T01:13"}):
        same(drawn(bars.resample("1h").select(**options)), drawn(bars.select(**options).resample("1h")))
    cut = bars.resample("1h").select(start="2012-02-26T23:30", end="2012-02-27T00:10")
    wanted = by_pandas(frame["2012-02-26T23:30":"2012-02-27T00:09:59"], "1h")  # type: ignore[misc]
    like_pandas(drawn(cut, volume=True), wanted)
    portions = [drawn(bars.resample("1h").select(fraction=0.25, portion=n), volume=True) for n in (1, 2, 3, 4)]
    total = sum(portion["volume"].sum() for portion in portions)
    assert total == pytest.approx(frame["volume"].sum())


def test_the_report_counts_rows_of_the_base_and_longer_bars() -> None:
    bars = bars_of(market(1_000), ask=False).resample("1h")
    times = drawn(bars)["timestamp"]
    report = bars.report
    assert report is not None
    assert (report.total_rows, report.selected_rows) == (1_000, len(times))
    assert (report.first_ts, report.last_ts) == (times[0], times[-1])
    again = from_arrays(**drawn(bars))  # the hash is that of a file that holds these bars
    drawn(again)
    assert again.report is not None and again.report.content_hash == report.content_hash


def test_bad_rows_are_left_out_before_bars_are_made(tmp_path: Path) -> None:
    """Two rows of 22:00 are bad: with drop the bar is made of the others, else the file is refused as it always is."""
    file = tmp_path / "bars.csv"
    lines = ["time,open,high,low,close"]
    lines += [f"2012-02-26T22:{minute:02}:00Z,1.1,1.2,1.0,1.15" for minute in range(60)]
    lines[3] = "2012-02-26T22:02:00Z,1.1,9.9,1.3,1.15"
    lines[9] = "2012-02-26T22:08:00Z,1.1,x,1.0,1.15"
    file.write_text("\n".join(lines) + "\n")
    bars = open_bars(file, on_bad_rows="drop:any").resample("15m")
    got = drawn(bars)
    assert got["high"].tolist() == [1.2] * 4
    assert bars.report is not None
    assert bars.report.dropped == {"unparsable_price": 1, "high_low": 1}
    assert bars.report.total_rows == 60
    with pytest.raises(InputError, match=r"2 bad rows.*--on-bad-rows drop"):
        drawn(open_bars(file).resample("15m"))


def test_the_span_of_longer_bars_is_told_without_a_pass() -> None:
    bars = from_synthetic(100_000, 1).resample("4h")
    span = Span.of(bars)
    assert bars.report is None
    times = drawn(bars)["timestamp"]
    assert (span.first, span.last, span.step) == (times[0], times[-1], 4 * HOUR)
    one = from_synthetic(10, 1).resample("4h")
    assert Span.of(one).step == 4 * HOUR


def refused(what: str, anchor: str | None, match: str, bars: Any = None) -> None:
    with pytest.raises(InputError, match=match):
        drawn((bars or bars_of(market(100))).resample(what, anchor))


def test_what_cannot_be_a_timeframe_is_refused() -> None:
    for text in ("", "5", "m", "0m", "-5m", "1M", "5min", "1.5h", "5 m", "1y", "999999999w"):
        refused(text, None, "--timeframe")
    refused("1d", "25:00", "--anchor '25:00'")
    refused("1d", "", "--anchor ''")
    refused("1d", "17:00 America/Nowhere", "'America/Nowhere' is no time zone")
    refused("36h", "17:00 UTC", "give days")
    refused("1d 17:00", "17:00", "leave one of them out")
    refused("5m", None, "resampled already", bars_of(market(100)).resample("1m"))


def test_bars_further_apart_than_the_timeframe_are_refused() -> None:
    hourly = bars_of(market(100, step=HOUR))
    refused("5m", None, "3600 s apart.*give a multiple", hourly)
    refused("90m", None, "3600 s apart", hourly)
    assert len(drawn(hourly.resample("1h"))["open"]) == 100


def test_times_at_the_ends_of_the_calendar_are_refused() -> None:
    ones = np.ones(1)
    for moment in (np.iinfo(np.int64).min + 10 * DAY, np.iinfo(np.int64).max - DAY):
        refused("1w", None, "1677 and 2262", from_arrays(np.array([moment]), ones, ones, ones, ones))


def test_bars_before_1970_are_counted_the_same_way() -> None:
    times = np.arange(-200, 200) * MINUTE * 30
    ones = np.ones(len(times))
    got = drawn(from_arrays(times.view("M8[ns]"), ones, ones, ones, ones).resample("4h"))["timestamp"]
    assert (got % (4 * HOUR) == 0).all()
    assert got[0] == -100 * HOUR
    assert len(got) == 50
    assert Timeframe.parse("4h").start_of(-1) == -4 * HOUR
