"""The reference page ``docs/options.md``, made of the table of options: ``python tools/options.py`` writes it anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "options.md"
sys.path.insert(0, str(ROOT / "src"))  # nothing has to be installed: what is imported needs the standard library alone

from barloom.cli._help import usage  # noqa: E402
from barloom.cli._parser import build_parser  # noqa: E402
from barloom.options import MESSAGES, PROGRAM, TABLE, Command, Option  # noqa: E402
from barloom.options.rules import RUNS  # noqa: E402

sys.path.pop(0)

HEAD = """\
<!-- Made by tools/options.py of src/barloom/options: change it there. -->
# Command line

{description}

```text
{examples}
```

Exit codes: 0 done, 2 bad input or options, 3 a self-check failed, 4 unexpected error, 130 interrupted.

`barloom COMMAND --help` shows the common options, `--help-all` every one. Options of `run`, `sweep` and `walk-forward` can also stand in
a file, `--config run.toml`; what is typed wins. A grid of a sweep may hold the options marked with *.
"""
TABLE_HEAD = "| option | what it does | default |\n|---|---|---|"


def page() -> str:
    """The page in Markdown."""
    parts = [HEAD.format(description=PROGRAM.description, examples="\n".join(PROGRAM.examples)).rstrip("\n")]
    leaves = build_parser().leaves()
    for leaf in leaves:
        parts += _command(leaf.command, usage(leaf))
    shared = [row for row in TABLE if not _own(row)]
    for group in dict.fromkeys(row.group for row in shared):
        rows = [row for row in shared if row.group == group]
        parts += [f"## {_title(group)}", f"Options of {_words(_all_of(rows))}.", _table(rows, _all_of(rows))]
    parts += ["## Messages", "Options of every command.", _table(MESSAGES, ())]
    return "\n\n".join(part for part in parts if part) + "\n"


def _own(row: Option) -> bool:
    """True if an option is listed with its command, not in a group that commands share."""
    return len(row.commands) == 1 or not row.group


def _all_of(rows: Iterable[Option]) -> tuple[str, ...]:
    """The commands of some options, in the order of the first that names them."""
    return tuple(dict.fromkeys(command for row in rows for command in row.commands))


def _command(command: Command, typed: str) -> list[str]:
    """A command: what it does, how it is typed, examples, the options that are its own, where the others are."""
    rows = [row for row in TABLE if command.name in row.commands]
    groups = dict.fromkeys(row.group for row in rows if not _own(row))
    links = [f"[{group.partition(' (')[0]}](#{_slug(_title(group))})" for group in groups]
    own = [row for row in rows if _own(row)]
    return [
        f"## barloom {command.name}",
        _escaped(command.description),
        f"```text\n{typed}\n```",
        "\n".join(["```text", *command.examples, "```"]) if command.examples else "",
        _escaped(command.notes),
        _table(own, (command.name,), command.name.replace(" ", "-") + "-") if own else "",
        f"Also the options of {', '.join(links)}." if links else "",
    ]


def _table(rows: Iterable[Option], commands: tuple[str, ...], before: str = "") -> str:
    """Options as a table, each with a name that can be linked to."""
    return "\n".join([TABLE_HEAD, *(_row(row, commands, before) for row in rows)])


def _row(row: Option, commands: tuple[str, ...], before: str) -> str:
    value = "" if row.flag else row.metavar or f"{{{','.join(row.choices)}}}"
    name = row.metavar if row.argument else f"{row.typed} {value}".strip()
    names = [f"`-{row.short}`"] if row.short else []
    missing = [command for command in commands if command not in row.commands]
    only = f" (only {_words(row.commands)})" if missing else ""
    mark = " \\*" if row.swept and set(RUNS) <= set(row.commands) else ""
    anchor = f'<a id="{before}{row.name}"></a>'
    usual = row.usual or ("needed" if row.required else "")
    return f"| {anchor}{', '.join([*names, f'`{name}`'])}{mark} | {_escaped(row.help)}{only} | {_escaped(usual)} |"


def _words(commands: Iterable[str]) -> str:
    """Commands in a sentence."""
    *most, last = (f"`{command}`" for command in commands)
    return f"{', '.join(most)} and {last}" if most else last


def _title(group: str) -> str:
    return group[0].upper() + group[1:]


def _slug(title: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _escaped(text: str) -> str:
    """Text as Markdown shows it."""
    return re.sub(r"([|<>*_\[\]])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
