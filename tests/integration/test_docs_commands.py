"""The user's guide to execution: its commands run as they stand, and it leaves nothing out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from barloom.cli._parser import build_parser
from barloom.execution.fills import INTRABAR, PRESETS
from barloom.execution.positions import POSITIONS
from barloom.execution.trades import COLUMNS, REASONS, REFUSALS
from helpers.bar_files import write_market
from helpers.command import environment

PAGE = Path(__file__).parents[2] / "docs" / "execution.md"
ROWS = 8_000
NOT_EXECUTION = ("data", "how the work is done (never changes a result)", "output", "options", "messages")
OF_THE_BARS = ("--ask", "--spread-column", "--fine")


def blocks(text):
    """The commands of the page, in order: the lines of every fence that is marked as a shell's."""
    for fence in re.findall(r"^```(?:console|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from (line for line in fence.splitlines() if line.strip())


COMMANDS = list(blocks(PAGE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A folder with the bars the page speaks of, where ``barloom`` is the one under test."""
    folder = tmp_path_factory.mktemp("guide")
    write_market(folder, ROWS, 7)
    program = tmp_path_factory.mktemp("bin") / "barloom"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m barloom "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"

    def run(command):
        settings = {"cwd": folder, "env": environment(PATH=path), "stdin": subprocess.DEVNULL, "timeout": 120}
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, **settings)

    return run


@pytest.mark.skipif(os.name != "posix", reason="the guide's commands are a shell's")
def test_the_commands_of_the_page_run_in_order(shell):
    assert len(COMMANDS) > 10
    for command in COMMANDS:
        done = shell(command)
        assert done.returncode == 0 and done.stdout, f"{command}\n{done.stderr}"


def test_every_option_of_execution_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    groups = build_parser().subcommands["run"]._action_groups
    options = {
        option
        for group in groups
        if group.title not in NOT_EXECUTION
        for action in group._group_actions
        for option in action.option_strings
    }
    options -= {"--strategy", "--param", "--direction", "--balance", "--stop", "--target"}
    assert {option for option in (*options, *OF_THE_BARS) if option not in page} == set()


@pytest.mark.parametrize("names", [INTRABAR, PRESETS, POSITIONS, COLUMNS, REASONS.values(), REFUSALS.values()])
def test_every_name_of_execution_is_on_the_page(names):
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []
