"""Tables for printing: wide if there is room, folded if not, plain if there are no colours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from barloom.cli import output
from barloom.errors import sentence

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text


WIDE = 1000
"""Width in columns if the output is no terminal, so that a path in a pipe is not folded."""


def render(*parts: RenderableType, piped_width: int = WIDE) -> str:
    """Text that rich would print on stdout; a closed pipe is then noticed in our own write, not inside rich.

    Args:
        parts: tables and lines.
        piped_width: columns to fill where stdout is no terminal.
    """
    from rich.console import Console

    told = output.stream().isatty() or "COLUMNS" in os.environ
    console = Console(file=output.stream(), highlight=False, width=None if told else piped_width)
    with console.capture() as captured:
        for part in parts:
            console.print(_cell(part) if isinstance(part, str) else part)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


class Lines(tuple[str, ...]):
    """Lines of one cell."""


def facts_table(rows: Iterable[tuple[str, str | Lines]], title: str | None = None) -> Table:
    """Names and values in two columns, without markup: square brackets in them stay."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=False)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(sentence(name), style="dim"), _cell(value))
    return table


def render_facts(rows: Mapping[str, str]) -> str:
    """The same as text without rich, which is slow to load and needed only at terminals."""
    if output.stream().isatty() or "COLUMNS" in os.environ:
        return render(facts_table(rows.items()))
    width = max(map(len, rows))
    return "".join(f"{name:<{width}}  {sentence(value)}".rstrip() + "\n" for name, value in rows.items())


def counted(kinds: Mapping[str, int]) -> str:
    """Rows by kind in one line, without the kinds that did not occur."""
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds.items() if number)


def listing(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Rows under a header."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in header:
        table.add_column(_cell(name), overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(value: str | Lines) -> Text:
    """Text without markup, unprintable characters escaped: it may come from a file, a name or an option."""
    from rich.text import Text

    return Text("\n".join(map(sentence, value)) if isinstance(value, Lines) else sentence(value))
