"""Every public name has an example in its docstring that does what it shows, as typed into a fresh Python in an empty folder."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
import shlex
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import barloom as bl
from barloom import indicators
from helpers.command import ended_here

SOURCE = Path(bl.__file__).parent
WITH_METHODS = (
    "barloom.Bars",
    "barloom.jobs.sweep.result.SweepResult",
)
"""Classes whose public methods have examples of their own; those of the others are in the example of their class."""
BESIDE = (
    "barloom.Strategy.exits",
    "barloom.Strategy.higher",
    "barloom.Window.higher",
    "barloom.engine.results.RunResult",
    "barloom.explanation.record.Explanation",
    "barloom.jobs.sweep.result.SweepResult",
    "barloom.schemas.schema_path",
    "barloom.sweeps.walk_forward.result.WalkForward",
)
"""Names that users meet besides the names of ``barloom`` and ``barloom.indicators``: results, methods that strategies define."""
WITHOUT: dict[str, str] = {}
"""Public names without an example, and why; today there are none."""
READY = {
    "barloom.explain": "barloom run --sample --end 2015-01-10 --out first",
    "barloom.explanation.record.Explanation": "barloom run --sample --end 2015-01-10 --out first",
}
"""The command that an example says it follows, by name."""


def at(path: str) -> Any:
    """The object behind a dotted name."""
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for name in parts[count:]:
            found = inspect.getattr_static(found, name) if isinstance(found, type) else getattr(found, name)
        return found
    raise AssertionError(path)


def methods(path: str) -> Iterator[str]:
    """Public methods that a class defines, by their dotted names."""
    for name, value in vars(at(path)).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            yield f"{path}.{name}"


def names() -> list[str]:
    """Every name that has to have an example."""
    found = [f"barloom.{name}" for name in bl.__all__]
    found += [f"barloom.indicators.{name}" for name in indicators.__all__]
    found += [*BESIDE, *(name for path in WITH_METHODS for name in methods(path))]
    return sorted(set(found) - set(WITHOUT))


NAMES = names()


def described(path: str) -> str:
    """The docstring of a name; one that is inherited is none."""
    return inspect.cleandoc(at(path).__doc__ or "")


def examples(path: str) -> str:
    """The block of examples in the docstring of a name: the last one of it, up to a line that stands further left."""
    block = re.search(r"^Examples:\n((?:(?: .*)?\n)*(?: .*)?)", described(path), re.MULTILINE)
    assert block, f"{path} has no block 'Examples:' in its docstring"
    return inspect.cleandoc(block[1])


@pytest.mark.parametrize("path", NAMES)
def test_a_public_name_has_an_example_that_does_what_it_shows(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = types.ModuleType("__main__")  # classes of an example are found as "__main__:Name", as when it is typed
    test = doctest.DocTestParser().get_doctest(examples(path), {}, path, None, 0)
    test.globs = vars(main)
    assert test.examples, f"{path} has no '>>>' below 'Examples:'"
    assert any(example.want for example in test.examples), f"{path}: nothing that its example prints is compared"
    assert not any(example.options for example in test.examples), f"{path}: an example needs no options"
    monkeypatch.chdir(tmp_path)
    if path in READY:
        assert f"``{READY[path]}``" in described(path)
        code, _, said = ended_here(*shlex.split(READY[path])[1:])
        assert code == 0, said
    monkeypatch.setitem(sys.modules, "__main__", main)
    said_by_runner: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said_by_runner.append, clear_globs=False)
    assert not said_by_runner, "".join(said_by_runner)


def test_no_example_is_left_out() -> None:
    """A docstring with ``>>>`` is that of one of the names: an example that nothing runs would soon be wrong."""
    run = [described(path) for path in NAMES]
    for file in sorted(SOURCE.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if ">>> " in source else ():
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node) or ""
                assert ">>> " not in text or text in run, f"no test runs the example of {node} in {file}:\n{text}"


def test_names_without_an_example_are_public_and_say_why() -> None:
    public = {f"barloom.{name}" for name in bl.__all__} | {f"barloom.indicators.{name}" for name in indicators.__all__}
    assert set(WITHOUT) <= public and all(WITHOUT.values())
