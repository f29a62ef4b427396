"""A strategy that reads a longer timeframe: what it sees, when, and that looking ahead is found out."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import barloom as bl
from barloom.bars import Bars, from_arrays, from_synthetic
from barloom.bars.timeframes import Timeframe
from barloom.engine.feed import StrategyFeed
from barloom.errors import FidelityError, InputError
from barloom.indicators import IndicatorBank, atr, ema
from barloom.indicators.higher import At, HigherBank
from barloom.rules.entries import Entries
from barloom.strategies import Strategy, Window
from barloom.strategies.registry import BUILT_IN
from helpers.chunks import drawn

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
READ = {"trend": ema(3), "close": "close", "high": "high", "range": atr(2)}


class WithTheHour(Strategy):
    """Longs when the close crosses the last closed hour's average of closes from below."""

    name = "with-the-hour"
    lookback = 1

    def indicators(self) -> dict[str, Any]:
        return {"atr": atr(5)}

    def higher(self) -> dict[str, dict[str, Any]]:
        return {"1h": READ}

    def signals(self, window: Window) -> Entries:
        above = self.rise(window)
        bars = np.flatnonzero(above & ~np.append(True, above[:-1]) & (window["atr"] > 0))
        return Entries(bars, 1, 3 * window["atr"][bars], 3 * window["atr"][bars])

    def rise(self, window: Window) -> np.ndarray:
        return window.close > window.higher("1h")["trend"]


class HourOfItsOwn(WithTheHour):
    """The same with hours cut out of the window itself: every minute sees its hour's close."""

    name = "hour-of-its-own"

    def rise(self, window: Window) -> np.ndarray:
        hours = window.timestamp // HOUR
        closes = window.close[np.append(np.flatnonzero(np.diff(hours)), len(hours) - 1)]
        return closes[np.unique(hours, return_inverse=True)[1]] > window.close


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (WithTheHour, HourOfItsOwn):
        monkeypatch.setitem(BUILT_IN, kind.name, kind)


def holed(rows: int, seed: int) -> Bars:
    """Minutes with holes, some longer than an hour."""
    columns = drawn(from_synthetic(rows * 3, seed))
    kept = np.random.default_rng(seed).random(rows * 3) < 0.3
    kept[rows : rows + 200] = False
    return from_arrays(**{name: values[kept] for name, values in columns.items()})


def seen(strategy: Strategy, bars: Bars, chunk_rows: int) -> dict[str, np.ndarray]:
    """Hourly values in the windows of a strategy, in chunks of ``chunk_rows``."""
    feed = StrategyFeed(strategy)
    found: dict[str, list[np.ndarray]] = {name: [] for name in READ}
    for chunk in bars.chunks(chunk_rows, history=feed.history):
        hour = Window(chunk, {}, feed.prepare(chunk), strategy.higher()).higher("1h")
        for name in READ:
            assert len(hour[name]) == chunk.history + chunk.rows
            if chunk.history and found[name]:
                assert hour[name][: chunk.history].tobytes() == found[name][-1][-chunk.history :].tobytes()
            found[name].append(hour[name][chunk.history :])
    return {name: np.concatenate(parts) for name, parts in found.items()}


@pytest.mark.parametrize("chunk_rows", [1, 7, 300, 100_000])
def test_a_bar_sees_the_last_hour_that_ended_before_it_opened(chunk_rows: int) -> None:
    bars = holed(900, 3)
    got = seen(WithTheHour(), bars, chunk_rows)
    hours = drawn(bars.resample("1h"))
    (chunk,) = bars.resample("1h").chunks(100_000)
    made = IndicatorBank([ema(3), atr(2)]).update(chunk)
    wanted = {"trend": made[ema(3)], "range": made[atr(2)], "close": hours["close"], "high": hours["high"]}
    before_any = 0
    for row, moment in enumerate(drawn(bars)["timestamp"].tolist()):
        closed = np.flatnonzero(hours["timestamp"] + HOUR <= moment)
        for name, values in wanted.items():
            expected = values[closed[-1]] if len(closed) else np.nan
            assert np.array_equal(got[name][row], expected, equal_nan=True), (row, name)
        before_any += not len(closed)
    assert 0 < before_any < len(got["close"]) // 2


@given(seed=st.integers(0, 100), keep=st.integers(2, 399), chunk_rows=st.integers(1, 150))
def test_what_comes_later_changes_nothing_seen(seed: int, keep: int, chunk_rows: int) -> None:
    columns = drawn(holed(400, seed))
    part = from_arrays(**{name: values[:keep].copy() for name, values in columns.items()})
    whole = seen(WithTheHour(), from_arrays(**columns), chunk_rows)
    for name, values in seen(WithTheHour(), part, chunk_rows + 1).items():
        assert values.tobytes() == whole[name][: len(values)].tobytes()


def test_a_run_with_the_hour_is_the_same_in_any_chunks() -> None:
    bars = from_synthetic(20_000, 5)
    runs = [bl.run(bars, "with-the-hour", chunk_rows=rows) for rows in (997, 4_096, 131_072)]
    assert runs[0].trades_count > 100
    assert len({run.digest for run in runs}) == 1


def test_hours_looked_up_ahead_end_the_run() -> None:
    """The strategy's own hours hold closes that are yet to come: other chunks end them elsewhere, and the run says so."""
    with pytest.raises(FidelityError, match=r"strategy hour-of-its-own looks ahead: on bar"):
        bl.run(from_synthetic(20_000, 5), "hour-of-its-own")


def test_an_hour_shown_before_its_end_would_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the bank itself to show each bar the hour it lies in, the run would be refused."""
    gather = HigherBank._gather

    def early(self: HigherBank, chunk: Any) -> Any:
        long, finished = gather(self, chunk)
        return long, finished + 1

    monkeypatch.setattr(HigherBank, "_gather", early)
    with pytest.raises(FidelityError, match="strategy with-the-hour looks ahead: on bar"):
        bl.run(from_synthetic(20_000, 5), "with-the-hour")


def test_days_of_a_session_are_read_too() -> None:
    name = "1d 17:00 America/New_York"
    bank = HigherBank(name, {"close": "close", "volume": "volume"}, 0, "timeframe")
    assert bank.uses_volume
    columns = drawn(from_synthetic(6_000, 1))
    bars = from_arrays(**columns, volume=np.ones(6_000))
    (chunk,) = bars.chunks(6_000, volume=True)
    values = bank.update(chunk)
    closes, sums = values[At(name, "close")], values[At(name, "volume")]
    days = drawn(bars.resample(name), volume=True)
    starts = [Timeframe.parse(name).start_of(int(moment)) for moment in columns["timestamp"]]
    place = np.searchsorted(days["timestamp"], starts)
    for row in (0, 2_000, 5_999):
        if place[row]:
            assert (sums[row], closes[row]) == (days["volume"][place[row] - 1], days["close"][place[row] - 1])
        else:
            assert np.isnan(closes[row])
    assert place[-1] > 2


def test_what_cannot_be_read_is_refused() -> None:
    class Wrong(WithTheHour):
        name = "wrong"
        asks: ClassVar[dict[str, dict[str, Any]]] = {}

        def higher(self) -> dict[str, dict[str, Any]]:
            return self.asks

    for asks, match in (
        ({"1x": {}}, r"higher\(\) of strategy wrong: timeframe '1x': give a number"),
        ({"1h": {"a": "closing"}}, r"timeframe '1h' reads 'closing': no such column"),
        ({"1d 17:00 Nowhere": {}}, "'Nowhere' is no time zone"),
    ):
        Wrong.asks = asks
        with pytest.raises(InputError, match=match):
            StrategyFeed(Wrong())
    Wrong.asks = {"30s": {"close": "close"}}
    (chunk,) = from_synthetic(100, 1).chunks(100)
    with pytest.raises(InputError, match="timeframe '30s': the bars of the run are 60 s apart"):
        StrategyFeed(Wrong()).prepare(chunk)
    window = Window(chunk, {}, {}, {"1h": {"close": "close"}})
    with pytest.raises(InputError, match="no timeframe '4h'"):
        window.higher("4h")
    with pytest.raises(InputError, match="timeframe '1h' has no 'trend'"):
        window.higher("1h")["trend"]
    with pytest.raises(InputError, match=r"define higher\(\)"):
        Window(chunk, {}, {}).higher("1h")
