"""Feeds of entries and exit signals for each chunk: from a strategy over its indicators, or from given lists."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.engine.signals import ATR, MeasuredEntries, Pips, Preparation, Prepared, SignalMaker
from barloom.errors import InputError
from barloom.indicators import IndicatorBank
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.orders import AtSignals, OrderTemplate
from barloom.strategies.base import Strategy


class Feed(Protocol):
    """Gives entries and exit signals chunk by chunk, in the order of the bars."""

    history: int
    """Bars before a chunk that the feed reads."""
    uses_volume: bool
    name: str
    warmup: int
    """Bars that must exist before the first possible entry."""

    def prepare(self, chunk: Chunk) -> Prepared:
        """Compute the indicators of the chunk on the reader thread. The arrays are valid until two more chunks have been prepared."""

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The entries signalled on the new bars of the chunk; ``signal_bar`` counts in the slice."""

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exits signalled on the new bars of the chunk, counted the same way; None if this feed never gives any."""


class EntriesFeed:
    """Given entries and exit signals, handed out by their signal bars, with the run's exits applied.

    Raises:
        InputError: prices to wait for where the run enters at the market, or none where it waits.
    """

    history = 0
    uses_volume = False
    name = "entries"
    warmup = 1

    def __init__(
        self, entries: Entries, orders: OrderTemplate | None = None, exit_signals: ExitSignals | None = None
    ) -> None:
        self._orders = OrderTemplate() if orders is None else orders
        self._orders.check(entries, "entries of simulate()")
        self._entries = entries
        self._dealt = 0
        self._exit_signals = exit_signals
        self._exits_dealt = 0
        self._pips = Pips()
        self._bank = IndicatorBank([ATR]) if self._orders.wants_atr else None

    def prepare(self, chunk: Chunk) -> Prepared:
        """The ATR of the chunk, if a distance is measured by it."""
        return {} if self._bank is None else self._bank.update(chunk)

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The entries whose signal bars are in the chunk.

        Raises:
            InputError: after the last chunk, an entry lies beyond the bars; one that has no ATR to measure its exits
                by.
        """
        start, self._dealt = self._dealt, _until(chunk, self._entries.signal_bar, "entry")
        dealt = self._entries.take(slice(start, self._dealt))
        pip = self._pips.of(chunk)
        if not len(dealt) or not self._orders.wants_plans:
            return dealt
        bars = dealt.signal_bar - (chunk.base - chunk.history)
        values = prepared.get(ATR)
        at = AtSignals(chunk.close[bars], None if values is None else values[bars], pip)
        warm = self._orders.warm(at)
        if not warm.all():
            row = int(np.argmin(warm))
            raise InputError(
                f"entry {start + row} on bar {dealt.signal_bar[row]} has no ATR to measure its exits by: "
                "leave it out, or give distances in another unit"
            )
        return self._orders.apply_exits(dealt, at)

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exit signals whose bars are in the chunk.

        Raises:
            InputError: after the last chunk, one lies beyond the bars.
        """
        if self._exit_signals is None:
            return None
        start, self._exits_dealt = self._exits_dealt, _until(chunk, self._exit_signals.signal_bar, "exit signal")
        return self._exit_signals.take(slice(start, self._exits_dealt))


def _until(chunk: Chunk, bars: npt.NDArray[np.int64], kind: str) -> int:
    """Number of signals up to the end of the chunk; after the last chunk, a signal left over is an error."""
    end = int(np.searchsorted(bars, chunk.base + chunk.rows))
    if chunk.last and end < len(bars):
        raise InputError(
            f"signal_bar of {kind} {end} is {bars[end]}, but the last bar is {chunk.base + chunk.rows - 1}: "
            "count bars from 0 within the selection"
        )
    return end


class StrategyFeed:
    """A strategy's signals on its side of the market, with the run's options in place of the strategy's own."""

    def __init__(self, strategy: Strategy, *, direction: str = "both", orders: OrderTemplate | None = None) -> None:
        self._orders = OrderTemplate() if orders is None else orders
        self._maker = SignalMaker(strategy, direction)
        self._preparation = Preparation([self._maker], atr=self._orders.wants_atr)
        self._pips = Pips()
        self.gives_exits = self._maker.gives_exits
        self.name = self._maker.name
        self.history = self._maker.history
        self.bank = self._preparation.bank
        self.warmup = max(1, self.bank.warmup)
        self.uses_volume = self._preparation.uses_volume
        self.raw = Entries.none()
        """Entries that the strategy returned for the last chunk, counted from the first bar of its history."""

    def prepare(self, chunk: Chunk) -> Prepared:
        """The indicators of the chunk, and the parts of longer timeframes that it sees."""
        return self._preparation.prepare(chunk)

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The signals of the chunk's new bars.

        Raises:
            StrategyError: the strategy's code failed.
            InputError: it gave signals that cannot be used.
        """
        pip = self._pips.of(chunk)
        entries = self.raw = self._maker.entries(chunk, prepared)
        measured = MeasuredEntries.of(entries, chunk, prepared, pip, atr=self._orders.wants_atr)
        return measured.with_exits(self._orders, self._maker)

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exits that the strategy signals on the chunk's new bars; None for a strategy that defines no ``exits``.

        Raises:
            StrategyError, InputError: see ``entries``.
        """
        return self._maker.exit_signals(chunk, prepared)
