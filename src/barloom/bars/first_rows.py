"""Facts of the first rows of a source: step, grid and usual return, which a pass over all rows is judged by."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.sources.base import MALFORMED, Source
from barloom.bars.steps import commonest

HEAD_ROWS = 20_000  # rows from which step, grid and usual return are told before the pass
FEWEST_STEPS = 0.1  # share of the commonest step, below which the bars have none
SPIKE_DEVIATIONS = 50.0
HOUR = 3600 * 10**9
HOLE = 10  # missing bars that make a hole of a gap, where bars are seldom missing
SLOW = 600 * 10**9  # from this step on a single missing bar is a hole


@dataclass(frozen=True, slots=True)
class FirstRows:
    """Facts of the first rows that hold for all of them."""

    step: int
    phase: int
    close: float
    usual: float

    @property
    def listed(self) -> int:
        """Missing bars from which a gap is listed."""
        return 1 if self.step >= SLOW else HOLE


def read_head(source: Source) -> FirstRows:
    """Facts of the first good rows: their step and grid, a first price, and the usual return.

    Raises:
        InputError: the source cannot be read.
    """
    times: list[npt.NDArray[np.int64]] = []
    closes: list[npt.NDArray[np.float64]] = []
    rows = 0
    with closing(source.batches(0, None, volume=False, threads=1)) as batches:
        for batch in batches:
            good = (batch.timestamp > MALFORMED) & (batch.low > 0) & (batch.high >= batch.low) & (batch.close > 0)
            good &= (batch.close <= batch.high) & (batch.close >= batch.low) & np.isfinite(batch.high)
            times.append(batch.timestamp[good][:HEAD_ROWS])
            closes.append(batch.close[good][:HEAD_ROWS])
            rows += len(times[-1])
            if rows >= HEAD_ROWS or batch.first_row > 100 * HEAD_ROWS:
                break
    if rows < 2:
        return FirstRows(0, -1, float(closes[0][0]) if rows and len(closes[0]) else 1.0, 1e-4)
    when, price = np.concatenate(times), np.concatenate(closes)
    with np.errstate(over="ignore"):  # prices of any size: such a move is infinite
        moves = np.abs(np.diff(price)) / price[:-1]
    moves = moves[(moves > 0) & np.isfinite(moves)]
    step, phase = _grid(when)
    usual = float(np.median(moves)) if len(moves) else 1e-4
    return FirstRows(step, phase, float(np.median(price[:7])), usual)


def _grid(times: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The commonest step and what is left of most times divided by it; 0 and -1 where there is none."""
    steps = np.diff(times)
    step, count = commonest(steps[steps > 0])
    if not count or (count < FEWEST_STEPS * len(times) and len(times) > 10):
        return 0, -1
    if step > HOUR:
        return step, -1
    phase, count = commonest(times % step)
    return step, phase if count * 2 >= len(times) else -1
