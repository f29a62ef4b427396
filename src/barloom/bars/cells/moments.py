"""Moments written as text: grammars of dates and times of day, read for a whole column at once.

Cells that differ in their digits only have one shape: the grammar is asked once a shape, then the digits of all its
cells are read by place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from barloom.bars.cells.names import MONTH, MONTHS, WEEKDAY, WEEKDAYS
from barloom.bars.times import FIRST_TIME

Ints = npt.NDArray[np.int64]
Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")

_DATE = (
    rb"(?:(?P<Y>\d{4})(?P<s>[./ -]|[./-] )(?P<M>\d{1,2})(?P=s)(?P<D>\d{1,2})"
    rb"|(?P<Y6>\d{4})(?:\xe5\xb9\xb4|\xeb\x85\x84) ?(?P<M6>\d{1,2})(?:\xe6\x9c\x88|\xec\x9b\x94) ?"
    rb"(?P<D6>\d{1,2})(?:\xe6\x97\xa5|\xec\x9d\xbc)"  # 年月日 and 년월일
    rb"|(?P<e8>\d{8})(?!\d)"
    rb"|(?P<a>\d{1,2})(?P<s1>[./ -])(?P<b>\d{1,2})(?P=s1)(?P<Y1>\d{4})"
    rb"|(?P<p>\d{1,2})(?P<s2>[./ -])(?P<q>\d{1,2})(?P=s2)(?P<r>\d{1,2})(?![\d:])"
    rb"|(?P<D3>\d{1,2})(?:st|nd|rd|th)?\.?[./ -]?(?:de )?(?P<mon3>" + MONTH + rb")\.?,?(?:[./ -]|(?= de ))?(?: ?de )?"
    rb"(?:(?P<Y3>\d{4})|'?(?P<y3>\d{2})(?!:))"
    rb"|(?P<mon4>" + MONTH + rb")\.?[ -]?(?P<D4>\d{1,2})(?:st|nd|rd|th)?(?:, ?|[ /-])(?P<Y4>\d{4})"
    rb"|(?P<Y5>\d{4})[./ -]?(?P<mon5>" + MONTH + rb")\.?[./ -]?(?P<D5>\d{1,2}))"
)
_COLONS = rb"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?(?: ?(?P<ap>[ap])\.?m\.?)?"
_HOURS = rb"(?P<h5>\d{1,2})[ -]?(?P<ap5>[ap])\.?m\.?"
_COMPACT = rb"(?P<h2>\d{2})(?P<m2>\d{2})(?:(?P<S2>\d{2})(?:[.,](?P<f2>\d{1,9})|(?P<f4>\d{3}))?)?"
_ZONE = rb"(?P<zone> ?(?:z|(?:utc|gmt)?(?:(?P<sign>[+-])(?P<zh>\d{1,2})(?::?(?P<zm>\d{2}))?)?))"
_OF_DAY = rb"(?:(?:[ t_,-]|, ?| {2,3})(?:at )?(?:" + _COLONS + rb"|" + _HOURS + rb"|" + _COMPACT + rb"))?"
_DENSE = rb"(?P<d>\d{8})(?P<h3>\d{2})(?P<m3>\d{2})(?:(?P<S3>\d{2})(?P<f3>\d{3})?)?"
_DAY_NAME = rb"(?:(?P<weekday>" + WEEKDAY + rb")\.?,? )?"
_MOMENT = _DAY_NAME + rb"(?:" + _DENSE + rb"|" + _DATE + _OF_DAY + rb")" + _ZONE
# A date of two digits a number and nothing between them has a time of day beside it, or is told as digits.
_SHORT_DATE = rb"(?P<e6>\d{6}) (?:" + _COLONS + rb"|" + _COMPACT + rb")" + _ZONE
# What most files have, told without the patterns above, which take longer to compile than a small file to read.
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?P<clock>[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?")

SHAPES = 256  # shapes of cells of one length looked for among the rest of a column before cells are read one by one
LONGEST = 64
SECOND = 10**9
CENTURY = 69  # two digits of a year from here on are of 1900


class Grammar:
    """Patterns of moments with named groups, tried one after the other on a lower-case cell; compiled when one is asked for."""

    def __init__(self, *patterns: bytes) -> None:
        self.patterns = patterns
        self._compiled: tuple[re.Pattern[bytes], ...] = ()

    def match(self, cell: bytes) -> re.Match[bytes] | None:
        """The first pattern that matches the whole cell and whose words are names of months and weekdays; None if there is none."""
        if not self._compiled:
            self._compiled = tuple(re.compile(pattern, re.IGNORECASE) for pattern in self.patterns)
        for pattern in self._compiled:
            found = pattern.fullmatch(cell)
            if found is not None and _named(found.groupdict()):
                return found
        return None


def _named(groups: dict[str, bytes]) -> bool:
    """Tell if the words of a cell are names of months and weekdays."""
    day = groups.get("weekday")
    if day is not None and day not in WEEKDAYS:
        return False
    return all(groups[name] in MONTHS for name in ("mon3", "mon4", "mon5") if groups.get(name) is not None)


KNOWN = Grammar(_MOMENT, _SHORT_DATE)
"""Formats of moments that are recognised without an option."""
_DATES = Grammar(_DAY_NAME + rb"(?:" + _DATE + rb"|(?P<e6>\d{6}))")
_CLOCKS = Grammar(_COLONS, _COMPACT)


def followed_by(zone: str) -> Grammar:
    """The grammar of moments followed by the name of one zone."""
    behind = rb" +" + re.escape(zone.lower().encode())
    return Grammar(*(pattern + behind for pattern in KNOWN.patterns))


def reads(cells: Sequence[str], order: Order | None = None) -> bool:
    """Tell if every cell is a moment that exists."""
    return bool(cells) and all(read_one(cell, order) != FIRST_TIME for cell in cells)


def read_one(cell: str, order: Order | None = None, grammar: Grammar = KNOWN) -> int:
    """A cell as nanoseconds, naive unless it says its offset; ``FIRST_TIME`` where it is no time."""
    text = cell.strip().lower().encode()
    if not 6 <= len(text) <= LONGEST:
        return FIRST_TIME
    return int(_of_one_shape(np.frombuffer(text, dtype=np.uint8).reshape(1, -1), order, grammar, None)[0])


def is_zoned(cell: str, grammar: Grammar = KNOWN) -> bool:
    """Tell if a cell says its offset from UTC."""
    iso = _ISO.fullmatch(cell.strip())
    if iso is not None and grammar is KNOWN:
        return iso["zone"] is not None
    found = grammar.match(cell.strip().lower().encode())
    return bool(found and found.groupdict().get("zone"))


def is_iso(cell: str) -> bool:
    """Tell if a cell is written as 2024-03-04, with a time of day behind it or not."""
    return _ISO.fullmatch(cell.strip()) is not None


def is_date(cell: str) -> bool:
    """Tell if a cell is a date without a time of day."""
    iso = _ISO.fullmatch(cell.strip())
    if iso is not None:
        return iso["clock"] is None
    return _DATES.match(cell.strip().lower().encode()) is not None


@lru_cache(4096)
def looks_like(cell: str) -> bool:
    """Tell if a cell is written like a moment or a date, whether or not there is such a one."""
    if _ISO.fullmatch(cell.strip()) is not None:
        return True
    text = cell.strip().lower().encode()
    return 4 <= len(text) <= LONGEST and (KNOWN.match(text) is not None or _DATES.match(text) is not None)


def is_time_of_day(cell: str) -> bool:
    """Tell if a cell is a time of day without a date."""
    if _ISO.fullmatch(cell.strip()) is not None:
        return False
    found = _CLOCKS.match(cell.strip().lower().encode())
    if found is None:
        return False
    groups = found.groupdict()
    hour, minute = (groups["h"], groups["m"]) if "h" in groups else (groups["h2"], groups["m2"])
    return int(hour) < 24 and int(minute) < 60


def to_ns(column: Any, order: Order | None = None, grammar: Grammar = KNOWN, *, zoned: bool | None = None) -> Ints:
    """A column of text as nanoseconds, those without an offset naive; ``FIRST_TIME`` for a cell that is no time.

    Args:
        column: Arrow array of strings, trimmed.
        order: of the numbers in dates that do not begin with four digits of a year and name no month; None reads none
            of those.
        grammar: what moments look like.
        zoned: whether cells say their offset; those that differ are no times. None takes both.
    """
    import pyarrow as pa

    column = column.cast(pa.large_binary())
    if column.null_count:
        column = column.fill_null(b"")
    times = np.full(len(column), FIRST_TIME, dtype=np.int64)
    if not len(column):
        return times
    _, places, data = column.buffers()
    ends = np.frombuffer(places, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.zeros(0, dtype=np.uint8)
    lengths = np.diff(ends)
    for length in sorted(set(lengths.tolist())):
        if not 4 <= length <= LONGEST:
            continue
        rows = np.flatnonzero(lengths == length)
        cells = text[ends[rows][:, None] + np.arange(length)]
        _lower(cells)
        times[rows] = _of_one_length(cells, order, grammar, zoned)
    return times


def _lower(cells: npt.NDArray[np.uint8]) -> None:
    """Convert letters to lower case in place, those of Western Europe included."""
    cells[(cells >= 65) & (cells <= 90)] += 32
    if (cells >= 128).any():
        accented = (cells[:, 1:] >= 0x80) & (cells[:, 1:] <= 0x9E) & (cells[:, :-1] == 0xC3)
        cells[:, 1:][accented] += 32


def _of_one_length(cells: npt.NDArray[np.uint8], order: Order | None, grammar: Grammar, zoned: bool | None) -> Ints:
    times = np.full(len(cells), FIRST_TIME, dtype=np.int64)
    left = np.arange(len(cells))
    for _ in range(SHAPES):
        if not len(left):
            return times
        these = cells[left]
        first = these[0]
        digit = (first >= 48) & (first <= 57)
        alike = (these[:, ~digit] == first[~digit]).all(axis=1) & (these[:, digit] - 48 <= 9).all(axis=1)
        times[left[alike]] = _of_one_shape(these[alike], order, grammar, zoned)
        left = left[~alike]
    for row in left.tolist():
        times[row] = _of_one_shape(cells[row : row + 1], order, grammar, zoned)[0]
    return times


def _of_one_shape(cells: npt.NDArray[np.uint8], order: Order | None, grammar: Grammar, zoned: bool | None) -> Ints:
    """Times of cells that differ only in their digits. Checks the digits; all other characters are those of the first cell."""
    found = grammar.match(cells[0].tobytes())
    if not found:
        return np.full(len(cells), FIRST_TIME, dtype=np.int64)
    groups = found.groupdict()
    if zoned is not None and zoned != bool(groups.get("zone")):
        return np.full(len(cells), FIRST_TIME, dtype=np.int64)
    digits = _Digits(cells, found)
    date = _date(digits, groups, order)
    if date is None:
        return np.full(len(cells), FIRST_TIME, dtype=np.int64)
    hour, minute, second = digits.of("h", "h2", "h3", "h5"), digits.of("m", "m2", "m3"), digits.of("S", "S2", "S3")
    sound = (hour < 24) & (minute < 60) & (second < 60)
    half = groups.get("ap") or groups.get("ap5")
    if half:
        sound = (hour >= 1) & (hour <= 12) & (minute < 60) & (second < 60)
        hour = hour % 12 + (12 if half == b"p" else 0)
    days, exists = days_of(*date)
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    ahead = (digits.of("zh") * 60 + digits.of("zm")) * 60 * (-1 if groups.get("sign") == b"-" else 1)
    return np.where(sound & exists, (seconds - ahead) * SECOND + digits.fraction(), FIRST_TIME)


class _Digits:
    """Numbers of the named places of cells of one shape."""

    def __init__(self, cells: npt.NDArray[np.uint8], found: re.Match[bytes]) -> None:
        self.cells = cells
        self.found = found
        self.groups = found.groupdict()

    def __len__(self) -> int:
        return len(self.cells)

    def of(self, *names: str) -> Ints:
        """The number at the first of the places that the shape has; 0 if it has none of them."""
        for name in names:
            if self.groups.get(name) is not None:
                return self.at(*self.found.span(name))
        return np.zeros(len(self.cells), dtype=np.int64)

    def at(self, start: int, stop: int) -> Ints:
        """The number of the digits between two places."""
        value = np.zeros(len(self.cells), dtype=np.int64)
        for at in range(start, stop):
            value = value * 10 + (self.cells[:, at] - 48)
        return value

    def fraction(self) -> Ints:
        """Nanoseconds given by the digits after the seconds."""
        for name in ("f", "f2", "f3", "f4"):
            if self.groups.get(name):
                return self.of(name) * np.int64(10 ** (9 - len(self.groups[name])))
        return np.zeros(len(self.cells), dtype=np.int64)


def _date(digits: _Digits, groups: dict[str, bytes], order: Order | None) -> tuple[Ints, Ints, Ints] | None:
    """Year, month and day; None if the order of the date's numbers is needed but not known, or does not fit."""
    if any(groups.get(name) is not None for name in ("D", "D3", "D4", "D5", "D6")):
        named = next((groups[name] for name in ("mon3", "mon4", "mon5") if groups.get(name)), None)
        month = digits.of("M", "M6") if named is None else np.full(len(digits), MONTHS[named], dtype=np.int64)
        short = groups.get("y3") is not None
        year = whole_year(digits.of("y3")) if short else digits.of("Y", "Y3", "Y4", "Y5", "Y6")
        return year, month, digits.of("D", "D3", "D4", "D5", "D6")
    if groups.get("Y1") is not None:
        a, b = digits.of("a"), digits.of("b")
        if order == "dmy":
            return digits.of("Y1"), b, a
        return (digits.of("Y1"), a, b) if order == "mdy" else None
    for name in ("p", "e6"):
        if groups.get(name) is None:
            continue
        start = digits.found.start(name)
        p, q, r = (
            (digits.of("p"), digits.of("q"), digits.of("r"))
            if name == "p"
            else (digits.at(start, start + 2), digits.at(start + 2, start + 4), digits.at(start + 4, start + 6))
        )
        if order is None or (order != "ymd" and name == "p" and len(groups["r"]) == 1):
            return None
        parts = dict(zip(order, (p, q, r), strict=True))
        return whole_year(parts["y"]), parts["m"], parts["d"]
    name = "e8" if groups.get("e8") is not None else "d"
    start = digits.found.start(name)
    if order in (None, "ymd"):
        return digits.at(start, start + 4), digits.at(start + 4, start + 6), digits.at(start + 6, start + 8)
    a, b, year = digits.at(start, start + 2), digits.at(start + 2, start + 4), digits.at(start + 4, start + 8)
    return (year, b, a) if order == "dmy" else (year, a, b)


def whole_year(two_digits: Ints) -> Ints:
    """Two-digit years as full years: 00 to 68 are 20xx, 69 to 99 are 19xx."""
    return two_digits + np.where(two_digits < CENTURY, 2000, 1900)


def days_of(year: Ints, month: Ints, day: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Days since 1970, and a flag for each date that is True if the date exists."""
    sound = (year >= 1678) & (year <= 2261) & (month >= 1) & (month <= 12)
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0)
    first_day = months.astype("datetime64[M]").astype("datetime64[D]").view(np.int64)
    next_month = (months + 1).astype("datetime64[M]").astype("datetime64[D]").view(np.int64)
    sound &= (day >= 1) & (day <= next_month - first_day)
    return first_day + day - 1, sound
