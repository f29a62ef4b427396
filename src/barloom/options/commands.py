"""The commands and their help, in the order of the help."""

from __future__ import annotations

from barloom.options.option import Command

PROGRAM = Command(
    "",
    "",
    "Backtest trading rules on price bars of any size. The same input always gives the same trades.",
    examples=(
        "barloom run --sample                     a first run, no file needed",
        "barloom strategies show ema-cross        a strategy's rules and parameters",
        "barloom run EURUSD.csv --stop atr:2      backtest a file; see results/runs",
        "barloom explain RUN 12                   why trade 12 opened and closed",
        "barloom sweep EURUSD.csv --grid stop=atr:1..4:0.5 --grid target=r:1,r:2",
    ),
    notes="exit codes: 0 done, 2 bad input or options, 3 a self-check failed (see the message), 4 unexpected error, 130 interrupted",
)

RUN = Command(
    "run",
    "backtest one strategy",
    "Backtest a strategy. Trades, equity and a record of every option go to results/runs/JOB.",
    examples=(
        "barloom run --sample",
        "barloom run EURUSD.csv --strategy ema-cross --param fast=10 --spread 0.0001",
        "barloom run EURUSD.csv --timeframe 15m --stop atr:2 --target r:2",
        "barloom run EURUSD.csv --start 2020-01-01 --format json | jq .metrics",
        "barloom run EURUSD.parquet --data-frac 0.25 --portion 2 --max-hold 240",
        "barloom run EURUSD.csv --stop atr:2 --ladder r:1@0.5,r:2@0.3 --trail atr:3",
        "barloom run EURUSD.csv --breakeven r:1 --trail atr:3 --trail-activation r:1",
        "barloom run EURUSD.csv --entry limit --entry-offset atr:0.5 --good-for 5",
        "barloom run EURUSD.csv --friday-close 21:55",
        "barloom run EURUSD-bid.csv --ask EURUSD-ask.csv --fine EURUSD-1s.parquet",
        "barloom run EURUSD.csv --notional 20000 --contract-size 100000 --lot-step 0.01 --leverage 30",
        "barloom run EURUSD.arrow --timeframe 4h --anchor '17:00 America/New_York'",
        "barloom run EURUSD-2019.csv EURUSD-2020.csv --on-bad-rows drop",
        "barloom run EURUSD.csv --config settings.toml --deterministic",
        "barloom run EURUSD.arrow --profile-html",
    ),
    basic=4,
    guide="docs/execution.md",
    job=True,
)

SWEEP = Command(
    "sweep",
    "backtest many settings and rank them",
    "Backtest every combination of the given values and rank them. Each row is exactly what 'barloom run' gives with these values.",
    examples=(
        "barloom sweep EURUSD.arrow --grid stop=atr:1..4:0.5 --grid target=r:1,r:2,r:3",
        'barloom sweep EURUSD.arrow --grid fast=5:50:5 --grid slow=50,100 --where "fast < slow"',
        "barloom sweep EURUSD.arrow --grid stop=atr:1..4:0.5 --grid max_hold=30,60 --plan",
        "barloom sweep EURUSD.arrow --grid fast=5:50:1 --grid slow=20:300:5 --sample 500 --seed 7 --max-workers 4",
        "barloom sweep EURUSD.arrow --grid fast=5:50:1 --grid slow=20:300:1 --search tpe --trials 200",
        "barloom sweep EURUSD.arrow --strategy ema-cross --grid fast=5:50:5 --grid slow=50:200:10 --heat-map fast,slow",
        "barloom sweep EURUSD.arrow --grid stop=atr:1..4:0.5 --rank-by profit_factor --min-trades 100 --format json | jq .best",
    ),
    basic=3,
    notes="A sweep that was stopped continues when the same command is given again.",
    guide="docs/sweeps.md",
    job=True,
)

WALK_FORWARD = Command(
    "walk-forward",
    "pick settings on past bars, test them on the bars that follow",
    "Pick the best settings on one window of bars, trade them on the next window, move on; report only the trades on bars that "
    "the choice had not seen.",
    examples=(
        "barloom walk-forward EURUSD.arrow --train 2y --test 6m --grid stop=atr:1..4:0.5",
        "barloom walk-forward EURUSD.arrow --strategy ema-cross --train 2y --test 6m --grid fast=5:50:5 --grid slow=50:200:50",
        "barloom walk-forward EURUSD.arrow --train 8w --test 2w --step 2w --anchored --grid max_hold=30,60 --rank-by net_pnl",
    ),
    basic=1,
    notes="Lengths: 2y, 6m, 8w or 30d.",
    guide="docs/sweeps.md",
    job=True,
)

EXPLAIN = Command(
    "explain",
    "show bar by bar why a trade opened and closed",
    "Show one trade of a finished run step by step: signal, fill, moving levels, the bar that closed it, and the costs. It is "
    "simulated again and must give the same trade.",
    examples=(
        "barloom explain results/runs/20260102T030405Z-ema-cross-1a2b3c 12",
        "barloom explain 20260102T030405Z-ema-cross-1a2b3c 12 --format json | jq .decided",
    ),
)

DATA = (
    Command(
        "data",
        "check, inspect, convert and generate files of bars",
        "Check, inspect, convert and generate files of bars.",
        guide="docs/data.md",
    ),
    Command(
        "data generate",
        "write made-up one-minute bars",
        "Write made-up one-minute bars that look like FX. The same seed gives the same bytes.",
        examples=("barloom data generate --rows 1000000 --seed 7 --out bars.parquet",),
    ),
    Command(
        "data ingest",
        "convert files into a store that opens at once",
        "Convert files into a store that opens at once: an Arrow or Parquet file that also says where its bars come from. Doing it "
        "again with the same files does nothing.",
        examples=(
            "barloom data ingest EURUSD.csv --out EURUSD.arrow",
            "barloom data ingest EURUSD-2019.csv EURUSD-2020.csv --out EURUSD.arrow --on-bad-rows drop",
            "barloom data ingest EURUSD-bid.csv --ask EURUSD-ask.csv --out EURUSD.arrow",
            "barloom run EURUSD.arrow",
        ),
        guide="docs/data.md",
    ),
    Command(
        "data check",
        "find what is wrong with files of bars",
        "Find what is wrong with files of bars: what, how often, where first; then a verdict and the command to go on with.",
        examples=(
            "barloom data check EURUSD.csv",
            "barloom data check EURUSD.arrow --format json | jq .verdict",
        ),
        guide="docs/data.md",
    ),
    Command(
        "data info",
        "what is in a file of bars",
        "What is in a file: rows, period, gaps, columns, bad rows. A store answers at once; other files are read in full.",
        examples=("barloom data info EURUSD.csv --format json",),
        guide="docs/data.md",
    ),
)

STRATEGIES = (
    Command(
        "strategies",
        "list the built-in strategies and their parameters",
        "List the built-in strategies and their parameters.",
        guide="docs/strategies.md",
    ),
    Command("strategies list", "names and rules", "List the names and rules of the strategies."),
    Command(
        "strategies show",
        "one strategy's rules and parameters",
        "Show one strategy's rules and parameters.",
        examples=("barloom strategies show ema-cross",),
    ),
)

BENCH = (
    Command(
        "bench",
        "measure barloom on this machine, and compare two measurements",
        "Measure barloom on this machine, and compare two measurements.",
        guide="docs/project/benchmarks.md",
    ),
    Command(
        "bench run",
        "measure, over generated bars",
        "Measure reading, slicing, checking, indicators, exits, the engine, sweeps and the whole command over generated bars: "
        "interleaved repeats, median and spread.",
        examples=(
            "barloom bench run",
            "barloom bench run --rows 1000000,5000000,10000000 --repeats 7 --out before.json",
            "barloom bench run --section indicators,engine --out now.json",
        ),
        notes="Every answer is checked before anything is timed: files against the bars that were generated, indicators against their "
        "definitions, exits against the reference simulator, sweeps against single runs, the command against the same run in memory.",
    ),
    Command(
        "bench compare",
        "judge two records of 'bench run'",
        "Judge two records of 'barloom bench run', measurement by measurement, by the ratio of their medians.",
        examples=("barloom bench compare before.json now.json --max-regression 10%",),
        notes="A measurement is slower when its median grew by more than the limit and the quartiles of the two records lie apart; "
        "where they overlap it is unsure: take both records again with more --repeats. Ends with 3 when one is slower.",
    ),
)

INFO = Command("info", "version, machine and libraries", "Show the version, the machine, OpenMP and the libraries.")

COMPLETION = Command(
    "completion",
    "completion of commands and options for a shell",
    "Print the script with which a shell completes commands, options, strategies and files.",
    examples=(
        "barloom completion bash > ~/.local/share/bash-completion/completions/barloom",
        "barloom completion zsh > ~/.zfunc/_barloom        a folder of $fpath, before compinit",
    ),
)

COMMANDS = (RUN, SWEEP, WALK_FORWARD, EXPLAIN, *DATA, *STRATEGIES, *BENCH, INFO, COMPLETION)
