"""Groups of options that commands share: the data, and the rules, exits, fills, costs and money of a run. Standard library only."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from barloom.cli._parser_words import COST, COUNT, FRACTION, PORTION, Number, names, pair
else:  # a file beside ``_parser.py``, which is executed by itself
    from _parser_words import COST, COUNT, FRACTION, PORTION, Number, names, pair

DIRECTIONS = ("long", "short", "both")
ENTRIES = ("next_open", "close", "limit", "stop")
FILLS = ("pessimistic", "optimistic", "tradingview", "vectorbt", "backtesting.py", "mt4-ohlc")
INTRABAR = ("pessimistic", "optimistic", "nearest_open", "ohlc", "olhc", "candle", "drilldown")
POSITIONS = ("single", "overlap", "reverse")


def add_reading_options(group: argparse._ActionsContainer) -> None:
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
    group.add_argument(
        "--symbol", metavar="NAME", help="which one of several symbols in the file to read; '*' takes all for one"
    )
    group.add_argument(
        "--date-order",
        choices=("dmy", "mdy", "ymd"),
        help="order of day, month and year, where no date of the file proves it",
    )
    group.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="how times are written: '%%d-%%b-%%y %%H:%%M' and the like, epoch, epoch-s, epoch-ms, epoch-us, epoch-ns or excel",
    )
    group.add_argument(
        "--decimal", metavar="MARK", help="decimal mark of prices, point or comma, where no price of the file proves it"
    )
    group.add_argument(
        "--thousands", metavar="MARK", help="thousands mark of prices: comma, point, space, apostrophe or none"
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="of a text that is not UTF-8: gbk, shift_jis, cp1251 and so on (default: told)",
    )


def add_several_files(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--shared-bars",
        choices=("first", "last", "error"),
        help="whose bars count where a file reaches into the next (default: taken once where they are the same)",
    )
    group.add_argument(
        "--odd-times",
        choices=("error", "keep"),
        help="times that no bar has, in the future or every 7 s: ask, or keep them (default error)",
    )


def add_bad_rows(group: argparse._ActionsContainer, **settings: Any) -> None:
    unless: dict[str, Any] = {"default": None} if settings else {}
    group.add_argument(
        "--on-bad-rows",
        choices=("error", "drop", "drop:any"),
        help="refuse bad rows, or drop and count them; drop takes up to 1%% of the rows and of the time (default error)",
        **settings,
    )
    group.add_argument(
        "--on-crossed",
        choices=("error", "drop", "widen"),
        help="bars whose ask is below the bid: bad rows, left out, or the ask raised to the bid there (default error)",
        **unless,
    )
    group.add_argument(
        "--drop-spikes",
        action="store_true",
        help="leave out bars whose price is far off and comes back, as data check finds them",
        **unless,
    )


def add_ask_options(group: argparse._ActionsContainer) -> None:
    group.add_argument("--ask", metavar="FILE", help="ask bars of the same times; DATA is then the bid")
    group.add_argument(
        "--spread-column",
        metavar="NAME",
        help="column of DATA with the spread of each bar in price units, or SPREAD*0.00001 where it counts points",
    )


def add_data_options(data: argparse._ActionsContainer, *, built_in: bool = True) -> None:
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
    if built_in:
        data.add_argument("--sample", action="store_true", help="run on a seeded built-in data set, no file needed")
    data.add_argument(
        "--data-frac", metavar="F", type=FRACTION, help="part of the data, above 0 and up to 1 (default 1.0)"
    )
    data.add_argument(
        "--portion", metavar="K", type=PORTION, help="which part, from 1: 0.25 and 2 is the second quarter (default 1)"
    )
    data.add_argument("--start", metavar="TIME", help="first time, ISO, UTC")
    data.add_argument("--end", metavar="TIME", help="time to stop before, ISO, UTC")
    add_reading_options(data)
    add_several_files(data)
    add_bad_rows(data)
    add_ask_options(data)
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


def add_strategy_options(rules: argparse._ActionsContainer) -> None:
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
    rules.add_argument("--good-for", metavar="N", type=COUNT, help="bars a limit or stop order works (default 1)")


def add_exit_options(exits: argparse._ActionsContainer) -> None:
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
    exits.add_argument("--max-hold", metavar="N", type=COUNT, help="leave at the close after N bars (default none)")
    exits.add_argument("--daily-close", metavar="HH:MM", help="leave at the last close before this time of every day")
    exits.add_argument("--friday-close", metavar="HH:MM", help="leave at the last close before this time on Fridays")
    exits.add_argument(
        "--gap-close", metavar="SPAN", help="leave at the last close before a gap longer than this: 90m, 2h, 1d"
    )
    exits.add_argument(
        "--session-zone", metavar="ZONE", help="time zone of these times: America/New_York (default UTC)"
    )


def add_fill_options(fills: argparse._ActionsContainer) -> None:
    fills.add_argument("--fills", choices=FILLS, help="preset of fill rules (default pessimistic)")
    fills.add_argument(
        "--intrabar", choices=INTRABAR, help="which level of two in one bar came first, instead of the preset's"
    )
    fills.add_argument("--position", choices=POSITIONS, help="which signals become trades (default single)")
    fills.add_argument(
        "--max-open", metavar="N", type=Number(whole=True, at_least=0), help="open trades with overlap, 0 for no limit"
    )


def add_cost_options(costs: argparse._ActionsContainer) -> None:
    costs.add_argument("--spread", metavar="X", type=COST, help="ask minus bid, in price units (default 0)")
    costs.add_argument(
        "--slippage",
        metavar="X",
        type=Number(at_least=0, unit="atr"),
        help="adverse price units on market and stop fills, or atr:0.1 (default 0)",
    )
    costs.add_argument("--commission", metavar="X", type=COST, help="money a unit (default 0)")
    costs.add_argument("--commission-per-trade", metavar="X", type=COST, help="money a trade (default 0)")
    costs.add_argument(
        "--commission-pct", metavar="X", type=COST, help="percent of what is bought and of what is sold (default 0)"
    )
    costs.add_argument(
        "--swap-long", metavar="X", type=Number(), help="money a unit and night at 17:00 New York, below 0 is earned"
    )
    costs.add_argument("--swap-short", metavar="X", type=Number(), help="the same for shorts (default 0)")


def add_money_options(money: argparse._ActionsContainer) -> None:
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


def add_chunk_options(work: argparse._ActionsContainer) -> None:
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


def add_work_options(work: argparse._ActionsContainer) -> None:
    add_chunk_options(work)
    work.add_argument(
        "--batch-rows",
        metavar="N",
        type=COUNT,
        help="trades a written batch (default 16384), four times as many after 64 batches",
    )
    work.add_argument(
        "--deterministic", action="store_true", help="run twice, compare the digests, exit with 3 if they differ"
    )
    work.add_argument(
        "--seed", metavar="N", type=Number(whole=True, at_least=0), help="seed of everything random (default 0)"
    )
    add_profile_options(work)


def add_profile_options(work: argparse._ActionsContainer) -> None:
    work.add_argument(
        "--profile",
        action="store_true",
        help="measure phases, kernels, hotspots and memory into profile.json beside the other files",
    )
    work.add_argument("--profile-html", action="store_true", help="the same, and a flame graph in profile.html")


def add_output_options(output: argparse._ActionsContainer) -> None:
    output.add_argument("--out", metavar="DIR", help="run folders DIR/runs, records DIR/benchmarks (default results)")
    add_benchmark_option(output)
    add_format_option(output)
    output.add_argument(
        "--log-frequency",
        metavar="N",
        type=COUNT,
        help="trades between progress lines when not at a terminal (default 1000)",
    )
    add_memory_options(output)
    add_config_option(output)
    output.add_argument("--non-interactive", action="store_true", help="never ask a question")


def add_benchmark_option(output: argparse._ActionsContainer) -> None:
    output.add_argument(
        "--benchmark-out",
        metavar="PATH",
        help="the benchmark record's file, new or such a record (default in DIR/benchmarks)",
    )


def add_format_option(output: argparse._ActionsContainer) -> None:
    output.add_argument(
        "--format", choices=("text", "json"), help="a table, or one JSON document on stdout (default text)"
    )


def add_memory_options(output: argparse._ActionsContainer) -> None:
    add_threshold_option(output)
    output.add_argument(
        "--max-ram",
        metavar="SIZE",
        help="500MB: plan chunks that fit, or refuse before starting and say what would fit",
    )


def add_threshold_option(output: argparse._ActionsContainer) -> None:
    output.add_argument(
        "--memory-threshold-mb",
        metavar="N",
        type=Number(at_least=0),
        help="warn when peak memory passes it, 0 for never (default 0)",
    )


def add_config_option(output: argparse._ActionsContainer) -> None:
    output.add_argument("--config", metavar="FILE.toml", help="any option of this page; the command line wins")


def add_message_options(messages: argparse._ActionsContainer) -> None:
    messages.add_argument(
        "-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="say on stderr what is being done"
    )
    messages.add_argument(
        "-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help="say nothing on stderr but errors"
    )
    messages.add_argument(
        "--log-file",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="append every message, with times, and errors with their tracebacks, whatever is shown",
    )
