"""``barloom completion``: the script that completes commands, options, strategies and files in a shell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import shtab

from barloom.cli import output
from barloom.cli._parser import build_parser
from barloom.options.kinds import Text
from barloom.strategies.registry import BUILT_IN

BASH_STRATEGIES = """\
_barloom_strategies() {
  compgen -W "%s" -- "$1"
  compgen -f -X '!*.py' -- "$1"
}
"""


def _offered(names: str) -> dict[str, Any]:
    """Completions offered for a value, by the kind of thing that it names."""
    return {
        "file": shtab.FILE,
        "folder": shtab.DIRECTORY,
        "run": shtab.DIRECTORY,
        "strategy": {"bash": "_barloom_strategies", "zsh": f"({names})"},
    }


def script(shell: str) -> str:
    """The completion script of ``bash`` or ``zsh``, made from the parser."""
    parser = build_parser()
    names = " ".join(BUILT_IN)
    offered = _offered(names)
    for command in parser.leaves():
        for action in command._actions:
            kind = command.rows[action.dest].kind if action.dest in command.rows else None
            if isinstance(kind, Text) and kind.what in offered:
                action.complete = offered[kind.what]  # type: ignore[attr-defined]
    text: str = shtab.complete(parser, shell, preamble=BASH_STRATEGIES % names if shell == "bash" else "")
    return text


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Print the script."""
    output.write(script(options.shell) + "\n")
    return 0
