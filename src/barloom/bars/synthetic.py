"""Seeded bars that look like FX, made as they are read: the same seed gives the same bytes on every platform.

Everything is integer arithmetic on the raw bits of a PCG64 generator; a price becomes a float64 in its last step, one
division of two exact integers. No distribution of NumPy's is used: those may differ between versions and processors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from barloom.bars.sources.base import Batches, Ints, RowBatch, Source
from barloom.errors import InputError

BLOCK = 1 << 15  # minutes made at once: part of what a seed means, not a tuning knob
DAY = 1440  # steps (minutes) of a day
WEEK = 5 * DAY  # steps of a trading week: Sunday 22:00 to Friday 22:00 UTC
FIRST_WEEK = 1420408800  # Sunday 2015-01-04 22:00 UTC, seconds
MOST_MINUTES = (
    90_000_000  # about 240 years of minutes; more bars than that are made one a second, to end before the year 2262
)

SCALE = 100  # finest price units in a point (the fifth digit)
LOW, HIGH = 75_000, 175_000  # points between which the price is reflected: 0.75 and 1.75
MISSING = 6  # of 4096 minutes are absent in the busiest hour, more in quiet ones
CLUSTER = 64  # steps that share one volatility level
LEVELS = (96, 640)  # lowest and highest level; 256 is usual

# How busy each hour after 22:00 UTC is: Sydney, Tokyo, London, New York.
HOURS = (10, 12, 18, 26, 30, 28, 24, 22, 24, 40, 58, 64, 56, 48, 44, 52, 70, 78, 74, 56, 40, 30, 20, 12)


class SyntheticSource(Source):
    """``rows`` good bars with volume, one a minute (beyond 90 million one a second)."""

    label = "synthetic"
    has_volume = True

    def __init__(self, rows: int, seed: int = 0) -> None:
        if isinstance(rows, bool) or rows < 1:
            raise InputError(f"rows of the synthetic bars is {rows}: at least 1")
        if rows > MOST_MINUTES * 60:
            raise InputError(
                f"rows of the synthetic bars is {rows}: at most {MOST_MINUTES * 60}, times end in the year 2262"
            )
        if isinstance(seed, bool) or seed < 0:
            raise InputError(f"seed of the synthetic bars is {seed}: 0 or more")
        self.rows = rows
        self.seed = seed
        self.step = 60 if rows <= MOST_MINUTES else 1

    def total_rows(self) -> int:
        """Rows asked for."""
        return self.rows

    def rows_at_hand(self) -> int:
        """Rows asked for."""
        return self.rows

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The bars, block by block; those before ``start`` are made too, since each depends on the one before."""
        end = self.rows if stop is None else min(stop, self.rows)
        walk = _Walk(self.seed, self.step)
        row = 0
        while row < end:
            batch = walk.block(row)
            row += len(batch)
            batch = batch.between(start, end)
            if len(batch):
                yield batch


class _Walk:
    """The state that one block hands to the next."""

    def __init__(self, seed: int, step: int) -> None:
        self.bits = np.random.PCG64(np.random.SeedSequence(seed))
        self.step = step
        self.slot = 0
        self.place = (110_000 - LOW) * SCALE  # along the reflected path; 1.10
        self.close = 110_000  # points
        self.level = 256

    def block(self, first_row: int) -> RowBatch:
        """The next ``BLOCK`` minutes, less those that are missing."""
        slots = np.arange(self.slot, self.slot + BLOCK, dtype=np.int64)
        self.slot += BLOCK
        week, inside = np.divmod(slots, WEEK * 60 // self.step)
        hour = inside // (3600 // self.step) % 24
        seconds = FIRST_WEEK + week * 604_800 + inside * self.step
        busy = np.array(HOURS, dtype=np.int64)[hour]
        deviation = busy * np.repeat(self._levels(), CLUSTER)  # about 900 x the usual move of a minute, in points

        moves = self.bits.random_raw(BLOCK).astype(np.uint64)
        rest = self.bits.random_raw(BLOCK).astype(np.uint64)
        # Four 16-bit uniforms add up to something close to a normal of deviation 2^16 / sqrt(3).
        drawn = _field(moves, 0, 16) + _field(moves, 16, 16) + _field(moves, 32, 16) + _field(moves, 48, 16) - 131_070
        path = self.place + np.cumsum((3 * drawn * deviation) >> 20)
        close = self._reflected(path)
        self.place = int(path[-1]) % (2 * (HIGH - LOW) * SCALE)

        kept = _field(rest, 0, 12) >= MISSING * 80 // (busy + 4)
        kept[-1] = True  # no block is empty
        close, seconds, deviation, rest = close[kept], seconds[kept], deviation[kept], rest[kept]
        open_ = np.empty_like(close)
        open_[0] = self.close
        open_[1:] = close[:-1]
        open_ += _field(rest, 12, 4) // 5 - 1  # -1, 0, +1, seldom +2 points from the last close
        self.close = int(close[-1])
        # The product of two uniforms is mostly small, sometimes large, as wicks are. On average a wick is a quarter of the usual
        # move from close to close: longer ones would reach stops that the path of the closes does not.
        reach = 9 * deviation
        high = np.maximum(open_, close) + ((_field(rest, 16, 10) * _field(rest, 26, 10) * reach) >> 33)
        low = np.minimum(open_, close) - ((_field(rest, 36, 10) * _field(rest, 46, 10) * reach) >> 33)
        volume = 1 + ((_field(rest, 56, 8) + 32) * deviation >> 10)
        prices = [points / 100_000.0 for points in (open_, high, low, close)]
        times = seconds * 1_000_000_000
        return RowBatch(first_row, times, prices[0], prices[1], prices[2], prices[3], volume.astype(np.float64))

    def _levels(self) -> Ints:
        """Volatility levels of a block's clusters: they wander, jump now and then, and drift back to the usual."""
        count = BLOCK // CLUSTER
        draws = self.bits.random_raw(count).astype(np.uint64)
        nudges = (_field(draws, 0, 6) - 31).tolist()
        jumps = (_field(draws, 6, 8) == 0).tolist()
        levels = np.empty(count, dtype=np.int64)
        level = self.level
        for at in range(count):
            level += nudges[at] + (256 - level) // 24 + (240 if jumps[at] else 0)
            level = min(max(level, LEVELS[0]), LEVELS[1])
            levels[at] = level
        self.level = level
        return levels

    @staticmethod
    def _reflected(path: Ints) -> Ints:
        """A path folded between the lowest and the highest price, in points."""
        width = (HIGH - LOW) * SCALE
        folded = path % (2 * width)
        points: Ints = LOW + np.where(folded < width, folded, 2 * width - folded) // SCALE
        return points


def _field(bits: npt.NDArray[np.uint64], at: int, width: int) -> Ints:
    """Some of the bits as numbers."""
    return ((bits >> np.uint64(at)) & np.uint64((1 << width) - 1)).astype(np.int64)
