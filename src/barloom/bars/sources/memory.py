"""Bars in memory: arrays and pandas frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from barloom.bars.cells.digits import scaled
from barloom.bars.cells.telling import calendar_in
from barloom.bars.intake import Tally
from barloom.bars.schema import PRICES
from barloom.bars.sources.base import Batches, Floats, Ints, RowBatch, Source
from barloom.bars.times import datetimes_to_ns
from barloom.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CHECKED_AT_ONCE = 1 << 22  # rows between two returns to Python, so that Ctrl-C works


class MemorySource(Source):
    """Rows in arrays, checked once, here. If all rows are good, chunks are views of these arrays."""

    def __init__(self, rows: RowBatch, label: str = "memory") -> None:
        self.label = label
        self.has_volume = rows.volume is not None
        self.has_ask = rows.ask is not None
        self._rows = rows
        tally = Tally(keep_odd_volumes=True)
        for at in range(0, len(rows), CHECKED_AT_ONCE):
            tally.check(rows.between(at, at + CHECKED_AT_ONCE))
            if tally.bad:
                break
        self._clean = not tally.bad
        self.odd_volumes = tally.odd_volumes
        self._hash = tally.content_hash(len(rows), self.has_ask)

    @classmethod
    def of_arrays(
        cls,
        timestamp: npt.ArrayLike,
        open: npt.ArrayLike,
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike | None,
        spread: npt.ArrayLike | None = None,
        ask: Sequence[npt.ArrayLike] | None = None,
    ) -> MemorySource:
        """A source of arrays; they are copied only if their type, byte order or memory layout requires it."""
        times = _times("timestamp", timestamp)
        given = {"open": open, "high": high, "low": low, "close": close}
        columns = {name: _numbers(name, values) for name, values in given.items()}
        if volume is not None:
            columns["volume"] = _numbers("volume", volume)
        if spread is not None and ask is not None:
            raise InputError("spread and ask are both given: give one of them")
        if spread is not None:
            columns["spread"] = _numbers("spread", spread)
        if ask is not None:
            if len(ask) != len(PRICES):
                raise InputError(f"ask has {len(ask)} arrays: give four, as in ask=(open, high, low, close)")
            columns |= {
                f"ask {name}": _numbers(f"ask {name}", values) for name, values in zip(PRICES, ask, strict=True)
            }
        for name, column in columns.items():
            if len(column) != len(times):
                raise InputError(
                    f"{name} has {len(column)} values beside {len(times)} timestamps: give one of each a bar"
                )
        open_, high_, low_, close_ = (columns[name] for name in PRICES)
        rows = RowBatch(0, times, open_, high_, low_, close_, columns.get("volume"))
        if spread is not None:
            rows.add_spread(columns["spread"])
        if ask is not None:
            rows.ask = (columns["ask open"], columns["ask high"], columns["ask low"], columns["ask close"])
        return cls(rows)

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        """The rows, in views of at most a few million."""
        end = len(self._rows) if stop is None else min(stop, len(self._rows))
        for at in range(start, end, CHECKED_AT_ONCE):
            yield self._rows.between(at, min(at + CHECKED_AT_ONCE, end))

    def total_rows(self) -> int:
        """The length of the arrays."""
        return len(self._rows)

    @property
    def parses(self) -> bool:
        """True if each pass over the bars parses them again."""
        return False

    def rows_at_hand(self) -> int:
        """The length of the arrays."""
        return len(self._rows)

    def whole_hash(self) -> str | None:
        """The hash found when the arrays were checked; they must not be changed after."""
        return self._hash if self._clean else None

    def clean_arrays(self) -> RowBatch | None:
        """The arrays themselves, if every row is good."""
        return self._rows if self._clean else None


def _times(name: str, values: Any) -> Ints:
    """Times as int64 nanoseconds."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"{name} has {array.ndim} dimensions: give one time a bar")
    if not len(array):
        raise InputError("there are no bars: the arrays are empty")
    if array.dtype.kind == "M":
        return datetimes_to_ns(array)
    if array.dtype.kind == "i" or (array.dtype.kind == "u" and int(array.max()) < 2**63):
        return epochs(name, np.ascontiguousarray(array, dtype=np.int64))
    raise InputError(
        f"{name} has type {array.dtype}: give datetime64, or integer seconds, milliseconds, microseconds or nanoseconds (UTC)"
    )


LEAST_CALENDAR, MOST_CALENDAR = 10**7, 10**17
"""Ranges of dates written as digits, such as 20240304 and 20240304093000."""
UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (2**63, 1))
"""Largest epochs in seconds, milliseconds, microseconds and nanoseconds, with the nanoseconds of one unit."""
MIXED = 500
"""Ratio of one time to the previous one above which their units must differ."""


def epochs(name: str, values: Ints) -> Ints:
    """Integer epochs as nanoseconds. The size of the largest tells the unit, which is one for all of them.

    ``FIRST_TIME`` stands for what lies outside the years 1677 to 2262.

    Raises:
        InputError: the unit changes on the way.
    """
    largest = max(abs(int(values.min())), abs(int(values.max())))
    calendar = calendar_in(values) if LEAST_CALENDAR <= largest < MOST_CALENDAR else None
    if calendar is not None:
        return calendar.to_ns(values)
    factor = next(factor for most, factor in UNITS if largest <= most)
    if factor == 1:
        return values  # nanoseconds of the first seconds of 1970 have any size
    before, after = values[:-1], values[1:]
    jumps = (before >= 10**8) & (after // MIXED > before)
    jumps |= (after >= 10**8) & (before // MIXED > after)
    if jumps.any():
        row = int(np.argmax(jumps))
        raise InputError(
            f"{name} {row} is {values[row]} and the next is {values[row + 1]}: give all of them in one unit, or datetime64"
        )
    return scaled(values, factor)


def _numbers(name: str, values: Any) -> Floats:
    """Prices or volumes as contiguous float64."""
    array = np.asarray(values)
    if isinstance(array, np.ma.MaskedArray) or isinstance(values, np.ma.MaskedArray):
        array = np.ma.asarray(values, dtype=np.float64).filled(np.nan)
    if array.ndim != 1:
        raise InputError(f"{name} has {array.ndim} dimensions: give one value a bar")
    if array.dtype.kind not in "fiu" and len(array):
        raise InputError(f"{name} has type {array.dtype}: give numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


def frame_times(times: Any) -> npt.NDArray[Any]:
    """A frame's index or column of times as datetime64 (UTC) or integer nanoseconds."""
    import pandas as pd

    if isinstance(times.dtype, pd.DatetimeTZDtype):
        local = times if isinstance(times, pd.DatetimeIndex) else times.dt
        times = (
            local.tz_convert("UTC").tz_localize(None)
            if isinstance(times, pd.DatetimeIndex)
            else local.tz_convert("UTC").dt.tz_localize(None)
        )
    if times.dtype.kind == "M":
        array: npt.NDArray[Any] = np.asarray(times)
        return array
    if times.dtype.kind in "iu":
        return epochs("the frame's time", np.ascontiguousarray(np.asarray(times), dtype=np.int64))
    raise InputError(f"the frame's times have type {times.dtype}: convert them with pandas.to_datetime first")


def frame_column(column: pd.Series[Any]) -> Floats:
    """A frame's column as float64.

    Raises:
        InputError: it holds no numbers.
    """
    kind = getattr(column.dtype, "kind", "O")
    if kind not in "fiu":
        raise InputError(f"column '{column.name}' of the frame has type {column.dtype}: give numbers")
    values: Floats = (
        column.to_numpy(dtype=np.float64, na_value=np.nan)
        if not isinstance(column.dtype, np.dtype)
        else column.to_numpy()
    )
    return values
