"""Arrow columns of any fitting type as the arrays of a batch: int64 nanoseconds and float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from barloom.bars.cells.readings import TimeReading
from barloom.bars.schema import ASKS, PRICES, Layout
from barloom.bars.sources.base import UNPARSABLE_TIME, Floats, Ints, RowBatch
from barloom.bars.sources.typed import is_text
from barloom.bars.times import datetimes_to_ns
from barloom.errors import InputError

EXACT_POWER = 22  # powers of ten up to here are float64 numbers, as are
EXACT_WHOLE = 2**53  # whole numbers up to here: the quotient of two such is the nearest number


def check_types(label: str, schema: Any, layout: Layout) -> None:
    """Refuse columns whose type can hold no time or no price.

    Raises:
        InputError: naming the column and its type.
    """
    import pyarrow as pa

    types = pa.types
    for field, at in layout.index.items():
        kind = schema.field(at).type
        if field == "time":
            fits = types.is_timestamp(kind) or types.is_integer(kind) or types.is_date(kind) or kind == pa.float64()
            fits = fits or is_text(kind)
            wanted = "timestamps, integer epochs or text"
        else:
            fits = types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind)
            wanted = "numbers"
        if not fits:
            raise InputError(
                f"column '{layout.names[at]}' of {label} has type {kind}, not {wanted}: convert it or use --columns"
            )


def is_naive(schema: Any, layout: Layout) -> bool:
    """Check if the column of times is naive: it does not state its zone."""
    import pyarrow as pa

    kind = schema.field(layout.index["time"]).type
    try:
        return pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
    except UnicodeDecodeError:  # a damaged name of a zone, which nothing else reads
        return False


def to_batch(columns: dict[str, Any], first_row: int, spread_factor: float = 1.0) -> RowBatch:
    """The batch of Arrow or NumPy arrays, one a field; float64 and ns columns without nulls are not copied.

    A NumPy array of times holds nanoseconds and marks already.
    """
    open_, high, low, close = (numbers(columns[name]) for name in PRICES)
    volume = numbers(columns["volume"]) if "volume" in columns else None
    batch = RowBatch(first_row, times(columns["time"]), open_, high, low, close, volume)
    if "spread" in columns:
        batch.add_spread(numbers(columns["spread"]) * spread_factor)
    elif ASKS[0] in columns:
        ask_open, ask_high, ask_low, ask_close = (numbers(columns[name]) for name in ASKS)
        batch.ask = (ask_open, ask_high, ask_low, ask_close)
    return batch


def times(column: Any) -> Ints:
    """A column of times as nanoseconds, nulls marked."""
    import pyarrow as pa

    if isinstance(column, np.ndarray):
        return column

    kind = column.type
    absent = column.null_count
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("s" if kind == pa.date32() else "ms"))
        kind = column.type
    if pa.types.is_timestamp(kind):
        known = column.view(pa.int64())
        raw = known.fill_null(UNPARSABLE_TIME) if absent else known
        return datetimes_to_ns(np.asarray(raw.to_numpy(zero_copy_only=False)).view(f"datetime64[{kind.unit}]"))
    if pa.types.is_floating(kind):
        return TimeReading("decimal").to_ns(column.cast(pa.float64()))
    if kind == pa.uint64():
        column = column.cast(pa.int64(), safe=False)  # past int64 turns negative, which is no epoch
    return TimeReading("epoch").to_ns(column.cast(pa.int64()))


def _nearest(column: Any) -> Any:
    """Decimals as the nearest float64, as their text would be read; Arrow's own cast differs in the last digit."""
    import pyarrow as pa

    scale = column.type.scale
    if pa.types.is_decimal128(column.type) and 0 <= scale <= EXACT_POWER and not column.null_count:
        words = np.frombuffer(column.buffers()[1], dtype=np.int64).reshape(-1, 2)
        unscaled = words[column.offset : column.offset + len(column), 0]
        above = words[column.offset : column.offset + len(column), 1]
        if (above == unscaled >> 63).all() and (np.abs(unscaled) <= EXACT_WHOLE).all():
            return pa.array(unscaled / 10.0**scale)
    return pa.array([None if value is None else float(value) for value in column.to_pylist()], pa.float64())


def numbers(column: Any) -> Floats:
    """A column of numbers as float64, NaN for null."""
    import pyarrow as pa

    if isinstance(column, np.ndarray):
        return column

    if pa.types.is_decimal(column.type):
        column = _nearest(column)
    elif column.type != pa.float64():
        column = column.cast(pa.float64(), safe=False)
    if column.null_count:
        column = column.fill_null(np.nan)
    values: Floats = column.to_numpy(zero_copy_only=False)
    return values
