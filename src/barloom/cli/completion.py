"""``barloom completion``: the script that completes commands, options, strategies and files in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import shtab

from barloom.cli import output
from barloom.cli._parser import build_parser
from barloom.cli._parser_words import Parser
from barloom.strategies.registry import BUILT_IN

FILES = {"DATA", "FILE", "FILE.toml", "STORE", "PATH"}
FOLDERS = {"DIR", "RUN"}
BASH_STRATEGIES = """\
_barloom_strategies() {
  compgen -W "%s" -- "$1"
  compgen -f -X '!*.py' -- "$1"
}
"""


def _actions(parser: Parser) -> Iterator[argparse.Action]:
    """Every argument of the parser and of the commands under it."""
    yield from parser._actions
    for below in parser.subcommands.values():
        yield from _actions(below)


def script(shell: str) -> str:
    """The completion script of ``bash`` or ``zsh``, made from the parser."""
    parser = build_parser()
    names = " ".join(BUILT_IN)
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.dest in ("strategy", "name"):
            action.complete = {"bash": "_barloom_strategies", "zsh": f"({names})"}  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell, preamble=BASH_STRATEGIES % names if shell == "bash" else "")
    return text


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Print the script."""
    output.write(script(options.shell) + "\n")
    return 0
