"""The two questions of ``run`` at a terminal: which fraction of the data, and which portion of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from barloom.errors import InputError, sentence
from barloom.options.kinds import COUNT, FRACTION

RETRIES = 2
"""Times that a question is repeated after an invalid answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of the user, and the largest number of times that one question had to be repeated."""

    fraction: float
    portion: int
    retries: int


def at_terminal() -> bool:
    """True if a user can be asked: stdin and stderr are terminals."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def _ask(question: str, default: Any, read: Callable[[str], Any], answers: TextIO, out: TextIO) -> tuple[Any, int]:
    """The answer and the number of times that the question was repeated; Enter gives the default.

    Raises:
        InputError: the last answer could not be used either, or there was none.
    """
    for retries in range(RETRIES + 1):
        out.write(f"{question} [{default}]: ")
        out.flush()
        line = answers.readline()
        if not line:
            out.write("\n")
            raise InputError("no answer: nothing was started; give --data-frac, or --non-interactive for all the data")
        if not line.strip():
            return default, retries
        try:
            return read(line.strip()), retries
        except argparse.ArgumentTypeError as error:
            out.write(f"{sentence(str(error))}\n")
    raise InputError(f"{RETRIES + 1} answers that cannot be used: nothing was started; give --data-frac and --portion")


def ask_slice(portion: int | None, answers: TextIO | None = None, out: TextIO | None = None) -> Answers:
    """Ask for the fraction and, unless that is all the data or it is given, for the portion.

    Args:
        portion: the portion given with ``--portion``, None if it is to be asked.
        answers: where answers are read; None for stdin.
        out: where questions go; None for stderr, as stdout carries results.

    Raises:
        InputError: no usable answer after two more tries.
    """
    answers, out = answers or sys.stdin, out or sys.stderr
    fraction, retries = _ask("Fraction of the data to use, above 0 and up to 1", 1.0, FRACTION, answers, out)
    if portion is not None or fraction == 1.0:
        return Answers(fraction, portion or 1, retries)
    from barloom.bars.slicing import exact_fraction, portions

    count = portions(exact_fraction(fraction))

    def read(text: str) -> int:
        value = COUNT(text)
        if not isinstance(value, int) or value > count:
            raise argparse.ArgumentTypeError(f"{text} is not a portion from 1 to {count}")
        return value

    chosen, again = _ask(f"Portion, from 1 to {count}", 1, read, answers, out)
    return Answers(fraction, chosen, max(retries, again))
