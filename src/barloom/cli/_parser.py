"""The command line as argparse sees it. Imports the standard library only, so the man page builds from this file alone.

Options default to being absent (``SUPPRESS``): what was not typed can come from ``--config``, and the real defaults
live in the models ``RunParameters`` and ``JobOptions``.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

DIRECTIONS = ("long", "short", "both")
ENTRIES = ("next_open", "close", "limit", "stop")
FILLS = ("pessimistic", "optimistic", "tradingview", "vectorbt", "backtesting.py", "mt4-ohlc")
INTRABAR = ("pessimistic", "optimistic", "nearest_open", "ohlc", "olhc", "candle", "drilldown")
POSITIONS = ("single", "overlap", "reverse")
EXCLUSIVE = (("size", "notional", "risk_pct"), ("data", "sample"), ("ask", "spread_column", "spread"))
"""Options of ``run`` of which only one can be given."""

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
"""
EXAMPLES = """\
examples:
  barloom run --sample                        a first run, no file needed
  barloom strategies show trend-pullback      what a strategy does and can be told
  barloom run EURUSD.csv --stop atr:2         one-minute bars in, trades and a record of the run out
  barloom explain RUN 12                      the story of trade 12 of that run, bar by bar

exit codes: 0 done, 2 bad input or options, 3 two runs that must agree do not, 4 unexpected error, 130 interrupted
"""


class Number:
    """Reads a number within limits, and says in plain words what is wrong with any other text."""

    def __init__(
        self,
        *,
        whole: bool = False,
        at_least: float | None = None,
        above: float | None = None,
        at_most: float | None = None,
        auto: bool = False,
        unit: str | None = None,
    ) -> None:
        self.whole, self.at_least, self.above, self.at_most = whole, at_least, above, at_most
        self.auto, self.unit = auto, unit

    def __str__(self) -> str:
        limits = []
        if self.at_least is not None:
            limits.append(f"of at least {self.at_least:g}")
        if self.above is not None:
            limits.append(f"above {self.above:g}")
        if self.at_most is not None:
            limits.append(f"up to {self.at_most:g}")
        kind = "a whole number" if self.whole else "a number"
        other = ", or auto" if self.auto else f", or {self.unit}: and such a number" if self.unit else ""
        return " ".join([kind, " and ".join(limits)]).rstrip() + other

    def __call__(self, text: str) -> float | int | str | None:
        """The number; None for ``auto`` and the text as it is for ``unit:number`` where these are allowed.

        Raises:
            argparse.ArgumentTypeError: anything else; one plain sentence.
        """
        if self.auto and text.strip().lower() == "auto":
            return None
        unit, colon, amount = text.strip().lower().partition(":")
        if colon and unit == self.unit:
            return f"{unit}:{self._number(amount, text)!r}"
        return self._number(text, text)

    def reads(self, value: object) -> bool:
        """Whether a value of a TOML file has a type that can be read."""
        if isinstance(value, str):
            word = value.strip().lower()
            return (self.auto and word == "auto") or (self.unit is not None and word.startswith(f"{self.unit}:"))
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    def _number(self, text: str, said: str) -> float | int:
        """The number of ``text``; ``said`` is what was typed."""
        try:
            # int() and float() alone would also take 1_000 and digits of other scripts.
            if "_" in text or not text.isascii():
                raise ValueError
            value: float | int = int(text) if self.whole else float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{said}' is not {self}") from None
        low = (self.at_least is not None and value < self.at_least) or (self.above is not None and value <= self.above)
        high = self.at_most is not None and value > self.at_most
        if low or high or not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{said} is not {self}")
        return value


FRACTION = Number(above=0, at_most=1)
PORTION = Number(whole=True, at_least=1)
_COUNT = Number(whole=True, at_least=1)
_COST = Number(at_least=0)


def pair(text: str) -> tuple[str, str]:
    """``name=value`` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name.strip(), value.strip()


def names(text: str) -> list[str]:
    """Names between commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of names between commas")
    return found


def hint(name: str, known: Iterable[str]) -> str:
    """``did you mean X?`` for the nearest of the known names, or nothing where none is near."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


class Parser(argparse.ArgumentParser):
    """An argparse parser that refuses in one plain sentence, with the nearest name after a typing error."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**settings)
        self.subcommands: dict[str, Parser] = {}

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one sentence and leave with 2."""
        self.exit(2, f"barloom: error: {message.removeprefix('argument ')} (see '{self.prog} --help')\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            near = hint(str(value), known)
            said = f"'{value}' is not known: {near + ' ' if near else ''}choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, said)

    def commands(self, dest: str) -> Any:
        """The sub-parsers action, whose parsers are remembered in ``subcommands``."""
        action = self.add_subparsers(dest=dest, metavar="COMMAND", required=True, title="commands")
        self.subcommands = action.choices
        return action

    def leaf(self, words: Sequence[str]) -> Parser:
        """The parser of the sub-command that the words name, as deep as they go."""
        parser = self
        for word in words:
            if word in parser.subcommands:
                parser = parser.subcommands[word]
        return parser

    def options(self) -> list[str]:
        """The long options this parser knows."""
        return [text for text in self._option_string_actions if text.startswith("--")]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but an unknown option is refused with the nearest known one."""
        words = list(sys.argv[1:] if args is None else args)
        found, extra = self.parse_known_args(words, namespace)
        if not extra:
            return found
        leaf = self.leaf(words)
        unknown = next((text for text in extra if text.startswith("-") and len(text) > 1), None)
        if unknown is None:
            leaf.error(f"unexpected argument '{extra[0]}'")
        name = unknown.partition("=")[0]
        return leaf.error(f"unknown option '{name}': {hint(name, leaf.options())}".removesuffix(": "))


class _Version(argparse.Action):
    """Prints the version; looked up only when asked, as the file also runs where barloom is not."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None
    ) -> NoReturn:
        from barloom import __version__

        print(f"barloom {__version__}")
        parser.exit(0)


def _add_reading_options(group: argparse._ActionsContainer) -> None:
    group.add_argument("--columns", metavar="time=Date,open=O,...", help="names or 1-based positions of the columns")
    group.add_argument("--ignore-columns", metavar="A,B", type=names, help="columns in the file to leave unread")
    group.add_argument(
        "--input-format",
        metavar="NAME",
        help="format of the file, by its name in the guide to data (default: by content)",
    )
    group.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="of times without one: EST, +02:00, America/New_York, America/New_York+7h (default the format's, else UTC)",
    )
    group.add_argument(
        "--stamp",
        choices=("open", "close"),
        help="whether the file stamps a bar by its open or close time (default the format's, else open)",
    )
    group.add_argument("--symbol", metavar="NAME", help="which one of several symbols in the file to read")


def _add_bad_rows(group: argparse._ActionsContainer, **settings: Any) -> None:
    group.add_argument(
        "--on-bad-rows",
        choices=("error", "drop"),
        help="refuse bad rows, or drop and count them (default error)",
        **settings,
    )
    unless: dict[str, Any] = {"default": None} if settings else {}
    group.add_argument(
        "--drop-spikes",
        action="store_true",
        help="leave out bars whose price is far off and comes back, as data check finds them",
        **unless,
    )


def _add_ask_options(group: argparse._ActionsContainer) -> None:
    group.add_argument("--ask", metavar="FILE", help="ask bars of the same times; DATA is then the bid")
    group.add_argument(
        "--spread-column",
        metavar="NAME",
        help="column of DATA with the spread of each bar in price units, or SPREAD*0.00001 where it counts points",
    )


def _add_data_options(data: argparse._ActionsContainer) -> None:
    data.add_argument(
        "data",
        metavar="DATA",
        nargs="*",
        help="CSV (plain, .gz, .zip, .zst), Parquet or Arrow file, or a store; several, or a pattern in quotes "
        "('EURUSD-*.csv'), are one data set in the order of time",
    )
    data.add_argument(
        "--data", metavar="DATA", dest="data_option", action="append", help="the same as an option; repeatable"
    )
    data.add_argument("--sample", action="store_true", help="run on a seeded built-in data set, no file needed")
    data.add_argument(
        "--data-frac", metavar="F", type=FRACTION, help="part of the data, above 0 and up to 1 (default 1.0)"
    )
    data.add_argument(
        "--portion", metavar="K", type=PORTION, help="which part, from 1: 0.25 and 2 is the second quarter (default 1)"
    )
    data.add_argument("--start", metavar="TIME", help="first time, ISO, UTC")
    data.add_argument("--end", metavar="TIME", help="time to stop before, ISO, UTC")
    _add_reading_options(data)
    _add_bad_rows(data)
    _add_ask_options(data)
    data.add_argument(
        "--timeframe",
        metavar="LENGTH",
        help="bars of this length, made of those of the file: 5m, 15m, 1h, 4h, 1d, 1w, or any number of s, m, h, d, w",
    )
    data.add_argument(
        "--anchor",
        metavar="TIME",
        help="when days begin for --timeframe: '17:00 America/New_York' (default 00:00 UTC)",
    )
    data.add_argument("--fine", metavar="FILE", help="finer bars of the same times: --intrabar drilldown")


def _add_strategy_options(rules: argparse._ActionsContainer) -> None:
    rules.add_argument(
        "--strategy", metavar="NAME", help="built in, module:Class or path.py:Class (default trend-pullback)"
    )
    rules.add_argument(
        "--param", metavar="K=V", type=pair, action="append", help="a parameter of the strategy; repeatable"
    )
    rules.add_argument("--direction", type=str.lower, choices=DIRECTIONS, help="sides to trade (default both)")
    rules.add_argument(
        "--entry",
        choices=ENTRIES,
        help="where a signal is filled: market at the next open or at the close, or a limit or stop order "
        "(default next_open)",
    )
    rules.add_argument(
        "--entry-offset",
        metavar="DISTANCE",
        help="how far from the close of the signal bar a limit or stop order lies: atr:0.5, pips:5 (default the strategy's)",
    )
    rules.add_argument("--good-for", metavar="N", type=_COUNT, help="bars a limit or stop order works (default 1)")


def _add_exit_options(exits: argparse._ActionsContainer) -> None:
    exits.add_argument(
        "--stop", metavar="DISTANCE", help="atr:2, pct:0.5, points:0.0020, pips:20 or none (default the strategy's)"
    )
    exits.add_argument("--target", metavar="DISTANCE", help="as --stop, or r:2 (default the strategy's)")
    exits.add_argument(
        "--ladder",
        metavar="D@F,...",
        help="partial targets, each a distance and a fraction of the size: r:1@0.5,r:2@0.3 leaves 0.2 to --target",
    )
    exits.add_argument(
        "--trail",
        metavar="DISTANCE",
        help="stop that follows the best price at this distance: atr:3, r:1, or peak:0.5 in percent of that price",
    )
    exits.add_argument(
        "--trail-activation", metavar="DISTANCE", help="gain from which --trail works: r:1 (default at once)"
    )
    exits.add_argument("--breakeven", metavar="DISTANCE", help="gain at which the stop goes to the entry price: r:1")
    exits.add_argument(
        "--breakeven-offset", metavar="DISTANCE", help="how far beyond the entry price it goes: pips:1 (default 0)"
    )
    exits.add_argument("--max-hold", metavar="N", type=_COUNT, help="leave at the close after N bars (default none)")
    exits.add_argument("--daily-close", metavar="HH:MM", help="leave at the last close before this time of every day")
    exits.add_argument("--friday-close", metavar="HH:MM", help="leave at the last close before this time on Fridays")
    exits.add_argument(
        "--gap-close", metavar="SPAN", help="leave at the last close before a gap longer than this: 90m, 2h, 1d"
    )
    exits.add_argument(
        "--session-zone", metavar="ZONE", help="time zone of these times: America/New_York (default UTC)"
    )


def _add_fill_options(fills: argparse._ActionsContainer) -> None:
    fills.add_argument("--fills", choices=FILLS, help="preset of fill rules (default pessimistic)")
    fills.add_argument(
        "--intrabar", choices=INTRABAR, help="which level of two in one bar came first, instead of the preset's"
    )
    fills.add_argument("--position", choices=POSITIONS, help="which signals become trades (default single)")
    fills.add_argument(
        "--max-open", metavar="N", type=Number(whole=True, at_least=0), help="open trades with overlap, 0 for no limit"
    )


def _add_cost_options(costs: argparse._ActionsContainer) -> None:
    costs.add_argument("--spread", metavar="X", type=_COST, help="ask minus bid, in price units (default 0)")
    costs.add_argument(
        "--slippage",
        metavar="X",
        type=Number(at_least=0, unit="atr"),
        help="adverse price units on market and stop fills, or atr:0.1 (default 0)",
    )
    costs.add_argument("--commission", metavar="X", type=_COST, help="money a unit (default 0)")
    costs.add_argument("--commission-per-trade", metavar="X", type=_COST, help="money a trade (default 0)")
    costs.add_argument(
        "--commission-pct", metavar="X", type=_COST, help="percent of what is bought and of what is sold (default 0)"
    )
    costs.add_argument(
        "--swap-long", metavar="X", type=Number(), help="money a unit and night at 17:00 New York, below 0 is earned"
    )
    costs.add_argument("--swap-short", metavar="X", type=Number(), help="the same for shorts (default 0)")


def _add_money_options(money: argparse._ActionsContainer) -> None:
    money.add_argument("--balance", metavar="X", type=Number(above=0), help="starting balance (default 10000)")
    money.add_argument(
        "--risk-pct",
        metavar="X",
        type=Number(above=0, at_most=100),
        help="percent of equity a trade risks (default 0.25)",
    )
    money.add_argument(
        "--size", metavar="UNITS", type=Number(above=0), help="fixed units a trade, instead of --risk-pct"
    )
    money.add_argument(
        "--notional", metavar="X", type=Number(above=0), help="fixed value a trade in money, instead of --risk-pct"
    )
    money.add_argument(
        "--lot-step", metavar="X", type=Number(above=0), help="round sizes down to this many lots: 0.01 (default exact)"
    )
    money.add_argument("--min-lots", metavar="X", type=Number(above=0), help="refuse a smaller size (default none)")
    money.add_argument("--max-lots", metavar="X", type=Number(above=0), help="cut a larger size (default none)")
    money.add_argument("--contract-size", metavar="X", type=Number(above=0), help="units a lot: 100000 (default 1)")
    money.add_argument(
        "--conversion", metavar="X", type=Number(above=0), help="account currency a unit of quote currency (default 1)"
    )
    money.add_argument(
        "--leverage", metavar="X", type=Number(above=0), help="refuse a trade beyond balance times X (default no limit)"
    )


def _add_run(commands: Any) -> None:
    run = commands.add_parser(
        "run",
        help="run a strategy over bars",
        description="Run a strategy over bars and write its trades, equity, and a record of the run.",
        epilog=RUN_EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    _add_data_options(run.add_argument_group("data"))
    _add_strategy_options(run.add_argument_group("strategy and entries"))
    _add_exit_options(run.add_argument_group("exits"))
    _add_fill_options(run.add_argument_group("fills and positions"))
    _add_cost_options(run.add_argument_group("costs"))
    _add_money_options(run.add_argument_group("money"))
    _add_work_options(run.add_argument_group("how the work is done (never changes a result)"))
    _add_output_options(run.add_argument_group("output"))


def _add_work_options(work: argparse._ActionsContainer) -> None:
    work.add_argument(
        "--chunk-rows",
        metavar="N",
        type=Number(whole=True, at_least=1, auto=True),
        help="bars worked on at a time, or auto (default auto)",
    )
    work.add_argument(
        "--threads",
        metavar="N",
        type=Number(whole=True, at_least=1, auto=True),
        help="threads, or auto for one a core (default auto)",
    )
    work.add_argument("--batch-rows", metavar="N", type=_COUNT, help="trades a written batch (default 16384)")
    work.add_argument(
        "--deterministic", action="store_true", help="run twice, compare the digests, exit with 3 if they differ"
    )
    work.add_argument(
        "--seed", metavar="N", type=Number(whole=True, at_least=0), help="seed of everything random (default 0)"
    )


def _add_output_options(output: argparse._ActionsContainer) -> None:
    output.add_argument("--out", metavar="DIR", help="run folders DIR/runs, records DIR/benchmarks (default results)")
    output.add_argument(
        "--benchmark-out", metavar="PATH", help="the benchmark record's file (default in DIR/benchmarks)"
    )
    output.add_argument(
        "--format", choices=("text", "json"), help="a table, or one JSON document on stdout (default text)"
    )
    output.add_argument(
        "--log-frequency",
        metavar="N",
        type=_COUNT,
        help="trades between progress lines when not at a terminal (default 1000)",
    )
    output.add_argument(
        "--memory-threshold-mb",
        metavar="N",
        type=Number(at_least=0),
        help="warn when peak memory passes it, 0 for never (default 0)",
    )
    output.add_argument(
        "--max-ram",
        metavar="SIZE",
        help="500MB: plan chunks that fit, or refuse before starting and say what would fit",
    )
    output.add_argument("--config", metavar="FILE.toml", help="any option of this page; the command line wins")
    output.add_argument("--non-interactive", action="store_true", help="never ask a question")


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="make and look at bar files", description="Make and look at bar files.")
    actions = data.commands("action")
    generate = actions.add_parser(
        "generate",
        help="write synthetic one-minute bars",
        description="Write seeded synthetic one-minute bars that look like FX: same seed, same bytes.",
        epilog="example:\n  barloom data generate --rows 1000000 --seed 7 --out bars.parquet\n",
    )
    generate.add_argument("--rows", metavar="N", type=_COUNT, required=True, help="bars to write")
    generate.add_argument("--seed", metavar="N", type=Number(whole=True, at_least=0), default=0, help="(default 0)")
    generate.add_argument("--out", metavar="FILE", required=True, help="a .csv, .parquet or .arrow file")
    generate.add_argument("--force", action="store_true", help="replace FILE if it exists")
    _add_ingest(actions)
    _add_check(actions)
    info = actions.add_parser(
        "info",
        help="what a bar file holds",
        description="What a bar file holds: rows, times, gaps, columns, faults. A store is asked, any other file is read through.",
        epilog="example:\n  barloom data info EURUSD.csv --format json\n",
    )
    info.add_argument("file", metavar="FILE", help="CSV, Parquet or Arrow file")
    _add_reading_options(info)
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
    _add_reading_options(check)
    _add_ask_options(check)
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
        "  barloom run EURUSD.arrow\n",
    )
    ingest.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="CSV (plain, .gz, .zip, .zst), Parquet or Arrow files, or a pattern: one data set in the order of time",
    )
    ingest.add_argument("--out", metavar="STORE", required=True, help="a .arrow or .parquet file")
    _add_reading_options(ingest)
    _add_bad_rows(ingest, default="error")
    ingest.add_argument("--force", action="store_true", help="ingest again, and replace STORE whatever it is")
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


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="barloom",
        description="Test trading rules on any number of price bars: streamed, the same trades to the byte every time.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "--version", nargs=0, dest=argparse.SUPPRESS, action=_Version, help="show the version and leave"
    )
    commands = parser.commands("command")
    _add_run(commands)
    _add_explain(commands)
    _add_data(commands)
    _add_strategies(commands)
    info = commands.add_parser(
        "info", help="version, machine and libraries", description="Version, machine, OpenMP and libraries."
    )
    info.add_argument("--format", choices=("text", "json"), default="text", help="(default text)")
    return parser
