"""The tool that counts lines of the kernels: it must lead a line of C back to the line it was made of, and to no other."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "covered.py"
MADE = """\
static int before;
static int one(void) {
  /* "cython_ext/simulation.pyx":12
 * def one():  # <<<<<<
 */
  first();
  second();

  /* "engine/simulator.pxd":7
 *     third()  # <<<<<<
 */
  third();
  /* "View.MemoryView":5
 */
  fourth();
}
static int after;
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("covered", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lines_are_those_named_above_them_until_the_function_ends(tool: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "made.c"
    source.write_text(MADE)
    found = tool.origins(source)
    text = MADE.splitlines()
    lines = {text[number - 1].strip(): origin for number, origin in found.items() if ");" in text[number - 1]}
    assert lines == {
        "first();": ("simulation.pyx", 12),
        "second();": ("simulation.pyx", 12),
        "third();": ("engine/simulator.pxd", 7),
    }
    assert 1 not in found and len(text) not in found


def test_kernels_that_count_nothing_are_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="without line counts"):
        tool.notes()
