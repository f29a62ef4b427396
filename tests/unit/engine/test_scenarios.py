"""The scenario table of the execution rules, on the reference simulator and on the compiled engine alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from helpers.market import Market
from helpers.scenario import HELD, SIGNAL, Simulate, left, mirrored, play


@dataclass
class Scenario:
    name: str
    bars: list[tuple[float, float, float, float]]
    exit_bar: int
    exit_price: float
    reason: str
    gap: bool = False
    ambiguous: bool = False
    entry: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


BOTH = [(100.0, 102.5, 98.5, 100.0)]
SCENARIOS = [
    Scenario("target on the second bar", [(100, 101, 99.5, 100.5), (100.5, 102, 100, 101)], 1, 102, "target"),
    Scenario("both, pessimistic", BOTH, 0, 99, "stop", ambiguous=True),
    Scenario("both, optimistic", BOTH, 0, 102, "target", ambiguous=True, options={"intrabar": "optimistic"}),
    Scenario(
        "both, the low is nearer to the open", BOTH, 0, 99, "stop", ambiguous=True, options={"intrabar": "nearest_open"}
    ),
    Scenario("both, olhc", BOTH, 0, 99, "stop", ambiguous=True, options={"intrabar": "olhc"}),
    Scenario("both, ohlc", BOTH, 0, 102, "target", ambiguous=True, options={"intrabar": "ohlc"}),
    Scenario("gap through the stop", [HELD, (98, 98.5, 97, 98)], 1, 98, "stop", gap=True),
    Scenario("gap through the target", [HELD, (103, 104, 98, 99)], 1, 103, "target", gap=True),
    Scenario("end of the data", [HELD], 0, 100, "end"),
    Scenario("end of the data on the second bar", [HELD, (100, 100.5, 99.5, 100.25)], 1, 100.25, "end"),
    Scenario("time stop", [(100, 100.5, 99.5, 100.25), HELD], 0, 100.25, "time", options={"max_hold": 1}),
    Scenario(
        "time stop on the third bar",
        [HELD, HELD, (100, 100.5, 99.5, 100.25), HELD],
        2,
        100.25,
        "time",
        options={"max_hold": 3},
    ),
    Scenario("the stop beats the time stop", [(100, 100.5, 99, 100.25)], 0, 99, "stop", options={"max_hold": 1}),
    Scenario("exact touch of the target", [(100, 102, 99.5, 101)], 0, 102, "target"),
    Scenario("the stop where a bar opens at both ends", [HELD, (98, 103, 97, 100)], 1, 98, "stop", gap=True),
    Scenario("the open is the stop", [HELD, (99, 100, 99, 100)], 1, 99, "stop", gap=True),
    Scenario("the open is the target", [HELD, (102, 103, 101, 102)], 1, 102, "target", gap=True),
    Scenario(
        "stop wins over the open",
        [HELD, (103, 104, 98, 99)],
        1,
        99,
        "stop",
        options={"stop_wins_open": True},
    ),
    Scenario(
        "stop wins over the open, but was not touched",
        [HELD, (103, 104, 99.5, 100)],
        1,
        103,
        "target",
        gap=True,
        options={"stop_wins_open": True},
    ),
    Scenario(
        "a gapped stop fills at its level",
        [HELD, (98, 98.5, 97, 98)],
        1,
        99,
        "stop",
        gap=True,
        options={"gap_stop_at_level": True},
    ),
    Scenario(
        "a gapped target fills at its level",
        [HELD, (103, 104, 98, 99)],
        1,
        102,
        "target",
        gap=True,
        options={"gap_target_at_level": True},
    ),
    Scenario(
        "the entry bar is not scanned",
        [(100, 103, 98, 100), (100, 100.5, 99, 100)],
        1,
        99,
        "stop",
        options={"scan_entry_bar": False},
    ),
    Scenario(
        "time counts from the first bar that is scanned",
        [(100, 103, 98, 100), (100, 100.5, 99.5, 100.25)],
        1,
        100.25,
        "time",
        options={"scan_entry_bar": False, "max_hold": 1},
    ),
    Scenario(
        "an entry bar that is not scanned and the last",
        [(100, 103, 98, 100.25)],
        0,
        100.25,
        "end",
        options={"scan_entry_bar": False, "max_hold": 1},
    ),
    Scenario(
        "trail",
        [(100, 101.5, 99.5, 101.4), (101.4, 101.45, 100.4, 100.5)],
        1,
        100.5,
        "trail",
        entry={"trail": 1.0},
    ),
    Scenario("a bar of no range on the stop", [HELD, (99, 99, 99, 99)], 1, 99, "stop", gap=True),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_scenario(simulate: Simulate, scenario: Scenario, side: int) -> None:
    entry = {"stop": 1.0, "target": 2.0, **scenario.entry}
    (trade,), rejected = play(simulate, side, scenario.bars, entry, **scenario.options)
    assert rejected == {}
    assert left(trade) == (scenario.exit_bar, scenario.exit_price, scenario.reason)
    assert (trade["gap"], trade["ambiguous"]) == (scenario.gap, scenario.ambiguous)
    assert trade["bars_held"] == scenario.exit_bar + 1


@pytest.mark.parametrize(
    ("bar", "policy", "reason"),
    [
        # Equal distances to the open: the low comes first.
        ((100.0, 102.0, 98.0, 100.0), "nearest_open", {1: "stop", -1: "target"}),
        ((100.0, 102.5, 97.0, 100.0), "nearest_open", {1: "target", -1: "stop"}),
        ((100.0, 102.5, 97.0, 100.0), "ohlc", {1: "target", -1: "stop"}),
        ((100.0, 102.5, 97.0, 100.0), "olhc", {1: "stop", -1: "target"}),
        # A rising bar goes to its low first, a falling one to its high.
        ((100.0, 102.5, 97.0, 100.0), "candle", {1: "stop", -1: "target"}),
        ((100.0, 102.5, 97.0, 99.5), "candle", {1: "target", -1: "stop"}),
        ((100.0, 102.5, 97.0, 100.0), "pessimistic", {1: "stop", -1: "stop"}),
        ((100.0, 102.5, 97.0, 100.0), "optimistic", {1: "target", -1: "target"}),
    ],
)
def test_a_bar_has_one_path_for_both_sides(
    simulate: Simulate, bar: tuple[float, float, float, float], policy: str, reason: dict[int, str], side: int
) -> None:
    (trade,), _ = simulate(Market([SIGNAL, bar]), Entries([0], [side], stop=1.5, target=1.5), intrabar=policy)
    assert trade["ambiguous"]
    assert trade["exit_reason"] == reason[side]


class TestEntering:
    def test_a_close_entry_is_not_scanned_on_its_own_bar(self, simulate: Simulate) -> None:
        (trade,), _ = simulate(
            Market([(100, 105, 95, 100), (100, 100.5, 99, 100)]), Entries([0], [1], stop=1.0, target=2.0), entry="close"
        )
        assert (trade["entry_bar"], trade["entry_price"]) == (0, 100)
        assert (trade["exit_bar"], trade["exit_reason"], trade["bars_held"]) == (1, "stop", 2)

    def test_the_open_after_a_close_entry_is_scanned(self, simulate: Simulate) -> None:
        (trade,), _ = simulate(
            Market([SIGNAL, (98, 103, 97, 100)]), Entries([0], [1], stop=1.0, target=2.0), entry="close"
        )
        assert (trade["exit_price"], trade["gap"], trade["ambiguous"]) == (98, True, False)

    def test_a_close_entry_on_the_last_bar_leaves_at_that_close(self, simulate: Simulate) -> None:
        (trade,), _ = simulate(Market([SIGNAL]), Entries([0], [1], stop=1.0), entry="close", costs=Costs(spread=0.25))
        assert (trade["entry_bar"], trade["exit_bar"], trade["exit_reason"], trade["bars_held"]) == (0, 0, "end", 1)
        assert (trade["entry_price"], trade["exit_price"], trade["net_pnl"]) == (100.25, 100, -0.25)

    def test_a_signal_on_the_last_bar_finds_no_fill(self, simulate: Simulate) -> None:
        assert simulate(Market([SIGNAL]), Entries([0], [1], stop=1.0)) == ([], {"no_fill": 1})

    def test_levels_are_measured_from_the_fill_not_from_the_signal(self, simulate: Simulate) -> None:
        (trade,), _ = simulate(Market([SIGNAL, (101, 101.5, 100.5, 101)]), Entries([0], [1], stop=1.0, target=2.0))
        assert (trade["entry_price"], trade["initial_stop"], trade["target"]) == (101, 100, 103)

    @pytest.mark.parametrize(
        ("side", "levels"),
        [
            (1, {"target_price": 100.0}),
            (1, {"stop_price": 100.0}),
            (-1, {"target_price": 100.0}),
            (-1, {"stop_price": 100.0}),
            (1, {"stop_price": 101.0, "target": 2.0}),
        ],
    )
    def test_a_level_on_the_wrong_side_of_the_fill_is_counted(
        self, simulate: Simulate, side: int, levels: dict[str, float]
    ) -> None:
        assert simulate(Market([SIGNAL, HELD]), Entries([0], [side], **levels)) == ([], {"invalid_bracket": 1})

    def test_a_stop_within_the_spread_is_counted(self, simulate: Simulate, side: int) -> None:
        costs = Costs(spread=0.5)
        assert simulate(Market([SIGNAL, HELD]), Entries([0], [side], stop=0.5), costs=costs) == (
            [],
            {"invalid_bracket": 1},
        )
        assert simulate(Market([SIGNAL, HELD]), Entries([0], [side], stop=0.625), costs=costs)[1] == {}

    def test_a_stop_of_just_the_spread_is_refused_whatever_the_rounding(self, simulate: Simulate) -> None:
        bid, spread = (1.99944, 0.00075)
        assert (bid + spread) - spread < bid  # the stop's price comes out below the bid
        market = Market([(bid, bid, bid, bid)] * 2)
        assert simulate(market, Entries([0], [1], stop=spread), costs=Costs(spread=spread))[1] == {"invalid_bracket": 1}

    def test_what_the_fill_refuses_frees_its_place_from_that_bar(self, simulate: Simulate) -> None:
        entries = Entries([0, 0, 1], [1, 1, 1], stop=[np.nan, 1.0, 1.0], stop_price=[200.0, np.nan, np.nan])
        trades, rejected = simulate(Market([SIGNAL, HELD, HELD]), entries)
        assert rejected == {"invalid_bracket": 1, "position": 1}
        assert [trade["entry_bar"] for trade in trades] == [2]


class TestPositions:
    HOLD = Market([SIGNAL, HELD, HELD, (100, 100.5, 98, 99), HELD, HELD])

    def test_single_takes_a_signal_on_the_bar_the_last_trade_left(self, simulate: Simulate) -> None:
        trades, rejected = simulate(self.HOLD, Entries([0, 2, 3], [1, 1, 1], stop=1.0))
        assert [trade["entry_bar"] for trade in trades] == [1, 4]
        assert rejected == {"position": 1}

    def test_overlap_takes_all_and_max_open_limits(self, simulate: Simulate) -> None:
        entries = Entries([0, 0, 1, 3], [1, 1, -1, 1], stop=1.0)
        assert [t["entry_bar"] for t in simulate(self.HOLD, entries, max_positions=0)[0]] == [1, 1, 2, 4]
        trades, rejected = simulate(self.HOLD, entries, max_positions=2)
        assert [t["entry_bar"] for t in trades] == [1, 1, 4]
        assert rejected == {"position": 1}

    def test_a_long_and_a_short_on_one_bar_cancel(self, simulate: Simulate) -> None:
        entries = Entries([0, 0, 0, 1], [1, 1, -1, 1], stop=1.0)
        trades, rejected = simulate(self.HOLD, entries, max_positions=0)
        assert rejected == {"conflict": 3}
        assert [trade["entry_bar"] for trade in trades] == [2]


class TestMoney:
    RISE = Market([SIGNAL, (100, 100.5, 99.5, 100.25), (100.25, 102.5, 100, 102)])

    def test_costs_are_separate_and_add_up(self, simulate: Simulate) -> None:
        costs = Costs(spread=0.25, slippage=0.125, commission=0.0625)
        for side, market in (
            (1, self.RISE),
            (-1, Market(mirrored([SIGNAL, (100, 100.5, 99.5, 100.25), (100.25, 102.5, 100, 102)]))),
        ):
            (trade,), _ = simulate(market, Entries([0], [side], stop=1.0, target=2.0, size=4.0), costs=costs)
            assert trade["exit_reason"] == "target"
            # Half a point of spread and slippage at the entry, none at a target.
            assert (trade["spread_cost"], trade["slippage_cost"], trade["commission"]) == (1.0, 0.5, 0.25)
            assert trade["net_pnl"] == trade["gross_pnl"] - 1.0 - 0.5 - 0.25
            assert trade["net_pnl"] == 4.0 * 2.0 - 0.25
            assert trade["r"] == trade["net_pnl"] / 4.0

    def test_a_stop_slips_and_a_short_leaves_on_the_ask(self, simulate: Simulate) -> None:
        market = Market([SIGNAL, (100, 100.75, 99.5, 100)])
        (trade,), _ = simulate(market, Entries([0], [-1], stop=1.0), costs=Costs(spread=0.25, slippage=0.125))
        # Sold at the bid less slippage; the ask reached 101, above the stop at 100.875.
        assert (trade["entry_price"], trade["initial_stop"], trade["exit_price"]) == (99.875, 100.875, 101.0)
        assert trade["exit_reason"] == "stop"

    def test_excursions_count_the_exit_bar_only_as_far_as_it_was_seen(self, simulate: Simulate) -> None:
        market = Market([SIGNAL, (100, 101.5, 99.25, 100.5), (100.5, 101.75, 98, 99)])
        (trade,), _ = simulate(market, Entries([0], [1], stop=1.0))
        assert (trade["exit_price"], trade["mfe"], trade["mae"]) == (99, 1.5, 1.0)

    def test_a_trade_without_a_stop_has_no_r(self, simulate: Simulate) -> None:
        (trade,), _ = simulate(self.RISE, Entries([0], [1]))
        assert math.isnan(trade["r"])
        assert trade["net_pnl"] == 2.0
