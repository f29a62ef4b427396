"""The statistics of having searched: published numbers, the definitions written out plainly, noise and a set that is truly good."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from barloom.sweeps.analysis import overfitting as module
from barloom.sweeps.analysis.overfitting import (
    Overfitting,
    cross_validate,
    expected_maximum,
    overfitting,
    probabilistic_sharpe,
)
from barloom.sweeps.analysis.table import SweepTable
from helpers.sweeps import from_returns, results_of


def table_of(returns: np.ndarray, periods: int = 32) -> SweepTable:
    return SweepTable.made(("k",), [(k,) for k in range(len(returns))], from_returns(returns, periods))


def judged(returns: np.ndarray, periods: int = 32) -> Overfitting:
    table = table_of(returns, periods)
    best = table.best()
    return overfitting(table, best[0] if best else None)


def blocks_of(returns: np.ndarray, blocks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = np.split(returns, blocks, axis=1)
    counts = np.array([part.shape[1] for part in parts], dtype=float)
    return counts, np.array([part.sum(axis=1) for part in parts]), np.array([(part**2).sum(axis=1) for part in parts])


@pytest.mark.parametrize(
    ("sets", "skewness", "kurtosis", "probability"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_deflated_sharpe_ratio_of_the_paper(
    sets: int, skewness: float, kurtosis: float, probability: float
) -> None:
    # Five years of 250 days, annualised Sharpe ratio 2.5, variance of the annualised Sharpe ratios of the trials 1/2.
    expected = expected_maximum(sets, math.sqrt(0.5 / 250))
    if sets == 100:
        assert expected == pytest.approx(0.1132, abs=5e-5)
    found = probabilistic_sharpe(2.5 / math.sqrt(250), expected, 1250, skewness, kurtosis)
    assert found == pytest.approx(probability, abs=5e-5)


def test_the_expected_maximum_is_that_of_drawn_numbers() -> None:
    drawn = np.random.default_rng(0).normal(scale=0.3, size=(20_000, 50)).max(axis=1).mean()
    assert expected_maximum(50, 0.3) == pytest.approx(drawn, rel=0.02)


def test_a_sharpe_ratio_without_an_error_has_no_probability() -> None:
    assert probabilistic_sharpe(1.0, 0.0, 100, 2.0, 5.0) is None


def plainly(returns: np.ndarray, blocks: int) -> tuple[float, float, int]:
    """CSCV as the paper tells it, over the daily returns themselves."""
    parts = np.split(returns, blocks, axis=1)
    below, losses, splits = 0, 0, 0
    for half in combinations(range(blocks), blocks // 2):
        train = np.concatenate([parts[k] for k in half], axis=1)
        test = np.concatenate([parts[k] for k in range(blocks) if k not in half], axis=1)
        ratios = []
        for side in (train, test):
            varied = side.std(axis=1) > 0.0
            ratios.append([x.mean() / x.std(ddof=1) if moves else 0.0 for x, moves in zip(side, varied, strict=True)])
        candidates = [k for k in range(len(returns)) if train[k].any()]
        if not candidates:
            continue
        best = max(candidates, key=lambda k: ratios[0][k])
        theirs = ratios[1][best]
        rank = sum(x < theirs for x in ratios[1]) + (sum(x == theirs for x in ratios[1]) + 1) / 2
        relative = rank / (len(returns) + 1)
        below += math.log(relative / (1 - relative)) <= 1e-12
        losses += theirs < 0.0
        splits += 1
    return below / splits, losses / splits, splits


@pytest.mark.parametrize("seed", range(6))
def test_cross_validation_is_the_paper_written_out(seed: int) -> None:
    random = np.random.default_rng(seed)
    returns = random.normal(0.0002, 0.01, size=(2 + seed * 3, 48))
    # A set that seldom trades, and so has halves without a return.
    returns[0, 12:] = 0.0
    found = cross_validate(*blocks_of(returns, 8))
    assert (found.overfitting, found.loss, found.splits) == pytest.approx(plainly(returns, 8))


def test_two_halves_by_hand() -> None:
    # The first set wins the first half and loses the second, the other the reverse, the third is between.
    returns = np.array([[0.02, 0.04, -0.02, -0.04], [-0.02, -0.04, 0.02, 0.04], [0.01, -0.01, -0.01, 0.01]])
    found = cross_validate(*blocks_of(returns, 2))
    assert (found.splits, found.overfitting, found.loss) == (2, 1.0, 1.0)
    ratio = 0.03 / math.sqrt(0.0002)
    assert found.train_sharpe == pytest.approx(ratio)
    assert found.test_sharpe == pytest.approx(-ratio)


def test_noise_is_overfitted_half_of_the_time() -> None:
    random = np.random.default_rng(7)
    found = [cross_validate(*blocks_of(random.normal(size=(40, 160)), 8)).overfitting for _ in range(150)]
    assert 0.42 < np.mean(found) < 0.58


def test_the_best_of_noise_is_not_significant() -> None:
    random = np.random.default_rng(3)
    found = [judged(random.normal(0.0, 0.01, size=(200, 500)), periods=8) for _ in range(12)]
    raw = [probabilistic_sharpe(one.sharpe / math.sqrt(252), 0.0, 500, 0.0, 3.0) for one in found]
    assert min(raw) > 0.95, "without deflating, the best of 200 looks good every time"
    assert 0.25 < np.mean([one.deflated_sharpe for one in found]) < 0.75


def test_a_truly_good_set_is_found() -> None:
    returns = np.random.default_rng(5).normal(0.0, 0.01, size=(100, 1000))
    returns[42] += 0.003
    found = judged(returns)
    assert found.best == 42
    assert found.deflated_sharpe > 0.99
    assert found.overfitting < 0.01
    assert found.loss < 0.01
    assert (found.blocks, found.splits, found.all_splits) == (16, 12_870, 12_870)
    assert found.train_sharpe == pytest.approx(found.sharpe, rel=0.1)
    assert found.test_sharpe == pytest.approx(found.sharpe, rel=0.1)


def test_sharpe_ratios_are_annualised_like_the_metric() -> None:
    returns = np.random.default_rng(1).normal(0.0001, 0.01, size=(30, 200))
    found = judged(returns)
    annual = returns.mean(axis=1) / returns.std(axis=1, ddof=1) * math.sqrt(252)
    assert found.sharpe == pytest.approx(annual.max())
    assert found.expected_max_sharpe == pytest.approx(expected_maximum(30, annual.std(ddof=1)))


def test_copies_of_one_set_are_one_trial() -> None:
    one = np.random.default_rng(2).normal(0.001, 0.01, size=(1, 320))
    same = judged(np.repeat(one, 20, axis=0))
    assert same.independent == pytest.approx(1.0)
    daily = same.sharpe / math.sqrt(252)
    row = from_returns(one).to_pylist()[0]
    plain = probabilistic_sharpe(daily, 0.0, 320, row["skewness"], row["kurtosis"])
    assert same.deflated_sharpe_independent == pytest.approx(plain)
    assert same.overfitting == 1.0, "no choice among equals is above the median"
    apart = judged(np.random.default_rng(2).normal(size=(20, 640)), periods=64)
    assert 18.0 < apart.independent <= 20.0


def test_many_sets_are_judged_by_the_same_sample_of_splits() -> None:
    returns = np.random.default_rng(9).normal(size=(50, 320))
    everything = cross_validate(*blocks_of(returns, 16))
    some = cross_validate(*blocks_of(returns, 16), work=50 * 2000)
    assert (everything.splits, some.splits) == (12_870, 2000)
    assert some == cross_validate(*blocks_of(returns, 16), work=50 * 2000)
    assert some.overfitting == pytest.approx(everything.overfitting, abs=0.05)
    assert cross_validate(*blocks_of(returns, 16), work=1).splits == 128


def test_sets_in_slices_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    returns = np.random.default_rng(4).normal(size=(25, 64))
    whole = judged(returns, periods=8)
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 7)
    assert judged(returns, periods=8).model_dump() == pytest.approx(whole.model_dump())


def test_sets_that_never_trade_are_tried_but_not_judged() -> None:
    returns = np.random.default_rng(6).normal(size=(12, 64))
    returns[[3, 7]] = 0.0
    found = judged(returns, periods=8)
    assert (found.tried, found.judged) == (12, 10)
    assert found.overfitting == judged(np.delete(returns, [3, 7], axis=0), periods=8).overfitting


@pytest.mark.parametrize(
    ("sets", "days", "periods", "why"),
    [
        (1, 64, 32, "fewer than 2 sets have a Sharpe ratio"),
        (5, 31, 31, "31 days are too few: at least 32 are needed"),
    ],
)
def test_too_little_is_said_to_be_too_little(sets: int, days: int, periods: int, why: str) -> None:
    found = judged(np.random.default_rng(0).normal(size=(sets, days)), periods)
    assert found.deflated_sharpe is None
    assert found.overfitting is None
    assert found.no_deflated_sharpe == found.no_overfitting == why


@pytest.mark.parametrize("counts", [[2] * 31, [2] * 31 + [1], None])
def test_sets_over_other_days_are_not_compared(counts: list[int] | None) -> None:
    rows = from_returns(np.random.default_rng(0).normal(size=(4, 64)), 32).to_pylist()
    rows[2]["return_counts"] = counts
    table = SweepTable.made(
        ("k",), [(k,) for k in range(4)], pa.Table.from_pylist(rows, from_returns(np.ones((1, 64))).schema)
    )
    found = overfitting(table, 0)
    assert found.no_overfitting == found.no_deflated_sharpe == "the sets were not run over the same days"


def test_few_periods_make_fewer_blocks_or_none() -> None:
    returns = np.random.default_rng(0).normal(size=(5, 60))
    assert judged(returns, periods=11).blocks == 10
    few = judged(returns, periods=6)
    assert few.overfitting is None
    assert few.no_overfitting == "6 periods are too few to split: at least 8 are needed"
    assert few.deflated_sharpe is not None


def test_a_best_set_by_another_metric_may_have_no_sharpe_ratio() -> None:
    returns = np.random.default_rng(0).normal(size=(5, 64))
    returns[2] = 0.0
    table = table_of(returns, 8)
    assert overfitting(table, 2).no_deflated_sharpe == "the best set has no Sharpe ratio"
    none = overfitting(table, None)
    assert none.no_deflated_sharpe == "no set is ranked"
    assert none.overfitting is not None


def test_a_sweep_of_refused_sets_is_judged_too() -> None:
    table = SweepTable.made(("k",), [(0,), (1,)], results_of([{"error": "no"}, {"error": "no"}]))
    found = overfitting(table, None)
    assert (found.tried, found.judged) == (0, 0)
    assert found.no_overfitting == "fewer than 2 sets have a Sharpe ratio"
