"""`ema-cross`: enter when the fast average crosses the slow one."""

from __future__ import annotations

from pydantic import Field

from barloom.indicators import Indicator, atr, ema
from barloom.rules.entries import Entries
from barloom.strategies.averages import TwoAverages
from barloom.strategies.base import Multiple, Period, Strategy
from barloom.strategies.crossings import crossings
from barloom.strategies.window import Window


class EmaCross(Strategy):
    """Long when the fast EMA crosses above the slow one on a bar's close, short when it crosses below.

    It crosses above on bar i when fast > slow at i and fast <= slow at i-1, and below in the mirror. Stop:
    ``stop_atr`` ATR from the fill. Target: ``target_r`` times the stop distance. No signal before all three are warm,
    or where the ATR is 0.
    """

    name = "ema-cross"
    lookback = 1
    target_in_r = True

    class Params(TwoAverages):
        """Parameters of `ema-cross`."""

        atr: Period = Field(14, description="bars of the ATR that scales the stop")
        stop_atr: Multiple = Field(2.0, description="stop distance, in ATR")
        target_r: Multiple = Field(2.0, description="target distance, in stop distances")

    params: Params

    def indicators(self) -> dict[str, Indicator]:
        """EMAs of the close, and the ATR."""
        return {"fast": ema(self.params.fast), "slow": ema(self.params.slow), "atr": atr(self.params.atr)}

    def signals(self, window: Window) -> Entries:
        """One entry a crossing."""
        ranges = window["atr"]
        bars, sides = crossings(window["fast"], window["slow"], window["slow"])
        kept = (bars >= window.start) & (ranges[bars] > 0.0)
        bars = bars[kept]
        stop = self.params.stop_atr * ranges[bars]
        return Entries(bars, sides[kept], stop, self.params.target_r * stop)
