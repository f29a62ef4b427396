"""Records of what was measured, and the tables of docs that are made of them: no figure is typed by hand.

A record is JSON: by section what was measured, when, on which machine and with which versions. A page has places for tables:

    <!-- table: name -->
    what is made stands here
    <!-- end -->
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from barloom.observe.machine import machine, versions

Section = dict[str, Any]
NUMBER = re.compile(r"[\d.,]+(?: to [\d.,]+)?|once|-|")


def section(rows: Sequence[Mapping[str, Any]], scale: float) -> Section:
    """Rows measured today, here, with this share of the bars."""
    when = {"measured": f"{datetime.now(UTC):%Y-%m-%d}", "scale": scale}
    return {**when, "machine": machine(), "versions": versions(), "rows": [dict(row) for row in rows]}


def told(one: Section) -> str:
    """Day, machine and versions of a section as a line."""
    on, libraries = one["machine"], one["versions"]
    memory = f"{on['memory_bytes'] / 2**30:.0f} GB" if on["memory_bytes"] else "memory unknown"
    names = {"barloom": "barloom", "python": "Python", "numpy": "NumPy", "pyarrow": "pyarrow"}
    parts = [one["measured"], on["processor"], f"{on['usable_cores']} cores", memory, on["system"]]
    parts += [f"{shown} {libraries[name]}" for name, shown in names.items() if name in libraries]
    return ", ".join([*parts, *([f"{one['scale']:g} of the bars, to try it out"] if one["scale"] != 1 else [])])


def read(path: Path) -> dict[str, Section]:
    """The sections of a record.

    Raises:
        SystemExit: it cannot be read.
    """
    try:
        found: dict[str, Section] = json.loads(path.read_text(encoding="utf-8"))["sections"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{path} is no record of these measurements ({error}): make it with --record") from None
    return found


def keep(path: Path, sections: Mapping[str, Section]) -> dict[str, Section]:
    """Write sections into a record: those of the same names are replaced, others stay."""
    found = (read(path) if path.exists() else {}) | sections
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"sections": found}, indent=1) + "\n", encoding="utf-8")
    return found


def ready(record: Path | None, page: Path | None, names: Iterable[str]) -> None:
    """See to it, before anything is measured, that it can be kept.

    Raises:
        SystemExit: the record that is there cannot be read, or the page lacks a place for a table.
    """
    if record is not None and record.exists():
        read(record)
    if page is not None:
        placed(page, dict.fromkeys(names, ""))


def has_place(page: Path, name: str) -> bool:
    """Tell if a page that can be read has the place of a table."""
    return page.is_file() and f"<!-- table: {name} -->" in page.read_text(encoding="utf-8")


def fill(page: Path, tables: Mapping[str, str]) -> None:
    """Put tables into their places on a page.

    Raises:
        SystemExit: the page cannot be read, or lacks a place; it stays as it was.
    """
    page.write_text(placed(page, tables), encoding="utf-8")


def placed(page: Path, tables: Mapping[str, str]) -> str:
    """The text of a page with these tables in their places; raises as ``fill`` does."""
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise SystemExit(f"{page}: {error.strerror}") from None
    for name, table in tables.items():
        place = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not place.search(text):
            raise SystemExit(
                f"{page} has no place for table {name}: add a line '<!-- table: {name} -->' and a line '<!-- end -->'"
            )
        text = place.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, count=1)
    return text


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; columns of numbers stand to the right."""
    rows = [list(row) for row in rows]
    columns = [[row[place] for row in rows] for place in range(len(head))]
    aligned = ["---:" if cells and all(map(NUMBER.fullmatch, cells)) else "---" for cells in columns]
    lines = [head, aligned, *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def stamps(sections: Mapping[str, Section]) -> str:
    """When and where sections were measured: a line for all, or one for those that have it in common."""
    names: dict[str, list[str]] = {}
    for name, one in sections.items():
        names.setdefault(told(one), []).append(f"`{name}`")
    if len(names) == 1:
        return f"Measured {next(iter(names))}."
    return "\n".join(f"- Measured {when}: {', '.join(those)}." for when, those in names.items())
