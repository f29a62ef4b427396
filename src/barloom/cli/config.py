"""Options of a command from a TOML file, read by the same rules as those of the command line."""

from __future__ import annotations

import argparse
import datetime
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from barloom.cli._parser import EXCLUSIVE
from barloom.cli._parser_words import Number, Parser
from barloom.errors import InputError, nearest

_NOT_IN_A_FILE = {"help", "config", "data_option"}
_LISTS = {"columns", "ignore_columns", "ladder", "heat_map"}
"""Options whose text is a list between commas, which a file may give as a list."""
_BY_NAME = ("param", "grid")
"""Repeatable options of names and values: those of the file and of the command line are put together, and what was typed wins."""


def _text(where: str, value: Any) -> str:
    """The text one would type for a value."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InputError(f"{where} cannot be {value!r}: give a text or a number")


def _texts(where: str, value: dict[str, Any] | list[Any], text: Callable[[str, Any], str]) -> list[str]:
    """The entries of a table as ``name=value``, or those of a list as they are."""
    if isinstance(value, dict):
        return [f"{name}={text(f'{where}.{name}', entry)}" for name, entry in value.items()]
    return [_text(where, entry) for entry in value]


def _listed(where: str, value: Any) -> str:
    """The text of one value, or of several between commas."""
    return ",".join(_text(where, entry) for entry in value) if isinstance(value, list) else _text(where, value)


def _words(where: str, action: argparse.Action, value: Any) -> list[str]:
    """The command-line words that say what an entry of the file says.

    Raises:
        InputError: a value of the wrong type.
    """
    option = next((text for text in action.option_strings if text.startswith("--")), "--data")
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise InputError(f"{where} must be true or false, not {value!r}")
        return [option] if value else []
    if isinstance(action.type, Number):
        if not action.type.reads(value):
            raise InputError(f"{where} must be {action.type}, not {value!r}")
        return [f"{option}={value}"]
    if isinstance(value, (dict, list)):
        entries = _texts(where, value, _listed if action.dest == "grid" else _text)
        if action.dest in (*_BY_NAME, "data", "where"):
            return [f"{option}={entry}" for entry in entries]
        if action.dest in _LISTS:
            return [f"{option}={','.join(entries)}"]
        raise InputError(f"{where} must be one value, not {value!r}")
    if isinstance(value, (int, float)):
        raise InputError(f'{where} must be a text in quotes, not {value!r}: write "{value}"')
    return [f"{option}={_text(where, value)}"]


def read_config(path: str, command: Parser) -> dict[str, Any]:
    """The options that a file sets, by their names in the parser.

    Args:
        path: a TOML file; its keys are option names, with ``-`` or ``_``.
        command: the parser of the command.

    Raises:
        InputError: no such file, no TOML, an unknown key, or a value the option would refuse.
    """
    try:
        settings = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        raise InputError(f"--config {path}: {error.strerror or error}; name a readable TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--config {path} is not TOML: {error}") from None
    actions = {action.dest: action for action in command._actions if action.dest not in _NOT_IN_A_FILE}
    words: list[str] = []
    seen: set[str] = set()
    for key, value in settings.items():
        name = key.replace("-", "_")
        if name not in actions:
            raise InputError(f"{path}: unknown option '{key}': {nearest(name, sorted(actions))}")
        if name in seen:
            raise InputError(f"{path}: '{key}' is given twice")
        seen.add(name)
        words += _words(f"{path}: {key}", actions[name], value)
    reader = _Reader(command, path)
    return vars(reader.read(words))


class _Reader:
    """Parses words with a parser, with the file named in what goes wrong."""

    def __init__(self, command: Parser, path: str) -> None:
        self._command, self._path = command, path

    def read(self, words: list[str]) -> argparse.Namespace:
        def refuse(message: str) -> None:
            raise InputError(f"{self._path}: {message.removeprefix('argument ')}")

        self._command.error = refuse  # type: ignore[method-assign, assignment]
        try:
            found = self._command.parse_args(words)
        finally:
            del self._command.error
        data = getattr(found, "data_option", None)
        if data is not None:
            found.data = data
            del found.data_option
        assert isinstance(found, argparse.Namespace)
        return found


def merged(typed: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The options of both; what was typed wins, also over what excludes it. Parameters and the grid are merged by name.

    Raises:
        InputError: two options that exclude each other, both typed or both in the file.
    """
    for group in EXCLUSIVE:
        for origin in (typed, config):
            both = [name for name in group if _excludes(name, origin)][:2]
            if len(both) > 1:
                first, second = ("--" + name.replace("_", "-") if name != "data" else "DATA" for name in both)
                raise InputError(f"{first} and {second} exclude each other: give one of them")
        if any(_excludes(name, typed) for name in group):
            config = {name: value for name, value in config.items() if name not in group or not _excludes(name, config)}
    together = {**config, **typed}
    for option in _BY_NAME:
        if option in together:
            mine = [_plain(name) for name, _ in typed.get(option, [])]
            kept = [pair for pair in config.get(option, []) if _plain(pair[0]) not in mine]
            together[option] = [*kept, *typed.get(option, [])]
    return together


def _excludes(name: str, options: dict[str, Any]) -> bool:
    """Whether an option is given; ``--sample`` with a number is that of a sweep and excludes nothing."""
    return name in options and not (name == "sample" and not isinstance(options[name], bool))


def _plain(name: str) -> str:
    return name.replace("-", "_")
