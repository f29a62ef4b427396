"""Arrow IPC: files (Feather version 2 included) and streams, read batch by batch, never mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from barloom.bars.schema import ColumnOptions, resolve
from barloom.bars.sources.base import Batches
from barloom.bars.sources.columnar import check_types, to_batch
from barloom.bars.sources.files import FileSource
from barloom.errors import InputError

FILE_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"


def recognises(head: bytes) -> bool:
    """Whether a file begins like Arrow IPC."""
    return head.startswith(FILE_MAGIC) or (head.startswith(STREAM_MAGIC) and len(head) >= 8 and head[7] < 0x40)


class ArrowSource(FileSource):
    """Bars of an Arrow IPC file or stream. Memory holds a record batch: a file of one huge batch takes its size."""

    kind = "Arrow IPC"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        super().__init__(path)
        self._is_file = head.startswith(FILE_MAGIC)
        with self._reading(), self._reader(None) as reader:
            self.schema = reader.schema
            names = self.schema.names  # decodes them: a damaged one fails here
        self.layout = resolve(self.label, names, options)
        check_types(self.label, self.schema, self.layout)
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_spread
        self._rows: int | None = None

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Record batches, only the needed columns of them. The run reads ahead of itself: a thread more would only wait."""
        fields = self.layout.fields(volume)
        row = 0
        with (
            self.unchanged(),
            self._reading(),
            self._reader(fields) as reader,
            closing(task() for task in self._tasks(reader)) as drawn,
        ):
            for record in drawn:
                if record is None or (stop is not None and row >= stop):
                    break
                if row + record.num_rows > start and record.num_rows:
                    columns = {name: record.column(self._place(name, fields)) for name in fields}
                    yield to_batch(columns, row, self.layout.spread_factor).between(start, stop)
                row += record.num_rows
        if stop is None:
            self._rows = row

    def total_rows(self) -> int:
        """Rows of all record batches; reads the times once."""
        if self._rows is None:
            rows = 0
            with self.unchanged(), self._reading(), self._reader(("time",)) as reader:
                for task in self._tasks(reader):
                    record = task()
                    if record is None:
                        break
                    rows += record.num_rows
            self._rows = rows
        return self._rows

    def _place(self, name: str, fields: tuple[str, ...]) -> int:
        """Where a field's column stands among the columns read."""
        at = self.layout.index[name]
        if not self._is_file:
            return at
        return sorted(self.layout.index[field] for field in fields).index(at)

    def _tasks(self, reader: Any) -> Iterator[Callable[[], Any]]:
        if self._is_file:
            for number in range(reader.num_record_batches):
                yield partial(_get, reader, number)
        else:
            yield from repeat(partial(_next, reader))

    def _reader(self, fields: tuple[str, ...] | None) -> Any:
        import pyarrow as pa

        file = pa.OSFile(self.label)
        if not self._is_file:
            return pa.ipc.open_stream(file)
        included = None if fields is None else sorted(self.layout.index[name] for name in fields)
        return pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=included, use_threads=False))

    def _reading(self) -> Any:
        return damaged(self.label, self.kind)


def _get(reader: Any, number: int) -> Any:
    return _checked(reader.get_batch(number))


def _next(reader: Any) -> Any:
    try:
        return _checked(reader.read_next_batch())
    except StopIteration:
        return None


def _checked(batch: Any) -> Any:
    batch.validate(full=True)
    return batch


class damaged:  # noqa: N801 - read as a phrase: with damaged(label, kind)
    """Turns what pyarrow says of a broken file into one sentence."""

    def __init__(self, label: str, kind: str) -> None:
        self.label = label
        self.kind = kind

    def __enter__(self) -> None:
        """Nothing to set up."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        import pyarrow as pa

        # Not every OSError: an InputError is passed on, and MemoryError says what it is.
        if error is None or isinstance(error, InputError):
            return
        if isinstance(error, (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError, KeyError)):
            first = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise InputError(
                f"{self.label} cannot be read as {self.kind}, it is damaged or cut short: {first}"
            ) from error
