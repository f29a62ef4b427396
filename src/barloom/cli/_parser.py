"""The command line as argparse sees it. Imports the standard library only, so the man page builds from this file and those beside it.

Options default to being absent (``SUPPRESS``): what was not typed can come from ``--config``, and the real defaults
live in the models ``RunParameters`` and ``JobOptions``.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from barloom.cli import _parser_groups as groups
    from barloom.cli._parser_bench import add_bench
    from barloom.cli._parser_sweep import add_sweep, add_walk_forward
    from barloom.cli._parser_words import COUNT, Number, Parser, Version
else:  # argparse-manpage executes this file by itself, before there is a package: the others lie beside it
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    import _parser_groups as groups
    from _parser_bench import add_bench
    from _parser_sweep import add_sweep, add_walk_forward
    from _parser_words import COUNT, Number, Parser, Version

    sys.path.pop()

EXCLUSIVE = (("size", "notional", "risk_pct"), ("data", "sample"), ("ask", "spread_column", "spread"))
"""Options of a command of which only one can be given; ``sample`` of a sweep is another option."""

RUN_EXAMPLES = """\
examples:
  barloom run --sample
  barloom run EURUSD.csv --strategy ema-cross --param fast=10 --param slow=40 --spread 0.00008
  barloom run EURUSD.parquet --data-frac 0.25 --portion 2 --stop atr:2 --target r:2 --max-hold 240
  barloom run EURUSD.csv --stop atr:2 --ladder r:1@0.5,r:2@0.3 --breakeven r:1 --trail atr:3 --trail-activation r:1
  barloom run EURUSD.csv --entry limit --entry-offset atr:0.5 --good-for 5 --friday-close 21:55
  barloom run EURUSD-bid.csv --ask EURUSD-ask.csv --fine EURUSD-1s.parquet
  barloom run EURUSD.csv --notional 20000 --contract-size 100000 --lot-step 0.01 --leverage 30
  barloom run EURUSD.arrow --start 2020-01-01 --end 2021-01-01 --format json | jq .metrics
  barloom run EURUSD.arrow --timeframe 4h --anchor '17:00 America/New_York'
  barloom run EURUSD-2019.csv EURUSD-2020.csv --on-bad-rows drop
  barloom run EURUSD.csv --config settings.toml --deterministic
  barloom run EURUSD.arrow --profile-html
"""
EXAMPLES = """\
examples:
  barloom run --sample                        a first run, no file needed
  barloom strategies show trend-pullback      what a strategy does and can be told
  barloom run EURUSD.csv --stop atr:2         one-minute bars in, trades and a record of the run out
  barloom explain RUN 12                      the story of trade 12 of that run, bar by bar
  barloom sweep EURUSD.csv --grid stop=atr:1..4:0.5 --grid target=r:1,r:2,r:3    every set over the same bars, ranked

exit codes: 0 done, 2 bad input or options, 3 two runs that must agree do not, 4 unexpected error, 130 interrupted
"""


def _add_run(commands: Any) -> None:
    run = commands.add_parser(
        "run",
        help="run a strategy over bars",
        description="Run a strategy over bars and write its trades, equity, and a record of the run.",
        epilog=RUN_EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    groups.add_data_options(run.add_argument_group("data"))
    groups.add_strategy_options(run.add_argument_group("strategy and entries"))
    groups.add_exit_options(run.add_argument_group("exits"))
    groups.add_fill_options(run.add_argument_group("fills and positions"))
    groups.add_cost_options(run.add_argument_group("costs"))
    groups.add_money_options(run.add_argument_group("money"))
    groups.add_work_options(run.add_argument_group("how the work is done (never changes a result)"))
    groups.add_output_options(run.add_argument_group("output"))


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="make and look at bar files", description="Make and look at bar files.")
    actions = data.commands("action")
    generate = actions.add_parser(
        "generate",
        help="write synthetic one-minute bars",
        description="Write seeded synthetic one-minute bars that look like FX: same seed, same bytes.",
        epilog="example:\n  barloom data generate --rows 1000000 --seed 7 --out bars.parquet\n",
    )
    generate.add_argument("--rows", metavar="N", type=COUNT, required=True, help="bars to write")
    generate.add_argument("--seed", metavar="N", type=Number(whole=True, at_least=0), default=0, help="(default 0)")
    generate.add_argument("--out", metavar="FILE", required=True, help="a .csv, .parquet or .arrow file")
    generate.add_argument("--force", action="store_true", help="replace FILE if this command made it")
    _add_ingest(actions)
    _add_check(actions)
    info = actions.add_parser(
        "info",
        help="what a bar file holds",
        description="What a bar file holds: rows, times, gaps, columns, faults. A store is asked, any other file is read through.",
        epilog="example:\n  barloom data info EURUSD.csv --format json\n",
    )
    info.add_argument("file", metavar="FILE", help="CSV, Parquet or Arrow file")
    groups.add_reading_options(info)
    info.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")


def _add_check(actions: Any) -> None:
    check = actions.add_parser(
        "check",
        help="what is wrong with bar files",
        description="Look for what is wrong with bar files: kinds, counts, first rows, a verdict and the command to go on with.",
        epilog="examples:\n"
        "  barloom data check EURUSD.csv\n"
        "  barloom data check EURUSD.arrow --format json | jq .verdict\n",
    )
    check.add_argument(
        "files",
        metavar="DATA",
        nargs="+",
        help="files of bars, a store, or a pattern: one data set in the order of time",
    )
    groups.add_reading_options(check)
    groups.add_several_files(check)
    groups.add_ask_options(check)
    check.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")


def _add_ingest(actions: Any) -> None:
    ingest = actions.add_parser(
        "ingest",
        help="read bar files once, into a store",
        description="Read bar files once, check them, and keep the bars in a store that is never parsed again: an Arrow or Parquet "
        "file that also says where its bars come from. The same files again are recognised and left alone.",
        epilog="examples:\n"
        "  barloom data ingest EURUSD.csv --out EURUSD.arrow\n"
        "  barloom data ingest EURUSD-2019.csv EURUSD-2020.csv --out EURUSD.arrow --on-bad-rows drop\n"
        "  barloom data ingest EURUSD-bid.csv --ask EURUSD-ask.csv --out EURUSD.arrow\n"
        "  barloom run EURUSD.arrow\n",
    )
    ingest.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="CSV (plain, .gz, .zip, .zst), Parquet or Arrow files, or a pattern: one data set in the order of time",
    )
    ingest.add_argument("--out", metavar="STORE", required=True, help="a .arrow or .parquet file")
    groups.add_reading_options(ingest)
    groups.add_several_files(ingest)
    groups.add_ask_options(ingest)
    groups.add_bad_rows(ingest, default="error")
    ingest.add_argument("--force", action="store_true", help="ingest again, and replace STORE if it is one")
    ingest.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")


def _add_strategies(commands: Any) -> None:
    strategies = commands.add_parser(
        "strategies", help="the built-in strategies", description="The built-in strategies."
    )
    actions = strategies.commands("action")
    listed = actions.add_parser("list", help="names and rules", description="Names and rules of the strategies.")
    listed.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    show = actions.add_parser(
        "show",
        help="one strategy's rules and parameters",
        description="One strategy's rules and parameters.",
        epilog="example:\n  barloom strategies show ema-cross\n",
    )
    show.add_argument("name", metavar="NAME", help="built in, module:Class or path.py:Class")
    show.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")


def _add_explain(commands: Any) -> None:
    explain = commands.add_parser(
        "explain",
        help="tell the story of one trade",
        description="Tell the story of one trade of a finished run: signal, fill, every level that moved, the bar that decided, "
        "and the money. The trade is replayed bar by bar by the reference simulator and must come out as the run had it.",
        epilog="examples:\n"
        "  barloom explain results/runs/20260102T030405Z-ema-cross-1a2b3c 12\n"
        "  barloom explain 20260102T030405Z-ema-cross-1a2b3c 12 --format json | jq .decided\n",
    )
    explain.add_argument("run", metavar="RUN", help="a run's folder, its run.json, or its job id")
    explain.add_argument(
        "trade_id", metavar="TRADE_ID", type=Number(whole=True, at_least=0), help="as in trades.parquet, from 0"
    )
    explain.add_argument(
        "--out", metavar="DIR", default="results", help="where job ids are looked up, in DIR/runs (default results)"
    )
    explain.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")


def _add_completion(commands: Any) -> None:
    completion = commands.add_parser(
        "completion",
        help="completion of commands and options for a shell",
        description="Print the script with which a shell completes commands, options, strategies and files.",
        epilog="examples:\n"
        "  barloom completion bash > ~/.local/share/bash-completion/completions/barloom\n"
        "  barloom completion zsh > ~/.zfunc/_barloom        a folder of $fpath, before compinit\n",
    )
    completion.add_argument("shell", metavar="SHELL", choices=("bash", "zsh"), help="bash or zsh")


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="barloom",
        description="Test trading rules on any number of price bars: streamed, the same trades to the byte every time.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", nargs=0, dest=argparse.SUPPRESS, action=Version, help="show the version and leave")
    commands = parser.commands("command")
    _add_run(commands)
    add_sweep(commands)
    add_walk_forward(commands)
    _add_explain(commands)
    _add_data(commands)
    _add_strategies(commands)
    add_bench(commands)
    info = commands.add_parser(
        "info", help="version, machine and libraries", description="Version, machine, OpenMP and libraries."
    )
    info.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    _add_completion(commands)
    for leaf in parser.leaves():
        groups.add_message_options(leaf.add_argument_group("messages"))
    return parser
