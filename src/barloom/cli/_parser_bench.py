"""The command ``bench`` as argparse sees it. Standard library only."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from barloom.cli._parser_words import COUNT, Number, hint
else:  # a file beside ``_parser.py``, which is executed by itself
    from _parser_words import COUNT, Number, hint

SECTIONS = ("load", "slice", "check", "indicators", "resolver", "engine", "sweep", "command")
PEERS = ("vectorbt", "raptorbt", "backtesting.py", "talib")
REPEATS = Number(whole=True, at_least=3)
ROWS = Number(whole=True, at_least=10_000)

RUN_EXAMPLES = """\
examples:
  barloom bench run
  barloom bench run --rows 1000000,5000000,10000000 --repeats 7 --out before.json
  barloom bench run --section indicators,engine --out now.json
  barloom bench run --section none --against vectorbt,talib --rows 8000000

Every answer is checked before anything is timed: files against the bars that were generated, indicators against their definitions,
exits against the reference simulator, sweeps against single runs, the command against the same run in memory. Peers take the same bars
and entries, and must make the same trades (docs/project/benchmarks.md says where their rules do not allow it): pip install 'barloom[peers]'.
"""
COMPARE_EXAMPLES = """\
example:
  barloom bench compare before.json now.json --max-regression 10%

A measurement is slower when its median grew by more than the limit and the quartiles of the two records lie apart; where they
overlap it is unsure: take both records again with more --repeats. Ends with 3 when one is slower.
"""


def _listed(text: str, known: tuple[str, ...], kind: str) -> list[str]:
    """Known names between commas, each once, in their own order."""
    asked = [name.strip() for name in text.split(",")]
    for name in asked:
        if name not in known:
            near = hint(name, known)
            raise argparse.ArgumentTypeError(
                f"'{name}' is no {kind}: {near + ' ' if near else ''}choose from {', '.join(known)}"
            )
    return [name for name in known if name in asked]


def sections(text: str) -> list[str]:
    """Names of sections between commas, each once, in their own order; ``none`` alone for no section."""
    return [] if text.strip() == "none" else _listed(text, SECTIONS, "section")


def peers(text: str) -> list[str]:
    """Names of peers between commas, each once, in their own order."""
    return _listed(text, PEERS, "peer")


def sizes(text: str) -> list[int]:
    """Numbers of bars between commas."""
    return [int(str(ROWS(part.strip()))) for part in text.split(",")]


def percent(text: str) -> float:
    """A share in percent, with its sign: 0.1 of ``10%``."""
    number = text.strip()
    if not number.endswith("%"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a share in percent, such as 10%")
    return float(str(Number(at_least=0)(number.removesuffix("%").strip()))) / 100.0


def add_bench(commands: Any) -> None:
    """The command ``bench``."""
    bench = commands.add_parser(
        "bench",
        help="measure barloom on this machine, and compare two measurements",
        description="Measure barloom on this machine, and compare two measurements.",
    )
    actions = bench.commands("action")
    run = actions.add_parser(
        "run",
        help="measure, over generated bars",
        description="Measure reading, slicing, checking, indicators, exits, the engine, sweeps and the whole command over generated bars: "
        "interleaved repeats, median and spread.",
        epilog=RUN_EXAMPLES,
    )
    run.add_argument(
        "--rows", metavar="N[,N...]", type=sizes, default=[1_000_000], help="bars to generate (default 1000000)"
    )
    run.add_argument(
        "--section",
        metavar="NAME[,NAME...]",
        type=sections,
        default=list(SECTIONS),
        help=f"{', '.join(SECTIONS)}, or none beside --against (default all)",
    )
    run.add_argument(
        "--against",
        metavar="NAME[,NAME...]",
        type=peers,
        default=[],
        help=f"other engines to measure beside barloom: {', '.join(PEERS)} (default none)",
    )
    run.add_argument(
        "--repeats",
        metavar="N",
        type=REPEATS,
        default=5,
        help="rounds that are counted, after one that is not (default 5)",
    )
    run.add_argument("--threads", metavar="N", type=COUNT, default=None, help="up to the cores there are (default all)")
    run.add_argument(
        "--keep-data",
        metavar="DIR",
        default=None,
        help="keep the generated files here for the next time (default: nowhere)",
    )
    run.add_argument("--out", metavar="FILE", default=None, help="write the record, for 'compare'")
    run.add_argument("--force", action="store_true", help="replace FILE if this command made it")
    run.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    against = actions.add_parser(
        "compare",
        help="judge two records of 'bench run'",
        description="Judge two records of 'barloom bench run', measurement by measurement, by the ratio of their medians.",
        epilog=COMPARE_EXAMPLES,
    )
    against.add_argument("old", metavar="OLD", help="the record of before")
    against.add_argument("new", metavar="NEW", help="the record of now, from the same machine")
    against.add_argument(
        "--max-regression",
        metavar="PERCENT",
        type=percent,
        default=0.1,
        help="how much slower a measurement may be (default 10%%)",
    )
    against.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
