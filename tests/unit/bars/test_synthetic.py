"""Seeded bars: the same bytes for ever, and like the market they stand for."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.info import describe
from barloom.bars.synthetic import MOST_MINUTES
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from helpers.chunks import drawn

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
ROWS = 120_000


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return drawn(from_synthetic(ROWS, 7), volume=True)


def test_the_same_seed_gives_the_same_bytes_on_every_platform() -> None:
    bars = from_synthetic(40_000, 7)
    drawn(bars)
    assert bars.report is not None
    assert bars.report.content_hash == "cc23441dcf9362837abd4e17bc96e179"
    other = from_synthetic(40_000, 8)
    drawn(other)
    assert other.report is not None and other.report.content_hash != bars.report.content_hash


def test_chunks_and_slices_are_parts_of_the_same_bars(made: dict[str, np.ndarray]) -> None:
    for rows, history in ((1000, 0), (999, 50), (ROWS * 2, 3)):
        columns = drawn(from_synthetic(ROWS, 7), rows, history=history, volume=True)
        assert all(columns[name].tobytes() == made[name].tobytes() for name in made)
    part = drawn(from_synthetic(ROWS, 7).select(fraction=0.25, portion=3))
    assert part["close"].tobytes() == made["close"][60_000:90_000].tobytes()


def test_prices_have_five_digits_and_bars_are_good(made: dict[str, np.ndarray]) -> None:
    for name in ("open", "high", "low", "close"):
        assert (np.round(made[name], 5) == made[name]).all()
        assert made[name].min() > 0.7 and made[name].max() < 1.8
    assert (made["volume"] > 0).all()


def test_weekends_are_closed_and_some_minutes_are_missing(made: dict[str, np.ndarray]) -> None:
    steps = np.diff(made["timestamp"])
    assert (made["timestamp"] % MINUTE == 0).all()
    weekday = (made["timestamp"] // HOUR // 24 + 4) % 7  # 0 is Sunday
    hour = made["timestamp"] // HOUR % 24
    open_market = ((weekday > 0) & (weekday < 5)) | ((weekday == 0) & (hour >= 22)) | ((weekday == 5) & (hour < 22))
    assert open_market.all()
    weekends = (steps > 40 * HOUR).sum()
    assert weekends == ROWS // 7200
    assert 0.0005 < (steps == 2 * MINUTE).mean() < 0.02


def test_hours_differ_and_volatility_clusters(made: dict[str, np.ndarray]) -> None:
    size = made["high"] - made["low"]
    hour = made["timestamp"] // HOUR % 24
    assert size[hour == 15].mean() > 2 * size[hour == 22].mean()
    london = size[hour == 9]
    assert np.corrcoef(london[:-1], london[1:])[0, 1] > 0.05


def test_very_many_bars_fit_between_now_and_the_year_2262() -> None:
    """A billion bars are one a second."""
    bars = from_synthetic(MOST_MINUTES + 1, 7)
    times = [chunk.timestamp for chunk in itertools.islice(bars.chunks(100), 2)]
    assert np.diff(times[0]).min() == 10**9
    with pytest.raises(InputError, match="2262"):
        from_synthetic(10**12)


@pytest.mark.parametrize(("rows", "seed"), [(0, 1), (-1, 1), (1, -1), (True, 1)])
def test_impossible_bars_are_refused(rows: int, seed: int) -> None:
    with pytest.raises(InputError, match="synthetic"):
        from_synthetic(rows, seed)


# ---------------------------------------------------------------- to files and back


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_written_bars_read_back_to_the_bit(made: dict[str, np.ndarray], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bars{suffix}"
    assert write_bars(from_synthetic(ROWS, 7), path) == ROWS
    bars = open_bars(path)
    columns = drawn(bars, volume=True)
    assert all(columns[name].tobytes() == made[name].tobytes() for name in made)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    info = describe(path)
    assert bars.report is not None
    assert info.content_hash == bars.report.content_hash
    assert (info.rows, info.bars, info.bad_rows, info.timeframe_seconds) == (ROWS, ROWS, {}, 60.0)
    assert (info.first, info.size_bytes) == ("2015-01-04T22:00:00Z", path.stat().st_size)
    assert list(info.columns) == ["timestamp", "open", "high", "low", "close", "volume"]


def test_a_csv_looks_as_promised(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    write_bars(from_synthetic(10, 7), path)
    lines = path.read_text().splitlines()
    assert lines[0] == "timestamp,open,high,low,close,volume"
    assert lines[1].startswith("2015-01-04T22:00:00Z,1.")


def test_times_with_a_fraction_survive_a_csv(tmp_path: Path) -> None:
    from barloom.bars import from_arrays

    ones = np.ones(3)
    times = np.array([-5, 1_000_000_000, 1_328_054_400_123_456_789])
    path = tmp_path / "bars.csv"
    write_bars(from_arrays(times, ones, ones, ones, ones), path)
    assert drawn(open_bars(path, odd_times="keep"))["timestamp"].tolist() == times.tolist()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """No LOST, no FAKE."""
    source = tmp_path / "bad.csv"
    good = "\n".join(f"{1328054400 + 60 * n},1,1,1,1" for n in range(200_000))
    source.write_text(f"time,open,high,low,close\n{good}\n1,1,1,1,1\n")
    for suffix in (".csv", ".parquet", ".arrow"):
        target = tmp_path / f"out{suffix}"
        target.write_text("old")
        with pytest.raises(InputError, match="1 unparsable_time"):
            write_bars(open_bars(source), target)
        assert target.read_text() == "old"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["bad.csv", "out.arrow", "out.csv", "out.parquet"]


@pytest.mark.parametrize("name", ["bars.txt", "bars", "nowhere/bars.csv"])
def test_an_impossible_target_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        write_bars(from_synthetic(10), tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="directory"):
        write_bars(from_synthetic(10), tmp_path / "folder.csv")
