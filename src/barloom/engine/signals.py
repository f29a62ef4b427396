"""Signals of strategies, chunk by chunk, before the run's exits are applied; each indicator is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.errors import InputError
from barloom.indicators import IndicatorBank, atr
from barloom.indicators.cache import RING
from barloom.indicators.higher import HigherBank
from barloom.indicators.registry import columns, warmup
from barloom.indicators.spec import Source
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.orders import AtSignals, OrderTemplate
from barloom.strategies.base import Strategy
from barloom.strategies.calling import Theirs, describe
from barloom.strategies.window import Window

Floats = npt.NDArray[np.float64]
Prepared = Mapping[Any, Floats]
"""Values by their source: an indicator, or a series of a longer timeframe."""
Signals = TypeVar("Signals", Entries, ExitSignals)
ATR = atr(14)


class Pips:
    """The size of a pip, from the first close of the first chunk."""

    def __init__(self) -> None:
        self._pip: float | None = None

    def of(self, chunk: Chunk) -> float:
        """Price units in a pip."""
        if self._pip is None:
            self._pip = 0.01 if chunk.close[0] >= 20.0 else 0.0001
        return self._pip


class SignalMaker:
    """The signals of one strategy on its side of the market.

    Attributes:
        gives_exits: whether it leaves by signals too.
        history: bars before a chunk that it looks back on.
        reads_volume: whether it reads volumes, itself or by what it is made of.
        warmup: bars until each of its indicators has a value.
    """

    def __init__(self, strategy: Strategy, direction: str = "both") -> None:
        said = describe(strategy)
        self.name = said.name
        self.target_in_r = said.target_in_r
        self.gives_exits = type(strategy).exits is not Strategy.exits
        self.history = said.lookback
        self.specs = said.indicators
        self.higher = said.higher
        read = [*self.specs.values(), *(source for sources in self.higher.values() for source in sources.values())]
        self.reads_volume = said.uses_volume or any("volume" in columns(source) for source in read)
        self.warmup = max((warmup(spec) for spec in self.specs.values()), default=1)
        self._strategy = strategy
        self._direction = direction

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The signals of the chunk's new bars; ``signal_bar`` counts from the first bar of its history.

        Raises:
            StrategyError: the strategy's code failed.
            InputError: it gave signals that cannot be used.
        """
        entries = self._asked("signals", self._strategy.signals, Entries, chunk, prepared)
        keep = entries.signal_bar >= chunk.history
        if self._direction != "both":
            keep &= entries.side == (1 if self._direction == "long" else -1)
        return entries if keep.all() else entries.take(keep)

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The exits that the strategy signals on the chunk's new bars, counted in the slice; None if it defines no ``exits``.

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
        """Result of a method of the strategy on the chunk, checked to be inside its window."""
        window = Window(chunk, self.specs, prepared, self.higher)
        first, last = chunk.base - chunk.history, chunk.base + chunk.rows - 1
        with Theirs(lambda: f"{method}() of strategy {self.name} failed on bars {first} to {last}"):
            try:
                signals = ask(window)
            finally:
                window.end()
        if not isinstance(signals, kind):
            raise InputError(
                f"{method}() of strategy {self.name} gave a {type(signals).__name__}: return bl.{kind.__name__}"
            )
        if len(signals) and signals.signal_bar[-1] >= len(chunk.close):
            raise InputError(
                f"{method}() of strategy {self.name} gave signal_bar {signals.signal_bar[-1]} in a window of "
                f"{len(chunk.close)} bars: give indices into the window"
            )
        return signals


class Preparation:
    """The indicators that some strategies read, and their series of longer timeframes: each computed once per chunk.

    Attributes:
        bank: the indicators.
        history: bars before a chunk that are looked back on.
        uses_volume: whether volumes are read.
    """

    def __init__(self, makers: Sequence[SignalMaker], *, atr: bool, ring: int = RING) -> None:
        """Prepare for some strategies, and for the ATR 14 if ``atr``; ``ring`` is that of ``IndicatorBank``."""
        self.history = max((maker.history for maker in makers), default=0)
        wanted = [spec for maker in makers for spec in maker.specs.values()]
        self.bank = IndicatorBank([*wanted, ATR] if atr else wanted, self.history, ring)
        longer: dict[str, dict[Source, None]] = {}
        asking: dict[str, str] = {}
        for maker in makers:
            for timeframe, sources in maker.higher.items():
                longer.setdefault(timeframe, {}).update(dict.fromkeys(sources.values()))
                asking.setdefault(timeframe, f"higher() of strategy {maker.name}: timeframe")
        self._banks = [
            HigherBank(timeframe, {str(k): source for k, source in enumerate(sources)}, self.history, asking[timeframe])
            for timeframe, sources in longer.items()
        ]
        self.uses_volume = any(maker.reads_volume for maker in makers)

    def prepare(self, chunk: Chunk) -> Prepared:
        """The values of the chunk, its history included."""
        values: dict[Any, Floats] = dict(self.bank.update(chunk))
        for bank in self._banks:
            values.update(bank.update(chunk))
        return values


@dataclass(frozen=True, slots=True)
class MeasuredEntries:
    """Entries with the values that measure distances at their signal bars; entries without such values yet are left out."""

    entries: Entries
    at: AtSignals

    @classmethod
    def of(cls, entries: Entries, chunk: Chunk, prepared: Prepared, pip: float, *, atr: bool) -> MeasuredEntries:
        """Measure entries whose ``signal_bar`` counts from the first bar of history, also by the ATR if ``atr``.

        A signal whose distances cannot be measured yet is none, like one whose indicators are not warm.
        """
        values = prepared[ATR] if atr else None
        if values is not None:
            warm = values[entries.signal_bar] > 0.0
            entries = entries if warm.all() else entries.take(warm)
        bars = entries.signal_bar
        at = AtSignals(chunk.close[bars], None if values is None else values[bars], pip, chunk.base - chunk.history)
        return cls(entries, at)

    def without_conflicts(self) -> MeasuredEntries:
        """The same without bars that signal a long and a short."""
        conflicting = self.entries.conflicting()
        if not conflicting.any():
            return self
        keep = ~conflicting
        at = self.at
        values = None if at.atr is None else at.atr[keep]
        return MeasuredEntries(self.entries.take(keep), AtSignals(at.close[keep], values, at.pip, at.first))

    def with_exits(self, orders: OrderTemplate, maker: SignalMaker) -> Entries:
        """The entries with the options of a run in place of their own; ``signal_bar`` counts in the slice."""
        entries = self.entries
        orders.check(entries, f"strategy {maker.name}")
        if len(entries) and (orders.wants_levels or orders.wants_plans):
            entries = orders.apply_exits(entries, self.at, target_in_r=maker.target_in_r)
        return entries.moved(self.at.first)
