"""One axis of a grid: a name and the values it takes, read from text or from Python."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Set
from decimal import Decimal, localcontext
from typing import Any

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr, field_validator

from barloom.errors import InputError
from barloom.options import RULES
from barloom.options.kinds import UNITS, Text
from barloom.rules.checked import Checked

Value = StrictBool | StrictInt | StrictFloat | StrictStr | None
"""Values that a grid may hold; JSON and Parquet keep them unchanged."""
Plain = bool | int | float | str | None
"""The same type for the type checker."""

MOST_VALUES = 1_000_000
"""Most values of one axis."""
LARGEST = 2**63 - 1
"""Largest whole number of a 64-bit column."""
_NUMBER = r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER}):({_NUMBER})", re.ASCII)
_DISTANCES = re.compile(rf"({'|'.join(UNITS)}):({_NUMBER})\.\.({_NUMBER}):({_NUMBER})", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(rf"{_NUMBER}(?:[eE][+-]?\d{{1,3}})?", re.ASCII)
_WITH_COMMAS = tuple(row.key for row in RULES if row.swept and isinstance(row.kind, Text) and row.kind.listed)
"""Options whose values contain commas; their values are separated by semicolons."""


class Axis(Checked):
    """A name and its values, in order, each once.

    Attributes:
        name: an option of a run or a parameter of the strategy, with underscores.
        values: at least one; numbers, words, true or false, or None for an option that is not given.
    """

    name: str
    values: tuple[Value, ...]

    @field_validator("values")
    @classmethod
    def _each_once(cls, values: tuple[Plain, ...]) -> tuple[Plain, ...]:
        if not values:
            raise InputError("there are none: give at least one")
        if len(values) > MOST_VALUES:
            raise InputError(f"{len(values):,} are too many: give at most {MOST_VALUES:,}")
        seen = set()
        for value in values:
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"{value} is no finite number")
            if isinstance(value, int) and abs(value) > LARGEST:
                raise InputError(f"{value} is beyond {LARGEST}: give a number that fits 64 bits")
            key = identity(value)
            if key in seen:
                raise InputError(f"{value} is given twice: leave one of them out")
            seen.add(key)
        return values

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Read ``NAME=VALUES``.

        ``fast=5:50:5`` counts from 5 to 50 in steps of 5, both ends included where the steps reach them; ``slow=50,100,200`` is a
        list; ``stop=atr:1..4:0.5`` are the distances ``atr:1``, ``atr:1.5`` to ``atr:4``. Steps are exact decimals. Lists may hold
        ranges. Values with commas of their own, as ladders have, are separated by semicolons.

        Raises:
            InputError: no name, no values, a range that is empty or too long, or a value given twice.
        """
        name, equals, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise InputError(f"--grid {text}: give NAME=VALUES, such as fast=5:50:5 or stop=atr:1,atr:2")
        return cls._made(name, _values(name, values, f"--grid {text}"), f"--grid {text}")

    @classmethod
    def of(cls, name: str, values: Any) -> Axis:
        """An axis of Python values: a range, list, tuple or array, or a single value. Text is read as by ``parse``.

        Raises:
            InputError: values of other types, none, one given twice, or a collection without an order.
        """
        name = name.strip().replace("-", "_")
        said = f"grid name '{name}'"
        if isinstance(values, str):
            return cls._made(name, _values(name, values, said), said)
        if isinstance(values, (Set, Mapping)):
            raise InputError(f"{said}: a {type(values).__name__} has no order of values: give a list")
        if isinstance(values, Collection):
            if len(values) > MOST_VALUES:
                raise InputError(f"{said}: {len(values):,} values are too many: give at most {MOST_VALUES:,}")
            return cls._made(name, [_plain(value, said) for value in values], said)
        if isinstance(values, Iterable):
            raise InputError(f"{said}: a {type(values).__name__} has no length: give a list of it")
        return cls._made(name, [_plain(values, said)], said)

    @classmethod
    def _made(cls, name: str, values: Iterable[Plain], said: str) -> Axis:
        found = tuple(values)
        try:
            cls._each_once(found)
        except InputError as error:
            raise InputError(f"{said}: {error}") from None
        return cls.model_construct(name=name, values=found)  # They have just been checked.


def distance(value: Plain) -> tuple[str, float] | None:
    """The unit and the amount of a text that is a distance, else None."""
    if not isinstance(value, str):
        return None
    unit, colon, amount = value.strip().lower().partition(":")
    if not colon or unit not in UNITS or not _FLOAT.fullmatch(amount):
        return None
    return unit, float(amount)


def identity(value: Plain) -> object:
    """Key under which equal values are the same: ``atr:1`` is ``atr:1.0`` and 5 is 5.0, but True is not 1."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, str):
        return distance(value) or value
    return value


def _plain(value: Any, said: str) -> Plain:
    """A value of Python or NumPy as a plain one."""
    if not isinstance(value, (bool, int, float, str)) and value is not None and hasattr(value, "item"):
        value = value.item()
    if value is None or type(value) in (bool, int, float, str):
        return value  # type: ignore[no-any-return]
    raise InputError(f"{said}: {value!r} is no number, text, True, False or None")


def _values(name: str, text: str, said: str) -> list[Plain]:
    """The values of a text, with ranges expanded."""
    if not text.strip():
        raise InputError(f"{said}: there are no values: give some, such as {name}=5:50:5 or {name}=5,10")
    separator = ";" if ";" in text or name in _WITH_COMMAS else ","
    found: list[Plain] = []
    for piece in text.split(separator):
        piece = piece.strip()
        if not piece:
            raise InputError(f"{said}: a value is missing between two commas")
        if (numbers := _RANGE.fullmatch(piece)) is not None:
            first, last, step = numbers.groups()
            found += _numbers(first, last, step, said)
        elif (distances := _DISTANCES.fullmatch(piece)) is not None:
            unit, first, last, step = distances.groups()
            found += [f"{unit.lower()}:{_written(amount)}" for amount in _steps(first, last, step, said)]
        elif ".." in piece:
            raise InputError(
                f"{said}: '{piece}' is no range of distances: write UNIT:FIRST..LAST:STEP, such as atr:1..4:0.5"
            )
        else:
            found.append(_single(piece, said))
    return found


def _single(text: str, said: str) -> Plain:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise InputError(f"{said}: {text} is no finite number")
        return number
    return {"true": True, "false": False}.get(text.lower(), text)


def _numbers(first: str, last: str, step: str, said: str) -> list[int] | list[float]:
    """A range of numbers: whole numbers if all three parts are written as such."""
    steps = _steps(first, last, step, said)
    if all(_WHOLE.fullmatch(text) for text in (first, last, step)):
        return [int(number) for number in steps]
    return [float(number) for number in steps]


def _steps(first: str, last: str, step: str, said: str) -> list[Decimal]:
    """The exact decimals from first to last.

    Raises:
        InputError: a step of 0 or away from the last, or too many.
    """
    low, high, by = Decimal(first), Decimal(last), Decimal(step)
    # 18 digits before and after the point: sums and quotients below are exact.
    with localcontext(prec=64):
        if by == 0:
            raise InputError(f"{said}: a step of 0 never gets from {first} to {last}: give another step")
        count = int((high - low) // by) + 1 if (high - low) * by >= 0 else 0
        if count < 1:
            other = f"{last} to {first}" if by > 0 else f"{first} to {last} with a positive step"
            raise InputError(f"{said}: the range from {first} to {last} in steps of {step} is empty: go from {other}")
        if count > MOST_VALUES:
            raise InputError(f"{said}: {count:,} values are too many: give a larger step; at most {MOST_VALUES:,}")
        return [low + by * place for place in range(count)]


def _written(number: Decimal) -> str:
    """A decimal without needless zeros or an exponent."""
    return f"{number.normalize():f}" if number else "0"
