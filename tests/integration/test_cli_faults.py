"""Files left and messages shown when a run is stopped or cannot write."""

import json
import os
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.command import COMMAND, call, environment
from helpers.recorded import valid
from helpers.waiting import HOLD, ended, held, interrupt, wait_for

pytestmark = pytest.mark.waits
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and devices")

HELD = (
    HOLD
    + """
from barloom.strategies.ema_cross import EmaCross


class Held(EmaCross):
    name = "held"
    seen = 0

    def signals(self, window):
        Held.seen += 1
        if Held.seen > 200:
            hold(Path(__file__).parent)
        return super().signals(window)


class Never(Held):
    def signals(self, window):
        return super().signals(window).take(slice(0, 0))
"""
)


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.arrow"
    write_bars(from_synthetic(200_000, 1), path)
    return path


@pytest.fixture
def slow(tmp_path):
    """The words of a run that is held half way, after 200 of its chunks."""
    path = tmp_path / "slow.py"
    path.write_text(HELD)
    path.chmod(0o644)
    return lambda bars, name="Held": ["run", str(bars), "--strategy", f"slow.py:{name}", "--chunk-rows", "500"]


def start(words, cwd, stderr=subprocess.PIPE, **more):
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def stop(process, number):
    """Send a signal, and wait for the end, which nothing else brings; the exit code and what was said."""
    interrupt(process, number)
    out, err = ended(process)
    return process.returncode, out, err


def logs(cwd):
    return list((cwd / "results" / "runs").glob("*/run.log")) if (cwd / "results" / "runs").exists() else []


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_its_trades_and_says_so(bars, slow, tmp_path, number):
    process = start([*slow(bars), "--log-frequency", "20"], tmp_path)
    wait_for(lambda: held(tmp_path), process)
    assert " trades, " in logs(tmp_path)[0].read_text()
    code, out, err = stop(process, number)
    assert code == 130 and out == "" and "Traceback" not in err
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    kept = folder / "trades.partial.parquet"
    assert f"interrupted: the trades finished so far are in {kept.relative_to(tmp_path)}" in err
    assert pq.read_table(kept).num_rows >= 20
    assert sorted(path.name for path in folder.iterdir()) == [
        *("benchmark.json", "failed.json", "run.log", "trades.partial.parquet")
    ]
    assert json.loads((folder / "failed.json").read_text())["error"] == "interrupted"
    record = valid(folder / "benchmark.json", "benchmark")
    assert record["error"] == "interrupted" and record["job_id"] == folder.name


@posix
def test_an_interrupted_run_without_trades_leaves_nothing(bars, slow, tmp_path):
    process = start(slow(bars, "Never"), tmp_path)
    (number,) = wait_for(lambda: held(tmp_path), process)
    assert logs(tmp_path)
    code, _, err = stop(process, signal.SIGINT)
    assert code == 130 and "nothing is left" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"held-{number}", "slow.py"]


@posix
@pytest.mark.parametrize("modules", [1, 20, 60, 120, 200, 280, 360, 450])
def test_an_interrupt_at_any_moment_ends_with_130_and_no_half_run(bars, slow, tmp_path, modules):
    """Also while libraries are still being loaded; a moment is told by how many are."""
    told = tmp_path / "stderr"
    with open(told, "wb") as stderr:
        process = start(slow(bars), tmp_path, stderr=stderr, PYTHONPROFILEIMPORTTIME="1")
        wait_for(lambda: told.read_bytes().count(b"import time:") > modules or held(tmp_path), process)
        code, _, _ = stop(process, signal.SIGINT)
    # Before Python has its handlers, the signal itself ends the process; before barloom has its own, Python does, with code 1.
    assert code in {130, 1, -signal.SIGINT}, told.read_text()
    if code == 130:
        assert "Traceback" not in told.read_text()
    assert not list(tmp_path.glob("results/runs/*/run.json"))


@posix
def test_a_killed_run_leaves_nothing_that_looks_whole(bars, slow, tmp_path):
    """Older runs stay as they are."""
    assert call("run", bars, cwd=tmp_path).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.glob("results/**/*") if path.is_file()}
    process = start(slow(bars), tmp_path)
    wait_for(lambda: held(tmp_path), process)
    assert len(logs(tmp_path)) == 2
    process.kill()
    process.communicate()
    after = {path: path.read_bytes() for path in tmp_path.glob("results/**/*") if path.is_file()}
    assert before.items() <= after.items()
    new = {path.name for path in after.keys() - before.keys()}
    assert not new & {"run.json", "trades.parquet", "equity.parquet", "failed.json"}


def test_an_output_folder_that_cannot_be_is_refused_before_any_work(bars, tmp_path):
    """Below a regular file, as root may write to any folder."""
    (tmp_path / "file").write_text("mine")
    said = call("run", bars, "--out", "file/results", cwd=tmp_path)
    assert said.returncode == 2 and "--out" in said.stderr and said.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_runs_at_the_same_moment_have_folders_of_their_own(bars, tmp_path):
    processes = [start(["run", str(bars), "--strategy", "ema-cross"], tmp_path) for _ in range(4)]
    for process in processes:
        ended(process)
    assert [process.returncode for process in processes] == [0] * 4
    assert len(list(tmp_path.glob("results/runs/*/run.json"))) == 4
    lines = (tmp_path / "results" / "runs.csv").read_text().splitlines()
    assert len(lines) == 5 and sum(line.startswith("job_id,") for line in lines) == 1


@posix
@pytest.mark.parametrize(
    "words",
    [["info"], ["run", "BARS", "--format", "json", "--log-frequency", "1000000"], ["--help"], ["strategies", "list"]],
)
def test_a_reader_that_has_gone_is_no_error(bars, tmp_path, words):
    """``| head`` closes stdout early."""
    words = [str(bars) if word == "BARS" else word for word in words]
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(
        [*COMMAND, *words],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert said.stderr == "" and said.returncode == 0


@posix
def test_closed_standard_streams_are_no_error(bars, tmp_path):
    line = " ".join([*COMMAND, "run", str(bars), ">&-", "2>&-", "<&-"])
    assert subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment(), check=False).returncode == 0
    assert len(list(tmp_path.glob("results/runs/*/run.json"))) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["info"], ["run", "BARS", "--log-frequency", "1000000"], ["--version"]])
def test_a_full_disk_behind_stdout_is_one_sentence(bars, tmp_path, words):
    words = [str(bars) if word == "BARS" else word for word in words]
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [*COMMAND, *words],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert said.returncode == 2 and "No space left" in said.stderr and said.stderr.count("\n") == 1


@posix
def test_a_disk_that_fills_up_leaves_nothing_of_the_run(bars, tmp_path):
    """A limit on the size of files stands in for the full disk."""
    import resource

    words = ["run", str(bars), "--strategy", "ema-cross", "--log-frequency", "1000000"]
    said = subprocess.run(
        [*COMMAND, *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert said.returncode == 2 and said.stderr.count("\n") == 1 and "Traceback" not in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_output_that_is_no_utf8_is_no_error(bars, tmp_path):
    """A strategy's name is printed in whatever the terminal can."""
    said = call("strategies", "list", cwd=tmp_path, env=environment(PYTHONIOENCODING="ascii"))
    assert said.returncode == 0, said.stderr


def test_fewer_bars_than_an_indicator_needs(tmp_path):
    rows = "".join(f"2020-01-01 00:{minute:02},1.0,1.5,0.5,1.0\n" for minute in range(49))
    (tmp_path / "few.csv").write_text("timestamp,open,high,low,close\n" + rows)
    said = call("run", "few.csv", "--strategy", "ema-cross", cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr == (
        "barloom: error: few.csv has 49 bars in the selection, and the indicators of ema-cross give no value before 50: "
        "give more bars, or shorter periods with --param\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.csv"]
    with open(tmp_path / "few.csv", "a") as file:
        file.write("2020-01-01 00:49,1.0,1.5,0.5,1.0\n")
    assert call("run", "few.csv", "--strategy", "ema-cross", cwd=tmp_path).returncode == 0
