"""Presets, what may be chosen beside them, and position rules."""

from __future__ import annotations

from typing import Any

import pytest

from barloom.errors import InputError
from barloom.rules.fills import ENTRY, INTRABAR, PRESETS, refuse_exit_signals, resolve_fills
from barloom.rules.positions import max_positions


def test_an_explicit_policy_wins_over_the_preset() -> None:
    assert resolve_fills("optimistic").intrabar == "optimistic"
    assert resolve_fills("optimistic", intrabar="ohlc").intrabar == "ohlc"
    assert resolve_fills("tradingview").intrabar == "nearest_open"
    assert resolve_fills("mt4-ohlc").intrabar == "candle"


def test_the_presets_of_engines_take_the_stop_first() -> None:
    vectorbt, backtesting = resolve_fills("vectorbt"), resolve_fills("backtesting.py")
    assert vectorbt.stop_wins_open and backtesting.stop_wins_open
    assert not vectorbt.scan_entry_bar and backtesting.scan_entry_bar


def test_vectorbt_takes_one_order_a_bar_and_no_exit_signals() -> None:
    assert not resolve_fills("vectorbt").reenter_on_exit_bar
    assert resolve_fills("backtesting.py").reenter_on_exit_bar
    refuse_exit_signals("backtesting.py")
    with pytest.raises(InputError, match="exit signals contradict --fills vectorbt"):
        refuse_exit_signals("vectorbt")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"fills": "pesimistic"}, "unknown fills 'pesimistic': did you mean 'pessimistic'"),
        ({"fills": "pessimistic", "intrabar": "candel"}, "did you mean 'candle'"),
        ({"fills": "pessimistic", "entry": "limits"}, "did you mean 'limit'"),
        ({"fills": "vectorbt", "intrabar": "optimistic"}, "--intrabar optimistic contradicts --fills vectorbt"),
        ({"fills": "vectorbt", "intrabar": "drilldown"}, "--intrabar drilldown contradicts --fills vectorbt"),
        ({"fills": "backtesting.py", "intrabar": "candle"}, "--intrabar candle contradicts --fills backtesting.py"),
        ({"fills": "backtesting.py", "entry": "limit"}, "--entry limit contradicts --fills backtesting.py"),
        ({"fills": "vectorbt", "entry": "stop"}, "--entry stop contradicts --fills vectorbt"),
        ({"fills": "vectorbt", "position": "overlap"}, "--position overlap contradicts --fills vectorbt"),
        ({"fills": "vectorbt", "position": "reverse"}, "--position reverse contradicts --fills vectorbt"),
    ],
)
def test_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_fills(**choices)


def test_what_does_not_contradict_is_taken() -> None:
    for fills in PRESETS:
        resolve_fills(fills, entry="close")
    resolve_fills("vectorbt", intrabar="pessimistic")
    resolve_fills("backtesting.py", position="overlap")
    for entry in ENTRY:
        for intrabar in INTRABAR:
            assert resolve_fills("pessimistic", entry=entry, intrabar=intrabar).intrabar == intrabar


def test_places() -> None:
    assert max_positions("single", None) == max_positions("reverse", None) == max_positions("reverse", 1) == 1
    assert max_positions("overlap", None) == max_positions("overlap", 0) == 0
    assert max_positions("overlap", 7) == 7


@pytest.mark.parametrize("position", ["single", "reverse"])
def test_max_open_goes_with_overlap(position: str) -> None:
    with pytest.raises(InputError, match=f"--max-open 2 goes with --position overlap: {position} holds one trade"):
        max_positions(position, 2)


def test_an_unknown_position_rule() -> None:
    with pytest.raises(InputError, match="unknown position rule 'reversed': did you mean 'reverse'"):
        max_positions("reversed", None)
