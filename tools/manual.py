"""The manual page ``barloom.1``, made from the parser: ``python tools/manual.py FILE``. The build of the package calls it."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from argparse_manpage.manpage import Manpage
from argparse_manpage.tooling import get_parser

ROOT = Path(__file__).resolve().parent.parent
FILES = """\
.TP
.I results/runs/JOB/
run.json (what was run and what came of it), trades.parquet, equity.parquet, run.log;
profile.json with \\-\\-profile
.TP
.I results/sweeps/NAME/
sweep.json (what was run and what came of it), sweep.parquet (a row a set), trades.parquet (of the sets that keep theirs), sweep.html;
plan.json and parts/, from which it goes on
.TP
.I results/walk-forward/JOB/
walk-forward.json, trades.parquet and equity.parquet of all tests
.TP
.I results/runs/JOB/benchmark.json
the benchmark record: times, memory, machine
"""
STATUS = """\
.TP
.B 0
done
.TP
.B 2
bad input or options: one sentence on stderr names the file, row or option and the remedy
.TP
.B 3
two runs that must agree do not
.TP
.B 4
unexpected error; the message names the file of the traceback
.TP
.B 130
interrupted
"""


def _below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of the commands, deepest last."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for found in action.choices.values():
                yield found
                yield from _below(found)


def _shorten(parser: argparse.ArgumentParser) -> None:
    """The usage says that there are options, as they follow one by one; their groups have headings."""
    words = [
        f"{action.metavar}{' ...' if action.nargs in ('*', '+') else ''}"
        for action in parser._get_positional_actions()
        if action.metavar
    ]
    parser.usage = " ".join(["%(prog)s", *words, "[OPTION ...]"])
    for group in parser._action_groups:
        if group.title not in ("positional arguments", "options", "commands"):
            group.title = rf"\fB{group.title}\fR"


def _verbatim(text: str) -> str:
    """Text whose lines stay as they are."""
    return "\n".join(
        [".nf", re.sub(r"^([.'])", r"\\&\1", text.replace("\\", r"\e").replace("-", r"\-"), flags=re.M), ".fi"]
    )


def manual(version: str) -> str:
    """The page in roff, the same for the same parser and ``SOURCE_DATE_EPOCH``."""
    parser = get_parser(
        "pyfile", str(ROOT / "src" / "barloom" / "cli" / "_parser.py"), "build_parser", "func", prog="barloom"
    )
    parser.epilog = None
    about = {
        "project_name": "barloom",
        "version": version,
        "manual_title": "User commands",
        "description": "test trading rules on any number of price bars",
    }
    examples = []
    for command in _below(parser):
        if command.epilog:
            body = re.sub(r"^examples?:\n", "", command.epilog.strip("\n"))
            examples.append(f".SS {command.prog}\n{_verbatim(body)}")
        _shorten(command)
    page = Manpage(parser, about, format="single-commands-section")
    page.add_section("Examples", "=", "\n".join(examples))
    page.add_section("Exit status", "=", STATUS)
    page.add_section("Files", "=", FILES)
    # An empty line before a paragraph or a heading would be shown beside the one that these leave themselves.
    return re.sub(r"\n\n+(?=\.(?:TP|SH|SS|RE)\b)", "\n", str(page))


def write(path: str, version: str) -> None:
    """Write the page to ``path``, whose folders are made."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    Path(path).write_text(manual(version), encoding="utf-8")


if __name__ == "__main__":
    told = re.search(r'^__version__ = "(.+)"$', (ROOT / "src" / "barloom" / "__init__.py").read_text("utf-8"), re.M)
    write(sys.argv[1], told[1] if told else "")
