"""LEAN's data folder: one zip per day of second and minute bars, one zip for all hour or day bars, of trades or of quotes."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from barloom.bars.schema import PRICES, ColumnOptions, Layout
from barloom.bars.sources.base import UNPARSABLE_TIME, Batches, Ints, RowBatch
from barloom.bars.sources.columnar import numbers
from barloom.bars.sources.csv import one_array
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.text import TextFile, compression
from barloom.bars.zones import Zone
from barloom.errors import InputError

# What the folders say that a file lies in: the prices of these are multiplied by 10,000, and these are the clocks.
SCALED = {"equity", "option"}
KINDS = {*SCALED, "forex", "cfd", "crypto", "cryptofuture", "future", "futureoption", "index", "indexoption"}
ZONES = {
    ("equity", "usa"): "America/New_York",
    ("option", "usa"): "America/New_York",
    ("forex", "oanda"): "UTC",
    ("forex", "fxcm"): "EST",
    ("crypto", ""): "UTC",
    ("cryptofuture", ""): "UTC",
}
SCALE = 1e4
DAY_NS = 86_400 * 10**9
DAILY_NAME = re.compile(r"(\d{8})_(trade|quote)\.zip", re.IGNORECASE)
TRADES = ("time", "open", "high", "low", "close", "volume")
QUOTES = ("time", *PRICES, "size", *(f"ask_{name}" for name in PRICES), "ask_size")


@dataclass(frozen=True, slots=True)
class LeanPath:
    """Location of a file in LEAN's data folder: ``equity/usa/minute/spy/20131007_trade.zip`` or ``forex/oanda/hour/eurusd.zip``."""

    kind: str
    market: str
    resolution: str
    symbol: str
    midnight: int | None
    """Start of the day on the clock of the file, in nanoseconds, if rows hold milliseconds of a day."""

    @classmethod
    def of(cls, path: Path) -> LeanPath | None:
        """The location of a path; None if its folders are not LEAN's."""
        parts = [part.casefold() for part in Path(os.path.abspath(path)).parts]
        named = DAILY_NAME.fullmatch(parts[-1])
        if named and len(parts) > 5 and parts[-5] in KINDS and parts[-3] in ("second", "minute"):
            try:
                midnight = int(datetime.strptime(named[1], "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 10**9
            except ValueError:
                return None
            return cls(parts[-5], parts[-4], parts[-3], parts[-2], midnight)
        if len(parts) > 4 and parts[-4] in KINDS and parts[-2] in ("hour", "daily") and parts[-1].endswith(".zip"):
            symbol = re.sub(r"_(trade|quote)$", "", parts[-1].removesuffix(".zip"))
            return cls(parts[-4], parts[-3], parts[-2], symbol, None)
        return None


def recognises(head: bytes, path: Path) -> bool:
    """Check if a file is a zip in LEAN's folders; its content does not tell a time of day from another number."""
    return compression(head) == "zip" and LeanPath.of(path) is not None


class LeanSource(FileSource):
    """Bars of a file of LEAN's data folder; quotes have a bid and an ask side. The folders tell what its numbers mean."""

    kind = "LEAN"

    def __init__(self, path: Path, head: bytes, options: ColumnOptions) -> None:
        import pyarrow as pa

        super().__init__(path)
        place = LeanPath.of(path)
        if place is None:
            raise InputError(
                f"{self.label} is not in LEAN's folders, which tell what its prices and times mean: keep it where LEAN has it, "
                "as in equity/usa/minute/spy/20131007_trade.zip"
            )
        if options.chosen is not None or options.spread is not None:
            raise InputError(
                f"{self.label} is LEAN's, whose columns are known: leave --columns and --spread-column out"
            )
        if options.symbol is not None and options.symbol.casefold() != place.symbol:
            raise InputError(f"{self.label} holds {place.symbol.upper()}, not {options.symbol}: leave --symbol out")
        self.place = place
        self.text = TextFile(path, head)
        cells = self.text.first_lines().split(b"\n", 1)[0].count(b",") + 1
        if cells not in (len(TRADES), len(QUOTES)):
            raise InputError(
                f"{self.label} has {cells} columns: bars of trades have {len(TRADES)}, of quotes {len(QUOTES)}; "
                "ticks are no bars"
            )
        self.columns = TRADES if cells == len(TRADES) else QUOTES
        self.has_ask = self.columns is QUOTES
        self.has_volume = not self.has_ask
        self.layout = Layout(self.columns, {name: at for at, name in enumerate(self.columns) if name in TRADES})
        time = pa.int64() if place.midnight is not None else pa.timestamp("s")
        self.schema = pa.schema([(name, time if name == "time" else pa.float64()) for name in self.columns])
        clock = ZONES.get((place.kind, place.market)) or ZONES.get((place.kind, ""))
        self.zone = Zone.parse(clock or "UTC")
        self._known = clock is not None
        self._rows: int | None = None

    def set_clock(self, options: ColumnOptions) -> None:
        """Take the zone that the user gave, else that of the market.

        Raises:
            InputError: neither is known.
        """
        place = self.place
        if options.time_zone is None and not self._known:
            raise InputError(f"{self.label}: say which clock {place.kind} data of {place.market} has, with --time-zone")
        super().set_clock(options)
        side = "bid and ask" if self.has_ask else "trades"
        scale = ", prices in 1/10,000" if place.kind in SCALED else ""
        self.taken_for = (
            f"LEAN {place.kind} of {place.market}, {place.symbol.upper()}, {place.resolution} bars: "
            f"{self.zone}, stamped by {self.stamp}, {side}{scale}; --time-zone, --stamp change that"
        )

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """Parsed pieces of about 4 MB; a day of minute bars is one piece."""
        row = 0
        with self.unchanged(), closing(self._parsed()) as drawn:
            for columns in drawn:
                batch = self._batch(columns, row, volume)
                row += len(batch)
                batch = self.timed(batch).between(start, stop)
                if len(batch):
                    yield batch
                if stop is not None and row >= stop:
                    return
        self._rows = row

    def total_rows(self) -> int:
        """Number of rows of the file in the zip, which is parsed once."""
        if self._rows is None:
            with self.unchanged(), closing(self._parsed()) as drawn:
                self._rows = sum(len(columns["time"]) for columns in drawn)
        return self._rows

    def _parsed(self) -> Generator[dict[str, Any], None, None]:
        import pyarrow as pa
        from pyarrow import csv

        row = 0
        with self.text.pieces(0) as pieces:
            for load in pieces:
                piece = load()
                try:
                    table = csv.read_csv(
                        pa.BufferReader(piece),
                        read_options=csv.ReadOptions(
                            use_threads=False,
                            block_size=max(len(piece) + 1, 1 << 16),
                            column_names=list(self.columns),
                        ),
                        parse_options=csv.ParseOptions(quote_char=False),
                        convert_options=csv.ConvertOptions(
                            column_types={name: self.schema.field(name).type for name in self.columns},
                            timestamp_parsers=["%Y%m%d %H:%M"],
                        ),
                    )
                except pa.ArrowInvalid as error:
                    first = (str(error).splitlines() or ["no bars"])[0][:200]
                    raise InputError(f"{self.label} has what is no LEAN bar after row {row}: {first}") from error
                row += table.num_rows
                yield {name: one_array(table.column(name)) for name in self.columns}

    def _batch(self, columns: dict[str, Any], row: int, volume: bool) -> RowBatch:
        scale = SCALE if self.place.kind in SCALED else 1.0
        values = {name: numbers(column) for name, column in columns.items() if name != "time"}
        if scale != 1.0:
            values |= {name: values[name] / scale for name in PRICES}
            values |= {name: values[name] / scale for name in QUOTES[6:10] if name in values}
        open_, high, low, close = (values[name] for name in PRICES)
        batch = RowBatch(
            row, self._times(columns["time"]), open_, high, low, close, values["volume"] if volume else None
        )
        if self.has_ask:
            ask_open, ask_high, ask_low, ask_close = (values[name] for name in QUOTES[6:10])
            batch.ask = (ask_open, ask_high, ask_low, ask_close)
        return batch

    def _times(self, column: Any) -> Ints:
        """Times on the clock of the file, nanoseconds; a time of day outside the day is no time."""
        import pyarrow as pa

        midnight = self.place.midnight
        raw: Ints = column.view(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        if midnight is None:
            return np.where(raw >= 0, np.where(raw >= 0, raw, 0) * 10**9, UNPARSABLE_TIME)
        within = (raw >= 0) & (raw < DAY_NS // 10**6)
        return np.where(within, midnight + np.where(within, raw, 0) * 10**6, UNPARSABLE_TIME)
