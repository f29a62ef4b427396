"""Entries that signals ask for: one row per entry, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom._native import signals
from barloom.arrays import join, pick
from barloom.rules.columns import absent, bar_numbers, check_bar_numbers, column, refuse
from barloom.rules.plans import PLAN, Plans, default_plans

LEVELS = ("stop", "target", "stop_price", "target_price", "size")
POSITIVE = "a positive number, or NaN for none"


class Entries:
    """Entries asked for by signals, as columns of equal length; a scalar holds for every entry.

    Args:
        signal_bar: bar numbers whose close decided each signal, never decreasing.
        side: +1 long, -1 short.
        stop: distance from the fill price, in price units, positive; NaN or None for none.
        target: likewise.
        stop_price: the stop as an absolute price, checked at the fill; not beside a distance on one entry.
        target_price: likewise.
        max_hold: bars after which to leave at the close, 0 or None for no limit.
        size: units, positive; NaN or None leaves the size to the run's sizing.
        trail: distance of a trailing stop from the best price seen, in price units, positive; NaN or None for none.
        price: where an ``entry`` of ``limit`` or ``stop`` waits, a price of the side it enters on (the ask for longs); NaN or None is
            a market order at the next open.
        good_for: bars after the signal bar on which such an order may fill, at least 1.

    Attributes:
        plans: rows of ``trades.PLAN`` beside the entries, None where no entry asks for more than a stop and a target.

    Raises:
        InputError: lengths differ, bars decrease, a side is not +1 or -1, or a distance is not positive.

    Examples:
        >>> import barloom as bl
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=[0.0005, 0.0008], target=0.0010)
        >>> len(entries), entries.stop.tolist(), entries.target.tolist()
        (2, [0.0005, 0.0008], [0.001, 0.001])
        >>> bl.simulate(bl.from_synthetic(1_000), entries).trades["entry_bar"].tolist()
        [11, 501]
    """

    __slots__ = ("max_hold", "plans", "side", "signal_bar", "size", "stop", "stop_price", "target", "target_price")

    signal_bar: npt.NDArray[np.int64]
    side: npt.NDArray[np.int8]
    stop: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    stop_price: npt.NDArray[np.float64]
    target_price: npt.NDArray[np.float64]
    max_hold: npt.NDArray[np.int64]
    size: npt.NDArray[np.float64]
    plans: Plans | None

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
        trail: npt.ArrayLike | None = None,
        price: npt.ArrayLike | None = None,
        good_for: npt.ArrayLike | None = None,
    ) -> None:
        self.signal_bar = bar_numbers(signal_bar, "entry", "entries")
        sides = self._column("side", side, np.int64, 0)
        self.stop = self._column("stop", stop, np.float64, np.nan)
        self.target = self._column("target", target, np.float64, np.nan)
        self.stop_price = self._column("stop_price", stop_price, np.float64, np.nan)
        self.target_price = self._column("target_price", target_price, np.float64, np.nan)
        self.max_hold = self._column("max_hold", max_hold, np.int64, 0)
        self.size = self._column("size", size, np.float64, np.nan)
        levels = (self.stop, self.target, self.stop_price, self.target_price, self.size)
        if signals.any_fault(self.signal_bar, sides, *levels, self.max_hold):
            self._refuse_fault(sides)
        self.side = sides.astype(np.int8)
        self.plans = None
        if not (trail is None and price is None and good_for is None):
            self.plans = self._planned(trail, price, good_for)

    def __len__(self) -> int:
        return len(self.signal_bar)

    def _column(
        self, name: str, values: npt.ArrayLike | None, dtype: type[np.generic], value: float
    ) -> npt.NDArray[Any]:
        count = len(self.signal_bar)
        if values is None:
            return absent(count, dtype, value)
        return column(name, values, count, "entry", "entries", dtype)

    def _planned(
        self, trail: npt.ArrayLike | None, price: npt.ArrayLike | None, good_for: npt.ArrayLike | None
    ) -> Plans:
        plans = default_plans(len(self))
        for name, values in (("trail", trail), ("price", price)):
            column = self._column(name, values, np.float64, np.nan)
            self._refuse(name, (column <= 0) | np.isinf(column), f"not {POSITIVE}", column)
            plans[name] = column
        bars = self._column("good_for", good_for, np.int64, 1)
        self._refuse("good_for", bars < 1, "less than 1: give the bars on which the order may fill", bars)
        plans["good_for"] = bars
        return plans

    def _refuse_fault(self, sides: npt.NDArray[np.int64]) -> None:
        """Name the first invalid value; there is one."""
        check_bar_numbers(self.signal_bar, "entry", "entries")
        self._refuse("side", (sides != 1) & (sides != -1), "neither +1 (long) nor -1 (short)", sides)
        for name in LEVELS:
            values = getattr(self, name)
            self._refuse(name, (values <= 0) | np.isinf(values), f"not {POSITIVE}")
        self._refuse("max_hold", self.max_hold < 0, "negative: give bars, or 0 for no limit")
        for name in ("stop", "target"):
            both = ~np.isnan(getattr(self, name)) & ~np.isnan(getattr(self, f"{name}_price"))
            self._refuse(name, both, f"given beside a {name}_price: give one of the two")

    def _refuse(self, name: str, bad: npt.NDArray[np.bool_], why: str, values: npt.NDArray[Any] | None = None) -> None:
        refuse("entry", name, getattr(self, name) if values is None else values, bad, why)

    def conflicting(self) -> npt.NDArray[np.bool_]:
        """Mask of the entries on bars that signal a long and a short."""
        bars = self.signal_bar
        both = bars[1:][(bars[1:] == bars[:-1]) & (self.side[1:] != self.side[:-1])]
        if not len(both):
            return np.zeros(len(bars), dtype=bool)
        found: npt.NDArray[np.bool_] = np.searchsorted(both, bars, "right") > np.searchsorted(both, bars)
        return found

    @classmethod
    def none(cls) -> Entries:
        """No entries."""
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    def take(self, chosen: npt.NDArray[Any] | slice) -> Entries:
        """The chosen entries (a mask, indices or a slice), not checked again."""
        taken = Entries.__new__(Entries)
        for name in COLUMNS:
            setattr(taken, name, getattr(self, name)[chosen])
        taken.plans = None
        if self.plans is not None:
            taken.plans = self.plans[chosen] if isinstance(chosen, slice) else pick(self.plans, chosen)
        return taken

    def without_conflicts(self) -> Entries:
        """The entries except those on bars that signal a long and a short."""
        conflicting = self.conflicting()
        return self.take(~conflicting) if conflicting.any() else self

    def replaced(self, **columns: Any) -> Entries:
        """The same entries with other columns, not checked again."""
        replaced = Entries.__new__(Entries)
        for name in Entries.__slots__:
            setattr(replaced, name, columns.get(name, getattr(self, name)))
        return replaced

    def moved(self, bars: int) -> Entries:
        """The same entries with every signal ``bars`` later."""
        return self.replaced(signal_bar=self.signal_bar + bars)

    @classmethod
    def joined(cls, parts: Sequence[Entries]) -> Entries:
        """Entries joined in order, not checked again; if only some have plans, the others get empty plans."""
        parts = parts or [cls.none()]
        joined = cls.__new__(cls)
        for name in COLUMNS:
            setattr(joined, name, np.concatenate([getattr(part, name) for part in parts]))
        joined.plans = None
        if any(part.plans is not None for part in parts):
            plans = [default_plans(len(part)) if part.plans is None else part.plans for part in parts]
            joined.plans = join(plans, PLAN)
        return joined


COLUMNS = tuple(name for name in Entries.__slots__ if name != "plans")
