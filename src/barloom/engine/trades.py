"""The trade record: its columns, its codes, and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from barloom._native import simulation

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Trades = npt.NDArray[np.void]
"""A structured array of ``TRADE``."""

WORKING, OPEN, CLOSED, REFUSED = range(4)

REFUSALS: dict[int, str] = {
    1: "no_fill",
    2: "invalid_bracket",
    3: "no_stop",
    4: "no_equity",
    5: "position",
    6: "conflict",
    7: "expired",
    8: "insufficient_margin",
    9: "below_minimum",
}
NO_FILL, INVALID_BRACKET, NO_STOP, NO_EQUITY, POSITION, CONFLICT, EXPIRED, MARGIN, BELOW_MINIMUM = REFUSALS.values()

REASONS: dict[int, str] = {
    1: "stop",
    2: "target",
    3: "time",
    4: "end",
    5: "trail",
    6: "breakeven",
    7: "signal",
    8: "session",
}

TRADE = simulation.TRADE

# Bits of the field ``marks``.
STOP_IS_PRICE, TARGET_IS_PRICE, DECIDED, INSIDE = 1, 2, 4, 8

# The columns users see, in the order of the record; the rest of TRADE is the kernels' own.
COLUMNS: tuple[str, ...] = (
    *("trade_id", "signal_bar", "entry_bar", "entry_time", "side", "entry_price", "initial_stop", "target", "size"),
    *("exit_bar", "exit_time", "exit_price", "exit_reason", "gap", "ambiguous"),
)
# bars_held is derived, so it stands between what the kernels store.
COLUMNS += (
    *("bars_held", "mfe", "mae", "gross_pnl", "spread_cost", "slippage_cost", "commission", "swap", "net_pnl", "r"),
)
ROWS_AT_ONCE = 1024
TIMES = ("entry_time", "exit_time")
FLAGS = ("gap", "ambiguous")


Columns = dict[str, npt.NDArray[Any]]


def columns_of(trades: Trades) -> Columns:
    """The columns of the record, contiguous, as the digest reads them (reasons and flags as uint8 codes).

    Rows are turned into columns a few at a time, while they are in cache: four times as fast as one column after the other.
    """
    count = len(trades)
    columns: Columns = {name: np.empty(count, TRADE[name]) for name in COLUMNS if name != "bars_held"}
    for start in range(0, count, ROWS_AT_ONCE):
        rows = trades[start : start + ROWS_AT_ONCE]
        for name, values in columns.items():
            values[start : start + ROWS_AT_ONCE] = rows[name]
    columns["bars_held"] = columns["exit_bar"] - columns["entry_bar"] + 1
    return {name: columns[name] for name in COLUMNS}


def digest(read: Callable[[str], Iterable[npt.NDArray[Any]]]) -> str:
    """BLAKE2b of the record's columns, one after the other, little-endian; ``read`` gives a column in pieces."""
    state = hashlib.blake2b()
    for name in COLUMNS:
        for piece in read(name):
            state.update(np.ascontiguousarray(piece, dtype=piece.dtype.newbyteorder("<")).data)
    return state.hexdigest()


def arrow_schema() -> pa.Schema:
    """The Arrow schema of the record: times as UTC nanoseconds, reasons as dictionary strings, flags as booleans; no nulls."""
    import pyarrow as pa

    special: dict[str, Any] = {
        **dict.fromkeys(TIMES, pa.timestamp("ns", tz="UTC")),
        **dict.fromkeys(FLAGS, pa.bool_()),
        "exit_reason": pa.dictionary(pa.int8(), pa.string()),
        "bars_held": pa.int64(),
    }
    kinds = ((name, special.get(name) or pa.from_numpy_dtype(TRADE[name])) for name in COLUMNS)
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds])


def to_arrow(columns: Columns) -> pa.RecordBatch:
    """Columns of closed trades as one Arrow batch of ``arrow_schema()``, over the same memory where the types allow."""
    import pyarrow as pa

    schema = arrow_schema()
    arrays = []
    for field in schema:
        values = columns[field.name]
        if field.name == "exit_reason":
            codes = arrow_array(values.astype(np.int8) - np.int8(1), pa.int8())
            arrays.append(pa.DictionaryArray.from_arrays(codes, pa.array(list(REASONS.values()))))
        else:
            arrays.append(arrow_array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_array(values: npt.NDArray[Any], kind: pa.DataType, valid: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """An Arrow array over the bytes of a contiguous one. Arrow's own conversions load its compute library, a tenth of a second."""
    import pyarrow as pa

    mask = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    data = np.packbits(values != 0, bitorder="little") if pa.types.is_boolean(kind) else values
    return pa.Array.from_buffers(kind, len(values), [mask, pa.py_buffer(data)])


def from_arrow(name: str, values: pa.Array) -> npt.NDArray[Any]:
    """A piece of a column as it was written by ``to_arrow``, as the digest reads it."""
    import pyarrow as pa

    if name == "exit_reason":
        codes = {reason: code for code, reason in REASONS.items()}
        of_index = np.array([codes[reason] for reason in values.dictionary.to_pylist()], dtype=np.uint8)
        return np.asarray(of_index[values.indices.to_numpy()])
    if name in FLAGS:
        return np.asarray(values.to_numpy(zero_copy_only=False).astype(np.uint8))
    if name in TIMES:
        values = values.view(pa.int64())
    return np.asarray(values.to_numpy())


def to_pandas(columns: Columns) -> pd.DataFrame:
    """Columns of closed trades as a frame, one row a trade."""
    import pandas as pd

    frame: dict[str, Any] = dict(columns)
    frame["exit_reason"] = pd.Categorical.from_codes(
        frame["exit_reason"].astype(np.int8) - 1, categories=list(REASONS.values())
    )
    for name in FLAGS:
        frame[name] = frame[name].astype(bool)
    for name in TIMES:
        frame[name] = pd.DatetimeIndex(frame[name].view("M8[ns]")).tz_localize("UTC")
    return pd.DataFrame(frame)
