"""Text with one row per bar, plain or compressed, parsed by pyarrow piece by piece on a few threads, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from barloom.bars.cells.numbers import COMMA, POINT
from barloom.bars.columns import several
from barloom.bars.schema import POSITIONS_EXAMPLE, PRICES, ColumnOptions
from barloom.bars.sources.base import Batches, RowBatch, read_ahead
from barloom.bars.sources.columnar import numbers, to_batch
from barloom.bars.sources.csv_layout import CsvLayout, read_layout, read_times
from barloom.bars.sources.csv_lines import cell_of, rows_of
from barloom.bars.sources.csv_repair import column_names, convert, joined_times, trimmed
from barloom.bars.sources.csv_survey import row_pieces, settle
from barloom.bars.sources.csv_top import split
from barloom.bars.sources.dialects import PLAIN
from barloom.bars.sources.encodings import is_utf8
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.text import Load, TextFile, compression, count_rows, is_text
from barloom.errors import InputError

SHOWN = 120  # characters of a bad line in a message
BLOCK = 1 << 18  # rows turned round at a time where the newest come first
ORDER = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
CHANGED_BY = "--input-format, --time-zone, --stamp change that"


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file begins like text, or like a compressed file that may hold text."""
    return compression(head) is not None or is_text(head)


class CsvSource(FileSource):
    """Bars of a text file."""

    kind = "CSV"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        super().__init__(path)
        self.text = TextFile(path, head, options.cells.encoding)
        first = self.text.first_lines()
        try:
            draft = read_layout(self.label, first, options)
        except InputError as error:
            if is_utf8(first):
                raise
            positions = POSITIONS_EXAMPLE.removesuffix(",volume=6")
            said = (
                f"{error};" if "\ufffd" not in str(error) else f"{self.label} has names of columns that cannot be read:"
            )
            raise InputError(
                f"{said} the text is not UTF-8, name its columns by position, as in {positions}, or its encoding with --encoding"
            ) from None
        self.details: CsvLayout = settle(self.label, draft, self.text)
        self.layout = self.details.columns
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_ask
        self.naive, self.zone = self.details.naive, self.details.zone
        self.stamp = self.details.stamp
        self.dates_only = self.details.dates_only
        self.midnights = not self.details.time.dates_only
        self._counts: list[int] | None = None
        self._symbols: dict[int, str] = {}

    def set_clock(self, options: ColumnOptions) -> None:
        """Set the clock as for every file, then describe what the file was read as."""
        super().set_clock(options)
        self.taken_for = self._taken_for()

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Parsed pieces of about 4 MB, oldest first, ``threads`` of them being parsed ahead."""
        if not self.details.newest_first:
            yield from self._forwards(start, stop, volume, threads)
            return
        with self.unchanged():
            self.text.unpack()
            total = self.total_rows()
            end = total if stop is None else min(stop, total)
            for first in range(start, end, BLOCK):
                last = min(first + BLOCK, end)
                with closing(self._forwards(total - last, total - first, volume, threads)) as drawn:
                    blocks = [batch.backwards(total) for batch in drawn]
                yield from reversed(blocks)

    def _forwards(self, start: int, stop: int | None, volume: bool, threads: int) -> Batches:
        """The same in the order of the file."""
        fields = self.layout.fields(volume)
        counts = self._row_counts() if start > 0 or stop is not None else None
        row = skipped = 0
        if counts is not None:
            while skipped < len(counts) and row + counts[skipped] <= start:
                row += counts[skipped]
                skipped += 1
        with self.unchanged(), self._pieces() as pieces:
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
        if not row and self.details.filtered:
            raise InputError(several(self.label, "", self.details.present, self.details.symbol))

    def total_rows(self) -> int:
        """Number of lines after the header that are not empty, of the symbol that is read."""
        return sum(self._row_counts())

    def show(self, row: int) -> str:
        """The number of the data row, its line in the file, the line itself, and the reason if its time never existed."""
        if self.details.newest_first:
            row = self.total_rows() - 1 - row
        before, line = 0, self.details.lines
        with self.text.pieces(self.details.offset) as pieces:
            for load in pieces:
                piece = load()
                rows = count_rows(rows_of(piece, self.details))
                if before + rows <= row:
                    before += rows
                    line += piece.count(b"\n")
                    continue
                for text in piece.split(b"\n"):
                    line += 1
                    if text.strip(b"\r") and rows_of(text, self.details):
                        if before == row:
                            shown = text.decode("utf-8", "replace").strip()
                            shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
                            return f"data row {row + 1}, line {line}: {shown}{self._fault(text)}"
                        before += 1
        return f"data row {row + 1}"

    def _fault(self, line: bytes) -> str:
        if self.clock is None:
            return ""
        cells, at, clock = split(line, self.details.separator), self.layout.index["time"], self.details.clock
        if len(cells) != len(self.layout.names):
            return ""
        cell = cells[at].strip() if clock is None else f"{cells[at].strip()} {cells[clock].strip()}"
        why = next(map(self.clock.zone.fault, read_times([cell], self.details)), None)
        return f" ({why})" if why else ""

    def _taken_for(self) -> str:
        """Format that the file was read as, in words; empty for a plain one: a header with the usual names, commas, ISO times or epochs."""
        told = self.details
        usual = told.dialect is PLAIN and told.headed and not told.newest_first and told.symbol is None
        usual = usual and not (told.skipped or told.notes or told.unread or self.text.encoding)
        plain = told.separator == "," and told.time.style in ("naive", "zoned", "epoch", "decimal")
        if usual and plain and told.decimal == POINT and self.clock is None:
            return ""
        separators = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        between = separators[told.separator] + (
            " and decimal commas" if told.decimal == COMMA or told.split_decimals else ""
        )
        facts = [between]
        if not told.headed:
            order = sorted(self.layout.index, key=lambda name: self.layout.index[name])
            facts.append(f"no header, columns {', '.join(name for name in order if name != 'spread')}")
        if told.skipped:
            facts.append(f"{told.skipped} {'line' if told.skipped == 1 else 'lines'} before the header passed over")
        if self.text.encoding is not None:
            facts.append(f"text in {self.text.encoding}")
        if told.time.order is not None:
            facts.append(f"dates {ORDER[told.time.order]}")
        if told.time.calendar is not None:
            facts.append(f"times as {told.time.calendar.template}")
        if self.naive:
            facts.append(f"times in {self.zone}")
        elif told.time.style in ("epoch", "decimal"):
            facts.append("epochs (s, ms, us or ns, each by its size)")
        else:
            facts.append("times with their offset from UTC")
        facts.append(f"stamped by {self.stamp}")
        if told.dialect.side:
            facts.append(told.dialect.side)
        if told.symbol:
            facts.append(f"symbol {told.symbol}")
        if told.newest_first:
            facts.append("newest first, read backwards")
        if told.divisor != 1.0:
            facts.append(f"prices in units of {1 / told.divisor:g}")
        facts.extend(told.notes)
        if told.unread:
            facts.append(f"unread {', '.join(told.unread[:12])}" + (", ..." if len(told.unread) > 12 else ""))
        note = told.dialect.note
        if note and not (told.dialect.name in ("mt4", "mt5") and self.zone.text != "UTC"):
            facts.append(note)
        return f"{told.dialect.title}: {', '.join(facts)}; {CHANGED_BY}"

    # ------------------------------------------------------------ pieces

    @contextmanager
    def _pieces(self) -> Iterator[Iterator[Load]]:
        """The pieces of the file, reduced to lines that are rows."""
        with self.text.pieces(self.details.offset) as pieces:
            yield row_pieces(pieces, self.details)

    def _check_symbols(self, piece: bytes) -> None:
        """Refuse a second symbol."""
        told = self.details
        for at in told.symbols:
            if at == 0 and at == told.symbol_at:
                first = f"{told.symbol}{told.separator}".encode()
                if piece.count(b"\n" + first) + piece.startswith(first) == count_rows(piece):
                    continue
            found = dict.fromkeys(cell_of(line, at, told.separator) for line in piece.split(b"\n") if line.strip())
            present = [name for name in found if name]
            known = self._symbols.setdefault(at, present[0]) if present else ""
            others = [name for name in present if name != known]
            if others:
                raise InputError(
                    several(self.label, told.columns.names[at] if told.headed else "", [known, *others], one=True)
                )

    def _row_counts(self) -> list[int]:
        """Number of data rows of each piece; the file is scanned for line ends once."""
        if self._counts is None:
            with self.unchanged(), self._pieces() as pieces:
                self._counts = [count_rows(load()) for load in pieces]
        return self._counts

    # ------------------------------------------------------------ parsing

    def _parse(self, load: Load, fields: tuple[str, ...]) -> RowBatch:
        piece = load()
        if self.details.symbols:
            self._check_symbols(piece)
        if b'"' not in piece and piece.strip() and not lone_return(piece):
            try:
                return self.timed(self._batch(self._columns(piece, fields)))
            except _invalid():
                pass
        return self.timed(convert(piece, self.details, fields))

    def _batch(self, columns: dict[str, Any]) -> RowBatch:
        told = self.details
        dates, clocks = columns["time"], columns.pop("clock", None)
        if clocks is not None:
            dates = joined_times(dates, clocks, told)
        elif told.time.style == "text":
            dates = trimmed(dates)
        columns["time"] = told.time.to_ns(dates)
        if told.divisor != 1.0:
            for name in PRICES:
                columns[name] = numbers(columns[name]) / told.divisor
        return to_batch(columns, 0, self.layout.spread_factor)

    def _columns(self, piece: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
        import pyarrow as pa
        from pyarrow import csv

        names = column_names(self.details, fields)
        kinds = {"time": self.details.time.arrow_type, "clock": pa.string()}
        table = csv.read_csv(
            pa.BufferReader(piece),
            read_options=csv.ReadOptions(
                use_threads=False,
                block_size=max(len(piece) + 1, 1 << 16),  # one block; pyarrow crashes on tiny ones
                column_names=[str(at) for at in range(len(self.layout.names))],
            ),
            parse_options=csv.ParseOptions(delimiter=self.details.separator, quote_char=False),
            convert_options=csv.ConvertOptions(
                include_columns=list(names.values()),
                column_types={name: kinds.get(field, pa.float64()) for field, name in names.items()},
                decimal_point=self.details.decimal,
            ),
        )
        return {field: one_array(table.column(name)) for field, name in names.items()}


def lone_return(piece: bytes) -> bool:
    """Check for a carriage return that does not end a line; pyarrow would take it for a line end."""
    return b"\r" in piece and piece.count(b"\r") != piece.count(b"\r\n")


def one_array(column: Any) -> Any:
    """The single array of a column, joined where it has several."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _invalid() -> type[Exception]:
    import pyarrow as pa

    error: type[Exception] = pa.ArrowInvalid
    return error
