"""Execution rules: how entries fill and trades leave."""

from __future__ import annotations

from dataclasses import dataclass, field

from barloom.rules.costs import Costs
from barloom.rules.fills import FillRules
from barloom.rules.sessions import Session
from barloom.rules.sizing import Sizing


@dataclass(frozen=True, slots=True)
class Rules(FillRules):
    """The execution rules of one run: those of its fills, resolved from a preset, and the options beside it.

    Attributes:
        entry: what fills an entry, a key of ``fills.ENTRY``.
        max_positions: trades that may be open together, 0 for any number.
        reverse: an opposite signal leaves at the next open and enters there the other way.
        max_hold: bars on which an exit may happen, 0 for no limit.
        parts: rows of one signal: the rungs of the ladder, and one more for what they leave.
        session: when trades leave at the close of the day or the week.
        bounds: whether the accounts of the best and the worst case are kept as well.
    """

    entry: str = "next_open"
    max_positions: int = 1
    reverse: bool = False
    max_hold: int = 0
    parts: int = 1
    session: Session | None = None
    bounds: bool = True
    costs: Costs = field(default_factory=Costs)
    sizing: Sizing = field(default_factory=Sizing)
