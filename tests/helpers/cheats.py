"""Strategies that look ahead, each in its own way: what the audit of a run has to find."""

import functools

import numpy as np
import pandas as pd

from barloom import Entries, Strategy
from barloom.indicators import atr, ema, rolling_max
from barloom.rules.exit_signals import ExitSignals

NOTES: dict[int, float] = {}
SINCE = np.datetime64("2016-01-01", "ns").astype(np.int64)
DAY = 86_400_000_000_000


def following(values, bars=1):
    """The values some bars later."""
    return np.append(values[bars:], np.full(min(bars, len(values)), np.nan))


def before(values):
    return np.append(np.nan, values[:-1])


class Cheat(Strategy):
    lookback = 1

    def indicators(self):
        return {"atr": atr(14), "top": rolling_max(20, "high"), "fast": ema(10), "slow": ema(30)}

    def breaks(self, window):
        """An honest rule: a close above the highest high of twenty bars."""
        return window.close > before(window["top"])

    def crosses(self, window):
        """An honest and rarer rule."""
        fast, slow = window["fast"], window["slow"]
        return (fast > slow) & (before(fast) <= before(slow))

    def made(self, window, where, **more):
        where = where & (window["atr"] > 0.0)
        where[: window.start] = False
        bars = np.flatnonzero(where)
        stop = 2 * window["atr"][bars]
        columns = {name: values[bars] for name, values in more.items()}
        return Entries(bars, 1, **{"stop": stop, "target": stop, **columns})


class ShiftByOne(Cheat):
    """The close of the next bar."""

    def signals(self, window):
        return self.made(window, following(window.close) > window.close * 1.0001)


class WholeMean(Cheat):
    """The mean of the whole window."""

    def signals(self, window):
        return self.made(window, self.breaks(window) & (window.close > window.close.mean()))


class Centred(Cheat):
    """An average of bars on both sides."""

    lookback = 10

    def signals(self, window):
        smooth = pd.Series(window.close).rolling(11, center=True).mean().to_numpy()
        return self.made(window, (smooth > before(smooth)) & self.breaks(window))


class HourByHand(Cheat):
    """The close of the hour that a bar lies in."""

    lookback = 60

    def signals(self, window):
        hour = window.timestamp // (DAY // 24)
        last = np.append(np.flatnonzero(np.diff(hour)), len(hour) - 1)
        close = window.close[last][np.searchsorted(hour[last], hour)]
        return self.made(window, self.breaks(window) & (close > window.close))


class GlobalNotes(Cheat):
    """A dictionary of the module, filled with closes by their times and asked for that of the next bar."""

    def signals(self, window):
        NOTES.update(zip(window.timestamp.tolist(), window.close.tolist(), strict=True))
        later = [NOTES.get(time + 60_000_000_000, np.nan) for time in window.timestamp.tolist()]
        return self.made(window, self.breaks(window) & (np.array(later) > window.close))


class ClassNotes(Cheat):
    """The same in the class, for the highest high of a day."""

    highs: dict = {}  # noqa: RUF012

    def signals(self, window):
        days = window.timestamp // DAY
        for day, high in zip(days.tolist(), window.high.tolist(), strict=True):
            self.highs[day] = max(high, self.highs.get(day, 0.0))
        highest = np.array([self.highs[day] for day in days.tolist()])
        return self.made(window, self.breaks(window) & (window.high < highest))


@functools.cache
def noted(day: int) -> list:
    """Notes about a day, the same list for every caller."""
    return []


class CachedNotes(Cheat):
    """A cache of a function of the module that remembers each day's closes."""

    def signals(self, window):
        days = window.timestamp // DAY
        first = np.append(0, np.flatnonzero(np.diff(days)) + 1)
        for start, stop in zip(first.tolist(), [*first[1:].tolist(), len(days)], strict=True):
            noted(int(days[start])).append(float(window.close[start:stop].max()))
        best = np.array([max(noted(int(day))) for day in days[first].tolist()])
        return self.made(window, self.breaks(window) & (window.close < np.repeat(best, np.diff([*first, len(days)]))))


class Sorted(Cheat):
    """The rank of a close among all closes of the window."""

    def signals(self, window):
        rank = np.empty(len(window))
        rank[np.argsort(window.close)] = np.arange(len(window)) / len(window)
        return self.made(window, self.breaks(window) & (rank > 0.5))


class OnlyLate(Cheat):
    """Honest until 2016, and a look at the next close from then on."""

    def signals(self, window):
        late = window.timestamp >= SINCE
        return self.made(window, self.breaks(window) & (~late | (following(window.close) > window.close)))


class OnlyFridays(Cheat):
    """A look at the next close on Fridays."""

    def signals(self, window):
        friday = (window.timestamp // DAY + 3) % 7 == 4
        return self.made(window, self.breaks(window) & (~friday | (following(window.close) > window.close)))


class CachedHigh(Cheat):
    """The high of the next bar, through an array that is kept from one call to the next."""

    def signals(self, window):
        if not hasattr(self, "kept") or len(self.kept) != len(window):
            self.kept = np.empty(len(window))
        self.kept[:] = window.high
        self.kept[:-1] = self.kept[1:]
        return self.made(window, self.breaks(window) & (self.kept > window.high))


class PeekingExit(Cheat):
    """Honest entries, and exits before the next bar falls."""

    def signals(self, window):
        return self.made(window, self.breaks(window))

    def exits(self, window):
        return ExitSignals(np.flatnonzero(following(window.low) < window.low - 2 * window["atr"]), 1)


class PeekingStop(Cheat):
    """Honest entries, with a stop below the lows of the next bars."""

    def signals(self, window):
        low = np.fmin(following(window.low), window.low)
        return self.made(window, self.breaks(window), stop=window["atr"] + (window.close - low) + 1e-5)


class PeekingSize(Cheat):
    """Honest entries, that are larger where the next bar rises."""

    def signals(self, window):
        return self.made(
            window, self.breaks(window), size=np.where(following(window.close) > window.close, 2000.0, 1000.0)
        )


class PeekingTarget(Cheat):
    """Honest entries, whose target is the high of the next ten bars."""

    def signals(self, window):
        top = pd.Series(window.high[::-1]).rolling(10, min_periods=1).max().to_numpy()[::-1]
        return self.made(window, self.breaks(window), target=top - window.close + window["atr"])


class PeekingLimit(Cheat):
    """Honest entries at a limit that lies where the next low will be."""

    def signals(self, window):
        low = np.where(np.isnan(following(window.low)), window.low, following(window.low))
        return self.made(window, self.breaks(window), price=np.minimum(low, window.close))


class Pivots(Cheat):
    """Highs that are higher than the five bars before and the five after."""

    lookback = 5

    def signals(self, window):
        high = window.high
        pivot = np.ones(len(high), dtype=bool)
        for bars in range(1, 6):
            pivot &= high > np.append(np.full(min(bars, len(high)), np.inf), high[:-bars])
            pivot &= ~(following(high, bars) >= high)
        return self.made(window, pivot)


class WholeScore(Cheat):
    """The distance from the mean of the window, in standard deviations of the window."""

    def signals(self, window):
        score = (window.close - window.close.mean()) / max(window.close.std(), 1e-9)
        return self.made(window, self.breaks(window) & (score < 0.3))


class WholeQuantile(Cheat):
    """A quantile of the ranges of the whole window."""

    def signals(self, window):
        ranges = window.high - window.low
        return self.made(window, self.breaks(window) & (ranges >= np.quantile(ranges, 0.7)))


class FilledFromBehind(Cheat):
    """A weekly value that is filled back over the bars before it."""

    def signals(self, window):
        marks = np.where(window.timestamp // DAY % 7 == 0, window.close, np.nan)
        return self.made(window, self.breaks(window) & (pd.Series(marks).bfill().to_numpy() > window.close))


class ByTheHighest(Cheat):
    """Closes as a part of the highest close of the window."""

    def signals(self, window):
        return self.made(window, self.breaks(window) & (window.close / window.close.max() > 0.998))


class FarAhead(Cheat):
    """The close five hundred bars later."""

    def signals(self, window):
        return self.made(window, self.breaks(window) & (following(window.close, 500) > window.close))


class EndOfWindow(Cheat):
    """No signals on the last bars of a window, where there is no time left to win."""

    def signals(self, window):
        left = len(window) - np.arange(len(window))
        return self.made(window, self.breaks(window) & (left > 50))


class Suppressed(Cheat):
    """A rare and honest signal, but for those after which the next bar falls."""

    def signals(self, window):
        return self.made(window, self.crosses(window) & ~(following(window.close) < window.close))


class ThroughTheBase(Cheat):
    """The array behind the view that a window gives."""

    def signals(self, window):
        base = window.close if window.close.base is None else window.close.base
        base = np.frombuffer(base) if isinstance(base, memoryview) else base.reshape(-1)
        at = (window.close.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // 8
        later = np.array([base[at + k + 1] if at + k + 1 < len(base) else np.nan for k in range(len(window))])
        return self.made(window, self.breaks(window) & ~(later < window.close))


class Rarely(Cheat):
    """A rare and honest signal, but for those after which the next bar falls far."""

    def signals(self, window):
        far = following(window.close) < window.close - 0.5 * window["atr"]
        return self.made(window, self.crosses(window) & ~far)


class OneHour(Cheat):
    """A look at the next close in one hour a month."""

    def signals(self, window):
        hour = window.timestamp // (DAY // 24) % (24 * 30) == 100
        return self.made(window, self.breaks(window) & (~hour | (following(window.close) > window.close)))


class SlightStop(Cheat):
    """A stop that is a millionth wider where the next bar rises."""

    def signals(self, window):
        rises = following(window.close) > window.close
        return self.made(window, self.breaks(window), stop=2 * window["atr"] * np.where(rises, 1.0 + 1e-6, 1.0))


class HonestWhenLive(Cheat):
    """Honest in windows that look like those of live trading, with few new bars."""

    def signals(self, window):
        if len(window) - window.start <= 60:
            return self.made(window, self.breaks(window))
        return self.made(window, self.breaks(window) & (following(window.close) > window.close))


class InADefault(Cheat):
    """Closes kept in the default of an argument."""

    def signals(self, window, seen={}):  # noqa: B006
        seen.update(zip(window.timestamp.tolist(), window.close.tolist(), strict=True))
        later = np.array([seen.get(time + 60_000_000_000, np.nan) for time in window.timestamp.tolist()])
        return self.made(window, self.breaks(window) & (later > window.close))


def closed_over():
    seen: dict[int, float] = {}

    def rises(window):
        seen.update(zip(window.timestamp.tolist(), window.close.tolist(), strict=True))
        later = np.array([seen.get(time + 60_000_000_000, np.nan) for time in window.timestamp.tolist()])
        return later > window.close

    return rises


rises = closed_over()


class InAClosure(Cheat):
    """Closes kept in what a function closes over."""

    def signals(self, window):
        return self.made(window, self.breaks(window) & rises(window))


class ThroughFourier(Cheat):
    """A low pass over the whole window."""

    def signals(self, window):
        waves = np.fft.rfft(window.close)
        waves[max(2, len(waves) // 50) :] = 0
        smooth = np.fft.irfft(waves, len(window))
        return self.made(window, self.breaks(window) & (smooth > before(smooth)))


class Detrended(Cheat):
    """The distance from a line through the whole window."""

    def signals(self, window):
        bars = np.arange(len(window))
        line = np.polyval(np.polyfit(bars, window.close, 1), bars) if len(window) > 2 else window.close
        return self.made(window, self.breaks(window) & (window.close > line))
