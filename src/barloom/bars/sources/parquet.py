"""Parquet, streamed row group by row group in bounded memory."""

from __future__ import annotations

from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Any

from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.arrow import damaged, stored_facts
from barloom.bars.sources.base import Batches, RowBatch, read_ahead
from barloom.bars.sources.columnar import check_types, is_naive, to_batch
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.typed import HEAD_ROWS, find_typed

MAGIC = b"PAR1"
BATCH_ROWS = 1 << 16
STRING_LIMIT = 64 << 20  # bytes of footer text, and entries of footer lists: far above any file of bars
CONTAINER_LIMIT = 10_000_000


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file begins like Parquet."""
    return head.startswith(MAGIC)


class ParquetSource(FileSource):
    """Bars of a Parquet file."""

    kind = "Parquet"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        super().__init__(path)
        with damaged(self.label, self.kind), self._file() as file:
            self.schema = file.schema_arrow
            column_names = self.schema.names  # decodes them: a damaged one fails here
            metadata = file.metadata.metadata
            groups = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
        del column_names
        with damaged(self.label, self.kind):
            self.typed = find_typed(self.label, self.schema, options, self._head)
        self.layout = self.typed.layout
        self._check_types()
        self.naive = is_naive(self.schema, self.layout) if self.typed.time is None else self.typed.time.naive
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_ask
        self._groups: list[int] = groups
        self._rows: int | None = None if self.typed.symbol_at is not None else sum(groups)
        self.facts = stored_facts(metadata, path, options, self.has_ask)

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Batches of the row groups that contain the rows, decoded one ahead."""
        fields = self.layout.fields(volume)
        names = [self.layout.names[self.layout.index[field]] for field in fields]
        beside = [self.layout.names[at] for at in self.typed.watched]
        end = sum(self._groups) if stop is None else stop
        wanted, row = self._wanted(start, end)
        seen: dict[int, str] = {}
        with self.unchanged(), damaged(self.label, self.kind), self._file() as file:
            records = file.iter_batches(
                BATCH_ROWS, row_groups=wanted, columns=[*names, *beside], use_threads=threads > 1
            )
            with closing(read_ahead(repeat(lambda: next(records, None)), 1)) as drawn:
                for record in drawn:
                    if record is None:
                        break
                    if beside:
                        record = self.typed.mine(self.label, record, [record.column(name) for name in beside], seen)
                    columns = {field: _flat(record.column(name)) for field, name in zip(fields, names, strict=True)}
                    batch = self._batch(columns, row).between(start, stop)
                    row += record.num_rows
                    if len(batch):
                        yield self.timed(batch)
                    if row >= end:
                        break
        if not row:
            self.typed.refuse_none(self.label)

    def _wanted(self, start: int, end: int) -> tuple[list[int], int]:
        """The row groups that contain rows, and the number of their first row; all groups if rows of one symbol are read."""
        if self._rows is None or self.typed.symbol_at is not None:
            return list(range(len(self._groups))), 0
        wanted: list[int] = []
        row = first = 0
        for number, rows in enumerate(self._groups):
            if row < end and row + rows > start:
                first = first if wanted else row
                wanted.append(number)
            row += rows
        return wanted, first

    def total_rows(self) -> int:
        """Number of rows of all row groups; rows of one symbol are counted once."""
        if self._rows is None:
            beside = [self.layout.names[at] for at in self.typed.watched]
            with self.unchanged(), damaged(self.label, self.kind), self._file() as file:
                records = file.iter_batches(BATCH_ROWS, columns=beside)
                self._rows = sum(
                    self.typed.mine(self.label, record, list(record.columns), {}).num_rows for record in records
                )
        return self._rows

    def _head(self) -> Any:
        """The first rows."""
        import pyarrow as pa

        with self._file() as file:
            for record in file.iter_batches(HEAD_ROWS):
                return pa.table(record)
        return self.schema.empty_table()

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return False

    def rows_at_hand(self) -> int | None:
        """Number of rows of all row groups, if all of them are read."""
        return self._rows

    def _check_types(self) -> None:
        """Refuse columns that hold no times or no numbers."""
        check_types(self.label, self.schema, self.layout)

    def _batch(self, columns: dict[str, Any], row: int) -> RowBatch:
        """The batch of Arrow arrays, one a field."""
        if self.typed.time is not None:
            columns["time"] = self.typed.times(columns["time"])
        return to_batch(columns, row, self.layout.spread_factor)

    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(
            self.label,
            memory_map=False,
            pre_buffer=False,
            buffer_size=1 << 20,
            thrift_string_size_limit=STRING_LIMIT,
            thrift_container_size_limit=CONTAINER_LIMIT,
            page_checksum_verification=True,
        )


def _flat(column: Any) -> Any:
    """A column as one array, in whatever form the reader returns it."""
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
