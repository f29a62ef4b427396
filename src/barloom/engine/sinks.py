"""Where finished trades and equity points go: memory, or Parquet files written in batches as they come."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from barloom.arrays import join
from barloom.engine import trades as record
from barloom.engine.account import POINT
from barloom.engine.trades import TRADE, Columns, Trades
from barloom.renaming import replace, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Points = npt.NDArray[np.void]

BATCH_ROWS = 16_384
KEPT_ROWS = 65_536  # 11 MB of columns
GROUPS_AT_ONCE = 16  # of one column: 2 MB
LONG, LARGER = 64, 4
"""After so many row groups each takes so many times the rows: what a writer keeps of a row group, 20 kB, stays until the file is closed."""


class TradeSink(Protocol):
    """Takes trades in the order of their numbers and equity points in the order of time."""

    def add(self, trades: Trades, points: Points) -> None:
        """Take what one chunk finished."""

    def finish(self) -> None:
        """Nothing more comes."""

    def read(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A column of all trades taken, in pieces, as the digest reads it; after ``finish``."""


class MemorySink:
    """Keeps everything as arrays."""

    def __init__(self) -> None:
        self._trades: list[Trades] = []
        self._points: list[Points] = []

    def add(self, trades: Trades, points: Points) -> None:
        """Take what one chunk finished."""
        if len(trades):
            self._trades.append(trades)
        if len(points):
            self._points.append(points)

    def finish(self) -> None:
        """Nothing to do: everything is there."""

    def read(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A column of the trades, in one piece."""
        yield self.columns[name]

    @cached_property
    def rows(self) -> Trades:
        """All trades, after ``finish``."""
        return join(self._trades, TRADE)

    @cached_property
    def columns(self) -> Columns:
        """The columns of all trades, after ``finish``."""
        return record.columns_of(self.rows)

    @cached_property
    def points(self) -> Points:
        """All equity points, after ``finish``."""
        return join(self._points, POINT)


class ParquetSink:
    """Writes ``trades.parquet`` and ``equity.parquet`` into a folder, a row group every ``batch_rows`` rows or somewhat more.

    Both have temporary names until ``commit``. They are written on a thread of their own, one batch at a time; memory holds the batch
    being written, the one being gathered, and the newest ``KEPT_ROWS`` trades for the digest. Row groups of a long file are ``LARGER``.
    """

    def __init__(self, folder: Path, batch_rows: int = BATCH_ROWS) -> None:
        self.folder = folder
        self._batch_rows = batch_rows
        self._grows_at = LONG * batch_rows
        self._taken = 0
        self._pending: tuple[list[Trades], list[Points]] = ([], [])
        self._kept: list[Columns | None] = []
        self._trades = _Table(folder / "trades.parquet", record.arrow_schema())
        self._equity = _Table(folder / "equity.parquet", points_schema())
        self._thread = ThreadPoolExecutor(1, "barloom-write")
        self._writing: Future[None] | None = None

    def add(self, trades: Trades, points: Points) -> None:
        """Take what one chunk finished; raises what writing an earlier batch raised."""
        for rows, pending in ((trades, self._pending[0]), (points, self._pending[1])):
            if len(rows):
                pending.append(rows)
        self._taken += len(trades)
        if self._taken > self._grows_at:
            self._batch_rows, self._grows_at = LARGER * self._batch_rows, sys.maxsize
        if max(sum(map(len, pending)) for pending in self._pending) >= self._batch_rows:
            self._flush()

    def _flush(self) -> None:
        trades, points = self._pending
        self._pending = ([], [])
        self._wait()
        self._writing = self._thread.submit(self._write, trades, points, self._batch_rows)

    def _wait(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def _write(self, trades: list[Trades], points: list[Points], size: int) -> None:
        for rows in _batches(join(trades, TRADE), size):
            columns = record.columns_of(rows)
            self._trades.write(record.to_arrow(columns))
            self._kept.append(columns)
        kept = 0
        for group in range(len(self._kept) - 1, -1, -1):
            columns_kept = self._kept[group]
            if columns_kept is None:
                break
            kept += len(columns_kept["trade_id"])
            if kept > KEPT_ROWS:
                self._kept[group] = None
        for rows in _batches(join(points, POINT), size):
            self._equity.write(points_to_arrow(rows))

    def finish(self) -> None:
        """Write what is left and close the files, still under their temporary names."""
        try:
            self._flush()
            self._wait()
        finally:
            self._thread.shutdown()
            self._trades.close()
            self._equity.close()

    def read(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A column of the trades in pieces: those read back from the file, some row groups at a time, and the newest from memory."""
        import pyarrow.parquet as pq

        behind = sum(columns is None for columns in self._kept)
        if behind:
            with pq.ParquetFile(self._trades.temporary) as file:
                for first in range(0, behind, GROUPS_AT_ONCE):
                    groups = list(range(first, min(first + GROUPS_AT_ONCE, behind)))
                    read = file.read_row_groups(groups, columns=[name], use_threads=False).column(0)
                    yield from (record.from_arrow(name, piece) for piece in read.chunks)
        yield from (columns[name] for columns in self._kept if columns is not None)

    def commit(self) -> None:
        """Give the files their names; call after ``finish``."""
        for table in (self._trades, self._equity):
            table.name(table.path)
        sync_folder(self.folder)

    def abandon(self, keep_partial: bool) -> Path | None:
        """Give up: remove the files, or keep the finished trades as ``trades.partial.parquet`` and return its path."""
        kept = None
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self.finish()
            if keep_partial and self._kept:
                kept = self.folder / "trades.partial.parquet"
                self._trades.name(kept)
                sync_folder(self.folder)
        for table in (self._trades, self._equity):
            with contextlib.suppress(OSError):
                table.temporary.unlink()
        return kept


def _batches(rows: npt.NDArray[np.void], size: int) -> Iterator[npt.NDArray[np.void]]:
    """``size`` rows at a time, the last with those left over: a row group of a few rows takes as much of the footer as a full one."""
    groups = max(1, len(rows) // size) if len(rows) else 0
    for group in range(groups):
        yield rows[group * size : (group + 1) * size if group < groups - 1 else len(rows)]


class _Table:
    """One Parquet file in the making, under a temporary name beside its own."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.temporary = path.with_name(f".{path.name}.tmp")
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(
            str(self.temporary), schema, compression="lz4", use_dictionary=["exit_reason"], write_statistics=False
        )

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is not None:
            self._writer.write_batch(batch)

    def close(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()

    def name(self, path: Path) -> None:
        """Sync the file, which is closed, and give it a name; the folder is still to be synced."""
        with open(self.temporary, "r+b") as file:
            os.fsync(file.fileno())
        replace(self.temporary, path)


def points_schema() -> pa.Schema:
    """The Arrow schema of equity points: the point of a day has no ``trade_id``."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("time", pa.timestamp("ns", tz="UTC"), nullable=False),
            pa.field("bar", pa.int64(), nullable=False),
            pa.field("trade_id", pa.int64()),
            pa.field("balance", pa.float64(), nullable=False),
            pa.field("equity", pa.float64(), nullable=False),
            pa.field("drawdown", pa.float64(), nullable=False),
        ]
    )


def points_to_arrow(points: Points) -> pa.RecordBatch:
    """Equity points as one Arrow batch of ``points_schema()``."""
    import pyarrow as pa

    arrays = []
    for field in points_schema():
        values = np.ascontiguousarray(points[field.name])
        valid = values >= 0 if field.name == "trade_id" else None
        arrays.append(record.arrow_array(values, field.type, valid))
    return pa.RecordBatch.from_arrays(arrays, schema=points_schema())
