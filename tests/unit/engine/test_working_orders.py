"""Limit and stop entries: on which bar they fill, at what price, and what may still happen on that bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom.rules.costs import Costs
from helpers.market import Bar
from helpers.scenario import HELD, Simulate, left, play

# A long waits at 99 below the market, or at 101 above it; stop and target are 1 and 2 from the fill.
PRICE = {"limit": 99.0, "stop": 101.0}
BRACKET = {"stop": 1.0, "target": 2.0}
AWAY: Bar = (100, 100.75, 99.25, 100)


def order(entry: str, **asked: Any) -> dict[str, Any]:
    return {"price": PRICE[entry], **BRACKET, **asked}


@pytest.mark.parametrize(
    ("entry", "bar", "price"),
    [
        ("limit", (98.5, 99.5, 98, 99), 98.5),
        ("limit", (99, 99.5, 98.5, 99), 99),
        ("limit", (100, 100.5, 98.5, 99.5), 99),
        ("limit", (100, 100.5, 99, 99.5), 99),
        ("stop", (101.5, 102, 100.75, 101), 101.5),
        ("stop", (101, 101.5, 100.5, 101), 101),
        ("stop", (100, 101.5, 100, 101), 101),
        ("stop", (100, 101, 100, 100.5), 101),
    ],
)
def test_an_order_fills_at_its_price_or_at_a_better_open(
    simulate: Simulate, side: int, entry: str, bar: Bar, price: float
) -> None:
    (trade,), _ = play(simulate, side, [bar, bar], order(entry, stop=5.0, target=5.0), entry=entry)
    assert (trade["entry_bar"], trade["entry_price"]) == (1, price)
    assert (trade["initial_stop"], trade["target"]) == (price - 5, price + 5)


@pytest.mark.parametrize("entry", PRICE)
class TestWaiting:
    TOUCHED: Bar = (100, 101, 99, 100)

    def test_the_first_bar_that_comes_there_fills(self, simulate: Simulate, side: int, entry: str) -> None:
        (trade,), _ = play(simulate, side, [AWAY, AWAY, self.TOUCHED, HELD], order(entry, good_for=3), entry=entry)
        assert trade["entry_bar"] == 3

    def test_an_order_expires_after_its_bars(self, simulate: Simulate, side: int, entry: str) -> None:
        bars = [AWAY, AWAY, self.TOUCHED, HELD]
        assert play(simulate, side, bars, order(entry, good_for=2), entry=entry) == ([], {"expired": 1})

    def test_an_order_is_good_for_one_bar_unless_asked(self, simulate: Simulate, side: int, entry: str) -> None:
        assert play(simulate, side, [AWAY, self.TOUCHED], order(entry), entry=entry) == ([], {"expired": 1})

    def test_an_order_still_waiting_at_the_end_finds_no_fill(self, simulate: Simulate, side: int, entry: str) -> None:
        assert play(simulate, side, [AWAY, AWAY], order(entry, good_for=3), entry=entry) == ([], {"no_fill": 1})

    def test_an_order_keeps_its_place_while_it_waits(self, simulate: Simulate, side: int, entry: str) -> None:
        asked = [order(entry, good_for=2), order(entry, signal_bar=1), order(entry, signal_bar=2)]
        (trade,), rejected = play(simulate, side, [AWAY, AWAY, self.TOUCHED, HELD], *asked, entry=entry)
        assert trade["signal_bar"] == 2
        assert rejected == {"expired": 1, "position": 1}

    def test_without_a_price_it_is_a_market_order(self, simulate: Simulate, side: int, entry: str) -> None:
        (trade,), _ = play(simulate, side, [HELD, HELD], order(entry, price=np.nan), entry=entry)
        assert (trade["entry_bar"], trade["entry_price"]) == (1, 100)


# Inside its bar a limit fills on the way down and a stop order on the way up. Where the rest of the bar is not certain, the policy says.
STAYS = None
FILL_BARS: list[tuple[str, Bar, dict[str, tuple[Any, ...] | None]]] = [
    # The high may have been before the fill.
    (
        "limit",
        (100, 101.25, 98.75, 100),
        {"pessimistic": STAYS, "optimistic": (0, 101, "target"), "ohlc": STAYS, "olhc": (0, 101, "target")},
    ),
    # The bar closes beyond the target, so it came there after the fill.
    (
        "limit",
        (100, 101.25, 98.75, 101),
        {name: (0, 101, "target") for name in ("pessimistic", "optimistic", "ohlc", "olhc", "candle")},
    ),
    # The way to the stop leads past the fill.
    (
        "limit",
        (100, 100.5, 98, 99),
        {name: (0, 98, "stop") for name in ("pessimistic", "optimistic", "ohlc", "olhc", "candle")},
    ),
    (
        "limit",
        (100, 101.25, 97.5, 100),
        {
            "pessimistic": (0, 98, "stop"),
            "optimistic": (0, 101, "target"),
            "ohlc": (0, 98, "stop"),
            "olhc": (0, 98, "stop"),
        },
    ),
    # The low may have been before the fill.
    (
        "stop",
        (100.5, 101.5, 99.5, 101.25),
        {"pessimistic": (0, 100, "stop"), "optimistic": STAYS, "ohlc": (0, 100, "stop"), "olhc": STAYS},
    ),
    # The bar closes beyond the stop, so it came there after the fill.
    (
        "stop",
        (100.5, 101.5, 99.5, 99.75),
        {name: (0, 100, "stop") for name in ("pessimistic", "optimistic", "ohlc", "olhc", "candle")},
    ),
    # The way to the target leads past the fill.
    (
        "stop",
        (100.5, 103.5, 100.25, 102),
        {name: (0, 103, "target") for name in ("pessimistic", "optimistic", "ohlc", "olhc", "candle")},
    ),
    (
        "stop",
        (100.5, 103.5, 99.5, 102),
        {
            "pessimistic": (0, 100, "stop"),
            "optimistic": (0, 103, "target"),
            "ohlc": (0, 103, "target"),
            "olhc": (0, 103, "target"),
        },
    ),
]


@pytest.mark.parametrize(
    ("entry", "bar", "intrabar", "expected"),
    [(entry, bar, policy, where) for entry, bar, by_policy in FILL_BARS for policy, where in by_policy.items()],
)
def test_the_rest_of_a_bar_that_filled_inside(
    simulate: Simulate, side: int, entry: str, bar: Bar, intrabar: str, expected: tuple[Any, ...] | None
) -> None:
    after = (100.0, 100.0, 100.0, 100.0) if entry == "limit" else (100.75, 100.75, 100.25, 100.5)
    expected = expected or (1, after[3], "end")
    (trade,), _ = play(simulate, side, [bar, after], order(entry), entry=entry, intrabar=intrabar)
    assert left(trade) == expected
    fill = PRICE[entry]
    assert trade["ambiguous"] == (bar[2] <= fill - 1 and bar[1] >= fill + 2 and trade["exit_bar"] == 1)
    assert not trade["gap"]


@pytest.mark.parametrize("entry", PRICE)
def test_a_fill_at_the_open_leaves_the_whole_bar_to_come(simulate: Simulate, side: int, entry: str) -> None:
    price = PRICE[entry]
    bar = (price, price + 2, price - 0.5, price)
    (trade,), _ = play(simulate, side, [bar, HELD], order(entry), entry=entry)
    assert left(trade) == (0, price + 2, "target")


@pytest.mark.parametrize(
    ("entry", "bar", "mfe", "mae"),
    [
        ("limit", (100, 100.75, 98.75, 99.5), 0.5, 0.25),
        ("stop", (100, 101.75, 99.5, 100.5), 0.75, 0.5),
    ],
)
def test_only_what_was_seen_after_the_fill_counts(
    simulate: Simulate, side: int, entry: str, bar: Bar, mfe: float, mae: float
) -> None:
    close = bar[3]
    asked = order(entry, stop=3.0, target=3.0, max_hold=2)
    (trade,), _ = play(simulate, side, [bar, (close, close, close, close)], asked, entry=entry)
    assert trade["exit_reason"] == "time"
    assert (trade["mfe"], trade["mae"]) == (mfe, mae)


@pytest.mark.parametrize(
    ("entry", "bar", "mfe", "mae"),
    [("limit", (100.75, 100.75, 98, 99), 0.0, 1.0), ("stop", (98, 103, 98, 103), 2.0, 0.0)],
)
def test_a_trade_that_leaves_on_the_bar_that_filled_it_inside_never_saw_the_open(
    simulate: Simulate, side: int, entry: str, bar: Bar, mfe: float, mae: float
) -> None:
    (trade,), _ = play(simulate, side, [bar], order(entry), entry=entry, intrabar="olhc")
    assert trade["bars_held"] == 1
    assert (trade["mfe"], trade["mae"]) == (mfe, mae)


def test_the_trail_follows_only_what_was_seen_after_the_fill(simulate: Simulate, side: int) -> None:
    bars = [(100, 102, 98.75, 99.5), (99.5, 99.5, 98.25, 98.5)]
    (trade,), _ = play(simulate, side, bars, {"price": 99.0, "trail": 1.0}, entry="limit")
    assert left(trade) == (1, 98.5, "trail")
    assert not trade["gap"]


def test_a_limit_does_not_slip_and_a_stop_order_does(simulate: Simulate, side: int) -> None:
    costs = Costs(slippage=0.125)
    bar = (100, 101, 99, 100)
    for entry, price, slippage in (("limit", 99.0, 0.125), ("stop", 101.125, 0.25)):
        (trade,), _ = play(simulate, side, [bar, HELD], {"price": PRICE[entry]}, entry=entry, costs=costs)
        assert (trade["entry_price"], trade["slippage_cost"]) == (price, slippage)


def test_a_long_waits_for_the_ask_and_a_short_for_the_bid(simulate: Simulate) -> None:
    costs = Costs(spread=0.25)
    for low, rejected in ((98.875, {"expired": 1}), (98.75, {})):
        found, why = play(simulate, 1, [(100, 100, low, 100), HELD], order("limit"), entry="limit", costs=costs)
        assert (len(found), why) == (1 - len(rejected), rejected)
    (trade,), _ = play(simulate, -1, [(100, 100, 99, 100), HELD], order("limit"), entry="limit", costs=costs)
    assert trade["entry_price"] == 99.0


def test_a_stop_at_what_a_fill_inside_could_leave_at_is_refused(simulate: Simulate, side: int) -> None:
    costs = Costs(spread=0.25)
    bars = [(100, 100.5, 98.5, 99.5), HELD]
    for stop, rejected in ((98.75, {"invalid_bracket": 1}), (98.625, {})):
        asked = {"price": 99.0, "stop_price": stop}
        assert play(simulate, side, bars, asked, entry="limit", costs=costs)[1] == rejected
