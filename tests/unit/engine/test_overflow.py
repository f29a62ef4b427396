"""Profits that compound past what float64 holds end in one sentence, never in NaN."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import barloom as bl
from barloom.bars.writer import write_bars
from barloom.engine.account import POINT
from barloom.engine.money import simulator_of
from barloom.engine.overflow import MOST, refuse_overflow
from barloom.engine.totals import totals_of
from barloom.errors import InputError
from barloom.rules.rules import Rules
from helpers.command import call

STRATEGY = """
import numpy as np
from barloom.rules.entries import Entries
from barloom.strategies.base import Strategy

class BeforeTheJump(Strategy):
    name = "before-the-jump"

    def signals(self, window):
        where = np.flatnonzero(window.open == window.close)
        return Entries(where, np.ones(len(where), dtype=np.int64), stop=0.0001, target=0.005)
"""
MINUTE = 60 * 10**9
ROWS = 40_000


def waves() -> bl.Bars:
    """Every third bar jumps by a hundredth and falls back, so that who buys before it always wins."""
    close = 1.0 + np.where(np.arange(ROWS) % 3 == 2, 0.01, 0.0)
    opened = np.concatenate([close[:1], close[:-1]])
    return bl.from_arrays(np.arange(ROWS) * MINUTE, opened, np.maximum(opened, close), np.minimum(opened, close), close)


def winners() -> bl.Entries:
    """A buy at each of the low opens before a jump, a ten-thousandth at risk."""
    where = np.arange(0, ROWS - 3, 3)
    return bl.Entries(where + 1, np.ones(len(where), dtype=np.int64), stop=0.0001, target=0.005)


def accounts_of(balance: float) -> np.ndarray:
    """The accounts of a run that has seen no bar."""
    return totals_of(simulator_of([Rules(sizing=bl.Sizing(balance=balance))]), 1)[0].accounts


@pytest.mark.parametrize("chunk_rows", [None, 1000])
def test_compounding_profits_are_refused_by_their_bar(chunk_rows: int | None) -> None:
    """Each trade wins 50 times the tenth at risk, so the balance grows sixfold: past 1e150 with the 188th, on bar 3 x 187 + 2."""
    with pytest.raises(
        InputError, match=r"account passes 1e\+150 by bar 563 .*: profits compound with --risk-pct 10: .*--size"
    ):
        bl.simulate(waves(), winners(), sizing=bl.Sizing(risk_pct=10), chunk_rows=chunk_rows)


def test_trades_of_one_size_do_not_compound() -> None:
    result = bl.simulate(waves(), winners(), sizing=bl.Sizing(units=1e6))
    assert result.metrics.wins == result.metrics.trades > 10_000


def test_a_size_that_is_absurd_is_named() -> None:
    with pytest.raises(InputError, match=r"--size 1e\+160: give less"):
        bl.simulate(waves(), winners(), sizing=bl.Sizing(units=1e160))
    with pytest.raises(InputError, match=r"--notional 1e\+300: give less"):
        bl.simulate(waves(), winners(), sizing=bl.Sizing(notional=1e300))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2 * MOST, -2 * MOST])
@pytest.mark.parametrize("name", ["balance", "last_equity", "peak", "max_drawdown"])
@pytest.mark.parametrize(("row", "case"), [(0, "the account"), (1, "best case"), (2, "worst case")])
def test_whatever_number_passed_the_most_in_whatever_case(value: float, name: str, row: int, case: str) -> None:
    accounts, none = accounts_of(10_000.0), np.empty(0, dtype=POINT)
    accounts["last_bar"], accounts["last_time"] = 41, 41 * MINUTE
    refuse_overflow(accounts, none, bl.Sizing())
    accounts[name][row] = value
    with pytest.raises(InputError, match=f"{case}.* by bar 41 .1970-01-01T00:41:00Z."):
        refuse_overflow(accounts, none, bl.Sizing())


def test_a_starting_balance_of_nearly_nothing_is_no_way_round() -> None:
    """Returns are multiples of it."""
    accounts, none = accounts_of(1e-200), np.empty(0, dtype=POINT)
    accounts["balance"][0] = 1.0
    with pytest.raises(InputError, match="--risk-pct"):
        refuse_overflow(accounts, none, bl.Sizing(balance=1e-200))


def test_the_command_ends_with_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    write_bars(waves(), tmp_path / "waves.arrow")
    (tmp_path / "waves.py").write_text(STRATEGY)
    words = ["run", "waves.arrow", "--strategy", "waves.py:BeforeTheJump", "--out", "results", "--format", "json"]
    done = call(*words, "--risk-pct", 10, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr and "--risk-pct 10: size trades with --size or --notional" in done.stderr
    assert not [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    fixed = call(*words, "--notional", 10_000, cwd=tmp_path)
    assert json.loads(fixed.stdout)["metrics"]["wins"] > 10_000
