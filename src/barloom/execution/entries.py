"""What signals ask for: one row an entry, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError

LEVELS = ("stop", "target", "stop_price", "target_price", "size")


class Entries:
    """Entries asked for by signals, as columns of equal length; a scalar holds for every entry.

    Args:
        signal_bar: bar numbers whose close decided each signal, never decreasing.
        side: +1 long, -1 short.
        stop, target: distances from the fill price, in price units, positive; NaN or None for none.
        stop_price, target_price: the same as absolute prices, checked at the fill; not beside a distance on one entry.
        max_hold: bars after which to leave at the close, 0 or None for no limit.
        size: units, positive; NaN or None leaves the size to the run's sizing.

    Raises:
        InputError: lengths differ, bars decrease, a side is not +1 or -1, or a distance is not positive.
    """

    __slots__ = ("max_hold", "side", "signal_bar", "size", "stop", "stop_price", "target", "target_price")

    signal_bar: npt.NDArray[np.int64]
    side: npt.NDArray[np.int8]
    stop: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    stop_price: npt.NDArray[np.float64]
    target_price: npt.NDArray[np.float64]
    max_hold: npt.NDArray[np.int64]
    size: npt.NDArray[np.float64]

    def __init__(
        self,
        signal_bar: npt.ArrayLike,
        side: npt.ArrayLike,
        stop: npt.ArrayLike | None = None,
        target: npt.ArrayLike | None = None,
        *,
        stop_price: npt.ArrayLike | None = None,
        target_price: npt.ArrayLike | None = None,
        max_hold: npt.ArrayLike | None = None,
        size: npt.ArrayLike | None = None,
    ) -> None:
        bars = np.asarray(signal_bar)
        if bars.ndim != 1:
            raise InputError(f"signal_bar of the entries has {bars.ndim} dimensions: give one bar number an entry")
        if bars.dtype.kind not in "iu" and bars.size:
            raise InputError(f"signal_bar of the entries has type {bars.dtype}: give whole bar numbers")
        self.signal_bar = np.ascontiguousarray(bars, dtype=np.int64)
        sides = self._column("side", side, np.int64, 0)
        self.stop = self._column("stop", stop, np.float64, np.nan)
        self.target = self._column("target", target, np.float64, np.nan)
        self.stop_price = self._column("stop_price", stop_price, np.float64, np.nan)
        self.target_price = self._column("target_price", target_price, np.float64, np.nan)
        self.max_hold = self._column("max_hold", max_hold, np.int64, 0)
        self.size = self._column("size", size, np.float64, np.nan)
        self._check(sides)
        self.side = sides.astype(np.int8)

    def __len__(self) -> int:
        return len(self.signal_bar)

    def _column(self, name: str, values: npt.ArrayLike | None, dtype: type, absent: float) -> npt.NDArray[Any]:
        count = len(self.signal_bar)
        if values is None:
            return np.full(count, absent, dtype=dtype)
        column = np.asarray(values)
        if column.ndim == 0:
            return np.full(count, column, dtype=dtype)
        if column.shape != (count,):
            raise InputError(
                f"{name} of the entries has shape {column.shape} beside {count} signal bars: give one value an entry"
            )
        return np.ascontiguousarray(column, dtype=dtype)

    def _check(self, sides: npt.NDArray[np.int64]) -> None:
        self._refuse("signal_bar", self.signal_bar < 0, "negative: count bars from 0")
        if len(self) > 1:
            backwards = np.zeros(len(self), dtype=bool)
            np.less(self.signal_bar[1:], self.signal_bar[:-1], out=backwards[1:])
            self._refuse("signal_bar", backwards, "before the entry above it: sort the entries by bar")
        self._refuse("side", (sides != 1) & (sides != -1), "neither +1 (long) nor -1 (short)", sides)
        for name in LEVELS:
            values = getattr(self, name)
            kind = "a positive number, or NaN for none"
            self._refuse(name, (values <= 0) | np.isinf(values), f"not {kind}")
        self._refuse("max_hold", self.max_hold < 0, "negative: give bars, or 0 for no limit")
        for name in ("stop", "target"):
            both = ~np.isnan(getattr(self, name)) & ~np.isnan(getattr(self, f"{name}_price"))
            self._refuse(name, both, f"given beside a {name}_price: give one of the two")

    def _refuse(self, name: str, bad: npt.NDArray[np.bool_], why: str, values: npt.NDArray[Any] | None = None) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            value = (getattr(self, name) if values is None else values)[row]
            raise InputError(f"{name} of entry {row} is {value}: {why}")

    @classmethod
    def none(cls) -> Entries:
        """No entries."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def take(self, chosen: npt.NDArray[Any] | slice) -> Entries:
        """The chosen entries (a mask, indices or a slice), not checked again."""
        taken = Entries.__new__(Entries)
        for name in Entries.__slots__:
            setattr(taken, name, getattr(self, name)[chosen])
        return taken

    def moved(self, bars: int) -> Entries:
        """The same entries with every signal ``bars`` later."""
        moved = self.take(slice(None))
        moved.signal_bar = self.signal_bar + bars
        return moved

    @classmethod
    def joined(cls, parts: Sequence[Entries]) -> Entries:
        """Entries one after the other, not checked again."""
        joined = cls.none()
        for name in cls.__slots__:
            setattr(joined, name, np.concatenate([getattr(part, name) for part in parts or [joined]]))
        return joined
