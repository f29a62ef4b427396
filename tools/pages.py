"""Pages of the site that are made when it is built: what stands elsewhere in the project already, said once.

``index.md``, ``changelog.md`` and ``contributing.md`` are the README, changelog and contributing guide of the root; ``cli.md`` is made of
the parser. ``mkdocs`` calls ``on_files`` and ``on_page_markdown``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
FROM_ROOT = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
REPOSITORY_FILE = re.compile(r"\[([^\]]+)\]\((?:SECURITY\.md|LICENSE|(?:benchmarks|changes)/[^)]*|\.github/[^)]*)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    made = {name: relinked((ROOT / source).read_text(encoding="utf-8")) for source, name in FROM_ROOT.items()}
    for name, text in {**made, "cli.md": command_line()}.items():
        files.append(File.generated(config, name, content=text))
    return files


def relinked(text: str) -> str:
    """Links of a file of the root as links between pages."""
    text = text.replace("](docs/", "](")
    for source, name in FROM_ROOT.items():
        text = text.replace(f"]({source})", f"]({name})")
    return REPOSITORY_FILE.sub(r"`\1`", text)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to files of the root lead to their pages, and commands are coloured as commands.

    The sources say ``console``, which would show lines without a prompt as output.
    """
    for source, name in FROM_ROOT.items():
        markdown = markdown.replace(f"../{source})", f"{name})")
    return re.sub(r"^```console$", "```sh", markdown, flags=re.MULTILINE)


def command_line() -> str:
    """Every command and option, as the parser knows them."""
    sys.path.insert(0, str(ROOT / "src" / "barloom" / "cli"))
    try:
        from _parser import build_parser  # by itself, as for the man page: nothing has to be installed
    finally:
        sys.path.pop(0)
    parser = build_parser()
    parts = ["# Command line", paragraph(parser.description), fenced(parser.epilog)]
    parts += ["Options of a run can also stand in a file: `--config run.toml`. What is typed wins."]
    for words, command in sorted(leaves(parser, ()), key=lambda found: order(found[0], parser)):
        parts += section(words, command)
    return "\n\n".join(part for part in parts if part) + "\n"


def leaves(parser: Any, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """The commands that have no commands of their own."""
    if not parser.subcommands:
        return [(words, parser)]
    return [leaf for name, command in parser.subcommands.items() for leaf in leaves(command, (*words, name))]


def order(words: tuple[str, ...], parser: Any) -> int:
    """Commands stand as the help has them."""
    return list(parser.subcommands).index(words[0])


def section(words: tuple[str, ...], command: Any) -> list[str]:
    """A command: what it does, its arguments group by group, examples."""
    usage = " ".join(command.format_usage().removeprefix("usage: ").split())
    parts = [f"## barloom {' '.join(words)}", paragraph(command.description), f"```text\n{usage}\n```"]
    for group in command._action_groups:
        rows = [row(action) for action in group._group_actions if action.help != argparse.SUPPRESS]
        if rows and group.title:
            title = {"positional arguments": "arguments", "options": "general"}.get(group.title, group.title)
            parts += [f"### {' '.join(words)}: {title}", "\n".join(["| option | meaning |", "|---|---|", *rows])]
    return [*parts, fenced(command.epilog)]


def row(action: argparse.Action) -> str:
    """An argument as a row of a table."""
    choices = ",".join(map(str, action.choices)) if action.choices and not action.metavar else None
    value = "" if action.nargs == 0 else str(action.metavar or choices or action.dest.upper())
    names = [f"{name} {value}".strip() for name in action.option_strings] or [value]
    said = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    return "| " + ", ".join(f"`{name}`" for name in names) + f" | {escaped(said)} |"


def escaped(text: str) -> str:
    """Text as Markdown shows it."""
    return re.sub(r"([|<>*_\[\]])", r"\\\1", " ".join(text.split()))


def paragraph(text: str | None) -> str:
    """A description."""
    return escaped(text or "")


def fenced(text: str | None) -> str:
    """Examples as they stand."""
    return f"```text\n{text.rstrip()}\n```" if text else ""
