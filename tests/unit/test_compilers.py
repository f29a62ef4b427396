"""The tool that asks other compilers: it must hear what they say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "platforms" / "compilers.py"
CLEAN = "int kept(int a) { return a + 1; }\n"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compilers", TOOL)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CLEAN, None),
        (CLEAN + "int more(int a) { int unused; return a; }\n", "unused"),
        (CLEAN + "int signs(int a, unsigned b) { return a < b; }\n", "sign"),
        (CLEAN + "int open(int a) {\n", "error"),
    ],
)
def test_a_warning_is_heard(tool: ModuleType, tmp_path: Path, text: str, said: str | None) -> None:
    compilers = tool.compilers()
    if not compilers:
        pytest.skip("no gcc or clang here")
    source = tmp_path / "made.c"
    source.write_text(text)
    heard = tool.faults(compilers[0], source, "-O2")
    assert (heard == "") if said is None else (said in heard)
