"""Simulating and running hold a few chunks and what is open, whatever the number of bars."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import barloom as bl
from barloom.bars.writer import write_bars
from barloom.engine.orchestrator import run
from barloom.engine.sinks import ParquetSink
from barloom.rules.parameters import RunParameters
from helpers.command import environment

memray_only = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")
ROWS = 1_000_000  # 40 MB of columns


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars in files, and one small run, so that what imports allocate is no run's."""
    made = tmp_path_factory.mktemp("bars")
    write_bars(bl.from_synthetic(ROWS, 3), made / "large.arrow")
    write_bars(bl.from_synthetic(4 * ROWS, 3), made / "larger.arrow")
    (made / "first").mkdir()
    run(bl.from_synthetic(20_000, 3), RunParameters(strategy="zscore-reversion"), sink=ParquetSink(made / "first"))
    return made


@memray_only
@pytest.mark.limit_memory("48 MB")
def test_a_streamed_run_stays_within_a_ceiling(folder: Path, tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path, batch_rows=8192)
    result = run(bl.open_bars(folder / "large.arrow"), RunParameters(strategy="zscore-reversion"), sink=sink)
    assert result.report is not None and result.report.selected_rows == ROWS
    assert result.metrics.trades > 10_000


@memray_only
@pytest.mark.limit_memory("40 MB")
def test_a_simulation_keeps_trades_not_bars(folder: Path) -> None:
    where = np.arange(0, ROWS - 1, 100)
    entries = bl.Entries(where, np.where(where % 200 == 0, 1, -1), stop=0.001, target=0.001)
    bars = bl.open_bars(folder / "large.arrow")
    assert bl.simulate(bars, entries, position="overlap").metrics.trades == len(where)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
def test_the_process_peak_does_not_grow_with_the_bars(folder: Path, tmp_path: Path) -> None:
    """The promise to users is the whole process: four times the bars, the same peak, below 300 MB.

    With few trades: the newest 34 MB of them are kept for the digest.
    """
    peaks = {}
    users = environment()
    users.pop("ARROW_DEFAULT_MEMORY_POOL", None)
    for name in ("large", "larger"):
        words = ["run", f"{name}.arrow", "--strategy", "ema-cross", "--format", "json", "--out", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-m", "barloom", *words, "--param", "fast=500", "--param", "slow=5000"],
            cwd=folder,
            env=users,
            capture_output=True,
            text=True,
            check=True,
        )
        job = json.loads(done.stdout)["job_id"]
        peaks[name] = json.loads((tmp_path / "runs" / job / "benchmark.json").read_text())["memory_peak_mb"]
    assert peaks["larger"] < 300
    assert peaks["larger"] < peaks["large"] + 15
