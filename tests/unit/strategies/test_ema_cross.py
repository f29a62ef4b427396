"""`ema-cross` does what its description says, and every parameter matters."""

import math

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.strategies import load_strategy
from helpers.signals import DrawnSignal, indicators, signals, walk

MARKET = walk(3_000, 1)


def oracle(strategy, columns):
    p, values, found = strategy.params, indicators(strategy, columns), []
    fast, slow, ranges = values["fast"], values["slow"], values["atr"]
    for i in range(1, len(fast)):
        if any(math.isnan(x) for x in (fast[i], slow[i], fast[i - 1], slow[i - 1], ranges[i])):
            continue
        stop = p.stop_atr * ranges[i]
        if fast[i] > slow[i] and fast[i - 1] <= slow[i - 1]:
            found.append((i, 1, stop, p.target_r * stop))
        elif fast[i] < slow[i] and fast[i - 1] >= slow[i - 1]:
            found.append((i, -1, stop, p.target_r * stop))
    return found


@pytest.mark.parametrize(
    "params", ({}, {"fast": 1, "slow": 2}, {"fast": 5, "slow": 9, "atr": 60, "stop_atr": 1.5, "target_r": 3})
)
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_signals_are_those_of_the_rules(params, seed):
    columns = walk(2_000, seed)
    strategy = load_strategy("ema-cross", params)
    found = [tuple(signal[:4]) for signal in signals(strategy, columns)]
    assert found == oracle(strategy, columns)
    assert {side for _, side, _, _ in found} == {1, -1}


@pytest.mark.parametrize("params", ({"fast": 19}, {"slow": 51}, {"atr": 15}, {"stop_atr": 2.1}, {"target_r": 2.1}))
def test_every_parameter_changes_signals(params):
    assert signals(load_strategy("ema-cross", params), MARKET) != signals(load_strategy("ema-cross"), MARKET)


def test_a_touch_is_no_crossing_and_leaving_it_is():
    # EMAs of 1 and 2 bars: they part on bar 1 (no bar before it is warm), touch from bar 2 to 4, and part on bar 5.
    close = np.array([10.0, 12.0, 11.0, 11.0, 11.0, 14.0, 9.0])
    columns = (np.arange(7), close, close + 1, close - 1, close)
    strategy = load_strategy("ema-cross", {"fast": 1, "slow": 2, "atr": 1})
    values = indicators(strategy, columns)
    assert values["fast"][1] > values["slow"][1] and values["fast"][2:5] == values["slow"][2:5]
    assert [signal[:2] for signal in signals(strategy, columns)] == [(5, 1), (6, -1)]


def test_a_flat_market_gives_no_signals():
    for price in (1.1, 1e-9, 123_456.789, 1 / 3):
        close = np.full(500, price)
        assert signals(load_strategy("ema-cross"), (np.arange(500), close, close, close, close)) == []


def test_fast_not_below_slow_is_refused():
    with pytest.raises(InputError, match="fast 50 is not below slow 50"):
        load_strategy("ema-cross", {"fast": "50"})


def test_signals_say_their_stop_and_target_as_distances():
    first = signals(load_strategy("ema-cross"), MARKET)[0]
    assert isinstance(first, DrawnSignal) and first.target == 2.0 * first.stop and math.isnan(first.target_price)
