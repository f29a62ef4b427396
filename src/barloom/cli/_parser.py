"""The argparse parser of the command line, made from the table in ``barloom.options``. Standard library only.

Options of a run, a sweep or a walk-forward are absent (``SUPPRESS``) when they are not typed: they can come from ``--config``, and their
defaults are those of the models.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any, NoReturn

from barloom.cli._command_parser import Parser
from barloom.options import COMMANDS, MESSAGES, PROGRAM, READING, Command, Option, options_of
from barloom.options.kinds import Distance, Flag, Text

ABSENT = {row.group for row in (*READING, *MESSAGES)}
"""Groups whose options have no default: they are absent unless typed."""


class Version(argparse.Action):
    """Prints the version."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None
    ) -> NoReturn:
        """Print the version and exit."""
        from barloom import __version__

        print(f"barloom {__version__}")
        parser.exit(0)


def build_parser(words: Collection[str] | None = None) -> Parser:
    """The parser of the whole command line.

    Args:
        words: what was typed: only the command that it names gets its options, which is all that is needed to read it. None for all.
    """
    parser = Parser(prog="barloom", command=PROGRAM)
    parser.add_argument("--version", nargs=0, dest=argparse.SUPPRESS, action=Version, help="show the version and leave")
    within = {"": parser.commands("command")}
    parents = {command.words[0] for command in COMMANDS if len(command.words) > 1}
    for command in COMMANDS:
        *above, name = command.words
        made = within[" ".join(above)].add_parser(name, help=command.summary, command=command)
        if command.name in parents:
            within[command.name] = made.commands("action")
        elif words is None or all(word in words for word in command.words):
            _fill(made, command)
    return parser


def _fill(parser: Parser, command: Command) -> None:
    """Add its options to a command."""
    groups: dict[str, argparse._ActionsContainer] = {"": parser}
    for row in options_of(command.name):
        if row.group not in groups:
            groups[row.group] = parser.add_argument_group(row.group)
        absent = command.job or row.group in ABSENT
        groups[row.group].add_argument(*_names(row), **_settings(row, absent))
        parser.rows[row.key] = row


def _names(row: Option) -> list[str]:
    """The names under which argparse knows an option; for an argument, its name in the program."""
    if row.argument:
        return [row.key]
    return [f"-{row.short}", f"--{row.name}"] if row.short else [f"--{row.name}"]


def _settings(row: Option, absent: bool) -> dict[str, Any]:
    """Arguments for argparse that describe an option."""
    settings: dict[str, Any] = {
        "help": row.told.replace("%", "%%"),
        "default": argparse.SUPPRESS if absent else row.default,
    }
    if row.argument:
        if row.many:
            settings["nargs"] = "+" if row.required else "*"
    else:
        settings |= {"dest": row.key, "required": row.required}
    if isinstance(row.kind, Flag):
        return {**settings, "action": "store_true"}
    if not isinstance(row.kind, (Text, Distance)):
        settings["type"] = row.kind
    if row.choices:
        settings["choices"] = row.choices
    if row.metavar:
        settings["metavar"] = row.metavar
    if row.many and not row.argument:
        settings["action"] = "append"
    return settings
