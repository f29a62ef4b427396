"""freqtrade's JSON, ``[[ms,open,high,low,close,volume],...]``, plain or ``.json.gz``, parsed piece by piece in bounded memory."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from barloom.bars.columns import resolve
from barloom.bars.schema import FIELDS, ColumnOptions
from barloom.bars.sources.base import Batches
from barloom.bars.sources.columnar import to_batch
from barloom.bars.sources.csv import one_array
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.text import TextFile, compression
from barloom.errors import InputError

PIECE = 1 << 20
LONGEST_BAR = PIECE  # bytes, far above any
EXAMPLE = "1700000000000,1.1,1.2,1.0,1.15,300"
START = re.compile(rb"\s*\[\s*\[\s*[\d-]")
SPACED = re.compile(rb"\s*([\[\],])\s*")


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file begins like a list of lists of numbers."""
    if compression(head) == "gzip":
        try:
            with gzip.open(path) as file:
                head = file.read(64)
        except (OSError, EOFError, zlib.error):
            return False
    return START.match(head) is not None


class FreqtradeJsonSource(FileSource):
    """Bars of a freqtrade JSON file: trade prices, times in milliseconds UTC by which bars open."""

    kind = "freqtrade JSON"
    naive = False

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        import pyarrow as pa

        super().__init__(path)
        self.text = TextFile(path, head)
        self.layout = resolve(self.label, FIELDS, options)
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_ask
        self.schema = pa.schema([(name, pa.int64() if name == "time" else pa.float64()) for name in FIELDS])
        self._rows: int | None = None

    def set_clock(self, options: ColumnOptions) -> None:
        """Take the stamp that the user gave, else that of the format."""
        super().set_clock(options)
        self.taken_for = f"freqtrade JSON: epochs, UTC, stamped by {self.stamp}, trade prices; --stamp changes that"

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Batches of about 1 MB of text."""
        fields = self.layout.fields(volume)
        row = 0
        with self.unchanged(), closing(self._pieces()) as pieces:
            for piece in pieces:
                count = piece.count(b"[")
                if row + count > start:
                    batch = to_batch(self._columns(piece, fields, row), row, self.layout.spread_factor)
                    batch = self.timed(batch).between(start, stop)
                    if len(batch):
                        yield batch
                row += count
                if stop is not None and row >= stop:
                    return
        self._rows = row

    def total_rows(self) -> int:
        """Number of bars in the list, from one pass over the file."""
        if self._rows is None:
            with self.unchanged(), closing(self._pieces()) as pieces:
                self._rows = sum(piece.count(b"[") for piece in pieces)
        return self._rows

    def _pieces(self) -> Generator[bytes, None, None]:
        """Whole bars, ``[...],[...]``, without spaces around brackets and commas."""
        rest, row = b"", 0
        begun = False
        with self.text.content() as stream:
            while text := stream.read(PIECE):
                rest += text
                if any(space in rest for space in (b" ", b"\n", b"\r", b"\t")):
                    rest = SPACED.sub(rb"\1", rest)
                if not begun:
                    if not rest.startswith(b"["):
                        raise InputError(self._no_list(row))
                    rest, begun = rest[1:], True
                end = rest.rfind(b"],[") + 1
                if end:
                    row += self._count(rest[:end], row)
                    yield rest[:end]
                    rest = rest[end + 1 :]
                elif len(rest) > LONGEST_BAR:
                    raise InputError(self._no_list(row))
        if not rest.endswith(b"]]"):
            raise InputError(f"{self.label} is cut short: its list does not end after bar {row + 1}")
        self._count(rest[:-1], row)
        yield rest[:-1]

    def _count(self, piece: bytes, row: int) -> int:
        """The bars of a piece.

        As many ``[`` as ``]``, all but the outer two of them in ``],[``: so no list lies in another, and nothing between.
        """
        count = piece.count(b"[")
        shaped = piece.count(b"]") == count and piece.count(b"],[") == count - 1
        if not shaped or piece[:1] != b"[" or piece[-1:] != b"]":
            raise InputError(self._no_list(row))
        return count

    def _no_list(self, row: int) -> str:
        return f"{self.label} is no list of bars from bar {row + 1} on: give [[{EXAMPLE}],...]"

    def _columns(self, piece: bytes, fields: tuple[str, ...], row: int) -> dict[str, Any]:
        import pyarrow as pa
        from pyarrow import csv

        names = {field: self.layout.names[self.layout.index[field]] for field in fields}
        try:
            table = csv.read_csv(
                pa.BufferReader(piece[1:-1].replace(b"],[", b"\n")),
                read_options=csv.ReadOptions(
                    use_threads=False, block_size=max(len(piece) + 1, 1 << 16), column_names=list(FIELDS)
                ),
                parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
                convert_options=csv.ConvertOptions(
                    include_columns=list(names.values()),
                    column_types={name: self.schema.field(name).type for name in FIELDS},
                ),
            )
        except pa.ArrowInvalid as error:
            first = (str(error).splitlines() or ["no bars"])[0][:200]
            raise InputError(
                f"{self.label} has what is no bar among bars {row + 1} to {row + piece.count(b'[')}: {first}; "
                f"a bar is [{EXAMPLE}]"
            ) from error
        return {field: one_array(table.column(name)) for field, name in names.items()}
