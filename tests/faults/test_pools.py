"""Pools within pools and the kernels of notebooks: nothing hangs, nothing is left behind, the results stay the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from barloom.engine.orchestrator import available_cores
from helpers.command import environment
from helpers.sweeping import alive, children, made_bars, strategy_file, swept
from helpers.waiting import PATIENCE, go_on, held, wait_for

pytestmark = [pytest.mark.waits, pytest.mark.skipif(available_cores() < 2, reason="needs two workers")]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
STARTS = ["spawn"] if sys.platform == "win32" else ["spawn", "forkserver", "fork"]

SWEEP = """
def sweep(bars, strategy="ema-cross", **settings):
    from barloom.rules.parameters import RunParameters
    from barloom.sweeps.grid.grid import Grid
    from barloom.sweeps.options import SweepOptions
    from barloom.jobs.sweep.job import sweep_job
    from barloom.bars import open_bars

    base = RunParameters(strategy=strategy, **settings)
    grid = Grid.of({"fast": [5, 10], "slow": [20, 40, 60], "stop": ["atr:1", "atr:3"]}, base)
    return sweep_job(open_bars(bars), base, grid, SweepOptions(out=None, max_workers=2), reading_known=True).record.digest
"""

POOLS = (
    SWEEP
    + """
def threads(bars):
    with ThreadPoolExecutor(2) as pool:
        return set(pool.map(sweep, [bars, bars])).pop()

import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

if __name__ == "__main__":
    bars, start, inside = sys.argv[1:]
    before = sweep(bars)
    with ProcessPoolExecutor(2, multiprocessing.get_context(start)) as pool:
        print(*{before, *pool.map(globals()[inside], [bars, bars]), sweep(bars)})
"""
)

DAEMONS = (
    SWEEP
    + """
import multiprocessing, sys

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
        print(*set(pool.map(sweep, [sys.argv[1]] * 2)))
"""
)


def ran(folder: Path, script: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; fail where it hangs."""
    path = folder / "script.py"
    path.write_text(script)
    command = [sys.executable, str(path), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False)


@pytest.mark.parametrize(
    ("start", "inside"),
    [
        (STARTS[0], "sweep"),
        *(pytest.param(start, "sweep", marks=pytest.mark.deep) for start in STARTS[1:]),
        ("spawn", "threads"),
    ],
)
def test_sweeps_with_workers_run_inside_pools(tmp_path: Path, start: str, inside: str) -> None:
    """In the processes of a pool, and in threads of these, after the threads of the kernels were at work."""
    bars = made_bars(tmp_path)
    done = ran(tmp_path, POOLS, bars, start, inside)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [swept(bars).record.digest]


@pytest.mark.parametrize("start", STARTS)
def test_a_sweep_in_a_process_that_may_start_none_runs_in_it(tmp_path: Path, start: str) -> None:
    """The workers of ``multiprocessing.Pool`` may have no children."""
    bars = made_bars(tmp_path)
    done = ran(tmp_path, DAEMONS, bars, start)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [swept(bars).record.digest]
    assert "may start no workers" in done.stderr


# ---------------------------------------------------------------- notebooks


class Notebook:
    """A notebook's kernel, driven as Jupyter drives it."""

    def __init__(self, folder: Path) -> None:
        manager = pytest.importorskip("jupyter_client.manager", reason="needs ipykernel")
        pytest.importorskip("ipykernel")
        self.manager, self.client = manager.start_new_kernel(
            startup_timeout=PATIENCE, kernel_name="python3", env=environment(), cwd=str(folder)
        )

    def cell(self, code: str) -> tuple[dict[str, Any], str]:
        """Reply and output of a cell."""
        printed: list[str] = []

        def heard(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, timeout=PATIENCE, output_hook=heard)
        return reply["content"], "".join(printed)

    def processes(self) -> list[int]:
        """Those the kernel has started."""
        return children(self.manager.provisioner.pid)


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    found = Notebook(tmp_path)
    try:
        yield found
    finally:
        found.client.stop_channels()
        found.manager.shutdown_kernel(now=True)


@linux
@pytest.mark.parametrize("how", [pytest.param("restart", marks=pytest.mark.deep), "interrupt"])
def test_a_notebook_that_is_stopped_in_a_sweep_goes_on(tmp_path: Path, notebook: Notebook, how: str) -> None:
    """Its workers go with the kernel, or with the cell, and the next cell has what it had before."""
    bars = made_bars(tmp_path)
    first = notebook.cell(f"{SWEEP}\nprint(sweep({str(bars)!r}))")
    assert first[1].split() == [swept(bars).record.digest], first
    strategy = f"{strategy_file(tmp_path)}:HeldInWorkers"
    asked = notebook.client.execute(f"sweep({str(bars)!r}, {strategy!r})")
    # A worker that is held is in the middle of a task: the cell waits for it, wherever it was before.
    wait_for(lambda: held(tmp_path))
    workers = notebook.processes()
    assert set(held(tmp_path)) <= set(workers)
    if how == "restart":
        notebook.manager.restart_kernel()
        notebook.client.wait_for_ready(timeout=PATIENCE)
    else:
        notebook.manager.interrupt_kernel()
        reply = notebook.client.get_shell_msg(timeout=PATIENCE)
        assert reply["parent_header"]["msg_id"] == asked
        assert reply["content"]["ename"] == "KeyboardInterrupt"
    # What looks after semaphores and shared memory stays with the kernel, and has no work.
    wait_for(lambda: not set(alive(workers)) & set(held(tmp_path)) and len(alive(workers)) <= (how == "interrupt"))
    go_on(tmp_path)
    again = notebook.cell(f"{SWEEP}\nprint(sweep({str(bars)!r}))")
    assert again[1] == first[1], again
