"""Columns of formats with types: the assignment of columns to fields, the unit of whole-number times, and the symbol of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from barloom.bars.cells.readings import TimeReading
from barloom.bars.cells.telling import tell_times, text_times
from barloom.bars.column_names import ALIASES, SIDES, SYMBOLS
from barloom.bars.columns import find_columns, in_turn, several, symbol_column, values_of
from barloom.bars.schema import ColumnOptions, Layout, plain
from barloom.errors import InputError

HEAD_ROWS = 2000  # first rows that are looked at where something is open
ALL = "*"


@dataclass(frozen=True, slots=True)
class Typed:
    """Rules for reading the columns of a file with types."""

    layout: Layout
    time: TimeReading | None
    """The reading of whole numbers or of text as times; None if the column's type already says it."""
    symbols: tuple[int, ...] = ()
    """Columns that may hold only one value."""
    symbol_at: int | None = None
    symbol: str | None = None
    """The symbol whose rows are read, if one is chosen."""
    present: tuple[str, ...] = ()
    """Symbols of the first rows, if one is chosen."""

    def times(self, column: Any) -> Any:
        """A column of whole numbers or of text as nanoseconds, by the reading of this file's times."""
        assert self.time is not None
        if not is_text(column.type):
            return self.time.to_ns(whole(column))
        return text_times(_text(column), self.time)

    @property
    def watched(self) -> tuple[int, ...]:
        """Columns that are read besides the bars, to tell the symbol of each row."""
        return self.symbols if self.symbol_at is None else (self.symbol_at,)

    def refuse_none(self, label: str) -> None:
        """Refuse a file that has no row of the wanted symbol.

        Raises:
            InputError: naming those it has.
        """
        if self.symbol is not None:
            raise InputError(several(label, "", self.present, self.symbol))

    def mine(self, label: str, record: Any, columns: Sequence[Any], seen: dict[int, str]) -> Any:
        """The rows of a record batch that are read: all, or those of one symbol.

        Raises:
            InputError: rows are those of a second symbol.
        """
        from pyarrow import compute

        if self.symbol_at is not None:
            return record.filter(compute.equal(_text(columns[0]), self.symbol))
        for at, column in zip(self.symbols, columns, strict=True):
            present = [str(value) for value in compute.unique(_text(column)).to_pylist() if value is not None]
            known = seen.setdefault(at, present[0]) if present else ""
            others = [value for value in present if value != known]
            if others:
                raise InputError(several(label, self.layout.names[at], [known, *others]))
        return record


def find_typed(label: str, schema: Any, options: ColumnOptions, head: Callable[[], Any]) -> Typed:
    """The columns of a file.

    Args:
        label: what a user knows the file by.
        schema: its Arrow schema.
        options: what a user says.
        head: gives the first rows as a table; asked where names and types leave something open.

    Raises:
        InputError: the columns do not fit, rows are those of several instruments, or nothing tells what whole numbers are.
    """
    names = schema.names
    usual = all(ALIASES.get(plain(name)) or plain(name) in SIDES for name in names)
    times = sum(ALIASES.get(plain(name)) == "time" for name in names)
    rows: list[list[str]] = []
    if not usual or times != 1 or options.symbol is not None:
        rows = _rows(head())
    found = find_columns(label, names, options, rows)
    symbols = tuple(at for at in found.symbols if plain(names[at]) in SYMBOLS)
    reading = None
    kind = schema.field(found.layout.index["time"]).type
    if _is_whole(kind) or is_text(kind):
        cells = [row[found.layout.index["time"]] for row in rows or _rows(head())]
        reading = _reading(label, [cell for cell in cells if cell], names[found.layout.index["time"]], options)
    if options.symbol is None:
        for at in symbols:
            present = values_of(rows, at)
            if len(present) > 1:
                raise InputError(
                    several(label, names[at], present, one=in_turn(rows, found.layout.index["time"], None))
                )
        return Typed(found.layout, reading, symbols)
    if options.symbol == ALL:
        return Typed(found.layout, reading)
    at = symbol_column(label, names, found, rows, options.symbol)
    return Typed(found.layout, reading, (), at, options.symbol, tuple(values_of(rows, at)))


def _reading(label: str, cells: Sequence[str], name: str, options: ColumnOptions) -> TimeReading:
    """The unit of whole-number times, told by the first cells; epochs if there are none."""
    if not cells:
        return TimeReading("epoch")
    telling = tell_times(label, cells, options.cells, where=f", in column '{name}'")
    reading = telling.judge(final=True)
    if reading is None:
        raise InputError(telling.question())
    return reading


def _is_whole(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind))


def is_text(kind: Any) -> bool:
    """Tell if a type is text, in whatever form it is stored."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _rows(table: Any) -> list[list[str]]:
    """The cells of a table as text, row by row."""
    columns = []
    for column in table.columns:
        try:
            columns.append(["" if value is None else _shown(value) for value in column.to_pylist()])
        except (ValueError, TypeError, OverflowError):  # values that Python has no word for are no evidence
            columns.append([""] * len(column))
    return [list(row) for row in zip(*columns, strict=True)]


def _shown(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(column: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def whole(column: Any) -> Any:
    """A column of whole numbers as int64; larger numbers are no times."""
    import pyarrow as pa

    if column.type == pa.uint64():
        return column.cast(pa.int64(), safe=False)  # past int64 turns negative, which is no time
    return column.cast(pa.int64())
