"""Text of ``--help`` and ``--help-all``: examples first, then the options a trader sets, or every option. Standard library only."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from barloom.cli._command_parser import Parser

DOCUMENTATION = "docs/tutorial.md"
WIDTH = 80
INDENT = "  "


class Help(argparse.Action):
    """Prints the help: the short one, or all of it."""

    def __init__(self, option_strings: Sequence[str], dest: str, whole: bool, help: str) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=help)
        self.whole = whole

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> NoReturn:
        """Print the help and exit."""
        print(parser.format_help() if self.whole else short_help(parser), end="")
        sys.exit(0)


def usage(parser: Parser) -> str:
    """The command and its arguments in one line."""
    words = [f"{row.metavar}{'...' if row.many else ''}" for row in parser.rows.values() if row.argument]
    required = [f"{row.typed} {row.metavar}" for row in parser.rows.values() if row.required and not row.argument]
    return " ".join([parser.prog, *(["COMMAND"] if parser.subcommands else []), *words, *required, "[OPTIONS]"])


def short_help(parser: Parser) -> str:
    """The help of one screen."""
    command = parser.command
    basic = {row.key for row in parser.rows.values() if row.is_basic(command.name)}
    actions = [action for action in parser._actions if action.dest in basic]
    title = "common options" if command.job else "arguments and options"
    listed = [
        _listed(parser, "commands", _commands(parser)),
        _listed(parser, title, sorted(actions, key=lambda action: bool(action.option_strings))),
    ]
    return _joined(parser, command.examples[: command.basic], listed, left_out=len(basic) < len(parser.rows))


def long_help(parser: Parser) -> str:
    """The help with every option, group by group; the help options come last."""
    titles = {"positional arguments": "arguments", "options": "help" if parser.command.job else "options"}
    groups = [group for group in parser._action_groups if group.title != "commands"]
    listed = [
        _listed(parser, titles.get(str(group.title), str(group.title)), group._group_actions)
        for group in sorted(groups, key=lambda group: parser.command.job and group.title == "options")
    ]
    return _joined(
        parser, parser.command.examples, [_listed(parser, "commands", _commands(parser)), *listed], left_out=False
    )


def _joined(parser: Parser, examples: Sequence[str], listed: Sequence[str], *, left_out: bool) -> str:
    """Help in order: usage, description, examples, options, notes, further reading."""
    command = parser.command
    parts = [f"usage: {usage(parser)}", textwrap.fill(command.description, WIDTH), _examples(examples), *listed]
    parts += [textwrap.fill(command.notes, WIDTH), _more(parser, left_out)]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _examples(lines: Sequence[str]) -> str:
    """The examples under their heading; empty if there are none."""
    if not lines:
        return ""
    return "\n".join(["examples:" if len(lines) > 1 else "example:", *(INDENT + line for line in lines)])


def _commands(parser: Parser) -> list[argparse.Action]:
    """The commands below a parser, as argparse lists them."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [one for action in groups for one in action._choices_actions]


def _listed(parser: Parser, title: str, actions: Iterable[argparse.Action]) -> str:
    """Options and their descriptions under a heading; empty if there are none."""
    formatter = parser._get_formatter()
    formatter.start_section(title)
    formatter.add_arguments(actions)
    formatter.end_section()
    return formatter.format_help()


def _more(parser: Parser, left_out: bool) -> str:
    """Links for further reading."""
    said = []
    if parser.subcommands:
        said.append(f"One command: {parser.prog} COMMAND --help")
    elif left_out:
        said.append(f"All options: {parser.prog} --help-all")
    said.append(f"Guide: {parser.command.guide or DOCUMENTATION}")
    return "    ".join(said)
