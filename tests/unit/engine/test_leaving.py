"""Trades that leave by a signal, by the clock, in parts, or as finer bars show; and quotes with an ask of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom.rules.costs import Costs
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.sessions import Session
from barloom.rules.sizing import Sizing
from helpers.market import Bar, Market, entries_of
from helpers.scenario import HELD, SIGNAL, Simulate, left, play

BRACKET = {"stop": 1.0, "target": 2.0}
NEXT: Bar = (100.25, 100.5, 99.5, 100)


class TestExitSignals:
    def test_an_exit_signal_leaves_at_the_next_open(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, [HELD, NEXT, HELD], BRACKET, leave_on=[1], costs=Costs(slippage=0.125))
        assert left(trade) == (1, 100.125, "signal")
        assert not trade["gap"]
        assert trade["slippage_cost"] == 0.25

    @pytest.mark.parametrize(
        ("bar", "expected"),
        [((98, 100, 97, 99), (1, 98, "stop")), ((103, 103, 98, 99), (1, 103, "target"))],
    )
    def test_a_gap_through_a_level_goes_before_the_signal(
        self, simulate: Simulate, side: int, bar: Bar, expected: tuple[Any, ...]
    ) -> None:
        (trade,), _ = play(simulate, side, [HELD, bar, HELD], BRACKET, leave_on=[1])
        assert left(trade) == expected
        assert trade["gap"]

    def test_a_signal_takes_the_open_beyond_the_target_even_where_the_stop_wins(
        self, simulate: Simulate, side: int
    ) -> None:
        bars = [HELD, (103, 104, 98, 99), HELD]
        (held,), _ = play(simulate, side, bars, BRACKET, stop_wins_open=True)
        (signalled,), _ = play(simulate, side, bars, BRACKET, leave_on=[1], stop_wins_open=True)
        assert left(held) == (1, 99, "stop")
        assert left(signalled) == (1, 103, "target")

    def test_the_signal_goes_before_what_the_bar_touches_later(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, [HELD, (100.25, 103, 98, 100), HELD], BRACKET, leave_on=[1])
        assert left(trade) == (1, 100.25, "signal")
        assert not trade["ambiguous"]

    def test_a_signal_before_the_entry_bar_is_not_for_this_trade(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, [HELD, NEXT], BRACKET, leave_on=[0])
        assert trade["exit_reason"] == "end"

    def test_a_signal_on_the_bar_of_a_close_entry_is(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, [NEXT, HELD], BRACKET, leave_on=[0], entry="close")
        assert (trade["exit_bar"], trade["exit_price"], trade["exit_reason"]) == (1, 100.25, "signal")

    def test_a_signal_on_the_last_bar_comes_too_late(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, [HELD, HELD], BRACKET, leave_on=[2])
        assert left(trade) == (1, 100, "end")

    @pytest.mark.parametrize(
        ("leaving", "reasons"), [(1, ["signal", "end"]), (-1, ["end", "signal"]), (0, ["signal"] * 2)]
    )
    def test_an_exit_signal_names_its_side(self, simulate: Simulate, leaving: int, reasons: list[str]) -> None:
        entries = entries_of([{"signal_bar": 0, "side": 1}, {"signal_bar": 1, "side": -1}])
        trades, _ = simulate(
            Market([SIGNAL, HELD, HELD, HELD, HELD]), entries, ExitSignals([3], leaving), max_positions=2
        )
        assert [trade["exit_reason"] for trade in trades] == reasons


class TestReverse:
    def test_an_opposite_signal_leaves_and_enters_at_the_next_open(self, simulate: Simulate, side: int) -> None:
        asked = [BRACKET, {**BRACKET, "signal_bar": 2, "side": -1}]
        trades, rejected = play(simulate, side, [HELD, HELD, NEXT, HELD], *asked, reverse=True)
        assert rejected == {}
        assert [trade["side"] for trade in trades] == [side, -side]
        assert left(trades[0]) == (2, 100.25, "signal")
        assert (trades[1]["entry_bar"], trades[1]["entry_price"]) == (3, 100.25)

    def test_a_stop_beyond_that_open_goes_before_and_the_other_side_is_entered_all_the_same(
        self, simulate: Simulate, side: int
    ) -> None:
        asked = [BRACKET, {**BRACKET, "signal_bar": 1, "side": -1}]
        trades, _ = play(simulate, side, [HELD, (98, 98.5, 97.5, 98), (98, 98, 98, 98)], *asked, reverse=True)
        assert left(trades[0]) == (1, 98, "stop")
        assert (trades[1]["entry_bar"], trades[1]["entry_price"]) == (2, 98)

    def test_a_signal_of_the_same_side_finds_the_place_taken(self, simulate: Simulate, side: int) -> None:
        trades, rejected = play(simulate, side, [HELD, HELD], BRACKET, {**BRACKET, "signal_bar": 1}, reverse=True)
        assert len(trades) == 1
        assert rejected == {"position": 1}

    def test_signals_that_cancel_each_other_reverse_nothing(self, simulate: Simulate, side: int) -> None:
        asked = [BRACKET, {**BRACKET, "signal_bar": 1}, {**BRACKET, "signal_bar": 1, "side": -1}]
        (trade,), rejected = play(simulate, side, [HELD, HELD, HELD], *asked, reverse=True)
        assert rejected == {"conflict": 2}
        assert trade["exit_reason"] == "end"


class TestReentry:
    STOPPED: Bar = (100, 100.5, 99, 99.5)

    @pytest.mark.parametrize("entry", ["next_open", "close"])
    def test_a_signal_on_the_exit_bar_is_taken(self, simulate: Simulate, side: int, entry: str) -> None:
        trades, _ = play(simulate, side, [self.STOPPED] * 2, BRACKET, {**BRACKET, "signal_bar": 1}, entry=entry)
        assert [trade["signal_bar"] for trade in trades] == [0, 1]

    def test_one_order_a_bar_leaves_no_entry_at_the_close_of_the_exit_bar(self, simulate: Simulate, side: int) -> None:
        asked = [BRACKET, {**BRACKET, "signal_bar": 1}, {**BRACKET, "signal_bar": 2}]
        options = {"entry": "close", "reenter_on_exit_bar": False}
        trades, rejected = play(simulate, side, [self.STOPPED, HELD, HELD], *asked, **options)
        assert [trade["signal_bar"] for trade in trades] == [0, 2]
        assert rejected == {"position": 1}


class TestSessions:
    """The bars start at 22:14 UTC on a Tuesday, a minute apart."""

    BARS: tuple[Bar, ...] = (HELD, (100, 100.5, 99.5, 100.25), HELD, HELD)

    @pytest.mark.parametrize(
        "session", [Session(daily="22:17"), Session(daily="17:17", zone="America/New_York")], ids=["utc", "new york"]
    )
    def test_the_last_bar_before_the_moment_leaves_at_its_close(
        self, simulate: Simulate, side: int, session: Session
    ) -> None:
        (trade,), _ = play(simulate, side, self.BARS, BRACKET, session=session)
        assert left(trade) == (1, 100.25, "session")

    def test_a_pause_between_bars_ends_a_session(self, simulate: Simulate, side: int) -> None:
        options = {"session": Session(before_gap="2h"), "minutes": [0, 1, 2, 200, 201]}
        (trade,), _ = play(simulate, side, self.BARS, BRACKET, **options)
        assert left(trade) == (1, 100.25, "session")

    def test_fridays_end_the_week(self, simulate: Simulate, side: int) -> None:
        day = 24 * 60
        minutes = [0, day, 3 * day - 14, 3 * day + 5, 3 * day + 6]
        (trade,), _ = play(simulate, side, self.BARS, BRACKET, session=Session(friday="22:15"), minutes=minutes)
        assert left(trade) == (1, 100.25, "session")

    def test_the_entry_bar_of_a_fill_at_the_open_may_be_the_last_of_a_session(
        self, simulate: Simulate, side: int
    ) -> None:
        (trade,), _ = play(simulate, side, self.BARS[1:], BRACKET, session=Session(daily="22:16"))
        assert left(trade) == (0, 100.25, "session")

    def test_an_entry_at_the_close_of_a_session_stays(self, simulate: Simulate, side: int) -> None:
        (trade,), _ = play(simulate, side, self.BARS, BRACKET, session=Session(daily="22:15"), entry="close")
        assert trade["exit_reason"] == "end"

    def test_levels_go_before_time_and_time_before_session_and_session_before_end(
        self, simulate: Simulate, side: int
    ) -> None:
        session = Session(daily="22:16")
        stopped: Bar = (100, 100.5, 99, 100)
        for bars, hold, reason in (
            ([stopped, HELD], 1, "stop"),
            ([HELD, HELD], 1, "time"),
            ([HELD, HELD], 0, "session"),
            ([HELD], 0, "end"),
        ):
            (trade,), _ = play(simulate, side, bars, {**BRACKET, "max_hold": hold}, session=session)
            assert (trade["exit_bar"], trade["exit_reason"]) == (1, reason)


def ladder(*rungs: tuple[float, float], **asked: Any) -> list[dict[str, Any]]:
    """The parts of one signal: targets with their fractions, nearest first."""
    return [{"stop": 1.0, "target": t, "fraction": f, "nearest": rungs[0][0], **asked} for t, f in rungs]


class TestLadder:
    def test_every_part_leaves_at_its_own_target_and_the_stop_takes_the_rest(
        self, simulate: Simulate, side: int
    ) -> None:
        bars = [(100, 101, 99.5, 101), (101, 102.25, 100.5, 102), (102, 102, 99, 99)]
        trades, _ = play(simulate, side, bars, *ladder((1.0, 0.5), (2.0, 0.25), (np.nan, 0.25), size=4.0), parts=3)
        assert [left(trade) for trade in trades] == [(0, 101, "target"), (1, 102, "target"), (2, 99, "stop")]
        assert [trade["size"] for trade in trades] == [2.0, 1.0, 1.0]

    def test_one_bar_may_be_ambiguous_for_one_part_alone(self, simulate: Simulate, side: int) -> None:
        trades, _ = play(simulate, side, [(100, 101.5, 99, 100)], *ladder((1.0, 0.5), (2.0, 0.5)), parts=2)
        assert [(trade["exit_reason"], trade["ambiguous"]) for trade in trades] == [("stop", True), ("stop", False)]

    def test_the_place_is_free_when_the_last_part_has_left(self, simulate: Simulate, side: int) -> None:
        bars = [(100, 101, 99.5, 101), (101, 102, 100.5, 102), HELD, HELD]
        asked = [row for bar in (0, 1, 2) for row in ladder((1.0, 0.5), (2.0, 0.5), signal_bar=bar)]
        trades, rejected = play(simulate, side, bars, *asked, parts=2)
        assert [trade["signal_bar"] for trade in trades] == [0, 0, 2, 2]
        assert rejected == {"position": 1}

    def test_a_refused_signal_counts_once(self, simulate: Simulate, side: int) -> None:
        asked = ladder((1.0, 0.5), (2.0, 0.5), stop=np.nan, stop_price=101.0)
        assert play(simulate, side, [HELD], *asked, parts=2) == ([], {"invalid_bracket": 1})

    @pytest.mark.parametrize(
        ("risk_pct", "sizes", "rejected"),
        [(0.3, [1.0, 2.0], {}), (0.1, [1.0], {}), (0.05, [], {"below_minimum": 1})],
    )
    def test_parts_are_rounded_down_to_lots_and_the_last_takes_what_is_left(
        self, simulate: Simulate, side: int, risk_pct: float, sizes: list[float], rejected: dict[str, int]
    ) -> None:
        sizing = Sizing(balance=1000.0, risk_pct=risk_pct, lot_step=1.0)
        trades, why = play(simulate, side, [HELD], *ladder((1.0, 0.5), (2.0, 0.5)), parts=2, sizing=sizing)
        assert [trade["size"] for trade in trades] == sizes
        assert why == rejected


class TestDrilldown:
    BOTH: Bar = (100, 102.5, 98.5, 100)
    DOWN: Bar = (100, 100.5, 98.5, 99.5)
    UP: Bar = (99.5, 102.5, 99.5, 102)

    def drilled(self, simulate: Simulate, side: int, fine: list[Bar], **options: Any) -> dict[str, Any]:
        bars = [HELD, self.BOTH]
        (trade,), _ = play(simulate, side, bars, BRACKET, fine={2: fine}, intrabar="drilldown", **options)
        assert trade["ambiguous"]
        return trade

    @pytest.mark.parametrize(
        ("fine", "expected", "gap"),
        [
            pytest.param([DOWN, UP], (1, 99, "stop"), False, id="the stop first"),
            pytest.param([(100, 102, 99.5, 102), (102, 102, 98, 98)], (1, 102, "target"), False, id="the target first"),
            pytest.param([(100, 100.5, 99.5, 100), BOTH, UP], (1, 99, "stop"), False, id="not told by a finer bar"),
            pytest.param([(100, 100.5, 99.5, 100)], (1, 99, "stop"), False, id="not told by any"),
            pytest.param([], (1, 99, "stop"), False, id="no finer bars"),
            pytest.param([(100, 101, 99.5, 101), (103, 103, 98, 98)], (1, 103, "target"), True, id="a gap up between"),
            pytest.param([(100, 101, 99.5, 101), (98, 103, 98, 103)], (1, 98, "stop"), True, id="a gap down between"),
        ],
    )
    def test_finer_bars_tell_what_came_first(
        self, simulate: Simulate, side: int, fine: list[Bar], expected: tuple[Any, ...], gap: bool
    ) -> None:
        trade = self.drilled(simulate, side, fine)
        assert left(trade) == expected
        assert trade["gap"] == gap

    def test_a_first_finer_open_counts_only_where_the_open_of_its_bar_does(self, simulate: Simulate, side: int) -> None:
        # Finer bars of another source, which open below the stop.
        fine = {1: [(98.75, 99.5, 98.5, 99.25), self.UP], 2: [(98.75, 99.5, 98.5, 99.25), self.UP]}
        for bars, expected in (([self.BOTH], (0, 99, "stop")), ([HELD, self.BOTH], (1, 98.75, "stop"))):
            (trade,), _ = play(simulate, side, bars, BRACKET, fine=fine, intrabar="drilldown")
            assert left(trade) == expected
            assert trade["gap"] == (trade["exit_bar"] == 2)

    def test_excursions_are_those_of_the_exit_that_counts(self, simulate: Simulate, side: int) -> None:
        trade = self.drilled(simulate, side, [(100, 102, 99.5, 102), (102, 102, 98, 98)])
        assert (trade["mfe"], trade["mae"]) == (2.0, 0.5)

    @pytest.mark.parametrize(
        ("fine", "expected"),
        [
            # What lies before the fill at 99 does not count; then the finer bars tell.
            ([(100, 101.25, 99.5, 99.5), (99.5, 99.5, 97.5, 98)], (0, 98, "stop")),
            ([(100, 100, 98.75, 99), (99, 101.25, 98.75, 101), (101, 101, 97.5, 98)], (0, 101, "target")),
            ([(100, 101.25, 98.75, 101), (101, 101, 97.5, 98)], (0, 101, "target")),
            ([(100, 101.25, 98.75, 100), (100, 100, 97.5, 98)], (0, 98, "stop")),
        ],
    )
    def test_an_order_filled_inside_is_filled_in_the_finer_bars_first(
        self, simulate: Simulate, side: int, fine: list[Bar], expected: tuple[Any, ...]
    ) -> None:
        entry = {"price": 99.0, **BRACKET}
        bars = [(100, 101.25, 97.5, 98)]
        (trade,), _ = play(simulate, side, bars, entry, fine={1: fine}, entry="limit", intrabar="drilldown")
        assert trade["ambiguous"]
        assert left(trade) == expected

    def test_finer_bars_have_the_spread_of_their_bar(self, simulate: Simulate) -> None:
        # A short in at 100 with its stop at 101, which the ask touches at a bid of 100.75.
        fine = {1: [(100, 100.75, 99.75, 100), (100, 100, 97.5, 98)]}
        market = Market([SIGNAL, (100, 101, 97.5, 98)], fine=fine)
        entries = entries_of([{"signal_bar": 0, "side": -1, **BRACKET}])
        (trade,), _ = simulate(market, entries, intrabar="drilldown", costs=Costs(spread=0.25))
        assert left(trade) == (0, 101.0, "stop")


class TestAskColumns:
    """Bids around 100 with a spread that is not the same for any two prices."""

    BID: tuple[Bar, ...] = (SIGNAL, (100, 100.5, 99.5, 100), (100, 100.5, 99.5, 100.25), HELD)
    ASK: tuple[Bar, ...] = (
        (100.5, 101, 100.25, 100.75),
        (100.25, 101, 99.75, 100.5),
        (100.125, 101, 99.625, 100.5),
        (100.25, 101, 99.75, 100.375),
    )

    def test_a_long_enters_on_the_ask_and_leaves_on_the_bid(self, simulate: Simulate) -> None:
        entries = entries_of([{"signal_bar": 0, "side": 1, "stop": 2.0, "max_hold": 2}])
        (trade,), _ = simulate(Market(self.BID, ask=self.ASK), entries)
        assert (trade["entry_price"], trade["exit_price"], trade["spread_cost"]) == (100.25, 100.25, 0.25)
        assert (trade["mfe"], trade["mae"]) == (0.25, 0.75)

    def test_a_short_enters_on_the_bid_and_leaves_on_the_ask(self, simulate: Simulate) -> None:
        entries = entries_of([{"signal_bar": 0, "side": -1, "stop": 2.0, "max_hold": 2}])
        (trade,), _ = simulate(Market(self.BID, ask=self.ASK), entries)
        assert (trade["entry_price"], trade["exit_price"], trade["spread_cost"]) == (100, 100.5, 0.25)
        assert (trade["mfe"], trade["mae"]) == (0.25, 1.0)

    def test_a_short_that_leaves_at_an_open_pays_the_spread_there(self, simulate: Simulate) -> None:
        entries = entries_of([{"signal_bar": 0, "side": -1, "stop": 2.0}])
        (trade,), _ = simulate(Market(self.BID, ask=self.ASK), entries, ExitSignals([1]))
        assert (trade["exit_price"], trade["exit_reason"], trade["spread_cost"]) == (100.125, "signal", 0.125)

    def test_a_stop_within_the_spread_of_the_fill_is_refused(self, simulate: Simulate, side: int) -> None:
        market = Market(self.BID, ask=self.ASK)
        for stop, rejected in ((0.25, {"invalid_bracket": 1}), (0.375, {})):
            assert simulate(market, entries_of([{"signal_bar": 0, "side": side, "stop": stop}]))[1] == rejected

    def test_a_short_is_stopped_by_the_ask_alone(self, simulate: Simulate) -> None:
        entries = entries_of([{"signal_bar": 0, "side": -1, "stop": 1.0}])
        (trade,), _ = simulate(Market(self.BID, ask=self.ASK), entries)
        assert left(trade) == (0, 101.0, "stop")
