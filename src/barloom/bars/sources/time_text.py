"""Times written as text in ways that are not ISO: digits in fixed places, read for a whole column at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.times import FIRST_TIME

Ints = npt.NDArray[np.int64]

DATE = (
    r"(?:(?P<Y>\d{4})(?P<s>[./-]?)(?P<M>\d{2})(?P=s)(?P<D>\d{2})"
    r"|(?P<D1>\d{2})(?P<s1>[./-])(?P<M1>\d{2})(?P=s1)(?P<Y1>\d{4}))"
)
OF_DAY = r"(?P<h>\d{1,2}(?=:)|\d{2}):?(?P<m>\d{2})(?::?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
ZONE = r"(?P<zone> ?(?:Z|(?:UTC|GMT)?(?:(?P<sign>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2}))?))"
DATE_ONLY = re.compile(DATE)
TIME_OF_DAY = re.compile(OF_DAY)
MOMENT = re.compile(DATE + r"(?:[ T]?" + OF_DAY + r")?" + ZONE)
SHAPES = 64  # shapes of cells looked for among the rest of a column before cells are read one by one
SECOND = 10**9


def reads(cells: Sequence[str], month_first: bool = False) -> bool:
    """Whether every cell is a moment that exists."""
    return bool(cells) and all(_one(cell.strip().encode(), month_first) != FIRST_TIME for cell in cells)


def is_zoned(cell: str) -> bool:
    """Whether a cell says its offset from UTC."""
    found = MOMENT.fullmatch(cell.strip())
    return bool(found and found["zone"])


def month_first(cells: Sequence[str]) -> bool | None:
    """Whether 01/02/2012 is the second of January, told by a day past the twelfth; None where nothing tells."""
    for cell in cells:
        found = MOMENT.fullmatch(cell.strip())
        if not found or found["s1"] != "/":
            return False
        if int(found["D1"]) > 12 or int(found["M1"]) > 12:
            return int(found["M1"]) > 12
    return None


def to_ns(column: Any, month_first: bool = False) -> Ints:
    """A column of text as nanoseconds, those without an offset naive; ``FIRST_TIME`` for a cell that is no time.

    Args:
        column: Arrow array of strings, trimmed.
        month_first: whether 01/02/2012 is the second of January.
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
    for length in np.unique(lengths).tolist():
        if not 8 <= length <= 64:
            continue
        rows = np.flatnonzero(lengths == length)
        cells = text[ends[rows][:, None] + np.arange(length)]
        times[rows] = _of_one_length(cells, month_first)
    return times


def _of_one_length(cells: npt.NDArray[np.uint8], month_first: bool) -> Ints:
    times = np.full(len(cells), FIRST_TIME, dtype=np.int64)
    left = np.arange(len(cells))
    for _ in range(SHAPES):
        if not len(left):
            return times
        these = cells[left]
        first = these[0]
        digit = (first >= 48) & (first <= 57)
        alike = (these[:, ~digit] == first[~digit]).all(axis=1) & (these[:, digit] - 48 <= 9).all(axis=1)
        times[left[alike]] = _of_one_shape(these[alike], month_first)
        left = left[~alike]
    for row in left.tolist():
        times[row] = _one(cells[row].tobytes(), month_first)
    return times


def _one(cell: bytes, month_first: bool) -> int:
    cells = np.frombuffer(cell, dtype=np.uint8).reshape(1, -1)
    return int(_of_one_shape(cells, month_first)[0])


def _of_one_shape(cells: npt.NDArray[np.uint8], month_first: bool) -> Ints:
    """Times of cells that differ in their digits only; digits are checked, the rest is that of the first cell."""
    found = MOMENT.fullmatch(cells[0].tobytes().decode("latin-1"))
    if not found:
        return np.full(len(cells), FIRST_TIME, dtype=np.int64)

    def number(*names: str) -> Ints:
        for name in names:
            if found[name] is not None:
                value = np.zeros(len(cells), dtype=np.int64)
                for at in range(*found.span(name)):
                    value = value * 10 + (cells[:, at] - 48)
                return value
        return np.zeros(len(cells), dtype=np.int64)

    year, month, day = number("Y", "Y1"), number("M", "M1"), number("D", "D1")
    if found["s1"] == "/" and month_first:
        month, day = day, month
    hour, minute, second = number("h"), number("m"), number("S")
    fraction = number("f") * 10 ** (9 - len(found["f"])) if found["f"] else np.int64(0)
    sound = (year >= 1678) & (year <= 2261) & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0)
    first_day = months.astype("datetime64[M]").astype("datetime64[D]").view(np.int64)
    next_month = (months + 1).astype("datetime64[M]").astype("datetime64[D]").view(np.int64)
    sound &= (day >= 1) & (day <= next_month - first_day)
    seconds = (((first_day + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    ahead = (number("zh") * 60 + number("zm")) * 60 * (-1 if found["sign"] == "-" else 1)
    return np.where(sound, (seconds - ahead) * SECOND + fraction, FIRST_TIME)
