"""The formats barloom reads, and which of them a file is: told by content, never by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import arrow, csv, parquet
from barloom.bars.sources.files import FileSource, read_head
from barloom.errors import InputError

Opener = Callable[[Path, bytes, ColumnOptions], FileSource]

# In the order they are asked; CSV last, because text has no magic number.
FORMATS: dict[str, tuple[Callable[[bytes], bool], Opener]] = {
    "parquet": (parquet.recognises, parquet.ParquetSource),
    "arrow": (arrow.recognises, arrow.ArrowSource),
    "csv": (csv.recognises, csv.CsvSource),
}


def open_source(path: str | os.PathLike[str], options: ColumnOptions) -> FileSource:
    """The source of a file's bars.

    Raises:
        InputError: the file cannot be opened, is of no known format, or lacks a column.
    """
    where = Path(path)
    head = read_head(where)
    for recognises, opener in FORMATS.values():
        if recognises(head):
            return opener(where, head, options)
    raise InputError(f"{where} is not a file of bars that barloom reads: give CSV, Parquet or Arrow IPC")
