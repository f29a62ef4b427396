"""Stops that move: trail and breakeven, from the bar after the one that raised them."""

from __future__ import annotations

from typing import Any

import pytest

from barloom.rules.costs import Costs
from helpers.market import Bar, Market, entries_of
from helpers.scenario import HELD, SIGNAL, Simulate, left, play


@pytest.mark.parametrize(
    ("entry", "bars", "expected", "gap"),
    [
        pytest.param(
            {"stop": 2.0, "trail": 1.0, "activation": 2.0},
            [(100, 101.875, 99.5, 101), (101, 102, 100.5, 101.5), (101.5, 101.5, 100.75, 101)],
            (2, 101.0, "trail"),
            False,
            id="a trail waits for its activation",
        ),
        pytest.param(
            {"trail": 1.0},
            [(100, 103, 99.5, 101), HELD],
            (1, 100.0, "trail"),
            True,
            id="a trail raised beyond the market leaves at the next open",
        ),
        pytest.param(
            {"trail": 1.0},
            [(100, 102, 98, 101.5), (101.5, 101.75, 101.25, 101.5), (101.5, 101.5, 101, 101)],
            (2, 101.0, "trail"),
            False,
            id="a bar below the peak does not loosen the trail",
        ),
        pytest.param(
            {"trail": 1.0},
            [(100, 100.25, 98, 99.75), (99.75, 99.75, 99.25, 99.5)],
            (1, 99.25, "trail"),
            False,
            id="without a stop nothing protects the entry bar",
        ),
        pytest.param(
            {"trail": 1.0, "target": 2.0},
            [(100, 101.75, 100, 101.5), (101.5, 102, 100.75, 101)],
            (1, 100.75, "trail"),
            False,
            id="both levels in a bar, the stop raised before",
        ),
        pytest.param(
            {"stop": 1.0, "trigger": 1.0, "offset": 0.25},
            [(100, 101, 99.5, 100.5), (100.5, 100.75, 100, 100)],
            (1, 100.25, "breakeven"),
            False,
            id="breakeven",
        ),
        pytest.param(
            {"stop": 1.0, "trigger": 1.0},
            [(100, 100.875, 99.5, 100.5), (100.5, 100.75, 99, 99)],
            (1, 99.0, "stop"),
            False,
            id="breakeven not reached",
        ),
        pytest.param(
            {"stop": 1.0, "trigger": 1.0, "offset": 0.25, "trail": 0.75},
            [(100, 101, 99.5, 100.5), (100.5, 100.5, 100, 100)],
            (1, 100.25, "breakeven"),
            False,
            id="breakeven before trail where they tie",
        ),
        pytest.param(
            {"stop": 1.0, "trail": 2.0},
            [(100, 101, 99.5, 100.5), (100.5, 100.5, 99, 99)],
            (1, 99.0, "stop"),
            False,
            id="the stop before the trail where they tie",
        ),
        pytest.param(
            {"stop": 1.0, "trigger": 0.5, "offset": 0.25, "trail": 1.0},
            [(100, 102, 99.5, 101.5), (101.5, 101.5, 100.5, 101)],
            (1, 101.0, "trail"),
            False,
            id="the higher of trail and breakeven",
        ),
    ],
)
def test_where_a_moving_stop_leaves(
    simulate: Simulate, side: int, entry: dict[str, Any], bars: list[Bar], expected: tuple[Any, ...], gap: bool
) -> None:
    (trade,), _ = play(simulate, side, bars, entry)
    assert left(trade) == expected
    assert trade["gap"] == gap


def test_a_raised_stop_and_a_target_in_one_bar_are_ambiguous(simulate: Simulate, side: int) -> None:
    bars = [(100, 101.75, 100, 101.5), (101.5, 102, 100.75, 101)]
    for intrabar, expected in (("pessimistic", (1, 100.75, "trail")), ("optimistic", (1, 102.0, "target"))):
        (trade,), _ = play(simulate, side, bars, {"trail": 1.0, "target": 2.0}, intrabar=intrabar)
        assert trade["ambiguous"]
        assert left(trade) == expected


def test_the_initial_stop_stays_on_record(simulate: Simulate, side: int) -> None:
    bars = [(100, 103, 99.5, 102.5), (102.5, 102.5, 101, 101)]
    (trade,), _ = play(simulate, side, bars, {"stop": 2.0, "trail": 1.0})
    assert (trade["initial_stop"], trade["exit_price"]) == (98.0, 102.0)
    assert trade["r"] == 1.0


@pytest.mark.parametrize("options", [{"entry": "close"}, {"scan_entry_bar": False}], ids=["close", "not scanned"])
def test_a_trail_is_at_work_on_the_bar_after_an_entry_bar_that_is_not_scanned(
    simulate: Simulate, side: int, options: dict[str, Any]
) -> None:
    # What the entry bar itself did counts for nothing: the peak is the entry price.
    bars = [(100, 104, 97, 100), (100, 100.5, 99, 99.5)]
    first = 1 if options.get("entry") == "close" else 0
    entry = {"signal_bar": first, "trail": 1.0}
    (trade,), _ = play(simulate, side, bars, entry, **options)
    assert (trade["exit_bar"], trade["exit_price"], trade["exit_reason"]) == (2, 99.0, "trail")


@pytest.mark.parametrize(
    ("direction", "bars", "price"),
    [
        (1, [(100, 104, 99.5, 104), (104, 104, 102, 102)], 104 * (1 - 1 / 64)),
        (-1, [(100, 100.5, 96, 96), (96, 98, 96, 98)], 96 * (1 + 1 / 64)),
    ],
)
def test_a_trail_may_be_a_share_of_the_peak(simulate: Simulate, direction: int, bars: list[Bar], price: float) -> None:
    entries = entries_of([{"signal_bar": 0, "side": direction, "trail": 0.0, "trail_share": 1 / 64}])
    (trade,), _ = simulate(Market([SIGNAL, *bars]), entries)
    assert left(trade) == (1, price, "trail")


def test_a_short_trails_the_ask(simulate: Simulate) -> None:
    # In longs' prices: the short sold at 100, the ask fell to 99 with the bid at 98.75, and is back at 100 with the bid at 99.75.
    bars = [(100, 101.25, 99.75, 101), (101, 101, 100.25, 100.5)]
    (trade,), _ = play(simulate, -1, bars, {"trail": 1.0}, costs=Costs(spread=0.25))
    assert left(trade) == (1, 100.0, "trail")
