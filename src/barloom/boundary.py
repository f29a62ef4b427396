"""Checks of input from users before it is used: kinds of arguments, and values that cannot be processed."""

from __future__ import annotations

import functools
import importlib
import inspect
import numbers
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from barloom.errors import BarloomError, InputError, described, shown

P = ParamSpec("P")
R = TypeVar("R")
LARGEST = 2**63 - 1
MOST_DIGITS = 300
DEEPEST = 8
"""Number of levels to which nested lists are checked."""


def refuse_unusable(name: str, value: object, depth: int = 0) -> None:
    """Refuse integers beyond 64 bits, and invalid text, with a NUL or half a surrogate pair; inside lists and tables as well.

    Raises:
        InputError: there is one; the message calls it ``name``.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise InputError(f"{name} holds a NUL: {shown(value)}; leave it out")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InputError(f"{name} is no text that can be written: {shown(value, ascii)}; write it in letters")
    elif isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        raise InputError(f"{name} is {_digits(value)}: numbers up to {LARGEST} can be used")
    elif isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < MOST_DIGITS):
        raise InputError(f"{name} is {shown(value)}: give a number that a float holds")
    elif isinstance(value, Path):
        refuse_unusable(name, str(value))
    elif isinstance(value, Mapping | list | tuple | set | frozenset) and depth < DEEPEST:
        for one in [*value, *value.values()] if isinstance(value, Mapping) else value:
            refuse_unusable(name, one, depth + 1)


def _digits(value: int) -> str:
    """A whole number in a message; it may have more digits than Python converts to text."""
    return f"a number of {value.bit_length()} bits"


@contextmanager
def unusable(what: str) -> Iterator[None]:
    """Turn an error in converting given values into an ``InputError`` that names them.

    Raises:
        InputError: in place of anything that is no error of barloom's.
    """
    try:
        yield
    except (BarloomError, OSError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{what} cannot be used as given ({described(error)}): see its description") from error


# ---------------------------------------------------------------- kinds of arguments


class Kind:
    """Kind of an argument: ``said`` describes it, ``told`` checks a value. ``| None`` is written as ``optional``."""

    def __init__(self, said: str, told: Callable[[Any], bool], *, none: bool = False) -> None:
        self.said, self._told, self._none = said, told, none

    @property
    def optional(self) -> Kind:
        """The same kind, or None."""
        return Kind(f"{self.said}, or None", self._told, none=True)

    def __call__(self, value: object) -> bool:
        """True if a value is of the kind; False if it cannot be examined."""
        if value is None:
            return self._none
        try:
            return self._told(value)
        except Exception:
            return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def whole(least: int) -> Kind:
    """A whole number of at least ``least`` that fits an int64."""
    return Kind(
        f"a whole number of at least {least}",
        lambda value: _is_whole(value) and least <= operator.index(value) <= LARGEST,
    )


def made(path: str) -> Kind:
    """An instance of the class ``module:Name``, which is imported only when needed."""
    module, _, name = path.partition(":")
    said = f"{'an' if name[0] in 'AEIOU' else 'a'} {name} of barloom"
    return Kind(said, lambda value: isinstance(value, getattr(importlib.import_module(module), name)))


TEXT = Kind("a text", lambda value: isinstance(value, str))
PATH = Kind("a path", lambda value: isinstance(value, str | Path))
FLAG = Kind("True or False", lambda value: isinstance(value, bool))
TABLE = Kind("a dict of names and values", lambda value: isinstance(value, Mapping))
CALL = Kind("a function", callable)
TEXTS = Kind(
    "a text or a list of texts",
    lambda value: (
        isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(one, str) for one in value))
    ),
)
NUMBER = Kind("a number", lambda value: isinstance(value, str | float) or _is_whole(value))
BARS = made("barloom.bars:Bars")


def takes(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a public function before it is called.

    Args:
        **kinds: what each argument must be, by its name; the others are only looked through for values that nothing could be done with.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        names = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args: P.args, **given: P.kwargs) -> R:
            for name, value in (*zip(names, args, strict=False), *given.items()):
                if name == "self":
                    continue
                kind = kinds.get(name)
                refuse_unusable(f"{name} of {function.__name__}()", value)
                if kind is not None and not kind(value):
                    raise InputError(
                        f"{name} of {function.__name__}() is {shown(value)}, of type {type(value).__name__}: give {kind.said}"
                    )
            return function(*args, **given)

        return checked

    return wrap


OPTION = re.compile(
    r"--([a-z][a-z-]*[a-z])"
    r"(?: (?!(?:or|and|to|is|out|for|as|which|where|takes|names|in|of|with|on)\b)('[^']*'|[^\s,;:)]+(?:,[^\s;:)]+)*))?"
)
"""An option of the command line in a message, with the value after it."""


def in_python(message: str) -> str:
    """Reword a message about options as arguments of a call: ``on_bad_rows='drop'``."""

    def spoken(found: re.Match[str]) -> str:
        value = (found[2] or "").strip("'")
        return found[1].replace("-", "_") + (f"={value!r}" if value else "")

    return OPTION.sub(spoken, message)


@contextmanager
def speaking_python() -> Iterator[None]:
    """Make refusals in a call name its arguments instead of the options of the command line."""
    try:
        yield
    except InputError as error:
        raise type(error)(in_python(str(error))) from error
