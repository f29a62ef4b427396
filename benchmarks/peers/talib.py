"""Works to compare with TA-Lib: each indicator that both have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from barloom import indicators as kinds
from barloom.bench.sections import TOLERANCE, Bench
from barloom.errors import FidelityError
from barloom.indicators.cache import IndicatorBank
from peers.pair import Pair, unlike

DRIFT = 1e-6


def works(bench: Bench, ta: Any) -> Iterator[Pair]:
    """Each indicator that both have, over all bars at once."""
    _, _, high, low, close = bench.arrays
    functions: dict[kinds.Indicator, Callable[[], Any]] = {
        kinds.sma(50): lambda: ta.SMA(close, 50),
        kinds.ema(20): lambda: ta.EMA(close, 20),
        kinds.true_range(): lambda: ta.TRANGE(high, low, close),
        kinds.atr(14): lambda: ta.ATR(high, low, close, 14),
        kinds.rsi(14): lambda: ta.RSI(close, 14),
        kinds.stoch_rsi(14): lambda: ta.STOCHRSI(close, 14, 14, 1, 0)[0] / 100.0,
        kinds.rolling_min(14): lambda: ta.MIN(close, 14),
        kinds.rolling_max(14): lambda: ta.MAX(close, 14),
        kinds.rolling_std(100): lambda: ta.STDDEV(close, 100),
    }
    for indicator, theirs in functions.items():

        def ours(indicator: kinds.Indicator = indicator) -> Any:
            return IndicatorBank([indicator], 0).update(bench.chunk)[indicator]

        # Its running sum of squares drifts in releases before 0.8.
        within = DRIFT if indicator.name == "rolling_std" else TOLERANCE
        if not np.allclose(ours(), theirs(), rtol=0.0, atol=within, equal_nan=True):
            raise FidelityError(unlike(f"talib, {indicator}", "the values differ"))
        told = f"every value within {within:g}, and where there is none"
        yield Pair(str(indicator), bench.rows, ours, theirs, told)
