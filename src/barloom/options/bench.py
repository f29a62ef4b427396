"""Options of ``bench run`` and ``bench compare``."""

from __future__ import annotations

import argparse
from functools import partial

from barloom.errors import hint
from barloom.options.kinds import COUNT, FILE, FLAG, FOLDER, Number, Read
from barloom.options.option import Option

SECTIONS = ("load", "slice", "check", "indicators", "resolver", "engine", "sweep", "command")
REPEATS = Number(whole=True, at_least=3)
ROWS = Number(whole=True, at_least=10_000)


def sections(text: str) -> list[str]:
    """Read names of sections between commas, each once, in the order of ``SECTIONS``."""
    asked = [name.strip() for name in text.split(",")]
    for name in asked:
        if name not in SECTIONS:
            near = hint(name, SECTIONS)
            raise argparse.ArgumentTypeError(
                f"'{name}' is no section: {near + ' ' if near else ''}choose from {', '.join(SECTIONS)}"
            )
    return [name for name in SECTIONS if name in asked]


def sizes(text: str) -> list[int]:
    """Numbers of bars between commas."""
    return [int(str(ROWS(part.strip()))) for part in text.split(",")]


def percent(text: str) -> float:
    """A share in percent, with its sign: 0.1 of ``10%``."""
    number = text.strip()
    if not number.endswith("%"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a share in percent, such as 10%")
    return float(str(Number(at_least=0)(number.removesuffix("%").strip()))) / 100.0


_run = partial(Option, commands=("bench run",), basic=True)
_compare = partial(Option, commands=("bench compare",), basic=True)

BENCH = (
    _run("rows", "bars to generate", Read(sizes), metavar="N[,N...]", default=[1_000_000], unless="1000000"),
    _run(
        "section",
        ", ".join(SECTIONS),
        Read(sections),
        metavar="NAME[,NAME...]",
        default=list(SECTIONS),
        unless="all",
    ),
    _run("repeats", "measured rounds, after one for warming up, at least 3", REPEATS, metavar="N", default=5),
    _run("threads", "up to the cores there are", COUNT, metavar="N", unless="all"),
    _run("keep-data", "keep the generated files here for the next time", FOLDER, metavar="DIR", unless="nowhere"),
    _run("out", "write the record, for 'bench compare'", FILE, metavar="FILE"),
    _run("force", "replace FILE if this command made it", FLAG, default=False),
    _compare("old", "the record of before", FILE, metavar="OLD", argument=True),
    _compare("new", "the record of now, from the same machine", FILE, metavar="NEW", argument=True),
    _compare(
        "max-regression",
        "how much slower a measurement may be",
        Read(percent),
        metavar="PERCENT",
        default=0.1,
        unless="10%",
    ),
)
