"""A parser that refuses in one sentence, with the nearest name after a typing error, and whose help is short until more is asked for.

Standard library only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from barloom.cli._help import Help, long_help, short_help, usage
from barloom.errors import hint, sentence
from barloom.options import Command, Option


class Parser(argparse.ArgumentParser):
    """An argparse parser of one command.

    Attributes:
        command: what its help says.
        rows: its options, by what the program calls them.
        subcommands: the parsers of the commands below it.
    """

    def __init__(self, command: Command, **settings: Any) -> None:
        super().__init__(
            description=command.description,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **settings,
        )
        self.command = command
        self.rows: dict[str, Option] = {}
        self.subcommands: dict[str, Parser] = {}
        self._below = ""
        self._typed: Sequence[str] = ()
        self.add_argument("-h", "--help", action=Help, whole=False, help="show the common options and leave")
        self.add_argument("--help-all", action=Help, whole=True, help="show every option and leave")

    def format_help(self) -> str:
        """Text of the help with every option."""
        return long_help(self)

    def format_usage(self) -> str:
        """The line that shows how to type the command."""
        return f"usage: {usage(self)}\n"

    def error(self, message: str) -> NoReturn:
        """Print the fault in one sentence and exit with 2."""
        if message.startswith("the following arguments are required"):
            self._refuse_unknown([word for word in self._typed if self._unknown(word)])
        self.exit(2, f"barloom: error: {sentence(message.removeprefix('argument '))} (see '{self.prog} --help')\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = hint(str(value), known)
            said = f"'{value}' is not known: {near + ' ' if near else ''}choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, said)

    def commands(self, dest: str) -> Any:
        """The sub-parsers action, whose parsers are kept in ``subcommands``."""
        action = self.add_subparsers(dest=dest, metavar="COMMAND", title="commands")
        self._below = dest
        self.subcommands = action.choices
        return action

    def leaf(self, words: Sequence[str]) -> Parser:
        """The parser of the sub-command named by the words, as far as they name one."""
        parser = self
        for word in words:
            if word in parser.subcommands:
                parser = parser.subcommands[word]
        return parser

    def leaves(self) -> list[Parser]:
        """The parsers of all commands without sub-commands."""
        return [leaf for each in self.subcommands.values() for leaf in each.leaves()] or [self]

    def options(self) -> list[str]:
        """The long options of this parser."""
        return [text for text in self._option_string_actions if text.startswith("--")]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, but refuse an unknown option first, with the nearest known one, before anything missing.

        Where no command is named, the short help is printed.
        """
        words = list(sys.argv[1:] if args is None else args)
        leaf = self.leaf(words)
        leaf._typed = words
        found, extra = self.parse_known_args(words, namespace)
        if extra:
            leaf._refuse_unknown(extra)
            leaf.error(f"unexpected argument '{extra[0]}'")
        if leaf.subcommands and getattr(found, leaf._below, None) is None:
            print(short_help(leaf), end="")
            leaf.exit(0)
        return found

    def _refuse_unknown(self, words: Sequence[str]) -> None:
        """Refuse the first of the words that looks like an option."""
        unknown = next((text for text in words if text.startswith("-") and len(text) > 1), None)
        if unknown is not None:
            name = unknown.partition("=")[0]
            self._typed = ()
            self.error(f"unknown option '{name}': {hint(name, self.options())}".removesuffix(": "))

    def _unknown(self, word: str) -> bool:
        """Check if a word is written as an option but is not a known one."""
        return word.startswith("--") and " " not in word and word.partition("=")[0] not in {"--", *self.options()}
