"""A copy of the tree in which a recipe of CONTRIBUTING is followed, and the commands that show what came of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from barloom._native import indicators
from helpers.pages import ROOT

COPIED = ("src/barloom", "cython_ext", "tools", "docs", "tests", "setup.py", "pyproject.toml", "README.md", "LICENSE")
MOST_LINES = 10


def recipe(heading: str) -> list[str]:
    """The lines of a recipe of CONTRIBUTING, by its heading."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section is not None, f"CONTRIBUTING has no recipe '{heading}'"
    return section[1].strip().splitlines()


class Tree:
    """A copy of the tree, with the compiled modules of the package under test.

    Args:
        folder: where it goes; empty.
        headings: of the recipe that is followed, which has to name every file that is touched, and of one it sends its reader to.
    """

    def __init__(self, folder: Path, *headings: str) -> None:
        self.folder = folder
        self.touched: set[str] = set()
        self.recipe = [line for heading in headings for line in recipe(heading)]
        for name in COPIED:
            where = folder / name
            where.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, where, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
            else:
                shutil.copy(ROOT / name, where)
        assert indicators.__file__ is not None
        for module in Path(indicators.__file__).parent.glob("*.*"):
            if module.suffix in (".so", ".pyd"):
                shutil.copy(module, folder / "src/barloom/_native")

        self.barloom("data", "generate", "--rows", "60000", "--out", "bars.parquet")

    def _touch(self, name: str) -> Path:
        named = any(self._names(word, name) for word in re.findall(r"`([^`]+)`", "\n".join(self.recipe)))
        assert named, f"the recipe touches {name} without naming it"
        self.touched.add(name)
        return self.folder / name

    @staticmethod
    def _names(word: str, file: str) -> bool:
        """True if a word of the recipe names a file, or the folder that a new one goes into."""
        return word in (file, os.path.basename(file), os.path.dirname(file) + "/")

    def add(self, name: str, text: str) -> None:
        """Write a new file."""
        path = self._touch(name)
        assert not path.exists()
        path.write_text(text, encoding="utf-8")

    def after(self, name: str, anchor: str, text: str) -> None:
        """Write lines behind the only line that holds ``anchor``."""
        path = self._touch(name)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = [k for k, line in enumerate(lines) if anchor in line]
        lines.insert(at + 1, text)
        path.write_text("".join(lines), encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Write ``new`` where ``old`` stands, which is there once."""
        path = self._touch(name)
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def python(self, *words: str) -> str:
        """Output of Python in the copy, which must end well."""
        kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(self.folder / "src"), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def barloom(self, *words: str) -> str:
        """Output of a command."""
        return self.python("-m", "barloom", *words)

    def document(self, *words: str) -> Any:
        """JSON that a command prints."""
        return json.loads(self.barloom(*words, "--format", "json"))

    def tests(self, *words: str) -> str:
        """Output of the tests, which have to pass and to be some."""
        said = self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *words)
        assert re.search(r"\b[1-9]\d* passed", said), said
        return said
