"""Indicators: a file a kind, once computed where specs are equal (`cache`).

Importing a file registers its kinds: this list says which there are.
"""

from barloom.indicators.cache import IndicatorBank
from barloom.indicators.exponential import ema, rma
from barloom.indicators.extremes import rolling_max, rolling_min, stoch_rsi
from barloom.indicators.median import rolling_median
from barloom.indicators.moments import rolling_mean, rolling_std, sma, zscore
from barloom.indicators.ranges import atr, true_range
from barloom.indicators.spec import Indicator
from barloom.indicators.strength import rsi

__all__ = [
    "Indicator",
    "IndicatorBank",
    "atr",
    "ema",
    "rma",
    "rolling_max",
    "rolling_mean",
    "rolling_median",
    "rolling_min",
    "rolling_std",
    "rsi",
    "sma",
    "stoch_rsi",
    "true_range",
    "zscore",
]
