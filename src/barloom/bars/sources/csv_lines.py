"""Which lines of a text are rows: no comments, no header once more, no footer, and of several symbols those of one."""

from __future__ import annotations

import re

from barloom.bars.cells import numbers
from barloom.bars.cells.names import is_named
from barloom.bars.sources.csv_layout import CsvLayout, joined_decimals
from barloom.bars.sources.csv_top import split

LONGEST_FOOTER = 20  # lines
_WORD = re.compile(rb"[\"'\s]*([A-Za-z\x80-\xff]+)")
_BEGINS = re.compile(rb"[\"'\s]*[+-]?[0-9.]")


def is_changed(piece: bytes, layout: CsvLayout, last: bool) -> bool:
    """Tell if lines of a piece may have to be left out or rewritten."""
    if layout.filtered or layout.split_decimals or b"#" in piece or b"//" in piece:
        return True
    if layout.header_line and layout.header_line in piece:
        return True
    return last


def rows_of(piece: bytes, layout: CsvLayout, last: bool = False) -> bytes:
    """The lines of a piece that are rows, as they are to be parsed; ``last`` for the end of a file, where a footer may stand."""
    if not is_changed(piece, layout, last):
        return piece
    if last:
        piece = without_footer(piece, layout)
    if not is_changed(piece, layout, False):
        return piece
    kept = []
    for line in piece.split(b"\n"):
        if is_passed(line, layout):
            continue
        if layout.filtered and symbol_of(line, layout) != layout.symbol:
            continue
        if layout.split_decimals:
            cells = line.rstrip(b"\r").decode("utf-8", "replace").split(",")
            line = ",".join(joined_decimals(cells, len(layout.columns.names))).encode()
        kept.append(line)
    return b"\n".join(kept)


def is_passed(line: bytes, layout: CsvLayout) -> bool:
    """Tell if a line is a comment, or the header once more."""
    return line.startswith((b"#", b"//")) or (bool(layout.header_line) and line.rstrip(b"\r") == layout.header_line)


def without_footer(piece: bytes, layout: CsvLayout) -> bytes:
    """The end of a text without the lines behind its last row that say something else, such as a total or a source."""
    piece = _without_table(piece, layout)
    end = len(piece)
    for _ in range(LONGEST_FOOTER):
        bare = piece[:end].rstrip(b"\r\n")
        start = bare.rfind(b"\n") + 1
        line = bare[start:]
        if not line.strip() or not is_footer(line, layout) or start == 0:
            break
        end = start
    return piece[:end]


def _without_table(piece: bytes, layout: CsvLayout) -> bytes:
    """The end of a text without another table: an empty line, words, and lines none of which is a row."""
    lines = piece.rstrip(b"\r\n").split(b"\n")[-LONGEST_FOOTER - 1 :]
    begins = None
    for at in range(len(lines) - 1, 0, -1):
        cells = split(lines[at], layout.separator)
        if len(cells) == len(layout.columns.names) and sum(map(numbers.is_number, cells)) >= 4:
            break
        if lines[at].strip() and not lines[at - 1].strip() and is_footer(lines[at], layout):
            begins = at
    if begins is None:
        return piece
    return piece[: len(piece.rstrip(b"\r\n")) - len(b"\n".join(lines[begins:]))]


def is_footer(line: bytes, layout: CsvLayout) -> bool:
    """Tell if a line at the end of a file is none of its rows, nor the beginning of one that was cut."""
    word = _WORD.match(line)
    if _BEGINS.match(line) or (word is not None and is_named(word[1])):
        return False  # the beginning of a row
    cells = split(line, layout.separator)
    if len(cells) == len(layout.columns.names) and sum(map(numbers.is_number, cells)) >= 4:
        return False
    at = layout.columns.index["time"]
    return not (at > 0 and at < len(cells) and _BEGINS.match(cells[at].encode()))


def symbol_of(line: bytes, layout: CsvLayout) -> str | None:
    """The symbol of a line, None where it has none."""
    return None if layout.symbol_at is None else cell_of(line, layout.symbol_at, layout.separator)


def cell_of(line: bytes, at: int, separator: str) -> str | None:
    """A cell of a line, None where it has none there."""
    if b'"' in line:
        cells = split(line, separator)
        return cells[at].strip() if at < len(cells) else None
    parts = line.rstrip(b"\r").split(separator.encode(), at + 1)
    return parts[at].decode("utf-8", "replace").strip() if at < len(parts) else None
