"""MetaTrader 4 history, ``.hst`` of version 400 or 401: records of a fixed size behind a header of 148 bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from barloom.bars.columns import resolve
from barloom.bars.schema import ColumnOptions, plain
from barloom.bars.sources.base import UNPARSABLE_TIME, Batches, RowBatch
from barloom.bars.sources.files import FileSource
from barloom.bars.times import LAST_TIME
from barloom.errors import InputError

HEADER = np.dtype(
    [("version", "<i4"), ("copyright", "S64"), ("symbol", "S12"), ("period", "<i4"), ("digits", "<i4"), ("rest", "V60")]
)
# Both orders of the prices are right: low comes before high in version 400 and after it in 401.
RECORDS = {
    400: np.dtype([("time", "<i4"), ("open", "<f8"), ("low", "<f8"), ("high", "<f8"), ("close", "<f8"), ("volume", "<f8")]),
    401: np.dtype(
        [
            ("time", "<i8"), ("open", "<f8"), ("high", "<f8"), ("low", "<f8"), ("close", "<f8"),
            ("volume", "<u8"), ("spread_points", "<i4"), ("real_volume", "<u8"),
        ]
    ),
}  # fmt: skip
BATCH_ROWS = 1 << 16
LAST_SECOND = LAST_TIME // 10**9


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file begins like MetaTrader 4 history: with its version number, which no text begins with."""
    return int.from_bytes(head[:4], "little") in RECORDS


class HstSource(FileSource):
    """Bars of a MetaTrader 4 history file: bid prices, tick volume, times of the server's clock by which bars open."""

    kind = "MetaTrader 4 history"
    naive = True

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        import pyarrow as pa

        super().__init__(path)
        if len(head) < HEADER.itemsize:
            raise InputError(f"{self.label} is MetaTrader 4 history cut short: its header has {HEADER.itemsize} bytes")
        header = np.frombuffer(head, HEADER, 1)[0]
        version = int(header["version"])
        self.record = RECORDS[version]
        self.symbol = header["symbol"].decode("ascii", "replace").strip()
        self.period = int(header["period"])
        self.digits = int(header["digits"])
        self._rows, over = divmod(path.stat().st_size - HEADER.itemsize, self.record.itemsize)
        if over:
            raise InputError(
                f"{self.label} is MetaTrader 4 history cut short: {over} bytes follow its {self._rows:,} whole bars; "
                "copy it again while MetaTrader is closed"
            )
        names = self.record.names or ()
        self.schema = pa.schema([(name, pa.from_numpy_dtype(self.record[name].newbyteorder("="))) for name in names])
        unread = {"spread_points", "real_volume"}.intersection(names) if options.chosen is None else set()
        if options.spread is not None:
            asked = plain(options.spread.name)
            unread -= {asked, names[int(asked) - 1] if asked.isdecimal() and 0 < int(asked) <= len(names) else asked}
        self.layout = resolve(self.label, names, replace(options, ignored=(*options.ignored, *sorted(unread))))
        self.has_volume, self.has_ask = self.layout.has_volume, self.layout.has_ask
        if options.symbol is not None and options.symbol.casefold() != self.symbol.casefold():
            raise InputError(f"{self.label} holds {self.symbol}, not {options.symbol}: leave --symbol out")

    def set_clock(self, options: ColumnOptions) -> None:
        """Take the zone that the user gave, else UTC, and state which in ``taken_for``."""
        super().set_clock(options)
        zone = str(self.zone) if options.time_zone else "the server's clock, taken as UTC"
        self.taken_for = (
            f"MetaTrader 4 history, {self.symbol or 'without a symbol'}, {self.period}-minute bars: "
            f"{zone}, stamped by {self.stamp}, bid; --time-zone, --stamp change that"
        )

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Batches of 65,536 records, read on demand: there is nothing to parse."""
        end = self._rows if stop is None else min(stop, self._rows)
        size = self.record.itemsize
        with self.unchanged(), open(self.path, "rb", buffering=0) as file:
            file.seek(HEADER.itemsize + start * size)
            for row in range(start, end, BATCH_ROWS):
                wanted = min(BATCH_ROWS, end - row) * size
                piece = bytearray()
                while len(piece) < wanted:
                    more = file.read(wanted - len(piece))
                    if not more:
                        raise InputError(
                            f"{self.label} became shorter while it was read: run again when nothing writes to it"
                        )
                    piece += more
                yield self.timed(self._batch(np.frombuffer(piece, self.record), row, volume))

    def total_rows(self) -> int:
        """Number of records, from the size of the file."""
        return self._rows

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return False

    def rows_at_hand(self) -> int:
        """Number of records, from the size of the file."""
        return self._rows

    def _batch(self, records: np.ndarray, row: int, volume: bool) -> RowBatch:
        columns = {field: records[self.layout.names[self.layout.index[field]]] for field in self.layout.fields(volume)}
        seconds = columns.pop("time").astype(np.int64)
        known = (seconds >= 0) & (seconds <= LAST_SECOND)
        times = np.where(known, np.where(known, seconds, 0) * 10**9, UNPARSABLE_TIME)
        prices = {field: np.ascontiguousarray(values, dtype=np.float64) for field, values in columns.items()}
        spread = prices.pop("spread", None)
        batch = RowBatch(
            row, times, prices["open"], prices["high"], prices["low"], prices["close"], prices.get("volume")
        )
        if spread is not None:
            batch.add_spread(spread * self.layout.spread_factor)
        return batch
