"""Indicators do not depend on how the bars are cut into chunks: the same bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.bars.chunk import Chunk
from barloom.indicators import IndicatorBank, ema, rolling_max, rolling_min, rsi, stoch_rsi, true_range, zscore
from barloom.indicators.registry import KINDS
from helpers.indicators import spec_of

prices = st.one_of(
    st.floats(1e-12, 1e-6),
    st.floats(0.5, 2.0),
    st.floats(1e6, 1e100),
    st.sampled_from([1.0, 1.1, 1.1, 1.1, 5e-324, 1e300]),
)


@st.composite
def markets(draw):
    """Bars with flat stretches, jumps over hundreds of orders of magnitude, and a list of cuts."""
    close = np.array(
        [price for price, repeats in draw(st.lists(st.tuples(prices, st.integers(1, 30)), min_size=1, max_size=30))
         for _ in range(repeats)]
    )  # fmt: skip
    spread = draw(st.sampled_from([0.0, 1e-4, 0.5]))
    high, low = close * (1.0 + spread), close * (1.0 - spread)
    cuts = sorted(draw(st.sets(st.integers(1, len(close)), max_size=len(close))))
    return (np.arange(len(close)), close, high, low, close, close), cuts


def fed(columns, cuts, specs):
    """Values of the new bars of each chunk, joined."""
    bank = IndicatorBank(specs)
    parts = {spec: [] for spec in specs}
    rows = len(columns[0])
    for base, end in zip([0, *cuts], [*cuts, rows], strict=True):
        values = bank.update(Chunk(base, 0, end - base, end == rows, *(column[base:end] for column in columns)))
        for spec in specs:
            parts[spec].append(values[spec].copy())
    return {spec: np.concatenate(part) for spec, part in parts.items()}


@pytest.mark.parametrize("kind", KINDS)
@given(market=markets(), n=st.sampled_from([1, 2, 3, 5, 14, 100]))
def test_any_chunking_gives_the_same_bits(kind, market, n):
    columns, cuts = market
    spec = spec_of(kind, n)
    assert fed(columns, cuts, [spec])[spec].tobytes() == fed(columns, [], [spec])[spec].tobytes()


@given(market=markets())
def test_indicators_of_indicators_too(market):
    columns, cuts = market
    specs = [
        true_range(),
        ema(4, rsi(5)),
        ema(9, rsi(5)),
        zscore(7, ema(3)),
        rolling_min(5, rsi(5)),
        stoch_rsi(5),
        rsi(3, "high"),
    ]
    cut, uncut = fed(columns, cuts, specs), fed(columns, [], specs)
    for spec in specs:
        assert cut[spec].tobytes() == uncut[spec].tobytes(), str(spec)


@given(market=markets(), keep=st.integers(1, 900))
def test_no_value_knows_the_bars_after_it(market, keep):
    columns, _ = market
    keep = min(keep, len(columns[0]))
    specs = [spec_of(kind, 5) for kind in KINDS]
    full, part = fed(columns, [], specs), fed([column[:keep] for column in columns], [], specs)
    for spec in specs:
        assert full[spec][:keep].tobytes() == part[spec].tobytes(), str(spec)


@given(market=markets(), n=st.sampled_from([2, 5, 14]))
def test_bounded_indicators_stay_within_their_bounds(market, n):
    columns, _ = market
    specs = [rsi(n), stoch_rsi(n), rolling_min(n), rolling_max(n)]
    values = fed(columns, [], specs)
    warm = ~np.isnan(values[stoch_rsi(n)])
    assert ((values[rsi(n)][warm] >= 0.0) & (values[rsi(n)][warm] <= 100.0)).all()
    assert ((values[stoch_rsi(n)][warm] >= 0.0) & (values[stoch_rsi(n)][warm] <= 1.0)).all()
    assert (values[rolling_min(n)][warm] <= values[rolling_max(n)][warm]).all()
