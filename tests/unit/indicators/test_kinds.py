"""Every kind of indicator there is: its kernel, its plain definition, its warm-up and its words."""

import math

import numpy as np
import pytest

from barloom import indicators
from barloom.bars.chunk import Chunk
from barloom.errors import InputError
from barloom.indicators import Indicator, IndicatorBank
from barloom.indicators.registry import KINDS, by_definition
from helpers.indicators import spec_of

COLUMNS = ("open", "high", "low", "close", "volume")
BY_HAND = {
    ("sma", (2,)): [math.nan, 1.5, 3.0],
    ("ema", (2,)): [math.nan, 1.5, 1.5 + 2 / 3 * 2.5],
    ("rma", (2,)): [math.nan, 1.5, 2.75],
    ("true_range", ()): [math.nan, 1.5, 2.5],
    ("atr", (2,)): [math.nan, math.nan, 2.0],
    ("rsi", (2,)): [math.nan, math.nan, 100.0],
    ("stoch_rsi", (2,)): [math.nan, math.nan, math.nan],
    ("rolling_min", (2,)): [math.nan, 1.0, 2.0],
    ("rolling_max", (2,)): [math.nan, 2.0, 4.0],
    ("rolling_median", (2,)): [math.nan, 1.5, 3.0],
    ("rolling_std", (2,)): [math.nan, 0.5, 1.0],
    ("zscore", (2,)): [math.nan, 1.0, 1.0],
}


def bars(rows, scale=1.1, seed=3):
    """Open, high, low, close and volume of a random walk."""
    rng = np.random.default_rng(seed)
    close = scale + np.cumsum(rng.normal(0.0, scale * 1e-4, rows))
    wick = np.abs(rng.normal(0.0, scale * 1e-4, rows))
    return dict(zip(COLUMNS, (np.roll(close, 1), close + wick, close - wick, close, rng.random(rows)), strict=True))


def computed(spec, columns):
    rows = len(columns["close"])
    chunk = Chunk(0, 0, rows, True, np.arange(rows), *(columns[name] for name in COLUMNS))
    return IndicatorBank([spec]).update(chunk)[spec]


def defined(spec, columns):
    return np.array(by_definition(spec, {name: column.tolist() for name, column in columns.items()}))


@pytest.mark.parametrize("scale", (1.1, 60_000.0, 0.02))
@pytest.mark.parametrize("n", (1, 2, 3, 14, 100))
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_equals_the_plain_definition(kind, n, scale):
    spec, columns = spec_of(kind, n), bars(600, scale)
    got, want = computed(spec, columns), defined(spec, columns)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=2e-6, equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_of_another_indicator_it_equals_the_plain_definition_too(kind):
    if spec_of(kind, 5).source == "bars":
        pytest.skip("an indicator of the bars themselves has no other source")
    spec = KINDS[kind].make(*spec_of(kind, 5).params, indicators.ema(7))
    got, want = computed(spec, bars(300)), defined(spec, bars(300))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=2e-6, equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_warmup_is_the_bars_to_the_first_value(kind):
    spec = spec_of(kind, 9)
    values = computed(spec, bars(300))
    assert IndicatorBank([spec]).warmup == int(np.argmax(~np.isnan(values))) + 1
    assert not np.isnan(values[IndicatorBank([spec]).warmup :]).any()


@pytest.mark.parametrize("kind", KINDS)
def test_users_find_it_under_its_name_and_read_what_it_is(kind):
    assert getattr(indicators, kind) is KINDS[kind].make and kind in indicators.__all__
    assert spec_of(kind, 5).name == kind and len(KINDS[kind].make.__doc__) > 20


@pytest.mark.parametrize("case", BY_HAND, ids=str)
def test_definitions_of_three_bars(case):
    columns = {"high": [1.5, 2.5, 4.5], "low": [0.5, 1.5, 3.0], "close": [1.0, 2.0, 4.0]}
    name, params = case
    source = "bars" if name in ("atr", "true_range") else "close"
    np.testing.assert_allclose(by_definition(Indicator(name, source, params), columns), BY_HAND[case])


def test_one_bad_tick_does_not_move_the_median():
    columns = bars(200)
    spoilt = {name: column.copy() for name, column in columns.items()}
    spoilt["close"][100] = 1e9
    values = computed(indicators.rolling_median(21), spoilt)
    np.testing.assert_allclose(values[20:], computed(indicators.rolling_median(21), columns)[20:], rtol=1e-3)


def test_an_unknown_name_has_no_definition():
    with pytest.raises(InputError, match="did you mean 'ema'"):
        by_definition(Indicator("emma", "close", (5,)), {})
