"""What the first lines of a CSV file say: whether they are a header, which column is which, how times are written."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from barloom.bars.schema import ALIASES, POSITIONS_EXAMPLE, PRICES, ColumnOptions, Layout, plain, resolve
from barloom.bars.sources.text import UTF16, is_text
from barloom.bars.times import FIRST_TIME, decimal_epochs_to_ns, epochs_to_ns
from barloom.errors import InputError

BOM = b"\xef\xbb\xbf"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
TRIED = 100  # first rows in which a readable time is sought

TimeStyle = Literal["naive", "zoned", "integer", "decimal"]


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How to read a CSV file."""

    columns: Layout
    time_style: TimeStyle
    offset: int
    """Bytes before the first data row: byte-order mark and header."""
    lines: int
    """Lines before the first data row."""


def read_layout(label: str, first: bytes, options: ColumnOptions) -> CsvLayout:
    """The layout of a CSV file that begins with the lines ``first``.

    Raises:
        InputError: it is no comma-separated text of bars, or the columns do not fit.
    """
    if first.startswith(UTF16):
        raise InputError(f"{label} is UTF-16 text: save it as UTF-8")
    if not is_text(first[:4096]):
        raise InputError(f"{label} holds no text: give CSV, Parquet or Arrow IPC")
    offset = len(BOM) if first.startswith(BOM) else 0
    lines = 0
    while first[offset : offset + 1] in (b"\n", b"\r"):  # empty lines before the first
        end = first.find(b"\n", offset)
        if end < 0:
            break
        offset, lines = end + 1, lines + 1
    if not first[offset:].strip():
        raise InputError(f"{label} is empty")
    line = first[offset:].split(b"\n", 1)[0]
    if b"\r" in line.rstrip(b"\r"):
        raise InputError(f"{label} ends its lines with carriage returns alone: save it with line feeds")
    cells = split(line)
    if len(cells) == 1:
        other = next(
            (name for mark, name in ((b";", "semicolons"), (b"\t", "tabs"), (b"|", "bars")) if mark in line), None
        )
        if other:
            raise InputError(f"{label} separates its columns with {other}: save it with commas")
    chosen = options.chosen
    if chosen is not None and options.by_position:
        places = [int(chosen[field]) - 1 for field in PRICES]
        headed = not any(at < len(cells) and NUMBER.fullmatch(cells[at].strip()) for at in places)
        names: Sequence[str] = cells if headed else [f"column {at + 1}" for at in range(len(cells))]
    else:
        headed = _is_header(cells, chosen)
        if not headed:
            raise InputError(
                f"{label} has no header (its first line is '{_shown(line)}'): "
                f"say which column is which, as in {POSITIONS_EXAMPLE}"
            )
        names = cells
    columns = resolve(label, names, options)
    if headed:
        end = first.find(b"\n", offset)
        offset, lines = (end + 1 if end >= 0 else len(first)), lines + 1
    rows = [row for row in first[offset:].split(b"\n")[: TRIED + 1] if row.strip()]
    if not rows:
        raise InputError(f"{label} has a header and no bars")
    return CsvLayout(columns, _time_style(label, rows[:TRIED], columns), offset, lines)


def split(line: bytes) -> list[str]:
    """The cells of a line."""
    text = line.decode("utf-8", "replace").rstrip("\r\n").replace("\0", "\ufffd")
    try:
        return next(csv.reader([text]))
    except (csv.Error, StopIteration):
        return text.split(",")


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return text if len(text) <= 120 else text[:117] + "..."


def _is_header(cells: Sequence[str], chosen: Mapping[str, str] | None) -> bool:
    known = {plain(name) for name in chosen.values()} if chosen else set(ALIASES)
    if any(plain(cell) in known for cell in cells if not cell.strip().isdecimal()):
        return True
    return not any(NUMBER.fullmatch(cell.strip()) or time_style(cell) for cell in cells)


def time_style(cell: str) -> TimeStyle | None:
    """How a cell writes its time; None where it holds none that barloom reads."""
    import pyarrow as pa

    text = cell.strip()
    if re.fullmatch(r"[+-]?\d+", text):
        if len(text) > 19 or int(text) >= 2**63:
            return None
        return "integer" if epochs_to_ns(np.array([int(text)], dtype=np.int64))[0] != FIRST_TIME else None
    if NUMBER.fullmatch(text):
        return "decimal" if decimal_epochs_to_ns(np.array([float(text)]))[0] != FIRST_TIME else None
    for style, kind in (("naive", pa.timestamp("ns")), ("zoned", pa.timestamp("ns", tz="UTC"))):
        try:
            pa.array([text]).cast(kind)
        except pa.ArrowInvalid:
            continue
        return "naive" if style == "naive" else "zoned"
    return None


def _time_style(label: str, rows: Sequence[bytes], columns: Layout) -> TimeStyle:
    at = columns.index["time"]
    cells = [cells[at] if at < len(cells) else "" for cells in map(split, rows)]
    for cell in cells:
        style = time_style(cell)
        if style is not None:
            return style
    raise InputError(
        f"{label} has '{cells[0][:60]}' as time in data row 1, in column '{columns.names[at].strip()}': "
        "give ISO times such as 2012-02-01T00:16:00Z or epochs, or choose the column with --columns"
    )
