"""The command ``barloom`` as a process, the way a user runs it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import barloom
from barloom.cli.main import main
from helpers.waiting import PATIENCE

COMMAND = [sys.executable, "-m", "barloom"]


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


def run_here(*words: object) -> tuple[int, str, str]:
    """Run the command in this process: its exit code, what it printed, and what it said on stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()
