"""Tests wait for events: none sleeps, none counts on an end within seconds, and those that wait can be chosen by ``-m waits``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
WAITING = TESTS / "helpers" / "waiting.py"
FILES = sorted(path for path in TESTS.rglob("*.py") if path not in (WAITING, Path(__file__)))
BY_TIME = re.compile(
    r"time\.sleep\(|timeout['\"]?\s*[=:]\s*\d|\.wait\(\d|\.join\(\d|communicate\(\d|"
    r"\b(?:monotonic|perf_counter|time\.time)\(\)\s*[-<>]|(?:seconds|took|elapsed)\s*<=?\s*\d+\b(?!\.0 for)"
)
"""Pattern of a wait by time, and of a test that asserts a duration."""
WAITS = re.compile(
    r"from helpers\.waiting import .*\b(?:wait_for|held|ended|interrupt|patient)\b|Popen\(|\.wait\(PATIENCE|openpty"
)
OF_ITSELF = {"tests/unit/bench/test_measuring.py": "seconds < 7.0"}
"""A number that does not come from a clock."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_no_test_waits_by_time(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        known = OF_ITSELF.get(path.relative_to(TESTS.parent).as_posix())
        if known is None or known not in line:
            assert not BY_TIME.search(line), f"{path.name}:{number} waits by time, not for an event: {line.strip()}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_tests_that_wait_are_marked(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name.startswith("test_") and WAITS.search(text):
        assert "mark.waits" in text, f"{path.name} waits for something: mark what does with pytest.mark.waits"


def test_patience_is_no_measure_of_anything() -> None:
    text = WAITING.read_text(encoding="utf-8")
    found = re.search(r"^PATIENCE = ([\d.]+)$", text, re.MULTILINE)
    assert found is not None and float(found[1]) >= 300.0
