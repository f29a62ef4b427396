"""Bars, entries and indicators that are measured: the same seed, the same bytes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from barloom import indicators as kinds
from barloom.bars.opening import from_synthetic
from barloom.rules.entries import Entries

Arrays: TypeAlias = tuple[npt.NDArray[Any], ...]
SEED = 1
INDICATORS = (
    kinds.sma(50),
    kinds.ema(20),
    kinds.rma(14),
    kinds.true_range(),
    kinds.atr(14),
    kinds.rsi(14),
    kinds.stoch_rsi(14),
    kinds.rolling_min(14),
    kinds.rolling_max(14),
    kinds.rolling_std(100),
    kinds.zscore(100),
)


def synthetic(rows: int) -> Arrays:
    """Generated bars as arrays: time, open, high, low, close."""
    parts = [
        [column[chunk.history :].copy() for column in (chunk.timestamp, chunk.open, chunk.high, chunk.low, chunk.close)]
        for chunk in from_synthetic(rows, seed=SEED).chunks(1 << 18)
    ]
    return tuple(np.concatenate(pieces) for pieces in zip(*parts, strict=True))


def spread_out(arrays: Arrays, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Signal bars at even distances, and their sides by turns."""
    where = np.linspace(0, len(arrays[0]) - 2, count).astype(np.int64)
    return where, np.where(np.arange(count) % 2, 1, -1)


def brackets(arrays: Arrays, count: int, distance: float, reward: float = 1.0) -> Entries:
    """Entries spread evenly over the bars, both sides, the target ``reward`` times as far as the stop (price units)."""
    where, side = spread_out(arrays, count)
    return Entries(where, side, stop=distance, target=reward * distance)


def trailed(entries: Entries, distance: float, activation: float) -> Entries:
    """The same entries with a trailing stop each, at work once the trade is ahead by ``activation``."""
    trailing = Entries(
        entries.signal_bar,
        entries.side,
        stop=entries.stop,
        target=entries.target,
        trail=np.full(len(entries), distance),
    )
    assert trailing.plans is not None
    trailing.plans["activation"] = activation
    return trailing
