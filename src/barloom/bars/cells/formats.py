"""Formats of times that a user gives with ``--time-format``: a template such as ``%d-%b-%y``, or a word for numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from barloom.bars.cells.moments import Grammar
from barloom.bars.cells.names import MONTH, WEEKDAY
from barloom.errors import InputError, nearest

WORDS = ("epoch", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "excel")
CLOCKS = {"%H": 2, "%H%M": 4, "%H%M%S": 6}
"""Formats of times of day in digits beside a column of dates."""
EXAMPLES = "give a template such as %d-%b-%y, %m/%d/%Y %I:%M %p or %Y%m%d%H, or one of " + ", ".join(WORDS)

# Directive -> pattern. Where digits follow digits at once each number has two, so that it has its place.
_DIRECTIVES = {
    "Y": rb"(?P<Y>\d{4})",
    "y": rb"(?P<y3>\d{2})",
    "m": rb"(?P<M>\d{1,2})",
    "d": rb"(?P<D>\d{1,2})",
    "H": rb"(?P<h>\d{1,2})",
    "I": rb"(?P<h>\d{1,2})",
    "M": rb"(?P<m>\d{1,2})",
    "S": rb"(?P<S>\d{1,2})",
    "f": rb"(?P<f>\d{1,9})",
    "p": rb"(?P<ap>[ap])\.?m\.?",
    "b": rb"(?P<mon3>" + MONTH + rb")\.?",
    "a": rb"(?P<weekday>" + WEEKDAY + rb")\.?",
    "z": rb"(?P<zone>z|(?:utc|gmt)?(?:(?P<sign>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2})))",
    "%": rb"%",
}
_SAME = {"B": "b", "A": "a", "e": "d", "h": "b"}


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """Format of times given by the user."""

    text: str
    word: str | None
    """One of ``WORDS``; None if the format is a template."""
    grammar: Grammar | None
    clock_digits: int = 0
    """Digits of a time of day in a column of its own, if that is all the format describes; else 0."""

    @classmethod
    def parse(cls, text: str) -> TimeFormat:
        """The format of ``--time-format``.

        Raises:
            InputError: it is no word and no template with a year, a month and a day.
        """
        given = text.strip()
        if given.lower() in WORDS:
            return cls(given.lower(), given.lower(), None)
        if "%" not in given:
            raise InputError(f"--time-format is '{text}': {nearest(given.lower(), WORDS)}; {EXAMPLES}")
        if given in CLOCKS:
            return cls(given, None, None, CLOCKS[given])
        return cls(given, None, Grammar(_pattern(given)))


def _pattern(template: str) -> bytes:
    parts: list[bytes] = []
    seen: set[str] = set()
    expanded = (
        template.replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%F", "%Y-%m-%d").replace("%D", "%m/%d/%y")
    )
    tokens = re.findall(r"%-?.|[^%]+|%", expanded)
    for at, token in enumerate(tokens):
        if not token.startswith("%") or token == "%":
            parts.append(re.sub(rb"(?:\\ )+", rb" +", re.escape(token.lower().encode())))
            continue
        name = _SAME.get(token[-1], token[-1])
        if name not in _DIRECTIVES:
            raise InputError(f"--time-format is '{template}' and has {token}, which is not known here: {EXAMPLES}")
        if name in seen and name not in "a%":
            raise InputError(f"--time-format is '{template}' and has {token} twice: {EXAMPLES}")
        seen.add(name)
        pattern = _DIRECTIVES[name]
        beside = (tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else "")
        if name != "f" and any(len(other) > 1 and other[0] == "%" and other[-1] in "YymdeHIMSf" for other in beside):
            pattern = pattern.replace(rb"\d{1,2}", rb"\d{2}")
        parts.append(pattern)
    if not {"d"} <= seen or not seen & {"Y", "y"} or not seen & {"m", "b"}:
        raise InputError(f"--time-format is '{template}' and lacks a year, a month or a day: {EXAMPLES}")
    return b"".join(parts)


__all__ = ["WORDS", "TimeFormat"]
