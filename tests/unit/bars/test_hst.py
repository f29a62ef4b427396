"""MetaTrader 4 history: every bar of both versions is read to the bit, and a file cut short is refused."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barloom.bars import Bars
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import hst
from barloom.bars.sources.files import read_head
from barloom.bars.zones import Zone
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1_388_959_260  # 2014-01-05 22:01
BARS = [(FIRST + 60 * n, 1.3595 + n / 1e5, 1.3599 + n / 1e5, 1.3591, 1.3597, 40 + n, 12 + n % 3) for n in range(5)]


def header(version: int, symbol: bytes = b"EURUSD") -> bytes:
    packed = struct.pack("<i64s12siiii", version, b"(C)opyright 2003", symbol, 1, 5, FIRST, FIRST)
    return packed + bytes(52)


def write(path: Path, version: int, bars: Sequence[tuple[Any, ...]] = BARS) -> Path:
    records = [
        struct.pack("<qddddQiQ", time, o, h, lo, c, volume, spread, 7)
        if version == 401
        else struct.pack("<iddddd", time, o, lo, h, c, volume)
        for time, o, h, lo, c, volume, spread in bars
    ]
    path.write_bytes(header(version) + b"".join(records))
    return path


def opened(path: Path, **options: Any) -> Bars:
    head = read_head(path)
    assert hst.recognises(head, path)
    chosen = ColumnOptions.parse(options.pop("columns", None), (), options.pop("spread_column", None))
    source = hst.HstSource(path, head, replace(chosen, **options))
    source.set_clock(replace(chosen, **options))
    return Bars(source)


@pytest.mark.parametrize("version", [400, 401])
def test_every_bar_is_read(tmp_path: Path, version: int) -> None:
    bars = opened(write(tmp_path / "EURUSD1.hst", version))
    found = drawn(bars, 2, volume=True)
    assert found["timestamp"].tolist() == [bar[0] * 10**9 for bar in BARS]
    for at, name in enumerate(("open", "high", "low", "close", "volume"), 1):
        assert found[name].tolist() == [bar[at] for bar in BARS], name
    source = bars.source
    assert isinstance(source, hst.HstSource)
    assert source.total_rows() == 5
    assert source.taken_for == (
        "MetaTrader 4 history, EURUSD, 1-minute bars: the server's clock, taken as UTC, stamped by open, bid; "
        "--time-zone, --stamp change that"
    )


def test_the_clock_of_the_server_can_be_told(tmp_path: Path) -> None:
    bars = opened(write(tmp_path / "a.hst", 401), time_zone=Zone.parse("America/New_York+7h"), stamp="close")
    assert drawn(bars)["timestamp"].tolist() == [(bar[0] - 2 * 3600 - 60) * 10**9 for bar in BARS]
    assert bars.source.taken_for == (
        "MetaTrader 4 history, EURUSD, 1-minute bars: America/New_York+7h, stamped by close, bid; "
        "--time-zone, --stamp change that"
    )


def test_another_symbol_is_refused(tmp_path: Path) -> None:
    assert len(drawn(opened(write(tmp_path / "a.hst", 401), symbol="eurusd"))["close"]) == 5
    with pytest.raises(InputError, match="holds EURUSD, not GBPUSD"):
        opened(tmp_path / "a.hst", symbol="GBPUSD")


@pytest.mark.parametrize("column", ["spread_points*0.00001", "7*0.00001"])
def test_the_spread_makes_the_ask(tmp_path: Path, column: str) -> None:
    found = drawn(opened(write(tmp_path / "a.hst", 401), spread_column=column))
    assert found["ask_close"].tolist() == [bar[4] + bar[6] * 0.00001 for bar in BARS]


def test_the_volume_may_be_the_real_one(tmp_path: Path) -> None:
    found = drawn(
        opened(write(tmp_path / "a.hst", 401), columns="time=1,open=2,high=3,low=4,close=5,volume=8"), volume=True
    )
    assert found["volume"].tolist() == [7.0] * 5


def test_any_rows_can_be_drawn(tmp_path: Path) -> None:
    many = [(FIRST + 60 * n, 2.0, 2.5, 1.5, 2.0 + n % 9 / 100, 1, 1) for n in range(hst.BATCH_ROWS + 500)]
    source = opened(write(tmp_path / "a.hst", 400, many)).source
    for start, stop in [(0, None), (3, 4), (hst.BATCH_ROWS - 1, hst.BATCH_ROWS + 1), (70, 66_000), (66_035, 99_999)]:
        batches = list(source.batches(start, stop, volume=False, threads=1))
        assert batches[0].first_row == start
        times = np.concatenate([batch.timestamp for batch in batches]) // 10**9
        assert times.tolist() == [bar[0] for bar in many[start:stop]]


@pytest.mark.parametrize("time", [-1, 1 << 60])
def test_a_time_that_is_none_is_a_bad_row(tmp_path: Path, time: int) -> None:
    bars = opened(write(tmp_path / "a.hst", 401, [*BARS[:2], (time, *BARS[2][1:]), *BARS[3:]]))
    with pytest.raises(InputError, match=r"a\.hst: 1 bad row: 1 \w+ \(first: row 3, no time"):
        drawn(bars)


@pytest.mark.parametrize("version", [400, 401])
def test_a_file_cut_anywhere_between_bars_is_refused(tmp_path: Path, version: int) -> None:
    whole = write(tmp_path / "a.hst", version).read_bytes()
    size = hst.RECORDS[version].itemsize
    for length in range(4, len(whole)):
        path = tmp_path / "cut.hst"
        path.write_bytes(whole[:length])
        if length >= 148 and (length - 148) % size == 0:
            continue
        with pytest.raises(InputError, match="cut short"):
            opened(path)


def test_a_header_alone_has_no_bars(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no bars"):
        drawn(opened(write(tmp_path / "a.hst", 401, [])))
