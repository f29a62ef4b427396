"""Options of the commands that run no strategy over bars: data, strategies, explain, info, completion."""

from __future__ import annotations

from functools import partial

from barloom.options.kinds import COUNT, FILE, FLAG, FOLDER, FROM_ZERO, RUN, STRATEGY
from barloom.options.option import Option

_generate = partial(Option, commands=("data generate",), basic=True)
_ingest = partial(Option, commands=("data ingest",), basic=True)
_explain = partial(Option, commands=("explain",), basic=True)

OTHERS = (
    _generate("rows", "bars to write", COUNT, metavar="N", required=True),
    _generate("seed", "same seed, same bars", FROM_ZERO, metavar="N", default=0),
    _generate("out", "a .csv, .parquet or .arrow file", FILE, metavar="FILE", required=True),
    _generate("force", "replace FILE if this command made it", FLAG, default=False),
    _ingest(
        "files",
        "CSV (plain, .gz, .zip, .zst), Parquet or Arrow files, or a pattern: one data set in the order of time",
        FILE,
        metavar="FILE",
        argument=True,
        many=True,
        required=True,
    ),
    _ingest("out", "a .arrow or .parquet file", FILE, metavar="STORE", required=True),
    _ingest("force", "ingest again, and replace STORE if it is one", FLAG, default=False),
    Option(
        "files",
        "files of bars, a store, or a pattern: one data set in the order of time",
        FILE,
        commands=("data check",),
        metavar="DATA",
        argument=True,
        many=True,
        required=True,
        basic=True,
    ),
    Option(
        "file", "CSV, Parquet or Arrow file", FILE, commands=("data info",), metavar="FILE", argument=True, basic=True
    ),
    Option(
        "name",
        "a built-in name, or your own: file.py:Class or module:Class",
        STRATEGY,
        commands=("strategies show",),
        metavar="NAME",
        argument=True,
        basic=True,
    ),
    _explain("run", "a run's folder, its run.json, or its job id", RUN, metavar="RUN", argument=True),
    _explain(
        "trade_id",
        "number of the trade, from 0 (column trade_id of trades.parquet)",
        FROM_ZERO,
        metavar="TRADE_ID",
        argument=True,
    ),
    _explain("out", "where job ids are looked up, in DIR/runs", FOLDER, metavar="DIR", default="results"),
    Option(
        "shell",
        "bash or zsh",
        commands=("completion",),
        metavar="SHELL",
        choices=("bash", "zsh"),
        argument=True,
        basic=True,
    ),
)
FORMATS = (
    Option(
        "format",
        "a table, or one JSON document on stdout",
        commands=(
            *("data ingest", "data check", "data info", "strategies list", "strategies show", "explain"),
            *("bench run", "bench compare", "info"),
        ),
        choices=("text", "json"),
        default="text",
        basic=True,
    ),
)
"""The last option of a command that answers."""
