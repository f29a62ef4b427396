"""The files that show a sweep: whole, or none."""

from __future__ import annotations

import importlib.util
from itertools import product
from pathlib import Path

import pytest

from barloom.errors import InputError
from barloom.jobs.sweep.pages import write_pages
from barloom.sweeps.analysis.stability import stability
from barloom.sweeps.analysis.table import SweepTable
from helpers.sweeps import results_of

SETS = list(product([5, 10], [50, 100], ["atr:1", "atr:2"]))


def table_of() -> SweepTable:
    rows = [{"sharpe": float(place)} for place in range(len(SETS))]
    return SweepTable.made(("fast", "param.slow", "stop"), SETS, results_of(rows))


def test_a_page_and_a_picture_a_map(tmp_path: Path) -> None:
    table = table_of()
    axes = [("fast", "param.slow"), ("stop", "fast")]
    for _ in range(2):
        files = write_pages(tmp_path, "mine & yours", table, "sharpe", axes=axes, stability=stability(table))
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert [file.name for file in files] == ["sweep.html", "heat-map-fast-param-slow.png", "heat-map-stop-fast.png"]
    text = files[0].read_text(encoding="utf-8")
    assert "<h1>mine &amp; yours</h1>" in text
    assert "sharpe by param.slow and fast; the best over stop" in text
    assert "sharpe by fast and stop; the best over param.slow" in text
    assert "set 7 (fast 10, param.slow 100, stop atr:2)" in text
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_a_page_alone_needs_no_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert [file.name for file in write_pages(tmp_path, "mine", table_of(), "sharpe")] == ["sweep.html"]
    with pytest.raises(InputError, match="needs matplotlib"):
        write_pages(tmp_path / "none", "mine", table_of(), "sharpe", axes=[("fast", "stop")])


def test_nothing_is_half_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'slow' is not in the grid"):
        write_pages(tmp_path, "mine", table_of(), "sharpe", axes=[("fast", "slow")])
    (tmp_path / "heat-map-fast-stop.png").mkdir()
    with pytest.raises(OSError):
        write_pages(tmp_path, "mine", table_of(), "sharpe", axes=[("fast", "stop")])
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
