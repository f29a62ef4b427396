"""Statistics of overfitting: the result of the best set, corrected for the number of sets tried.

The best Sharpe ratio of a thousand sets without merit is high. Two statistics estimate how much of it the search explains:

- the deflated Sharpe ratio: D. H. Bailey, M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
  Overfitting, and Non-Normality", Journal of Portfolio Management 40(5), 2014, pp. 94-107;
- the probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV): D. H. Bailey, J. M. Borwein,
  M. Lopez de Prado, Q. J. Zhu, "The Probability of Backtest Overfitting", Journal of Computational Finance 20(4), 2017, pp. 39-69.

Both use daily returns only. Sets tried in other sweeps are not counted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import pyarrow as pa

    from barloom.sweeps.analysis.table import SweepTable

Floats = np.ndarray[Any, np.dtype[np.float64]]
NORMAL = NormalDist()
MIN_DAYS = 32
"""Fewest daily returns for any statistic."""
BLOCKS = 16
"""Blocks of days that CSCV divides into two halves, as in the paper: 12,870 ways."""
MIN_BLOCKS = 8
WORK = 200_000_000
"""Most sets times splits for CSCV; above it, a fixed sample of the splits is used."""
ROWS_AT_A_TIME = 65_536


class Overfitting(BaseModel):
    """Statistics of overfitting for the best set. Sharpe ratios are annualised as in ``Metrics``; None if they cannot be computed.

    Attributes:
        tried: sets that were run.
        judged: sets with a Sharpe ratio; the others never traded, or lost everything.
        days: daily returns of a set.
        best: the set that the statistics are about.
        sharpe: its Sharpe ratio.
        expected_max_sharpe: expected highest Sharpe ratio of as many independent sets without merit, with the spread of these sets.
        deflated_sharpe: probability, 0 to 1, that the best set's true Sharpe ratio is above ``expected_max_sharpe``, that is, above what
            the search alone finds; its error follows from the days, skewness and kurtosis of the returns. Above 0.95 is called
            significant.
        independent: number of independent sets that the sets correspond to, by their average correlation.
        deflated_sharpe_independent: the deflated Sharpe ratio for that number of sets.
        overfitting: probability of backtest overfitting, 0 to 1: the share of splits of the days in which the set with the best
            Sharpe ratio in one half is not above the median of the sets in the other half. About 0.5 if only luck
            chooses.
        loss: the share of splits in which that set loses in the other half.
        train_sharpe, test_sharpe: its Sharpe ratio in the half that chose it and in the other, mean of the splits.
        blocks: blocks that the days were cut into.
        splits, all_splits: splits used, and splits possible.
        no_deflated_sharpe, no_overfitting: reason why there is no value, as a sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    tried: int
    judged: int
    days: int | None = None
    best: int | None = None
    sharpe: float | None = None
    expected_max_sharpe: float | None = None
    deflated_sharpe: float | None = None
    independent: float | None = None
    deflated_sharpe_independent: float | None = None
    overfitting: float | None = None
    loss: float | None = None
    train_sharpe: float | None = None
    test_sharpe: float | None = None
    blocks: int | None = None
    splits: int | None = None
    all_splits: int | None = None
    no_deflated_sharpe: str | None = None
    no_overfitting: str | None = None


def overfitting(table: SweepTable, best: int | None) -> Overfitting:
    """Compute the statistics for the best set from all sets of a sweep.

    Args:
        table: the sets.
        best: the ``set_id`` that was chosen, by whatever metric; None if none was.
    """
    sharpe = table.numbers("sharpe")
    places = np.flatnonzero(~np.isnan(sharpe))
    said: dict[str, Any] = {"tried": len(table) - table.refused, "judged": len(places), "best": best}
    if len(places) < 2:
        why = "fewer than 2 sets have a Sharpe ratio"
        return Overfitting(**said, no_deflated_sharpe=why, no_overfitting=why)
    said["days"] = days = int(table.numbers("days")[places[0]])
    if days < MIN_DAYS:
        why = f"{days} days are too few: at least {MIN_DAYS} are needed"
        return Overfitting(**said, no_deflated_sharpe=why, no_overfitting=why)
    if not _same_days(table.table, places):
        why = "the sets were not run over the same days"
        return Overfitting(**said, no_deflated_sharpe=why, no_overfitting=why)
    sums = _Sums.of(table.table, places)
    daily = sums.sharpe()
    widest = int(np.argmax(np.abs(daily)))
    # Every set has the same days, so one factor annualises all.
    year = float(sharpe[places[widest]] / daily[widest]) if daily[widest] else 1.0
    said["independent"] = sums.independent
    said |= _deflated(table, places, daily, year, best, sums.independent)
    said |= _cross_validated(sums, year)
    return Overfitting(**said)


def expected_maximum(sets: float, deviation: float) -> float:
    """Expected highest Sharpe ratio of independent sets whose true Sharpe ratio is 0 (the paper's equation for the null).

    Args:
        sets: how many there are, above 1; independent ones need not be a whole number.
        deviation: standard deviation of the sets' Sharpe ratios.
    """
    gamma = float(np.euler_gamma)
    first, second = NORMAL.inv_cdf(1.0 - 1.0 / sets), NORMAL.inv_cdf(1.0 - 1.0 / (sets * math.e))
    return deviation * ((1.0 - gamma) * first + gamma * second)


def probabilistic_sharpe(sharpe: float, above: float, days: int, skewness: float, kurtosis: float) -> float | None:
    """The probability that the true Sharpe ratio is above a value; with ``expected_maximum`` as that value, the deflated Sharpe ratio.

    Args:
        sharpe: the Sharpe ratio of the returns, not annualised.
        above: the value, not annualised.
        days: how many returns.
        skewness: of the returns; 0 for the normal distribution.
        kurtosis: of the returns; 3 for the normal distribution.

    Returns:
        The probability, or None where the error of the Sharpe ratio is not defined.
    """
    variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    if not variance > 0.0:
        return None
    return NORMAL.cdf((sharpe - above) * math.sqrt(days - 1) / math.sqrt(variance))


def _deflated(
    table: SweepTable, places: Any, daily: Floats, year: float, best: int | None, independent: float | None
) -> dict[str, Any]:
    deviation = float(np.std(daily, ddof=1))
    expected = expected_maximum(len(places), deviation)
    said: dict[str, Any] = {"expected_max_sharpe": year * expected}
    if best is None:
        return said | {"no_deflated_sharpe": "no set is ranked"}
    row = table.record(best)
    chosen = np.flatnonzero(table.table["set_id"].to_numpy()[places] == best)
    if not len(chosen) or row["skewness"] is None or row["kurtosis"] is None:
        return said | {"no_deflated_sharpe": "the best set has no Sharpe ratio"}
    sharpe = float(daily[chosen[0]])
    said["sharpe"] = row["sharpe"]
    shape = (row["days"], row["skewness"], row["kurtosis"])
    said["deflated_sharpe"] = probabilistic_sharpe(sharpe, expected, *shape)
    if said["deflated_sharpe"] is None:
        said["no_deflated_sharpe"] = "the returns of the best set leave the error of its Sharpe ratio undefined"
    elif independent is not None:
        fewer = expected_maximum(independent, deviation) if independent > 1.0 else 0.0
        said["deflated_sharpe_independent"] = probabilistic_sharpe(sharpe, max(fewer, 0.0), *shape)
    return said


def _cross_validated(sums: _Sums, year: float) -> dict[str, Any]:
    blocks = len(sums.counts)
    if blocks < MIN_BLOCKS:
        return {"no_overfitting": f"{blocks} periods are too few to split: at least {MIN_BLOCKS} are needed"}
    validated = cross_validate(sums.counts, sums.sums, sums.squares)
    if not validated.splits:
        return {"no_overfitting": "in no half of the days is there a set with a return"}
    return {
        "overfitting": validated.overfitting,
        "loss": validated.loss,
        "train_sharpe": year * validated.train_sharpe,
        "test_sharpe": year * validated.test_sharpe,
        "blocks": blocks,
        "splits": validated.splits,
        "all_splits": math.comb(blocks, blocks // 2),
    }


@dataclass(frozen=True, slots=True)
class _Sums:
    """Number, sum and sum of squares of the daily returns in a few blocks of days.

    Attributes:
        counts: returns a block.
        sums, squares: a row a block, a column a set.
        independent: how many independent sets they come to.
    """

    counts: Floats
    sums: Floats
    squares: Floats
    independent: float | None

    @classmethod
    def of(cls, table: pa.Table, places: Any) -> _Sums:
        """The blocks of the sets at these places; neighbouring periods are joined."""
        counts = np.array(table["return_counts"][int(places[0])].as_py(), dtype=np.float64)
        periods = len(counts)
        number = min(BLOCKS, periods - periods % 2)
        starts = np.linspace(0, periods, number, endpoint=False).round().astype(int)
        sums, squares = np.empty((number, len(places))), np.empty((number, len(places)))
        together, varied = np.zeros(periods), 0
        for part in _slices(len(places)):
            within = _matrix(table, "return_sums", places[part], periods)
            sums[:, part] = np.add.reduceat(within, starts, axis=1).T
            squares[:, part] = np.add.reduceat(
                _matrix(table, "return_squares", places[part], periods), starts, axis=1
            ).T
            away = within - within.mean(axis=1, keepdims=True)
            length = np.sqrt((away**2).sum(axis=1))
            together += (away[length > 0.0] / length[length > 0.0, None]).sum(axis=0)
            varied += int((length > 0.0).sum())
        independent = None
        if varied > 1:
            # Unit vectors: the square of their sum holds every pair's correlation twice, and each with itself once.
            correlation = (float(together @ together) - varied) / (varied * (varied - 1))
            correlation = min(max(correlation, 0.0), 1.0)
            independent = correlation + (1.0 - correlation) * len(places)
        return cls(np.add.reduceat(counts, starts), sums, squares, independent)

    def sharpe(self) -> Floats:
        """The Sharpe ratio of every set over all its days, not annualised."""
        return _sharpe(float(self.counts.sum()), self.sums.sum(axis=0), self.squares.sum(axis=0))


def _slices(rows: int) -> Iterator[slice]:
    for first in range(0, rows, ROWS_AT_A_TIME):
        yield slice(first, min(first + ROWS_AT_A_TIME, rows))


def _same_days(table: pa.Table, places: Any) -> bool:
    """Check if the periods of all sets are the same."""
    lengths = pc.unique(pc.list_value_length(table["return_counts"].take(places)))
    if len(lengths) != 1 or not lengths[0].is_valid:
        return False
    first = np.array(table["return_counts"][int(places[0])].as_py(), dtype=np.float64)
    parts = _slices(len(places))
    return all(bool((_matrix(table, "return_counts", places[part], len(first)) == first).all()) for part in parts)


def _matrix(table: pa.Table, column: str, places: Any, periods: int) -> Floats:
    lists = table[column].take(places).combine_chunks()
    values = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.float64)
    return values.reshape(len(places), periods)


def _sharpe(count: float, sums: Floats, squares: Floats) -> Floats:
    """Mean divided by the sample standard deviation; 0 if nothing varies."""
    mean = sums / count
    variance = np.maximum(squares - sums * mean, 0.0) / (count - 1.0)
    return np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0.0)


@dataclass(frozen=True, slots=True)
class Validated:
    """Result of CSCV; Sharpe ratios are means over the splits, not annualised."""

    splits: int
    overfitting: float
    loss: float
    train_sharpe: float
    test_sharpe: float


def cross_validate(counts: Floats, sums: Floats, squares: Floats, work: int = WORK) -> Validated:
    """Combinatorially symmetric cross-validation by the Sharpe ratio.

    Every half of the blocks once chooses the set with the best Sharpe ratio, and the other half ranks it among all sets. Sets of equal
    Sharpe ratio share their mean rank. A set without returns in a half has a Sharpe ratio of 0 there and is not chosen by it.

    Args:
        counts: returns a block; an even number of blocks.
        sums: of the returns, a row a block, a column a set.
        squares: sums of the squares of the returns, likewise.
        work: sets times splits to look at, at least 128 splits: where there are more, a sample of the splits, the same every time.
    """
    blocks, sets = sums.shape
    halves = [half for half in combinations(range(blocks), blocks // 2) if half[0] == 0]
    pairs = max(64, work // (2 * sets))
    if pairs < len(halves):
        halves = [halves[place] for place in sorted(random.Random(0).sample(range(len(halves)), pairs))]
    judged: list[tuple[bool, float, float]] = []
    for half in halves:
        one, other = list(half), [block for block in range(blocks) if block not in half]
        sides = []
        for chosen in (one, other):
            # Added block by block: sets with the same returns get the same sums to the bit.
            total, square = np.add.reduce(sums[chosen], axis=0), np.add.reduce(squares[chosen], axis=0)
            # Rises with the Sharpe ratio, which is x / sqrt(1 - x * x) of it up to constants, and takes no difference of near numbers.
            score = np.divide(total, np.sqrt(square), out=np.zeros(sets), where=square > 0.0)
            sides.append((float(counts[chosen].sum()), total, square, score))
        for train, test in (sides, sides[::-1]):
            best = int(np.argmax(np.where(train[2] > 0.0, train[3], -np.inf)))
            if train[2][best] > 0.0:
                below, equal = np.count_nonzero(test[3] < test[3][best]), np.count_nonzero(test[3] == test[3][best])
                rank = below + (equal + 1) / 2.0
                ratios = [float(_sharpe(side[0], side[1][[best]], side[2][[best]])[0]) for side in (train, test)]
                judged.append((2.0 * rank <= sets + 1.0, ratios[0], ratios[1]))
    if not judged:
        return Validated(0, 0.0, 0.0, 0.0, 0.0)
    marks = np.array(judged, dtype=np.float64)
    loss = float(np.mean(marks[:, 2] < 0.0))
    return Validated(len(judged), float(marks[:, 0].mean()), loss, float(marks[:, 1].mean()), float(marks[:, 2].mean()))
