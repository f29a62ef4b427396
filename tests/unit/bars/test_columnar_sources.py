"""Parquet and Arrow IPC: every layout that holds bars is read to the bit, every damaged file is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from barloom.bars import from_synthetic, open_bars
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1328054400 * 10**9
MINUTE = 60 * 10**9


def table(rows: int = 300, **changes: Any) -> pa.Table:
    times = pa.array(np.arange(rows) * MINUTE + FIRST).cast(pa.timestamp("ns", tz="UTC"))
    close = 1.5 + np.arange(rows) % 7 / 1000
    columns = {
        "time": times,
        "open": close,
        "high": close + 0.01,
        "low": close - 0.01,
        "close": close,
        "volume": np.ones(rows),
    }
    columns.update(changes)
    return pa.table({name: column for name, column in columns.items() if column is not None})


def write_parquet(bars: pa.Table, path: Path) -> None:
    pq.write_table(bars, path, row_group_size=100, write_page_checksum=True)


def write_file(bars: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, bars.schema) as writer:
        writer.write_table(bars, max_chunksize=70)


def write_stream(bars: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(path, bars.schema) as writer:
        writer.write_table(bars, max_chunksize=70)


def write_lz4(bars: pa.Table, path: Path) -> None:
    feather.write_feather(bars, str(path), compression="lz4", chunksize=70)


def write_zstd(bars: pa.Table, path: Path) -> None:
    feather.write_feather(bars, str(path), compression="zstd", chunksize=70)


Writer = Callable[[pa.Table, Path], None]
WRITERS: list[Writer] = [write_parquet, write_file, write_stream, write_lz4, write_zstd]
pytestmark = pytest.mark.parametrize("write", WRITERS)


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        drawn(open_bars(path, **options))
    return str(caught.value)


def test_bars_are_read_exactly_whatever_the_name(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    bars = table()
    write(bars, path)
    opened = open_bars(path)
    columns = drawn(opened, 37, history=5, volume=True)
    assert columns["timestamp"].tolist() == [FIRST + n * MINUTE for n in range(300)]
    for name in ("open", "high", "low", "close", "volume"):
        assert columns[name].tolist() == bars[name].to_pylist()
    assert opened.report is not None and opened.report.total_rows == 300


@pytest.mark.parametrize(
    "times",
    [
        *(pa.timestamp(unit, tz=tz) for unit in ("s", "ms", "us", "ns") for tz in (None, "UTC", "America/New_York")),
        "seconds",
        "milliseconds",
        "uint64",
        "float",
    ],
)
def test_times_of_any_unit_and_zone_are_the_same_moments(write: Writer, tmp_path: Path, times: Any) -> None:
    ns = pa.array(np.arange(50) * MINUTE + FIRST)
    made = {
        "seconds": lambda: pa.array(ns.to_numpy() // 10**9),
        "milliseconds": lambda: pa.array(ns.to_numpy() // 10**6),
        "uint64": lambda: ns.cast(pa.uint64()),
        "float": lambda: pa.array(ns.to_numpy() / 1e9),
    }
    column = made[times]() if isinstance(times, str) else ns.cast(pa.timestamp("ns", tz=times.tz)).cast(times)
    path = tmp_path / "bars"
    write(table(50, time=column), path)
    assert drawn(open_bars(path))["timestamp"].tolist() == ns.to_pylist()


def test_dates_are_times(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write(table(3, time=pa.array([15371, 15372, 15373], pa.date32())), path)
    assert drawn(open_bars(path))["timestamp"].tolist() == [FIRST + n * 1440 * MINUTE for n in range(3)]


@pytest.mark.parametrize("kind", [pa.float32(), pa.int32(), pa.uint8(), pa.decimal128(10, 3)])
def test_prices_of_other_number_types_become_float64(write: Writer, tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "bars"
    values = pa.array([Decimal(2), Decimal(3)] if pa.types.is_decimal(kind) else [2, 3], kind)
    write(table(2, open=values, high=values, low=values, close=values), path)
    assert drawn(open_bars(path))["high"].tolist() == [2.0, 3.0]


def test_nulls_are_bad_rows(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    opens = [None, *[1.5] * 4]
    times = [FIRST, FIRST + MINUTE, None, FIRST + 3 * MINUTE, FIRST + 4 * MINUTE]
    write(table(5, open=pa.array(opens), time=pa.array(times, pa.timestamp("ns"))), path)
    message = refused(path)
    assert "2 bad rows" in message
    assert "1 unparsable_time (first: row 3, no time" in message
    assert "1 not_finite (first: row 1, 2012-02-01T00:00:00Z: open nan" in message
    bars = open_bars(path, on_bad_rows="drop:any")
    assert len(drawn(bars)["open"]) == 3


def test_times_past_the_range_are_refused_not_wrapped(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    for seconds in (2**40, -(2**40)):
        write(table(1, time=pa.array([seconds], pa.timestamp("s"))), path)
        assert "unparsable_time" in refused(path)


def test_columns_are_checked_by_name_and_type(write: Writer, tmp_path: Path) -> None:
    """Text, lists and extension types are no prices."""
    path = tmp_path / "bars"
    write(table(2, spread=np.ones(2)), path)
    assert "--ignore-columns spread" in refused(path)
    assert len(drawn(open_bars(path, ignore_columns="spread"))["open"]) == 2
    chosen = open_bars(path, columns="time=time,open=2,high=high,low=low,close=5")
    assert len(drawn(chosen)["open"]) == 2 and not chosen.has_volume
    write(table(2, low=None), path)
    assert "no column for low" in refused(path)
    write(table(2, close=pa.array(["1", "2"])), path)
    assert "'close'" in refused(path) and "string" in refused(path)
    write(table(2, time=pa.array(["yesterday", "today"])), path)
    assert "'time'" in refused(path) and "--time-format" in refused(path)


def test_an_empty_file_has_no_bars(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write(table(0), path)
    assert refused(path) == f"{path} has no bars"


def test_a_file_cut_short_anywhere_is_refused(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write(table(150), path)
    whole = path.read_bytes()
    for size in [*range(0, len(whole), 61), *range(len(whole) - 40, len(whole))]:
        path.write_bytes(whole[:size])
        try:
            columns = drawn(open_bars(path))
        except InputError as error:
            assert str(path) in str(error)
            continue
        # A stream is whole at each end of a batch, with or without its end mark.
        assert write is write_stream and len(columns["open"]) in (70, 140, 150)


def test_a_changed_byte_is_refused_or_harmless_never_a_crash(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write(table(80), path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        for value in (0, 0xFF, whole[at] ^ 1):
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            try:
                drawn(open_bars(path))
            except InputError as error:
                assert "\n" not in str(error)


def test_portions_read_only_their_rows_and_cover_all(write: Writer, tmp_path: Path) -> None:
    path = tmp_path / "bars"
    write(table(), path)
    bars = open_bars(path)
    whole = drawn(bars)["timestamp"].tolist()
    parts: list[int] = []
    for portion in (1, 2, 3, 4):
        part = bars.select(fraction=0.3, portion=portion)
        parts += drawn(part)["timestamp"].tolist()
        assert part.report is not None and part.report.total_rows == 300
    assert parts == whole


def test_a_slice_of_synthetic_bars_is_the_same_from_a_file(write: Writer, tmp_path: Path) -> None:
    made = drawn(from_synthetic(5000, 3), volume=True)
    path = tmp_path / "bars"
    write(pa.table({**made, "timestamp": pa.array(made["timestamp"]).cast(pa.timestamp("ns"))}), path)
    part = open_bars(path).select(fraction=0.25, portion=2, start="2015-01-05T22:00", end="2015-01-06T02:00")
    expected = from_synthetic(5000, 3).select(
        fraction=0.25, portion=2, start="2015-01-05T22:00", end="2015-01-06T02:00"
    )
    assert drawn(part)["close"].tobytes() == drawn(expected)["close"].tobytes()
    assert part.report is not None and part.report == expected.report
