"""Indicators equal TA-Lib's, warm-up included."""

import numpy as np
import pytest

from barloom.bars.chunk import Chunk
from barloom.indicators import (
    IndicatorBank,
    atr,
    ema,
    rolling_max,
    rolling_min,
    rolling_std,
    rsi,
    sma,
    stoch_rsi,
    true_range,
)

talib = pytest.importorskip("talib")

PERIODS = (2, 3, 5, 14, 20, 50, 100, 255, 256, 257, 1000)


def bars(rows, start, step, seed):
    rng = np.random.default_rng(seed)
    close = start + np.cumsum(rng.normal(0.0, step, rows))
    opened = np.concatenate(([start], close[:-1]))
    high = np.maximum(opened, close) + np.abs(rng.normal(0.0, step, rows))
    low = np.minimum(opened, close) - np.abs(rng.normal(0.0, step, rows))
    return Chunk(0, 0, rows, True, np.arange(rows) * 60_000_000_000, opened, high, low, close, rng.random(rows))


MARKETS = {
    "forex": bars(20_000, 1.1, 1e-4, 1),
    "crypto": bars(20_000, 60_000.0, 20.0, 2),
    "penny": bars(20_000, 0.02, 1e-5, 3),
}
INDICATORS = {
    "sma": (sma, lambda b, n: talib.SMA(b.close, n)),
    "ema": (ema, lambda b, n: talib.EMA(b.close, n)),
    "rsi": (rsi, lambda b, n: talib.RSI(b.close, n)),
    "stoch_rsi": (stoch_rsi, lambda b, n: talib.STOCHRSI(b.close, n, n, 1)[0] / 100.0),
    "atr": (atr, lambda b, n: talib.ATR(b.high, b.low, b.close, n)),
    "rolling_min": (rolling_min, lambda b, n: talib.MIN(b.close, n)),
    "rolling_max": (rolling_max, lambda b, n: talib.MAX(b.close, n)),
    "rolling_std": (rolling_std, lambda b, n: talib.STDDEV(b.close, n)),
}


def assert_same(ours, theirs, scale=1.0, tolerance=1e-9):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=tolerance * scale, equal_nan=True)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("n", PERIODS)
@pytest.mark.parametrize("name", INDICATORS)
def test_same_values_and_warmup(name, n, market):
    spec, reference = INDICATORS[name]
    data = MARKETS[market]
    # TA-Lib's variance is a difference of squares: at 60,000 its own error is above 1e-9, so compare in units of the
    # price.
    scale = data.close[0] if name == "rolling_std" and data.close[0] > 1.0 else 1.0
    assert_same(IndicatorBank([spec(n)]).update(data)[spec(n)], reference(data, n), scale)


@pytest.mark.parametrize("market", MARKETS)
def test_true_range_is_the_same_to_the_bit(market):
    data = MARKETS[market]
    ours = IndicatorBank([true_range()]).update(data)[true_range()]
    assert_same(ours, talib.TRANGE(data.high, data.low, data.close), tolerance=0.0)


@pytest.mark.parametrize("n", (5, 8, 20))
def test_the_source_may_be_an_indicator_or_another_column(n):
    data = MARKETS["forex"]
    values = IndicatorBank([ema(n, rsi(14)), sma(n, "high"), rsi(n, ema(5))]).update(data)
    assert_same(values[ema(n, rsi(14))], talib.EMA(talib.RSI(data.close, 14), n))
    assert_same(values[sma(n, "high")], talib.SMA(data.high, n))
    assert_same(values[rsi(n, ema(5))], talib.RSI(talib.EMA(data.close, 5), n))


def test_fewer_bars_than_the_warmup_give_no_value():
    data = bars(10, 1.1, 1e-4, 4)
    specs = [sma(11), ema(11), rsi(10), stoch_rsi(6), atr(10), rolling_min(11), rolling_std(11)]
    values = IndicatorBank(specs).update(data)
    for spec in specs:
        assert np.isnan(values[spec]).all(), str(spec)


def test_a_flat_market_has_an_rsi_and_a_stoch_rsi_of_zero_like_talib():
    rows = 60
    flat = np.full(rows, 1.1)
    data = Chunk(0, 0, rows, True, np.arange(rows), flat, flat, flat, flat)
    values = IndicatorBank([rsi(14), stoch_rsi(14)]).update(data)
    assert_same(values[rsi(14)], talib.RSI(flat, 14), tolerance=0.0)
    assert_same(values[stoch_rsi(14)], talib.STOCHRSI(flat, 14, 14, 1)[0] / 100.0, tolerance=0.0)
    assert values[rsi(14)][-1] == values[stoch_rsi(14)][-1] == 0.0
