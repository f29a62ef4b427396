"""Selection of rows of a source: a fraction, one portion of it, and a range of times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from barloom.bars.times import FIRST_TIME, LAST_TIME, parse_time
from barloom.errors import InputError


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one portion of the source, and of those the ones with ``start <= time < end`` (nanoseconds UTC)."""

    fraction: Fraction = Fraction(1)
    portion: int = 1
    start: int = FIRST_TIME
    end: int = LAST_TIME

    @property
    def whole(self) -> bool:
        """True if every row is taken."""
        return self.fraction == 1 and self.start == FIRST_TIME and self.end == LAST_TIME

    def rows(self, total: int) -> tuple[int, int]:
        """First row of this portion among ``total`` rows, and the row after its last; portions cover every row once."""
        first = math.floor((self.portion - 1) * self.fraction * total)
        if self.portion == portions(self.fraction):
            return first, total
        return first, math.floor(self.portion * self.fraction * total)


def portions(fraction: Fraction) -> int:
    """Number of portions of a fraction: 1/fraction rounded up. 0.25 has 4, 0.1 has 10, 0.3 has 4 (three of 30%, one of 10%)."""
    return math.ceil(1 / fraction)


def exact_fraction(fraction: Any) -> Fraction:
    """The fraction a user means: 0.1 is one tenth, 0.3333333333333333 one third.

    Raises:
        InputError: it is no number above 0 and up to 1.
    """
    try:
        value = float(fraction)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 < value <= 1:
        raise InputError(f"the fraction of the data is {fraction}: give a number above 0 and up to 1, such as 0.25")
    exact = Fraction(value).limit_denominator(10**12)
    if exact == 0:
        raise InputError(f"the fraction of the data is {fraction}: too small for any row")
    return exact


def make_selection(fraction: Any = 1.0, portion: Any = 1, start: Any = None, end: Any = None) -> Selection:
    """A checked selection from what users give.

    Raises:
        InputError: the fraction is not in (0, 1], the portion does not exist, a time cannot be read, or start is not
            before end.
    """
    exact = exact_fraction(fraction)
    count = portions(exact)
    number = _whole(portion)
    if number is None or not 1 <= number <= count:
        raise InputError(f"the portion is {portion}: a fraction of {fraction} has portions 1 to {count}")
    first = FIRST_TIME if start is None else parse_time(start, "start")
    last = LAST_TIME if end is None else parse_time(end, "end")
    if first >= last:
        raise InputError(f"start {start} is not before end {end}: the end is exclusive")
    return Selection(exact, number, first, last)


def _whole(value: Any) -> int | None:
    """The whole number that a value is or spells; None if it is none."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if isinstance(value, bool) or (not isinstance(value, str) and number != value) else number
