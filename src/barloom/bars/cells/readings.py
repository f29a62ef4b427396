"""The reading of a column of times: the kind of its cells, and their conversion to nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from barloom.bars.cells import digits, moments
from barloom.bars.cells.digits import Calendar
from barloom.bars.cells.moments import KNOWN, Grammar, Order
from barloom.bars.times import FIRST_TIME, datetimes_to_ns

Ints = npt.NDArray[np.int64]
EARLY = 10**9
"""September 2001 in seconds since 1970: in a column of later times, a smaller number is no time."""
Style = Literal["naive", "zoned", "epoch", "decimal", "digits", "text", "excel"]


@dataclass(frozen=True, slots=True)
class TimeReading:
    """Rules for reading the cells of a column of times."""

    style: Style
    """``naive`` and ``zoned``: ISO as Arrow reads it; ``epoch`` and ``decimal``: numbers since 1970; ``digits``: whole
    numbers of a calendar; ``excel``: days; ``text``: everything else."""
    order: Order | None = None
    """Order of the numbers in dates, if it matters."""
    calendar: Calendar | None = None
    epoch: str = "epoch"
    """Unit of epochs, as a value of ``--time-format``."""
    early: bool = False
    """True if epochs may be before September 2001 in seconds, or before 1970."""
    grammar: Grammar = KNOWN
    offset: bool = False
    """True if text cells state their offset from UTC."""
    dates_only: bool = False
    """True if cells have no time of day."""
    clock_digits: int = 0
    """Digits that a time of day in a column of its own is padded to; 0 if it has colons."""
    zone: str = ""
    """Zone of the tz database named at the end of every text cell."""
    asked: bool = False
    """True if the user gave this reading."""

    @property
    def naive(self) -> bool:
        """True if times are those of a clock whose zone the cells do not state."""
        return self.style in ("naive", "digits", "excel") or (self.style == "text" and not self.offset)

    @property
    def arrow_type(self) -> Any:
        """The Arrow type that a parser reads the cells as; text is converted afterwards."""
        import pyarrow as pa

        kinds = {
            "naive": pa.timestamp("ns"),
            "zoned": pa.timestamp("ns", tz="UTC"),
            "epoch": pa.int64(),
            "digits": pa.int64(),
            "decimal": pa.float64(),
            "excel": pa.float64(),
            "text": pa.string(),
        }
        return kinds[self.style]

    def to_ns(self, column: Any) -> Ints:
        """An Arrow array of that type as nanoseconds, ``FIRST_TIME`` for nulls and for values that are no times."""
        import pyarrow as pa
        from pyarrow import compute

        if self.style == "text":
            return moments.to_ns(column, self.order, self.grammar, zoned=self.offset)
        if self.style in ("naive", "zoned"):
            known = column.cast(pa.timestamp("ns", tz=column.type.tz)).view(pa.int64()).fill_null(FIRST_TIME)
            return datetimes_to_ns(np.asarray(known.to_numpy(zero_copy_only=False)).view("datetime64[ns]"))
        absent = column.null_count
        if self.style in ("decimal", "excel"):
            values = compute.fill_null(column, np.nan).to_numpy(zero_copy_only=False)
            if self.style == "excel":
                return digits.excel(values)
            late = values if self.early or self.asked else np.where(values < EARLY, np.nan, values)
            return decimal_epochs(late, self.epoch)
        values = (column.fill_null(FIRST_TIME) if absent else column).to_numpy(zero_copy_only=False)
        return whole_numbers(values, self)


def whole_numbers(values: Ints, reading: TimeReading) -> Ints:
    """Whole numbers as nanoseconds: epochs, or the digits of a calendar."""
    if reading.style == "digits":
        assert reading.calendar is not None
        return reading.calendar.to_ns(values)
    missing = values == FIRST_TIME if reading.early or reading.asked else values < EARLY
    if missing.any():
        times = digits.epochs(np.where(missing, 0, values), reading.epoch)
        return np.where(missing, FIRST_TIME, times)
    return digits.epochs(values, reading.epoch)


def decimal_epochs(values: npt.NDArray[np.float64], word: str = "epoch") -> Ints:
    """Epochs with a fraction as nanoseconds, to the microsecond (a float64 of today's seconds holds no more)."""
    times = np.full(len(values), FIRST_TIME, dtype=np.int64)
    sizes = np.abs(np.where(np.isfinite(values), values, np.inf))
    factor = digits.FACTORS.get(word)
    if factor is not None:
        spans = ((0.0, 9.2e18 / factor, factor),)
    else:
        spans = ((0.0, 1e11, 10**9), (1e11, 1e14, 10**6), (1e14, 1e17, 10**3), (1e17, 9.2e18, 1))  # type: ignore[assignment]
    for low, high, by in spans:
        fits = (sizes >= low) & (sizes < min(high, 9.2e18 / by))
        if by >= 1000:
            times[fits] = np.rint(values[fits] * (by / 1000)).astype(np.int64) * 1000
        else:
            times[fits] = np.rint(values[fits]).astype(np.int64)
    return times
