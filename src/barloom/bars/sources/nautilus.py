"""Bars of a nautilus_trader catalog: Parquet whose prices are whole numbers of 16 or 8 bytes, stamped by their close."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from barloom.bars.schema import FIELDS, ColumnOptions
from barloom.bars.sources.base import Floats, RowBatch
from barloom.bars.sources.parquet import CONTAINER_LIMIT, MAGIC, STRING_LIMIT, ParquetSource
from barloom.bars.stamps import CloseStamp
from barloom.bars.times import NANOSECONDS
from barloom.errors import InputError

KEY = b"bar_type"
DECIMALS = {16: 16, 8: 9}
"""Bytes of a number -> digits after its decimal point."""
UNITS = {"SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "D", "WEEK": "W", "MILLISECOND": "ms"}
BAR_TYPE = re.compile(r"(?P<symbol>.+)-(?P<step>\d+)-(?P<unit>[A-Z_]+)-(?P<side>BID|ASK|MID|LAST)-[A-Z]+(@.*)?")
COLUMNS = {"time": "ts_init", **{name: name for name in FIELDS[1:]}}


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file is Parquet that names a bar type, as nautilus_trader writes it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not head.startswith(MAGIC):
        return False
    limits = {"thrift_string_size_limit": STRING_LIMIT, "thrift_container_size_limit": CONTAINER_LIMIT}
    try:
        with pq.ParquetFile(str(path), **limits) as file:
            return KEY in (file.schema_arrow.metadata or {})
    except (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError, KeyError):
        return False  # damaged: the next format says so


class NautilusSource(ParquetSource):
    """Bars of a nautilus_trader catalog file; bar length and price side are in its metadata."""

    kind = "nautilus_trader Parquet"
    stamp = "close"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        super().__init__(path, head, options if options.chosen is not None else replace(options, chosen=COLUMNS))
        said = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in self._metadata()}
        self.bar_type = said.get("bar_type", "")
        parsed = BAR_TYPE.fullmatch(self.bar_type)
        if parsed is None or parsed["unit"] not in UNITS or not 0 < int(parsed["step"]) < 10_000:
            raise InputError(
                f"{self.label} holds bars of the type {self.bar_type[:100]!r}, which are no fixed time long: "
                "give bars of seconds, minutes, hours, days or weeks"
            )
        self.symbol, self._side = parsed["symbol"], parsed["side"]
        self._length = int(parsed["step"]) * NANOSECONDS[UNITS[parsed["unit"]]]
        self._described = f"{parsed['step']}-{parsed['unit'].lower()}"
        if options.symbol is not None and options.symbol.casefold() != self.symbol.casefold():
            raise InputError(f"{self.label} holds {self.symbol}, not {options.symbol}: leave --symbol out")
        self._digits = {name: self._precision(said, name) for name in ("price", "size")}

    def set_clock(self, options: ColumnOptions) -> None:
        """Take the stamp that the user gave, else the close."""
        super().set_clock(options)
        side = {"LAST": "trade prices"}.get(self._side, self._side.lower())
        self.taken_for = (
            f"nautilus_trader bars, {self.symbol}, {self._described}: epochs, UTC, stamped by {self.stamp}, {side}; "
            "--stamp changes that"
        )

    def _metadata(self) -> list[tuple[bytes, bytes]]:
        return list((self.schema.metadata or {}).items())

    def _precision(self, said: dict[str, str], what: str) -> int:
        """Digits after the decimal point that a file states for its prices or sizes."""
        text = said.get(f"{what}_precision", "")
        if not text.isdecimal() or not int(text) <= max(DECIMALS.values()):
            raise InputError(
                f"{self.label} has {text[:20]!r} as {what}_precision in its metadata, not a number of digits"
            )
        return int(text)

    def _close_stamp(self) -> CloseStamp:
        return CloseStamp(self._length, exact=True)

    def _check_types(self) -> None:
        import pyarrow as pa

        for field, at in self.layout.index.items():
            kind = self.schema.field(at).type
            fixed = pa.types.is_fixed_size_binary(kind) and kind.byte_width in DECIMALS
            if not (pa.types.is_integer(kind) if field == "time" else fixed):
                raise InputError(
                    f"column '{self.layout.names[at]}' of {self.label} has type {kind}, which nautilus_trader does not write: "
                    "write the catalog again, or give another format with --input-format"
                )

    def _batch(self, columns: dict[str, Any], row: int) -> RowBatch:
        import pyarrow as pa

        plain = {
            field: column
            if field == "time"
            else pa.array(self._floats(column, "size" if field == "volume" else "price"))
            for field, column in columns.items()
        }
        return super()._batch(plain, row)

    def _floats(self, column: Any, what: str) -> Floats:
        return fixed_to_floats(column, self._digits[what])


def fixed_to_floats(column: Any, digits: int) -> Floats:
    """Whole numbers of 16 or 8 bytes, times 1e16 or 1e9, as the float64 nearest to each, NaN for null.

    Args:
        column: Arrow array of fixed-size binary, little endian, two's complement.
        digits: digits behind the point that the numbers have; a number with more of them is rounded twice.
    """
    width, rows = column.type.byte_width, len(column)
    words = np.frombuffer(column.buffers()[1], "<i8", count=(column.offset + rows) * width // 8)
    words = words[column.offset * width // 8 :]
    scale, kept = 10.0 ** DECIMALS[width], min(digits, DECIMALS[width])
    if width == 8:
        values = words / scale
        unit = 10 ** (DECIMALS[width] - kept)
        shifted, whole = words // unit, words % unit == 0
    else:
        low, high = words[0::2], words[1::2]
        values = (high * 2.0**64 + low.view("<u8")) / scale
        shifted, whole = _divided(column, kept)
    values[whole] = shifted[whole] / 10.0**kept
    if column.null_count:
        values[np.asarray(column.is_null())] = np.nan
    return values


def _divided(column: Any, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """16-byte numbers without the digits after ``digits``, and a flag for each that is True if it is exact and fits an int64."""
    import pyarrow as pa

    kind = pa.decimal128(38, DECIMALS[16])
    exact = pa.Array.from_buffers(kind, len(column), [None, column.buffers()[1]], offset=column.offset)
    try:
        shifted = exact.cast(pa.decimal128(38, digits))
    except pa.ArrowInvalid:
        return np.zeros(len(column), np.int64), np.zeros(len(column), bool)
    words = np.frombuffer(shifted.buffers()[1], "<i8")[2 * shifted.offset : 2 * (shifted.offset + len(shifted))]
    low, high = words[0::2], words[1::2]
    return low, (high == low >> 63)
