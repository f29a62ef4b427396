"""Exits that signals ask for: one row per exit signal, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.rules.columns import bar_numbers, check_bar_numbers, column, refuse


class ExitSignals:
    """Exits asked for by signals: open trades of the named side leave at the next open.

    Args:
        signal_bar: bar numbers whose close decided each signal, never decreasing.
        side: +1 leaves longs, -1 leaves shorts, 0 leaves both; a scalar holds for every signal.

    Raises:
        InputError: lengths differ, bars decrease, or a side is not +1, -1 or 0.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> leave = bl.ExitSignals([20], side=1)  # longs, at the open of bar 21
        >>> bl.simulate(bars, entries, exit_signals=leave).trades[["exit_bar", "exit_reason"]].values.tolist()
        [[21, 'signal'], [540, 'stop']]
    """

    __slots__ = ("side", "signal_bar")

    signal_bar: npt.NDArray[np.int64]
    side: npt.NDArray[np.int8]

    def __init__(self, signal_bar: npt.ArrayLike, side: npt.ArrayLike = 0) -> None:
        self.signal_bar = bar_numbers(signal_bar, "exit signal", "exit signals")
        check_bar_numbers(self.signal_bar, "exit signal", "exit signals")
        sides = column("side", side, len(self.signal_bar), "exit signal", "exit signals", np.int64)
        refuse(
            "exit signal", "side", sides, ~np.isin(sides, (-1, 0, 1)), "neither +1 (longs), -1 (shorts) nor 0 (both)"
        )
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
        """Exit signals joined in order, not checked again."""
        parts = parts or [cls.none()]
        bars = np.concatenate([part.signal_bar for part in parts])
        return _made(bars, np.concatenate([part.side for part in parts]))


def _made(signal_bar: npt.NDArray[np.int64], side: npt.NDArray[np.int8]) -> ExitSignals:
    made = ExitSignals.__new__(ExitSignals)
    made.signal_bar, made.side = signal_bar, side
    return made
