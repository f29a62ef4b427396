"""``--max-ram`` as a user gives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.bar_files import minute_bars, write
from helpers.command import call, run_here


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "EURUSD.csv", minute_bars(3000, 5))
    return tmp_path


@pytest.mark.parametrize("words", [["--max-ram", "20MB"], ["--max-ram", "much"], ["--max-ram="]])
def test_too_little_or_no_size_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(folder)
    code, out, err = run_here("run", "EURUSD.csv", "--strategy", "ema-cross", "--non-interactive", *words)
    assert code == 2 and out == "" and err.count("\n") == 1 and "--max-ram" in err
    assert [path.name for path in folder.iterdir()] == ["EURUSD.csv"]


def test_enough_changes_no_trade_and_the_record_keeps_what_was_planned(folder: Path) -> None:
    found = {}
    for size in (None, "700MB"):
        words = [] if size is None else ["--max-ram", size]
        done = call("run", "EURUSD.csv", "--strategy", "ema-cross", "--format", "json", *words, cwd=folder)
        assert done.returncode == 0, done.stderr
        found[size] = json.loads(done.stdout)
    assert found[None]["digest"] == found["700MB"]["digest"]
    assert found["700MB"]["parameters"]["chunk_rows"] >= 1024 and found[None]["parameters"]["chunk_rows"] is None
    assert found["700MB"]["memory_peak_mb"] < 700
