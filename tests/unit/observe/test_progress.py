"""Progress is told now and then, never for each chunk."""

import logging
from dataclasses import dataclass

import pytest

from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import LINE_SECONDS, ProgressReport, SweepProgress

pytestmark = pytest.mark.waits


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


@dataclass
class SweepStep:
    sets: int
    seconds: float
    total_sets: int = 1000
    failed: int = 0
    earlier: int = 0

    @property
    def new_sets(self):
        return self.sets - self.earlier


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_sweep_says_sets_pace_and_time_left_now_and_then(lines):
    clock = Clock()
    with SweepProgress(MemoryWatch(0), terminal=False, clock=clock) as progress:
        for second in range(31):
            clock.now = float(second)
            progress(SweepStep(10 * second, float(second), failed=second // 15))
    assert LINE_SECONDS == 10.0
    assert lines() == [
        "sets: 100 of 1,000, 10.0 a second, 1 min 30 s left",
        "sets: 200 of 1,000, 1 refused, 10.0 a second, 1 min 20 s left",
        "sets: 300 of 1,000, 2 refused, 10.0 a second, 1 min 10 s left",
    ]


def test_sets_of_an_earlier_start_do_not_make_a_sweep_look_faster(lines):
    clock = Clock()
    with SweepProgress(MemoryWatch(0), terminal=False, clock=clock) as progress:
        progress(SweepStep(900, 0.0, earlier=900))
        clock.now = 20.0
        progress(SweepStep(910, 20.0, earlier=900))
    assert lines() == ["sets: 910 of 1,000, 0.5 a second, 3 min 0 s left"]


def test_the_bar_of_a_sweep_is_drawn_on_stderr_and_taken_away(capsys, lines, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with SweepProgress(MemoryWatch(0), terminal=True) as progress:
        progress(SweepStep(0, 0.0))
        progress(SweepStep(1000, 7200.0))
    shown = capsys.readouterr()
    assert shown.out == "" and lines() == []
    assert "sets" in shown.err and "1000/1000" in shown.err


def test_a_signal_that_nobody_acted_on_ends_a_sweep_at_its_next_step(monkeypatch):
    monkeypatch.setattr("barloom.observe.interrupts._seen", ["terminated"])
    with (
        SweepProgress(MemoryWatch(0), terminal=False) as progress,
        pytest.raises(KeyboardInterrupt, match="terminated"),
    ):
        progress(SweepStep(1, 1.0))
