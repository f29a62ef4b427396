"""The guides leave nothing out: every option and name of execution, and every option that sweeps have beside those of a run.

The examples of the help, which the manual page and the site show too, are commands there are. Every public name is on the page of Python.
"""

from __future__ import annotations

import pkgutil
import re
import runpy
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

import barloom as bl
from barloom import indicators
from barloom.cli._parser import build_parser
from barloom.engine.trades import COLUMNS, REASONS, REFUSALS
from barloom.options import RULES, options_of
from barloom.rules.fills import INTRABAR, PRESETS
from barloom.rules.positions import POSITIONS
from helpers.pages import PAGES, ROOT

OF_THE_BARS = {"--ask", "--spread-column", "--fine"}
DESCRIBED = re.compile(r"^::: (\S+)$", re.MULTILINE)
"""Things that a page takes from a docstring, by its dotted name."""
EXPLAINED_ELSEWHERE = {"--strategy", "--param", "--direction", "--balance", "--stop", "--target"}
OF_SWEEPS = ("parameter sets", "ranking", "windows")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def options(command: str, *groups: str) -> set[str]:
    """The options of a command in some groups."""
    return {row.typed for row in options_of(command) if row.group in groups}


def test_every_option_of_execution_is_in_its_guide() -> None:
    found = {row.typed for row in RULES} - EXPLAINED_ELSEWHERE | OF_THE_BARS
    assert len(found) > 20 and {option for option in found if option not in page("execution.md")} == set()


@pytest.mark.parametrize("names", [INTRABAR, PRESETS, POSITIONS, COLUMNS, REASONS.values(), REFUSALS.values()])
def test_every_name_of_execution_is_in_its_guide(names: Iterable[str]) -> None:
    assert [name for name in names if f"`{name}`" not in page("execution.md")] == []


@pytest.mark.parametrize("command", ["sweep", "walk-forward"])
def test_every_option_of_sweeps_is_in_their_guide(command: str) -> None:
    found = options(command, *OF_SWEEPS)
    assert len(found) > 3 and {option for option in found if option not in page("sweeps.md")} == set()


def test_every_indicator_is_in_the_guide_to_strategies() -> None:
    found = [name for name in indicators.__all__ if name[0].islower()]
    assert len(found) > 10 and [name for name in found if f"`{name}(" not in page("strategies.md")] == []


def examples(parser: Any) -> Iterator[str]:
    """The commands that a parser and those below it give as examples, without what takes their output."""
    for line in parser.command.examples:
        yield re.split(r" [|>] |  ", line)[0]
    for command in parser.subcommands.values():
        yield from examples(command)


def test_the_reference_page_is_what_the_table_of_options_makes() -> None:
    """``python tools/options.py`` writes it anew."""
    assert page("options.md") == runpy.run_path(str(ROOT / "tools" / "options.py"))["page"]()


def test_the_examples_of_the_help_are_commands() -> None:
    parser = build_parser()
    found = list(examples(parser))
    assert len(found) > 20
    for example in found:
        parser.parse_args(shlex.split(example)[1:])


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_takes_from_docstrings_is_there(name: str) -> None:
    """``mkdocs`` builds no page that names what is gone."""
    for path in DESCRIBED.findall((ROOT / name).read_text(encoding="utf-8")):
        assert pkgutil.resolve_name(path).__doc__, path


def test_every_public_name_is_on_the_page_of_python() -> None:
    found = {path.rpartition(".")[2] for path in DESCRIBED.findall(page("python.md"))}
    found |= set(re.search(r"members: \[(.*)\]", page("python.md"))[1].split(", "))  # type: ignore[index]
    assert {*bl.__all__, *indicators.__all__} <= found
    assert [name for name in bl.__all__ if f"`{name}`" not in page("public.md")] == []


def test_the_glossary_is_in_order() -> None:
    words = [line.split(" | ")[0].removeprefix("| ") for line in page("glossary.md").splitlines() if line[:2] == "| "]
    assert len(words) > 40 and words[2:] == sorted(words[2:], key=str.casefold)
