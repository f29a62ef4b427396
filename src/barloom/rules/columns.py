"""Columns that users give beside signal bars, one value per row: read, or refused with the row and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.errors import InputError, described, shown

WHOLE = "not a whole number"
LARGEST = int(np.iinfo(np.int64).max)


def bar_numbers(values: npt.ArrayLike, row: str, rows: str) -> npt.NDArray[np.int64]:
    """The ``signal_bar`` column of some rows, each called ``row``; their order is not checked yet.

    Raises:
        InputError: it is no list of whole numbers.
    """
    numbers = _array("signal_bar", values, rows)
    if numbers.ndim != 1:
        raise InputError(f"signal_bar of the {rows} has {numbers.ndim} dimensions: give one bar number each")
    if numbers.dtype.kind == "f" and numbers.size:
        exact = numbers.astype(np.float64, copy=False)
        odd = ~((np.abs(exact) < 2.0**63) & (exact == np.rint(exact)))
        first = f", and that of {row} {int(np.argmax(odd))} is {numbers[np.argmax(odd)]}" if odd.any() else ""
        raise InputError(f"signal_bar of the {rows} has type {numbers.dtype}{first}: give whole bar numbers")
    return _whole("signal_bar", numbers, row, rows)


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
    """A column without values: one shared array, not to be written to."""
    key = (dtype, repr(value))
    if key not in _ABSENT or len(_ABSENT[key]) < count:
        _ABSENT[key] = np.full(2 * count, value, dtype=dtype)
        _ABSENT[key].flags.writeable = False
    return _ABSENT[key][:count]


def column(
    name: str, values: npt.ArrayLike, count: int, row: str, rows: str, dtype: type[np.generic]
) -> npt.NDArray[Any]:
    """A column beside ``count`` signal bars, of ``np.float64`` or of whole numbers, ``np.int64``; a scalar holds for every row.

    Raises:
        InputError: it has another length, or a value that is no such number.
    """
    given = _array(name, values, rows)
    if given.ndim and given.shape != (count,):
        raise InputError(
            f"{name} of the {rows} has shape {given.shape} beside {count} signal bars: give one value each"
        )
    read = _whole if dtype is np.int64 else _real
    if not given.ndim:
        return np.full(count, read(name, given.reshape(1), row, rows)[0])
    return read(name, given, row, rows)


def _array(name: str, values: npt.ArrayLike, rows: str) -> npt.NDArray[Any]:
    """The given values as an array; masked values become None."""
    try:
        if isinstance(values, np.ma.MaskedArray):
            return np.array(values.tolist(), dtype=object) if np.ma.is_masked(values) else np.asarray(values.data)
        return np.asarray(values)
    except Exception as error:
        raise InputError(
            f"{name} of the {rows} is no list of numbers ({described(error)}): give one value each"
        ) from None


def _whole(name: str, given: npt.NDArray[Any], row: str, rows: str) -> npt.NDArray[np.int64]:
    """Whole numbers as int64.

    Raises:
        InputError: a fraction, NaN, a number beyond int64, or another kind of value.
    """
    kind = given.dtype.kind
    if kind == "O":
        return np.array([_one_whole(name, value, row, at) for at, value in enumerate(given)], dtype=np.int64)
    if kind == "f":
        given = given.astype(np.float64, copy=False)
        refuse(row, name, given, ~(np.isfinite(given) & (given == np.rint(given))), WHOLE)
        refuse(row, name, given, np.abs(given) >= 2.0**63, f"beyond {LARGEST}")
    elif kind == "u":
        refuse(row, name, given, given > np.uint64(LARGEST), f"beyond {LARGEST}")
    elif kind != "i" and given.size:
        raise InputError(f"{name} of the {rows} has type {given.dtype}: give whole numbers")
    return np.ascontiguousarray(given, dtype=np.int64)


def _real(name: str, given: npt.NDArray[Any], row: str, rows: str) -> npt.NDArray[np.float64]:
    """Numbers as float64, None as NaN.

    Raises:
        InputError: another kind of value.
    """
    if given.dtype.kind == "O":
        return np.array([_one_real(name, value, row, at) for at, value in enumerate(given)], dtype=np.float64)
    if given.dtype.kind not in "fiu" and given.size:
        raise InputError(f"{name} of the {rows} has type {given.dtype}: give numbers")
    return np.ascontiguousarray(given, dtype=np.float64)


def _one_whole(name: str, value: Any, row: str, at: int) -> int:
    try:
        odd = isinstance(value, bool | np.bool_ | str | bytes) or int(value) != value
    except Exception:
        odd = True
    if odd:
        raise InputError(f"{name} of {row} {at} is {shown(value)}: {WHOLE}")
    if not -LARGEST - 1 <= int(value) <= LARGEST:
        raise InputError(f"{name} of {row} {at} is {shown(value)}: beyond {LARGEST}")
    return int(value)


def _one_real(name: str, value: Any, row: str, at: int) -> float:
    if value is None or type(value).__name__ == "NAType":
        return float("nan")
    try:
        if isinstance(value, bool | np.bool_ | str | bytes):
            raise TypeError
        return float(value)
    except Exception:
        raise InputError(f"{name} of {row} {at} is {shown(value)}: not a number") from None


def refuse(row: str, name: str, values: npt.NDArray[Any], bad: npt.NDArray[np.bool_], why: str) -> None:
    """Name the first bad row, if there is one.

    Raises:
        InputError: there is one.
    """
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(f"{name} of {row} {at} is {shown(values[at], str)}: {why}")
