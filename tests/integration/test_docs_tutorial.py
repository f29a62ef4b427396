"""The tutorial does what it says: its commands and programs run in order, and print the lines it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.bar_files import write_market
from helpers.command import environment

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\w+\.py)\n")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page in order, each with its language."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def settings_in(folder: Path) -> dict[str, str]:
    """Those of a shell in which ``barloom`` is the one under test."""
    program = folder / "bin" / "barloom"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m barloom "$@"\n')
    program.chmod(0o755)
    return environment(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def done(words: list[str], folder: Path, settings: dict[str, str]) -> str:
    """What a program prints, which must end well."""
    ended = subprocess.run(
        words, cwd=folder, env=settings, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=120, check=False
    )  # fmt: skip
    assert ended.returncode == 0, f"{words}\n{ended.stderr}"
    return ended.stdout


@pytest.mark.skipif(os.name != "posix", reason="the commands are a shell's")
def test_the_tutorial_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    ran = shown = 0
    before, printed = "", ""
    for language, text in blocks(ROOT / "docs" / "tutorial.md"):
        if language == "console":
            printed = done(["sh", "-ec", text], tmp_path, settings)
            ran += 1
        elif language == "text" and before == "console":
            lines = {line.rstrip() for line in printed.splitlines()}
            assert [line for line in text.splitlines() if line not in lines] == [], printed
            shown += 1
        elif language == "python":
            named = NAMED.match(text)
            (tmp_path / (named[1] if named else "shown.py")).write_text(text, encoding="utf-8")
            if not named:
                assert done([sys.executable, "shown.py"], tmp_path, settings)
        before = language
    assert ran >= 8 and shown >= 5 and (tmp_path / "breakout.py").exists() and (tmp_path / "shown.py").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/strategies.md"])
def test_the_first_program_of_a_page_runs(tmp_path: Path, page: str) -> None:
    """The README's on a file of bars; the strategy of the guide as one."""
    write_market(tmp_path, 20_000)
    text = next(text for language, text in blocks(ROOT / page) if language == "python")
    named = NAMED.match(text)
    program = tmp_path / (named[1] if named else "shown.py")
    if "walk_forward" in text:  # two weeks of bars are here, not years
        text = text.replace('train="2y", test="6m"', 'train="5d", test="3d"')
    program.write_text(text, encoding="utf-8")
    settings = environment()
    if named:
        words = [
            sys.executable,
            "-m",
            "barloom",
            "run",
            "EURUSD.csv",
            "--strategy",
            f"{named[1]}:Breakout",
            "--out",
            "out",
        ]
        assert "breakout" in done(words, tmp_path, settings)
    else:
        done([sys.executable, program.name], tmp_path, settings)
