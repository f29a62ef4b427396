"""What a file of bars holds, without running anything on it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing

import numpy as np
from pydantic import BaseModel, ConfigDict

from barloom.bars.bars import Bars, open_bars
from barloom.bars.sources.csv import CsvSource
from barloom.bars.sources.files import FileSource
from barloom.bars.times import iso

CHUNK_ROWS = 1 << 16


class BarsInfo(BaseModel):
    """A file of bars, described."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    kind: str
    """``CSV``, ``Parquet`` or ``Arrow IPC``, and what it is compressed with."""
    size_bytes: int
    rows: int
    """All rows, good and bad."""
    bars: int
    """Good rows."""
    bad_rows: dict[str, int]
    first: str
    """Time of the first bar, ISO, UTC."""
    last: str
    timeframe_seconds: float | None
    """The most common step between bars; None for a single bar."""
    columns: dict[str, str]
    """Columns of the file that are read -> what they hold."""
    content_hash: str


def describe(
    path: str | os.PathLike[str],
    columns: str | Mapping[str, str | int] | None = None,
    ignore_columns: str | Iterable[str] = (),
) -> BarsInfo:
    """Read a file of bars once and describe it; bad rows are counted, not refused.

    Raises:
        InputError: the file cannot be read, or has no good bar.
    """
    bars = open_bars(path, columns=columns, ignore_columns=ignore_columns, on_bad_rows="drop")
    source = bars.source
    assert isinstance(source, FileSource)
    steps: dict[int, int] = {}
    with closing(bars.chunks(CHUNK_ROWS, history=1)) as chunks:
        for chunk in chunks:
            values, counts = np.unique(np.diff(chunk.timestamp), return_counts=True)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                steps[value] = steps.get(value, 0) + count
    report = bars.report
    assert report is not None
    common = max(steps, key=lambda step: (steps[step], -step)) / 1e9 if steps else None
    compressed = source.text.compression if isinstance(source, CsvSource) else None
    return BarsInfo(
        path=source.label,
        kind=source.kind + (f" ({compressed})" if compressed else ""),
        size_bytes=os.stat(source.path).st_size,
        rows=report.total_rows,
        bars=report.selected_rows,
        bad_rows=report.dropped,
        first=iso(report.first_ts),
        last=iso(report.last_ts),
        timeframe_seconds=common,
        columns=_columns(bars, source),
        content_hash=report.content_hash,
    )


def _columns(bars: Bars, source: FileSource) -> dict[str, str]:
    layout = source.layout
    held = {}
    for field in layout.fields(volume=bars.has_volume):
        at = layout.index[field]
        name = layout.names[at].strip()
        if isinstance(source, CsvSource):
            styles = {"naive": "ISO time", "zoned": "ISO time with offset", "integer": "epoch", "decimal": "epoch"}
            held[name] = styles[source.details.time_style] if field == "time" else "number"
        else:
            held[name] = str(source.schema.field(at).type)
    return held
