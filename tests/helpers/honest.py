"""Strategies that use no bar after a signal's own, in ways that a careless audit would mistake for that."""

import numpy as np
import pandas as pd

from barloom import Entries, Strategy
from barloom.indicators import atr, ema, rolling_max, rsi
from barloom.rules.exit_signals import ExitSignals

DAY = 86_400_000_000_000
HOUR = 3_600_000_000_000


def before(values):
    return np.append(np.nan, values[:-1])


class Honest(Strategy):
    lookback = 1

    def indicators(self):
        return {"atr": atr(14), "top": rolling_max(20, "high")}

    def breaks(self, window):
        return window.close > before(window["top"])

    def made(self, window, where, **more):
        where = where & (window["atr"] > 0.0)
        where[: window.start] = False
        bars = np.flatnonzero(where)
        stop = 2 * window["atr"][bars]
        columns = {name: values[bars] for name, values in more.items()}
        return Entries(bars, 1, **{"stop": stop, "target": stop, **columns})


class SumAverage(Honest):
    """An average out of sums over the window: its last digits depend on where the window begins."""

    lookback = 60

    def signals(self, window):
        total = np.cumsum(window.close)
        mean = np.full(len(total), np.nan)
        mean[50:] = (total[50:] - total[:-50]) / 50
        above = window.close > mean
        return self.made(window, above & ~np.append(True, above[:-1]) & ~np.isnan(before(mean)))


class ShortSumAverage(Honest):
    """The same of five bars, whose average is often the close itself."""

    lookback = 8

    def signals(self, window):
        total = np.cumsum(window.close)
        mean = np.full(len(total), np.nan)
        mean[5:] = (total[5:] - total[:-5]) / 5
        above = window.close > mean
        return self.made(window, above & ~np.append(True, above[:-1]) & ~np.isnan(before(mean)))


class SumDeviation(Honest):
    """A deviation out of sums of squares, as a stop."""

    lookback = 60

    def signals(self, window):
        total, squares = np.cumsum(window.close), np.cumsum(window.close**2)
        deviation = np.full(len(total), np.nan)
        mean = (total[50:] - total[:-50]) / 50
        deviation[50:] = np.sqrt(np.maximum((squares[50:] - squares[:-50]) / 50 - mean * mean, 1e-12))
        where = self.breaks(window) & (deviation > 1e-4)
        return self.made(window, where, stop=3 * deviation, target=3 * deviation)


class SumVolume(Honest):
    """A size out of sums over the window, as volatility targets have it."""

    lookback = 60

    def signals(self, window):
        total = np.cumsum(np.abs(np.append(0.0, np.diff(window.close))))
        moved = np.full(len(total), np.nan)
        moved[50:] = total[50:] - total[:-50]
        where = self.breaks(window) & (moved > 0.0)
        return self.made(window, where, size=np.where(moved > 0.0, 10.0 / np.where(moved > 0.0, moved, 1.0), 1.0))


class TalibAdx(Honest):
    """TA-Lib's ADX over the window with two hundred bars before it."""

    lookback = 200

    def signals(self, window):
        import talib

        adx = talib.ADX(np.array(window.high), np.array(window.low), np.array(window.close), 14)
        return self.made(window, self.breaks(window) & (adx > 25))


class TalibMacd(Honest):
    """TA-Lib's MACD, with three hundred bars before it."""

    lookback = 300

    def signals(self, window):
        import talib

        _, _, histogram = talib.MACD(np.array(window.close))
        return self.made(window, (histogram > 0.0) & (before(histogram) <= 0.0))


class TalibAtr(Honest):
    """TA-Lib's ATR as a stop, with three hundred bars before it."""

    lookback = 300

    def signals(self, window):
        import talib

        span = talib.ATR(np.array(window.high), np.array(window.low), np.array(window.close), 14)
        return self.made(window, self.breaks(window) & (span > 0.0), stop=2 * span, target=2 * span)


class LongLookback(Honest):
    """The highest close of twenty thousand bars."""

    lookback = 20_000

    def signals(self, window):
        top = pd.Series(window.close).rolling(20_000).max().to_numpy()
        return self.made(window, self.breaks(window) & (window.close > 0.98 * top))


class PandasMean(Honest):
    """A rolling mean and deviation of pandas."""

    lookback = 100

    def signals(self, window):
        close = pd.Series(window.close)
        score = ((close - close.rolling(100).mean()) / close.rolling(100).std()).to_numpy()
        return self.made(window, (score < -2.0) & ~(before(score) < -2.0))


class PandasEwm(Honest):
    """An exponential average of pandas, with many times its span before it."""

    lookback = 400

    def signals(self, window):
        slow = pd.Series(window.close).ewm(span=20, adjust=False).mean().to_numpy()
        above = window.close > slow
        return self.made(window, above & ~np.append(True, above[:-1]))


class ShiftedBack(Honest):
    """The close of the bar before, in pandas' words."""

    def signals(self, window):
        last = pd.Series(window.close).shift(1).to_numpy()
        return self.made(window, self.breaks(window) & (window.close > last))


class ClosedHours(Honest):
    """Hours cut out by hand, of which only those that are over count."""

    lookback = 180

    def signals(self, window):
        hour = window.timestamp // HOUR
        last = np.flatnonzero(np.diff(hour))
        place = np.searchsorted(hour[last], hour) - 1
        close = np.where(place >= 0, window.close[last][np.maximum(place, 0)] if len(last) else np.nan, np.nan)
        return self.made(window, self.breaks(window) & (window.close > close))


class HigherHours(Honest):
    """The hour that barloom shows."""

    def higher(self):
        return {"1h": {"trend": ema(5), "close": "close"}}

    def signals(self, window):
        hour = window.higher("1h")
        return self.made(window, self.breaks(window) & (hour["close"] > hour["trend"]))


class ByTheClock(Honest):
    """Signals at times of day alone, on some days of the week."""

    def signals(self, window):
        minute = window.timestamp // 60_000_000_000 % 1440
        return self.made(window, (minute == 480) & ((window.timestamp // DAY + 3) % 7 < 4))


class WithExits(Honest):
    """Entries and exits of indicators."""

    def indicators(self):
        return {**super().indicators(), "rsi": rsi(14), "mean": ema(20)}

    def signals(self, window):
        return self.made(window, window.close < window["mean"] - 2 * window["atr"])

    def exits(self, window):
        return ExitSignals(np.flatnonzero((window["rsi"] > 60) & (before(window["rsi"]) <= 60)), 1)


class EveryColumn(Honest):
    """Prices, sizes, holding times and trails, all out of bars that are over."""

    def signals(self, window):
        where = self.breaks(window)
        bars = np.flatnonzero(where & (window["atr"] > 0.0))
        span = window["atr"][bars]
        return Entries(
            bars,
            1,
            stop_price=window.low[bars] - span,
            target_price=window.close[bars] + 2 * span,
            size=1000.0 + np.round(1e6 * span),
            max_hold=30 + bars.astype(np.int64) * 0,
            trail=3 * span,
        )


class OwnSubset(Honest):
    """A loop in plain Python with a state of its own for each bar, over the bars that lookback covers."""

    lookback = 40

    def signals(self, window):
        up = np.append(False, np.diff(window.close) > 0)
        run = np.zeros(len(up), dtype=int)
        for bars in range(1, 8):
            run += np.append(np.zeros(min(bars, len(up)), dtype=bool), up[:-bars]) & (run == bars - 1)
        return self.made(window, run >= 6)


class Hashed(Honest):
    """Random numbers that come from the time of the bar, and not from anywhere else."""

    def signals(self, window):
        mixed = (window.timestamp.astype(np.uint64) // np.uint64(60_000_000_000)) * np.uint64(0x9E3779B97F4A7C15)
        return self.made(window, (mixed >> np.uint64(40)) % np.uint64(97) == 0)


class Sliding(Honest):
    """Views of the last thirty bars, which want at least so many."""

    lookback = 29

    def signals(self, window):
        where = np.zeros(len(window), dtype=bool)
        if len(window) >= 30:
            last = np.lib.stride_tricks.sliding_window_view(window.close, 30)
            where[29:] = last[:, -1] >= last.max(axis=1)
        return self.made(window, where)


class Noisy(Honest):
    """An honest rule that prints and warns whenever it is asked."""

    def signals(self, window):
        import warnings

        print("asked", len(window))
        warnings.warn(f"asked for {len(window)} bars", stacklevel=1)
        return self.made(window, self.breaks(window))


class Seldom(Honest):
    """Some signals a year."""

    def signals(self, window):
        return self.made(window, self.breaks(window) & (window.timestamp // DAY % 61 == 0))


class CausalFourier(Honest):
    """An average of thirty bars by way of Fourier, which rounds by the length of the window."""

    lookback = 64

    def signals(self, window):
        size = 1 << (len(window) + 30).bit_length()
        weights = np.fft.rfft(np.full(30, 1 / 30), size)
        smooth = np.fft.irfft(np.fft.rfft(window.close, size) * weights, size)[: len(window)]
        smooth[:30] = np.nan
        return self.made(window, self.breaks(window) & (window.close > smooth))


class WantsTen(Honest):
    """A rule that fails on windows of fewer than ten bars."""

    def signals(self, window):
        if len(window) < 10:
            raise ValueError("ten bars are wanted")
        return self.made(window, self.breaks(window))


class EveryBar(Honest):
    """A signal on every bar."""

    def signals(self, window):
        return self.made(window, np.ones(len(window), dtype=bool))
