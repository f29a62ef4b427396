"""Description of a file of bars: its format, rows, times and columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from barloom.bars.facts import PriceSide, StoreFacts
from barloom.bars.iso_time import iso
from barloom.bars.store_info import describe_store, info_of
from barloom.errors import InputError

if TYPE_CHECKING:
    from barloom.bars.bars import Bars
    from barloom.bars.sources.files import FileSource

CHUNK_ROWS = 1 << 17


class BarsInfo(BaseModel):
    """A file of bars, described."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    kind: str
    """``CSV``, ``Parquet`` or ``Arrow IPC``, and its compression."""
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
    """The most common step between the first bars; None if there is a single bar."""
    gaps: int
    """Steps longer than the timeframe, weekends included."""
    longest_gap_seconds: float | None
    price_side: PriceSide | None
    """Price side, told by the format or the name of the file."""
    taken_for: str | None
    """Format that the file, or the source of a store, was read as, in words."""
    columns: dict[str, str]
    """Columns of the file that are read -> the fields they hold."""
    content_hash: str
    notes: tuple[str, ...] = ()
    """Remarks, such as a clock that fits few weeks; one sentence each."""
    store: StoreFacts | None = None
    """Facts of the store, with the source of its bars; None if the file is no store."""


def describe(
    path: str | os.PathLike[str],
    columns: str | Mapping[str, str | int] | None = None,
    ignore_columns: str | Iterable[str] = (),
    *,
    input_format: str | None = None,
    time_zone: str | None = None,
    stamp: Literal["open", "close"] | None = None,
    symbol: str | None = None,
    date_order: str | None = None,
    time_format: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
) -> BarsInfo:
    """Describe a file of bars: a store from its own facts, any other by one pass; bad rows are counted, not refused.

    Raises:
        InputError: the file cannot be read, or has no good bar.
    """
    said = (columns, input_format, time_zone, stamp, symbol, date_order, time_format, decimal, thousands, encoding)
    if not ignore_columns and all(one is None for one in said):
        stored = describe_store(Path(path))
        if stored is not None:
            return BarsInfo.model_validate(stored)
    from barloom.bars.opening import open_bars
    from barloom.bars.sources.files import FileSource

    bars = open_bars(
        path,
        columns=columns,
        ignore_columns=ignore_columns,
        on_bad_rows="drop:any",
        odd_times="keep",
        input_format=input_format,
        time_zone=time_zone,
        stamp=stamp,
        symbol=symbol,
        date_order=date_order,
        time_format=time_format,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
    )
    source = bars.source
    source.asks = False
    if not isinstance(source, FileSource):
        raise InputError(f"{source.label}: the facts are those of one file, name each by itself")
    return (
        _of_pass(bars, source)
        if source.facts is None
        else BarsInfo.model_validate(info_of(source.facts.model_dump(mode="json"), source.label, source.kind))
    )


def _of_pass(bars: Bars, source: FileSource) -> BarsInfo:
    from barloom.bars.sources.csv import CsvSource
    from barloom.bars.steps import Steps
    from barloom.bars.store import side_of, taken_for

    steps = Steps()
    with closing(bars.chunks(CHUNK_ROWS)) as chunks:
        for chunk in chunks:
            steps.add(chunk.timestamp)
    report = bars.report
    assert report is not None
    compressed = source.text.compression if isinstance(source, CsvSource) else None
    told = "; ".join(said for said in (taken_for(bars), source.corrected) if said) or None
    return BarsInfo(
        path=source.label,
        kind=source.kind + (f" ({compressed})" if compressed else ""),
        size_bytes=os.stat(source.path).st_size,
        rows=report.total_rows,
        bars=report.selected_rows,
        bad_rows=report.dropped,
        first=iso(report.first_ts),
        last=iso(report.last_ts),
        timeframe_seconds=steps.seconds,
        gaps=steps.gaps,
        longest_gap_seconds=steps.longest_seconds,
        price_side="bid and ask" if bars.has_ask else side_of([source.path], told),
        taken_for=told,
        columns=_columns(bars, source),
        content_hash=report.content_hash,
        notes=report.notes,
    )


def _columns(bars: Bars, source: FileSource) -> dict[str, str]:
    from barloom.bars.sources.csv import CsvSource

    layout = source.layout
    held = {}
    for field in layout.fields(volume=bars.has_volume):
        at = layout.index[field]
        name = layout.names[at].strip()
        if isinstance(source, CsvSource):
            styles = {"naive": "ISO time", "zoned": "ISO time with offset", "epoch": "epoch", "decimal": "epoch"}
            held[name] = styles.get(source.details.time.style, "time") if field == "time" else "number"
        else:
            held[name] = str(source.schema.field(at).type)
    return held
