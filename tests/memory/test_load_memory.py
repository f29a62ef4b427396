"""Streaming bars holds a few pieces of them, whatever their number."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.fine import Fine
from barloom.bars.writer import write_bars

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")

ROWS = 1_000_000  # 40 MB of columns, 57 MB of CSV


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bars in every format, and a small file of each read once: what imports allocate is no bar's."""
    made = tmp_path_factory.mktemp("bars")
    for suffix in ("csv", "parquet", "arrow"):
        write_bars(from_synthetic(ROWS, 7), made / f"large.{suffix}")
        write_bars(from_synthetic(1000, 7), made / f"small.{suffix}")
        passed(made / f"small.{suffix}")
    return made


def passed(path: Path) -> int:
    return sum(chunk.rows for chunk in open_bars(path).chunks(65536, history=200, threads=2))


@pytest.mark.limit_memory("64 MB")
def test_a_csv_is_streamed_within_a_ceiling(folder: Path) -> None:
    assert passed(folder / "large.csv") == ROWS


@pytest.mark.limit_memory("24 MB")
def test_an_arrow_file_is_streamed_within_a_ceiling(folder: Path) -> None:
    assert passed(folder / "large.arrow") == ROWS


@pytest.mark.limit_memory("48 MB")
def test_a_parquet_file_is_streamed_within_a_ceiling(folder: Path) -> None:
    assert passed(folder / "large.parquet") == ROWS


@pytest.mark.limit_memory("16 MB")
def test_synthetic_bars_are_made_within_a_ceiling() -> None:
    assert sum(chunk.rows for chunk in from_synthetic(ROWS, 7).chunks(65536)) == ROWS


@pytest.mark.limit_memory("96 MB")
def test_a_bid_and_an_ask_file_are_streamed_within_a_ceiling(folder: Path) -> None:
    bars = open_bars(folder / "large.csv", ask=folder / "large.csv")
    assert sum(chunk.rows for chunk in bars.chunks(65536, history=200, threads=2)) == ROWS


@pytest.mark.limit_memory("24 MB")
def test_finer_bars_are_read_within_a_ceiling(folder: Path) -> None:
    reader = Fine(open_bars(folder / "large.arrow")).reader()
    first = next(open_bars(folder / "large.arrow").chunks(1)).timestamp[0]
    found = 0
    for hour in range(0, 24 * 1000, 24):
        starts = first + np.arange(hour, hour + 24, 4) * 3600 * 10**9
        found += len(reader.between(starts, starts + 3600 * 10**9).time)
    assert found > 100_000
