"""Metrics against their definitions, over trades and equity written by hand."""

from __future__ import annotations

import math
import re
import statistics
from itertools import pairwise

import numpy as np
import pytest

from barloom.engine.metrics import FORMULAS, Metrics, annual_return_pct, daily_ratios, longest_drawdown_days
from barloom.engine.outcome import Bounds, Case, Outcome
from barloom.engine.simulator import Rules, RunSimulator
from barloom.engine.totals import Totals
from barloom.reference import simulator as reference
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.sizing import Sizing
from helpers.engine import run_pipeline
from helpers.market import MINUTE, START, Market
from helpers.money import Settled, trade


def outcome_of(market: Market, entries: Entries, chunk_rows: int = 100, balance: float = 100.0) -> Outcome:
    simulator = RunSimulator(Rules(max_positions=0, sizing=Sizing(balance=balance, units=1.0)))
    bars = 0
    for chunk in market.chunks(chunk_rows):
        first, last = np.searchsorted(entries.signal_bar, [chunk.base, chunk.base + chunk.rows])
        simulator.pass_chunk(chunk, entries.take(slice(first, last)))
        bars = chunk.base + chunk.rows
    return Outcome(simulator.totals(), balance, int(market.time[0]), bars)


def test_trade_statistics() -> None:
    nets, stops = [10, -4, -6, 0, 5, 5, 5], [90, 92, math.nan, 90, 95, 95, 95]
    rows = [
        trade(10 * k + 1, 11 * k + 1, 100.0, 100.0 + net, stop=stop, size=1.0)
        for k, (net, stop) in enumerate(zip(nets, stops, strict=True))
    ]
    settled = Settled(Market([(100, 100, 100, 100)] * 100), rows, Rules(sizing=Sizing(balance=1000.0)))
    metrics = Outcome(settled.totals, 1000.0, START, 100).metrics()
    assert (metrics.trades, metrics.wins, metrics.losses) == (7, 4, 2)
    assert metrics.win_rate == 4 / 7
    assert metrics.profit_factor == 25 / 10
    assert metrics.expectancy_r == pytest.approx(3.5 / 6)
    assert (metrics.net_pnl, metrics.average_net_pnl) == (15, 15 / 7)
    assert (metrics.best_trade, metrics.worst_trade) == (10, -6)
    assert (metrics.longest_win_streak, metrics.longest_loss_streak) == (3, 2)
    assert (metrics.average_bars_held, metrics.longest_bars_held) == (4.0, 7)


def test_drawdown_and_exposure_over_bars() -> None:
    closes = [100, 100, 103, 101, 98, 104, 104]
    rows = [(a, max(a, b), min(a, b), b) for a, b in zip([100, *closes], closes, strict=False)]
    outcome = outcome_of(Market(rows), Entries([1], [1], max_hold=4))
    metrics = outcome.metrics()
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
    metrics = outcome_of(Market(rows), Entries([1], [1], max_hold=3)).metrics()
    assert metrics.longest_drawdown_days * 24 * 60 == pytest.approx(4)


@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_one_equity_point_a_day(chunk_rows: int) -> None:
    day = 24 * 60
    market = Market([(100, 100, 100, 100)] * 6, minutes=[0, 5, day, day + 1, 5 * day, 5 * day + 1])
    days = outcome_of(market, Entries.none(), chunk_rows).totals.days
    assert (days["count"], days["before"], days["lowest"], days["mean"]) == (3, 100.0, 100.0, 0.0)


def test_no_trades_is_a_defined_result() -> None:
    metrics = outcome_of(Market([(100, 101, 99, 100)] * 5), Entries.none()).metrics()
    assert (metrics.trades, metrics.win_rate, metrics.net_pnl, metrics.max_drawdown, metrics.exposure) == (
        0,
        0,
        0,
        0,
        0,
    )
    assert metrics.profit_factor is None and metrics.expectancy_r is None and metrics.sharpe is None
    assert metrics.final_equity == 100


def days_of(equity: list[float]) -> Totals:
    """The daily returns of an account that stands at these values at the ends of its days, the first being its balance."""
    minutes = [day * 24 * 60 + minute for day in range(len(equity)) for minute in (0, 1)]
    closes = [value for value in equity for _ in (0, 1)]
    rows = [(close, close, close, close) for close in closes]
    # One unit, bought at the first price and held to the end.
    outcome = outcome_of(Market(rows, minutes=minutes), Entries([0], [1]), balance=equity[0])
    return outcome.totals


def test_sharpe_and_sortino_of_daily_returns() -> None:
    equity = [100.0, 101.0, 100.5, 102.0, 101.0]
    returns = [0.0] + [b / a - 1 for a, b in pairwise(equity)]
    sharpe, sortino = daily_ratios(days_of(equity).days, 252)
    assert sharpe == pytest.approx(statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(252))
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / 5)
    assert sortino == pytest.approx(statistics.mean(returns) / downside * math.sqrt(252))


@pytest.mark.parametrize("count", [5, 64, 65, 200, 300])
def test_daily_returns_are_kept_as_moments_and_by_periods(count: int) -> None:
    rng = np.random.default_rng(count)
    equity = (100 * np.cumprod(1 + rng.normal(0, 0.01, count))).tolist()
    returns = np.diff(equity, prepend=equity[0]) / np.array([equity[0], *equity[:-1]])
    totals = days_of(equity)
    days, away = totals.days, returns - returns.mean()
    assert days["count"] == count
    for name, expected in (
        ("mean", returns.mean()),
        ("second", (away**2).sum()),
        ("third", (away**3).sum()),
        ("fourth", (away**4).sum()),
        ("downside", (returns[returns < 0] ** 2).sum()),
        ("lowest", min(equity)),
    ):
        assert days[name] == pytest.approx(expected, rel=1e-9, abs=1e-15), name
    size = 1
    while -(-count // size) > 64:
        size *= 2
    parts = [returns[k : k + size] for k in range(0, count, size)]
    assert totals.return_counts.tolist() == [len(part) for part in parts]
    assert totals.sums[: len(parts)].tolist() == pytest.approx([part.sum() for part in parts], abs=1e-15)
    assert totals.squares[: len(parts)].tolist() == pytest.approx([(part**2).sum() for part in parts], rel=1e-9)
    assert not totals.sums[len(parts) :].any()


@pytest.mark.parametrize("equity", [[100.0], [100.0, 100.0, 100.0], [100.0, 101.0, -5.0, 3.0]])
def test_ratios_without_meaning_are_none(equity: list[float]) -> None:
    assert daily_ratios(days_of(equity).days, 252) == (None, None)


def test_annual_return() -> None:
    assert annual_return_pct(100, 121, 2 * 365.25) == pytest.approx(10)
    assert annual_return_pct(100, -1, 365.25) is None
    assert annual_return_pct(1e-300, 1e300, 1) is None
    assert MINUTE == 60 * 10**9


def ambiguous_trades(**rules: object) -> Outcome:
    """A trade that made 20, one of 60 or -40 that was stopped, and one of 30 or -20 that finer bars decided."""
    levels = {"stop": 98.0, "target": 103.0}
    rows = [
        trade(1, 2, 100.0, 101.0, size=20.0),
        trade(3, 4, 100.0, 98.0, size=20.0, reason="stop", ambiguous=True, **levels),
        trade(5, 6, 100.0, 103.0, size=10.0, reason="target", ambiguous=True, decided=True, **levels),
    ]
    settled = Settled(Market([(100, 100, 100, 100)] * 8), rows, Rules(sizing=Sizing(balance=1000.0), **rules))
    return Outcome(settled.totals, 1000.0, START, 8)


def test_bounds_of_ambiguous_trades() -> None:
    outcome = ambiguous_trades()
    bounds = outcome.bounds()
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
    outcome = ambiguous_trades()
    metrics = outcome.metrics()
    assert metrics.ambiguous_trades == 2
    for name, value in outcome.bounds().chosen.model_dump().items():
        assert value == getattr(metrics, name), name


def test_without_bounds_there_is_one_account() -> None:
    outcome = ambiguous_trades(bounds=False)
    bounds = outcome.bounds()
    assert bounds.best == bounds.worst == bounds.chosen


def test_bounds_without_trades() -> None:
    bounds = outcome_of(Market([(100, 101, 99, 100)] * 5), Entries.none(), balance=1000.0).bounds()
    nothing = Case(trades=0, win_rate=0.0, net_pnl=0.0, return_pct=0.0, max_drawdown=0.0, max_drawdown_pct=0.0)
    assert bounds == Bounds(chosen=nothing, best=nothing, worst=nothing, deciding_trades=0)


@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
@pytest.mark.parametrize("entry", ["close", "next_open"])
def test_an_account_that_falls_from_the_first_bar_on_falls_from_there(entry: str, chunk_rows: int) -> None:
    """A fill at the close of the first bar pays its spread there: equity was never at its peak at a close, and the balance is the peak."""
    market = Market([(100 - k, 100 - k, 99 - k, 99 - k) for k in range(5)])
    rules = Rules(max_positions=0, entry=entry, costs=Costs(spread=0.5), sizing=Sizing(balance=1000.0, units=1.0))
    outcome = run_pipeline(market, Entries([0], [1]), rules, chunk_rows)
    judged = reference.simulate(market.reference(), Entries([0], [1]), rules)
    for case in range(3):
        account = dict(zip(outcome.accounts.dtype.names, outcome.accounts[case].item(), strict=True))
        assert longest_drawdown_days(account) * 24 * 60 == pytest.approx(4)
        assert account["peak_time"] == market.time[0]
    assert judged.longest_drawdown == market.time[-1] - market.time[0]


@pytest.mark.parametrize("minutes", [0, -60 * 24 * 365 * 80])
def test_no_drawdown_is_longer_than_the_bars(minutes: int) -> None:
    """Neither of an account without a trade, nor of one under water from the first bar to the last, before 1970 or after it."""
    times = [minutes + k for k in range(5)]
    falling = Market([(100 - k, 100 - k, 99 - k, 99 - k) for k in range(5)], minutes=times)
    for entries, longest in ((Entries.none(), 0.0), (Entries([0], [1]), 4.0)):
        simulator = RunSimulator(Rules(entry="close", costs=Costs(spread=0.5), sizing=Sizing(balance=100.0, units=1.0)))
        for chunk in falling.chunks(2):
            cut = slice(*np.searchsorted(entries.signal_bar, [chunk.base, chunk.base + chunk.rows]))
            simulator.pass_chunk(chunk, entries.take(cut))
        metrics = Outcome(simulator.totals(), 100.0, int(falling.time[0]), 5).metrics()
        assert metrics.longest_drawdown_days * 24 * 60 == pytest.approx(longest)


@pytest.mark.parametrize("name", Metrics.model_fields)
def test_every_metric_has_a_formula_and_is_told_in_the_documentation(name):
    assert FORMULAS.keys() == Metrics.model_fields.keys()
    told = re.findall(r"[a-z_]+", " ".join(line.split(":")[0] for line in Metrics.__doc__.splitlines() if ":" in line))
    assert name in told, f"{name} is no attribute in the docstring of Metrics"
