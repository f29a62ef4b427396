"""`zscore-reversion` does what its description says, and every parameter matters."""

import math

import numpy as np
import pytest

from barloom.strategies import load_strategy
from helpers.signals import indicators, signals, walk

MARKET = walk(3_000, 4)


def oracle(strategy, columns):
    p, values, found = strategy.params, indicators(strategy, columns), []
    score, mean, ranges = values["zscore"], values["mean"], values["atr"]
    for i in range(1, len(score)):
        if any(math.isnan(x) for x in (score[i], score[i - 1], ranges[i])):
            continue
        if score[i] < -p.threshold and not score[i - 1] < -p.threshold:
            found.append((i, 1, p.stop_atr * ranges[i], mean[i]))
        elif score[i] > p.threshold and not score[i - 1] > p.threshold:
            found.append((i, -1, p.stop_atr * ranges[i], mean[i]))
    return found


@pytest.mark.parametrize("params", ({}, {"window": 3, "threshold": 1.0}, {"window": 20, "atr": 40, "stop_atr": 0.5}))
@pytest.mark.parametrize("seed", (4, 5, 6))
def test_signals_are_those_of_the_rules(params, seed):
    columns = walk(2_000, seed)
    strategy = load_strategy("zscore-reversion", params)
    found = signals(strategy, columns)
    assert [(s.bar, s.side, s.stop, s.target_price) for s in found] == oracle(strategy, columns)
    assert {s.side for s in found} == {1, -1}
    assert all(math.isnan(s.target) for s in found)


@pytest.mark.parametrize("params", ({"window": 99}, {"threshold": 2.01}, {"atr": 15}, {"stop_atr": 3.1}))
def test_every_parameter_changes_signals(params):
    plain = signals(load_strategy("zscore-reversion"), MARKET)
    assert str(signals(load_strategy("zscore-reversion", params), MARKET)) != str(plain)


def test_from_one_extreme_to_the_other_in_one_bar_is_a_crossing():
    close = np.array([10.0, 10.1, 10.0, 10.1, 10.0, 20.0, 1.0, 10.0])
    columns = (np.arange(8), close, close + 1, close - 1, close)
    strategy = load_strategy("zscore-reversion", {"window": 4, "threshold": 1.2, "atr": 2})
    assert [s[:2] for s in signals(strategy, columns)] == [(5, -1), (6, 1)]


def test_the_target_lies_on_the_side_of_the_mean():
    close = MARKET[4]
    for s in signals(load_strategy("zscore-reversion"), MARKET):
        assert s.side * (s.target_price - close[s.bar]) > 0.0


def test_a_flat_market_gives_no_signals():
    close = np.full(500, 1.1)
    assert signals(load_strategy("zscore-reversion"), (np.arange(500), close, close, close, close)) == []
