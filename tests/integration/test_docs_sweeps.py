"""The guide to sweeps: its commands run as they stand over real bars, and it names every option."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from barloom.cli._parser import build_parser
from helpers.command import environment

PAGE = Path(__file__).parents[2] / "docs" / "sweeps.md"
GROUPS = ("parameter sets", "ranking", "windows")
BARS = [f"bitfinex_BTCUSD_1m_{year}.csv.gz" for year in (2015, 2016)]


def commands():
    """The lines of every fence that is marked as a console's, in order."""
    for fence in re.findall(r"^```console\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield from (line for line in fence.splitlines() if line.strip())


@pytest.mark.real_data
@pytest.mark.skipif("BARLOOM_DATA" not in os.environ, reason="BARLOOM_DATA names no folder")
@pytest.mark.skipif(os.name != "posix", reason="the guide's commands are a shell's")
def test_the_commands_of_the_page_run_in_order(tmp_path):
    for name in BARS:
        shutil.copy(Path(os.environ["BARLOOM_DATA"]) / name, tmp_path)
    program = tmp_path / "bin" / "barloom"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m barloom "$@"\n')
    program.chmod(0o755)
    settings = environment(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    lines = list(commands())
    assert len(lines) >= 5
    for line in lines:
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env=settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0 and done.stdout, f"{line}\n{done.stderr}"
    assert list(tmp_path.glob("results/sweeps/*/sweep.json")) and list(tmp_path.glob("results/walk-forward/*/*.json"))


def test_every_option_that_sweeps_have_beside_those_of_a_run_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for command in ("sweep", "walk-forward"):
        for group in build_parser().subcommands[command]._action_groups:
            if group.title in GROUPS:
                options = [text for action in group._group_actions for text in action.option_strings]
                assert [text for text in options if text not in page] == []
