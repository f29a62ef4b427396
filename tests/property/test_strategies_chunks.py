"""Signals do not depend on the chunks, nor on bars after their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.strategies import BUILT_IN, load_strategy
from helpers.signals import signals, walk

PARAMS = {
    "trend-pullback": [
        {},
        {"fast": 3, "slow": 7, "range_window": 12, "pullback_max_age": 4, "range_crossings": 4},
        {"fast": 2, "slow": 3, "range_window": 1, "pullback_max_age": 1, "range_crossings": 2},
        {"fast": 5, "slow": 9, "range_window": 2, "pullback_max_age": 90, "range_crossings": 2, "stoch": 5},
    ],
    "ema-cross": [{}, {"fast": 1, "slow": 2, "atr": 1}],
    "zscore-reversion": [{}, {"window": 5, "threshold": 1.0}],
}


@pytest.mark.parametrize("name", BUILT_IN)
@given(data=st.data(), seed=st.integers(0, 10_000), rows=st.integers(1, 700))
def test_any_chunks_give_the_same_signals(name, data, seed, rows):
    strategy = load_strategy(name, data.draw(st.sampled_from(PARAMS.get(name, [{}]))))
    columns = walk(rows, seed)
    sizes = data.draw(st.lists(st.integers(1, 120), min_size=1, max_size=5))
    assert str(signals(strategy, columns, sizes)) == str(signals(strategy, columns))


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("turn", range(2))
def test_chunks_of_one_bar_give_the_same_signals(name, turn):
    strategy = load_strategy(name, PARAMS.get(name, [{}, {}])[turn])
    columns = walk(1_500, 3)
    whole = signals(strategy, columns)
    assert whole
    assert str(signals(strategy, columns, [1])) == str(whole)


@pytest.mark.parametrize("name", BUILT_IN)
@given(data=st.data(), seed=st.integers(0, 10_000), keep=st.integers(1, 699))
def test_the_future_changes_no_signal(name, data, seed, keep):
    strategy = load_strategy(name, data.draw(st.sampled_from(PARAMS.get(name, [{}]))))
    columns = walk(700, seed)
    seen = [signal for signal in signals(strategy, columns) if signal.bar < keep]
    assert str(signals(strategy, tuple(np.ascontiguousarray(column[:keep]) for column in columns))) == str(seen)
