"""A small file of each kind that barloom reads, made of the same bars, and what reading one comes to."""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from barloom.bars import open_bars
from barloom.bars.store import ingest
from barloom.errors import InputError
from faults import vendors
from faults.vendors import MINUTE, NAMES, Columns

FIRST = 1_328_054_400_000_000_000  # 2012-02-01T00:00:00Z


def columns(rows: int = 12) -> Columns:
    """Good bars, one a minute, whose prices have few digits."""
    at = np.arange(rows)
    opened, closed = 1.5 + at / 64, 1.5 + (at + at % 2) / 64
    high, low = np.maximum(opened, closed) + 1 / 128, np.minimum(opened, closed) - 1 / 128
    return dict(
        zip(NAMES, (FIRST + MINUTE * at, opened, high, low, closed, at + 1.0), strict=True),
    )


def lines(bars: Columns) -> list[str]:
    """The data rows of a CSV, times as ISO text."""
    times = np.asarray(bars["timestamp"]).astype("datetime64[ns]").astype("datetime64[s]")
    cells = [[f"{time}Z" for time in times], *(map(repr, map(float, bars[name])) for name in NAMES[1:])]
    return [",".join(row) for row in zip(*cells, strict=True)]


def as_csv(bars: Columns) -> bytes:
    return "\n".join([",".join(NAMES), *lines(bars), ""]).encode()


def table(bars: Columns) -> pa.Table:
    return pa.table({**bars, "timestamp": pa.array(bars["timestamp"]).cast(pa.timestamp("ns", tz="UTC"))})


def as_zip(bars: Columns) -> bytes:
    return vendors.zipped("EURUSD.csv", as_csv(bars))


def as_zstd(bars: Columns) -> bytes:
    return bytes(pa.Codec("zstd").compress(as_csv(bars), asbytes=True))


def as_parquet(bars: Columns) -> bytes:
    out = io.BytesIO()
    pa.parquet.write_table(
        table(bars), out, row_group_size=6, compression="none", use_dictionary=False, write_statistics=False,
        store_schema=False, write_page_checksum=True,
    )  # fmt: skip
    return out.getvalue()


def as_arrow(bars: Columns, new: Any = pa.ipc.new_file) -> bytes:
    out = io.BytesIO()
    whole = table(bars)
    with new(out, whole.schema) as writer:
        writer.write_table(whole, max_chunksize=6)
    return out.getvalue()


def as_stream(bars: Columns) -> bytes:
    return as_arrow(bars, pa.ipc.new_stream)


def as_feather(bars: Columns) -> bytes:
    out = io.BytesIO()
    pa.feather.write_feather(table(bars), out, compression="lz4")
    return out.getvalue()


def as_json(bars: Columns) -> bytes:
    """The lists of freqtrade."""
    return json.dumps([[t // 10**6, *rest] for t, *rest in vendors.rows_of(bars)]).encode()


def as_store(bars: Columns, suffix: str) -> bytes:
    """A store made of a CSV by ``data ingest``."""
    with tempfile.TemporaryDirectory() as folder:
        source, store = Path(folder) / "EURUSD.csv", Path(folder) / f"EURUSD.{suffix}"
        source.write_bytes(as_csv(bars))
        ingest(open_bars(source), [source], store)
        return store.read_bytes()


@dataclass(frozen=True)
class Kind:
    """A kind of file, and what damage may do to it."""

    make: Callable[[Columns], bytes]
    name: str
    """Path of the file in its folder; LEAN's tells what is in it."""
    ends: Literal["row", "batch", ""] = ""
    """After what a file may end and be whole all the same, nobody can tell: after any row, after any batch of six, nowhere."""
    sealed: Literal["all", "prices", ""] = ""
    """Part that a checksum covers: a changed byte in it is refused, or changes nothing."""
    volume: Literal["kept", "nought", "none"] = "kept"
    separator: str = ""
    """Between the cells of text, which odd things are put into."""
    headless: bool = False
    """True if the file begins with a bar, whose shape alone tells the format."""
    places: int = 28
    """Places between its ends that every run of the tests tries; vendors of text share one reader."""

    def path(self, folder: Path) -> Path:
        """Where a file of this kind lies; its folders are made."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def expected(self, bars: Columns) -> Columns:
        """The bars as they come out of it."""
        volume = {"kept": bars["volume"], "nought": 0.0 * bars["volume"], "none": None}[self.volume]
        return {**bars, "volume": volume}


def _text(name: str) -> Kind:
    """The kind of a vendor of text."""
    one = vendors.TEXT[name](columns(1)).decode()
    separator = next(mark for mark in "\t;," if mark in one)
    volume: Any = "nought" if name.startswith("histdata") else "kept"
    return Kind(vendors.TEXT[name], f"{name}.csv", "row", "", volume, separator, one.count("\n") == 1, places=6)


KINDS: dict[str, Kind] = {
    "csv": Kind(as_csv, "EURUSD.csv", "row", separator=","),
    "csv.gz": Kind(lambda bars: gzip.compress(as_csv(bars), mtime=0), "EURUSD.csv.gz", sealed="all"),
    "csv.zip": Kind(as_zip, "EURUSD.csv.zip", sealed="all"),
    "csv.zst": Kind(as_zstd, "EURUSD.csv.zst"),
    "utf-16": Kind(lambda bars: as_csv(bars).decode().encode("utf-16"), "utf-16.csv", "row"),
    **{name: _text(name) for name in vendors.TEXT},
    "parquet": Kind(as_parquet, "EURUSD.parquet"),
    "arrow": Kind(as_arrow, "EURUSD.arrow"),
    "arrows": Kind(as_stream, "EURUSD.arrows", "batch"),
    "feather": Kind(as_feather, "EURUSD.feather"),
    "store.arrow": Kind(lambda bars: as_store(bars, "arrow"), "store.arrow", sealed="prices"),
    "store.parquet": Kind(lambda bars: as_store(bars, "parquet"), "store.parquet", sealed="all"),
    "hst": Kind(vendors.as_hst, "EURUSD1.hst", "row"),
    "hst-400": Kind(lambda bars: vendors.as_hst(bars, 400), "EURUSD1-400.hst", "row"),
    "json": Kind(as_json, "EUR_USD-1m.json"),
    "nautilus": Kind(vendors.as_nautilus, "nautilus.parquet"),
    "nautilus-8": Kind(lambda bars: vendors.as_nautilus(bars, 8), "nautilus-8.parquet"),
    "lean-quote": Kind(
        lambda bars: vendors.as_lean(bars, vendors.lean_quote),
        "forex/oanda/minute/eurusd/20120201_quote.zip",
        sealed="all",
        volume="none",
    ),
    "lean-trade": Kind(
        lambda bars: vendors.as_lean(bars, vendors.lean_trade), "equity/usa/minute/spy/20120131_trade.zip", sealed="all"
    ),
}
ENDS = 4
"""Places at the beginning and the end of a file that every run of the tests tries."""


def every() -> bool:
    """True if ``BARLOOM_FAULTS=all`` asks for every place of every file."""
    return os.environ.get("BARLOOM_FAULTS") == "all"


def some(size: int, begin: int, places: int, dense: Iterable[int] = ()) -> list[int]:
    """Places of a file of ``size`` bytes: its ends, ``dense`` ones, and so many between, shifted by ``begin`` thirds."""
    if every():
        return list(range(size))
    step = max(1, size // places)
    spread = range(begin * step // 3, size, step)
    ends = [*range(min(ENDS, size)), *range(max(0, size - ENDS), size)]
    return sorted({at for at in (*spread, *ends, *dense) if 0 <= at < size})


NUMBERED = ("csv", "csv.gz", "csv.zip", "csv.zst", "parquet", "arrow", "arrows", "feather", "hst", "hst-400", "json")
"""Kinds that hold any number in any column as it is."""


@dataclass(frozen=True)
class Read:
    """Result of reading a file: its bars, or the sentence that refused it."""

    refused: str | None
    bars: Columns

    def same(self, bars: Columns) -> bool:
        """True if the bars were read, equal to the bit."""
        return self.refused is None and all(
            np.asarray(bars[name], self.bars[name].dtype).tobytes() == self.bars[name].tobytes()
            for name in NAMES[: 5 if self.bars["volume"] is None else 6]
        )


def read(path: Path | str, chunk_rows: int = 5, **options: Any) -> Read:
    """Read a file to its end, in chunks.

    Anything but bars in order or an ``InputError`` of one sentence that names the file is a failure.
    """
    drawn: list[list[Any]] = []
    try:
        bars = open_bars(path, **options)
        for chunk in bars.chunks(chunk_rows, volume=bars.has_volume, threads=1):
            drawn.append([getattr(chunk, name) for name in NAMES])
            drawn[-1] = [None if part is None else part[chunk.history :].copy() for part in drawn[-1]]
    except InputError as error:
        said = str(error)
        assert "\n" not in said and len(said) < 2000, said
        assert said.isprintable(), ascii(said)
        assert str(path)[:40] in said, said
        return Read(said, {})
    found = dict(
        zip(NAMES, [None if p[0] is None else np.concatenate(p) for p in zip(*drawn, strict=True)], strict=True)
    )
    assert (found["timestamp"][1:] > found["timestamp"][:-1]).all()
    opened, high, low, closed = (found[name] for name in NAMES[1:5])
    assert np.isfinite([opened, high, low, closed]).all() and (low > 0).all()
    assert (high >= np.maximum(opened, closed)).all() and (low <= np.minimum(opened, closed)).all()
    return Read(None, found)
