"""Decision of a strategy at the close of one bar, extracted from its signals for a window, and the comparison of two decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.plans import PLAN, default_plans

LAST_BIT = 1e-9
"""Relative difference up to which two values are the same except for rounding."""
SLIGHT = 1e-3
"""Relative difference that rounding alone can cause in differences of large sums, such as standard deviations."""
OF_PRICE = 1e-8
"""Share of the price by which distances may differ if windows begin on different bars."""
FIELDS = ("side", "stop", "target", "stop_price", "target_price", "max_hold", "size")
PLANNED: tuple[str, ...] = PLAN.names or ()
COLUMNS = (*FIELDS, *PLANNED)
DISTANCES = ("stop", "target", "trail")
NAN = float("nan")
UNPLANNED: tuple[Any, ...] = tuple(NAN if value != value else value for value in default_plans(1)[0].item())
Row = tuple[Any, ...]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision on one bar: one row per entry, in the order of ``COLUMNS``, and the sides that leave."""

    entries: tuple[Row, ...] = ()
    exits: tuple[int, ...] = ()

    def __str__(self) -> str:
        words = [_entry(row) for row in self.entries]
        words += [{1: "longs leave", -1: "shorts leave", 0: "all leave"}[side] for side in self.exits]
        return " and ".join(words) or "nothing"


NOTHING = Decision()


def _entry(row: Row) -> str:
    given = [
        f"{name} {value:.10g}"
        for name, value, usual in zip(COLUMNS[1:], row[1:], _USUAL[1:], strict=True)
        if value != usual and value == value
    ]
    return " ".join(["a long" if row[0] > 0 else "a short", *(["with", ", ".join(given)] if given else [])])


_USUAL: Row = (0, NAN, NAN, NAN, NAN, 0, NAN, *UNPLANNED)


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals that a strategy returned for a window, with bars counted from the first bar of the run."""

    entries: Entries
    exits: ExitSignals | None
    first: int
    """The bar that ``signal_bar`` of the entries counts from."""

    def at(self, bar: int) -> Decision:
        """The decision on one bar."""
        rows: tuple[Row, ...] = ()
        sides: tuple[int, ...] = ()
        if len(self.entries):
            bars = self.entries.signal_bar
            start = int(bars.searchsorted(bar - self.first))
            stop = start
            while stop < len(bars) and bars[stop] == bar - self.first:
                stop += 1
            rows = tuple(_row(self.entries, k) for k in range(start, stop))
        if self.exits is not None and len(self.exits):
            bars = self.exits.signal_bar
            start = int(bars.searchsorted(bar))
            stop = start
            while stop < len(bars) and bars[stop] == bar:
                stop += 1
            sides = tuple(self.exits.side[start:stop].tolist())
        return Decision(rows, sides) if rows or sides else NOTHING

    def bars(self) -> list[Ints]:
        """Bars with an entry, then bars with an exit if the strategy gives exits."""
        return [self.entries.signal_bar + self.first, *([] if self.exits is None else [self.exits.signal_bar])]

    def first_unlike(self, other: Signals, stop: int) -> int | None:
        """The first bar before ``stop`` on which the other signals differ by more than rounding; None if there is none."""
        found = [_first_unlike(_table(self.entries, self.first, stop), _table(other.entries, other.first, stop))]
        if self.exits is not None and other.exits is not None:
            found.append(_first_unlike(_leaving(self.exits, stop), _leaving(other.exits, stop)))
        return min((bar for bar in found if bar is not None), default=None)


def _row(entries: Entries, k: int) -> Row:
    values = [getattr(entries, name)[k].item() for name in FIELDS]
    if entries.plans is not None:
        values += entries.plans[k].item()
    # One NaN for all, which equals itself within tuples.
    row = tuple([NAN if value != value else value for value in values])
    return row if entries.plans is not None else row + UNPLANNED


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference of two decisions on one bar: in the signals themselves, or only in the last digits of a value."""

    rounding: bool
    column: str = ""
    one: float = 0.0
    other: float = 0.0

    @property
    def apart(self) -> float:
        """Relative difference of the two values; infinite if the difference is not between two numbers."""
        if not self.column or not isinstance(self.one, float) or not isinstance(self.other, float):
            return float("inf")
        size = max(abs(self.one), abs(self.other))
        return abs(self.one - self.other) / size if size > 0.0 else float("inf")

    @property
    def slight(self) -> bool:
        """True if rounding in sums can explain the difference: both have the value, and it is nearly the same."""
        return self.apart < SLIGHT


def difference(one: Decision, other: Decision, price: float = 0.0) -> Difference | None:
    """The difference of two decisions, None if there is none; distances may differ by a tiny share of ``price``."""
    if one == other:
        return None
    if len(one.entries) != len(other.entries) or one.exits != other.exits:
        return Difference(False)
    rounded: Difference | None = None
    for ours, theirs in zip(one.entries, other.entries, strict=True):
        for name, a, b in zip(COLUMNS, ours, theirs, strict=True):
            if a == b or (a != a and b != b):
                continue
            if not isinstance(a, float) or a != a or b != b:
                return Difference(False, name, a, b)
            near = LAST_BIT * max(abs(a), abs(b))
            if name in DISTANCES:
                near = max(near, OF_PRICE * price)
            if abs(a - b) > near:
                return Difference(False, name, a, b)
            rounded = rounded or Difference(True, name, a, b)
    return rounded


Table = tuple[Ints, list[tuple[Floats, bool]]]
"""Bars, and columns with a flag that is True if values must be equal to the bit."""


def _table(entries: Entries, first: int, stop: int) -> Table:
    bars = entries.signal_bar + first
    kept = slice(0, int(bars.searchsorted(stop)))
    plans = default_plans(0) if entries.plans is None else entries.plans
    columns = [(getattr(entries, name)[kept], name in ("side", "max_hold")) for name in FIELDS]
    if entries.plans is not None:
        columns += [(plans[name][kept], False) for name in PLANNED]
    return bars[kept], columns


def _leaving(exits: ExitSignals, stop: int) -> Table:
    kept = slice(0, int(exits.signal_bar.searchsorted(stop)))
    return exits.signal_bar[kept], [(exits.side[kept].astype(np.float64), True)]


def _first_unlike(one: Table, other: Table) -> int | None:
    shared = min(len(one[0]), len(other[0]))
    unlike = one[0][:shared] != other[0][:shared]
    for (a, exact), (b, _) in zip(one[1], other[1], strict=len(one[1]) == len(other[1])):
        a, b = a[:shared], b[:shared]
        near = 0.0 if exact else LAST_BIT * np.maximum(np.abs(a), np.abs(b))
        unlike |= ~((np.abs(a - b) <= near) | ((a != a) & (b != b)))
    if unlike.any():
        row = int(np.argmax(unlike))
        return int(min(one[0][row], other[0][row]))
    if len(one[0]) == len(other[0]):
        return None
    return int((one if len(one[0]) > shared else other)[0][shared])
