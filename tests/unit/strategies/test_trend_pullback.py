"""`trend-pullback` does what its description says, and every parameter matters."""

import math

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.strategies import load_strategy
from helpers.signals import DrawnSignal, indicators, signals, walk

MARKET = walk(12_000, 7)


def oracle(strategy, columns):
    """The rules, bar by bar, longs and shorts each written out."""
    p, v, found = strategy.params, indicators(strategy, columns), []
    _, opened, high, low, close = (column.tolist() for column in columns)
    fast, slow, rsi, stoch, ranges = v["fast"], v["slow"], v["rsi"], v["stoch"], v["atr"]

    def crossed(i):
        if i < 1:
            return False
        return (fast[i] > slow[i] and fast[i - 1] <= slow[i - 1]) or (fast[i] < slow[i] and fast[i - 1] >= slow[i - 1])

    def pulled_back(i, side):
        for k in range(i, max(i - p.pullback_max_age, 0) - 1, -1):
            if not (fast[k] > slow[k] if side > 0 else fast[k] < slow[k]):
                return False
            if side > 0 and (rsi[k] < p.oversold or stoch[k] < p.stoch_low):
                return True
            if side < 0 and (rsi[k] > p.overbought or stoch[k] > p.stoch_high):
                return True
        return False

    def turned(i, side):
        if side > 0:
            return (rsi[i - 1] < p.rsi_turn_low and rsi[i] > rsi[i - 1]) or (
                stoch[i - 1] < p.stoch_turn_low and stoch[i] > stoch[i - 1]
            )
        return (rsi[i - 1] > p.rsi_turn_high and rsi[i] < rsi[i - 1]) or (
            stoch[i - 1] > p.stoch_turn_high and stoch[i] < stoch[i - 1]
        )

    def candle(i, side):
        o, c, o1, c1 = opened[i], close[i], opened[i - 1], close[i - 1]
        body, upper, lower = abs(c - o), high[i] - max(o, c), min(o, c) - low[i]
        if side > 0:
            engulfing = c1 < o1 and c > o and o <= c1 and c >= o1 and (o < c1 or c > o1)
            return engulfing or (body > 0 and lower >= 2 * body and upper < body / 2)
        engulfing = c1 > o1 and c < o and o >= c1 and c <= o1 and (o > c1 or c < o1)
        return engulfing or (body > 0 and upper >= 2 * body and lower < body / 2)

    for i in range(1, len(close)):
        if fast[i] > slow[i]:
            side = 1
        elif fast[i] < slow[i]:
            side = -1
        else:
            continue
        if sum(crossed(k) for k in range(i - p.range_window + 1, i + 1)) >= p.range_crossings:
            continue
        if math.isnan(ranges[i]) or not (pulled_back(i, side) and turned(i, side) and candle(i, side)):
            continue
        stop = p.stop_atr * ranges[i]
        found.append((i, side, stop, p.target_r * stop))
    return found


def run(params, columns=MARKET):
    return [tuple(signal[:4]) for signal in signals(load_strategy("trend-pullback", params), columns)]


@pytest.mark.parametrize(
    "params",
    (
        {},
        {"fast": 3, "slow": 7, "range_crossings": 2, "range_window": 12, "pullback_max_age": 4},
        {"fast": 2, "slow": 4, "range_crossings": 9, "range_window": 30, "pullback_max_age": 0, "atr": 40},
        {"stoch_low": 0.0, "stoch_high": 1.0, "stoch_turn_low": 0.0, "stoch_turn_high": 1.0, "pullback_max_age": 60},
        {"rsi": 5, "stoch": 30, "range_window": 1, "range_crossings": 1, "stop_atr": 1.0, "target_r": 0.5},
    ),
)
@pytest.mark.parametrize("seed", (7, 8))
def test_signals_are_those_of_the_rules(params, seed):
    columns = walk(4_000, seed)
    found = run(params, columns)
    assert found == oracle(load_strategy("trend-pullback", params), columns)
    assert found


@pytest.mark.parametrize(
    "params",
    (
        {"fast": 18},
        {"slow": 55},
        {"range_crossings": 2},
        {"range_window": 100},
        {"rsi": 10},
        {"stoch": 10},
        {"oversold": 45.0},
        {"overbought": 55.0},
        {"stoch_low": 0.05},
        {"stoch_high": 0.95},
        {"pullback_max_age": 0},
        {"rsi_turn_low": 50.0},
        {"rsi_turn_high": 50.0},
        {"stoch_turn_low": 0.1},
        {"stoch_turn_high": 0.9},
        {"atr": 15},
        {"stop_atr": 2.1},
        {"target_r": 2.1},
    ),
    ids=lambda params: next(iter(params)),
)
def test_every_parameter_changes_signals(params):
    # With the StochRSI quiet the RSI decides, and the other way round.
    name = next(iter(params))
    quiet = {"stoch_low": 0.0, "stoch_high": 1.0} if name in ("oversold", "overbought", "rsi") else {}
    if name in ("rsi_turn_low", "rsi_turn_high", "rsi"):
        quiet |= {"stoch_turn_low": 0.0, "stoch_turn_high": 1.0}
    assert run(quiet | params) != run(quiet)


def test_upside_down_the_market_gives_the_same_signals_the_other_way():
    # The StochRSI of an empty range is 0, not its mirror 1: so by the RSI alone.
    params = {"stoch_low": 0.0, "stoch_high": 1.0, "stoch_turn_low": 0.0, "stoch_turn_high": 1.0, "range_crossings": 9}
    time, opened, high, low, close = walk(4_000, 9)
    # Powers of two in steps of 2^-12 keep every difference exact.
    opened, high, low, close = (np.rint(column * 1e5) / 4096.0 for column in (opened, high, low, close))
    flipped = (time, 64.0 - opened, 64.0 - low, 64.0 - high, 64.0 - close)
    upright = [(bar, side) for bar, side, _, _ in run(params, (time, opened, high, low, close))]
    mirrored = [(bar, -side) for bar, side, _, _ in run(params, flipped)]
    assert upright == mirrored and upright


def test_every_accepted_candle_and_side_occurs():
    found = run({"range_crossings": 9})
    _, opened, _, _, close = MARKET
    assert {(side, bool(close[bar] > opened[bar])) for bar, side, _, _ in found} == {
        (1, True),
        (1, False),
        (-1, True),
        (-1, False),
    }


def test_a_flat_market_gives_no_signals():
    close = np.full(500, 1.1)
    assert run({}, (np.arange(500), close, close, close, close)) == []


@pytest.mark.parametrize(
    ("params", "words"),
    (
        ({"fast": 60}, "fast 60 is not below slow 50"),
        ({"oversold": 80}, "oversold 80 is above overbought 70"),
        ({"stoch_low": 0.9}, "stoch_low 0.9 is above stoch_high 0.8"),
        ({"pullback_max_age": -1}, "at least 0"),
    ),
)
def test_parameters_out_of_order_are_refused(params, words):
    with pytest.raises(InputError, match=words):
        load_strategy("trend-pullback", params)


def test_signals_are_distances():
    for signal in signals(load_strategy("trend-pullback"), MARKET):
        assert isinstance(signal, DrawnSignal) and signal.stop > 0.0 and math.isnan(signal.target_price)
