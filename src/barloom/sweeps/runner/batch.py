"""A batch: parameter sets that pass over the same bars together, and their results.

What sets have in common is made once a chunk: the bars and their block extremes, each distinct indicator, the signals of each
distinct strategy and parameters, each distinct distance at those signals. The rest is the kernel's, over all sets in parallel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from barloom.engine.orchestrator import Progress, available_cores
from barloom.engine.results import AuditCounts
from barloom.engine.signals import Preparation
from barloom.observe.clock import Clock
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch_runner import BatchRunner
from barloom.sweeps.runner.kept_trades import KeptTrades
from barloom.sweeps.runner.set_rows import SCHEMA
from barloom.sweeps.runner.signal_groups import SignalGroups
from barloom.threads import refuse_without

if TYPE_CHECKING:
    from barloom.bars.bars import Bars, BarsReport


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Result of a batch.

    Attributes:
        table: one row per set, in their order; ``SCHEMA``.
        report: the report of the pass over the bars; None if every set was refused.
        trades: the trades of every set with its position in the batch as ``set``, if they were kept.
        seconds: wall clock.
        broken: positions of sets that were not refused but failed in a strategy's code, the first of them
            with its traceback.
        audit: result of the audits of all its signals.
    """

    table: pa.Table
    report: BarsReport | None
    trades: pa.Table | None
    seconds: float
    broken: dict[int, str]
    audit: AuditCounts


@dataclass(frozen=True, slots=True)
class Sharing:
    """Work that the sets of a sweep share: the number of distinct things of each kind.

    Attributes:
        sets: sets that can be run.
        signals: strategies with their parameters and direction.
        indicators: of all of them, with the indicators they are computed from.
        exits: order templates of each signal set.
    """

    sets: int
    signals: int
    indicators: int
    exits: int


def run_batch(
    bars: Bars,
    sets: Sequence[RunParameters],
    *,
    fine: Bars | None = None,
    threads: int | None = None,
    chunk_rows: int | None = None,
    keep_trades: bool = False,
    audited: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
) -> BatchResult:
    """Run every set over the bars.

    Of each distinct set of signals, decisions are asked for again with windows that end at them: ``audited`` with a signal and as many
    without one, or a few where that is None.

    A set that is refused (contradicting options, parameters the strategy does not take, too few bars for its indicators) has its sentence in
    ``error``, and the others go on. ``clock`` takes the seconds of each step.

    Raises:
        InputError: the bars cannot be read.
        FidelityError: a strategy looks ahead; with ``audited``, also one whose lookback is too short.
    """
    started = time.perf_counter()
    threads = min(threads or available_cores(), available_cores())
    refuse_without(threads)
    clock = clock or Clock()
    sets = [parameters.with_finer_bars(fine is not None) for parameters in sets]
    runner = BatchRunner(SignalGroups(bars, sets, fine), bars, clock, audited)
    kept = KeptTrades() if keep_trades else None
    if fine is not None:
        runner.pass_one_by_one(fine, threads, chunk_rows, kept)
    else:
        runner.pass_together(threads, chunk_rows, kept, on_progress)
    with clock.phase("write"):
        rows = [{"error": runner.errors[k]} if k in runner.errors else runner.rows[k] for k in range(len(sets))]
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
    ran = len(runner.errors) < len(sets)
    trades = kept.table() if kept else None
    return BatchResult(
        table, bars.report if ran else None, trades, time.perf_counter() - started, runner.errors.broken, runner.audit
    )


def sharing(bars: Bars, sets: Sequence[RunParameters]) -> Sharing:
    """Count the work that sets share, before any of them is run."""
    groups = SignalGroups(bars, sets, None)
    specs = Preparation([group.maker for group in groups], atr=groups.want_atr).bank.specs
    exits = {(group.number, one.spec.template) for group in groups for one in group.sets}
    return Sharing(sum(len(group.sets) for group in groups), len(groups), len(specs), len(exits))
