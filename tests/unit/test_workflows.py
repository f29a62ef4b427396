"""GitHub runs the same steps as a developer: each step of a workflow is an environment of tox, or an action."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STEP = re.compile(r"^\s*(?:- )?run: *(.+)$", re.MULTILINE)
OF_TOX = re.compile(r"pipx run tox run -e (\S+|\$\{\{ matrix\.environment \}\})$")
OF_THE_SYSTEM = ("brew install ", "sudo apt-get ")
"""Commands for packages that tox cannot install: compilers and their OpenMP."""


def environments() -> set[str]:
    """The environments of ``tox.ini`` that are run by their name, and ``py``, the Python that runs tox."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    return {name.removeprefix("testenv:") for name in tox.sections() if name.startswith("testenv:")} | {"py"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_each_step_is_an_environment_of_tox(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    steps = {step for step in STEP.findall(text) if not step.startswith(OF_THE_SYSTEM)}
    listed = re.search(r"^ *environment: \[(.+)\]$", text, re.MULTILINE)
    named = set(listed[1].split(", ")) if listed else set()
    for step in steps:
        found = OF_TOX.match(step)
        assert found, step
        named |= set() if "matrix" in found[1] else {found[1]}
    assert steps and named and named <= environments()


def test_the_workflows_are_found() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"tests", "wheels", "nightly"}
