"""Columns that users give beside signal bars, one value a row: read, and refused with the row and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError


def bar_numbers(values: npt.ArrayLike, row: str, rows: str) -> npt.NDArray[np.int64]:
    """The ``signal_bar`` of some rows, which are called ``row`` and ``rows``: never decreasing, counted from 0.

    Raises:
        InputError: it is anything else.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise InputError(f"signal_bar of the {rows} has {numbers.ndim} dimensions: give one bar number each")
    if numbers.dtype.kind not in "iu" and numbers.size:
        raise InputError(f"signal_bar of the {rows} has type {numbers.dtype}: give whole bar numbers")
    bars = np.ascontiguousarray(numbers, dtype=np.int64)
    refuse(row, "signal_bar", bars, bars < 0, "negative: count bars from 0")
    backwards = np.zeros(len(bars), dtype=bool)
    np.less(bars[1:], bars[:-1], out=backwards[1:])
    refuse(row, "signal_bar", bars, backwards, f"before the {row} above it: sort the {rows} by bar")
    return bars


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
