"""Ingesting and checking files holds a few pieces of them, whatever their number of rows."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.checks import check_bars
from barloom.bars.store import ingest
from barloom.bars.writer import write_bars

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")

ROWS = 1_000_000  # 48 MB of columns, 57 MB of CSV


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large file and a small one, and every way gone once with the small: what imports allocate is no bar's."""
    made = tmp_path_factory.mktemp("bars")
    for name, rows in (("large", ROWS), ("small", 1000)):
        write_bars(from_synthetic(rows, 7), made / f"{name}.csv")
        lines = (made / f"{name}.csv").read_bytes().splitlines(keepends=True)
        (made / f"{name}-newest.csv.gz").write_bytes(gzip.compress(lines[0] + b"".join(reversed(lines[1:])), 1))
    for suffix in ("arrow", "parquet"):
        stored(made, "small.csv", f"small.{suffix}")
    stored(made, "small-newest.csv.gz", "small-newest.arrow")
    stored(made, "small.csv", "both.arrow", ask=made / "small.csv")
    check_bars(open_bars(made / "small.csv"))
    return made


def stored(folder: Path, name: str, out: str, **options: Path) -> int:
    """The bars that came into the store."""
    bars = open_bars(folder / name, **options)  # type: ignore[arg-type]
    return ingest(bars, bars.source.files(), folder / out, force=True).facts.rows


@pytest.mark.limit_memory("64 MB")
def test_an_arrow_store_is_written_within_a_ceiling(folder: Path) -> None:
    assert stored(folder, "large.csv", "large.arrow") == ROWS


@pytest.mark.limit_memory("88 MB")
def test_a_parquet_store_is_written_within_a_ceiling(folder: Path) -> None:
    assert stored(folder, "large.csv", "large.parquet") == ROWS


@pytest.mark.limit_memory("108 MB")
def test_bid_and_ask_are_ingested_within_a_ceiling(folder: Path) -> None:
    assert stored(folder, "large.csv", "large-both.arrow", ask=folder / "large.csv") == ROWS


@pytest.mark.limit_memory("88 MB")
def test_a_packed_file_with_the_newest_first_is_read_backwards_within_a_ceiling(folder: Path) -> None:
    assert stored(folder, "large-newest.csv.gz", "large-newest.arrow") == ROWS


@pytest.mark.limit_memory("48 MB")
def test_a_file_is_checked_within_a_ceiling(folder: Path) -> None:
    assert check_bars(open_bars(folder / "large.csv")).bars == ROWS
