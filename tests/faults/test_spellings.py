"""The first of the spellings at every run of the tests, and the generator checked by itself; ``spellings.py`` tries 100,000."""

from __future__ import annotations

import collections
import datetime
import inspect
from pathlib import Path
from random import Random

import numpy as np
import pytest

import barloom as bl
from faults import spelling_judge
from faults.spelling_bars import Bars, Market
from faults.spelling_case import Case, make_case
from faults.spelling_digits import judge_digits, parse_digits
from faults.spelling_judge import (
    ASKED,
    CRASH,
    NEEDLESS,
    RIGHT,
    UNASKED,
    UNSETTLED,
    WRONG,
    Reading,
    judge,
    printed_options,
)
from faults.spelling_numbers import Numbers, judge_numbers
from faults.spelling_reread import reread
from faults.spelling_rules import ONLY_ONE, Verdict, judge_order
from faults.spelling_vendors import VENDORS, write_vendor
from faults.spellings import fuzz, main, report

READERS = "date_order" in inspect.signature(bl.open_bars).parameters
FEW, SEED = 400, 1


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, number) for number in range(1_500)]


@pytest.mark.skipif(not READERS, reason="open_bars has no options of what a cell means")
def test_spellings_are_read_right_or_refused_with_a_remedy_that_works(tmp_path: Path) -> None:
    found = fuzz(tmp_path, range(FEW), SEED)
    assert not found.failed, report(found, SEED)
    kinds = {kind for _, kind in found.counts}
    assert kinds == {RIGHT, ASKED}  # no empty test: some are read at once and some are asked for
    assert sum(found.counts.values()) == FEW


def test_each_file_holds_its_bars_by_its_own_spelling(cases: list[Case]) -> None:
    generic = [case for case in cases if case.rows]
    assert len(generic) > 1_000
    for case in generic:
        times, prices = reread(case)
        assert np.array_equal(times, case.times), (case.times_as, case.layout)
        assert prices.tobytes() == case.prices.tobytes(), (case.numbers, case.layout)


def test_the_bars_of_the_truth_are_good_ones(cases: list[Case]) -> None:
    for case in cases:
        first, high, low, last = case.prices.T
        assert (np.diff(case.times) > 0).all()
        assert (high >= np.maximum(first, last)).all() and (low <= np.minimum(first, last)).all() and (low > 0).all()
        assert 5 <= len(case.times) <= 400


def test_every_rule_and_every_question_is_met_and_most_can_be_only_one_thing(cases: list[Case]) -> None:
    assert {rule for case in cases for rule in case.rules} == set(ONLY_ONE)
    asked = collections.Counter(option for case in cases for option in case.asks)
    assert set(asked) == {"date-order", "time-format", "decimal", "symbol", "columns", "ignore-columns", "on-bad-rows"}
    assert 0.5 < sum(case.only_one for case in cases) / len(cases) < 0.9
    assert len({case.data for case in cases}) == len(cases)


def test_a_case_is_the_same_for_its_seed_and_number() -> None:
    for number in (0, 17, 999):
        one, two = make_case(5, number), make_case(5, number)
        assert (one.name, one.data) == (two.name, two.data)
        assert one.data != make_case(6, number).data


def _triples(*dates: str) -> list[tuple[str, str, str]]:
    return [tuple(date.split("/")) for date in dates]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("dates", "truth", "grid", "verdict"),
    [
        (("2019/10/1", "2019/10/2"), "ymd", "day", Verdict("year first")),
        (("03/04/2019", "13/04/2019"), "dmy", "day", Verdict("impossible otherwise")),
        (("10/20/21", "10/21/21"), "mdy", "day", Verdict("impossible otherwise")),
        (("31/12/2019", "02/01/2020"), "dmy", "day", Verdict("impossible otherwise")),
        (("11/12/2019", "12/12/2019", "02/01/2020", "03/01/2020"), "dmy", "day", Verdict(option="date-order")),
        (("12/11/2019", "02/12/2019", "03/12/2019"), "dmy", "day", Verdict("rises in one order")),
        (("03/12/2019", "02/12/2019", "12/11/2019"), "dmy", "day", Verdict("rises in one order")),
        (("03/04/2019",) * 6, "mdy", "minute", Verdict(option="date-order")),
        (("12/11/2019", "12/11/2019", "02/12/2019"), "dmy", "hour", Verdict(option="date-order")),
        (("03/04/2019",) * 3 + ("03/05/2019",) * 3, "mdy", "hour", Verdict(option="date-order")),
        (("03/04/2019",) * 3 + ("03/05/2019",) * 3 + ("03/06/2019",) * 3, "mdy", "hour", Verdict("day by day")),
        (("03/04/2019", "03/05/2019", "03/06/2019"), "mdy", "day", Verdict(option="date-order")),
        (tuple(f"{month:02}/01/2000" for month in range(1, 13)), "mdy", "month", Verdict(option="date-order")),
        ((*(f"{month:02}/01/2000" for month in range(1, 13)), "01/01/2001"), "mdy", "month", Verdict("month by month")),
    ],
)
def test_orders_of_dates_are_judged_by_all_rows(
    dates: tuple[str, ...], truth: str, grid: str, verdict: Verdict
) -> None:
    assert judge_order(_triples(*dates), range(len(dates)), truth, grid=grid) == verdict


@pytest.mark.parametrize(
    ("numbers", "cells", "bare", "verdict"),
    [
        (Numbers(), ("58000", "58001"), False, Verdict("no mark")),
        (Numbers(), ("110.123", "110.200"), False, Verdict(option="decimal")),
        (Numbers(), ("110.123", "110.200"), True, Verdict("point beside commas")),
        (Numbers(), ("110.123", "110.2"), False, Verdict("marks say it")),
        (Numbers(), ("0.123", "0.122"), False, Verdict("marks say it")),
        (Numbers(), ("1000.001", "999.001"), False, Verdict("marks say it")),
        (Numbers(",", "."), ("58.000,00", "58.075,00"), False, Verdict("marks say it")),
        (Numbers(".", ","), ("58,000", "58,075"), False, Verdict(option="decimal")),
        (Numbers(".", ","), ("998", "1,002"), False, Verdict("no leap of a thousand")),
        (Numbers(".", ",", indian=True), ("1,23,456", "1,23,400"), False, Verdict("marks say it")),
        (Numbers(",", " "), ("58 000,123", "58 001,123"), False, Verdict("marks say it")),
        (Numbers(".", "", before="$"), ("$158.001", "$158.002"), False, Verdict(option="decimal")),
    ],
)
def test_number_styles_are_judged_by_all_cells(
    numbers: Numbers, cells: tuple[str, ...], bare: bool, verdict: Verdict
) -> None:
    truth = [numbers.parse(cell) for cell in cells]
    assert judge_numbers(numbers, cells, truth, bare_points=bare) == verdict


@pytest.mark.parametrize(
    ("name", "cells", "verdict"),
    [
        ("10", ("2024030100", "2024030101"), Verdict("digits are a calendar")),
        ("10", ("2012010100", "2012010101"), Verdict(option="time-format")),
        ("10-short", ("2403010900", "2403010901"), Verdict("digits are a calendar")),
        ("10-short", ("1503010900", "1503010901"), Verdict(option="time-format")),
        ("12", ("202403010900", "202403010901"), Verdict("digits are a calendar")),
        ("12", ("201203010900", "201203010901"), Verdict(option="time-format")),
        ("s", ("995679000", "995765400"), Verdict("epoch by size")),
        ("ms", ("978307200000", "978307260000"), Verdict("epoch by size")),
        ("14", ("20240301090000", "20240301090100"), Verdict("digits are a calendar")),
        ("17", ("20240301090000000", "20240301090100000"), Verdict("digits are a calendar")),
    ],
)
def test_digits_are_judged_by_every_calendar(name: str, cells: tuple[str, ...], verdict: Verdict) -> None:
    assert judge_digits(name, cells, [parse_digits(name, cell) for cell in cells]) == verdict


def test_vendors_lines_are_those_of_the_formats() -> None:
    bars = Bars(
        Market("fx", 108_000, 5, 40),
        "minute",
        [datetime.datetime(2012, 2, 1, 5)],
        [(108_000, 108_020, 107_990, 108_010)],
    )
    lines = {label: write_vendor(bars, label, Random(0)).splitlines()[-1] for label in VENDORS}
    ohlc = "1.08000,1.08020,1.07990,1.08010"
    assert lines["histdata"] == f"20120201 000000;{ohlc.replace(',', ';')};0"
    assert lines["histdata-mt"] == f"2012.02.01,00:00,{ohlc},0"
    assert lines["histdata-metastock"] == f"EURUSD,201202010000,{ohlc},0"
    assert lines["ninjatrader"].startswith("20120201 050100;1.08000;")
    assert lines["dukascopy"].startswith(f"01.02.2012 05:00:00.000,{ohlc},")
    assert lines["dukascopy-local"].startswith(f"01.02.2012 14:00:00.000 GMT+0900,{ohlc},")
    assert lines["jforex-eet"].startswith(f"2012.02.01 07:00:00,{ohlc},")
    assert lines["binance-us"].startswith(f"1328072400000000,{ohlc},") and ",1328072459999999," in lines["binance-us"]
    assert lines["bitfinex"].startswith("1328072400000,1.08000,1.08010,1.08020,1.07990,")
    assert lines["databento"].startswith("2012-02-01T05:00:00.000000000Z,33,1,5482,1.08000")
    assert lines["stooq"].startswith("ABC.US,1,20120201,050000,1.08000")


@pytest.mark.parametrize(
    ("message", "options"),
    [
        (
            "3 April or 4 March: give --date-order dmy or --date-order mdy.",
            [("date-order", "dmy"), ("date-order", "mdy")],
        ),
        ("--decimal , (1.234) or --decimal . (1234)", [("decimal", ","), ("decimal", ".")]),
        ("say --decimal ',', or --thousands \"'\"", [("decimal", ","), ("thousands", "'")]),
        ("it doesn't say; --time-format '%d.%m.%Y %H:%M'; that's all", [("time-format", "%d.%m.%Y %H:%M")]),
        ("leave it unread with --ignore-columns 'Turnover (Cr)'", [("ignore-columns", "Turnover (Cr)")]),
        ("give --symbol=ABC, or date_order='dmy'; --start 2020", [("symbol", "ABC"), ("date-order", "dmy")]),
        ("read one with --symbol 'O'\\''X' or --symbol 'A&B'.", [("symbol", "O'X"), ("symbol", "A&B")]),
        ("one of --symbol 'O'\"'\"'X', or --decimal ','.", [("symbol", "O'X"), ("decimal", ",")]),
        ("nothing to give", []),
    ],
)
def test_options_are_taken_as_a_shell_would(message: str, options: list[tuple[str, str]]) -> None:
    assert printed_options(message) == options


def _case(*, asks: str = "", must_ask: str = "") -> Case:
    verdict = Verdict(option=asks) if asks else Verdict("usual names")
    return Case("bars.csv", b"", np.array([1, 2]), np.ones((2, 4)), [verdict], "made", must_ask=must_ask)


GOOD = Reading(np.array([1, 2]), np.ones((2, 4)))
OTHER = Reading(np.array([1, 3]), np.ones((2, 4)))
LAST_BIT = Reading(np.array([1, 2]), np.nextafter(np.ones((2, 4)), 2))


@pytest.mark.parametrize(
    ("case", "answers", "kind"),
    [
        (_case(), {"": GOOD}, RIGHT),
        (_case(), {"": OTHER}, WRONG),
        (_case(), {"": LAST_BIT}, WRONG),
        (_case(), {"": Reading(error="ValueError: no")}, CRASH),
        (_case(), {"": Reading(refusal="give --date-order dmy"), "dmy": GOOD}, NEEDLESS),
        (_case(asks="date-order"), {"": Reading(refusal="--date-order dmy or --date-order mdy"), "dmy": OTHER, "mdy": GOOD}, ASKED),
        (_case(asks="date-order"), {"": Reading(refusal="--date-order dmy or --date-order mdy"), "dmy": OTHER, "mdy": OTHER}, UNSETTLED),
        (_case(asks="date-order"), {"": Reading(refusal="write them as 2012-02-01")}, UNSETTLED),
        (_case(asks="date-order"), {"": Reading(refusal="--date-order dmy"), "dmy": Reading(refusal="--stamp open")}, UNSETTLED),
        (_case(asks="date-order"), {"": Reading(refusal="--date-order dmy"), "dmy": Reading(error="TypeError: no")}, CRASH),
        (_case(asks="symbol", must_ask="symbol"), {"": GOOD}, UNASKED),
    ],
)  # fmt: skip
def test_the_judge_tells_every_outcome(
    case: Case, answers: dict[str, Reading], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        spelling_judge, "read", lambda path, options: answers[list(options.values())[-1] if options else ""]
    )
    assert judge(case, tmp_path).kind == kind


def test_a_failure_is_told_in_a_form_that_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(spelling_judge, "read", lambda path, options: OTHER)
    found = fuzz(tmp_path, range(3), 4)
    assert (found.failed, len(found.failures)) == (3, 3)
    assert "wrong: --seed 4 --only 2" in report(found, 4)
    assert list(tmp_path.iterdir()) == []
    for arguments in (["--inputs", "2"], ["--only", "2"]):
        monkeypatch.setattr("sys.argv", ["spellings.py", "--seed", "4", *arguments])
        assert main() == 1
    assert capsys.readouterr().out.count("wrong: --seed 4 --only") == 3
