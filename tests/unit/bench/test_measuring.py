"""Works are timed in turn, and nothing is timed whose answer is wrong."""

from __future__ import annotations

import pytest

from barloom.bench import sections
from barloom.bench.measure import measure
from barloom.bench.sections import SECTIONS
from barloom.bench.timing import Took, interleaved
from barloom.errors import FidelityError, InputError
from barloom.options import bench as options

ROWS = 10_000


def test_works_take_turns_and_the_first_round_is_not_counted():
    calls = []
    taken = interleaved([lambda: calls.append("a"), lambda: calls.append("b")], 3)
    assert calls == ["a", "b"] * 4
    assert [len(times) for times in taken] == [3, 3]


def test_a_work_may_say_what_it_took_but_no_other_number_is_taken_for_that():
    told, number = interleaved([lambda: Took(7.0), lambda: 7.0], 2)
    assert told == [7.0, 7.0]
    assert all(seconds < 7.0 for seconds in number)


def test_the_command_line_knows_every_section():
    assert list(options.SECTIONS) == list(SECTIONS)


def test_a_wrong_indicator_is_not_timed(monkeypatch):
    timed = []
    monkeypatch.setattr(sections, "by_definition", lambda indicator, bars: [0.0] * len(bars["close"]))
    with pytest.raises(FidelityError, match=r"indicator sma\(50\): the answer is wrong"):
        measure([ROWS], ["indicators"], repeats=3, tell=timed.append)
    assert not any("round" in text for text in timed)


def test_bars_that_are_not_those_that_were_generated_are_not_timed(tmp_path):
    sections.Bench(ROWS, tmp_path, 1, tmp_path).file("arrow")
    (tmp_path / f"bars-{ROWS}.arrow").rename(tmp_path / f"bars-{2 * ROWS}.arrow")
    with pytest.raises(FidelityError, match="load of arrow"):
        measure([2 * ROWS], ["load"], repeats=3, folder=tmp_path)


def test_a_trade_that_the_reference_has_otherwise_is_not_timed(monkeypatch):
    real = sections.reference.simulate

    def wrong(*given):
        result = real(*given)
        result.trades[3].exit_price += 1e-9
        return result

    monkeypatch.setattr(sections.reference, "simulate", wrong)
    with pytest.raises(FidelityError, match="resolver, short trades, exit_price"):
        measure([ROWS], ["resolver"], repeats=3)


def test_sizes_that_measure_nothing_are_refused():
    with pytest.raises(InputError, match="at least 10,000"):
        measure([500], ["load"], repeats=3)
    with pytest.raises(InputError, match="twice"):
        measure([ROWS, ROWS], ["load"], repeats=3)
