"""Whole commands: from CSV against pyarrow's reader, from the Arrow store, peak memory, and start-up."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from measure import Finished, Row, barloom, command, ratio, spread

# Prints the seconds of each call: the first in a fresh process, then the same again over memory that is already there.
READ_CSV = """
import sys, time, pyarrow.csv as c
for k in range(2):
    started = time.perf_counter()
    table = c.read_csv(sys.argv[1])
    print(time.perf_counter() - started)
    assert table.num_rows == int(sys.argv[2])
    del table
"""


def bars_file(folder: Path, rows: int, suffix: str) -> Path:
    """Generated bars, made once and kept in the folder."""
    path = folder / f"bars-{rows}.{suffix}"
    if not path.exists():
        command(barloom("data", "generate", "--rows", str(rows), "--seed", "1", "--out", path))
    return path


def run_command(path: Path, out: str, *options: str) -> list[str | Path]:
    return barloom(
        "run", path, "--strategy", "ema-cross", "--non-interactive", "--format", "json", "--out", out, *options
    )


def same_digest(runs: list[Finished]) -> str:
    digests = {json.loads(run.output)["digest"] for run in runs}
    assert len(digests) == 1, digests
    return digests.pop()


def from_csv(folder: Path, rows: int, repeats: int) -> list[Row]:
    """The whole command on a CSV beside pyarrow.csv.read_csv of the same file in a process of its own, in turn."""
    path = bars_file(folder, rows, "csv")
    with tempfile.TemporaryDirectory() as out:
        ours, theirs = [], []
        for _ in range(repeats + 1):
            ours.append(command(run_command(path, out)))
            theirs.append(command([sys.executable, "-c", READ_CSV, path, str(rows)]))
    ours, theirs = ours[1:], theirs[1:]
    same_digest(ours)
    wall = [run.seconds for run in ours]
    calls = [[float(seconds) for seconds in read.output.split()] for read in theirs]
    first, again = [call[0] for call in calls], [call[1] for call in calls]
    to_first, between_first = ratio(wall, first)
    to_again, between_again = ratio(wall, again)
    return [
        Row(f"CSV of {rows:,} bars, whole command", statistics.median(wall), "s", spread=spread(wall)),
        Row(
            "the same over one call of pyarrow.csv.read_csv",
            to_first,
            "x",
            1.6,
            spread=between_first,
            note=f"the call: {statistics.median(first):.2f} s and {theirs[0].peak_mb:,.0f} MB",
        ),
        Row(
            "the same over a second call in that process",
            to_again,
            "x",
            spread=between_again,
            note=f"its 1.6 GB are there already: {statistics.median(again):.2f} s",
        ),
    ]


def from_arrow(folder: Path, rows: int, repeats: int) -> list[Row]:
    """The whole command on the Arrow store."""
    path = bars_file(folder, rows, "arrow")
    with tempfile.TemporaryDirectory() as out:
        runs = [command(run_command(path, out)) for _ in range(repeats + 1)][1:]
    same_digest(runs)
    wall = [run.seconds for run in runs]
    return [Row(f"Arrow store of {rows:,} bars, whole command", statistics.median(wall), "s", 0.8, spread=spread(wall))]


# In the process that has read it, as a user's script would ask; the median of a few, without the start of Python.
INFO = """
import statistics, sys, time
from barloom.bars.info import describe
taken = []
for k in range(7):
    started = time.perf_counter()
    assert describe(sys.argv[1]).bars == int(sys.argv[2])
    taken.append(time.perf_counter() - started)
print(statistics.median(taken))
"""


def ingesting(folder: Path, rows: int, repeats: int) -> list[Row]:
    """A CSV into the store beside pyarrow.csv.read_csv of the same file, in turn; and what the store then says of itself."""
    path = bars_file(folder, rows, "csv")
    with tempfile.TemporaryDirectory() as out:
        store = Path(out) / "store.arrow"
        ours, theirs = [], []
        for _ in range(repeats + 1):
            ours.append(command(barloom("data", "ingest", path, "--out", store, "--force")))
            theirs.append(command([sys.executable, "-c", READ_CSV, path, str(rows)]))
        info = [float(command([sys.executable, "-c", INFO, store, str(rows)]).output) for _ in range(repeats)]
        asked = [command(barloom("data", "info", store, "--format", "json")).seconds for _ in range(repeats)]
    ours, theirs = ours[1:], theirs[1:]
    wall = [run.seconds for run in ours]
    first = [float(read.output.split()[0]) for read in theirs]
    to_first, between = ratio(wall, first)
    return [
        Row(f"ingest of {rows:,} bars from CSV, whole command", statistics.median(wall), "s", spread=spread(wall)),
        Row("the same over one call of pyarrow.csv.read_csv", to_first, "x", 1.8, spread=between),
        Row("peak RSS of it", max(run.peak_mb for run in ours), "MB", 300),
        Row("facts of the store, one call", statistics.median(info) * 1e3, "ms", 50, spread=spread(info, 1e3)),
        Row("barloom data info on it, whole command", statistics.median(asked), "s", spread=spread(asked)),
    ]


# In one process, as a user's script would: the median of a few calls.
CHECK = """
import resource, statistics, sys, time
from barloom.bars import open_bars
from barloom.bars.checks import check_bars
taken = []
for k in range(5):
    started = time.perf_counter()
    assert check_bars(open_bars(sys.argv[1])).verdict == "clean"
    taken.append(time.perf_counter() - started)
print(statistics.median(taken))
"""


def checking(folder: Path, rows: int, repeats: int) -> list[Row]:
    """A look at every bar of the Arrow store for what may be wrong; these are known to be clean."""
    path = bars_file(folder, rows, "arrow")
    runs = [command([sys.executable, "-c", CHECK, path]) for _ in range(repeats)]
    taken = [float(run.output) for run in runs]
    return [
        Row(f"check of {rows:,} bars of the Arrow store", statistics.median(taken), "s", 0.5, spread=spread(taken)),
        Row("peak RSS of it", max(run.peak_mb for run in runs), "MB", 300),
    ]


def peak_memory(folder: Path, sizes: list[int]) -> list[Row]:
    """Peak memory of a streamed run at growing numbers of bars."""
    rows = []
    with tempfile.TemporaryDirectory() as out:
        for size in sizes:
            for suffix in ("csv", "arrow"):
                done = command(run_command(bars_file(folder, size, suffix), out))
                rows.append(
                    Row(f"peak RSS, {size:,} bars from {suffix}", done.peak_mb, "MB", 300, note=f"{done.seconds:.2f} s")
                )
    return rows


def start_up(repeats: int) -> list[Row]:
    """Start-up time of the command: the wait before any work begins."""
    rows = []
    for words in (["--help"], ["info"]):
        wall = [command(barloom(*words)).seconds for _ in range(repeats + 1)][1:]
        rows.append(Row(f"barloom {words[0]}", statistics.median(wall), "s", 0.3, spread=spread(wall)))
    return rows
