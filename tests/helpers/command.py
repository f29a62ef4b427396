"""The command ``barloom`` as a process, the way a user runs it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import barloom
from barloom.cli.main import main
from helpers.waiting import PATIENCE

COMMAND = [sys.executable, "-m", "barloom"]


@dataclass(frozen=True)
class Refusal:
    """A command that ended with exit code 2: its words, its folder, and what it said."""

    words: list[str]
    folder: Path
    said: str


refusals: list[Refusal] = []
"""Those of the test that runs, oldest first; ``tests/conftest.py`` pastes their remedies when it ends."""


def environment(**changes: str) -> dict[str, str]:
    """Ours, with the barloom under test importable from any folder, and nothing that sets colours or widths."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    package = str(Path(barloom.__file__).parent.parent)
    return {**kept, "PYTHONPATH": package, "PYTHONIOENCODING": "utf-8", **changes}


def call(*words: object, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with stdin that is no terminal."""
    settings: dict[str, Any] = {"env": environment(), "stdin": subprocess.DEVNULL, "timeout": PATIENCE, **options}
    return subprocess.run(
        [*COMMAND, *map(str, words)], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False, **settings
    )


def ended_here(*words: object) -> tuple[int, str, str]:
    """As ``run_here``, and nobody asks about a refusal afterwards."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


def run_here(*words: object) -> tuple[int, str, str]:
    """Run the command in this process: its exit code, what it printed, and what it said on stderr."""
    folder = Path.cwd()
    code, out, err = ended_here(*words)
    if code == 2:
        refusals.append(Refusal([str(word) for word in words], folder, err))
    return code, out, err
