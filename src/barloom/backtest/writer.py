"""Where finished trades and equity points go: memory, or Parquet files written in batches as they come."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from barloom.backtest.run_folder import replace, sync_folder
from barloom.execution import trades as record
from barloom.execution.account import POINT, join
from barloom.execution.trades import TRADE, Trades

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Points = npt.NDArray[np.void]


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
        """Join what was taken."""
        self._trades = [join(self._trades, TRADE)]
        self._points = [join(self._points, POINT)]

    def read(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A column of the trades, in one piece."""
        for trades in self._trades:
            yield record.column(trades, name)

    @property
    def trades(self) -> Trades:
        """All trades, after ``finish``."""
        return self._trades[0]

    @property
    def points(self) -> Points:
        """All equity points, after ``finish``."""
        return self._points[0]


class ParquetSink:
    """Writes ``trades.parquet`` and ``equity.parquet`` into a folder, a row group every ``batch_rows`` rows (FR-007).

    Both have temporary names until ``commit``. Memory holds at most a batch and the trades of one chunk.
    """

    def __init__(self, folder: Path, batch_rows: int = 65_536) -> None:
        self.folder = folder
        self._trades = _Table(folder / "trades.parquet", record.arrow_schema(), record.to_arrow, batch_rows)
        self._equity = _Table(folder / "equity.parquet", points_schema(), points_to_arrow, batch_rows)

    def add(self, trades: Trades, points: Points) -> None:
        """Take what one chunk finished."""
        self._trades.add(trades)
        self._equity.add(points)

    def finish(self) -> None:
        """Write what is left and close the files, still under their temporary names."""
        self._trades.close()
        self._equity.close()

    def read(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """A column of the trades, a row group at a time, read back from the file."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._trades.temporary) as file:
            for group in range(file.num_row_groups):
                yield record.from_arrow(name, file.read_row_group(group, columns=[name]).column(0))

    def commit(self) -> None:
        """Give the files their names; call after ``finish``."""
        for table in (self._trades, self._equity):
            with open(table.temporary, "r+b") as file:
                os.fsync(file.fileno())
            replace(table.temporary, table.path)
        sync_folder(self.folder)

    def abandon(self, keep_partial: bool) -> Path | None:
        """Give up: remove the files, or keep the trades that are done as ``trades.partial.parquet`` and return its path."""
        kept = None
        with contextlib.suppress(OSError, ValueError):
            self.finish()
            if keep_partial and self._trades.rows:
                kept = self.folder / "trades.partial.parquet"
                replace(self._trades.temporary, kept)
        for table in (self._trades, self._equity):
            with contextlib.suppress(OSError):
                table.temporary.unlink()
        return kept


class _Table:
    """One Parquet file, written in row groups of at least ``batch_rows`` rows but the last."""

    def __init__(self, path: Path, schema: pa.Schema, convert: Any, batch_rows: int) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.temporary = path.with_name(f".{path.name}.tmp")
        self.rows = 0
        self._convert = convert
        self._batch_rows = batch_rows
        self._pending: list[npt.NDArray[np.void]] = []
        self._pending_rows = 0
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(
            str(self.temporary), schema, compression="lz4", use_dictionary=["exit_reason"], write_statistics=False
        )

    def add(self, rows: npt.NDArray[np.void]) -> None:
        if len(rows):
            self._pending.append(rows)
            self._pending_rows += len(rows)
        if self._pending_rows >= self._batch_rows:
            self._flush()

    def _flush(self) -> None:
        if self._pending and self._writer is not None:
            rows = join(self._pending, self._pending[0].dtype)
            self._pending, self._pending_rows = [], 0
            for start in range(0, len(rows), self._batch_rows):
                self._writer.write_batch(self._convert(rows[start : start + self._batch_rows]))
            self.rows += len(rows)

    def close(self) -> None:
        if self._writer is not None:
            try:
                self._flush()
            finally:
                self._writer.close()
                self._writer = None


def points_schema() -> pa.Schema:
    """The Arrow schema of equity points: the point of a day has no ``trade_id``."""
    import pyarrow as pa

    return pa.schema(
        [
            ("time", pa.timestamp("ns", tz="UTC")),
            ("bar", pa.int64()),
            ("trade_id", pa.int64()),
            ("balance", pa.float64()),
            ("equity", pa.float64()),
            ("drawdown", pa.float64()),
        ]
    )


def points_to_arrow(points: Points) -> pa.RecordBatch:
    """Equity points as one Arrow batch of ``points_schema()``."""
    import pyarrow as pa

    arrays = []
    for field in points_schema():
        values = np.ascontiguousarray(points[field.name])
        mask = values < 0 if field.name == "trade_id" else None
        arrays.append(pa.array(values, mask=mask).cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=points_schema())
