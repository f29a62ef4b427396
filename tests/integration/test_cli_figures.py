"""Figures that people read, in every table of the command: none with sixteen digits, and dashes with a reason where nothing was measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.command import run_here

ROWS = 45_000
WIDE = re.compile(r"\d{1,3}(?:,\d{3}){5,}|\d{16,}")
"""Figures of 1e15 and more, written out."""
RICH = ("--balance", "1e17")
GRID = ("--grid", "fast=5,8", "--grid", "slow=20,30")
WALK = ("--train", "2w", "--test", "1w")
IDLE = ("--spread", "5")
"""Every stop lies inside the spread: each signal is refused."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "day.csv"
    write_bars(from_synthetic(500, 3), path)
    return path


def said(*words: object, data: Path, out: Path) -> str:
    code, text, err = run_here(words[0], data, "--strategy", "ema-cross", *words[1:], "--out", out)
    assert code == 0, err
    return text


def row(text: str, name: str) -> str:
    """Value after a name in a table of names and values."""
    return next(line.removeprefix(name).strip() for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--intrabar", "ohlc"),
        ("sweep", *GRID, "--rank-by", "net-pnl"),
        ("sweep", *GRID, "--rank-by", "final-equity"),
        ("walk-forward", *GRID, *WALK),
        ("walk-forward", *GRID, *WALK, "--rank-by", "max-drawdown"),
    ],
    ids=lambda words: "-".join(words[:1] + words[-1:]),
)
def test_figures_of_1e15_and_more_are_short(bars: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    text = said(*words, *RICH, data=bars, out=tmp_path)
    figures = "\n".join(line for line in text.splitlines() if not line.startswith("files"))
    assert not WIDE.search(figures), text
    assert re.search(r"\d\.\d\de\+1\d", figures), "the case has such figures"
    for page in tmp_path.glob("sweeps/*/*.html"):
        assert not WIDE.search(page.read_text()) and re.search(r"\d\.\d\de\+1\d", page.read_text())


def test_a_run_without_a_trade_has_dashes_and_says_why(bars: Path, tmp_path: Path) -> None:
    text = said("run", *IDLE, data=bars, out=tmp_path)
    names = (
        "net PnL",
        "win rate",
        "profit factor",
        "expectancy",
        "max drawdown",
        "longest drawdown",
        "exposure",
        "holding",
    )
    assert {name: row(text, name) for name in names} == dict.fromkeys(names, "-")
    assert row(text, "Sharpe / Sortino / Calmar") == "- / - / -"
    assert row(text, "trades") == "0" and row(text, "why -") == "no trade was made"
    assert "nan" not in text.lower() and "0.00" not in text and "0.0%" not in text


def test_a_run_of_one_day_has_no_ratios_and_says_why(day: Path, tmp_path: Path) -> None:
    text = said("run", data=day, out=tmp_path)
    assert row(text, "Sharpe / Sortino / Calmar") == "- / - / -" and int(row(text, "trades").split()[0]) > 0
    assert row(text, "why -") == "Sharpe, Sortino, Calmar: the bars are of one day, and daily returns need two"


def test_sets_without_a_trade_have_dashes_and_are_counted(bars: Path, tmp_path: Path) -> None:
    text = said("sweep", *GRID, *IDLE, data=bars, out=tmp_path)
    assert row(text, "not ranked") == "4 of 4 sets have no sharpe: no trade was made"
    for metric in ("net-pnl", "max-drawdown", "win-rate"):
        text = said("sweep", *GRID, *IDLE, "--rank-by", metric, data=bars, out=tmp_path / metric)
        assert row(text, "not ranked") == f"4 of 4 sets have no {metric.replace('-', '_')}: no trade was made"
        assert row(text, "best set").startswith("none") and "0.00" not in text
    text = said("sweep", *GRID, *IDLE, "--rank-by", "trades", data=bars, out=tmp_path / "other")
    header, *rows = text[text.index("set_id") :].splitlines()[:5]
    for cells in rows:
        shown = dict(zip(header.split(), cells.split(), strict=True))
        assert shown.pop("trades") == "0" and list(shown.values())[3:] == ["-"] * 5
    assert row(text, "why -").endswith(": no trade was made")
    (page,) = (tmp_path / "other").glob("sweeps/*/*.html")
    assert "no trade was made" in page.read_text() and "0.00" not in page.read_text()


def test_of_sets_with_and_without_trades_only_those_with_are_ranked(bars: Path, tmp_path: Path) -> None:
    words = ("sweep", *GRID, "--grid", "spread=0,5", "--rank-by", "max-drawdown")
    text = said(*words, data=bars, out=tmp_path)
    assert "4 of 8 sets have max_drawdown" in text
    assert row(text, "not ranked") == "4 of 8 sets have no max_drawdown: no trade was made"


def test_a_sweep_of_one_day_says_why_nothing_is_ranked(day: Path, tmp_path: Path) -> None:
    text = said("sweep", "--grid", "fast=3,5", "--grid", "slow=8", data=day, out=tmp_path)
    assert row(text, "not ranked") == "2 of 2 sets have no sharpe: the bars are of one day, and daily returns need two"


def test_a_walk_forward_without_a_trade_has_dashes_and_says_why(bars: Path, tmp_path: Path) -> None:
    text = said("walk-forward", *GRID, *IDLE, *WALK, "--rank-by", "net-pnl", data=bars, out=tmp_path)
    for name in ("net PnL", "win rate", "max drawdown", "longest drawdown", "Sharpe / Sortino"):
        assert row(text, name) == "-"
    assert row(text, "why -").endswith("no trade was made out of sample")
    assert row(text, "window 0") == "no set had a net_pnl in sample"
    assert "nan" not in text.lower() and "0.00" not in text
