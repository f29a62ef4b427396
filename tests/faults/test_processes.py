"""Threads and processes: forks, odd settings, signals, deaths and ways to be started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from barloom._native import simulation
from barloom.bars import from_synthetic
from barloom.engine.orchestrator import available_cores
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch
from barloom.sweeps.runner.local import Workers
from barloom.sweeps.runner.shared import SharedBars
from barloom.sweeps.runner.tasks import TaskFailed
from helpers.command import environment
from helpers.sweeping import alive, children, made_bars, start, strategy_file, tasks_of
from helpers.waiting import PATIENCE, ended, held, interrupt, wait_for

pytestmark = pytest.mark.waits
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and fork")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

WORK = """
import os, sys
from barloom.engine import orchestrator
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch
from barloom.bars import from_synthetic, open_bars

SETS = [RunParameters(strategy="ema-cross", params={"fast": fast}, stop="atr:0.5") for fast in range(3, 12)]


def work(bars):
    table = run_batch(bars, SETS, threads=2).table["checksum"].to_pylist()
    crowd = RunParameters(strategy="ema-cross", params={"fast": 3}, position="overlap", threads=2)
    return table, orchestrator.run(bars, crowd).checksum
"""

FORKED = """
import signal
first = work(bars)
child = os.fork()
if child == 0:
    signal.alarm(30)  # a child that hangs is killed by it
    os._exit(0 if work(bars) == first else 3)
ended = os.waitpid(child, 0)[1]
print("the same" if work(bars) == first else "other", os.waitstatus_to_exitcode(ended))
"""


def python(script, *words, how="file", cwd=None, **settings):
    """Run a script the way a user might start it."""
    given = {"stdin": subprocess.DEVNULL}
    if how == "file":
        path = cwd / "script.py"
        path.write_text(script)
        command = [sys.executable, str(path)]
    elif how == "stdin":
        command = [sys.executable, "-"]
        given = {"input": script}
    elif how == "-c":
        command = [sys.executable, "-c", script]
    elif how == "module":
        (cwd / "started.py").write_text(script)
        command = [sys.executable, "-m", "started"]
    else:
        # As a notebook does: cell by cell in a __main__ without a file.
        command = [
            sys.executable,
            "-c",
            f"import code; code.InteractiveInterpreter().runcode(compile({script!r}, '<cell>', 'exec'))",
        ]
    env = settings.pop("env", None) or environment()
    return subprocess.run(
        [*command, *map(str, words)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        **given,
        **settings,
    )


# ---------------------------------------------------------------- forks


@posix
def test_kernels_run_in_a_child_that_was_forked_after_their_threads(tmp_path):
    """OpenMP of GCC would wait for ever for the threads that fork left behind."""
    said = python(WORK + "bars = from_synthetic(40_000, 1)\n" + FORKED, cwd=tmp_path)
    assert said.stdout.split("\n")[-2:] == ["the same 0", ""], said.stderr


@posix
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_files_are_read_in_a_child_that_was_forked_after_the_readers_threads(tmp_path, suffix):
    path = made_bars(tmp_path, 20_000, suffix)
    said = python(WORK + f"bars = open_bars({str(path)!r})\n" + FORKED, cwd=tmp_path)
    assert said.stdout.split("\n")[-2:] == ["the same 0", ""], said.stderr


# ---------------------------------------------------------------- threads


COUNTED = """
bars = from_synthetic(40_000, 1)
print(work(bars))
print(len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 0)
"""


def test_odd_settings_of_openmp_change_neither_results_nor_threads(tmp_path):
    found = {}
    # LLVM's own runtime ends a process now and then over a setting that is no number.
    unreadable = () if b"libomp" in Path(simulation.__file__).read_bytes() else ("-1", "abc")
    for value in (None, "0", "1", "999", *unreadable):
        env = environment() if value is None else environment(OMP_NUM_THREADS=value)
        said = python(WORK + COUNTED, cwd=tmp_path, env=env)
        assert said.returncode == 0, said.stderr
        found[value] = said.stdout.splitlines()
    assert len({result for result, _ in found.values()}) == 1
    assert max(int(count) for _, count in found.values()) <= int(found["1"][1]) + available_cores()


@linux
def test_one_core_of_several_is_one_thread(tmp_path):
    """Only the cores that a container allows are counted."""
    one = f"os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})\nprint(orchestrator.available_cores())\n"
    said = python(WORK + one + COUNTED, cwd=tmp_path)
    cores, result, _ = said.stdout.splitlines()
    assert cores == "1" and result == python(WORK + COUNTED, cwd=tmp_path).stdout.splitlines()[0]


def test_kernels_called_from_four_threads_at_once():
    sets = [RunParameters(strategy="ema-cross", params={"fast": fast}, stop="atr:0.5") for fast in range(3, 12)]

    def work(_):
        return run_batch(from_synthetic(20_000, 1), sets, threads=2).table["checksum"].to_pylist()

    alone = work(0)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(8))) == [alone] * 8


# ---------------------------------------------------------------- signals and deaths


@linux
def test_ctrl_c_again_and_again_leaves_no_orphans(tmp_path):
    words = (made_bars(tmp_path), f"{strategy_file(tmp_path)}:Held", 2, tmp_path / "out")
    process = start(*words, cwd=tmp_path, start_new_session=True)
    wait_for(lambda: len(held(tmp_path)) == 2, process)
    started = children(process.pid)
    assert set(held(tmp_path)) <= set(started)
    for _ in range(4):
        interrupt(process, group=True)
    ended(process)
    # The script may be in its own answer to the first when the second comes.
    assert process.returncode in {130, 1, -signal.SIGINT}
    wait_for(lambda: not alive(started))
    assert not list(tmp_path.glob("out/sweeps/*/sweep.json"))


@posix
def test_errors_that_cannot_be_sent_and_faults_of_memory_name_their_sets(tmp_path):
    shared = SharedBars(paths=(made_bars(tmp_path),))
    strategy = f"{strategy_file(tmp_path)}:Odd"
    workers = Workers(2)
    try:
        tasks = tasks_of(shared, [(13,), (5,), (14,), (6,)], 1, strategy=strategy)
        found = {one.set_ids[0]: one for one in workers.run(tasks)}
    finally:
        workers.close()
    assert "RuntimeError" in found[0].table["error"][0].as_py()
    assert found[2] == TaskFailed((2,), "died", f"strategy {strategy}: its worker died twice (exit code -11)")
    assert found[1].table["error"][0].as_py() is None and found[3].table["error"][0].as_py() is None


# ---------------------------------------------------------------- ways to be started


STARTED = """
with open("starts", "a") as file:
    file.write("once\\n")
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.jobs.sweep.job import sweep_job
from barloom.bars import open_bars
base = RunParameters(strategy="ema-cross")
grid = Grid.of({"fast": [5, 10], "slow": [20, 40]}, base)
print(sweep_job(open_bars("bars.arrow"), base, grid, SweepOptions(out=None, max_workers=2)).record.digest)
"""


@pytest.mark.skipif(available_cores() < 2, reason="needs two workers")
@pytest.mark.parametrize(
    "how", ["file", "stdin", *(pytest.param(how, marks=pytest.mark.deep) for how in ("-c", "module", "cell"))]
)
def test_workers_need_no_guard_and_start_the_script_once(tmp_path, how):
    """Never a fork bomb, however the script is started."""
    made_bars(tmp_path)
    env = environment()
    env["PYTHONPATH"] += os.pathsep + str(tmp_path)
    said = python(STARTED, how=how, cwd=tmp_path, env=env)
    assert said.returncode == 0 and said.stderr == "", said.stderr
    assert (tmp_path / "starts").read_text() == "once\n"
    alone = python(STARTED.replace("max_workers=2", "max_workers=1"), cwd=tmp_path)
    assert said.stdout == alone.stdout
