"""What gives the entries and exit signals of each chunk: a strategy over its indicators, or lists made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.errors import BarloomError, InputError, StrategyError
from barloom.execution.entries import Entries
from barloom.execution.exit_signals import ExitSignals
from barloom.execution.orders import AtSignals, Orders
from barloom.indicators import IndicatorBank, atr
from barloom.indicators.higher import HigherBank
from barloom.strategies.base import Strategy
from barloom.strategies.window import Window

Floats = npt.NDArray[np.float64]
Prepared = Mapping[Any, Floats]
"""Values by what they are of: an indicator, or what is read of a longer timeframe."""
Signals = TypeVar("Signals", Entries, ExitSignals)
ATR = atr(14)


class Feed(Protocol):
    """Gives entries and exit signals chunk by chunk, in the order of the bars."""

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

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exits that the new bars of the chunk ask for, counted the same way; None where nothing ever asks for one."""


class EntriesFeed:
    """Entries and exit signals made beforehand, dealt out by their signal bars, with what the run's exits ask for.

    Raises:
        InputError: prices to wait for where the run enters at the market, or none where it waits.
    """

    history = 0
    uses_volume = False
    name = "entries"
    warmup = 1

    def __init__(self, entries: Entries, orders: Orders | None = None, exit_signals: ExitSignals | None = None) -> None:
        self._orders = Orders() if orders is None else orders
        self._orders.check(entries, "entries of simulate()")
        self._entries = entries
        self._dealt = 0
        self._exit_signals = exit_signals
        self._exits_dealt = 0
        self._pips = _Pips()
        self._bank = IndicatorBank([ATR]) if self._orders.wants_atr else None

    def prepare(self, chunk: Chunk) -> Prepared:
        """The ATR of the chunk, where a distance is measured by it."""
        return {} if self._bank is None else self._bank.update(chunk)

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The entries whose signal bars lie in the chunk.

        Raises:
            InputError: after the last chunk, an entry lies beyond the bars; one that has no ATR to measure its exits
                by.
        """
        start, self._dealt = self._dealt, _until(chunk, self._entries.signal_bar, "entry")
        dealt = self._entries.take(slice(start, self._dealt))
        pip = self._pips.of(chunk)
        if not len(dealt) or not self._orders.wants_plans:
            return dealt
        first = chunk.base - chunk.history
        at = _at_signals(chunk, dealt.signal_bar - first, prepared.get(ATR), pip, 0)
        warm = self._orders.warm(at)
        if not warm.all():
            row = int(np.argmin(warm))
            raise InputError(
                f"entry {start + row} on bar {dealt.signal_bar[row]} has no ATR to measure its exits by: "
                "leave it out, or give distances in another unit"
            )
        return self._orders.hang(dealt, at)

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exit signals whose bars lie in the chunk.

        Raises:
            InputError: after the last chunk, one lies beyond the bars.
        """
        if self._exit_signals is None:
            return None
        start, self._exits_dealt = self._exits_dealt, _until(chunk, self._exit_signals.signal_bar, "exit signal")
        return self._exit_signals.take(slice(start, self._exits_dealt))


def _until(chunk: Chunk, bars: npt.NDArray[np.int64], kind: str) -> int:
    """How many of the signal bars lie in the chunk or before it; none may be left after the last chunk."""
    end = int(np.searchsorted(bars, chunk.base + chunk.rows))
    if chunk.last and end < len(bars):
        raise InputError(
            f"signal_bar of {kind} {end} is {bars[end]}, but the last bar is {chunk.base + chunk.rows - 1}: "
            "count bars from 0 within the selection"
        )
    return end


class _Pips:
    """The size of a pip, told by the first close of the first chunk."""

    def __init__(self) -> None:
        self._pip: float | None = None

    def of(self, chunk: Chunk) -> float:
        if self._pip is None:
            self._pip = 0.01 if chunk.close[0] >= 20.0 else 0.0001
        return self._pip


def _at_signals(
    chunk: Chunk, at: npt.NDArray[np.int64], atr_values: Floats | None, pip: float, first: int
) -> AtSignals:
    return AtSignals(chunk.close[at], None if atr_values is None else atr_values[at], pip, first)


class StrategyFeed:
    """A strategy's signals, on its side of the market, with what the run asks for in place of its own."""

    def __init__(self, strategy: Strategy, *, direction: str = "both", orders: Orders | None = None) -> None:
        self._strategy = strategy
        self._direction = direction
        self._orders = Orders() if orders is None else orders
        self._pips = _Pips()
        self._specs = strategy.indicators()
        self._wants_atr = self._orders.wants_atr
        wanted = list(self._specs.values()) + ([ATR] if self._wants_atr else [])
        self.gives_exits = type(strategy).exits is not Strategy.exits
        self.name = strategy.name
        self.history = strategy.lookback
        self.bank = IndicatorBank(wanted, self.history)
        self.warmup = max(1, self.bank.warmup)
        self._higher = strategy.higher()
        subject = f"higher() of strategy {strategy.name}: timeframe"
        self._banks = [HigherBank(name, wanted, self.history, subject) for name, wanted in self._higher.items()]
        self.uses_volume = (
            strategy.uses_volume or "volume" in self.bank.columns or any(bank.uses_volume for bank in self._banks)
        )

    def prepare(self, chunk: Chunk) -> Prepared:
        """The indicators of the chunk, and what it sees of longer timeframes."""
        values: dict[Any, Floats] = dict(self.bank.update(chunk))
        for bank in self._banks:
            values.update(bank.update(chunk))
        return values

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The signals of the chunk's new bars.

        Raises:
            StrategyError: the strategy's code failed.
            InputError: it gave signals that cannot be used.
        """
        pip = self._pips.of(chunk)
        entries = self._asked("signals", self._strategy.signals, Entries, chunk, prepared)
        keep = entries.signal_bar >= chunk.history
        if self._direction != "both":
            keep &= entries.side == (1 if self._direction == "long" else -1)
        if not keep.all():
            entries = entries.take(keep)
        self._orders.check(entries, f"strategy {self.name}")
        first = chunk.base - chunk.history
        if len(entries) and (self._orders.wants_levels or self._orders.wants_plans):
            atr_values = prepared.get(ATR) if self._wants_atr else None
            at = _at_signals(chunk, entries.signal_bar, atr_values, pip, first)
            warm = self._orders.warm(at)
            if not warm.all():
                # A signal whose distances cannot be measured yet is none, like one whose indicators are not warm.
                entries = entries.take(warm)
                at = _at_signals(chunk, entries.signal_bar, atr_values, pip, first)
            entries = self._orders.hang(entries, at, target_in_r=self._strategy.target_in_r)
        return entries.moved(first)

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exits that the strategy decides on the chunk's new bars; None for a strategy that defines no ``exits``.

        Raises:
            StrategyError, InputError: see ``entries``.
        """
        if not self.gives_exits:
            return None
        signals = self._asked("exits", self._strategy.exits, ExitSignals, chunk, prepared)
        fresh = int(np.searchsorted(signals.signal_bar, chunk.history))
        return signals.take(slice(fresh, None)).moved(chunk.base - chunk.history)

    def _asked(
        self, method: str, ask: Callable[[Window], Signals], kind: type[Signals], chunk: Chunk, prepared: Prepared
    ) -> Signals:
        """What a method of the strategy makes of the chunk, checked to lie in its window."""
        window = Window(chunk, self._specs, prepared, self._higher)
        try:
            signals = ask(window)
        except BarloomError:
            raise
        except Exception as error:
            first, last = chunk.base - chunk.history, chunk.base + chunk.rows - 1
            raise StrategyError(
                f"{method}() of strategy {self.name} failed on bars {first} to {last}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(signals, kind):
            raise InputError(
                f"{method}() of strategy {self.name} gave a {type(signals).__name__}: return bl.{kind.__name__}"
            )
        if len(signals) and signals.signal_bar[-1] >= len(window):
            raise InputError(
                f"{method}() of strategy {self.name} gave signal_bar {signals.signal_bar[-1]} in a window of "
                f"{len(window)} bars: give indices into the window"
            )
        return signals
