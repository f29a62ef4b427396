"""The formats barloom reads, and which of them a file is: told by content, never by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import arrow, csv, dialects, freqtrade_json, hst, lean, nautilus, parquet
from barloom.bars.sources.archives import workbook
from barloom.bars.sources.files import FileSource, read_head
from barloom.errors import InputError, nearest

Opener = Callable[[Path, bytes, ColumnOptions], FileSource]

# In the order they are asked; CSV last, because text has no magic number.
FORMATS: dict[str, tuple[Callable[[bytes, Path], bool], Opener]] = {
    "hst": (hst.recognises, hst.HstSource),
    "nautilus": (nautilus.recognises, nautilus.NautilusSource),
    "parquet": (parquet.recognises, parquet.ParquetSource),
    "arrow": (arrow.recognises, arrow.ArrowSource),
    "lean": (lean.recognises, lean.LeanSource),
    "freqtrade-json": (freqtrade_json.recognises, freqtrade_json.FreqtradeJsonSource),
    "csv": (csv.recognises, csv.CsvSource),
}


def open_source(path: str | os.PathLike[str], options: ColumnOptions) -> FileSource:
    """The source of a file's bars.

    Raises:
        InputError: the file cannot be opened, is of no known format, or lacks a column.
    """
    where = Path(path)
    head = read_head(where)
    wanted = options.input_format
    names = tuple(dict.fromkeys((*FORMATS, *dialects.NAMES)))
    if wanted is not None and wanted not in names:
        raise InputError(f"--input-format is '{wanted}': {nearest(wanted, names)}")
    kind = workbook(head)
    if kind is not None:
        raise InputError(f"{where} is {kind}: save the sheet of bars as CSV")
    for name, (recognises, opener) in FORMATS.items():
        if wanted in (None, name) or (name == "csv" and wanted in dialects.NAMES):
            if recognises(head, where):
                source = opener(where, head, options)
                source.set_clock(options)
                return source
            if wanted is not None:
                raise InputError(f"{where} is no file of --input-format {wanted}: leave the option out")
    raise InputError(f"{where} is not a file of bars that barloom reads: give CSV, Parquet or Arrow IPC")
