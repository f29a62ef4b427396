"""A walk forward chooses by what was known, trades what was not, and adds up."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import barloom as bl
from barloom.bars.times import parse_time
from barloom.engine.metrics import YEAR_DAYS
from helpers.sweeping import strategy_file

GRID = {"fast": [5, 15], "slow": [20, 50]}
SPANS = {"train": "2w", "test": "1w"}
DAY = 86_400 * 10**9


@pytest.fixture(scope="module")
def bars():
    return bl.from_synthetic(45_000, 5)


@pytest.fixture(scope="module")
def walked(bars):
    return bl.walk_forward(bars, "ema-cross", GRID, **SPANS)


def part(bars, window):
    return bars.select(start=window.train_start, end=window.test_end)


def test_each_window_runs_the_set_that_single_runs_say_is_best(bars, walked):
    assert len(walked.windows) >= 4
    for window in walked.windows[:2]:
        train = bars.select(start=window.train_start, end=window.train_end)
        sharpe = {}
        for fast in GRID["fast"]:
            for slow in GRID["slow"]:
                sharpe[fast, slow] = bl.run(train, "ema-cross", {"fast": fast, "slow": slow}).metrics.sharpe
        best = max(sharpe, key=sharpe.get)
        assert (window.values["fast"], window.values["slow"]) == best
        assert window.in_sample.sharpe == sharpe[best]


def test_the_trades_of_a_test_are_those_of_a_run_that_never_stopped(bars):
    """With places for every signal, what is entered in the test depends on nothing but warm indicators."""
    options = {"position": "overlap", "max_open": 0, "size": 1000.0}
    walked = bl.walk_forward(bars, "ema-cross", {"fast": [8], "slow": [30]}, **SPANS, **options)
    price = ["entry_time", "side", "entry_price", "initial_stop", "target", "exit_time", "exit_price", "net_pnl"]
    for window in walked.windows:
        once = bl.run(part(bars, window), "ema-cross", {"fast": 8, "slow": 30}, **options).trades
        lead = first_bar(bars, window)
        late = once[once.signal_bar >= lead]
        mine = walked.trades[walked.trades.window == window.window]
        assert 0 < len(late) < len(once)
        pd.testing.assert_frame_equal(mine[price].reset_index(drop=True), late[price].reset_index(drop=True))
        assert mine.signal_bar.tolist() == (late.signal_bar - lead).tolist()
        assert mine.signal_bar.iloc[0] < 60, "warm from the first bars on"


def first_bar(bars, window):
    """Bars of the window's part that are before its test."""
    start, count = parse_time(window.test_start, "start"), 0
    for chunk in part(bars, window).chunks(10_000):
        count += int((chunk.timestamp[chunk.history :] < start).sum())
    return count


def test_tests_are_joined_as_one_account(walked):
    assert walked.windows[0].start_balance == 10_000.0
    for before, after in pairwise(walked.windows):
        assert after.start_balance == before.end_balance
    summary, trades, equity = walked.summary, walked.trades, walked.equity
    assert walked.windows[-1].end_balance == pytest.approx(10_000.0 + math.fsum(trades.net_pnl))
    assert summary.net_pnl == pytest.approx(math.fsum(trades.net_pnl))
    assert summary.trades == len(trades) == sum(one.out_of_sample.trades for one in walked.windows)
    assert trades.trade_id.tolist() == list(range(len(trades)))
    assert equity.trade_id.dropna().astype(int).max() == len(trades) - 1
    assert equity.equity.iloc[-1] == walked.windows[-1].end_balance
    assert equity.time.is_monotonic_increasing
    for window in walked.windows:
        mine = trades[trades.window == window.window]
        assert mine.entry_time.min() >= pd.Timestamp(window.test_start)
        assert mine.exit_time.max() < pd.Timestamp(window.test_end)


def test_ratios_of_a_test_are_those_of_its_own_days(bars, walked):
    times = np.concatenate([chunk.timestamp.copy() for chunk in bars.chunks(10_000)])
    for window in walked.windows[:-1]:
        points = walked.equity[walked.equity.window == window.window]
        daily = np.array([window.start_balance, *points.equity[points.trade_id.isna()]])
        returns = daily[1:] / daily[:-1] - 1.0
        first, last = np.searchsorted(
            times, [parse_time(window.test_start, "start"), parse_time(window.test_end, "end")]
        )
        days = (times[last - 1] - times[first]) / DAY
        sharpe = returns.mean() / returns.std(ddof=1) * math.sqrt(YEAR_DAYS * len(returns) / max(days, len(returns)))
        assert len(returns) in (5, 6)
        assert window.out_of_sample.sharpe == pytest.approx(sharpe, rel=1e-9)
        assert window.out_of_sample.longest_drawdown_days <= days, "it does not begin with the training"
        held = walked.trades[walked.trades.window == window.window].bars_held.sum()
        # A trade may begin on the bar another one left.
        assert 0.9 * held <= window.out_of_sample.exposure * (last - first) <= held


def test_the_summary_is_of_the_windows(walked):
    summary, windows = walked.summary, walked.windows
    assert (summary.windows, summary.tested, summary.sets, summary.metric) == (len(windows), len(windows), 4, "sharpe")
    assert summary.profitable_windows == sum(one.out_of_sample.net_pnl > 0 for one in windows)
    after = [one for one in windows if one.out_of_sample.sharpe is not None]
    assert summary.in_sample == pytest.approx(np.mean([one.in_sample.sharpe for one in after]))
    assert list(walked.table.window) == [one.window for one in windows]
    assert {"fast", "slow", "in_sample_sharpe", "out_of_sample_sharpe", "end_balance"} <= set(walked.table)


def marked(bars, walked):
    """Time and equity at every close of every test, as one account: closed trades and what open ones are worth there."""
    times, closes = (
        np.concatenate(columns)
        for columns in zip(*((c.timestamp.copy(), c.close.copy()) for c in bars.chunks(10_000)), strict=True)
    )
    at, equity, balance = [], [], walked.windows[0].start_balance
    for window in walked.windows:
        bounds = [parse_time(window.test_start, "start"), parse_time(window.test_end, "end")]
        here = slice(*np.searchsorted(times, bounds))
        trades = walked.trades[walked.trades.window == window.window]
        worth = np.full(len(times[here]), balance)
        for trade in trades.itertuples():
            held = slice(trade.entry_bar, trade.exit_bar)
            side = 1.0 if str(trade.side) in ("1", "long") else -1.0
            worth[held] += trade.size * side * (closes[here][held] - trade.entry_price)
            worth[trade.exit_bar :] += trade.net_pnl
        balance = float(worth[-1]) if len(worth) else balance
        at.append(times[here])
        equity.append(worth)
    return np.concatenate(at), np.concatenate(equity)


@pytest.mark.parametrize(
    "options",
    [{}, {"step": "2w"}, {"position": "overlap", "max_open": 0, "size": 40_000.0}, {"commission_pct": 0.01}],
    ids=["plain", "gaps", "crowded", "losing"],
)
def test_the_drawdown_is_that_of_one_account_over_all_tests(bars, options):
    """A fall that one test begins and the next ones deepen is one, at every close; so is the time under water."""
    asked = {**SPANS, **{name: options[name] for name in ("step",) if name in options}}
    rest = {name: value for name, value in options.items() if name != "step"}
    walked = bl.walk_forward(bars, "ema-cross", GRID, **asked, **rest)
    times, equity = marked(bars, walked)
    whole = np.array([10_000.0, *equity])
    peak = np.maximum.accumulate(whole)[1:]
    summary = walked.summary
    assert summary.max_drawdown == pytest.approx((peak - equity).max(), rel=1e-6)
    assert summary.max_drawdown_pct == pytest.approx(100.0 * ((peak - equity) / peak).max(), rel=1e-6)
    at_peak = np.flatnonzero(equity >= peak - 1e-7)
    bounds = np.unique([0, *at_peak, len(times) - 1])
    assert summary.longest_drawdown_days == pytest.approx(np.diff(times[bounds]).max() / DAY, abs=1e-6)
    alone = max(one.out_of_sample.max_drawdown for one in walked.windows)
    assert summary.max_drawdown > alone, "the case is one in which the fall spans tests"
    points = walked.equity
    place = np.searchsorted(times, points.time.astype("datetime64[ns, UTC]").astype("int64"))
    np.testing.assert_allclose(points.drawdown, (peak - equity)[place], atol=1e-6)
    assert points.drawdown.max() <= summary.max_drawdown


def test_a_walk_forward_of_one_test_has_the_drawdowns_of_that_test(bars):
    walked = bl.walk_forward(bars.select(end="2015-01-22"), "ema-cross", GRID, **SPANS, entry="close", spread=0.0005)
    (one,) = walked.windows
    for name in ("max_drawdown", "max_drawdown_pct", "longest_drawdown_days", "sharpe", "sortino"):
        assert getattr(walked.summary, name) == getattr(one.out_of_sample, name), name


def test_a_parameter_called_as_a_column_is_has_one_of_its_own(bars):
    walked = bl.walk_forward(bars, "zscore-reversion", {"window": [50, 80]}, train="2w", test="2w")
    assert walked.table.window.tolist() == list(range(len(walked.windows))) and len(walked.windows) > 1
    assert walked.table["param.window"].tolist() == [one.values["window"] for one in walked.windows]


def test_anchored_windows_choose_on_all_that_was_before(bars, walked):
    anchored = bl.walk_forward(bars, "ema-cross", GRID, **SPANS, anchored=True)
    assert anchored.windows[0] == walked.windows[0]
    assert {one.train_start for one in anchored.windows} == {walked.windows[0].train_start}


def test_workers_change_nothing(bars, walked):
    other = bl.walk_forward(bars, "ema-cross", GRID, **SPANS, workers=2)
    assert other.windows == walked.windows and other.summary == walked.summary
    assert other.trades_table.equals(walked.trades_table) and other.equity_table.equals(walked.equity_table)


def test_bars_of_a_longer_timeframe_and_of_a_selection(bars):
    hours = bl.walk_forward(bars.resample("1h"), "ema-cross", {"fast": [3, 5], "slow": [10]}, **SPANS)
    assert hours.summary.trades > 5
    # A bar of an hour begins at the hour.
    assert not (hours.trades.entry_time.dt.minute.any() or hours.trades.exit_time.dt.minute.any())
    some = bl.walk_forward(bars.select(start="2015-01-13", end="2015-02-11T12:00"), "ema-cross", GRID, **SPANS)
    assert some.windows[0].train_start == "2015-01-13T00:00:00Z"
    assert some.windows[-1].test_end == "2015-02-11T12:00:00Z" and not some.windows[-1].whole


def test_a_window_without_a_set_to_run_says_why_and_the_others_go_on(bars):
    picky = bl.walk_forward(bars, "ema-cross", {"fast": [5], "slow": [20]}, **SPANS, min_trades=10**6)
    assert picky.summary.tested == 0 and picky.summary.efficiency is None
    assert {one.why for one in picky.windows} == {"no set had a sharpe and 1,000,000 trades in sample"}
    assert len(picky.trades) == len(picky.equity) == 0 and "window" in picky.trades
    # The first training is too short for the set, the later ones of an anchored walk are not.
    short = bl.walk_forward(bars, "ema-cross", {"fast": [5], "slow": [25_000]}, **SPANS, anchored=True)
    whys = ["give more bars" in one.why for one in short.windows]
    assert whys[0] and not whys[-1] and whys == sorted(whys, reverse=True)
    assert [one.refused for one in short.windows] == [int(why) for why in whys]


def test_a_walk_forward_without_a_set_that_runs_in_any_window_raises_the_first_reason(bars, tmp_path):
    said = "every set of the grid, in every window, was refused; the first: .*give more bars"
    with pytest.raises(bl.InputError, match=said):
        bl.walk_forward(bars, "ema-cross", {"fast": [5], "slow": [30_000]}, **SPANS, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    strategy = f"{strategy_file(tmp_path)}:Odd"
    with pytest.raises(bl.BarloomError, match=r"in every window, failed; the first: .*seven") as failed:
        bl.walk_forward(bars, strategy, {"fast": [7]}, **SPANS)
    assert failed.value.exit_code == 4


def test_a_test_on_a_weekend_has_no_bars(bars):
    walked = bl.walk_forward(bars, "ema-cross", {"fast": [5], "slow": [20]}, train="5d", test="1d")
    saturdays = [one for one in walked.windows if one.why]
    assert saturdays and {one.why for one in saturdays} == {"there are no bars to test on"}
    assert all(pd.Timestamp(one.test_start).day_of_week == 5 for one in saturdays)
    assert all(one.end_balance == one.start_balance for one in saturdays)
    assert walked.summary.tested == len(walked.windows) - len(saturdays) > 0


def test_progress_counts_sets_over_all_windows(bars):
    steps = []
    walked = bl.walk_forward(bars, "ema-cross", {"fast": [5, 6]}, **SPANS, on_progress=steps.append)
    assert [step.sets for step in steps] == sorted(step.sets for step in steps)
    assert steps[-1].sets == steps[-1].total_sets == 2 * len(walked.windows)
