"""The layout of a text file, from its first lines: separator, columns, spelling of times and prices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.cells.numbers import COMMA, POINT, Marks
from barloom.bars.cells.readings import TimeReading
from barloom.bars.cells.telling import Telling, read_cells, tell_times
from barloom.bars.columns import Found, find_columns, in_turn, several, symbol_column, values_of
from barloom.bars.schema import ASKS, PRICES, REQUIRED, ColumnOptions, Layout, plain
from barloom.bars.sources.csv_questions import of_another_vendor, same_date, wrong_mark
from barloom.bars.sources.csv_top import Top, find_top, split
from barloom.bars.sources.dialects import PLAIN, Dialect, by_header, headless
from barloom.bars.sources.guess import guess_columns
from barloom.bars.sources.text import is_text
from barloom.bars.time_columns import clock_width
from barloom.bars.times import FIRST_TIME
from barloom.bars.zones import UTC_ZONE, Zone
from barloom.errors import InputError

TELLING = 50  # first rows whose prices are looked at
TRIED = 4000  # first rows that are looked at
HOURS = 2  # digits of times of day that are hours alone
ALL = "*"  # rows of all symbols
QUOTED = re.compile(rb'"[^"\d\n]{0,4}\d{1,3}[.,]\d{3}[^"\n]{0,20}"')  # a number in quotes whose mark could be either


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """The layout of a text file of bars."""

    columns: Layout
    time: TimeReading
    """The reading of the times; of several that are open the first."""
    offset: int
    """Bytes before the first data row: byte-order mark and header."""
    lines: int
    """Lines before the first data row."""
    separator: str = ","
    decimal: str = POINT
    """The decimal mark of prices."""
    clock: int | None = None
    """Column of the time of day where it is not in the column of times."""
    split_decimals: bool = False
    """True if every number is cut in two by a decimal comma in a file that separates its columns by commas."""
    symbols: tuple[int, ...] = ()
    """Columns that have one value in all rows, or rows are those of several instruments."""
    symbol_at: int | None = None
    """Column of the symbol whose rows are read."""
    symbol: str | None = None
    """The symbol, the only one of the file or the one to read."""
    filtered: bool = False
    """True if rows of other symbols are passed over."""
    present: tuple[str, ...] = ()
    """Symbols of the first rows, where one of several is read."""
    divisor: float = 1.0
    """The divisor of prices."""
    newest_first: bool = False
    dialect: Dialect = PLAIN
    zone: Zone = UTC_ZONE
    """Zone of naive times, by the vendor or the header."""
    stamp: str = "open"
    """Which end of a bar its time is."""
    dates_only: bool = False
    """True if times are dates, or all midnights."""
    headed: bool = True
    header_line: bytes = b""
    """The header as it stands in the file: where it comes again, it is no row."""
    skipped: int = 0
    """Lines before the header that say nothing of bars."""
    unread: tuple[str, ...] = ()
    """Columns that are not read and that nobody spoke of."""
    notes: tuple[str, ...] = ()
    """Other things found, in words."""

    @property
    def naive(self) -> bool:
        """Tell if times are those of a clock whose zone they do not say."""
        return self.time.naive


@dataclass(slots=True)
class Draft:
    """A layout, and what its first rows leave open."""

    layout: CsvLayout
    telling: Telling
    marks: Marks | None
    """Evidence on the decimal mark, None where it is known."""
    rows: list[list[str]]


def read_layout(label: str, first: bytes, options: ColumnOptions) -> Draft:
    """The layout of a text file that begins with the lines ``first``, in UTF-8.

    Raises:
        InputError: it is no text of bars, or the columns do not fit.
    """
    if not is_text(first[:4096]):
        raise InputError(f"{label} holds no text: give CSV, Parquet or Arrow IPC")
    chosen = () if options.chosen is None or options.by_position else tuple(options.chosen.values())
    top = find_top(label, first, chosen)
    rows = _rows(first, top)
    if top.header is not None:
        return _headed(label, first, top, rows, options)
    if not rows:
        raise InputError(f"{label} is empty")
    return _headless(label, first, top, rows, options)


def _rows(first: bytes, top: Top) -> list[list[str]]:
    """The first rows, without the last one where it may be cut."""
    lines = first[top.offset :].split(b"\n")
    if len(lines) > 1 and not first.endswith(b"\n"):
        lines.pop()
    header = top.header_line
    kept = [line for line in lines if line.strip() and not _passed(line, header)]
    rows = [split(line, top.separator) for line in kept[:TRIED]]
    widths = [len(row) for row in rows]
    usual = max(dict.fromkeys(widths), key=widths.count, default=0)
    if usual < 5:
        return rows
    return [row for row in rows if len(row) >= usual - 1 and sum(map(bool, map(str.strip, row))) >= 3] or rows


def _passed(line: bytes, header: bytes) -> bool:
    """Tell if a line among the rows is none: a comment, or the header once more."""
    return line.startswith((b"#", b"//")) or (bool(header) and line.rstrip(b"\r") == header)


def _headed(label: str, first: bytes, top: Top, rows: list[list[str]], options: ColumnOptions) -> Draft:
    assert top.header is not None
    names = list(top.header)
    if top.tickers is not None and options.chosen is None:
        names, options = _yfinance(label, names, top.tickers, options)
    if not rows:
        find_columns(label, names, options)
        raise InputError(f"{label} has a header and no bars")
    split_decimals = top.separator == "," and _split_decimals(names, rows)
    if split_decimals:
        rows = [joined_decimals(row, len(names)) for row in rows]
    names = _widened(names, rows, options.by_position)
    keys = [plain(name) for name in names]
    dialect = by_header(names, keys, options.input_format)
    found, symbol_name = _vendor_columns(label, names, keys, rows, dialect, options)
    quoted = QUOTED.search(first[top.offset :]) is not None
    return _draft(label, top, names, found, dialect, symbol_name, rows, options, quoted, split_decimals)


def _headless(label: str, first: bytes, top: Top, rows: list[list[str]], options: ColumnOptions) -> Draft:
    shown = top.first_row.decode("utf-8", "replace").strip()
    shown = shown if len(shown) <= 120 else shown[:117] + "..."
    known = headless(options.input_format)
    names = [f"column {at + 1}" for at in range(max(len(row) for row in rows[:100]))]
    if options.chosen is None:
        ignored = {int(name) - 1 for name in options.ignored if name.strip().isdecimal()}
        guess = guess_columns(label, shown, rows, top.separator, known, ignored)
        dialect = PLAIN if options.input_format == PLAIN.name else guess.dialect
        symbol_name = guess.symbol
        options = replace(options, chosen=guess.columns)
    else:
        dialect, symbol_name = known or PLAIN, known.symbol if known else ""
    found = find_columns(label, names, options, rows)
    quoted = QUOTED.search(first[top.offset :]) is not None
    return _draft(label, top, names, found, dialect, symbol_name, rows, options, quoted, False)


def _widened(names: list[str], rows: Sequence[Sequence[str]], by_position: bool) -> list[str]:
    """The names of as many columns as most rows have: an empty one for a separator at the end of each row.

    Where columns are chosen by their positions, names that are more or fewer do not matter.
    """
    wide = [len(row) for row in rows[:200]]
    usual = max(dict.fromkeys(wide), key=wide.count)
    more = usual - len(names)
    if more == 1 and all(not row[-1].strip() for row in rows[:200] if len(row) == usual):
        return [*names, ""]
    if more and by_position:
        return [*names[:usual], *[""] * more]
    return names


def _draft(
    label: str,
    top: Top,
    names: Sequence[str],
    found: Found,
    dialect: Dialect,
    symbol_name: str,
    rows: list[list[str]],
    options: ColumnOptions,
    quoted: bool,
    split_decimals: bool,
) -> Draft:
    if options.input_format not in (None, PLAIN.name) and dialect.name != options.input_format:
        raise InputError(of_another_vendor(label, str(options.input_format)))
    all_rows = rows
    symbol_at, symbol, symbols, rows = _symbols(label, names, found, symbol_name, rows, options)
    at, clock = found.layout.index["time"], found.clock
    width = options.cells.clock_digits if clock is not None else 0
    width = width or _clock_digits(rows, clock)
    cells = [_moment(row, at, clock, width) for row in rows]
    where = f", in column '{names[at].strip()}'" if names[at].strip() else ""
    telling = tell_times(
        label, cells, options.cells, where=where, clock_digits=width or (-1 if clock is not None else 0),
        prior=dialect.date_order,
    )  # fmt: skip
    known = (
        options.symbol is None
        or options.symbol == ALL
        or (symbol_at is not None and options.symbol in values_of(rows, symbol_at))
    )
    if telling.still and clock is None and known:
        raise InputError(same_date(label, names, found, rows, cells[0]))
    decimal, marks = _decimal(
        label, found, rows, options, split_decimals, dialect.points or (top.separator == "," and not quoted)
    )
    unread = tuple(
        names[at].strip() for at in found.unread if at not in symbols and at != symbol_at and names[at].strip()
    )
    layout = CsvLayout(
        found.layout,
        telling.readings[0],
        top.offset,
        top.lines,
        top.separator,
        decimal or POINT,
        clock,
        split_decimals,
        symbols,
        symbol_at,
        symbol,
        options.symbol not in (None, ALL),
        tuple(values_of(all_rows, symbol_at)) if symbol_at is not None and options.symbol is not None else (),
        dialect.integer_unit if _whole(rows, found.layout) else 1.0,
        dialect=dialect,
        zone=options.time_zone or _zone(label, names[at], dialect, telling.readings[0].zone),
        stamp=found.stamp or dialect.stamp,
        headed=top.header is not None,
        header_line=top.header_line,
        skipped=top.skipped,
        unread=unread if options.chosen is None or dialect is not PLAIN else (),
        notes=found.notes,
    )
    return Draft(layout, telling, marks, rows)


def _decimal(
    label: str,
    found: Found,
    rows: Sequence[Sequence[str]],
    options: ColumnOptions,
    split_decimals: bool,
    points: bool,
) -> tuple[str | None, Marks | None]:
    """The decimal mark of prices as far as the first rows tell it; the evidence, where all rows have to be asked.

    ``points`` says that a mark which proves nothing is a decimal point.
    """
    prices = [name for name in (*PRICES, *ASKS) if name in found.layout.index]
    marks = None
    decimal = options.cells.decimal or (POINT if split_decimals else None)
    if decimal is None or options.cells.decimal is not None:
        marks = Marks()
        places = [found.layout.index[name] for name in prices]
        for part in (rows[:TELLING], rows[TELLING:]):
            marks.add([[row[place] for place in places if place < len(row)] for row in part])
            if marks.proven is not None and len(marks.proof) == 1:
                break
        if decimal is not None and marks.proven not in (None, decimal):
            raise InputError(wrong_mark(label, decimal, marks))
        decimal = decimal or marks.proven
        if decimal is None and not marks.proof and points:
            decimal = POINT
    return decimal, marks if decimal is None else None


# ---------------------------------------------------------------- which column is which


def _yfinance(
    label: str, cells: list[str], tickers: Sequence[str], options: ColumnOptions
) -> tuple[list[str], ColumnOptions]:
    """Names of the columns of one ticker; those of others are made names that nothing reads."""
    present = list(dict.fromkeys(name.strip() for name in tickers[1:] if name.strip()))
    symbol = options.symbol or (present[0] if len(present) == 1 else None)
    if symbol is None or symbol not in present:
        raise InputError(several(label, "", present, options.symbol))
    named = [
        cell if at == 0 or (at < len(tickers) and tickers[at].strip() == symbol) else f"{cell} of another ticker"
        for at, cell in enumerate(cells)
    ]
    return named, replace(options, symbol=None)


def _vendor_columns(
    label: str,
    names: Sequence[str],
    keys: Sequence[str],
    rows: Sequence[Sequence[str]],
    dialect: Dialect,
    options: ColumnOptions,
) -> tuple[Found, str]:
    """The columns that a header names, by the table of its vendor where one is known, and the name of the column of symbols."""
    symbol = next((name for name in dialect.symbol.split("|") if name in keys), "")
    if options.chosen is not None or not dialect.columns:
        return find_columns(label, names, options, rows), symbol
    skip = {plain(name) for name in options.ignored if name.strip()}
    mapping = {}
    for field, wanted in {"time": keys[0], **dialect.columns}.items():
        found = next((found for name in wanted.split("|") if (found := _column_of(name, keys))), None)
        if found is not None and not (field == "volume" and found in skip):
            mapping[field] = found
    if not mapping.keys() >= set(REQUIRED):
        raise InputError(of_another_vendor(label, dialect.name))
    if not skip - set(keys) and not skip & set(mapping.values()):
        return find_columns(label, names, replace(options, chosen=mapping), rows), symbol
    return find_columns(label, names, options, rows), symbol


def _column_of(name: str, keys: Sequence[str]) -> str | None:
    """The column of a header that a vendor's table means, None where it has none such."""
    date, plus, clock = name.partition("+")
    if plus:
        return name if date in keys and clock in keys else _column_of(date, keys)
    if name.endswith("*"):
        return next((key for key in keys if key.startswith(name[:-1])), None)
    return name if name in keys else None


def _symbols(
    label: str,
    names: Sequence[str],
    found: Found,
    vendor: str,
    rows: list[list[str]],
    options: ColumnOptions,
) -> tuple[int | None, str | None, tuple[int, ...], list[list[str]]]:
    """The column of symbols, the symbol, the columns to watch for another one, and the first rows that are of it."""
    keys = [plain(name) for name in names]
    at = None
    if vendor:
        at = keys.index(vendor) if vendor in keys else int(vendor) - 1
    watched = tuple(dict.fromkeys((*found.symbols, *(() if at is None else (at,)))))
    if options.symbol == ALL:
        return None, None, (), rows
    if options.symbol is None:
        for one in watched:
            present = values_of(rows, one)
            if len(present) > 1:
                column = names[one] if not names[one].startswith("column ") else ""
                whole = in_turn(rows, found.layout.index["time"], found.clock)
                raise InputError(several(label, column, present, one=whole))
        at = at if at is not None else (found.symbols[0] if found.symbols else None)
        present = [] if at is None else values_of(rows, at)
        return at, present[0] if present else None, watched, rows
    at = symbol_column(label, names, replace(found, symbols=watched), rows, options.symbol)
    mine = [row for row in rows if len(row) > at and row[at].strip() == options.symbol]
    return at, options.symbol, (), mine or rows


# ---------------------------------------------------------------- numbers and times


def _split_decimals(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell if rows have a cell more for every number: decimal commas in a file that separates by commas."""
    wide = 2 * len(cells) - 1
    widths = [len(row) for row in rows]
    return len(cells) >= 5 and max(widths) == wide and all(width in (wide, wide - 1) for width in widths)


def joined_decimals(row: Sequence[str], width: int) -> list[str]:
    """A row of split numbers put together; one without a cell more for its last number keeps that one."""
    if len(row) not in (2 * width - 1, 2 * width - 2):
        return list(row)
    parts = [".".join(row[at : at + 2]) for at in range(1, len(row), 2)]
    return [row[0], *parts]


def _whole(rows: Sequence[Sequence[str]], columns: Layout) -> bool:
    """Tell if all prices of the first rows are whole numbers."""
    places = [columns.index[name] for name in PRICES]
    return all(re.fullmatch(r"\s*\d+\s*", row[at]) for row in rows for at in places if at < len(row))


def _clock_digits(rows: Sequence[Sequence[str]], clock: int | None) -> int:
    """The digits that times of day without colons are filled up to, 0 for others."""
    if clock is None:
        return 0
    cells = [row[clock].strip() for row in rows if clock < len(row)]
    return clock_width([cell for cell in cells if cell]) if all(cell.isdecimal() for cell in cells if cell) else 0


def _moment(row: Sequence[str], at: int, clock: int | None, width: int) -> str:
    text = row[at].strip() if at < len(row) else ""
    if clock is None:
        return text
    if clock >= len(row):
        return text
    return f"{text} {row[clock].strip().rjust(width, '0')}" + ("00" if width == HOURS else "")


def read_times(cells: Sequence[str], layout: CsvLayout) -> list[int]:
    """The times of some cells, as written, those that cannot be read left out."""
    found = read_cells(arrow_cells(cells), layout.time)
    return [int(time) for time in found if time != FIRST_TIME]


def is_falling(found: Sequence[int] | npt.NDArray[np.int64]) -> bool:
    """Tell if times fall from row to row: the newest first."""
    steps = np.sign(np.diff(np.array(found, dtype=np.int64)))
    falling, rising = int((steps < 0).sum()), int((steps > 0).sum())
    return falling > 0 and falling > 20 * rising


def _zone(label: str, name: str, dialect: Dialect, behind: str) -> Zone:
    """The zone of naive times: behind each of them, by the name of their column, as ``Time (EET)``, else by the vendor."""
    if behind:
        return Zone.parse(behind)
    told = re.fullmatch(r"time \((.+)\)", plain(name))
    if told and dialect.name == "jforex":
        try:
            return Zone.parse(told[1].upper() if "/" not in told[1] else name.strip()[6:-1])
        except InputError:
            raise InputError(
                f"{label} names its times '{name.strip()[:60]}', which is no time zone known here: say which with --time-zone"
            ) from None
    return Zone.parse(dialect.zone) if dialect.zone else UTC_ZONE


def arrow_cells(cells: Sequence[str]) -> Any:
    """Cells as an Arrow array of text."""
    import pyarrow as pa

    return pa.array(list(cells), pa.string())


__all__ = ["COMMA", "CsvLayout", "Draft", "arrow_cells", "is_falling", "joined_decimals", "read_layout", "read_times"]
