"""What the first lines of a text file say: how it separates columns, which is which, how times and prices are written."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from barloom.bars.schema import ALIASES, PRICES, REQUIRED, ColumnOptions, Layout, plain, resolve
from barloom.bars.sources import time_text
from barloom.bars.sources.columnar import times
from barloom.bars.sources.dialects import NAMES, PLAIN, Dialect, by_header, headless, is_date
from barloom.bars.sources.guess import CLOCK, guess_columns
from barloom.bars.sources.text import is_text
from barloom.bars.times import FIRST_TIME, decimal_epochs_to_ns, epochs_to_ns
from barloom.bars.zones import UTC_ZONE, Zone
from barloom.errors import InputError

BOM = b"\xef\xbb\xbf"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
TRIED = 100  # first rows in which a readable time is sought
SEPARATORS = ("\t", ";", "|")
FEWEST = 4  # cells of a row, for a separator to be one
LISTED = 20  # symbols named in a message

TimeStyle = Literal["naive", "zoned", "integer", "decimal", "text"]


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How to read a text file of bars."""

    columns: Layout
    time_style: TimeStyle
    offset: int
    """Bytes before the first data row: byte-order mark and header."""
    lines: int
    """Lines before the first data row."""
    separator: str = ","
    decimal_comma: bool = False
    clock: int | None = None
    """Column of the time of day where it is not in the column of times."""
    month_first: bool = False
    """Whether dates with slashes begin with the month."""
    split_decimals: bool = False
    """Whether every number is cut in two by a decimal comma in a file that separates its columns by commas."""
    symbol_at: int | None = None
    """Column of symbols."""
    symbol: str | None = None
    """The symbol in it, the only one of the file or the one to read."""
    filtered: bool = False
    """Whether rows of other symbols are passed over."""
    divisor: float = 1.0
    """What prices are divided by."""
    newest_first: bool = False
    dialect: Dialect = PLAIN
    naive: bool = True
    zone: Zone = UTC_ZONE
    """Zone of naive times, by the vendor or the header."""
    headed: bool = True
    unread: tuple[str, ...] = ()
    """Columns that the vendor is known to write and that are not read."""


@dataclass(frozen=True, slots=True)
class _Top:
    """Where the lines of a file begin."""

    offset: int
    lines: int
    separator: str


def read_layout(label: str, first: bytes, options: ColumnOptions) -> CsvLayout:
    """The layout of a text file that begins with the lines ``first``, in UTF-8.

    Raises:
        InputError: it is no text of bars, or the columns do not fit.
    """
    top = _top(label, first)
    separator, offset, lines = top.separator, top.offset, top.lines
    wanted = options.input_format
    line = first[offset:].split(b"\n", 1)[0]
    cells = split(line, separator)
    chosen = options.chosen
    if chosen is not None and options.by_position:
        places = [int(chosen[field]) - 1 for field in PRICES]
        headed = not any(at < len(cells) and _is_number(cells[at], separator) for at in places)
    else:
        headed = _is_header(cells, chosen)
    if headed:
        offset, lines, following = _after_header(first, offset, lines, separator, cells)
        if following is not None and chosen is None:
            cells, options = _yfinance(label, cells, following, options)
    rows = [split(row, separator) for row in first[offset:].split(b"\n")[: TRIED * 40 + 1] if row.strip()]
    if len(rows) > 1 and not first.endswith(b"\n"):
        rows.pop()
    if not rows:
        resolve(label, cells, options)
        raise InputError(f"{label} has a header and no bars")
    split_decimals = headed and separator == "," and _split_decimals(cells, rows)
    if split_decimals:
        rows = [joined_decimals(row, len(cells)) for row in rows]
    decimal_comma = separator != "," and any(COMMA_NUMBER.fullmatch(c.strip()) for row in rows[:TRIED] for c in row)
    if headed:
        keys = [plain(cell) for cell in cells]
        dialect = by_header(cells, keys, wanted)
        columns, clock, symbol_name = _headed_columns(label, cells, keys, rows, dialect, options)
    else:
        shown = _shown(line)
        known = headless(wanted)
        cells = [f"column {at + 1}" for at in range(len(cells))]
        if chosen is None:
            guess = guess_columns(label, shown, rows, separator, decimal_comma, _descends(rows), known)
            dialect = PLAIN if wanted == PLAIN.name else guess.dialect
            symbol_name = guess.symbol
            options = replace(options, chosen=guess.columns)
        else:
            dialect, symbol_name = known or PLAIN, known.symbol if known else ""
        columns, clock = _chosen_columns(label, cells, options)
    if wanted not in (None, PLAIN.name) and dialect.name != wanted:
        raise InputError(_other(label, str(wanted)))
    symbol_at = _symbol_at(label, cells, symbol_name, options)
    symbol, rows = _symbols(label, rows, symbol_at, options.symbol)
    at = columns.index["time"]
    moments = [_moment(row, at, clock) for row in rows]
    style, month_first = _time_style(label, moments[:TRIED], columns, clock)
    naive = style == "naive" or (style == "text" and not time_text.is_zoned(next(filter(None, moments), "")))
    divisor = dialect.integer_unit if _whole(rows, columns) else 1.0
    layout = CsvLayout(
        columns,
        style,
        offset,
        lines,
        separator,
        decimal_comma,
        clock,
        month_first,
        split_decimals,
        symbol_at,
        symbol,
        options.symbol is not None,
        divisor,
        naive=naive,
        dialect=dialect,
        zone=options.time_zone or _zone(label, cells[at], dialect),
        headed=headed,
        unread=() if dialect is PLAIN and headed else _unread(cells, columns, clock, symbol_at),
    )
    return replace(layout, newest_first=_falling(read_times(moments[:TRIED], layout)))


def _other(label: str, wanted: str) -> str:
    """The refusal of a file that is not of the vendor who was named."""
    return f"{label} is no file of --input-format {wanted}: leave the option out, or name one of {', '.join(NAMES)}"


def _top(label: str, first: bytes) -> _Top:
    """Where the header, or the first row, begins: after a byte-order mark, empty lines and the address of a download."""
    if not is_text(first[:4096]):
        raise InputError(f"{label} holds no text: give CSV, Parquet or Arrow IPC")
    offset = len(BOM) if first.startswith(BOM) else 0
    lines = 0
    separator = ""
    while True:
        line, end, _ = first[offset:].partition(b"\n")
        bare = line.strip()
        told = re.fullmatch(rb"(?i)sep=([,;|\t])", bare)
        if bare and not told and not re.match(rb"(?i)https?://\S+$", bare):
            break
        separator = told[1].decode() if told else separator
        if not end:
            break
        offset, lines = offset + len(line) + 1, lines + 1
    if not first[offset:].strip():
        raise InputError(f"{label} is empty")
    if b"\r" in line.rstrip(b"\r"):
        raise InputError(f"{label} ends its lines with carriage returns alone: save it with line feeds")
    return _Top(offset, lines, separator or _separator(first[offset:].split(b"\n")[:TRIED]))


def _separator(lines: Sequence[bytes]) -> str:
    """What stands between the columns of the first lines: what splits them alike, a comma where nothing else does."""
    whole = [line for line in lines if line.strip()]
    for mark in SEPARATORS:
        counts = [line.count(mark.encode()) + 1 for line in whole[:-1] or whole]
        if counts[0] >= FEWEST and counts.count(counts[0]) * 2 > len(counts):
            return mark
    return ","


def split(line: bytes, separator: str = ",") -> list[str]:
    """The cells of a line."""
    text = line.decode("utf-8", "replace").rstrip("\r\n").replace("\0", "\ufffd")
    try:
        return next(csv.reader([text], delimiter=separator))
    except (csv.Error, StopIteration):
        return text.split(separator)


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return text if len(text) <= 120 else text[:117] + "..."


def _is_number(cell: str, separator: str) -> bool:
    text = cell.strip()
    return bool(NUMBER.fullmatch(text) or (separator != "," and COMMA_NUMBER.fullmatch(text)))


def _is_header(cells: Sequence[str], chosen: Mapping[str, str] | None) -> bool:
    known = {plain(name) for name in chosen.values()} if chosen else set(ALIASES)
    if any(plain(cell) in known for cell in cells if not cell.strip().isdecimal()):
        return True
    return not any(NUMBER.fullmatch(cell.strip()) or time_style(cell) or time_text.reads([cell]) for cell in cells)


# ---------------------------------------------------------------- header rows


def _after_header(
    first: bytes, offset: int, lines: int, separator: str, cells: Sequence[str]
) -> tuple[int, int, list[str] | None]:
    """Where the rows begin, and the row of tickers where yfinance wrote three rows of header."""

    def passed(offset: int) -> int:
        end = first.find(b"\n", offset)
        return end + 1 if end >= 0 else len(first)

    offset, lines = passed(offset), lines + 1
    if plain(cells[0]) != "price":
        return offset, lines, None
    tickers = None
    for name in ("ticker", "date", "datetime"):
        row = split(first[offset:].split(b"\n", 1)[0], separator)
        if row and plain(row[0]) == name:
            tickers = row if name == "ticker" else tickers
            offset, lines = passed(offset), lines + 1
    return offset, lines, tickers


def _yfinance(
    label: str, cells: list[str], tickers: Sequence[str], options: ColumnOptions
) -> tuple[list[str], ColumnOptions]:
    """Names of the columns of one ticker; those of others are made names that nothing reads."""
    present = list(dict.fromkeys(name.strip() for name in tickers[1:] if name.strip()))
    symbol = options.symbol or (present[0] if len(present) == 1 else None)
    if symbol is None or symbol not in present:
        raise InputError(several(label, present, options.symbol))
    named = [
        cell if at == 0 or (at < len(tickers) and tickers[at].strip() == symbol) else f"{cell} of another ticker"
        for at, cell in enumerate(cells)
    ]
    return named, replace(options, symbol=None)


# ---------------------------------------------------------------- which column is which


def _headed_columns(
    label: str,
    cells: Sequence[str],
    keys: Sequence[str],
    rows: Sequence[Sequence[str]],
    dialect: Dialect,
    options: ColumnOptions,
) -> tuple[Layout, int | None, str]:
    """The columns that a header names, the time of day among them, and the name of the column of symbols."""
    symbol = next((name for name in dialect.symbol.split("|") if name in keys), "")
    if options.symbol is not None and not symbol:
        symbol = next((name for name in ("symbol", "ticker") if name in keys), "")
    if options.chosen is not None:
        return *_chosen_columns(label, cells, options), symbol
    if dialect.columns:
        skip = {plain(name) for name in options.ignored if name.strip()}
        absent = [name for name in options.ignored if name.strip() and plain(name) not in keys]
        mapping = {}
        for field, names in {"time": keys[0], **dialect.columns}.items():
            found = next((found for name in names.split("|") if (found := _named(name, keys))), None)
            if found is not None and not (field == "volume" and found in skip):
                mapping[field] = found
        if not mapping.keys() >= set(REQUIRED):
            raise InputError(_other(label, dialect.name))
        if not absent and not skip & set(mapping.values()):
            return *_chosen_columns(label, cells, replace(options, chosen=mapping)), symbol
    pair = _date_and_clock(keys, rows)
    if symbol and symbol not in {plain(name) for name in options.ignored}:
        options = replace(options, ignored=(*options.ignored, symbol))
    if pair is None:
        return resolve(label, cells, options), None, symbol
    hidden = "the time of day"
    shown = [hidden if at == pair[1] else cell for at, cell in enumerate(cells)]
    columns = resolve(label, shown, replace(options, ignored=(*options.ignored, hidden)))
    return replace(columns, names=tuple(cells)), pair[1], symbol


def _named(name: str, keys: Sequence[str]) -> str | None:
    """The column of a header that a vendor's table means, None where it has none such."""
    date, plus, clock = name.partition("+")
    if plus:
        return name if date in keys and clock in keys else _named(date, keys)
    if name.endswith("*"):
        return next((key for key in keys if key.startswith(name[:-1])), None)
    return name if name in keys else None


def _chosen_columns(label: str, cells: Sequence[str], options: ColumnOptions) -> tuple[Layout, int | None]:
    """The columns that were chosen; a time of two columns, as ``Date+Time`` or ``1+2``, is taken apart."""
    assert options.chosen is not None
    date, plus, clock = options.chosen["time"].rpartition("+")
    keys = {plain(cell) for cell in cells}
    if not plus or plain(options.chosen["time"]) in keys:
        return resolve(label, cells, options), None
    columns = resolve(label, cells, replace(options, chosen={**options.chosen, "time": date}))
    beside = resolve(label, cells, replace(options, chosen={**options.chosen, "time": clock}))
    return columns, beside.index["time"]


def _date_and_clock(keys: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The columns of a date and of a time of day, where a header has both and they hold that."""
    dates = [at for at, key in enumerate(keys) if key in ("date", "dtyyyymmdd")]
    clocks = [at for at, key in enumerate(keys) if key == "time"]
    if len(dates) != 1 or len(clocks) != 1:
        return None
    pair = dates[0], clocks[0]
    first = next((row for row in rows if len(row) > max(pair)), None)
    if first is None or not is_date(first[pair[0]]) or not CLOCK.fullmatch(first[pair[1]].strip()):
        return None
    return pair


def _unread(cells: Sequence[str], columns: Layout, clock: int | None, symbol_at: int | None) -> tuple[str, ...]:
    read = {*columns.index.values(), clock, symbol_at}
    return tuple(cell.strip() for at, cell in enumerate(cells) if at not in read and cell.strip())


def _symbol_at(label: str, cells: Sequence[str], name: str, options: ColumnOptions) -> int | None:
    if name:
        keys = [plain(cell) for cell in cells]
        return keys.index(name) if name in keys else int(name) - 1
    if options.symbol is not None:
        raise InputError(f"{label} has no column of symbols: leave --symbol {options.symbol} out")
    return None


def _symbols(
    label: str, rows: list[list[str]], at: int | None, wanted: str | None
) -> tuple[str | None, list[list[str]]]:
    """The symbol of a file, and the first rows that are of it."""
    if at is None:
        return None, rows
    present = list(dict.fromkeys(row[at].strip() for row in rows if len(row) > at))
    if wanted is None:
        if len(present) > 1:
            raise InputError(several(label, present))
        return (present[0] if present else None), rows
    return wanted, [row for row in rows if len(row) > at and row[at].strip() == wanted] or rows


def several(label: str, present: Sequence[str], wanted: str | None = None) -> str:
    """The refusal of a file of several symbols, or of one that it does not hold."""
    listed = ", ".join(present[:LISTED]) + (", ..." if len(present) > LISTED else "")
    if wanted is not None:
        return f"{label} has no symbol {wanted}, it holds {listed}: give one of them to --symbol"
    return f"{label} holds several symbols, {listed}: choose one with --symbol"


# ---------------------------------------------------------------- numbers and times


def _split_decimals(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows have a cell more for every number: decimal commas in a file that separates by commas."""
    wide = 2 * len(cells) - 1
    widths = [len(row) for row in rows]
    return len(cells) >= FEWEST + 1 and max(widths) == wide and all(width in (wide, wide - 1) for width in widths)


def joined_decimals(row: Sequence[str], width: int) -> list[str]:
    """A row of split numbers put together; one without a cell more for its last number keeps that one."""
    if len(row) not in (2 * width - 1, 2 * width - 2):
        return list(row)
    numbers = [".".join(row[at : at + 2]) for at in range(1, len(row), 2)]
    return [row[0], *numbers]


def _whole(rows: Sequence[Sequence[str]], columns: Layout) -> bool:
    """Whether all prices of the first rows are whole numbers."""
    places = [columns.index[name] for name in PRICES]
    return all(re.fullmatch(r"\s*\d+\s*", row[at]) for row in rows for at in places if at < len(row))


def _moment(row: Sequence[str], at: int, clock: int | None) -> str:
    text = row[at].strip() if at < len(row) else ""
    if clock is None:
        return text
    return f"{text} {row[clock].strip()}" if clock < len(row) else text


def time_style(cell: str) -> TimeStyle | None:
    """How a cell writes its time, as ISO or epoch; None where it does not."""
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


def _time_style(label: str, cells: Sequence[str], columns: Layout, clock: int | None) -> tuple[TimeStyle, bool]:
    """How times are written, and whether the month comes first where they have slashes.

    Digits that are both a date and time of day and an epoch of milliseconds, as 201202010000, are a date where all the
    first ones are.
    """
    dense = clock is not None or all(re.fullmatch(r"\d{12}", cell) for cell in cells)
    if dense and time_text.reads(cells):
        return "text", False
    for cell in cells:
        style = None if clock is not None else time_style(cell)
        if style is not None:
            return style, False
    slashes = time_text.month_first(cells)
    if slashes is None:
        raise InputError(
            f"{label} has times such as '{cells[0][:60]}', and none of the first says which number is the month: "
            "write them as 2012-02-01"
        )
    if any(time_text.reads([cell], slashes) for cell in cells):
        return "text", slashes
    name = columns.names[columns.index["time"]].strip()
    raise InputError(
        f"{label} has '{cells[0][:60]}' as time in data row 1, in column '{name}': "
        "give ISO times such as 2012-02-01T00:16:00Z or epochs, or choose the column with --columns"
    )


def time_type(layout: CsvLayout) -> Any:
    """The Arrow type that reads a file's times; text is read on."""
    import pyarrow as pa

    kinds = {
        "naive": pa.timestamp("ns"),
        "zoned": pa.timestamp("ns", tz="UTC"),
        "integer": pa.int64(),
        "decimal": pa.float64(),
        "text": pa.string(),
    }
    return kinds[layout.time_style]


def read_times(cells: Sequence[str], layout: CsvLayout) -> list[int]:
    """The times of some cells, as written, those that cannot be read left out."""
    import pyarrow as pa

    found: list[int] = []
    for cell in cells:
        try:
            column = pa.array([cell]).cast(time_type(layout))
        except pa.ArrowInvalid:
            continue
        text = layout.time_style == "text"
        time = int((time_text.to_ns(column, layout.month_first) if text else times(column))[0])
        if time != FIRST_TIME:
            found.append(time)
    return found


def _falling(found: Sequence[int]) -> bool:
    """Whether times fall from row to row: the newest first."""
    steps = np.sign(np.diff(np.array(found, dtype=np.int64)))
    return bool(len(steps) and (steps <= 0).all() and (steps < 0).any())


def _descends(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first cells of rows without a known layout are times that fall."""
    import pyarrow as pa

    first = [row[0].strip() for row in rows[:TRIED]]
    if all(re.fullmatch(r"\d{9,19}", cell) for cell in first):
        return _falling([int(cell) for cell in first])
    column = time_text.to_ns(pa.array(first))
    return bool((column != FIRST_TIME).all()) and _falling(column.tolist())


def _zone(label: str, name: str, dialect: Dialect) -> Zone:
    """The zone of naive times by the name of their column, as ``Time (EET)``, else by the vendor."""
    told = re.fullmatch(r"time \((.+)\)", plain(name))
    if told and dialect.name == "jforex":
        try:
            return Zone.parse(told[1].upper() if "/" not in told[1] else name.strip()[6:-1])
        except InputError:
            raise InputError(
                f"{label} names its times '{name.strip()[:60]}', which is no time zone known here: say which with --time-zone"
            ) from None
    return Zone.parse(dialect.zone) if dialect.zone else UTC_ZONE
