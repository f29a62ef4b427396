"""Markets on which strategies find something to do, and what their signals are over any chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from barloom.bars.chunk import Chunk
from barloom.indicators import IndicatorBank
from barloom.rules.entries import Entries
from barloom.strategies import Strategy, Window

Columns = tuple[np.ndarray, ...]
"""timestamp, open, high, low, close"""


class DrawnSignal(NamedTuple):
    bar: int
    side: int
    stop: float
    target: float
    target_price: float


def walk(rows: int, seed: int, step: float = 3.0) -> Columns:
    """A random walk in ticks of 1e-5 around swings of some hundred bars; most bars open where the last one closed."""
    rng = np.random.default_rng(seed)
    swing = 40.0 * np.sin(np.arange(rows) / rng.integers(20, 60))
    close = 110_000 + np.rint(np.cumsum(rng.normal(0.0, step, rows)) + swing)
    opened = np.concatenate((close[:1], close[:-1])) + np.where(rng.random(rows) < 0.2, rng.integers(-6, 7, rows), 0)
    high = np.maximum(opened, close) + rng.integers(0, 12, rows)
    low = np.minimum(opened, close) - rng.integers(0, 12, rows)
    return (np.arange(rows) * 60_000_000_000, *(column / 1e5 for column in (opened, high, low, close)))


def chunk(columns: Columns, base: int, end: int, history: int) -> Chunk:
    led = min(history, base)
    return Chunk(base, led, end - base, end == len(columns[0]), *(column[base - led : end] for column in columns))


def indicators(strategy: Strategy, columns: Columns) -> dict[str, list[float]]:
    """The strategy's indicators over the whole market, by its names."""
    names = strategy.indicators()
    values = IndicatorBank(names.values()).update(chunk(columns, 0, len(columns[0]), 0))
    return {name: values[spec].tolist() for name, spec in names.items()}


def signals(strategy: Strategy, columns: Columns, sizes: Sequence[int] = ()) -> list[DrawnSignal]:
    """Signals of the new bars, chunk by chunk, in numbers of the market; no sizes is one chunk."""
    names = strategy.indicators()
    bank = IndicatorBank(names.values(), strategy.lookback)
    found: list[DrawnSignal] = []
    rows = len(columns[0])
    base = turn = 0
    while base < rows:
        end = min(rows, base + (sizes[turn % len(sizes)] if sizes else rows))
        piece = chunk(columns, base, end, strategy.lookback)
        entries = strategy.signals(Window(piece, names, bank.update(piece)))
        found += [signal for signal in listed(entries, base - piece.history) if signal.bar >= base]
        base, turn = end, turn + 1
    return found


def listed(entries: Entries, first: int = 0) -> list[DrawnSignal]:
    return [
        DrawnSignal(int(bar) + first, int(side), float(stop), float(target), float(price))
        for bar, side, stop, target, price in zip(
            entries.signal_bar, entries.side, entries.stop, entries.target, entries.target_price, strict=True
        )
    ]
