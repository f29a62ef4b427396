"""Bars to compare engines on: shaped so that every corner of the rules comes up often, and real ones."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import barloom as bl

MINUTE = 60_000_000_000
TICK = 0.125
DATA = "BARLOOM_DATA"

FOREX = ("fxcm_gbpusd-m1-bid-2012.csv.gz", "fxcm_usdjpy-m1-bid-2013.csv.gz")
CRYPTO = ("bitfinex_BTCUSD_1m_2015.csv.gz", "bitfinex_BTCUSD_1m_2016.csv.gz")


@dataclass(frozen=True)
class Market:
    """Bars as columns, and the step their prices are quoted in."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    tick: float

    def __len__(self) -> int:
        return len(self.open)

    def bars(self) -> bl.Bars:
        time = np.arange(len(self), dtype=np.int64) * MINUTE + 1_600_000_020 * 1_000_000_000
        return bl.from_arrays(time, self.open, self.high, self.low, self.close)


def shaped(rows: int, seed: int) -> Market:
    """A walk on a grid of eighths: small bodies and wicks, gaps of many ticks, and one bar in eight that never moved.

    Stops and targets a few ticks away are touched, jumped over, and met both in one bar all the time, and eighths are exact in binary.
    """
    rng = np.random.default_rng(seed)
    gap = np.where(rng.random(rows) < 0.4, rng.integers(-12, 13, rows), 0)
    body = rng.integers(-3, 4, rows)
    up, down = rng.integers(0, 8, rows), rng.integers(0, 8, rows)
    even = rng.random(rows) < 0.2
    down = np.where(even & (body == 0), up, down)
    # Jumps away and comes back through where it was, and beyond.
    back = np.where(rng.random(rows) < 0.25, np.abs(gap) + rng.integers(0, 12, rows), 0)
    up, down = np.where(gap < 0, np.maximum(up, back), up), np.where(gap > 0, np.maximum(down, back), down)
    flat = rng.random(rows) < 0.125
    body, up, down = (np.where(flat, 0, part) for part in (body, up, down))
    opened, closed = np.empty(rows), np.empty(rows)
    price = middle = 8 * 128
    for bar in range(rows):
        opened[bar] = price + gap[bar] + (price < middle - 200) - (price > middle + 200)
        price = closed[bar] = opened[bar] + body[bar]
    high, low = np.maximum(opened, closed) + up, np.minimum(opened, closed) - down
    return Market(opened * TICK, high * TICK, low * TICK, closed * TICK, TICK)


def real(name: str) -> Market:
    """One of the real files, read without barloom's own reader."""
    path = Path(os.environ[DATA]) / name
    with gzip.open(path) as file:
        if name in CRYPTO:
            table = pd.read_csv(file, header=None, names=["time", "open", "close", "high", "low", "volume"])
            tick = 0.01
        else:
            table = pd.read_csv(file)
            tick = 0.00001 if "gbpusd" in name else 0.001
    columns = (np.ascontiguousarray(table[name], dtype=np.float64) for name in ("open", "high", "low", "close"))
    return Market(*columns, tick)
