"""One table of every option: the parser, the models, grids, messages, completion, manual pages and the reference page are made of it.

Standard library only, as the manual pages are made before there are compiled modules. An option is a row in the file of its group:
``rules`` (what shapes a trade), ``data`` (which bars), ``sets`` (sweeps), ``work`` (speed, output, messages), ``others`` and ``bench``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from barloom.options.bench import BENCH
from barloom.options.commands import COMMANDS, PROGRAM
from barloom.options.data import DATA, READING
from barloom.options.kinds import Distance
from barloom.options.option import Command, Option
from barloom.options.others import FORMATS, OTHERS
from barloom.options.rules import RULES
from barloom.options.sets import SETS
from barloom.options.work import MESSAGES, OUTPUT, WORK

TABLE = (*SETS, *RULES, *DATA, *READING, *WORK, *OUTPUT, *OTHERS, *BENCH, *FORMATS)
"""Every option, in the order of the help; those of ``MESSAGES`` belong to every command."""

__all__ = [
    "COMMANDS",
    "MESSAGES",
    "PROGRAM",
    "READING",
    "RULES",
    "TABLE",
    "Command",
    "Option",
    "choices",
    "default",
    "distance",
    "exclusive",
    "option",
    "options_of",
    "reading_keys",
]


@cache
def options_of(command: str) -> tuple[Option, ...]:
    """The options of a command, in the order of the help."""
    return (*(row for row in TABLE if command in row.commands), *MESSAGES)


@cache
def option(key: str, command: str = "run") -> Option:
    """The option of a command that the program calls so: ``option("max_hold")``.

    Raises:
        KeyError: there is none.
    """
    for row in options_of(command):
        if row.key == key:
            return row
    raise KeyError(f"{command} has no option {key}")


def choices(key: str, command: str = "run") -> tuple[str, ...]:
    """The words that an option takes."""
    return option(key, command).choices


def default(key: str, command: str = "run") -> Any:
    """The value of an option that is not given."""
    return option(key, command).default


@cache
def distance(name: str) -> Distance:
    """The distances that an option takes, by its name; the usual ones for any other name."""
    return next((row.kind.distance for row in RULES if row.name == name), None) or Distance()


def reading_keys(command: str) -> tuple[str, ...]:
    """The options of a command that say how files are read."""
    return tuple(row.key for row in READING if command in row.commands)


def exclusive(command: str) -> tuple[tuple[str, ...], ...]:
    """The options of a command of which only one can be given."""
    groups: dict[str, list[str]] = {}
    for row in options_of(command):
        if row.one_of:
            groups.setdefault(row.one_of, []).append(row.key)
    return tuple(map(tuple, groups.values()))
