"""Bars to a file: CSV, Parquet or Arrow IPC, committed whole or not at all; with facts of them, a store."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.bars import Bars
from barloom.bars.chunk import Chunk, Ints
from barloom.bars.facts import KEY, StoreFacts
from barloom.bars.schema import ASKS, PRICES
from barloom.bars.steps import Steps
from barloom.errors import InputError
from barloom.outputs import Output, new_part, remove_parts
from barloom.renaming import replace, sync_folder

BATCH_ROWS = 1 << 17  # bars in a record batch: what a reader holds at once, and a run works on
GROUP_BATCHES = 4  # batches in a Parquet row group
STORES = (".parquet", ".arrow")
MADE = b"barloom.made"
"""The metadata key that tells files which are no stores, with what made them."""
Tell = Callable[[Steps, int], StoreFacts]
"""Makes the facts of a store from the steps of its bars and its size in bytes."""


def write_bars(
    bars: Bars,
    path: str | os.PathLike[str],
    *,
    tell: Tell | None = None,
    room: int = 0,
    output: Output | None = None,
    made: str | None = None,
) -> int:
    """Write bars to a file in the format of its suffix (``.csv``, ``.parquet``, ``.arrow``); the rows written.

    The file appears whole under its name or not at all: written under a temporary name beside it, synced, renamed. What a killed process
    left of such files in the same folder is removed. Ask prices stand in four columns of their own.

    Args:
        bars: drawn once, from first to last.
        path: the file.
        tell: called when all bars are written, for the facts that make a Parquet or Arrow file a store.
        room: bytes the facts may take.
        output: decides whether the name may be taken; None for a name that is barloom's own.
        made: what made a file that is no store, to be told by it later; kept in its metadata where the format has any.

    Raises:
        InputError: the suffix names no format, the folder cannot be written, or the bars are bad.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    writers = {".csv": _csv, ".parquet": _parquet, ".arrow": _arrow}
    if suffix not in (writers if tell is None else STORES):
        raise InputError(
            f"{target} has the suffix '{target.suffix}': write to a name that ends in .csv, .parquet or .arrow"
            if tell is None
            else f"{target} has the suffix '{target.suffix}': a store is a .arrow or .parquet file"
        )
    if target.is_dir():
        raise InputError(f"{target} is a directory: name a file in it")
    steps = Steps()
    # The facts are known when the bars are written, and their place in the file comes before: it is kept free.
    place = b"" if tell is None else secrets.token_hex(16).encode().ljust(room)
    remove_parts(target.parent)
    with _committed(target, output) as file:
        rows = _write(bars, file, writers[suffix], place, steps, made)
        if tell is not None:
            file.flush()
            _fill(file, place, tell(steps, file.seek(0, os.SEEK_END)).text(room))
    return rows


def _write(bars: Bars, file: Any, writer: Any, place: bytes, steps: Steps, made: str | None) -> int:
    import pyarrow as pa

    rows = 0
    with (
        closing(bars.chunks(BATCH_ROWS, volume="any" if bars.has_volume else False)) as chunks,
        writer(pa.PythonFile(file, "w"), _schema(bars, place, made), place) as write,
    ):
        for chunk in chunks:
            write(chunk)
            rows += chunk.rows
            if place:
                steps.add(chunk.timestamp)
    return rows


def _fill(file: Any, place: bytes, text: bytes) -> None:
    """Write the facts over their place, in the head of the file and in its footer."""
    size = file.seek(0, os.SEEK_END)
    file.seek(size - 12)
    tail = file.read(12)
    # Arrow ends with the footer's length and six letters, Parquet with the length and four.
    at = 2 if tail.endswith(b"ARROW1") else 4
    footer = int.from_bytes(tail[at : at + 4], "little")
    found = set()
    for start, stop in ((0, len(place) + 65_536), (max(0, size - 12 - footer), size)):
        file.seek(start)
        where = file.read(stop - start).find(place)
        if where >= 0:
            found.add(start + where)
    if len(found) != (2 if at == 2 else 1):
        raise RuntimeError(f"the place of the facts was found {len(found)} times")
    for where in found:
        file.seek(where)
        file.write(text)


@contextmanager
def _committed(target: Path, output: Output | None) -> Iterator[Any]:
    """A file to write to, renamed to ``target`` when done and removed on failure."""
    try:
        file, part = new_part(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}") from error
    try:
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if sys.platform != "win32":
                    _name(part, target, output)  # while it is locked, so that nobody takes it for one left behind
            if sys.platform == "win32":
                _name(part, target, output)
        except OSError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{target} cannot be written: {error.strerror or error}") from error
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    sync_folder(target.parent)


def _name(part: Path, target: Path, output: Output | None) -> None:
    os.chmod(part, 0o666 & ~_umask())
    if output is None:
        replace(part, target)
    else:
        output.take(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _schema(bars: Bars, place: bytes, made: str | None) -> Any:
    import pyarrow as pa

    fields = [("timestamp", pa.timestamp("ns", tz="UTC")), *((name, pa.float64()) for name in PRICES)]
    more = (*(("volume",) if bars.has_volume else ()), *(ASKS if bars.has_ask else ()))
    told = {KEY: place} if place else {MADE: made} if made else None
    return pa.schema([*fields, *((name, pa.float64()) for name in more)], metadata=told)


def _record(chunk: Chunk, schema: Any) -> Any:
    import pyarrow as pa

    times = pa.array(chunk.timestamp).cast(pa.timestamp("ns")).cast(pa.timestamp("ns", tz="UTC"))
    columns = [times, *(pa.array(getattr(chunk, name)) for name in schema.names[1:])]
    return pa.record_batch(columns, schema=schema)


@contextmanager
def _arrow(file: Any, schema: Any, place: bytes) -> Iterator[Any]:
    import pyarrow as pa

    with pa.ipc.new_file(file, schema) as writer:
        yield lambda chunk: writer.write_batch(_record(chunk, schema))


@contextmanager
def _parquet(file: Any, schema: Any, place: bytes) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if place:
        schema = schema.remove_metadata()  # where they stand in the footer is told below
    waiting: list[Any] = []

    def flush() -> None:
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema=schema))
            waiting.clear()

    def write(chunk: Chunk) -> None:
        waiting.append(_copied(_record(chunk, schema)))
        if len(waiting) == GROUP_BATCHES:
            flush()

    with pq.ParquetWriter(file, schema, use_dictionary=False, write_page_checksum=True) as writer:
        yield write
        flush()
        if place:
            writer.add_key_value_metadata({KEY: place})


def _copied(record: Any) -> Any:
    """A record of its own memory: a chunk's arrays hold for two more chunks only."""
    import pyarrow as pa

    return pa.record_batch(
        [pa.concat_arrays([column, column.slice(0, 0)]) for column in record.columns], schema=record.schema
    )


@contextmanager
def _csv(file: Any, schema: Any, place: bytes) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv

    schema = schema.remove_metadata().set(0, pa.field("timestamp", pa.string()))
    file.write((",".join(schema.names) + "\n").encode())

    def write(chunk: Chunk) -> None:
        columns = [_time_text(chunk.timestamp), *(pa.array(getattr(chunk, name)) for name in schema.names[1:])]
        writer.write_batch(pa.record_batch(columns, schema=schema))

    options = csv.WriteOptions(include_header=False, quoting_style="none", batch_size=BATCH_ROWS)
    with csv.CSVWriter(file, schema, write_options=options) as writer:
        yield write


def _time_text(times: Ints) -> Any:
    """Times as ``2015-01-05T00:00:00Z``, with a fraction where any time of the chunk has one."""
    import pyarrow as pa

    seconds, fraction = np.divmod(times, 1_000_000_000)
    if fraction.any():
        return pa.array(np.char.add(np.datetime_as_string(times.view("datetime64[ns]")), "Z"))
    # Far faster than formatting each: the dates are few, and a clock is looked up.
    days, second = np.divmod(seconds, 86_400)
    known, place = np.unique(days, return_inverse=True)
    dates = np.datetime_as_string(known.astype("datetime64[D]")).astype("S10").view(np.uint8).reshape(-1, 10)
    text = np.empty((len(times), 20), dtype=np.uint8)
    text[:, :10] = dates[place]
    text[:, 10:] = _clock()[second]
    ends = np.arange(0, 20 * len(times) + 1, 20, dtype=np.int32)
    return pa.StringArray.from_buffers(len(times), pa.py_buffer(ends), pa.py_buffer(text))


@cache
def _clock() -> npt.NDArray[np.uint8]:
    """``T00:00:00Z`` to ``T23:59:59Z``, one row a second of the day."""
    second = np.arange(86_400)
    rows = np.empty((86_400, 10), dtype=np.uint8)
    rows[:] = np.frombuffer(b"T00:00:00Z", dtype=np.uint8)
    for at, part in ((1, second // 3600), (4, second // 60 % 60), (7, second % 60)):
        rows[:, at] += (part // 10).astype(np.uint8)
        rows[:, at + 1] += (part % 10).astype(np.uint8)
    return rows
