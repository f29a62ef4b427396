"""Several files as one data set: the bars of one file, wherever it is cut, and a refusal where the files are no one data set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from barloom.bars import Bars, from_synthetic
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.base import Source
from barloom.bars.sources.joined import JoinedSource, find_files, open_joined
from barloom.bars.sources.pair import PairSource
from barloom.bars.sources.registry import open_source
from barloom.errors import InputError
from helpers.chunks import drawn
from helpers.links import link

ROWS = 5_000
MINUTE = 60 * 10**9
WHOLE = drawn(from_synthetic(ROWS, 3), volume=True)


def write(path: Path, start: int, stop: int, every: int = 1, **changes: Any) -> Path:
    """The bars ``start`` to ``stop`` as a file, in the format that its name says."""
    columns = {name: values[start:stop:every] for name, values in WHOLE.items()} | changes
    columns["timestamp"] = pa.array(columns["timestamp"], pa.timestamp("ns", tz="UTC"))
    table = pa.table({name: values for name, values in columns.items() if values is not None})
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path, row_group_size=300)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=300)
    else:
        pa.csv.write_csv(table, path)
    return path


def one(path: Path) -> Source:
    return open_source(path, ColumnOptions())


def refused(paths: Any, shared_bars: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        drawn(Bars(open_joined(paths, one, shared_bars)))
    return str(caught.value)


def parts(folder: Path) -> list[Path]:
    """Four files, whose names are in no order of time and whose formats differ."""
    return [
        write(folder / "d.csv", 0, 1200),
        write(folder / "c.parquet", 1200, 1201),
        write(folder / "b.arrow", 1201, 4000),
        write(folder / "a.csv", 4000, ROWS),
    ]


@pytest.mark.parametrize("chunk_rows", [7, 1000, 65536])
def test_files_are_the_bars_of_one_file_in_time_order(tmp_path: Path, chunk_rows: int) -> None:
    files = parts(tmp_path)
    whole, joined = Bars(one(write(tmp_path / "whole.csv", 0, ROWS))), Bars(open_joined(files[::-1], one))
    expected = drawn(whole, volume=True)
    found = drawn(joined, chunk_rows, history=3, volume=True)
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name
    assert joined.report is not None and whole.report is not None
    assert joined.report == whole.report
    source = joined.source
    assert isinstance(source, JoinedSource)
    assert source.paths == tuple(files)
    assert joined.label == f"{files[-1]} and 3 more (4 files)"


@pytest.mark.parametrize(
    "selection",
    [
        {"fraction": 0.25, "portion": 1},
        {"fraction": 0.25, "portion": 3},
        {"fraction": 0.001, "portion": 240},
        {"fraction": 0.24, "portion": 2},
        {"fraction": 0.3, "portion": 4},
        {"start": int(WHOLE["timestamp"][1100]), "end": int(WHOLE["timestamp"][4100])},
    ],
    ids=str,
)
def test_a_selection_runs_across_files(tmp_path: Path, selection: dict[str, Any]) -> None:
    files = parts(tmp_path)
    whole, joined = Bars(one(write(tmp_path / "whole.csv", 0, ROWS))), Bars(open_joined(files, one))
    expected, found = drawn(whole.select(**selection)), drawn(joined.select(**selection), 333)
    assert np.array_equal(found["timestamp"], expected["timestamp"])
    assert np.array_equal(found["close"], expected["close"])
    assert joined.source.total_rows() == ROWS


def test_rows_of_any_range_are_drawn_once(tmp_path: Path) -> None:
    source = open_joined(parts(tmp_path), one)
    for start, stop in [(0, 1200), (1199, 1202), (1200, 1201), (1201, None), (3999, 4001), (0, 0), (4999, 9000)]:
        batches = list(source.batches(start, stop, volume=False, threads=2))
        rows = [batch.first_row + at for batch in batches for at in range(len(batch))]
        assert rows == list(range(start, min(stop if stop is not None else ROWS, ROWS)))
        times = np.concatenate([batch.timestamp for batch in batches] or [np.empty(0, np.int64)])
        assert np.array_equal(times, WHOLE["timestamp"][start:stop])


def test_a_pattern_stands_for_its_files(tmp_path: Path) -> None:
    files = [write(tmp_path / f"EURUSD-{year}.csv", start, start + 1000) for year, start in ((2013, 0), (2012, 1000))]
    write(tmp_path / "GBPUSD-2012.csv", 0, 1000)
    for pattern in (tmp_path / "EURUSD-*.csv", str(tmp_path / "EURUSD-201[23].csv"), tmp_path / "E*-201?.csv"):
        bars = Bars(open_joined(pattern, one))
        assert np.array_equal(drawn(bars)["timestamp"], WHOLE["timestamp"][:2000])
        assert bars.label == f"{pattern} (2 files)"
        assert isinstance(bars.source, JoinedSource) and bars.source.paths == tuple(files)


def test_one_file_is_that_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a[1].csv", 0, 100)  # a name that would be a pattern
    for typed in (path, str(path), [path], tmp_path / "a*.csv"):
        source = open_joined(typed, one)
        assert not isinstance(source, JoinedSource)
        assert source.label == str(path)


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    assert (
        refused(tmp_path / "EUR*.csv")
        == f"no file matches {tmp_path / 'EUR*.csv'}: check the pattern, or name the files"
    )
    assert refused([]) == "no data: name at least one file of bars"


def test_a_file_named_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 0, 100)
    assert refused([path, path]) == f"{path} is named twice: name each file of bars once"
    link(tmp_path / "b.csv", path)
    with pytest.raises(InputError, match=r"b\.csv is named twice, as .*a\.csv too"):
        find_files([tmp_path / "*.csv"])


@pytest.mark.parametrize("over", [1, 500])
def test_files_that_overlap_are_refused_naming_both(tmp_path: Path, over: int) -> None:
    early, late = write(tmp_path / "early.csv", 0, 2000), write(tmp_path / "late.csv", 2000 - over, 4000)
    text = refused([late, early], "error")
    assert re.fullmatch(
        rf"{re.escape(str(early))} has a bar at \S+Z, but {re.escape(str(late))} begins at \S+Z: "
        "files of one data set must not overlap; leave one out or cut one of them, or say which of them counts, with "
        "--shared-bars first or --shared-bars last",
        text,
    )


def test_files_that_begin_together_are_refused_before_a_row_is_drawn(tmp_path: Path) -> None:
    files = [write(tmp_path / "bid.csv", 0, 2000), write(tmp_path / "ask.csv", 0, 1999)]
    with pytest.raises(InputError, match=r"both begin at .* with --ask if it holds the ask prices"):
        open_joined(files, one)


def test_a_volume_in_one_file_only_is_refused(tmp_path: Path) -> None:
    full, bare = write(tmp_path / "a.csv", 0, 1000), write(tmp_path / "b.csv", 1000, 2000, volume=None)
    assert refused([full, bare]).startswith(f"{full} has a volume column and {bare} has none")
    assert refused([bare, full]).startswith(f"{full} has a volume column and {bare} has none")


def test_files_of_two_steps_are_refused(tmp_path: Path) -> None:
    files = [write(tmp_path / "m1.csv", 0, 1000), write(tmp_path / "m5.csv", 1000, ROWS, every=5)]
    assert refused(files) == (
        f"{files[0]} has a bar every 60 s and {files[1]} one every 300 s: give files of the same step"
    )


def test_a_bad_row_is_shown_in_its_file(tmp_path: Path) -> None:
    close = WHOLE["close"][1000:2000].copy()
    close[7] = -1
    files = [write(tmp_path / "a.csv", 0, 1000), write(tmp_path / "b.csv", 1000, 2000, close=close)]
    text = refused(files)
    assert f"{files[1]}, data row 8, line 9: " in text
    kept = Bars(open_joined(files, one), on_bad_rows="drop")
    assert np.array_equal(drawn(kept)["timestamp"], np.delete(WHOLE["timestamp"][:2000], 1007))


def test_a_file_without_a_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pa.parquet.write_table(pa.table({name: values[:0] for name, values in WHOLE.items()}), path)
    assert refused([path, write(tmp_path / "b.csv", 0, 10)]).startswith(f"{path} has no time that can be read")


def test_bid_and_ask_files_pair_up(tmp_path: Path) -> None:
    bids = [write(tmp_path / "bid1.csv", 0, 900), write(tmp_path / "bid2.csv", 900, 2000)]
    raised = {name: WHOLE[name] + 0.001 for name in ("open", "high", "low", "close")}
    asks = [
        write(tmp_path / f"ask{at}.csv", *part, **{name: values[slice(*part)] for name, values in raised.items()})
        for at, part in enumerate(((0, 1500), (1500, 2000)))
    ]
    bars = Bars(PairSource(open_joined(bids, one), open_joined(asks, one)))
    found = drawn(bars, 100)
    assert np.array_equal(found["timestamp"], WHOLE["timestamp"][:2000])
    assert np.array_equal(found["ask_close"], raised["close"][:2000])
