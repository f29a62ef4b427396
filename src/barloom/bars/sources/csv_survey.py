"""Survey of all rows of a text file for facts that its first rows leave open: the order of dates, the decimal mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from barloom.bars.cells.numbers import COMMA, POINT, Marks, number
from barloom.bars.cells.readings import TimeReading
from barloom.bars.cells.telling import Telling
from barloom.bars.schema import ASKS, PRICES
from barloom.bars.sources.csv_layout import CsvLayout, Draft, arrow_cells, is_falling, read_times
from barloom.bars.sources.csv_lines import rows_of
from barloom.bars.sources.csv_repair import as_text, joined_times
from barloom.bars.sources.text import Load, TextFile
from barloom.bars.stamps import DAY, early_by
from barloom.errors import InputError

FALLING = 100  # first rows that tell if the newest come first


def settle(label: str, draft: Draft, text: TextFile) -> CsvLayout:
    """The layout of a text file, from as many of its rows as are needed.

    Raises:
        InputError: nothing in the text tells what its dates or its prices are.
    """
    reading = draft.telling.judge()
    marks = draft.marks
    layout = draft.layout
    if reading is None or marks is not None:
        telling = Telling(label, draft.telling.readings, draft.telling.prior)
        marks = None if marks is None else Marks()
        reading = _survey(telling, marks, layout, text) or reading
        if reading is None:
            raise InputError(telling.question())
    decimal = layout.decimal
    if marks is not None:
        found = marks.judged()
        if found is None:
            raise InputError(_which_mark(label, marks))
        decimal = found
    layout = replace(layout, time=reading, decimal=decimal)
    return _clocked(layout, draft)


def _clocked(layout: CsvLayout, draft: Draft) -> CsvLayout:
    """The layout with facts from the times of the first rows: their direction, whether they are dates, which end of a bar they mark."""
    at, clock = layout.columns.index["time"], layout.clock
    rows = [row for row in draft.rows[:FALLING] if at < len(row)]
    cells = [row[at].strip() if clock is None or clock >= len(row) else _joined(row, at, clock, layout) for row in rows]
    times = np.array(read_times(cells, layout), dtype=np.int64)
    dates = layout.time.dates_only or (len(times) > 0 and not (times % DAY).any())
    layout = replace(layout, newest_first=is_falling(times), dates_only=dates)
    if early_by(times) and layout.stamp == "open" and not layout.time.asked:
        ends = cells[0][-6:].strip('"')
        note = f"its times end in {ends}, which is when bars close"
        return replace(layout, stamp="close", notes=(*layout.notes, note))
    return layout


def _joined(row: list[str], at: int, clock: int, layout: CsvLayout) -> str:
    return str(joined_times(arrow_cells([row[at]]), arrow_cells([row[clock]]), layout)[0].as_py())


def _survey(telling: Telling, marks: Marks | None, layout: CsvLayout, text: TextFile) -> TimeReading | None:
    """Show rows to everything still open, until all of it is settled."""
    prices = tuple(name for name in (*PRICES, *ASKS) if name in layout.columns.index) if marks is not None else ()
    with text.pieces(layout.offset) as pieces:
        for load in row_pieces(pieces, layout):
            lines = [line for line in load().split(b"\n") if line.strip(b"\r") and line.count(b'"') % 2 == 0]
            columns, _ = as_text(lines, layout, ("time", *prices))
            times = columns["time"]
            telling.take(joined_times(times, columns["clock"], layout) if layout.clock is not None else times)
            if marks is not None:
                cells = [columns[name].to_pylist() for name in prices]
                marks.add([cell or "" for cell in row] for row in zip(*cells, strict=True))
            if telling.judge() is not None and (marks is None or marks.proven is not None):
                break
    return telling.judge(final=True)


def row_pieces(pieces: Iterator[Load], layout: CsvLayout) -> Iterator[Load]:
    """Pieces of a text file as calls that return the lines of each that are rows; the last piece may end with a footer."""
    held: Load | None = None
    for load in pieces:
        if held is not None:
            yield partial(_rows, held, layout, False)
        held = load
    if held is not None:
        yield partial(_rows, held, layout, True)


def _rows(load: Load, layout: CsvLayout, last: bool) -> bytes:
    return rows_of(load(), layout, last)


def _which_mark(label: str, marks: Marks) -> str:
    """The question which mark is the decimal one."""
    if len(marks.proof) == 2:
        one, other = marks.proof[POINT][1], marks.proof[COMMA][1]
        return (
            f"{label} has prices with decimal points, such as '{one[:30]}', and with decimal commas, such as '{other[:30]}': say which "
            "are right with --decimal point or --decimal comma, the others are bad rows then"
        )
    cell = marks.unlike
    return (
        f"{label} has prices such as '{cell[:30]}', which is {number(cell, POINT):g} with --decimal point and "
        f"{number(cell, COMMA):g} with --decimal comma, and nothing in the file tells which: give the option that is right"
    )
