"""What gives the entries of each chunk: a strategy over its indicators, or a list of entries made beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.errors import BarloomError, InputError, StrategyError
from barloom.execution.entries import Entries
from barloom.execution.exits import Distance
from barloom.indicators import Indicator, IndicatorBank, atr
from barloom.strategies.base import Strategy
from barloom.strategies.window import Window

Floats = npt.NDArray[np.float64]
Prepared = Mapping[Indicator, Floats]
ATR_BARS = 14


class Feed(Protocol):
    """Gives entries chunk by chunk, in the order of the bars."""

    history: int
    """Bars before a chunk that it looks back on."""
    uses_volume: bool
    name: str
    warmup: int
    """Bars that must be there before any entry can be asked for."""

    def prepare(self, chunk: Chunk) -> Prepared:
        """What can be made of the chunk one chunk ahead, on another thread; its arrays hold until the one after the next."""

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The entries that the new bars of the chunk ask for; ``signal_bar`` counted in the slice."""


class EntriesFeed:
    """Entries made beforehand, dealt out by their signal bars."""

    history = 0
    uses_volume = False
    name = "entries"
    warmup = 1

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._dealt = 0

    def prepare(self, chunk: Chunk) -> Prepared:
        """Nothing."""
        return {}

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The entries whose signal bars lie in the chunk.

        Raises:
            InputError: after the last chunk, an entry lies beyond the bars.
        """
        end = int(np.searchsorted(self._entries.signal_bar, chunk.base + chunk.rows))
        dealt = self._entries.take(slice(self._dealt, end))
        self._dealt = end
        if chunk.last and end < len(self._entries):
            bar = int(self._entries.signal_bar[end])
            raise InputError(
                f"signal_bar of entry {end} is {bar}, but the last bar is {chunk.base + chunk.rows - 1}: "
                "count bars from 0 within the selection"
            )
        return dealt


class StrategyFeed:
    """A strategy's signals, on its side of the market, with the stop and target the run asks for in place of its own."""

    def __init__(
        self, strategy: Strategy, *, direction: str = "both", stop: str | None = None, target: str | None = None
    ) -> None:
        self._strategy = strategy
        self._direction = direction
        self._stop = None if stop is None else Distance.parse(stop, "stop")
        self._target = None if target is None else Distance.parse(target, "target")
        self._pip: float | None = None
        self._specs = strategy.indicators()
        self._atr = atr(ATR_BARS)
        wanted = list(self._specs.values())
        if any(distance is not None and distance.unit == "atr" for distance in (self._stop, self._target)):
            wanted.append(self._atr)
        self.name = strategy.name
        self.history = strategy.lookback
        self.bank = IndicatorBank(wanted, self.history)
        self.warmup = max(1, self.bank.warmup)
        self.uses_volume = strategy.uses_volume or "volume" in self.bank.columns

    def prepare(self, chunk: Chunk) -> Prepared:
        """The indicators of the chunk."""
        return self.bank.update(chunk)

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The signals of the chunk's new bars."""
        if self._pip is None:
            self._pip = 0.01 if chunk.close[0] >= 20.0 else 0.0001
        window = Window(chunk, self._specs, prepared)
        try:
            entries = self._strategy.signals(window)
        except BarloomError:
            raise
        except Exception as error:
            first, last = chunk.base - chunk.history, chunk.base + chunk.rows - 1
            raise StrategyError(
                f"signals() of strategy {self._strategy.name} failed on bars {first} to {last}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(entries, Entries):
            raise InputError(
                f"signals() of strategy {self._strategy.name} gave a {type(entries).__name__}: return bl.Entries"
            )
        if len(entries) and entries.signal_bar[-1] >= len(window):
            raise InputError(
                f"signals() of strategy {self._strategy.name} gave signal_bar {entries.signal_bar[-1]} in a window of "
                f"{len(window)} bars: give indices into the window"
            )
        keep = entries.signal_bar >= chunk.history
        if self._direction != "both":
            keep &= entries.side == (1 if self._direction == "long" else -1)
        if not keep.all():
            entries = entries.take(keep)
        if len(entries) and (self._stop or self._target):
            entries = self._with_levels(entries, chunk, prepared.get(self._atr))
        return entries.moved(chunk.base - chunk.history)

    def _with_levels(self, entries: Entries, chunk: Chunk, atr_values: Floats | None) -> Entries:
        """Put the run's own stop and target in place of the strategy's; a signal whose ATR is not warm is none."""
        at = entries.signal_bar
        stop, target = entries.stop, entries.target
        stop_price, target_price = entries.stop_price, entries.target_price
        if self._stop is not None:
            stop = self._distance(self._stop, at, chunk, atr_values, stop)
            if self._target is None and self._strategy.target_in_r:
                target = target / entries.stop * stop
            stop_price = np.full(len(at), np.nan)
        if self._target is not None:
            risk = np.where(np.isnan(stop_price), stop, np.abs(chunk.close[at] - stop_price))
            target = self._distance(self._target, at, chunk, atr_values, risk)
            target_price = np.full(len(at), np.nan)
        warm = np.ones(len(at), dtype=bool)
        for distance in (self._stop, self._target):
            if distance is not None and distance.unit == "atr" and atr_values is not None:
                warm &= atr_values[at] > 0.0
        changed = Entries.__new__(Entries)
        for name in Entries.__slots__:
            setattr(changed, name, getattr(entries, name))
        changed.stop, changed.target, changed.stop_price, changed.target_price = stop, target, stop_price, target_price
        return changed if warm.all() else changed.take(warm)

    def _distance(
        self, distance: Distance, at: npt.NDArray[np.int64], chunk: Chunk, atr_values: Floats | None, risk: Floats
    ) -> Floats:
        """The distance in price units at each signal bar of the window."""
        if distance.unit == "none":
            return np.full(len(at), np.nan)
        if distance.unit == "atr" and atr_values is not None:
            return distance.amount * atr_values[at]
        if distance.unit == "pct":
            return chunk.close[at] * (distance.amount / 100.0)
        if distance.unit == "r":
            return distance.amount * risk
        unit = 1.0 if distance.unit == "points" else (self._pip or 0.0001)
        return np.full(len(at), distance.amount * unit)
