"""The gate on instruction counts: a needless pass over the bars and slow messages, planted, are seen, and their removal too."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import barloom
from helpers.waiting import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
GATE = PROJECT / "benchmarks" / "gate.py"
WORK = "signals: crossings"
# Reads every value once more, and the compiler cannot know that nobody asks for the sum.
PLANTED = """\
    cdef double needless = 0.0
    cdef Py_ssize_t bar
    for bar in range(n):
        needless += series[bar]
    if needless == 0.1234567:
        return -1
"""
SPOKEN = "        self.stream = sys.stderr\n"
"""Where every message goes through, in ``cli/messages.py``."""
SLOWLY = '        " ".join(str(number) for number in range(5_000))\n'
HERE = "    if n < 2 or bars.shape[0] == 0:\n        return 0\n"

pytestmark = [
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="counts instructions with valgrind"),
    pytest.mark.skipif(importlib.util.find_spec("Cython") is None, reason="compiles a kernel with Cython"),
    pytest.mark.skipif(not (PROJECT / "cython_ext").is_dir(), reason="needs the sources of the kernels"),
]


def gate(site: Path, *options: object) -> subprocess.CompletedProcess[str]:
    """The gate over the barloom in a folder."""
    return subprocess.run(
        [sys.executable, GATE, *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(site)},
        timeout=PATIENCE,
    )


def site_with(folder: Path, kernel: str) -> Path:
    """A folder with a copy of the barloom under test, whose module of signals is compiled of this text."""
    for part in ("cython_ext", "tools", "src"):  # the maker of the manual pages reads the parser
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("*.so", "*.egg-info"))
    (folder / "cython_ext" / "signals.pyx").write_text(kernel, encoding="utf-8")
    lines = (PROJECT / "setup.py").read_text(encoding="utf-8").splitlines(keepends=True)
    setup = ['MODULES = ["signals"]\n' if line.startswith("MODULES = ") else line for line in lines]
    (folder / "setup.py").write_text("".join(setup), encoding="utf-8")
    site = folder / "site"
    shutil.copytree(Path(barloom.__file__).parent, site / "barloom")
    words = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "site"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    return site


@pytest.mark.deep
def test_a_needless_pass_over_the_bars_fails_the_gate_by_the_name_of_its_kernel(tmp_path: Path) -> None:
    kernel = (PROJECT / "cython_ext" / "signals.pyx").read_text(encoding="utf-8")
    assert kernel.count(HERE) == 1
    baseline = tmp_path / "instructions.json"
    only = ("--only", WORK, "--baseline", baseline)
    with ThreadPoolExecutor() as beside:  # what is counted does not depend on what else runs
        folders = [tmp_path / "clean", tmp_path / "planted"]
        clean, planted = beside.map(site_with, folders, [kernel, kernel.replace(HERE, HERE + PLANTED)])
        accepted = gate(clean, *only, "--accept")
        assert accepted.returncode == 0, accepted.stderr
        failed, removed = beside.map(lambda site: gate(site, *only), [planted, clean])
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert f"FAILED, over 3% more instructions or no baseline: {WORK}" in failed.stdout
    assert removed.returncode == 0, removed.stdout + removed.stderr


def test_a_baseline_of_another_compiler_does_not_apply_and_the_gate_says_so(tmp_path: Path) -> None:
    text = (PROJECT / "benchmarks" / "instructions.json").read_text(encoding="utf-8")
    baseline = tmp_path / "instructions.json"
    baseline.write_text(text.replace('"compiler": "', '"compiler": "another, not '), encoding="utf-8")
    done = gate(Path(barloom.__file__).parent.parent, "--only", WORK, "--baseline", baseline)
    assert done.returncode == 0, done.stderr
    assert "not applicable, the baseline is of another build: compiler another, not " in done.stdout


@pytest.mark.deep
def test_progress_and_logging_are_under_one_percent_of_a_run_and_slow_messages_are_not(tmp_path: Path) -> None:
    shutil.copytree(Path(barloom.__file__).parent, tmp_path / "barloom")
    file = tmp_path / "barloom" / "cli" / "messages.py"
    text = file.read_text(encoding="utf-8")
    assert text.count(SPOKEN) == 1
    file.write_text(text.replace(SPOKEN, SPOKEN + SLOWLY), encoding="utf-8")
    with ThreadPoolExecutor() as beside:
        sites = [Path(barloom.__file__).parent.parent, tmp_path]
        cheap, slow = beside.map(lambda site: gate(site, "--telling"), sites)
    assert cheap.returncode == 0 and "of a silent run" in cheap.stdout, cheap.stdout + cheap.stderr
    assert slow.returncode == 1 and "FAILED, over 1%" in slow.stdout, slow.stdout + slow.stderr
