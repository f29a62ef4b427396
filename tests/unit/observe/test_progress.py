"""Progress is told now and then, never for each chunk (FR-010)."""

import logging
from dataclasses import dataclass

import pytest

from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import ProgressReport


@dataclass
class Step:
    bars: int
    trades: int
    total_bars: int | None = 1_000_000
    seconds: float = 1.0


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_line_comes_with_every_so_many_trades(lines):
    with ProgressReport(1000, MemoryWatch(0), terminal=False) as progress:
        for trades in range(0, 3001, 10):
            progress(Step(trades * 100, trades))
    assert len(lines()) == 3
    assert lines()[0] == "bars: 100,000 of 1,000,000, 1,000 trades, 1.0 s"


def test_a_chunk_with_many_trades_gives_one_line(lines):
    with ProgressReport(10, MemoryWatch(0), terminal=False) as progress:
        progress(Step(100, 995, total_bars=None))
        progress(Step(200, 999, total_bars=None))
        progress(Step(300, 1000, total_bars=None))
    assert lines() == ["bars: 100, 995 trades, 1.0 s", "bars: 300, 1,000 trades, 1.0 s"]


def test_another_pass_starts_over_under_its_own_name(lines):
    with ProgressReport(10, MemoryWatch(0), terminal=False) as progress:
        progress(Step(100, 10))
        progress.begin("again")
        progress(Step(100, 10))
    assert [line.split(":")[0] for line in lines()] == ["bars", "again"]


def test_at_a_terminal_a_bar_is_drawn_on_stderr_and_taken_away(capsys, lines, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with ProgressReport(10, MemoryWatch(0), terminal=True) as progress:
        for trades in range(100):
            progress(Step(trades * 100, trades))
        progress.begin("again")
        progress(Step(100, 10))
    shown = capsys.readouterr()
    assert shown.out == "" and lines() == []
    assert "bars" in shown.err
