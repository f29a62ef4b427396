"""How entries fill and trades leave: everything but the bars and the entries themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from barloom.execution.costs import Costs
from barloom.execution.sessions import Session
from barloom.execution.sizing import Sizing


@dataclass(frozen=True, slots=True)
class Rules:
    """The execution rules of one run, resolved from a preset and the options beside it.

    Attributes:
        entry: what fills an entry, a key of ``fills.ENTRY``.
        intrabar: path policy, a key of ``fills.INTRABAR``.
        stop_wins_open: a bar that opens beyond the target and comes back to the stop leaves at the stop.
        gap_stop_at_level: a bar that opens beyond the stop fills at the stop, not at the open.
        gap_target_at_level: a bar that opens beyond the target fills at the target, not at the open.
        scan_entry_bar: whether a trade may leave on the bar that fills it.
        reenter_on_exit_bar: whether an entry may fill on the bar on which the last trade left.
        places: trades that may be open together, 0 for any number.
        reverse: an opposite signal leaves at the next open and enters there the other way.
        max_hold: bars on which an exit may happen, 0 for no limit.
        parts: rows of one signal: the rungs of the ladder, and one more for what they leave.
        session: when trades leave at the close of the day or the week.
        bounds: whether the accounts of the best and the worst case are kept as well.
    """

    entry: str = "next_open"
    intrabar: str = "pessimistic"
    stop_wins_open: bool = False
    gap_stop_at_level: bool = False
    gap_target_at_level: bool = False
    scan_entry_bar: bool = True
    reenter_on_exit_bar: bool = True
    places: int = 1
    reverse: bool = False
    max_hold: int = 0
    parts: int = 1
    session: Session | None = None
    bounds: bool = True
    costs: Costs = field(default_factory=Costs)
    sizing: Sizing = field(default_factory=Sizing)
