"""CSV with commas: plain or compressed, parsed by pyarrow piece by piece on a few threads, in bounded memory."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.base import Batch, Batches, read_ahead
from barloom.bars.sources.columnar import to_batch
from barloom.bars.sources.csv_layout import CsvLayout, read_layout
from barloom.bars.sources.csv_repair import convert, time_type
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.text import Load, TextFile, compression, count_rows, is_text
from barloom.errors import InputError

SHOWN = 120  # characters of a bad line in a message


def recognises(head: bytes) -> bool:
    """Whether a file begins like text, or like compressed something that may be text."""
    return compression(head) is not None or is_text(head)


class CsvSource(FileSource):
    """Bars of a CSV file."""

    kind = "CSV"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        super().__init__(path)
        self.text = TextFile(path, head)
        self.details: CsvLayout = read_layout(self.label, self.text.first_lines(), options)
        self.layout = self.details.columns
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_spread
        self._counts: list[int] | None = None

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Parsed pieces of about 4 MB, in order, ``threads`` of them being parsed ahead."""
        fields = self.layout.fields(volume)
        counts = self._row_counts() if start > 0 or stop is not None else None
        row = skipped = 0
        if counts is not None:
            while skipped < len(counts) and row + counts[skipped] <= start:
                row += counts[skipped]
                skipped += 1
        with self.unchanged(), self.text.pieces(self.details.offset) as pieces:
            tasks = (partial(self._parse, load, fields) for load in islice(pieces, skipped, None))
            with closing(read_ahead(tasks, threads)) as parsed:
                for number, batch in enumerate(parsed, skipped):
                    if counts is not None and len(batch) != counts[number]:
                        raise InputError(
                            f"{self.label} mixes carriage returns and line feeds: save it with one kind of line end"
                        )
                    batch.first_row = row
                    row += len(batch)
                    batch = batch.between(start, stop)
                    if len(batch):
                        yield batch
                    if stop is not None and row >= stop:
                        break

    def total_rows(self) -> int:
        """Lines after the header that are not empty."""
        return sum(self._row_counts())

    def show(self, row: int) -> str:
        """The data row's number, its line in the file, and the line itself."""
        before, line = 0, self.details.lines
        with self.text.pieces(self.details.offset) as pieces:
            for load in pieces:
                piece = load()
                rows = count_rows(piece)
                if before + rows <= row:
                    before += rows
                    line += piece.count(b"\n")
                    continue
                for text in piece.split(b"\n"):
                    line += 1
                    if text.strip(b"\r"):
                        if before == row:
                            shown = text.decode("utf-8", "replace").strip()
                            shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
                            return f"data row {row + 1}, line {line}: {shown}"
                        before += 1
        return f"data row {row + 1}"

    def _row_counts(self) -> list[int]:
        """Data rows of each piece; the file is scanned for line ends once."""
        if self._counts is None:
            with self.unchanged(), self.text.pieces(self.details.offset) as pieces:
                self._counts = [count_rows(load()) for load in pieces]
        return self._counts

    def _parse(self, load: Load, fields: tuple[str, ...]) -> Batch:
        piece = load()
        if b'"' not in piece:
            try:
                return to_batch(self._columns(piece, fields), 0, self.layout.spread_factor)
            except _invalid():
                pass
        return convert(piece, self.details, fields)

    def _columns(self, piece: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
        import pyarrow as pa
        from pyarrow import csv

        names = {field: str(self.layout.index[field]) for field in fields}
        types = {name: time_type(self.details) if field == "time" else pa.float64() for field, name in names.items()}
        table = csv.read_csv(
            pa.BufferReader(piece),
            read_options=csv.ReadOptions(
                use_threads=False,
                block_size=max(len(piece) + 1, 1 << 16),  # one block; pyarrow crashes on tiny ones
                column_names=[str(at) for at in range(len(self.layout.names))],
            ),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(include_columns=list(names.values()), column_types=types),
        )
        return {field: one_array(table.column(name)) for field, name in names.items()}


def one_array(column: Any) -> Any:
    """The single array of a column, joined where it has several."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _invalid() -> type[Exception]:
    import pyarrow as pa

    error: type[Exception] = pa.ArrowInvalid
    return error
