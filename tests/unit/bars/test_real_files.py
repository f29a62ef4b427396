"""Real files of bars, read as they are."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from barloom.bars import open_bars
from barloom.bars.info import describe
from barloom.bars.times import iso
from barloom.errors import InputError
from helpers.chunks import drawn

FOLDER = Path(os.environ.get("BARLOOM_DATA", ""))
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("BARLOOM_DATA" not in os.environ, reason="BARLOOM_DATA names no folder of real bars"),
]
BITFINEX = "time=1,open=2,close=3,high=4,low=5,volume=6"


@pytest.mark.parametrize(
    ("name", "rows", "first", "last"),
    [
        ("fxcm_gbpusd-m1-bid-2012.csv.gz", 30117, "2012-02-01T00:00:00Z", "2012-03-01T00:00:00Z"),
        ("fxcm_usdjpy-m1-ask-2013.csv.gz", 28761, "2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z"),
        ("bitfinex_BTCUSD_1m_2015.csv.gz", 366710, "2015-01-01T00:00:00Z", "2015-12-31T23:59:00Z"),
        ("bitfinex_BTCUSD_1m_2016.csv.gz", 293230, "2016-01-01T00:00:00Z", "2016-12-31T23:58:00Z"),
    ],
)
def test_every_bar_is_read_packed_or_not(tmp_path: Path, name: str, rows: int, first: str, last: str) -> None:
    columns = BITFINEX if name.startswith("bitfinex") else None
    packed = open_bars(FOLDER / name, columns=columns)
    times = drawn(packed, volume=packed.has_volume)["timestamp"]
    assert (len(times), iso(int(times[0])), iso(int(times[-1]))) == (rows, first, last)
    plain = tmp_path / "plain.csv"
    plain.write_bytes(gzip.decompress((FOLDER / name).read_bytes()))
    unpacked = open_bars(plain, columns=columns)
    drawn(unpacked, 1000, history=30, volume=packed.has_volume, threads=1)
    assert unpacked.report == packed.report
    info = describe(FOLDER / name, columns)
    assert info.timeframe_seconds == 60.0 and info.bars == rows and "gzip" in info.kind


def test_a_file_without_header_is_read_by_the_order_that_fits() -> None:
    found = open_bars(FOLDER / "bitfinex_BTCUSD_1m_2015.csv.gz")
    assert "Bitfinex" in found.taken_for
    named = open_bars(FOLDER / "bitfinex_BTCUSD_1m_2015.csv.gz", columns=BITFINEX)
    drawn(found), drawn(named)
    assert found.report == named.report


def test_wrong_positions_show_as_highs_below_lows() -> None:
    bars = open_bars(FOLDER / "bitfinex_BTCUSD_1m_2015.csv.gz", columns="time=1,open=2,high=3,low=4,close=5,volume=6")
    with pytest.raises(InputError, match="high_low"):
        drawn(bars)
