"""Each file in ``changes/`` is one that the release notes can be made of."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGES = sorted(set((ROOT / "changes").glob("*")) - {ROOT / "changes" / "README.md"})


@pytest.mark.parametrize("change", CHANGES, ids=lambda path: path.name)
def test_a_change_is_of_a_known_kind_and_says_something(change: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    name, kind, ending = change.name.split(".")
    assert ending == "md" and kind in {one["directory"] for one in settings["type"]}
    assert name.isdecimal() or name.startswith("+")
    assert change.read_text(encoding="utf-8").strip().endswith(".")


def test_the_place_where_they_go_is_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    assert settings["start_string"] in (ROOT / settings["filename"]).read_text(encoding="utf-8")
