"""The guides leave nothing out: every option and name of execution, and every option that sweeps have beside those of a run.

The examples of the help, which the manual page and the site show too, are commands there are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from barloom.cli._parser import build_parser
from barloom.engine.trades import COLUMNS, REASONS, REFUSALS
from barloom.rules.fills import INTRABAR, PRESETS
from barloom.rules.positions import POSITIONS
from helpers.pages import ROOT

NOT_EXECUTION = ("data", "how the work is done (never changes a result)", "output", "options", "messages")
OF_THE_BARS = {"--ask", "--spread-column", "--fine"}
EXPLAINED_ELSEWHERE = {"--strategy", "--param", "--direction", "--balance", "--stop", "--target"}
OF_SWEEPS = ("parameter sets", "ranking", "windows")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def options(command: str, *titles: str, but: Iterable[str] = ()) -> set[str]:
    """The options of a command in the groups of these titles, or in all groups but some."""
    groups = build_parser().subcommands[command]._action_groups
    kept = [group for group in groups if (group.title in titles if titles else group.title not in but)]
    return {option for group in kept for action in group._group_actions for option in action.option_strings}


def test_every_option_of_execution_is_in_its_guide() -> None:
    found = options("run", but=NOT_EXECUTION) - EXPLAINED_ELSEWHERE | OF_THE_BARS
    assert len(found) > 20 and {option for option in found if option not in page("execution.md")} == set()


@pytest.mark.parametrize("names", [INTRABAR, PRESETS, POSITIONS, COLUMNS, REASONS.values(), REFUSALS.values()])
def test_every_name_of_execution_is_in_its_guide(names: Iterable[str]) -> None:
    assert [name for name in names if f"`{name}`" not in page("execution.md")] == []


@pytest.mark.parametrize("command", ["sweep", "walk-forward"])
def test_every_option_of_sweeps_is_in_their_guide(command: str) -> None:
    found = options(command, *OF_SWEEPS)
    assert len(found) > 3 and {option for option in found if option not in page("sweeps.md")} == set()


def examples(parser: Any) -> Iterator[str]:
    """The commands that a parser and those below it give as examples, without what takes their output."""
    for line in re.findall(r"^ *(barloom .+)$", parser.epilog or "", re.MULTILINE):
        yield re.split(r" [|>] |  ", line)[0]
    for command in parser.subcommands.values():
        yield from examples(command)


def test_the_examples_of_the_help_are_commands() -> None:
    parser = build_parser()
    found = list(examples(parser))
    assert len(found) > 20
    for example in found:
        parser.parse_args(shlex.split(example)[1:])
