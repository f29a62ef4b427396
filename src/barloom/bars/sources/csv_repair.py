"""Slow reading of a piece of CSV that did not parse: finds the rows at fault, and the fault of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.cells.numbers import to_floats, to_volumes
from barloom.bars.schema import ASKS, PRICES
from barloom.bars.sources.base import MALFORMED, UNPARSABLE_PRICE, UNPARSABLE_TIME, RowBatch
from barloom.bars.sources.csv_layout import HOURS, CsvLayout


def convert(piece: bytes, layout: CsvLayout, fields: tuple[str, ...]) -> RowBatch:
    """The batch of a piece with every row in its place; rows that cannot be read are marked in their time.

    A row is malformed if it has another number of cells than the header, a quote that does not end or a carriage return
    that ends no line; else its time is tried, then its prices.
    """
    lines = [line for line in piece.split(b"\n") if line.strip(b"\r")]
    marks = np.zeros(len(lines), dtype=np.int64)
    whole = [
        number for number, line in enumerate(lines) if line.count(b'"') % 2 == 0 and b"\r" not in line.rstrip(b"\r")
    ]
    if len(whole) < len(lines):
        marks[:] = MALFORMED
        marks[whole] = 0
    text, crooked = as_text([lines[number] for number in whole], layout, fields)
    if crooked:
        marks[np.array(whole)[crooked]] = MALFORMED
    rows = np.flatnonzero(marks == 0)
    columns: dict[str, npt.NDArray[Any]] = {}
    for field in fields:
        column: npt.NDArray[Any]
        bad = np.zeros(0, dtype=np.int64)
        if field == "time":
            column = _times(text[field], text.get("clock"), layout)
            bad = np.flatnonzero(column == UNPARSABLE_TIME)
        elif field == "volume":
            column = to_volumes(text[field], layout.decimal)
        else:
            column, bad = to_floats(text[field], layout.decimal)
        if len(bad):
            at = rows[bad]
            marks[at[marks[at] == 0]] = UNPARSABLE_TIME if field == "time" else UNPARSABLE_PRICE
        if layout.divisor != 1.0 and field in PRICES:
            column = column / layout.divisor
        columns[field] = np.full(len(lines), 0 if field == "time" else np.nan, dtype=column.dtype)
        columns[field][rows] = column
    marked = marks != 0
    columns["time"][marked] = marks[marked]
    batch = RowBatch(
        0, columns["time"], columns["open"], columns["high"], columns["low"], columns["close"], columns.get("volume")
    )
    if "spread" in columns:
        batch.add_spread(columns["spread"] * layout.columns.spread_factor)
    elif ASKS[0] in columns:
        batch.ask = (columns[ASKS[0]], columns[ASKS[1]], columns[ASKS[2]], columns[ASKS[3]])
    return batch


def column_names(layout: CsvLayout, fields: tuple[str, ...]) -> dict[str, str]:
    """Names of the columns to read, by field, if columns go by their numbers; the time of day is among them."""
    names = {field: str(layout.columns.index[field]) for field in fields}
    return names if layout.clock is None else {**names, "clock": str(layout.clock)}


def joined_times(dates: Any, clocks: Any, layout: CsvLayout) -> Any:
    """Dates and times of day of two columns as text of one."""
    import pyarrow as pa
    from pyarrow import compute

    clocks = trimmed(clocks)
    if layout.time.clock_digits > 0:
        clocks = compute.utf8_lpad(clocks, layout.time.clock_digits, "0")
    if layout.time.clock_digits == HOURS:
        clocks = compute.binary_join_element_wise(clocks, pa.scalar("00"), pa.scalar(""))
    return compute.binary_join_element_wise(trimmed(dates), clocks, pa.scalar(" "))


def trimmed(cells: Any) -> Any:
    """Cells without blanks around them."""
    from pyarrow import compute

    return compute.utf8_trim_whitespace(cells)


def _times(dates: Any, clocks: Any, layout: CsvLayout) -> npt.NDArray[np.int64]:
    """Text as nanoseconds, marked where it is no time."""
    if clocks is not None:
        return layout.time.to_ns(joined_times(dates, clocks, layout))
    if layout.time.style == "text":
        return layout.time.to_ns(dates)
    values, _ = _cast(dates, layout.time.arrow_type)
    return layout.time.to_ns(values)


def as_text(lines: list[bytes], layout: CsvLayout, fields: tuple[str, ...]) -> tuple[dict[str, Any], list[int]]:
    """Trimmed cells of the needed columns as text, and the positions of lines with another number of cells."""
    import pyarrow as pa
    from pyarrow import csv

    crooked: list[int] = []
    names = column_names(layout, fields)

    def skip(row: Any) -> str:
        crooked.append(row.number - 1)
        return "skip"

    joined = b"\n".join(line.rstrip(b"\r") for line in lines) + b"\n"
    if not joined.isascii():
        joined = joined.decode("utf-8", "replace").encode()  # the handler is given rows as text
    if not lines:
        return {field: pa.array([], pa.string()) for field in names}, crooked
    table = csv.read_csv(
        pa.BufferReader(joined),
        read_options=csv.ReadOptions(
            use_threads=False,
            block_size=max(len(joined) + 1, 1 << 16),
            column_names=[str(at) for at in range(len(layout.columns.names))],
        ),
        parse_options=csv.ParseOptions(delimiter=layout.separator, invalid_row_handler=skip),
        convert_options=csv.ConvertOptions(
            include_columns=list(names.values()),
            column_types=dict.fromkeys(names.values(), pa.string()),
            strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    text = {}
    for field, name in names.items():
        text[field] = trimmed(table.column(name).combine_chunks())
    return text, crooked


def _cast(text: Any, target: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """A text column in the wanted type with null for cells that do not parse, and the positions of those cells.

    Cells that do not even begin like one are told at once; then the column is halved until each piece parses or is one cell: a few bad
    cells among many cost a few casts.
    """
    import pyarrow as pa
    from pyarrow import compute

    kind = pa.float64() if target is None else target
    begins = r"^[+-]?([0-9]|\.[0-9]|[nNiI])" if target is None else r"^[+-]?[0-9]"
    hopeless = compute.invert(compute.match_substring_regex(text, begins)).fill_null(False)
    text = compute.if_else(hopeless, pa.scalar(None, pa.string()), text)
    done: list[Any] = []
    bad: list[int] = np.flatnonzero(hopeless.to_numpy(zero_copy_only=False)).tolist()
    waiting = [(0, len(text))]
    while waiting:
        start, stop = waiting.pop()
        try:
            done.append(text.slice(start, stop - start).cast(kind))
        except pa.ArrowInvalid:
            if stop - start == 1:
                done.append(pa.nulls(1, kind))
                bad.append(start)
            else:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
    return pa.concat_arrays(done) if done else pa.array([], kind), np.array(bad, dtype=np.int64)
