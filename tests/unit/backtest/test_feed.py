"""Stops and targets that a run asks for in place of the strategy's, and the side it trades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom.backtest.feed import EntriesFeed, StrategyFeed
from barloom.errors import InputError, StrategyError
from barloom.execution.entries import Entries
from barloom.indicators import atr, true_range
from barloom.indicators.cache import IndicatorBank
from barloom.strategies.base import Strategy
from barloom.strategies.window import Window
from helpers.market import Market


class EveryThird(Strategy):
    """Signals on every third bar of the window, both sides in turn."""

    name = "every-third"
    lookback = 2
    target_in_r = True
    asks: dict[str, Any] = {"stop": 1.0, "target": 3.0}  # noqa: RUF012

    def indicators(self) -> dict[str, Any]:
        return {"range": true_range()}

    def signals(self, window: Window) -> Entries:
        where = np.flatnonzero(np.round(window.open * 0 + window.timestamp / 60e9) % 3 == 0)
        return Entries(where, np.where(window.timestamp[where] // 60_000_000_000 % 2 == 0, 1, -1), **self.asks)


def market(bars: int = 60, price: float = 100.0) -> Market:
    rng = np.random.default_rng(1)
    closes = price + np.cumsum(rng.integers(-3, 4, bars)) / 8
    opens = np.concatenate([[price], closes[:-1]])
    return Market(np.stack([opens, np.maximum(opens, closes) + 0.5, np.minimum(opens, closes) - 0.5, closes], axis=1))


def drawn(market: Market, chunk_rows: int = 1000, strategy: Strategy | None = None, **options: Any) -> Entries:
    feed = StrategyFeed(strategy or EveryThird(), **options)
    parts = []
    for chunk in market.chunks(chunk_rows):
        # The market's chunks carry no history: give them what the feed looks back on.
        lead = min(feed.history, chunk.base)
        cut = slice(chunk.base - lead, chunk.base + chunk.rows)
        chunk.history = lead
        chunk.timestamp, chunk.open, chunk.high = market.time[cut], market.open[cut], market.high[cut]
        chunk.low, chunk.close = market.low[cut], market.close[cut]
        parts.append(feed.entries(chunk, feed.prepare(chunk)))
    return Entries.joined(parts)


def test_signals_are_counted_in_the_slice_and_once() -> None:
    bars = market()
    whole, cut = drawn(bars), drawn(bars, chunk_rows=7)
    assert len(whole) == 20
    assert np.diff(whole.signal_bar).tolist() == [3] * 19
    assert cut.signal_bar.tolist() == whole.signal_bar.tolist()
    assert cut.side.tolist() == whole.side.tolist()


@pytest.mark.parametrize(("direction", "side"), [("long", 1), ("short", -1)])
def test_direction(direction: str, side: int) -> None:
    bars = market()
    kept = drawn(bars, direction=direction)
    assert set(kept.side.tolist()) == {side}
    assert len(kept) == (drawn(bars).side == side).sum()


@pytest.mark.parametrize(
    ("stop", "distance"), [("points:0.5", 0.5), ("pips:20", 0.2), ("none", np.nan)], ids=["points", "pips", "none"]
)
def test_fixed_stops(stop: str, distance: float) -> None:
    np.testing.assert_array_equal(drawn(market(), stop=stop).stop, distance)


def test_pips_of_a_low_price_are_smaller() -> None:
    np.testing.assert_allclose(drawn(market(price=12.0), stop="pips:20").stop, 0.002)


def test_a_stop_in_percent_is_of_the_close_at_the_signal() -> None:
    bars = market()
    entries = drawn(bars, chunk_rows=11, stop="pct:0.5")
    np.testing.assert_allclose(entries.stop, bars.close[entries.signal_bar] * 0.005)


def test_a_stop_in_atr_needs_a_warm_atr() -> None:
    bars = market()
    (chunk,) = bars.chunks(1000)
    values = IndicatorBank([atr(14)], 0).update(chunk)[atr(14)]
    entries = drawn(bars, chunk_rows=11, stop="atr:1.5")
    assert len(entries) == (drawn(bars).signal_bar >= 14).sum()
    np.testing.assert_array_equal(entries.stop, 1.5 * values[entries.signal_bar])


def test_targets_in_r_follow_the_stop() -> None:
    bars = market()
    np.testing.assert_allclose(drawn(bars, stop="points:0.5").target, 1.5)
    np.testing.assert_allclose(drawn(bars, target="r:4").target, 4.0)
    np.testing.assert_allclose(drawn(bars, stop="points:0.5", target="r:4").target, 2.0)
    np.testing.assert_array_equal(drawn(bars, target="none").target, np.nan)
    np.testing.assert_array_equal(drawn(bars, stop="points:0.5", target="points:9").target, 9.0)


def test_prices_are_replaced_too() -> None:
    class ByPrice(EveryThird):
        asks = {"stop_price": 90.0, "target_price": 120.0}  # noqa: RUF012

    bars = market()
    entries = drawn(bars, strategy=ByPrice(), target="r:2")
    np.testing.assert_array_equal(entries.target_price, np.nan)
    np.testing.assert_array_equal(entries.stop_price, 90.0)
    np.testing.assert_allclose(entries.target, 2 * (bars.close[entries.signal_bar] - 90.0))
    np.testing.assert_array_equal(drawn(bars, strategy=ByPrice(), stop="points:1").stop_price, np.nan)


def test_a_signal_outside_the_window_is_refused() -> None:
    class Beyond(EveryThird):
        def signals(self, window: Window) -> Entries:
            return Entries([len(window)], [1])

    with pytest.raises(InputError, match=r"every-third gave signal_bar 60 in a window of 60 bars"):
        drawn(market(), strategy=Beyond())


def test_what_a_strategy_raises_names_it() -> None:
    class Broken(EveryThird):
        def signals(self, window: Window) -> Entries:
            raise ZeroDivisionError("no range")

    with pytest.raises(StrategyError, match="every-third failed on bars 0 to 59: ZeroDivisionError: no range"):
        drawn(market(), strategy=Broken())


def test_prepared_entries_are_dealt_out_by_bar() -> None:
    bars = market()
    entries = Entries([0, 0, 6, 7, 13, 59], [1, 1, -1, 1, 1, 1], stop=1.0)
    feed = EntriesFeed(entries)
    dealt = [feed.entries(chunk, {}).signal_bar.tolist() for chunk in bars.chunks(7)]
    assert dealt == [[0, 0, 6], [7, 13], [], [], [], [], [], [], [59]]


def test_a_prepared_entry_beyond_the_bars_is_refused() -> None:
    feed = EntriesFeed(Entries([0, 60], [1, 1]))
    with pytest.raises(InputError, match="signal_bar of entry 1 is 60, but the last bar is 59"):
        for chunk in market().chunks(100):
            feed.entries(chunk, {})
