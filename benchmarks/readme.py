"""The table of README.md: a few rows of the record of docs/project/performance.md, in words for somebody who reads only this one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pages

HEAD = ("what", "measured")
Rows = Callable[[str, str], Mapping[str, Any]]
"""Finds the row of a section whose name begins with some words."""


def table(found: Mapping[str, pages.Section]) -> str:
    """The table, with the day and the machine of its rows."""
    used: dict[str, pages.Section] = {}

    def row(section: str, begins: str) -> Mapping[str, Any]:
        try:
            used[section] = found[section]
            return next(one for one in found[section]["rows"] if one["what"].startswith(begins))
        except (KeyError, StopIteration):
            raise SystemExit(f"README wants '{begins}' of section {section}, which is not in the record") from None

    rows = [(what, measured(row)) for what, measured in ROWS]
    return "\n".join([pages.markdown(HEAD, rows), "", *textwrap.wrap(pages.stamps(used), 120)])


def number(value: float) -> str:
    """Three figures of a number, or the whole one where it is longer."""
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def ranged(row: Mapping[str, Any], unit: str | None = None) -> str:
    """The median of a row with its range."""
    unit = row["unit"] if unit is None else unit
    spread = f" ({row['spread']})" if row["spread"] else ""
    return f"{number(row['value'])} {unit}{spread}"


def only(section: str, begins: str) -> Callable[[Rows], str]:
    """A row as it is."""
    return lambda row: ranged(row(section, begins))


def memory(row: Rows) -> str:
    of = [row("memory", f"peak RSS, {bars:,} bars from csv")["value"] for bars in (10**6, 10**7, 5 * 10**7)]
    return f"{', '.join(number(value) for value in of)} MB"


def billion(row: Rows) -> str:
    return f"{number(row('billion', 'the same, peak RSS')['value'])} MB"


def swept(begins: str, memory_begins: str) -> Callable[[Rows], str]:
    def said(row: Rows) -> str:
        one = row("sweep", begins)
        return f"{ranged(one, 'million bar-sets a second')}, {number(row('sweep', memory_begins)['value'])} MB"

    return said


ROWS: Sequence[tuple[str, Callable[[Rows], str]]] = (
    ("`barloom run`, 10,000,000 bars from CSV, whole command", only("csv", "CSV of")),
    ("the same bars from an Arrow store", only("arrow", "Arrow store of")),
    ("peak memory at 1, 10 and 50 million bars from CSV", memory),
    ("peak memory at a billion generated bars", billion),
    ("sweep of 1,000 exits over 8,000,000 bars", swept("exit sweep", "peak memory of that")),
    ("times as fast as vectorbt's Rust engine, one set", only("vectorbt", "times as fast as vectorbt 1.2.0: 170,211")),
    ("times as fast as raptorbt", only("raptorbt", "times as fast as raptorbt")),
    ("times as fast as backtesting.py", only("backtesting.py", "times as fast as backtesting.py")),
)
