"""Parameters: JSON gives them back, exits go in and come out, and options that contradict each other are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import barloom as bl
from barloom.engine.resolve import RunSpec
from barloom.errors import InputError
from barloom.rules.exits import Distance, Exits
from barloom.rules.parameters import RunParameters, fields_of
from barloom.strategies import Strategy, Window
from unit.rules.test_exits import all_exits

ALL: dict[str, Any] = {
    "stop": "atr:2",
    "target": "r:3",
    "trail": "atr:2",
    "trail_activation": "r:1",
    "breakeven": "r:1",
    "breakeven_offset": "pips:1",
    "ladder": "r:1@0.5,r:2@0.3",
    "max_hold": 9,
    "daily_close": "21:55",
    "friday_close": "20:55",
    "gap_close": "2h",
    "session_zone": "Europe/London",
    "entry": "limit",
    "entry_offset": "atr:0.5",
    "good_for": 3,
    "intrabar": "ohlc",
    "position": "overlap",
    "max_open": 4,
    "spread": 0.1,
    "slippage": "atr:0.1",
    "commission": 0.2,
    "commission_per_trade": 0.3,
    "commission_pct": 0.4,
    "swap_long": -0.5,
    "swap_short": 0.6,
    "notional": 5000.0,
    "lot_step": 0.01,
    "min_lots": 0.01,
    "max_lots": 3.0,
    "contract_size": 100_000.0,
    "conversion": 1.25,
    "leverage": 30.0,
}


def test_json_gives_the_same_parameters_back() -> None:
    parameters = RunParameters(**ALL)
    again = RunParameters.model_validate_json(parameters.model_dump_json())
    assert again == parameters
    assert RunSpec.of(again) == RunSpec.of(parameters)


def test_every_option_arrives() -> None:
    spec = RunSpec.of(RunParameters(**ALL))
    rules, orders = spec.rules, spec.template
    assert (rules.entry, rules.intrabar, rules.max_positions, rules.max_hold, rules.parts) == ("limit", "ohlc", 4, 9, 3)
    assert rules.session == bl.Session(daily="21:55", friday="20:55", before_gap="2h", zone="Europe/London")
    assert rules.costs == bl.Costs(
        spread=0.1, commission=0.2, commission_per_trade=0.3, commission_pct=0.4, swap_long=-0.5, swap_short=0.6
    )
    assert rules.sizing == bl.Sizing(
        notional=5000, lot_step=0.01, min_lots=0.01, max_lots=3, contract_size=1e5, conversion=1.25, leverage=30
    )
    assert (orders.entry, orders.good_for, orders.own_first) == ("limit", 3, False)
    distances = (
        *(orders.stop, orders.target, orders.trail, orders.activation, orders.trigger, orders.offset),
        *(orders.slippage, orders.entry_offset),
    )
    assert [str(distance) for distance in distances] == [
        *("atr:2.0", "r:3.0", "atr:2.0", "r:1.0", "r:1.0", "pips:1.0", "atr:0.1", "atr:0.5"),
    ]
    assert orders.ladder == ((Distance(unit="r", amount=1.0), 0.5), (Distance(unit="r", amount=2.0), 0.3))


@given(all_exits)
def test_exits_go_through_the_options_unchanged(exits: Exits) -> None:
    back = RunParameters(**fields_of(exits)).exits()
    if exits.session is not None and exits.session.daily is None:
        # A session without a time of day is none, whatever its zone.
        exits = exits.model_copy(update={"session": None})
    assert back == exits


def test_nothing_asked_is_nothing_applied() -> None:
    orders = RunSpec.of(RunParameters()).template
    assert not orders.wants_plans and not orders.wants_levels and not orders.wants_atr
    assert RunParameters().exits() == Exits()


def test_reverse_is_one_place() -> None:
    rules = RunSpec.of(RunParameters(position="reverse")).rules
    assert rules.reverse and rules.max_positions == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trail": "2"}, "--trail 2 is not a distance"),
        ({"trail": "atr:-1"}, "--trail atr:-1: '-1' is not a positive number"),
        ({"trail": "atr:nan"}, "--trail atr:nan: 'nan' is not a positive number"),
        ({"trail_activation": "r:1"}, "--trail-activation r:1 means nothing without --trail"),
        ({"trail": "none", "trail_activation": "r:1"}, "--trail-activation r:1 means nothing without --trail"),
        ({"trail": "r:1", "trail_activation": "none"}, "--trail-activation none is not a distance"),
        ({"breakeven_offset": "pips:1"}, "--breakeven-offset pips:1 means nothing without --breakeven"),
        ({"breakeven": "r:0"}, "--breakeven r:0: '0' is not a positive number"),
        ({"ladder": "r:1@0.5,r:2@0.6"}, "--ladder r:1@0.5,r:2@0.6: the fractions add up to 1.1"),
        ({"ladder": "r:1@1", "target": "r:3"}, "--ladder r:1@1 leaves nothing for --target r:3"),
        ({"daily_close": "9pm"}, "--daily-close: '9pm' is no time of day"),
        ({"gap_close": "long"}, "--gap-close: 'long' is no length of time"),
        ({"session_zone": "Mars", "daily_close": "21:00"}, "--session-zone: 'Mars' is no time zone"),
        (
            {"session_zone": "Europe/London"},
            "--session-zone Europe/London means nothing without --daily-close or --friday",
        ),
        ({"session_zone": "Europe/London", "gap_close": "2h"}, "--session-zone Europe/London means nothing without"),
        (
            {"position": "reverse", "entry": "close"},
            "--position reverse goes with --entry next_open.*not with --entry close",
        ),
        ({"position": "reverse", "max_open": 2}, "--max-open 2 goes with --position overlap: reverse holds one trade"),
        ({"good_for": 3}, "--good-for 3 goes with --entry limit or stop"),
        ({"entry": "close", "entry_offset": "atr:1"}, "--entry-offset atr:1 goes with --entry limit or stop"),
        ({"fills": "vectorbt", "intrabar": "ohlc"}, "--intrabar ohlc contradicts --fills vectorbt"),
        ({"notional": 1000.0, "size": 1.0}, "--notional 1000 and --size 1 both say how large a trade is"),
        ({"notional": 1000.0, "risk_pct": 1.0}, "--notional 1000 and --risk-pct 1 both say how large a trade is"),
        ({"size": 1.0, "lot_step": 0.1}, "--lot-step 0.1 rounds a size that is computed, but --size 1 fixes it"),
        ({"size": 1.0, "max_lots": 1.0}, "--max-lots 1 rounds a size that is computed"),
        ({"min_lots": 2.0, "max_lots": 1.0}, "--min-lots 2 is above --max-lots 1"),
        ({"lot_step": 2.0, "max_lots": 1.0}, "--lot-step 2 is above --max-lots 1"),
        ({"contract_size": 1e5}, "--contract-size 100000 is the size of a lot, and no lots are asked for"),
        ({"stop": "none"}, "--stop none leaves no risk to size a trade by"),
        (
            {"stop": "none", "size": 1.0, "trail": "r:1"},
            "--trail r:1.0 is a multiple of the stop distance, and --stop none",
        ),
        ({"stop": "none", "size": 1.0, "ladder": "r:1@0.5"}, "--ladder r:1.0 is a multiple of the stop distance"),
        ({"stop": "none", "size": 1.0, "breakeven": "points:1", "breakeven_offset": "r:1"}, "--breakeven-offset r:1.0"),
        ({"slippage": "pips:1"}, "--slippage pips:1 is not a distance: give one of atr:2$"),
        ({"slippage": "-1"}, "--slippage -1 is no number of at least 0"),
        ({"slippage": "nan"}, "--slippage nan is no number of at least 0"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    parameters = RunParameters(**options)
    with pytest.raises(InputError, match=message):
        RunSpec.of(parameters)


def test_slippage_is_price_units_or_multiples_of_the_atr() -> None:
    assert RunSpec.of(RunParameters(slippage=0.25)).rules.costs.slippage == 0.25
    assert RunSpec.of(RunParameters(slippage="0.25")).rules.costs.slippage == 0.25
    assert RunSpec.of(RunParameters(slippage="0.25")).template.slippage is None
    assert RunSpec.of(RunParameters(slippage="atr:0.1")).rules.costs.slippage == 0.0
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        RunParameters(slippage=-1.0)


def bars() -> bl.Bars:
    closes = 100.0 + np.arange(64) % 7
    return bl.from_arrays(np.arange(64) * 60_000_000_000, closes, closes + 1.0, closes - 1.0, closes)


def test_exits_and_options_may_not_say_the_same_twice() -> None:
    with pytest.raises(InputError, match=r"trail of run\(\) is given by exits as well"):
        bl.run(bars(), exits=bl.Exits(trail=bl.Trail(distance=1.0)), trail="points:1")
    with pytest.raises(InputError, match=r"run\(\) has no option 'trial': did you mean 'trail'"):
        bl.run(bars(), trial="points:1")
    with pytest.raises(InputError, match=r"^slippage of run\(\): .*, not -1"):
        bl.run(bars(), slippage=-1.0)


def test_finer_bars_go_with_drilldown_and_no_other_policy() -> None:
    with pytest.raises(InputError, match="--intrabar drilldown replays finer bars: name them with --fine"):
        bl.run(bars(), intrabar="drilldown")
    with pytest.raises(InputError, match="--fine is for --intrabar drilldown, not for --intrabar pessimistic"):
        bl.simulate(bars(), bl.Entries.none(), fine=bars(), intrabar="pessimistic")


def test_exit_signals_beside_a_preset_that_takes_none() -> None:
    with pytest.raises(InputError, match="exit signals contradict --fills vectorbt"):
        bl.simulate(bars(), bl.Entries.none(), exit_signals=bl.ExitSignals([1]), fills="vectorbt")

    class Leaving(Strategy):
        name = "leaving"

        def exits(self, window: Window) -> bl.ExitSignals:
            return bl.ExitSignals.none()

    RunSpec.of(RunParameters(fills="backtesting.py")).feed(Leaving())
    with pytest.raises(InputError, match="exit signals contradict --fills vectorbt"):
        RunSpec.of(RunParameters(fills="vectorbt")).feed(Leaving())


def test_a_spread_beside_bars_with_their_own_is_refused() -> None:
    flat = np.full(4, 100.0)
    quoted = bl.from_arrays(np.arange(4) * 60_000_000_000, flat, flat, flat, flat, spread=np.full(4, 0.5))
    with pytest.raises(InputError, match=r"--spread 0\.1 beside .*, whose bars bring their own spread"):
        bl.simulate(quoted, bl.Entries.none(), costs=bl.Costs(spread=0.1))
