"""No option of the command line replaces, follows or waits for what is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.command import call, run_here

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and links of POSIX")
GRID = ("--strategy", "ema-cross", "--grid", "fast=5,10", "--grid", "slow=50")
MINE = b"2020-01-01 00:00:00,1,1,1,1\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run_here("data", "generate", "--rows", 3000, "--out", "bars.arrow")[0] == 0
    assert run_here("data", "generate", "--rows", 3000, "--out", "bars.csv")[0] == 0
    return tmp_path


COMMANDS: dict[str, tuple[Any, ...]] = {
    "run, benchmark": ("run", "bars.arrow", "--benchmark-out"),
    "sweep, benchmark": ("sweep", "bars.arrow", *GRID, "--benchmark-out"),
    "walk forward, benchmark": (
        "walk-forward",
        "bars.arrow",
        "--train",
        "1d",
        "--test",
        "1d",
        *GRID,
        "--benchmark-out",
    ),
    "run, log": ("run", "bars.arrow", "--log-file"),
    "info, log": ("info", "--log-file"),
    "generate": ("data", "generate", "--rows", 3000, "--force", "--out"),
    "ingest": ("data", "ingest", "bars.csv", "--force", "--out"),
    "bench": ("bench", "run", "--rows", 10000, "--section", "slice", "--repeats", 3, "--force", "--out"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("how", ["file", "pipe", "device", "link", "dangling link", "the data"])
def test_what_is_there_stays(place: Path, command: str, how: str) -> None:
    path = place / ("out.arrow" if command in ("generate", "ingest") else "out.json")
    target = place / "target"
    target.write_bytes(MINE)
    if how == "file":
        path.write_bytes(MINE)
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "device":
        path.symlink_to("/dev/full")
    elif how == "link":
        path.symlink_to(target)
    elif how == "dangling link":
        path.symlink_to(place / "nothing")
    else:
        path = place / ("bars.csv" if command == "ingest" else "bars.arrow")
        if command == "generate":  # what generate made is what --force is for
            path = place / "target.csv"
            path.write_bytes(b"timestamp,open,high,low,close,volume\n2015-01-05T00:00:00Z,1.2,1.3,1.1,1.2,5\n")
    before, names = os.lstat(path), sorted(os.listdir(place))
    code, out, err = run_here(*COMMANDS[command], path)
    assert code == 2 and out == "" and path.name in err and err.count("\n") == 1, err
    after = os.lstat(path)
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
    assert target.read_bytes() == MINE and not (place / "nothing").exists()
    assert sorted(os.listdir(place)) == names


def test_force_replaces_what_the_same_command_made(place: Path) -> None:
    for name in ("bars.csv", "bars.arrow", "new.parquet", "new.parquet"):
        assert run_here("data", "generate", "--rows", 2000, "--seed", 9, "--force", "--out", name)[0] == 0
    assert run_here("data", "generate", "--rows", 2000, "--out", "bars.csv")[0] == 2
    for _ in range(2):
        assert run_here("data", "ingest", "bars.csv", "--force", "--out", "store.parquet")[0] == 0
    assert run_here("data", "generate", "--rows", 2000, "--force", "--out", "store.parquet")[0] == 2
    assert run_here("data", "ingest", "bars.csv", "--force", "--out", "bars.arrow")[0] == 2


def test_a_benchmark_record_is_replaced_and_a_log_gone_on_with(place: Path) -> None:
    for _ in range(2):
        assert run_here("run", "bars.arrow", "--benchmark-out", "record.json", "--log-file", "log")[0] == 0
    text = (place / "log").read_text()
    assert text.startswith("# log of barloom\n") and text.count("# log of barloom") == 1 and text.count("done in") == 2


def test_a_folder_of_records_may_be_a_link(place: Path) -> None:
    (place / "real").mkdir()
    (place / "results").symlink_to(place / "real", target_is_directory=True)
    (place / "records").symlink_to(place / "real", target_is_directory=True)
    assert run_here("run", "bars.arrow", "--benchmark-out", "records")[0] == 0
    assert len(list((place / "real").glob("benchmark_*.json"))) == 1 and (place / "real" / "runs").is_dir()


def test_a_summary_that_is_a_pipe_is_not_waited_for(place: Path) -> None:
    (place / "results").mkdir()
    os.mkfifo(place / "results" / "runs.csv")
    code, _, err = run_here("run", "bars.arrow")
    assert code == 2 and "is a pipe" in err


def test_an_ingest_removes_what_a_killed_one_left(place: Path) -> None:
    killed = "import os,sys;from barloom.bars import writer;writer._write=lambda *a:os.kill(os.getpid(),9);"
    killed += "from barloom.cli.main import main;main(sys.argv[1:])"
    words = ("data", "ingest", "bars.csv", "--out", "store.arrow")
    from tests.helpers import command

    command.subprocess.run([sys.executable, "-c", killed, *words], cwd=place, env=command.environment(), check=False)
    assert [path.name for path in place.glob(".*")] != []
    assert call(*words, cwd=place).returncode == 0
    assert list(place.glob(".*")) == []
