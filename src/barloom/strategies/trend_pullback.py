"""`trend-pullback`: enter a trend after a pullback, when momentum and a candle turn back into it."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from barloom.indicators import Indicator, atr, ema, rsi, stoch_rsi
from barloom.rules.entries import Entries
from barloom.strategies.averages import TwoAverages
from barloom.strategies.base import Multiple, Period, Strategy
from barloom.strategies.crossings import crossings
from barloom.strategies.window import Window

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Strength = Annotated[float, Field(ge=0.0, le=100.0)]
Place = Annotated[float, Field(ge=0.0, le=1.0)]


class TrendPullback(Strategy):
    """Long on bar i when all of these hold; short in the mirror. Every rule reads bars up to i.

    1. Trend: EMA ``fast`` > EMA ``slow`` at i, and fewer than ``range_crossings`` crossings of the two on the last
       ``range_window`` bars, i included. A crossing is as `ema-cross` has it.
    2. Pullback: on some bar k, i - ``pullback_max_age`` <= k <= i, RSI < ``oversold`` or StochRSI < ``stoch_low``, with
       fast > slow at k and no crossing after k: the same trend.
    3. Momentum turn: RSI was < ``rsi_turn_low`` at i-1 and is higher at i, or StochRSI was < ``stoch_turn_low`` at i-1
       and is higher at i.
    4. Reversal candle: bullish engulfing (bar i-1 fell, bar i rose, and its body covers that of i-1 and goes beyond it
       at one end or both) or a hammer of either colour (body > 0, lower wick >= 2 bodies, upper wick < half a body).

    Short: fast < slow; RSI > ``overbought`` or StochRSI > ``stoch_high``; RSI was > ``rsi_turn_high`` or StochRSI was >
    ``stoch_turn_high`` and is lower; bearish engulfing or shooting star (upper wick >= 2 bodies, lower wick < half a
    body).

    Stop: ``stop_atr`` ATR from the fill. Target: ``target_r`` times the stop distance. A NaN fulfils nothing.
    """

    name = "trend-pullback"
    target_in_r = True

    class Params(TwoAverages):
        """Parameters of `trend-pullback`."""

        range_crossings: Annotated[int, Field(ge=1)] = Field(
            3, description="EMA crossings that make a range, not a trend"
        )
        range_window: Period = Field(50, description="bars over which those crossings are counted")
        rsi: Period = Field(14, description="bars of the RSI")
        stoch: Period = Field(14, description="bars of the StochRSI: of its RSI and of the range that is placed in")
        oversold: Strength = Field(30.0, description="RSI below this is a pullback of an uptrend")
        overbought: Strength = Field(70.0, description="RSI above this is a pullback of a downtrend")
        stoch_low: Place = Field(0.2, description="StochRSI below this is a pullback of an uptrend, too")
        stoch_high: Place = Field(0.8, description="StochRSI above this is a pullback of a downtrend, too")
        pullback_max_age: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
            15, description="bars a pullback stays good for; 0 only on its own bar"
        )
        rsi_turn_low: Strength = Field(40.0, description="momentum turns up when RSI rises from below this")
        rsi_turn_high: Strength = Field(60.0, description="momentum turns down when RSI falls from above this")
        stoch_turn_low: Place = Field(0.3, description="momentum turns up, too, when StochRSI rises from below this")
        stoch_turn_high: Place = Field(0.7, description="momentum turns down, too, when StochRSI falls from above this")
        atr: Period = Field(14, description="bars of the ATR that scales the stop")
        stop_atr: Multiple = Field(2.0, description="stop distance, in ATR")
        target_r: Multiple = Field(2.0, description="target distance, in stop distances")

        @model_validator(mode="after")
        def _in_order(self) -> Self:
            for low, high in (("oversold", "overbought"), ("stoch_low", "stoch_high")):
                if getattr(self, low) > getattr(self, high):
                    raise ValueError(
                        f"{low} {getattr(self, low):g} is above {high} {getattr(self, high):g}: give it at most that"
                    )
            return self

    params: Params

    @property
    def lookback(self) -> int:
        """Far enough for the oldest pullback and the first bar of the range, whose crossing reads the bar before it."""
        return max(self.params.range_window, self.params.pullback_max_age, 1)

    def indicators(self) -> dict[str, Indicator]:
        """EMAs, RSI and StochRSI of the close, and the ATR."""
        p = self.params
        return {
            "fast": ema(p.fast),
            "slow": ema(p.slow),
            "rsi": rsi(p.rsi),
            "stoch": stoch_rsi(p.stoch),
            "atr": atr(p.atr),
        }

    def signals(self, window: Window) -> Entries:
        """One entry a bar on which all four rules hold."""
        if len(window) < 2:
            return Entries.none()
        up, down = window["fast"] > window["slow"], window["fast"] < window["slow"]
        bars = self._turns(window, up, down)
        bars = bars[_reversal_candles(window, bars, up[bars]) & (window["atr"][bars] > 0.0)]
        if bars.size:
            bars = bars[self._in_trend_after_pullback(window, up, down, bars)]
        stop = self.params.stop_atr * window["atr"][bars]
        return Entries(bars, np.where(up[bars], 1, -1), stop, self.params.target_r * stop)

    def _turns(self, window: Window, up: Bools, down: Bools) -> Ints:
        """New bars on which momentum turns into the side of the averages: the cheap filter that most bars fail."""
        p = self.params
        first = max(window.start, 1)
        rising: Bools | bool = False
        falling: Bools | bool = False
        for name, low, high in (
            ("rsi", p.rsi_turn_low, p.rsi_turn_high),
            ("stoch", p.stoch_turn_low, p.stoch_turn_high),
        ):
            now, before = window[name][first:], window[name][first - 1 : -1]
            rising |= (before < low) & (now > before)
            falling |= (before > high) & (now < before)
        return np.flatnonzero((rising & up[first:]) | (falling & down[first:])) + first

    def _in_trend_after_pullback(self, window: Window, up: Bools, down: Bools, bars: Ints) -> Bools:
        """Which of the bars have a trend (rule 1) and a pullback in it (rule 2)."""
        p = self.params
        crossed = crossings(window["fast"], window["slow"], window["slow"])[0]
        met = np.searchsorted(crossed, bars, side="right")  # crossings up to each bar
        recent = met - np.searchsorted(crossed, bars - p.range_window, side="right")
        began = np.append(0, crossed)[met]
        low = ((window["rsi"] < p.oversold) | (window["stoch"] < p.stoch_low)) & up
        high = ((window["rsi"] > p.overbought) | (window["stoch"] > p.stoch_high)) & down
        pulled = np.append(-1, np.flatnonzero(low | high))
        newest = pulled[np.searchsorted(pulled, bars, side="right") - 1]
        kept: Bools = (recent < p.range_crossings) & (newest >= np.maximum(began, bars - p.pullback_max_age))
        return kept


def _reversal_candles(window: Window, bars: Ints, long: Bools) -> Bools:
    """Which of the bars are reversal candles: bullish where ``long``, else bearish."""
    open_, close = window.open[bars], window.close[bars]
    before = bars - 1
    open_before, close_before = window.open[before], window.close[before]
    body = np.abs(close - open_)
    upper = window.high[bars] - np.maximum(open_, close)
    lower = np.minimum(open_, close) - window.low[bars]
    # Wicks are not negative, so a nose below half a body means there is a body.
    hammer = (np.where(long, lower, upper) >= 2.0 * body) & (np.where(long, upper, lower) < 0.5 * body)
    # A bearish engulfing is a bullish one with open and close exchanged.
    start, end = np.where(long, open_, close), np.where(long, close, open_)
    start_before, end_before = np.where(long, open_before, close_before), np.where(long, close_before, open_before)
    covers = (start <= end_before) & (end >= start_before) & ((start < end_before) | (end > start_before))
    return hammer | (covers & (end_before < start_before))
