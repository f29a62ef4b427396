"""Indicators: what to compute (`spec`), how (`registry`), and once each (`cache`)."""

from barloom.indicators.cache import IndicatorBank
from barloom.indicators.spec import (
    Indicator,
    atr,
    ema,
    rma,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
    rsi,
    sma,
    stoch_rsi,
    true_range,
    zscore,
)

__all__ = [
    "Indicator",
    "IndicatorBank",
    "atr",
    "ema",
    "rma",
    "rolling_max",
    "rolling_mean",
    "rolling_min",
    "rolling_std",
    "rsi",
    "sma",
    "stoch_rsi",
    "true_range",
    "zscore",
]
