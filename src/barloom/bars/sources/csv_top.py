"""The top of a text file: lines before the first row, and the separator of columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from barloom.bars.cells import moments, numbers
from barloom.bars.column_names import LAST, SIDES, field_of
from barloom.bars.schema import plain
from barloom.errors import InputError

BOM = b"\xef\xbb\xbf"
SEPARATORS = ("\t", ";", "|", ",")
FEWEST = 4  # cells of a row, for a separator to be one
LOOKED = 120  # lines in which rows are looked for
BEFORE = 60  # lines that may stand before the header
COMMENTS = (b"#", b"//")

_EPOCH = re.compile(r"[+-]?\d{5,19}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Top:
    """The position at which the rows of a file begin, and its header."""

    offset: int
    """Bytes before the first row."""
    lines: int
    """Lines before the first row."""
    separator: str
    header: tuple[str, ...] | None
    """Names of the columns; None if the file has none."""
    header_line: bytes
    first_row: bytes
    """The first row as it is in the file, without its line end."""
    skipped: int
    """Lines before the header that carry no information about bars."""
    tickers: tuple[str, ...] | None = None
    """The row of tickers, if yfinance wrote a header of three rows."""


def split(line: bytes, separator: str = ",") -> list[str]:
    """The cells of a line."""
    text = line.decode("utf-8", "replace").rstrip("\r\n").replace("\0", "\ufffd")
    try:
        return next(csv.reader([text], delimiter=separator))
    except (csv.Error, StopIteration):
        return text.split(separator)


def is_comment(line: bytes) -> bool:
    """Tell if a line is a comment."""
    return line.lstrip().startswith(COMMENTS)


def find_top(label: str, first: bytes, chosen: Sequence[str] = ()) -> Top:
    """Find the header and the first row of a file that begins with ``first``, in UTF-8.

    The header is the nearest line before the first row that has names of columns, those a user chose or the usual ones;
    titles, addresses, comments and rows of units around it are passed over.

    Raises:
        InputError: the file is empty, or ends its lines with carriage returns alone.
    """
    offset = len(BOM) if first.startswith(BOM) else 0
    lines, starts = _lines(first, offset)
    told = next((re.fullmatch(rb"(?i)sep=([,;|\t])", line.strip()) for line in lines[:1]), None)
    if not any(line.strip() for line in lines[1 if told else 0 :]):
        raise InputError(f"{label} is empty")
    if any(b"\r" in line.rstrip(b"\r") for line in lines[:2]):
        raise InputError(f"{label} ends its lines with carriage returns alone: save it with line feeds")
    begin = 1 if told else 0
    body = lines[begin:]
    separator = told[1].decode() if told else _separator(body)
    table = [None if not line.strip() or is_comment(line) else split(line, separator) for line in body[:LOOKED]]
    row = _first_row(table)
    at = _header(body, table, row, separator, chosen)
    if at is None:
        first_line = row if row is not None else next(n for n, line in enumerate(body) if line.strip())
        skipped = sum(1 for line in body[:first_line] if line.strip())
        where = begin + first_line
        return Top(starts[where], where, separator, None, b"", body[first_line].strip(b"\r"), skipped)
    header_line = _uncommented(body[at]) if is_comment(body[at]) else body[at]
    names = split(header_line, separator)
    after, tickers = _after_header(body, at, names, separator, row)
    where = begin + after
    at_byte = starts[where] if where < len(starts) else len(first)
    skipped = sum(1 for line in body[:at] if line.strip())
    shown = body[after].strip(b"\r") if after < len(body) else b""
    return Top(at_byte, where, separator, tuple(names), body[at].rstrip(b"\r"), shown, skipped, tickers)


def _lines(first: bytes, offset: int) -> tuple[list[bytes], list[int]]:
    """Lines, and the position at which each begins; the last line may be cut."""
    lines, starts = [], []
    at = offset
    while at < len(first):
        end = first.find(b"\n", at)
        end = len(first) if end < 0 else end
        lines.append(first[at:end])
        starts.append(at)
        at = end + 1
    return lines, starts


def _separator(lines: Sequence[bytes]) -> str:
    """Separator of columns: the one with the most rows of bars, else one that splits all lines alike, else a comma."""
    whole = [line for line in lines[:LOOKED] if line.strip() and not is_comment(line)]
    whole = whole[:-1] or whole
    counts = {mark: sum(map(is_row, (split(line, mark) for line in whole[:40]))) for mark in SEPARATORS}
    best = max(SEPARATORS, key=lambda mark: counts[mark])
    if counts[best]:
        return best
    for mark in SEPARATORS[:-1]:
        cells = [line.count(mark.encode()) + 1 for line in whole]
        if cells and cells[0] >= FEWEST and cells.count(cells[0]) * 2 > len(cells):
            return mark
    return ","


def is_time(cell: str) -> bool:
    """Tell if a cell could be a time: a date, a moment, an epoch."""
    text = cell.strip()
    if _EPOCH.fullmatch(text):
        return True
    return moments.looks_like(text)


def is_row(cells: Sequence[str]) -> bool:
    """Tell if cells are those of a bar: a time and at least four numbers."""
    if len(cells) < 5:
        return False
    found = [numbers.is_number(cell) for cell in cells]
    times = [not is_number and is_time(cell) for cell, is_number in zip(cells, found, strict=True)]
    if sum(found) < 4:
        return False
    return any(times) or any(_EPOCH.fullmatch(cell.strip()) for cell in cells) or _looks_dated(cells)


def _looks_dated(cells: Sequence[str]) -> bool:
    """Tell if a cell has the digits and marks of a time in an unknown format."""
    return any(
        len(re.findall(r"\d", cell)) >= 4 and re.search(r"\d[-/:.\s]\w+[-/:.\s]\d", cell.strip()) for cell in cells
    )


def _first_row(table: Sequence[list[str] | None]) -> int | None:
    """The first line that is a row and has as many cells as most rows."""
    rows = [(number, len(cells)) for number, cells in enumerate(table) if cells is not None and is_row(cells)]
    if not rows:
        return None
    widths = [width for _, width in rows]
    usual = max(dict.fromkeys(widths), key=widths.count)
    return next(number for number, width in rows if abs(width - usual) <= 1)


def names_known(cells: Sequence[str]) -> int:
    """The number of different fields that cells name."""
    keys = [plain(cell) for cell in cells]
    fields = {field_of(key) or SIDES.get(key) or ("close" if key in LAST else None) for key in keys}
    return len(fields - {None})


def _header(
    body: Sequence[bytes], table: Sequence[list[str] | None], row: int | None, separator: str, chosen: Sequence[str]
) -> int | None:
    """The line of names; None if the file has none."""
    last = row if row is not None else min(len(body), BEFORE)
    wanted = {plain(name) for name in chosen}
    candidates = [n for n in range(max(last - BEFORE, 0), last) if body[n].strip()]

    def best(holds: Callable[[Sequence[str]], bool]) -> int | None:
        for number in candidates[::-1]:
            cells = table[number] if number < len(table) else None
            if cells is None:
                cells = split(_uncommented(body[number]), separator)
            if len(cells) >= 2 and holds(cells):
                return number
        return None

    found = best(lambda cells: len({plain(cell) for cell in cells} & wanted) >= 2) if wanted else None
    if found is None:
        wide = len(table[row] or ()) if row is not None else 0
        found = best(lambda cells: names_known(cells) >= FEWEST and _as_wide(len(cells), wide))
    if found is not None:
        return found
    if row is not None:
        return _unnamed_header(body, table, row)
    found = best(lambda cells: len(cells) >= FEWEST and names_known(cells) >= 1 and not is_row(cells))
    if found is not None:
        return found
    first = next((cells for cells in table if cells is not None), [])
    if any(numbers.is_number(cell) or is_time(cell) for cell in first):
        return None
    return next((number for number, cells in enumerate(table) if cells is not None), None)


def _as_wide(names: int, cells: int) -> bool:
    """Tell if a header of so many names fits rows of so many cells; a decimal comma may cut each number in two."""
    return names >= cells - 1 or 2 * names - 2 <= cells <= 2 * names


def _unnamed_header(body: Sequence[bytes], table: Sequence[list[str] | None], row: int) -> int | None:
    """A line of unknown names: at least as many as a bar has columns."""
    for number in range(row - 1, max(row - BEFORE, 0) - 1, -1):
        cells = table[number]
        if cells is None or len(cells) < FEWEST + 1:
            continue
        if not any(numbers.is_number(cell) or is_time(cell) for cell in cells):
            return number
    return None


def _uncommented(line: bytes) -> bytes:
    return line.lstrip().lstrip(b"#/").lstrip()


def _after_header(
    body: Sequence[bytes], at: int, names: Sequence[str], separator: str, row: int | None
) -> tuple[int, tuple[str, ...] | None]:
    """The line at which rows begin, and the tickers of yfinance; lines between without a number are no rows."""
    tickers = None
    after = at + 1
    end = row if row is not None else len(body)
    while after < min(end, at + 4):
        cells = split(body[after], separator)
        if plain(names[0]) == "price" and cells and plain(cells[0]) == "ticker":
            tickers = tuple(cells)
        elif (body[after].strip() and any(numbers.is_number(cell) for cell in cells)) or (
            body[after].strip() and row is None and plain(names[0]) != "price"
        ):
            break
        after += 1
    return after, tickers
