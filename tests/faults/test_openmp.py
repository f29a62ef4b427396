"""Other OpenMP runtimes in the process, and what may not stand in parallel kernels."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environment
from helpers.waiting import PATIENCE

pytestmark = pytest.mark.waits

SOURCES = sorted((Path(__file__).parents[2] / "cython_ext").rglob("*.p[xy][xd]"))
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for the OpenMP runtime in /proc")

TWO_RUNTIMES = """
import ctypes, re, shutil, sys
from pathlib import Path
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch
from barloom.bars import from_synthetic

SETS = [RunParameters(strategy="ema-cross", params={"fast": fast}, stop="atr:0.5") for fast in range(3, 12)]


def work():
    return run_batch(from_synthetic(20_000, 3), SETS, threads=2).table["checksum"].to_pylist()


def other_runtime():
    '''A second copy of the runtime, as a package that brings its own loads it, with threads of its own.'''
    maps = Path("/proc/self/maps").read_text()
    loaded = re.search(r"(/\\S*libgomp[^\\s]*)", maps)
    if loaded is None:
        print("no libgomp")
        sys.exit(0)
    copy = Path(sys.argv[2]) / "libgomp-of-another.so.1"
    shutil.copy(loaded[1], copy)
    library = ctypes.CDLL(str(copy), mode=ctypes.RTLD_LOCAL)
    counted = []
    body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: counted.append(library.omp_get_thread_num()))
    library.GOMP_parallel(body, None, 2, 0)
    return library, body, counted


import barloom._native.simulation
if sys.argv[1] == "before":
    kept = other_runtime()
first = work()
if sys.argv[1] == "after":
    kept = other_runtime()
library, body, counted = kept
assert sorted(counted) == [0, 1], counted
library.GOMP_parallel(body, None, 2, 0)
assert work() == first
print("the same", first[0])
"""


@linux
def test_another_openmp_runtime_in_the_process_changes_nothing(tmp_path: Path) -> None:
    """A second copy of the runtime, with a team of threads of its own, before and after our first parallel loop."""
    said = set()
    for when in ("before", "after"):
        path = tmp_path / "script.py"
        path.write_text(TWO_RUNTIMES)
        done = subprocess.run(
            [sys.executable, str(path), when, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1
    if said == {"no libgomp\n"}:
        pytest.skip("the kernels were built with another OpenMP than GCC's, or without")


def test_nothing_is_raised_where_threads_run() -> None:
    """Functions that run without the interpreter raise nothing, and no parallel loop is left before its end."""
    assert len(SOURCES) > 10
    loops = 0
    for path in SOURCES:
        text = path.read_text()
        for found in re.finditer(r"^cdef (?!class|enum|struct|extern)[^=]*?\) *([^:=\n]*):$", text, re.M):
            if "nogil" in found[1]:
                assert "noexcept" in found[1], f"{path.name}: {found[0].splitlines()[0]}"
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if not re.search(r"for \w+ in prange\(", line):
                continue
            loops += 1
            depth = len(line) - len(line.lstrip())
            for inside in lines[number + 1 :]:
                if inside.strip() and len(inside) - len(inside.lstrip()) <= depth:
                    break
                assert not re.match(r"\s*(return|raise|break|continue|yield)\b", inside), f"{path.name}: {inside}"
                assert not re.search(r"^\s*\w+ *[-+*/|&]= ", inside), f"{path.name}: a reduction, {inside}"
    assert loops >= 4


def test_a_set_that_fails_in_a_batch_raises_nothing_for_the_others() -> None:
    """One of many sets ends in an error of its own, on two threads, and the others have what they have alone."""
    from barloom.bars import from_synthetic
    from barloom.rules.parameters import RunParameters
    from barloom.sweeps.runner.batch import run_batch

    bars = from_synthetic(20_000, 3)
    sets = [
        RunParameters(strategy="ema-cross", params={"fast": 5}, stop=f"atr:{k}", risk_pct=1.0) for k in range(1, 30)
    ]
    good = run_batch(bars, sets, threads=2).table.to_pylist()
    mixed = list(sets)
    mixed.insert(7, RunParameters(strategy="ema-cross", params={"fast": 5}, stop="none", target="r:2", size=1.0))
    rows = run_batch(bars, mixed, threads=2).table.to_pylist()
    assert "r:2" in rows[7]["error"] and rows[7]["checksum"] is None
    assert rows[:7] + rows[8:] == good
