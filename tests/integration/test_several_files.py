"""A run over several files is the run over one file of the same bars, and its record opens them all again."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from helpers.bar_files import Columns, ask_bars, finer_bars, minute_bars, spreads, write
from helpers.command import call

ROWS = 6_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bid, ask and finer bars, each as one file and as several."""
    folder = tmp_path_factory.mktemp("files")
    bars = minute_bars(ROWS, 11)
    asks, finer = ask_bars(bars, spreads(bars)), finer_bars(bars)
    for name, columns, cuts in (("bid", bars, (900, 4000)), ("ask", asks, (2500,)), ("fine", finer, (5000, 9000))):
        write(folder / f"{name}.csv", columns)
        edges = [0, *cuts, len(columns["open"])]
        for number, (start, stop) in enumerate(pairwise(edges)):
            write(folder / f"{name}-{9 - number}.csv", part(columns, start, stop))
    return folder


def part(columns: Columns, start: int, stop: int) -> Columns:
    return {name: values[start:stop] for name, values in columns.items()}


def test_a_pattern_runs_as_the_whole_file_does(folder: Path) -> None:
    common = ("run", "--strategy", "ema-cross", "--non-interactive", "--format", "json", "--stop", "atr:1")
    records = [
        json.loads(done.stdout)
        for done in (
            call(*common, "bid.csv", "--ask", "ask.csv", "--fine", "fine.csv", cwd=folder),
            call(*common, "bid-?.csv", "--ask", "ask-*.csv", "--fine", "fine-[789].csv", cwd=folder),
        )
    ]
    one, several = records
    assert several["digest"] == one["digest"]
    assert several["data"]["content_hash"] == one["data"]["content_hash"]
    assert several["data"]["path"] == "bid-?.csv (3 files)"
    assert several["data"]["file"] is None
    assert several["data"]["files"] == [str(folder / f"bid-{number}.csv") for number in (9, 8, 7)]
    assert one["data"]["files"] == []

    runs = [folder / "results" / "runs" / record["job_id"] for record in records]
    told = [call("explain", run, 5, cwd=folder.parent).stdout for run in runs]
    assert told[0].partition("\n")[2] == told[1].partition("\n")[2] != ""


def test_files_that_overlap_end_the_command_and_leave_no_run(folder: Path, tmp_path: Path) -> None:
    done = call("run", folder / "bid*.csv", "--strategy", "ema-cross", "--non-interactive", cwd=tmp_path)
    assert done.returncode == 2
    assert "bid-9.csv and " in done.stderr and "bid.csv both begin at " in done.stderr
    assert not (tmp_path / "results").exists()
