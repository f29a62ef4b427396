"""Metrics against their definitions, over trades and equity written by hand."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest

from barloom.backtest.metrics import Bounds, Case, MetricsTotals, annual_return_pct, daily_ratios
from barloom.execution.account import POINT, new_accounts
from barloom.execution.book import Book, Rules
from barloom.execution.entries import Entries
from barloom.execution.sizing import Sizing
from barloom.execution.trades import TRADE
from helpers.market import MINUTE, START, Market
from helpers.money import Settled, trade


def totals_of(market: Market, entries: Entries, chunk_rows: int = 100, balance: float = 100.0) -> MetricsTotals:
    rules = Rules(places=0, sizing=Sizing(balance=balance, units=1.0))
    book, totals = Book(rules), MetricsTotals(balance)
    for chunk in market.chunks(chunk_rows):
        first, last = np.searchsorted(entries.signal_bar, [chunk.base, chunk.base + chunk.rows])
        totals.add(book.pass_chunk(chunk, entries.take(slice(first, last))), book.points)
        totals.bars = chunk.base + chunk.rows
    totals.account, totals.first_time = book.account, int(market.time[0])
    return totals


def trades_of(net: list[float], r: list[float] | None = None) -> np.ndarray:
    trades = np.zeros(len(net), dtype=TRADE)
    trades["net_pnl"] = net
    trades["r"] = net if r is None else r
    trades["entry_bar"] = np.arange(len(net)) * 10
    trades["exit_bar"] = trades["entry_bar"] + np.arange(len(net))
    return trades


def test_trade_statistics() -> None:
    totals = MetricsTotals(1000.0)
    no_points = np.empty(0, dtype=POINT)
    totals.add(trades_of([10, -4, -6, 0, 5, 5, 5], [1, -0.5, math.nan, 0, 1, 1, 1]), no_points)
    totals.bars = 100
    metrics = totals.metrics()
    assert (metrics.trades, metrics.wins, metrics.losses) == (7, 4, 2)
    assert metrics.win_rate == 4 / 7
    assert metrics.profit_factor == 25 / 10
    assert metrics.expectancy_r == pytest.approx(3.5 / 6)
    assert (metrics.net_pnl, metrics.average_net_pnl) == (15, 15 / 7)
    assert (metrics.best_trade, metrics.worst_trade) == (10, -6)
    assert (metrics.longest_win_streak, metrics.longest_loss_streak) == (3, 2)
    assert (metrics.average_bars_held, metrics.longest_bars_held) == (4.0, 7)


def test_totals_do_not_depend_on_how_trades_arrive() -> None:
    trades = trades_of(list(np.random.default_rng(0).normal(size=50)))
    no_points = np.empty(0, dtype=POINT)
    together, apart = MetricsTotals(1000.0), MetricsTotals(1000.0)
    together.add(trades, no_points)
    for k in range(50):
        apart.add(trades[k : k + 1], no_points)
    assert together.checksum == apart.checksum
    assert together.metrics() == apart.metrics()
    swapped = MetricsTotals(1000.0)
    swapped.add(trades[::-1].copy(), no_points)
    assert swapped.checksum != together.checksum


def test_drawdown_and_exposure_over_bars() -> None:
    closes = [100, 100, 103, 101, 98, 104, 104]
    rows = [(a, max(a, b), min(a, b), b) for a, b in zip([100, *closes], closes, strict=False)]
    totals = totals_of(Market(rows), Entries([1], [1], max_hold=4))
    metrics = totals.metrics()
    # Bought at the open of bar 2 (100), left at the close of bar 5 (104): equity 103, 101, 98, 104.
    assert metrics.net_pnl == 4
    assert metrics.max_drawdown == 5
    assert metrics.max_drawdown_pct == pytest.approx(100 * 5 / 103)
    assert metrics.longest_drawdown_days * 24 * 60 == pytest.approx(3)
    assert metrics.exposure == 4 / 7
    assert metrics.final_equity == 104


def test_a_drawdown_that_lasts_to_the_end_counts() -> None:
    closes = [100, 100, 103, 101, 98, 98, 98]
    rows = [(a, max(a, b), min(a, b), b) for a, b in zip([100, *closes], closes, strict=False)]
    metrics = totals_of(Market(rows), Entries([1], [1], max_hold=3)).metrics()
    assert metrics.longest_drawdown_days * 24 * 60 == pytest.approx(4)


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_one_equity_point_a_day(chunk_rows: int) -> None:
    day = 24 * 60
    market = Market([(100, 100, 100, 100)] * 6, minutes=[0, 5, day, day + 1, 5 * day, 5 * day + 1])
    totals = totals_of(market, Entries.none(), chunk_rows)
    assert totals.daily == [100.0, 100.0, 100.0]


def test_no_trades_is_a_defined_result() -> None:
    metrics = totals_of(Market([(100, 101, 99, 100)] * 5), Entries.none()).metrics()
    assert (metrics.trades, metrics.win_rate, metrics.net_pnl, metrics.max_drawdown, metrics.exposure) == (
        0,
        0,
        0,
        0,
        0,
    )
    assert metrics.profit_factor is None and metrics.expectancy_r is None and metrics.sharpe is None
    assert metrics.final_equity == 100


def test_sharpe_and_sortino_of_daily_returns() -> None:
    equity = [100.0, 101.0, 100.5, 102.0, 101.0]
    returns = [b / a - 1 for a, b in pairwise(equity)]
    sharpe, sortino = daily_ratios(equity, 252)
    assert sharpe == pytest.approx(statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(252))
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / 4)
    assert sortino == pytest.approx(statistics.mean(returns) / downside * math.sqrt(252))


@pytest.mark.parametrize("equity", [[100.0], [100.0, 101.0], [100.0, 100.0, 100.0], [100.0, -5.0, 3.0]])
def test_ratios_without_meaning_are_none(equity: list[float]) -> None:
    assert daily_ratios(equity, 252) == (None, None)


def test_annual_return() -> None:
    assert annual_return_pct(100, 121, 2 * 365.25) == pytest.approx(10)
    assert annual_return_pct(100, -1, 365.25) is None
    assert annual_return_pct(1e-300, 1e300, 1) is None
    assert MINUTE == 60 * 10**9


def ambiguous_trades(**rules: object) -> tuple[MetricsTotals, Settled]:
    """A trade that made 20, one of 60 or -40 that was stopped, and one of 30 or -20 that finer bars decided."""
    levels = {"stop": 98.0, "target": 103.0}
    rows = [
        trade(1, 2, 100.0, 101.0, size=20.0),
        trade(3, 4, 100.0, 98.0, size=20.0, reason="stop", ambiguous=True, **levels),
        trade(5, 6, 100.0, 103.0, size=10.0, reason="target", ambiguous=True, decided=True, **levels),
    ]
    settled = Settled(Market([(100, 100, 100, 100)] * 8), rows, Rules(sizing=Sizing(balance=1000.0), **rules))
    totals = MetricsTotals(1000.0)
    totals.add(settled.trades, settled.points)
    totals.account, totals.bars, totals.first_time = settled.ledger.account, 8, START
    return totals, settled


def test_bounds_of_ambiguous_trades() -> None:
    totals, settled = ambiguous_trades()
    bounds = totals.bounds(settled.ledger.accounts)
    assert bounds.deciding_trades == 1
    assert bounds.best == Case(
        trades=3,
        win_rate=1.0,
        net_pnl=110.0,
        return_pct=100 * (1110 / 1000 - 1),
        max_drawdown=0.0,
        max_drawdown_pct=0.0,
    )
    assert bounds.worst == Case(
        trades=3,
        win_rate=2 / 3,
        net_pnl=10.0,
        return_pct=100 * (1010 / 1000 - 1),
        max_drawdown=40.0,
        max_drawdown_pct=100 * (40 / 1020),
    )
    assert bounds.chosen == bounds.worst
    assert Bounds.model_validate_json(bounds.model_dump_json()) == bounds


def test_the_chosen_case_is_what_the_metrics_say() -> None:
    totals, settled = ambiguous_trades()
    metrics = totals.metrics()
    assert metrics.ambiguous_trades == 2
    for name, value in totals.bounds(settled.ledger.accounts).chosen.model_dump().items():
        assert value == getattr(metrics, name), name


def test_without_bounds_there_is_one_account() -> None:
    totals, settled = ambiguous_trades(bounds=False)
    bounds = totals.bounds(settled.ledger.accounts)
    assert bounds.best == bounds.worst == bounds.chosen


def test_bounds_without_trades() -> None:
    bounds = MetricsTotals(1000.0).bounds(new_accounts(1000.0))
    nothing = Case(trades=0, win_rate=0.0, net_pnl=0.0, return_pct=0.0, max_drawdown=0.0, max_drawdown_pct=0.0)
    assert bounds == Bounds(chosen=nothing, best=nothing, worst=nothing, deciding_trades=0)
