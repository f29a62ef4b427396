"""Figures for people: short where they are absurd, a dash and its reason where there is nothing to say."""

from __future__ import annotations

import math

import pytest

import barloom as bl
from barloom.engine.metrics import OF_TRADES, Metrics
from barloom.observe.figures import LARGEST, NO_TRADE, SAY_ALL, UNDEFINED, figure, missing, reasons
from barloom.sweeps.analysis.table import METRICS, cell


@pytest.mark.parametrize(
    ("value", "pattern", "said"),
    [
        (4.5387e15, ",.2f", "4.54e+15"),
        (4.5387e15, "+,.2f", "+4.54e+15"),
        (-4.5387e15, "+,.2f", "-4.54e+15"),
        (-1e15, ",.2f", "-1.00e+15"),
        (1e15, ",.0f", "1.00e+15"),
        (999_999_999_999_999.9, ",.0f", "1.00e+15"),
        (999_999_999_999_999.0, ",.0f", "999,999,999,999,999"),
        (999_999_999_999_999.9, ",.1f", "999,999,999,999,999.9"),
        (9.999e99, ",.2f", "1.00e+100"),
        (10**18, ",.0f", "1.00e+18"),
        (302_725_050_582.0, "+,.2f", "+302,725,050,582.00"),
        (-0.004, ",.2f", "-0.00"),
        (math.nan, ",.2f", "-"),
        (None, "+,.2f", "-"),
    ],
)
def test_a_figure_is_short_from_1e15_on(value: float | None, pattern: str, said: str) -> None:
    assert figure(value, pattern) == said
    assert figure(value, pattern, "%") == (said if said == "-" else f"{said}%")


@pytest.mark.parametrize("name", METRICS)
def test_no_metric_of_a_table_has_sixteen_digits(name: str) -> None:
    """Every metric there is, at every size; those that are shares of 1 never get there."""
    for power in range(15, 300, 19):
        for sign in (1.0, -1.0):
            if name != "win_rate":
                said = cell(name, sign * 4.5387 * 10.0**power)
                assert said.removesuffix("%") == f"{'-' if sign < 0 else ''}4.54e+{power}"
    assert cell(name, math.nan) == cell(name, None) == "-"
    assert LARGEST == 1e15


def test_counts_and_the_equity_left_say_something_without_a_trade() -> None:
    assert set(Metrics.model_fields) - OF_TRADES == SAY_ALL == {"trades", "wins", "losses", "final_equity"}


def test_a_metric_of_which_nothing_is_known_has_a_reason_too() -> None:
    assert missing({"trades": 3, "new": None}, one_day=None) == {"new": UNDEFINED}


@pytest.mark.parametrize("rows", [60, 500, 1300])
def test_bars_of_one_day_have_no_ratios(rows: int) -> None:
    """Of one date, or of less than 24 hours around a midnight: the ratios are of days, and there is one."""
    metrics = bl.run(bl.from_synthetic(rows, 3), "ema-cross", {"fast": 3, "slow": 8}).metrics
    assert metrics.trades > 0 and (metrics.sharpe, metrics.sortino, metrics.calmar) == (None, None, None)
    said = reasons(missing(metrics.model_dump(), one_day=True))
    assert "sharpe, sortino, calmar: the bars are of one day, and daily returns need two" in said


def test_reasons_stand_behind_what_they_hold_for() -> None:
    why = {"sharpe": "one", "calmar": "one", "win_rate": "two"}
    assert reasons(why) == "sharpe, calmar: one; win_rate: two"
    assert reasons(why, {"win_rate": "win rate", "calmar": "Calmar"}) == "win rate: two; Calmar: one"
    assert reasons({}) == ""


def test_a_metric_that_is_none_has_a_reason_and_no_other() -> None:
    """Whatever a run comes to, what is None is explained, and a figure is not explained away."""
    bars = bl.from_synthetic(6000, 3)
    for params in ({"fast": 5, "slow": 20}, {"fast": 50, "slow": 200}):
        for rows in (400, 3000, 6000):
            metrics = bl.run(bars.select(fraction=rows / 6000), "ema-cross", params).metrics.model_dump()
            why = missing(metrics, one_day=None)
            if metrics["trades"]:
                assert set(why) == {name for name, value in metrics.items() if value is None}
            else:
                assert set(why) == OF_TRADES and set(why.values()) == {NO_TRADE}
