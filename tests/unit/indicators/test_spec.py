"""Specs: equal ones are one key, and bad ones are refused in plain words."""

import numpy as np
import pytest

from barloom.errors import InputError
from barloom.indicators import atr, ema, rolling_mean, rsi, sma, stoch_rsi, zscore


def test_equal_specs_are_one_key():
    assert {ema(20): 1}[ema(np.int64(20), "close")] == 1
    assert rolling_mean(20) == sma(20)
    assert ema(20) != ema(20, "open") != ema(20, rsi(14))


def test_a_spec_reads_as_it_is_written():
    assert str(ema(20)) == "ema(20)"
    assert str(ema(20, rsi(14, "open"))) == "ema(20, rsi(14, open))"
    assert str(atr(14)) == "atr(14)"


@pytest.mark.parametrize("n", (0, -3, 2.5, "14", None, True))
@pytest.mark.parametrize("spec", (ema, rsi, zscore, stoch_rsi, atr))
def test_a_period_that_is_no_count_of_bars_is_refused(spec, n):
    with pytest.raises(InputError, match="whole number of at least 1"):
        spec(n)


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'close'"):
        ema(20, "closes")
    with pytest.raises(InputError):
        ema(20, "bars")
