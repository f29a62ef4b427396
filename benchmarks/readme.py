"""The table of README.md: a few rows of the record of docs/project/performance.md, in words for somebody who reads only this one."""

from __future__ import annotations

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
    return "\n".join([pages.markdown(HEAD, rows), "", pages.stamps(used)])


def number(value: float) -> str:
    """Three figures of a number, or the whole one where it is longer."""
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def ranged(row: Mapping[str, Any], unit: str | None = None) -> str:
    """The median of a row with its range."""
    unit = row["unit"] if unit is None else unit
    spread = f" ({row['spread']})" if row["spread"] else ""
    return f"{number(row['value'])} {unit}{spread}"


def from_csv(row: Rows) -> str:
    over = row("csv", "the same over one call of")
    return f"{ranged(row('csv', 'CSV of'))}: {ranged(over)} one call of `pyarrow.csv.read_csv`, which simulates nothing ({over['note']})"


def from_arrow(row: Rows) -> str:
    return ranged(row("arrow", "Arrow store of"))


def memory(row: Rows) -> str:
    sides = []
    for kind, called in (("csv", "CSV"), ("arrow", "Arrow")):
        of = [row("memory", f"peak RSS, {bars:,} bars from {kind}")["value"] for bars in (10**6, 10**7, 5 * 10**7)]
        sides.append(f"{', '.join(number(value) for value in of)} MB from {called}")
    return f"{'; '.join(sides)}; {number(row('billion', 'the same, peak RSS')['value'])} MB at 1,000 million generated bars"


def resolver(row: Rows) -> str:
    short, long = (row("resolver", f"exit resolver, a trade of {bars} bars") for bars in ("21", "106,838"))
    trails = [row("trailing", f"trail over fixed bracket, a trade of {bars} bars")["value"] for bars in TRAILED]
    return (
        f"{ranged(short)} a trade; of 106,838 bars: {ranged(long)}; "
        f"with trailing stops {number(min(trails))} to {number(max(trails))} times that"
    )


def engine(row: Rows) -> str:
    of = {
        name: row("engine", f"engine in memory, {name}") for name in ("ema-cross", "trend-pullback", "zscore-reversion")
    }
    return ", ".join(f"`{name}` {ranged(one, 'million bars a second')}" for name, one in of.items())


def swept(begins: str, memory_begins: str) -> Callable[[Rows], str]:
    def said(row: Rows) -> str:
        one = row("sweep", begins)
        peak = number(row("sweep", memory_begins)["value"])
        return f"{ranged(one, 'million bar-sets a second')}, {peak} MB: {one['note'].partition(';')[0]}"

    return said


def peers(row: Rows) -> str:
    of = [
        ("vectorbt's Rust engine, one set", row("vectorbt", "times as fast as vectorbt 1.2.0: 170,211")),
        ("ten stops", row("vectorbt", "times as fast as vectorbt 1.2.0: ten stop sizes")),
        ("a hundred pairs of averages", row("vectorbt", "times as fast as vectorbt 1.2.0: a hundred pairs")),
        ("raptorbt", row("raptorbt", "times as fast as raptorbt")),
        ("backtesting.py", row("backtesting.py", "times as fast as backtesting.py")),
    ]
    return "; ".join(f"{name} {ranged(one)}" for name, one in of)


TRAILED = ("29", "156", "1,169", "9,667")
ROWS: Sequence[tuple[str, Callable[[Rows], str]]] = (
    ("CSV of 10,000,000 bars, whole command", from_csv),
    ("the same bars from an Arrow file", from_arrow),
    ("peak memory at 1, 10 and 50 million bars", memory),
    ("exit resolver, 170,000 overlapping trades of 21 bars", resolver),
    ("engine in memory", engine),
    ("sweep of 1,000 exits over 8,000,000 bars", swept("exit sweep", "peak memory of that")),
    ("sweep of 10,000 pairs of averages over 200,000 bars", swept("signal sweep", "peak memory of the larger")),
    ("times as fast as other engines, with the same trades", peers),
)
