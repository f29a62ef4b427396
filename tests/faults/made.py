"""A small file of each kind that barloom reads, made of the same bars, and what reading one comes to."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from barloom.bars import open_bars
from barloom.errors import InputError

FIRST = 1_328_054_400_000_000_000  # 2012-02-01T00:00:00Z
MINUTE = 60_000_000_000
NAMES = ("timestamp", "open", "high", "low", "close", "volume")
Columns = dict[str, Any]


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
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EURUSD.csv", as_csv(bars))
    return out.getvalue()


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


def as_hst(bars: Columns) -> bytes:
    """MetaTrader 4 history, version 401."""
    head = struct.pack("<i64s12siiii52x", 401, b"(C)opyright", b"EURUSD", 1, 5, 0, 0)
    rows = zip(*(np.asarray(bars[name]).tolist() for name in NAMES), strict=True)
    return head + b"".join(
        struct.pack("<qddddqiq", t // 10**9, opened, high, low, closed, int(volume), 0, 0)
        for t, opened, high, low, closed, volume in rows
    )


def as_json(bars: Columns) -> bytes:
    """The lists of freqtrade."""
    rows = zip(*(np.asarray(bars[name]).tolist() for name in NAMES), strict=True)
    return json.dumps([[t // 10**6, *rest] for t, *rest in rows]).encode()


KINDS: dict[str, Callable[[Columns], bytes]] = {
    "csv": as_csv,
    "csv.gz": lambda bars: gzip.compress(as_csv(bars), mtime=0),
    "csv.zip": as_zip,
    "csv.zst": as_zstd,
    "parquet": as_parquet,
    "arrow": as_arrow,
    "arrows": as_stream,
    "feather": as_feather,
    "hst": as_hst,
    "json": as_json,
}
SEALED = {"csv.gz", "csv.zip"}
"""Kinds with a checksum over all that is inside: changed, they are refused or the same."""


@dataclass(frozen=True)
class Read:
    """What reading a file came to: its bars, or the sentence that refused it."""

    refused: str | None
    bars: Columns

    def same(self, bars: Columns) -> bool:
        """Whether the bars were read, to the bit."""
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
