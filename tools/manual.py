"""The manual pages, one a command, made from the parser: ``python tools/manual.py FOLDER``. The build of the package calls it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))  # there may be no package yet: what is imported needs the standard library alone

from barloom.cli._command_parser import Parser  # noqa: E402
from barloom.cli._help import usage  # noqa: E402
from barloom.cli._parser import build_parser  # noqa: E402
from barloom.options import PROGRAM, Command  # noqa: E402

sys.path.pop(0)

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
a self-check failed: two runs that must agree do not; the message says which
.TP
.B 4
unexpected error; the message names the file of the traceback
.TP
.B 130
interrupted
"""


def names() -> list[str]:
    """The names of the pages: that of the program, then one of each command that has options."""
    return [_name("barloom"), *(_name(leaf.prog) for leaf in build_parser(()).leaves())]


def _name(prog: str) -> str:
    return f"{prog.replace(' ', '-')}.1"


def _bold(prog: str) -> str:
    """The name of a page as other pages name it."""
    return rf"\fB{_escaped(prog.replace(' ', '-'))}\fR(1)"


def _escaped(text: str) -> str:
    """Text as roff shows it."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", r"\e").replace("-", r"\-"), flags=re.M)


def _verbatim(lines: tuple[str, ...]) -> str:
    """Lines that stay as they are."""
    return "\n".join([".nf", _escaped("\n".join(lines)), ".fi"])


def _page(parser: Parser, command: Command, version: str, sections: dict[str, str]) -> str:
    """A page in roff, the same for the same parser and ``SOURCE_DATE_EPOCH``."""
    from argparse_manpage.manpage import Manpage

    about = {
        "project_name": "barloom",
        "version": version,
        "manual_title": "User commands",
        "description": command.summary or "backtest trading rules on price bars",
    }
    synopsis = usage(parser).removeprefix(parser.prog).replace("[OPTIONS]", "[OPTION ...]")
    for group in parser._action_groups:
        if group.title not in ("positional arguments", "options"):
            group.title = str(group.title).upper()
    page = Manpage(parser, about)
    page.prog = parser.prog.replace(" ", "-")
    page.add_section("Synopsis", "=", rf"\fB{_escaped(parser.prog)}\fR{_escaped(synopsis)}")
    for heading, content in sections.items():
        page.add_section(heading, "=", content)
    text = str(page)
    if command.examples:
        behind = re.compile(r"(?<=\n)(?=\.SH )").search(text, text.index(".SH DESCRIPTION") + 1)
        place = len(text) if behind is None else behind.start()
        text = f"{text[:place]}.SH EXAMPLES\n{_verbatim(command.examples)}\n{text[place:]}"
    # An empty line before a paragraph or a heading would be shown beside the one that these leave themselves.
    return re.sub(r"\n\n+(?=\.(?:TP|SH|SS|RE)\b)", "\n", text)


def manuals(version: str) -> dict[str, str]:
    """The pages by their names."""
    leaves = build_parser().leaves()
    listed = "\n".join(f".TP\n{_bold(leaf.prog)}\n{_escaped(leaf.command.summary)}" for leaf in leaves)
    program = Parser(prog="barloom", command=PROGRAM)
    found = {
        _name("barloom"): _page(
            program,
            PROGRAM,
            version,
            {
                "Synopsis": r"\fBbarloom\fR COMMAND [OPTION ...]",
                "Commands": listed,
                "Exit status": STATUS,
                "Files": FILES,
            },
        )
    }
    for leaf in leaves:
        notes = {"Notes": _escaped(leaf.command.notes)} if leaf.command.notes else {}
        also = ", ".join([_bold("barloom"), *(_bold(one.prog) for one in leaves if _beside(one, leaf))])
        found[_name(leaf.prog)] = _page(leaf, leaf.command, version, {**notes, "See also": also})
    return found


def _beside(one: Parser, other: Parser) -> bool:
    """True if a command's page should link to another's: both leave records, or begin with the same word."""
    near = one.command.words[0] == other.command.words[0] or (one.command.job and other.command.job)
    return near and one is not other


def write(folder: str, version: str) -> None:
    """Write the pages into a folder, which is made."""
    os.makedirs(folder, exist_ok=True)
    for name, text in manuals(version).items():
        Path(folder, name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    told = re.search(r'^__version__ = "(.+)"$', (ROOT / "src" / "barloom" / "__init__.py").read_text("utf-8"), re.M)
    write(sys.argv[1], told[1] if told else "")
