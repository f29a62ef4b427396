"""`zscore-reversion`: enter against a move that has gone far from the mean, out at the mean."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from barloom.indicators import Indicator, atr, rolling_mean, zscore
from barloom.rules.entries import Entries
from barloom.strategies.base import Multiple, Period, Strategy
from barloom.strategies.crossings import crossings
from barloom.strategies.window import Window


class ZscoreReversion(Strategy):
    """Long when the z-score of the close crosses below -threshold, short when it crosses above +threshold.

    It crosses below on bar i when it is < -threshold at i and was >= -threshold at i-1, and above in the mirror. Stop:
    ``stop_atr`` ATR from the fill. Target: the price of the rolling mean at the signal, so a fill beyond it is
    rejected. The z-score of ``window`` equal closes is 0. No signal before all are warm, or where the ATR is 0.
    """

    name = "zscore-reversion"
    lookback = 1

    class Params(Strategy.Params):
        """Parameters of `zscore-reversion`."""

        window: Annotated[int, Field(ge=2, le=1_000_000)] = Field(100, description="bars of the mean and deviation")
        threshold: Multiple = Field(2.0, description="z-score whose crossing is a signal, either side of 0")
        atr: Period = Field(14, description="bars of the ATR that scales the stop")
        stop_atr: Multiple = Field(3.0, description="stop distance, in ATR")

    params: Params

    def indicators(self) -> dict[str, Indicator]:
        """Z-score and mean of the close over one window, and the ATR."""
        n = self.params.window
        return {"zscore": zscore(n), "mean": rolling_mean(n), "atr": atr(self.params.atr)}

    def signals(self, window: Window) -> Entries:
        """One entry a crossing of either threshold."""
        ranges = window["atr"]
        bars, sides = crossings(window["zscore"], self.params.threshold, -self.params.threshold)
        kept = (bars >= window.start) & (ranges[bars] > 0.0)
        bars = bars[kept]
        return Entries(bars, -sides[kept], self.params.stop_atr * ranges[bars], target_price=window["mean"][bars])
