"""Options of sweeps and walk-forwards: windows, the parameter sets that are tried, and how they are ranked."""

from __future__ import annotations

from functools import partial

from barloom.options.kinds import COUNT, FLAG, FROM_ZERO, NAMES, PAIR
from barloom.options.option import Option

SWEEPS = ("sweep", "walk-forward")
SEED = "seed of everything random"

_window = partial(Option, group="windows", commands=("walk-forward",), metavar="SPAN", basic=True)
_set = partial(Option, group="parameter sets", commands=SWEEPS)
_rank = partial(Option, group="ranking", commands=SWEEPS)

SETS = (
    _window("train", "length of the training window: 2y, 6m, 8w or 30d"),
    _window("test", "length of the test window after it"),
    _window("step", "from one window to the next", unless="as --test"),
    _window("anchored", "always train from the first bar on (the window grows)", FLAG, metavar=""),
    _set(
        "grid",
        "values to try for a parameter or an option: 5:50:5, 50,100,200, atr:1..4:0.5, r:1,r:2; repeatable",
        PAIR,
        metavar="NAME=VALUES",
        many=True,
        basic=True,
    ),
    _set(
        "where",
        "try only combinations for which this is true: 'fast < slow', 'slow >= 2*fast and max_hold != 30'; repeatable",
        metavar="CONDITION",
        many=True,
        basic=True,
    ),
    _set("sample", "try N random combinations instead of all (repeatable with --seed)", COUNT, metavar="N"),
    _set("max-sets", "stop if there are more combinations than this", COUNT, metavar="N", default=1_000_000),
    _set("seed", SEED, FROM_ZERO, metavar="N", default=0),
    _set(
        "search",
        "do not try all: Optuna picks the next ones from the results so far",
        commands=("sweep",),
        choices=("tpe",),
    ),
    _set("trials", "combinations that --search tries", COUNT, commands=("sweep",), metavar="N"),
    _rank(
        "rank-by",
        "sharpe, net_pnl, profit_factor or any other metric",
        metavar="METRIC",
        default="sharpe",
        basic=True,
    ),
    _rank("min-trades", "rank only settings with at least N trades", FROM_ZERO, metavar="N", default=0, basic=True),
    _rank(
        "top",
        "rows of the ranking that are shown",
        COUNT,
        commands=("sweep",),
        metavar="N",
        default=20,
        basic=True,
    ),
    _rank("heat-map", "draw a heat map of two parameters", NAMES, commands=("sweep",), metavar="X,Y"),
)
