"""Choice of the column of times, if several columns hold times: by their names and their cells."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from barloom.bars.cells import moments
from barloom.bars.cells.telling import moments_of
from barloom.bars.column_names import ALIASES, CLOSING, OPENING
from barloom.bars.schema import plain
from barloom.bars.steps import commonest
from barloom.bars.times import FIRST_TIME
from barloom.errors import InputError

Rows = Sequence[Sequence[str]]
LOOKED = 100  # rows whose cells tell what a column holds
EPOCH = re.compile(r"[+-]?\d{9,19}(\.\d*)?")
FEWEST = 3  # cells of a kind, where one is of none
CLOCK_DIGITS = re.compile(r"\d{1,6}")
ALMOST = 1_000_000_000  # nanoseconds by which a close may lie before the open of the next bar


@dataclass(frozen=True, slots=True)
class Times:
    """The columns that the times of bars are read from."""

    at: int | None
    clock: int | None = None
    """The time of day, if it is in a column of its own beside the dates."""
    stamp: str | None = None
    """``close`` if the column says that bars are stamped by their close."""
    others: tuple[int, ...] = ()
    """Columns of times that are not read."""
    notes: tuple[str, ...] = ()


def find_times(label: str, names: Sequence[str], free: Sequence[int], rows: Rows, clock_digits: int = 0) -> Times:
    """Find the column of times among those that are not prices.

    Raises:
        InputError: several hold times and nothing tells which of them bars go by.
    """
    keys = [plain(name) for name in names]
    rows = rows[:LOOKED]
    called = [at for at in free if ALIASES.get(keys[at]) == "time" or keys[at] in CLOSING]
    if not rows:
        return _by_names(label, names, keys, called)
    kinds = {at: kind_of(rows, at) for at in free}
    named = [at for at in called if kinds[at] or keys[at] in CLOSING]
    if not any(kinds[at] in ("date", "moment") for at in named):
        named += _unnamed(keys, kinds, [at for at in free if at not in called], rows)
    dates = [at for at in named if kinds[at] == "date"]
    clocks = [at for at in named if kinds[at] == "clock" and (clock_digits or _tells_clock(rows, at))]
    clocks = clocks or _digit_clocks(keys, [at for at in called if at not in clocks], dates, rows, clock_digits)
    dates = [at for at in dates if at not in clocks]
    whole = [at for at in named if kinds[at] == "moment" and at not in clocks]
    if not clocks and len(dates) == 1 and not whole:
        clocks = [at for at in free if at not in called and kinds[at] == "clock" and _share(rows, at, _has_colon)]
    if not whole and len(dates) == 1 and len(clocks) == 1:
        return Times(dates[0], clocks[0])
    if len(dates) == 1 and len(clocks) == 2 and not whole:
        return _two_clocks(label, names, keys, dates[0], clocks)
    candidates = whole or dates
    if len(candidates) == 1:
        found = Times(candidates[0], others=tuple(at for at in called if at != candidates[0]))
        return replace(found, stamp="close") if keys[candidates[0]] in CLOSING else found
    if not candidates:
        return Times(called[0]) if len(called) == 1 else _by_names(label, names, keys, called)
    return _of_several(label, names, keys, [at for at in named if at not in clocks], rows)


def kind_of(rows: Rows, at: int) -> str:
    """Kind of most cells of a column: ``date``, ``clock``, ``moment`` or an empty string."""
    if _share(rows, at, moments.is_time_of_day) and _share(rows, at, _has_colon):
        return "clock"
    if _share(rows, at, moments.is_date):
        return "date"
    if _share(rows, at, moments.is_time_of_day):
        return "clock"
    return "moment" if _share(rows, at, is_time) else ""


def _tells_clock(rows: Rows, at: int) -> bool:
    """Tell if cells are times of day that can be one thing only: 900 and 1000 are hours, or minutes and seconds."""
    cells = [row[at].strip() for row in rows if at < len(row) and row[at].strip()]
    digits = [cell for cell in cells if cell.isdecimal()]
    return len(digits) * 10 < len(cells) * 9 or clock_width(digits) > 0


def _has_colon(cell: str) -> bool:
    return ":" in cell


def _six_digits(cell: str) -> bool:
    text = cell.strip()
    return text.isdecimal() and len(text) <= 6


def is_time(cell: str) -> bool:
    """Tell if a cell could be a moment: a date with or without a time of day, or an epoch."""
    text = cell.strip()
    if EPOCH.fullmatch(text):
        return True
    return moments.looks_like(text) and (
        moments.is_iso(text) or any(moments.read_one(text, order) != FIRST_TIME for order in (None, *moments.ORDERS))
    )


def _unnamed(keys: Sequence[str], kinds: Mapping[int, str], free: Sequence[int], rows: Rows) -> list[int]:
    """The only column that holds times without a name, or with a name that is not known."""
    for kind in ("moment", "date"):
        holding = [at for at in free if kinds[at] == kind]
        without = [at for at in holding if not keys[at]]
        if without:
            return without[:1]
        dated = [at for at in holding if not _share(rows, at, str.isdecimal)]  # six digits are a volume as well
        if 1 in (len(dated), len(holding)):
            return dated if len(dated) == 1 else holding
    return []


def _share(rows: Rows, at: int, holds: Callable[[str], bool]) -> bool:
    """Tell if most cells of a column are of a kind."""
    cells = [row[at] for row in rows if at < len(row) and row[at].strip()]
    found = sum(map(holds, cells))
    return found > 0 and (found * 10 >= len(cells) * 9 or (found == len(cells) - 1 and found >= FEWEST))


def _digit_clocks(keys: Sequence[str], called: Sequence[int], dates: Sequence[int], rows: Rows, told: int) -> list[int]:
    """Columns of times of day in digits alone, as 931 or 93100, beside one of dates."""
    others = [at for at in called if at not in dates]
    if not others and len(dates) == 2:  # six digits can be a date and a time of day
        others = [
            at
            for at in dates
            if keys[at] != "date" and _share(rows, at, lambda cell: cell.strip().isdecimal() and len(cell.strip()) <= 6)
        ]
    if len(dates) - sum(at in dates for at in others) != 1:
        return []
    found = []
    for at in others:
        cells = [row[at].strip() for row in rows if at < len(row)]
        digits = [cell for cell in cells if CLOCK_DIGITS.fullmatch(cell)]
        if len(digits) * 10 >= len(cells) * 9 and (told or clock_width(digits)):
            found.append(at)
    return found


def clock_width(cells: Sequence[str]) -> int:
    """The number of digits, 4 or 6, that times of day such as 931 or 93100 are padded to; 0 if they are no times of day."""
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    if not numbers or (max(map(len, cells)) <= 2 and (max(numbers) < 24 or max(numbers) > 59)):
        return 0  # hours as well as minutes, or none of them
    padded = len(set(map(len, cells))) == 1
    if max(map(len, cells)) <= 4 and not padded and not any(number % 100 for number in numbers):
        return 0  # 100 is one o'clock or the first minute
    if all(number < 2400 and number % 100 < 60 for number in numbers) and max(map(len, cells)) <= 4:
        return 4
    if all(number < 240_000 and number % 100 < 60 and number // 100 % 100 < 60 for number in numbers):
        return 6
    return 0


def _by_names(label: str, names: Sequence[str], keys: Sequence[str], called: Sequence[int]) -> Times:
    """Choose by the names alone."""
    opening = [at for at in called if keys[at] in OPENING]
    other = [at for at in called if keys[at] not in CLOSING and at not in opening]
    best = opening or other or list(called)
    if len(best) > 1:
        raise InputError(_which(label, names, best))
    if not best:
        return Times(None)
    stamp = "close" if keys[best[0]] in CLOSING else None
    return Times(best[0], stamp=stamp, others=tuple(at for at in called if at != best[0]))


def _two_clocks(label: str, names: Sequence[str], keys: Sequence[str], date: int, clocks: Sequence[int]) -> Times:
    opening = [at for at in clocks if keys[at] in OPENING]
    closing = [at for at in clocks if keys[at] in CLOSING]
    if len(opening) == 1 or len(closing) == 1:
        at = opening[0] if opening else next(at for at in clocks if at not in closing)
        return Times(date, at, others=tuple(one for one in clocks if one != at))
    raise InputError(_which(label, names, clocks))


def _of_several(label: str, names: Sequence[str], keys: Sequence[str], places: Sequence[int], rows: Rows) -> Times:
    """Choose among columns that all hold moments: the column of opens. Closes come one bar later."""
    read = {at: moments_of([row[at] for row in rows if at < len(row)]) for at in places}
    known = {at: times for at, times in read.items() if times is not None}
    opening = [at for at in places if keys[at] in OPENING]
    closing = [at for at in places if keys[at] in CLOSING]
    plain_ones = [at for at in places if at not in opening and at not in closing]
    rest = tuple(places)
    if len(known) != len(places):
        if len(opening) == 1:
            return Times(opening[0], others=rest)
        raise InputError(_which(label, names, places))

    def same(one: int, other: int) -> bool:
        return len(known[one]) == len(known[other]) and bool((known[one] == known[other]).all())

    def before(one: int, other: int) -> bool:
        return len(known[one]) == len(known[other]) and bool((known[one] <= known[other]).all())

    if len(opening) == 1 and all(before(opening[0], at) for at in places):
        return Times(opening[0], others=rest, notes=(f"times of '{names[opening[0]].strip()}'",))
    if not opening and len(plain_ones) == 1 and closing:
        at = plain_ones[0]
        if same(at, closing[0]):
            return Times(at, stamp="close", others=rest, notes=(f"'{names[at].strip()}' is when bars close",))
        if before(at, closing[0]):
            return Times(at, others=rest, notes=(f"times of '{names[at].strip()}'",))
    if not opening and not closing:
        first = places[0]
        if all(same(first, at) for at in places):
            return Times(first, others=rest)
        if len(places) == 2:
            early, late = (places[0], places[1]) if before(places[0], places[1]) else (places[1], places[0])
            step = commonest(np.abs(np.diff(known[early])))[0]
            apart = known[late] - known[early] if len(known[late]) == len(known[early]) else np.zeros(0, dtype=np.int64)
            if len(apart) and step and bool(((apart <= step) & (apart >= step - ALMOST)).all()):
                return Times(early, others=rest, notes=(f"times of '{names[early].strip()}', at which bars open",))
    raise InputError(_which(label, names, places))


def _which(label: str, names: Sequence[str], places: Sequence[int]) -> str:
    """The question which of several columns holds the times of the bars."""
    shown = " and ".join(f"'{names[at].strip()}' (column {at + 1})" for at in places)
    others = shlex.quote(",".join(str(at + 1) for at in places[1:]))
    return (
        f"{label} has {len(places)} columns for time, {shown}, which are not the same: leave those unread that are not the opens "
        f"of bars, as with --ignore-columns {others} for '{names[places[0]].strip()}'"
    )
