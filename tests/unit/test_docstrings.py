"""Docstrings open with a verb or a noun phrase."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.pages import ROOT

RIDDLES = re.compile(r"(What|Whether|How)\b")


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string that stands alone, which documents what is around or above it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


@pytest.mark.parametrize("folder", ["src/barloom", "tests", "benchmarks", "tools"])
def test_no_docstring_opens_with_a_question(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in docstrings(path)
        if RIDDLES.match(text)
    ]
    assert found == []
