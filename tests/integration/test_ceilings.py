"""The ceilings of ``tests/memory``: bars or trades that are kept, planted in the sources, break them, and without these they hold."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import barloom
from helpers.waiting import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
CEILINGS = {
    "load": "test_load_memory.py::test_an_arrow_file_is_streamed_within_a_ceiling",
    "ingest": "test_ingest_memory.py::test_an_arrow_store_is_written_within_a_ceiling",
    "run": "test_run_memory.py::test_a_streamed_run_stays_within_a_ceiling",
    "simulate": "test_run_memory.py::test_a_simulation_keeps_trades_not_bars",
    "sweep": "test_sweep_memory.py::test_a_sweep_keeps_no_trades_and_no_bars",
}
PLANTED = {
    # Every chunk gets memory of its own, where a few are filled again and again.
    "bars/intake.py": {"if number < RING:": "if number >= 0:", "place = number % RING": "place = number"},
    # The trades of every set are kept, where nobody asked for them.
    "sweeps/runner/batch.py": {"KeptTrades() if keep_trades else None": "KeptTrades()"},
}

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows"),
    pytest.mark.skipif(importlib.util.find_spec("pytest_memray") is None, reason="measures with pytest-memray"),
]


def over(site: Path) -> tuple[set[str], str]:
    """Which ceilings are broken by the barloom in a folder, and what pytest says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--memray", "-q", "-rf", "-p", "no:cacheprovider"]
        + [f"tests/memory/{test}" for test in CEILINGS.values()],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": ""},
        timeout=PATIENCE,
    )
    failed = set(re.findall(r"^FAILED tests/memory/(\S+)", done.stdout, re.MULTILINE))
    assert done.returncode == (1 if failed else 0), done.stdout + done.stderr
    return {name for name, test in CEILINGS.items() if test in failed}, done.stdout


def test_what_is_kept_breaks_every_ceiling_and_nothing_else_does(tmp_path: Path) -> None:
    shutil.copytree(Path(barloom.__file__).parent, tmp_path / "barloom")
    kept, said = over(tmp_path)
    assert kept == set(), said
    for name, changes in PLANTED.items():
        file = tmp_path / "barloom" / name
        text = file.read_text(encoding="utf-8")
        for before, after in changes.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")
    kept, said = over(tmp_path)
    told = re.findall(r"^Test was limited to", said, re.MULTILINE)
    assert kept == set(CEILINGS) and len(told) == len(CEILINGS), said
