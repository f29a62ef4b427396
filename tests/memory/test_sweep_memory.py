"""A sweep holds a chunk of bars, its indicators and a state for each set: neither bars x sets nor trades."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import barloom as bl
from barloom.bars.writer import write_bars
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch

memray_only = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")
ROWS = 400_000  # 19 MB of columns
SETS = [
    RunParameters(
        strategy="ema-cross", params={"fast": 5, "slow": 20}, stop=f"atr:{stop}", target=f"atr:{target}", size=1.0
    )
    for stop in range(1, 16)
    for target in range(1, 16)
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars in a file, and one small sweep, so that what imports allocate is no sweep's."""
    path = tmp_path_factory.mktemp("bars") / "bars.arrow"
    write_bars(bl.from_synthetic(ROWS, 3), path)
    run_batch(bl.from_synthetic(5_000, 3), SETS[:2])
    return path


@memray_only
@pytest.mark.limit_memory("64 MB")
def test_a_sweep_keeps_no_trades_and_no_bars(store: Path) -> None:
    table = run_batch(bl.open_bars(store), SETS, threads=2).table
    # 200 bytes each, the trades alone would take 180 MB.
    assert sum(table["trades"].to_pylist()) > 900_000
