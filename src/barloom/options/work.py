"""Options that shape no trade: speed and memory, output, messages."""

from __future__ import annotations

from functools import partial

from barloom.options.kinds import AMOUNT, COUNT, COUNT_OR_AUTO, FILE, FLAG, FOLDER, FROM_ZERO
from barloom.options.option import Option
from barloom.options.rules import RUNS
from barloom.options.sets import SEED, SWEEPS

PLANNED = ("run", "sweep")

_work = partial(Option, group="speed and memory (never change a result)", commands=RUNS)
_output = partial(Option, group="output", commands=RUNS)
_message = partial(Option, group="messages")

WORK = (
    _work("chunk-rows", "bars worked on at a time", COUNT_OR_AUTO, metavar="N", unless="auto"),
    _work("threads", "threads, or auto for one per core", COUNT_OR_AUTO, metavar="N", unless="auto"),
    _work(
        "batch-rows",
        "trades written at a time; four times as many after 64 batches",
        COUNT,
        commands=("run",),
        metavar="N",
        default=16_384,
    ),
    _work("deterministic", "run twice and fail (exit 3) if the trades differ", FLAG, commands=("run",), default=False),
    _work("seed", SEED, FROM_ZERO, commands=("run",), metavar="N", default=0),
    _work(
        "max-workers",
        "processes that share the sets, up to the cores",
        COUNT,
        commands=SWEEPS,
        metavar="N",
        default=1,
    ),
    _work(
        "executor",
        "processes here, or the workers of a Dask scheduler",
        commands=SWEEPS,
        choices=("local", "dask"),
        default="local",
    ),
    _work("scheduler", "address of the Dask scheduler: tcp://host:8786", commands=SWEEPS, metavar="ADDRESS"),
    _work(
        "profile",
        "measure phases, kernels, hotspots and memory into profile.json beside the other files",
        FLAG,
        default=False,
    ),
    _work("profile-html", "the same, and a flame graph in profile.html", FLAG, default=False),
    _work(
        "plan",
        "say what would be done and how long it takes, and stop there",
        FLAG,
        commands=("sweep",),
        basic=True,
    ),
    _work(
        "max-ram",
        "stay below this much memory, or refuse to start: 500MB, 1.5GB",
        commands=PLANNED,
        metavar="SIZE",
    ),
    _work(
        "memory-threshold-mb",
        "warn when peak memory passes this; 0: never",
        AMOUNT,
        metavar="N",
        default=0.0,
    ),
)
_out = partial(_output, "out", kind=FOLDER, metavar="DIR", default="results", basic=True)
OUTPUT = (
    _out(help="where results go: DIR/runs, a row in DIR/runs.csv", commands=("run",)),
    _out(help="where results go: DIR/sweeps, a row in DIR/runs.csv", commands=("sweep",)),
    _out(help="where results go: DIR/walk-forward, a row in DIR/runs.csv", commands=("walk-forward",)),
    _output(
        "keep-trades",
        "keep the trades of the best 10, of all, or of none",
        commands=("sweep",),
        metavar="best:N",
        default="best:10",
    ),
    _output(
        "benchmark-out",
        "also write the benchmark record there: a new file, such a record, or a folder",
        FILE,
        metavar="PATH",
    ),
    _output(
        "format",
        "a table, or one JSON document on stdout",
        choices=("text", "json"),
        default="text",
        basic=True,
    ),
    _output(
        "log-frequency",
        "outside a terminal: one progress line every N trades",
        COUNT,
        commands=("run",),
        metavar="N",
        default=1000,
    ),
    _output("config", "read options from a TOML file; what you type wins", FILE, metavar="FILE.toml"),
    _output("non-interactive", "never ask a question", FLAG, commands=("run",)),
)
MESSAGES = (
    _message("verbose", "say on stderr what is being done", FLAG, short="v"),
    _message("quiet", "say nothing on stderr but errors", FLAG, short="q"),
    _message(
        "log-file",
        "append every message, with times, and errors with their tracebacks, whatever is shown",
        FILE,
        metavar="FILE",
    ),
)
"""Options of every command."""
