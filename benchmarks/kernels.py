"""The engine in memory, with and without bounds. Answers are checked before anything is timed."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable

import barloom as bl
from barloom.engine.orchestrator import run, run_pipeline
from barloom.engine.resolve import RunSpec
from barloom.engine.results import RunResult
from barloom.rules.parameters import RunParameters
from barloom.strategies.registry import load_strategy
from made import brackets, synthetic
from measure import Row, interleaved, ratio, spread


def engine(rows: int, repeats: int) -> list[Row]:
    """Indicators, signals, brackets, ledger and metrics over bars in memory."""
    bars = bl.from_arrays(*synthetic(rows))
    names = {"ema-cross": 40.0, "trend-pullback": 20.0, "zscore-reversion": None}
    works: list[Callable[[], object]] = []
    for name in names:
        parameters = RunParameters(strategy=name)
        one = run(bars, parameters.model_copy(update={"threads": 1, "chunk_rows": 10_000}))
        assert run(bars, parameters).digest == one.digest
        works.append(lambda parameters=parameters: run(bars, parameters))
    found = []
    for (name, limit), times in zip(names.items(), interleaved(works, repeats), strict=True):
        rates = [rows / value / 1e6 for value in times]
        found.append(
            Row(
                f"engine in memory, {name}",
                statistics.median(rates),
                "M bars/s",
                limit,
                at_least=True,
                spread=spread(rates),
            )
        )
    return found


def simulated(rows: int, count: int, repeats: int) -> list[Row]:
    """bl.simulate, ledger and all, over bars in memory."""
    arrays = synthetic(rows)
    bars = bl.from_arrays(*arrays)
    entries = brackets(arrays, count, 0.0009)
    times = interleaved([lambda: bl.simulate(bars, entries, position="overlap", threads=2)], repeats)[0]
    return [
        Row(
            f"bl.simulate, {count:,} overlapping entries over {rows:,} bars",
            statistics.median(times),
            "s",
            spread=spread(times),
        )
    ]


def bounds(rows: int, count: int, repeats: int) -> list[Row]:
    """Cost of the accounts of the best and the worst case, in addition to the chosen one."""
    bars = bl.from_arrays(*(arrays := synthetic(rows)))
    # So near that many bars hold both levels, and the cases part early.
    entries = brackets(arrays, count, 0.00015)
    parameters = RunParameters(strategy="ema-cross", stop="pips:1.5", target="pips:1.5", size=1.0)
    strategy = load_strategy(parameters.strategy, parameters.params)

    def simulated(with_bounds: bool) -> RunResult:
        return bl.simulate(bars, entries, position="overlap", threads=2, bounds=with_bounds)

    def whole_run(with_bounds: bool) -> RunResult:
        rules = dataclasses.replace(RunSpec.of(parameters).rules, bounds=with_bounds)
        return run_pipeline(bars, RunSpec.of(parameters).feed(strategy), rules, threads=2)

    found = []
    for name, work in (("bl.simulate, overlapping entries", simulated), ("a run of ema-cross", whole_run)):
        with_them, without = work(True), work(False)
        ambiguous = int(with_them.trades["ambiguous"].sum())
        assert ambiguous > 0 and with_them.digest == without.digest
        assert with_them.bounds is not None and without.bounds is None
        low, chosen, high = (
            case.net_pnl for case in (with_them.bounds.worst, with_them.bounds.chosen, with_them.bounds.best)
        )
        assert low <= chosen <= high and low < high, (low, chosen, high)
        ours, plainly = interleaved([lambda work=work: work(True), lambda work=work: work(False)], repeats)
        value, between = ratio(ours, plainly)
        found.append(
            Row(
                f"{name}: with bounds over without",
                value,
                "x",
                1.3,
                spread=between,
                note=f"{statistics.median(ours):.3f} s over {statistics.median(plainly):.3f} s, "
                f"{ambiguous:,} ambiguous of {with_them.trades_count:,} trades",
            )
        )
    return found
