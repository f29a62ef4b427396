"""The commands ``sweep`` and ``walk-forward`` as argparse sees them. Standard library only."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from barloom.cli import _parser_groups as groups
    from barloom.cli._parser_words import COUNT, Number, names, pair
else:  # a file beside ``_parser.py``, which is executed by itself
    import _parser_groups as groups
    from _parser_words import COUNT, Number, names, pair

SWEEP_EXAMPLES = """\
examples:
  barloom sweep EURUSD.arrow --strategy ema-cross --grid fast=5:50:5 --grid slow=50,100,200 --where "fast < slow"
  barloom sweep EURUSD.arrow --grid stop=atr:1..4:0.5 --grid target=r:1,r:2,r:3 --grid max_hold=30,60 --plan
  barloom sweep EURUSD.arrow --grid fast=5:50:1 --grid slow=20:300:5 --sample 500 --seed 7 --max-workers 4
  barloom sweep EURUSD.arrow --grid fast=5:50:1 --grid slow=20:300:1 --search tpe --trials 200
  barloom sweep EURUSD.arrow --strategy ema-cross --grid fast=5:50:5 --grid slow=50:200:10 --heat-map fast,slow
  barloom sweep EURUSD.arrow --grid stop=atr:1..4:0.5 --rank-by profit_factor --min-trades 100 --format json | jq .best

A sweep that was stopped goes on where it was: give the same command again.
"""
WALK_FORWARD_EXAMPLES = """\
examples:
  barloom walk-forward EURUSD.arrow --strategy ema-cross --train 2y --test 6m --grid fast=5:50:5 --grid slow=50:200:50
  barloom walk-forward EURUSD.arrow --train 8w --test 2w --step 2w --anchored --grid stop=atr:1..4:0.5 --rank-by net_pnl

Spans are a number and y, m, w or d: years, months, weeks or days of the calendar, UTC.
"""


def _add_grid_options(grid: argparse._ActionsContainer) -> None:
    grid.add_argument(
        "--grid",
        metavar="NAME=VALUES",
        type=pair,
        action="append",
        help="values of an option or of a parameter of the strategy: 5:50:5, 50,100,200, atr:1..4:0.5, r:1,r:2; repeatable",
    )
    grid.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        help="take only sets for which it holds: 'fast < slow', 'slow >= 2*fast and max_hold != 30'; repeatable",
    )
    grid.add_argument("--sample", metavar="N", type=COUNT, help="take N sets at random (--seed), instead of all")
    grid.add_argument("--max-sets", metavar="N", type=COUNT, help="refuse a grid of more sets (default 1000000)")
    grid.add_argument(
        "--seed", metavar="N", type=Number(whole=True, at_least=0), help="seed of everything random (default 0)"
    )


def _add_rank_options(rank: argparse._ActionsContainer) -> None:
    rank.add_argument(
        "--rank-by", metavar="METRIC", help="sharpe, net_pnl, profit_factor or any other metric (default sharpe)"
    )
    rank.add_argument(
        "--min-trades",
        metavar="N",
        type=Number(whole=True, at_least=0),
        help="rank only sets of at least N trades (default 0)",
    )


def _add_workers_options(work: argparse._ActionsContainer) -> None:
    groups.add_chunk_options(work)
    work.add_argument(
        "--max-workers", metavar="N", type=COUNT, help="processes that share the sets, up to the cores (default 1)"
    )
    work.add_argument(
        "--executor",
        choices=("local", "dask"),
        help="processes here, or the workers of a Dask scheduler (default local)",
    )
    work.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask scheduler: tcp://host:8786")
    groups.add_profile_options(work)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    groups.add_strategy_options(parser.add_argument_group("strategy and entries"))
    groups.add_exit_options(parser.add_argument_group("exits"))
    groups.add_fill_options(parser.add_argument_group("fills and positions"))
    groups.add_cost_options(parser.add_argument_group("costs"))
    groups.add_money_options(parser.add_argument_group("money"))


def add_sweep(commands: Any) -> None:
    """The command ``sweep``."""
    sweep = commands.add_parser(
        "sweep",
        help="run many parameter sets over the same bars",
        description="Run every set of a grid of parameters over the same bars, and rank them. The bars are read once for many sets; "
        "each set's trades are those of a run with its values.",
        epilog=SWEEP_EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    groups.add_data_options(sweep.add_argument_group("data"), built_in=False)
    grid = sweep.add_argument_group("parameter sets")
    _add_grid_options(grid)
    grid.add_argument(
        "--search", choices=("tpe",), help="let Optuna choose sets of the grid by what it has seen, not all"
    )
    grid.add_argument("--trials", metavar="N", type=COUNT, help="sets that --search tries")
    rank = sweep.add_argument_group("ranking")
    _add_rank_options(rank)
    rank.add_argument("--top", metavar="N", type=COUNT, help="rows of the ranking that are shown (default 20)")
    rank.add_argument("--heat-map", metavar="X,Y", type=names, help="draw two names of the grid against the metric")
    _add_rules(sweep)
    work = sweep.add_argument_group("how the work is done (never changes a result)")
    _add_workers_options(work)
    work.add_argument(
        "--plan", action="store_true", help="say what would be done and how long it takes, and stop there"
    )
    output = sweep.add_argument_group("output")
    output.add_argument("--out", metavar="DIR", help="folders DIR/sweeps, records DIR/benchmarks (default results)")
    output.add_argument(
        "--keep-trades", metavar="best:N", help="sets whose trades are kept: best:10, all or none (default best:10)"
    )
    groups.add_benchmark_option(output)
    groups.add_format_option(output)
    groups.add_memory_options(output)
    groups.add_config_option(output)


def add_walk_forward(commands: Any) -> None:
    """The command ``walk-forward``."""
    walk = commands.add_parser(
        "walk-forward",
        help="choose sets on past bars, run them on the bars that follow",
        description="Sweep a grid over a window of bars, run the best set on the bars that follow, move on, and join what was never "
        "seen when it was chosen.",
        epilog=WALK_FORWARD_EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    groups.add_data_options(walk.add_argument_group("data"), built_in=False)
    windows = walk.add_argument_group("windows")
    windows.add_argument("--train", metavar="SPAN", help="length of a window that sets are chosen on: 2y, 6m, 8w, 30d")
    windows.add_argument("--test", metavar="SPAN", help="length of the window that follows it")
    windows.add_argument("--step", metavar="SPAN", help="from one window to the next (default --test)")
    windows.add_argument("--anchored", action="store_true", help="train from the first bar on, in ever longer windows")
    _add_grid_options(walk.add_argument_group("parameter sets"))
    _add_rank_options(walk.add_argument_group("ranking"))
    _add_rules(walk)
    _add_workers_options(walk.add_argument_group("how the work is done (never changes a result)"))
    output = walk.add_argument_group("output")
    output.add_argument(
        "--out", metavar="DIR", help="folders DIR/walk-forward, records DIR/benchmarks (default results)"
    )
    groups.add_benchmark_option(output)
    groups.add_format_option(output)
    groups.add_threshold_option(output)
    groups.add_config_option(output)
