"""What signals ask to leave: one row an exit signal, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError


class ExitSignals:
    """Exits asked for by signals: open trades of the named side leave at the next open.

    Args:
        signal_bar: bar numbers whose close decided each signal, never decreasing.
        side: +1 leaves longs, -1 leaves shorts, 0 leaves both; a scalar holds for every signal.

    Raises:
        InputError: lengths differ, bars decrease, or a side is not +1, -1 or 0.
    """

    __slots__ = ("side", "signal_bar")

    signal_bar: npt.NDArray[np.int64]
    side: npt.NDArray[np.int8]

    def __init__(self, signal_bar: npt.ArrayLike, side: npt.ArrayLike = 0) -> None:
        bars = np.asarray(signal_bar)
        if bars.ndim != 1:
            raise InputError(f"signal_bar of the exit signals has {bars.ndim} dimensions: give one bar number a signal")
        if bars.dtype.kind not in "iu" and bars.size:
            raise InputError(f"signal_bar of the exit signals has type {bars.dtype}: give whole bar numbers")
        self.signal_bar = np.ascontiguousarray(bars, dtype=np.int64)
        sides = np.asarray(side)
        if sides.ndim and sides.shape != bars.shape:
            raise InputError(
                f"side of the exit signals has shape {sides.shape} beside {len(bars)} signal bars: give one value a signal"
            )
        sides = np.broadcast_to(sides, bars.shape)
        _refuse("signal_bar", self.signal_bar, self.signal_bar < 0, "negative: count bars from 0")
        backwards = np.zeros(len(bars), dtype=bool)
        np.less(self.signal_bar[1:], self.signal_bar[:-1], out=backwards[1:])
        _refuse("signal_bar", self.signal_bar, backwards, "before the one above it: sort the exit signals by bar")
        _refuse("side", sides, ~np.isin(sides, (-1, 0, 1)), "neither +1 (longs), -1 (shorts) nor 0 (both)")
        self.side = sides.astype(np.int8)

    def __len__(self) -> int:
        return len(self.signal_bar)

    @classmethod
    def none(cls) -> ExitSignals:
        """No exit signals."""
        return cls(np.empty(0, dtype=np.int64))

    def take(self, chosen: npt.NDArray[Any] | slice) -> ExitSignals:
        """The chosen signals (a mask, indices or a slice), not checked again."""
        return _made(self.signal_bar[chosen], self.side[chosen])

    def moved(self, bars: int) -> ExitSignals:
        """The same signals, each ``bars`` later."""
        return _made(self.signal_bar + bars, self.side)

    @classmethod
    def joined(cls, parts: Sequence[ExitSignals]) -> ExitSignals:
        """Exit signals one after the other, not checked again."""
        parts = parts or [cls.none()]
        bars = np.concatenate([part.signal_bar for part in parts])
        return _made(bars, np.concatenate([part.side for part in parts]))


def _made(signal_bar: npt.NDArray[np.int64], side: npt.NDArray[np.int8]) -> ExitSignals:
    made = ExitSignals.__new__(ExitSignals)
    made.signal_bar, made.side = signal_bar, side
    return made


def _refuse(name: str, values: npt.NDArray[Any], bad: npt.NDArray[np.bool_], why: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"{name} of exit signal {row} is {values[row]}: {why}")
