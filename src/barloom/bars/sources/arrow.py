"""Arrow IPC: files (Feather version 2 included) and streams, read batch by batch, never mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.base import Batches
from barloom.bars.sources.columnar import check_types, is_naive, to_batch
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.typed import HEAD_ROWS, find_typed
from barloom.errors import InputError

if TYPE_CHECKING:
    from barloom.bars.facts import StoreFacts

FILE_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file begins like Arrow IPC."""
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
        del names
        with self._reading():
            self.typed = find_typed(self.label, self.schema, options, self._head)
        self.layout = self.typed.layout
        check_types(self.label, self.schema, self.layout)
        self.naive = is_naive(self.schema, self.layout) if self.typed.time is None else self.typed.time.naive
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_ask
        self.facts = stored_facts(self.schema.metadata, path, options, self.has_ask)
        self._rows: int | None = None if self.facts is None else self.facts.rows

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Record batches with only the needed columns. No extra thread: the run already reads ahead."""
        fields = self.layout.fields(volume)
        # Every batch of a store has as many rows, so those before the first row wanted need not be read.
        skipped = start // self.facts.batch_rows if self.facts is not None and self._is_file else 0
        row = 0 if self.facts is None else skipped * self.facts.batch_rows
        seen: dict[int, str] = {}
        with (
            self.unchanged(),
            self._reading(),
            self._reader(fields) as reader,
            closing(task() for task in self._tasks(reader, skipped)) as drawn,
        ):
            for record in drawn:
                if record is None or (stop is not None and row >= stop):
                    break
                record = self._mine(record, fields, seen)
                if row + record.num_rows > start and record.num_rows:
                    columns = {name: record.column(self._place(name, fields)) for name in fields}
                    if self.typed.time is not None:
                        columns["time"] = self.typed.times(columns["time"])
                    yield self.timed(to_batch(columns, row, self.layout.spread_factor).between(start, stop))
                row += record.num_rows
        if not row:
            self.typed.refuse_none(self.label)
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
                    rows += self._mine(record, ("time",), {}).num_rows
            self._rows = rows
        return self._rows

    def held(self, threads: int) -> int:
        """Bytes of two record batches of the usual size of this file; for a stream, of unknown length, the general estimate."""
        if not self._is_file:
            return super().held(threads)
        with self._reading(), self._reader(None) as reader:
            batches: int = reader.num_record_batches
            return 2 * self.path.stat().st_size // max(1, batches)

    def _place(self, name: str, fields: tuple[str, ...]) -> int:
        """Position of a field's column among the columns read."""
        return self._column(self.layout.index[name], fields)

    def _column(self, at: int, fields: tuple[str, ...]) -> int:
        """Position of a column of the file among the columns read."""
        return self._included(fields).index(at) if self._is_file else at

    def _included(self, fields: tuple[str, ...]) -> list[int]:
        """The columns read, in order: those of fields, and those that tell the symbol of a row."""
        return sorted({*(self.layout.index[field] for field in fields), *self.typed.watched})

    def _mine(self, record: Any, fields: tuple[str, ...], seen: dict[int, str]) -> Any:
        """The rows of a record batch that are read."""
        if not self.typed.watched:
            return record
        columns = [record.column(self._column(at, fields)) for at in self.typed.watched]
        return self.typed.mine(self.label, record, columns, seen)

    def _head(self) -> Any:
        """The first rows."""
        import pyarrow as pa

        with self._reader(None) as reader:
            for task in self._tasks(reader):
                record = task()
                if record is None:
                    break
                if record.num_rows:
                    return pa.table(record.slice(0, HEAD_ROWS))
        return self.schema.empty_table()

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return False

    def rows_at_hand(self) -> int | None:
        """Number of rows of a store, from its facts; None for any other file."""
        return None if self.facts is None else self.facts.rows

    def _tasks(self, reader: Any, skipped: int = 0) -> Iterator[Callable[[], Any]]:
        if self._is_file:
            for number in range(skipped, reader.num_record_batches):
                yield partial(_get, reader, number)
        else:
            yield from repeat(partial(_next, reader))

    def _reader(self, fields: tuple[str, ...] | None) -> Any:
        import pyarrow as pa

        file = pa.OSFile(self.label)
        if not self._is_file:
            return pa.ipc.open_stream(file)
        included = None if fields is None else self._included(fields)
        return pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=included, use_threads=False))

    def _reading(self) -> Any:
        return damaged(self.label, self.kind)


def stored_facts(
    metadata: dict[bytes, bytes] | None, path: Path, options: ColumnOptions, has_ask: bool
) -> StoreFacts | None:
    """The facts of a store that is read as it was written, ask prices included; None for any other file.

    Raises:
        InputError: the facts are damaged.
    """
    if not metadata or b"barloom" not in metadata or options.chosen is not None or options.spread is not None:
        return None
    if options.stamp == "close":
        return None
    from barloom.bars.facts import facts_of

    facts = facts_of(metadata, path)
    return facts if facts is None or facts.has_ask == has_ask else None


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
    """Turns an error of pyarrow about a broken file into one sentence."""

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
