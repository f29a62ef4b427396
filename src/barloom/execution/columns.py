"""Columns that users give beside signal bars, one value a row: read, and refused with the row and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError


def bar_numbers(values: npt.ArrayLike, rows: str) -> npt.NDArray[np.int64]:
    """The ``signal_bar`` of some rows, which are called ``rows``; the numbers are not looked at yet.

    Raises:
        InputError: it is no list of whole numbers.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise InputError(f"signal_bar of the {rows} has {numbers.ndim} dimensions: give one bar number each")
    if numbers.dtype.kind not in "iu" and numbers.size:
        raise InputError(f"signal_bar of the {rows} has type {numbers.dtype}: give whole bar numbers")
    return np.ascontiguousarray(numbers, dtype=np.int64)


def check_bar_numbers(bars: npt.NDArray[np.int64], row: str, rows: str) -> None:
    """Refuse bar numbers that decrease or are below 0; a row is called ``row``.

    Raises:
        InputError: there is one.
    """
    refuse(row, "signal_bar", bars, bars < 0, "negative: count bars from 0")
    backwards = np.zeros(len(bars), dtype=bool)
    np.less(bars[1:], bars[:-1], out=backwards[1:])
    refuse(row, "signal_bar", bars, backwards, f"before the {row} above it: sort the {rows} by bar")


_ABSENT: dict[tuple[type, str], npt.NDArray[Any]] = {}


def absent(count: int, dtype: type, value: float) -> npt.NDArray[Any]:
    """A column in which nothing is given: one array for all who need one, not to be written to."""
    key = (dtype, repr(value))
    if key not in _ABSENT or len(_ABSENT[key]) < count:
        _ABSENT[key] = np.full(2 * count, value, dtype=dtype)
        _ABSENT[key].flags.writeable = False
    return _ABSENT[key][:count]


def column(name: str, values: npt.ArrayLike, count: int, rows: str, dtype: type | None = None) -> npt.NDArray[Any]:
    """A column beside ``count`` signal bars; a scalar holds for every row.

    Raises:
        InputError: it has another length.
    """
    given = np.asarray(values)
    if given.ndim == 0:
        return np.full(count, given, dtype=dtype)
    if given.shape != (count,):
        raise InputError(
            f"{name} of the {rows} has shape {given.shape} beside {count} signal bars: give one value each"
        )
    return np.ascontiguousarray(given, dtype=dtype)


def refuse(row: str, name: str, values: npt.NDArray[Any], bad: npt.NDArray[np.bool_], why: str) -> None:
    """Name the first row that is bad, if there is one.

    Raises:
        InputError: there is one.
    """
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(f"{name} of {row} {at} is {values[at]}: {why}")
