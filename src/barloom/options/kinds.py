"""Kinds of values of options: each reads the typed text, or names the rule that reads it later.

Standard library only. A kind that is called by the parser raises ``argparse.ArgumentTypeError`` with one plain sentence; the others
leave the text as it is, and a rule of ``barloom.rules`` reads it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, NamedTuple

LARGEST = 2**63 - 1
UNITS = ("atr", "pct", "points", "pips", "r", "peak")
"""Every unit a distance may have."""
STOP_UNITS = ("atr", "pct", "points", "pips")
"""Units of a stop; not ``r``, which is a multiple of the stop distance itself."""
USUAL_UNITS = (*STOP_UNITS, "r")


class Distance(NamedTuple):
    """A distance from a price, such as ``atr:2``: read by ``barloom.rules.exits``.

    Attributes:
        units: the units it may have; ``peak`` is a part of the peak that a trailing stop follows.
        zero: an amount of 0 is allowed.
        none: the word ``none`` is allowed.
    """

    units: tuple[str, ...] = USUAL_UNITS
    zero: bool = False
    none: bool = True

    @property
    def distance(self) -> Distance:
        """The distances that a value of this kind may be."""
        return self


class Text(NamedTuple):
    """Text that is not a number, read by the rule that needs it.

    Attributes:
        what: what it names, for completion and for the rule that reads it; empty for any text.
        listed: a list between commas, which a TOML file may give as a list.
        none: the word ``none`` is a value of its own.
        distance: the distances it holds, None where it holds none.
    """

    what: str = ""
    listed: bool = False
    none: bool = False
    distance: Distance | None = None


class Number:
    """Reads a number within limits; any other text is refused in plain words."""

    none = False

    def __init__(
        self,
        *,
        whole: bool = False,
        at_least: float | None = None,
        above: float | None = None,
        at_most: float | None = None,
        auto: bool = False,
        unit: str | None = None,
    ) -> None:
        self.whole, self.at_least, self.above, self.at_most = whole, at_least, above, at_most
        self.auto, self.unit = auto, unit

    def __str__(self) -> str:
        limits = []
        if self.at_least is not None:
            limits.append(f"of at least {self.at_least:g}")
        if self.above is not None:
            limits.append(f"above {self.above:g}")
        if self.at_most is not None:
            limits.append(f"up to {self.at_most:g}")
        kind = "a whole number" if self.whole else "a number"
        other = ", or auto" if self.auto else f", or {self.unit}: and such a number" if self.unit else ""
        return " ".join([kind, " and ".join(limits)]).rstrip() + other

    def __call__(self, text: str) -> float | int | str | None:
        """The number; None for ``auto``, and the text unchanged for ``unit:number``, if these are allowed.

        Raises:
            argparse.ArgumentTypeError: anything else; one plain sentence.
        """
        if self.auto and text.strip().lower() == "auto":
            return None
        unit, colon, amount = text.strip().lower().partition(":")
        if colon and unit == self.unit:
            return f"{unit}:{self._number(amount, text)!r}"
        return self._number(text, text)

    @property
    def distance(self) -> Distance | None:
        """The distances allowed in place of a number."""
        return Distance((self.unit,), none=False) if self.unit else None

    def reads(self, value: object) -> bool:
        """True if a value of a TOML file has a type that can be read."""
        if isinstance(value, str):
            word = value.strip().lower()
            return (self.auto and word == "auto") or (self.unit is not None and word.startswith(f"{self.unit}:"))
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    def _number(self, text: str, said: str) -> float | int:
        """The number of ``text``; ``said`` is what was typed."""
        try:
            # int() and float() alone would also take 1_000 and digits of other scripts.
            if "_" in text or not text.isascii():
                raise ValueError
            value: float | int = int(text) if self.whole else float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{said}' is not {self}") from None
        if self.whole and abs(value) > LARGEST:
            raise argparse.ArgumentTypeError(f"'{said}' is not {self} that can be counted to: at most {LARGEST}")
        low = (self.at_least is not None and value < self.at_least) or (self.above is not None and value <= self.above)
        high = self.at_most is not None and value > self.at_most
        if low or high or not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{said} is not {self}")
        return value


class Read(NamedTuple):
    """Text that a function reads as soon as it is typed.

    Attributes:
        read: the function; it raises ``argparse.ArgumentTypeError``.
        listed: as in ``Text``.
        named: a name with a value, so that those of the file and of the command line are put together by name.
    """

    read: Callable[[str], Any]
    listed: bool = False
    named: bool = False
    none: bool = False
    distance: Distance | None = None

    def __call__(self, text: str) -> Any:
        """Result of the function for the text."""
        return self.read(text)


class Flag(NamedTuple):
    """An option without a value: given or not."""

    none: bool = False
    distance: Distance | None = None


Kind = Number | Distance | Text | Read | Flag


def pair(text: str) -> tuple[str, str]:
    """``name=value`` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name.strip(), value.strip()


def names(text: str) -> list[str]:
    """Names separated by commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names between commas")
    return found


FLAG = Flag()
TEXT = Text()
LOWER = Read(str.lower)
PAIR = Read(pair, named=True)
NAMES = Read(names, listed=True)

FILE, FOLDER, RUN, STRATEGY = Text("file"), Text("folder"), Text("run"), Text("strategy")
COLUMNS = Text("columns", listed=True)
CLOCK, SPAN, ZONE = Text("clock"), Text("span"), Text("zone")
LADDER = Text("ladder", listed=True, none=True, distance=Distance(none=False))

FRACTION = Number(above=0, at_most=1)
COUNT = Number(whole=True, at_least=1)
FROM_ZERO = Number(whole=True, at_least=0)
COUNT_OR_AUTO = Number(whole=True, at_least=1, auto=True)
AMOUNT = Number(at_least=0)
POSITIVE = Number(above=0)
PERCENT = Number(above=0, at_most=100)
FINITE = Number()
