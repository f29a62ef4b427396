"""The sets of a batch by the signals they share, and why some of them cannot be run."""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barloom.engine.audit.audit import Audit, NoAudit
from barloom.engine.orchestrator import finer_of
from barloom.engine.resolve import RunSpec, SpecMaker
from barloom.engine.signals import SignalMaker
from barloom.errors import BarloomError, InputError
from barloom.rules.fills import refuse_exit_signals
from barloom.rules.parameters import RunParameters
from barloom.rules.rules import Rules
from barloom.strategies.again import Again, Shelf
from barloom.strategies.registry import load_strategy

if TYPE_CHECKING:
    from barloom.bars.bars import Bars


@dataclass(frozen=True, slots=True)
class SetSpec:
    """A set that can be run.

    Attributes:
        place: in the batch.
        spec: its parameters, parsed.
        market_key: equal for sets that share a market.
    """

    place: int
    spec: RunSpec
    market_key: Hashable

    @property
    def rules(self) -> Rules:
        """Its execution rules."""
        return self.spec.rules

    @property
    def atr(self) -> bool:
        """True where a distance is measured by the ATR."""
        return self.spec.template.wants_atr


class SignalGroup:
    """The sets that have the same signals, and how they are made."""

    def __init__(self, number: int, maker: SignalMaker, again: Again, direction: str) -> None:
        self.number = number
        self.maker = maker
        self.again = again
        self.direction = direction
        self.audit: Audit | NoAudit | None = None
        self.sets: list[SetSpec] = []
        self.failed = False


class SetErrors(dict[int, str]):
    """Why sets could not be run, by their places; ``broken`` are those that failed in code, the first of them with its traceback.

    Text and not exceptions, which would keep the bars they met.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[int, str] = {}

    def note(self, place: int, error: BarloomError) -> None:
        """Note why a set cannot be run; the first reason stays."""
        if place in self:
            return
        self[place] = str(error)
        if not isinstance(error, InputError):
            self.broken[place] = "" if self.broken else "".join(traceback.format_exception(error))


class SignalGroups(list[SignalGroup]):
    """The sets that can be run, by the signals they share.

    Attributes:
        errors: why the others cannot.
        shelf: modules that copies of their strategies may share.
    """

    def __init__(self, bars: Bars, sets: Sequence[RunParameters], fine: Bars | None) -> None:
        """Group the sets of a batch over these bars."""
        super().__init__()
        self.errors = SetErrors()
        self.shelf: Shelf = {}
        self._bars = bars
        self._found: dict[Hashable, SignalGroup] = {}
        specs = SpecMaker(bounds=False)
        for place, parameters in enumerate(sets):
            try:
                self._take(place, specs.make(parameters), fine)
            except BarloomError as error:
                self.errors.note(place, error)
        self += [group for group in self._found.values() if group.sets]

    def _take(self, place: int, spec: RunSpec, fine: Bars | None) -> None:
        """Put a set to those it shares its signals with; what cannot stand is refused as in a run of its own."""
        finer_of(self._bars, spec.rules, fine)
        group = self._group(spec)
        if group.maker.gives_exits:
            refuse_exit_signals(spec.parameters.fills)
        if group.maker.reads_volume and not self._bars.has_volume:
            raise InputError(f"{self._bars.label} has no volume column, which strategy {group.maker.name} reads")
        own = group.number if spec.rules.reverse or group.maker.gives_exits else -1
        group.sets.append(SetSpec(place, spec, (own, own >= 0 and spec.template.wants_atr, spec.market)))

    def _group(self, spec: RunSpec) -> SignalGroup:
        """The sets with the signals of these parameters."""
        if spec.signals not in self._found:
            parameters = spec.parameters
            strategy = load_strategy(parameters.strategy, parameters.params)
            maker, again = SignalMaker(strategy, parameters.direction), Again(strategy, self.shelf)
            self._found[spec.signals] = SignalGroup(len(self._found), maker, again, parameters.direction)
        return self._found[spec.signals]

    @property
    def want_atr(self) -> bool:
        """True where a distance is measured by the ATR."""
        return any(one.atr for group in self for one in group.sets)
