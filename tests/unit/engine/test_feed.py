"""Feeds: options of a run replace the strategy's own, the traded side, and refused entries and exit signals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from barloom.bars.chunk import Chunk
from barloom.engine.feed import EntriesFeed, StrategyFeed
from barloom.engine.resolve import RunSpec
from barloom.errors import InputError, StrategyError
from barloom.indicators import atr, true_range
from barloom.indicators.cache import IndicatorBank
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.exits import Breakeven, Exits, Rung, Trail
from barloom.rules.orders import OrderTemplate
from barloom.rules.parameters import RunParameters
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


def led(market: Market, chunk_rows: int, history: int) -> Iterator[Chunk]:
    """The market's chunks carry no history: give them what a feed looks back on."""
    for chunk in market.chunks(chunk_rows):
        lead = min(history, chunk.base)
        cut = slice(chunk.base - lead, chunk.base + chunk.rows)
        chunk.history = lead
        chunk.timestamp, chunk.open, chunk.high = market.time[cut], market.open[cut], market.high[cut]
        chunk.low, chunk.close = market.low[cut], market.close[cut]
        yield chunk


def drawn(market: Market, chunk_rows: int = 1000, strategy: Strategy | None = None, **options: Any) -> Entries:
    options.setdefault("size", 1.0)
    feed = RunSpec.of(RunParameters(**options)).feed(strategy or EveryThird())
    return Entries.joined([feed.entries(chunk, feed.prepare(chunk)) for chunk in led(market, chunk_rows, feed.history)])


def plans_of(entries: Entries) -> np.ndarray:
    assert entries.plans is not None
    return entries.plans


def atr_of(bars: Market) -> np.ndarray:
    (chunk,) = bars.chunks(1000)
    return IndicatorBank([atr(14)], 0).update(chunk)[atr(14)]


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
    values = atr_of(bars)
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


def test_plain_entries_have_no_plans() -> None:
    assert drawn(market(), stop="points:1", target="r:2", max_hold=3).plans is None


def test_a_trail_in_atr_and_a_breakeven_in_r() -> None:
    bars = market()
    entries = drawn(
        bars,
        chunk_rows=11,
        stop="points:0.5",
        trail="atr:2",
        trail_activation="r:1",
        breakeven="pct:0.5",
        breakeven_offset="pips:3",
        slippage="atr:0.1",
    )
    values = atr_of(bars)[entries.signal_bar]
    plans = plans_of(entries)
    assert len(entries) == (drawn(bars).signal_bar >= 14).sum()
    np.testing.assert_array_equal(plans["trail"], 2.0 * values)
    np.testing.assert_array_equal(plans["activation"], 0.5)
    np.testing.assert_array_equal(plans["trigger"], bars.close[entries.signal_bar] * 0.005)
    np.testing.assert_array_equal(plans["offset"], 3 * 0.01)
    np.testing.assert_array_equal(plans["slippage"], 0.1 * values)
    assert np.isnan(plans["nearest"]).all() and (plans["fraction"] == 1.0).all()


def test_a_trail_as_a_part_of_the_peak() -> None:
    class Trailing(EveryThird):
        asks = {"stop": 1.0, "trail": 0.75}  # noqa: RUF012

    plans = plans_of(drawn(market(), strategy=Trailing(), trail="peak:0.5", trail_activation="r:1"))
    assert (
        (plans["trail"] == 0.0).all() and (plans["trail_share"] == 0.005).all() and (plans["activation"] == 1.0).all()
    )
    own_first = dealt(Entries([3, 9], 1, stop=1.0, trail=[np.nan, 2.0]), Exits(trail=Trail(distance="peak:0.5")))
    assert plans_of(own_first)["trail"].tolist() == [0.0, 2.0]
    assert plans_of(own_first)["trail_share"].tolist() == [0.005, 0.0]


def test_the_runs_trail_takes_the_place_of_the_strategys() -> None:
    class Trailing(EveryThird):
        asks = {"stop": 1.0, "trail": 0.75}  # noqa: RUF012

    bars = market()
    np.testing.assert_array_equal(plans_of(drawn(bars, strategy=Trailing()))["trail"], 0.75)
    np.testing.assert_array_equal(plans_of(drawn(bars, strategy=Trailing(), trail="points:2"))["trail"], 2.0)
    np.testing.assert_array_equal(plans_of(drawn(bars, strategy=Trailing(), trail="none"))["trail"], np.nan)


@pytest.mark.parametrize(("entry", "away"), [("limit", -1.0), ("stop", 1.0)])
def test_orders_wait_beside_the_close_of_the_signal_bar(entry: str, away: float) -> None:
    bars = market()
    entries = drawn(bars, chunk_rows=7, entry=entry, entry_offset="points:0.25", good_for=3)
    plans = plans_of(entries)
    np.testing.assert_array_equal(plans["price"], bars.close[entries.signal_bar] + away * 0.25 * entries.side)
    assert set(plans["good_for"].tolist()) == {3}


def test_a_price_of_the_strategys_own_goes_before_the_offset() -> None:
    class Priced(EveryThird):
        asks = {"stop": 1.0, "price": 98.0}  # noqa: RUF012

    np.testing.assert_array_equal(plans_of(drawn(market(), strategy=Priced(), entry="limit"))["price"], 98.0)
    np.testing.assert_array_equal(
        plans_of(drawn(market(), strategy=Priced(), entry="limit", entry_offset="points:1"))["price"], 98.0
    )
    with pytest.raises(InputError, match="strategy every-third gives prices to wait for, but entry is next_open"):
        drawn(market(), strategy=Priced())


def test_an_order_without_a_price_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"strategy every-third gives no price to wait for with entry limit: .*--entry-offset"
    ):
        drawn(market(), entry="limit")
    with pytest.raises(InputError, match=r"entries of simulate\(\) gives no price to wait for with entry stop"):
        EntriesFeed(Entries([1], 1, stop=1.0), OrderTemplate(entry="stop"))


def test_a_ladder_has_a_row_for_each_rung_and_one_for_the_rest() -> None:
    bars = market()
    # The targets of the strategy are 3 away; its stops 1.
    entries = drawn(bars, chunk_rows=7, ladder="r:4@0.25,points:2@0.5")
    plans = plans_of(entries)
    plain = drawn(bars)
    assert entries.signal_bar.tolist() == np.repeat(plain.signal_bar, 3).tolist()
    assert entries.side.tolist() == np.repeat(plain.side, 3).tolist()
    assert entries.target[:6].tolist() == [2.0, 3.0, 4.0] * 2
    assert plans["fraction"][:6].tolist() == [0.5, 0.25, 0.25] * 2
    assert set(plans["nearest"].tolist()) == {2.0}
    assert (entries.stop == 1.0).all()


def test_what_a_ladder_leaves_without_a_target_comes_last() -> None:
    entries = drawn(market(), ladder="points:4@0.25,points:2@0.5", target="none")
    np.testing.assert_array_equal(entries.target[:3], [2.0, 4.0, np.nan])
    assert plans_of(entries)["fraction"][:3].tolist() == [0.5, 0.25, 0.25]
    whole = drawn(market(), ladder="points:4@0.5,points:2@0.5")
    np.testing.assert_array_equal(whole.target[:4], [2.0, 4.0, 2.0, 4.0])


def test_the_nearest_target_is_told_for_each_signal() -> None:
    bars = market()
    entries = drawn(bars, ladder="atr:1@0.5,points:1.235@0.5")
    values = atr_of(bars)[entries.signal_bar]
    assert (values < 1.235).any() and (values > 1.235).any()
    np.testing.assert_array_equal(plans_of(entries)["nearest"], np.minimum(values, 1.235))
    np.testing.assert_array_equal(entries.target[::2], np.minimum(values, 1.235)[::2])
    np.testing.assert_array_equal(entries.target[1::2], np.maximum(values, 1.235)[::2])


def test_a_ladder_beside_a_target_that_is_a_price_is_refused() -> None:
    class ByPrice(EveryThird):
        asks = {"stop": 1.0, "target_price": 120.0}  # noqa: RUF012

    with pytest.raises(InputError, match=r"--ladder leaves a part with a target_price \(signal on bar 1\)"):
        drawn(market(), strategy=ByPrice(), ladder="r:1@0.5")
    assert np.isnan(drawn(market(), strategy=ByPrice(), ladder="r:1@0.5,r:2@0.5").target_price).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "r:2"}, "--target r:2.0"),
        ({"trail": "r:1"}, "--trail r:1.0"),
        ({"trail": "points:1", "trail_activation": "r:1"}, "--trail-activation r:1.0"),
        ({"breakeven": "r:1"}, "--breakeven r:1.0"),
        ({"ladder": "r:1@0.5"}, "--ladder r:1.0"),
    ],
)
def test_multiples_of_a_stop_that_is_not_there_are_refused(options: dict[str, str], said: str) -> None:
    class Bare(EveryThird):
        target_in_r = False
        asks: dict[str, Any] = {}  # noqa: RUF012

    with pytest.raises(
        InputError, match=f"{said} is a multiple of the stop distance, but the signal on bar 1 has no stop"
    ):
        drawn(market(), strategy=Bare(), **options)


def dealt(entries: Entries, exits: Exits, chunk_rows: int = 7, bars: Market | None = None) -> Entries:
    feed = EntriesFeed(entries, OrderTemplate.of_exits(exits, "next_open"))
    chunks = (bars or market()).chunks(chunk_rows)
    return Entries.joined([feed.entries(chunk, feed.prepare(chunk)) for chunk in chunks])


def test_exits_are_applied_to_prepared_entries() -> None:
    bars = market()
    asked = Entries([14, 20, 20, 59], [1, -1, -1, 1], stop=[1.0, 2.0, 4.0, 8.0], trail=[np.nan, 0.5, np.nan, np.nan])
    exits = Exits(
        trail=Trail(distance="atr:3", activation=0.25),
        breakeven=Breakeven(trigger="r:1", offset="pips:1"),
        ladder=(Rung(target="r:2", fraction=0.5),),
    )
    whole = dealt(asked, exits, 1000, bars)
    plans = plans_of(whole)
    assert whole.signal_bar.tolist() == [14, 14, 20, 20, 20, 20, 59, 59]
    assert whole.target[::2].tolist() == [2.0, 4.0, 8.0, 16.0]
    values = 3.0 * atr_of(bars)
    np.testing.assert_array_equal(plans["trail"][::2], [values[14], 0.5, values[20], values[59]])
    assert plans["activation"][::2].tolist() == [0.25, 0.0, 0.25, 0.25]
    assert plans["trigger"][::2].tolist() == [1.0, 2.0, 4.0, 8.0]
    assert plans["offset"].tolist() == [0.01] * 8
    cut = dealt(asked, exits, 7, bars)
    assert plans_of(cut).tobytes() == plans.tobytes() and cut.target.tobytes() == whole.target.tobytes()


def test_a_prepared_entry_before_the_first_atr_is_refused() -> None:
    exits = Exits(trail=Trail(distance="atr:3"))
    with pytest.raises(InputError, match="entry 0 on bar 13 has no ATR to measure its exits by"):
        dealt(Entries([13, 20], 1), exits)


def test_a_prepared_entry_without_a_stop_has_no_multiples_of_it() -> None:
    with pytest.raises(
        InputError, match=r"trail of the exits r:1\.0 is a multiple of the stop distance, but the signal on bar 9"
    ):
        dealt(Entries([3, 9], 1, stop=[1.0, np.nan]), Exits(trail=Trail(distance="r:1")))


class Leaving(EveryThird):
    """Leaves longs on every fifth bar, and says so of its history as well."""

    def exits(self, window: Window) -> ExitSignals:
        return ExitSignals(np.flatnonzero(window.timestamp // 60_000_000_000 % 5 == 0), 1)


def leaving(market: Market, strategy: Strategy, chunk_rows: int) -> list[tuple[int, int]]:
    feed = StrategyFeed(strategy)
    found = []
    for chunk in led(market, chunk_rows, feed.history):
        signals = feed.exit_signals(chunk, feed.prepare(chunk))
        assert signals is not None
        found += list(zip(signals.signal_bar.tolist(), signals.side.tolist(), strict=True))
    return found


def test_exit_signals_are_counted_in_the_slice_and_once() -> None:
    bars = market()
    assert leaving(bars, Leaving(), 1000) == leaving(bars, Leaving(), 7) == [(bar, 1) for bar in range(1, 60, 5)]


def test_a_strategy_without_exits_is_not_asked() -> None:
    (chunk,) = market().chunks(1000)
    feed = StrategyFeed(EveryThird())
    assert feed.exit_signals(chunk, feed.prepare(chunk)) is None


@pytest.mark.parametrize(
    ("gives", "error", "message"),
    [
        (
            lambda window: ExitSignals([len(window)]),
            InputError,
            r"exits\(\) of strategy every-third gave signal_bar 60",
        ),
        (lambda window: Entries([1], [1]), InputError, r"exits\(\) .* gave a Entries: return bl\.ExitSignals"),
        (
            lambda window: 1 / 0,
            StrategyError,
            r"exits\(\) of strategy every-third failed on bars 0 to 59: ZeroDivision",
        ),
    ],
)
def test_exits_that_cannot_be_used(gives: Any, error: type[Exception], message: str) -> None:
    class Broken(EveryThird):
        def exits(self, window: Window) -> ExitSignals:
            result: ExitSignals = gives(window)
            return result

    with pytest.raises(error, match=message):
        leaving(market(), Broken(), 1000)


def test_prepared_exit_signals_are_dealt_out_by_bar() -> None:
    feed = EntriesFeed(Entries.none(), OrderTemplate(), ExitSignals([0, 6, 7, 59], [0, 1, -1, 1]))
    found = [feed.exit_signals(chunk, {}) for chunk in market().chunks(7)]
    assert [signals.signal_bar.tolist() for signals in found if signals is not None] == [
        [0, 6], [7], [], [], [], [], [], [], [59],
    ]  # fmt: skip
    beyond = EntriesFeed(Entries.none(), OrderTemplate(), ExitSignals([60]))
    with pytest.raises(InputError, match="signal_bar of exit signal 0 is 60, but the last bar is 59"):
        for chunk in market().chunks(100):
            beyond.exit_signals(chunk, {})
