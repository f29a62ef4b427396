"""Adds up what the comparisons compared, and says so at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

TOTALS: dict[str, Counter[str]] = defaultdict(Counter)
Tally = Callable[[str, Counter[str]], None]


@pytest.fixture(scope="session")
def tally() -> Tally:
    """Call it with what was compared with what, and the counts ``tables.compare`` gave."""

    def add(name: str, counts: Counter[str]) -> None:
        TOTALS[name].update(counts)

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TOTALS:
        terminalreporter.section("trades compared with other engines")
    of_engine: dict[str, Counter[str]] = defaultdict(Counter)
    for name, counts in TOTALS.items():
        terminalreporter.line(f"{name}: {_said(counts)}")
        of_engine[name.partition(",")[0]].update(counts)
    for name, counts in of_engine.items():
        terminalreporter.line(f"in all, {name}: {_said(counts)}")


def _said(counts: Counter[str]) -> str:
    return "; ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))
