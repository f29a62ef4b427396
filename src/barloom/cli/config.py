"""Options of a command from a TOML file, read by the same rules as those of the command line."""

from __future__ import annotations

import argparse
import datetime
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from barloom.cli._command_parser import Parser
from barloom.errors import InputError, nearest
from barloom.options import Option, exclusive, options_of
from barloom.options.kinds import Number, Read, Text

_NOT_IN_A_FILE = {"config", "data_option"}


def _text(where: str, value: Any) -> str:
    """The text that a user would type for a value."""
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
    """The text of one value, or of several separated by commas."""
    return ",".join(_text(where, entry) for entry in value) if isinstance(value, list) else _text(where, value)


def _named(row: Option) -> bool:
    """True if an option is a set of names with values: those of the file and of the command line are merged, typed ones win."""
    return isinstance(row.kind, Read) and row.kind.named


def _words(where: str, row: Option, value: Any) -> list[str]:
    """The command-line words with the same meaning as an entry of the file.

    Raises:
        InputError: a value of the wrong type.
    """
    option = f"--{row.name}"
    if row.flag:
        if not isinstance(value, bool):
            raise InputError(f"{where} must be true or false, not {value!r}")
        return [option] if value else []
    if isinstance(row.kind, Number):
        if not row.kind.reads(value):
            raise InputError(f"{where} must be {row.kind}, not {value!r}")
        return [f"{option}={value}"]
    if isinstance(value, (dict, list)):
        entries = _texts(where, value, _listed if row.name == "grid" else _text)
        if row.many:
            return [f"{option}={entry}" for entry in entries]
        if isinstance(row.kind, (Text, Read)) and row.kind.listed:
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
    rows = {key: row for key, row in command.rows.items() if key not in _NOT_IN_A_FILE}
    words: list[str] = []
    seen: set[str] = set()
    for key, value in settings.items():
        name = key.replace("-", "_")
        if name not in rows:
            raise InputError(f"{path}: unknown option '{key}': {nearest(name, sorted(rows))}")
        if name in seen:
            raise InputError(f"{path}: '{key}' is given twice")
        seen.add(name)
        words += _words(f"{path}: {key}", rows[name], value)
    reader = _Reader(command, path)
    return vars(reader.read(words))


class _Reader:
    """Parses words with a parser; its errors name the file."""

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


def merged(typed: dict[str, Any], config: dict[str, Any], command: str = "run") -> dict[str, Any]:
    """The merged options; typed ones win, also over options that exclude them. Parameters and the grid are merged by name.

    Args:
        typed: the options of the command line.
        config: those of the file.
        command: whose options they are.

    Raises:
        InputError: two options that exclude each other, both typed or both in the file.
    """
    for group in exclusive(command):
        for origin in (typed, config):
            both = [name for name in group if name in origin][:2]
            if len(both) > 1:
                first, second = ("--" + name.replace("_", "-") if name != "data" else "DATA" for name in both)
                raise InputError(f"{first} and {second} exclude each other: give one of them")
        if any(name in typed for name in group):
            config = {name: value for name, value in config.items() if name not in group}
    together = {**config, **typed}
    for option in (row.key for row in options_of(command) if _named(row)):
        if option in together:
            mine = [_plain(name) for name, _ in typed.get(option, [])]
            kept = [pair for pair in config.get(option, []) if _plain(pair[0]) not in mine]
            together[option] = [*kept, *typed.get(option, [])]
    return together


def _plain(name: str) -> str:
    return name.replace("-", "_")
