"""The pipeline of a run: chunks of bars in, entries of each chunk, trades out; nothing is kept but what is open."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from barloom.bars.chunk import Chunk
from barloom.bars.fine import Fine
from barloom.boundary import BARS, FLAG, TEXT, made, takes, whole
from barloom.engine.audit.audit import audit_of
from barloom.engine.audit.decisions import Signals
from barloom.engine.audit.draw import EACH, expected_rows
from barloom.engine.feed import EntriesFeed, Feed, StrategyFeed
from barloom.engine.outcome import Outcome
from barloom.engine.overflow import refuse_overflow
from barloom.engine.resolve import RunSpec, make_rules
from barloom.engine.results import AuditCounts, RunResult
from barloom.engine.selfcheck import RunHead, check_head
from barloom.engine.signals import Prepared
from barloom.engine.simulator import RunSimulator
from barloom.engine.sinks import MemorySink, TradeSink
from barloom.engine.stream import bars_with_signals
from barloom.engine.totals import AccountStart
from barloom.errors import InputError
from barloom.observe.clock import Clock
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.exits import Exits
from barloom.rules.fills import refuse_exit_signals
from barloom.rules.orders import OrderTemplate
from barloom.rules.parameters import RunParameters
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing
from barloom.strategies.again import Again
from barloom.strategies.registry import load_strategy
from barloom.threads import refuse_without

if TYPE_CHECKING:
    from barloom.bars.bars import Bars
    from barloom.strategies.base import StrategyOrigin

log = logging.getLogger(__name__)
CHUNK_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run."""

    bars: int
    total_bars: int | None
    trades: int
    seconds: float


_forked: list[bool] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked.append(True))


def available_cores() -> int:
    """Return the logical cores this process may use; 1 after a fork, where OpenMP would wait for threads that exist only in the parent."""
    if _forked:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def run(
    bars: Bars,
    parameters: RunParameters,
    *,
    fine: Bars | None = None,
    sink: TradeSink | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
    digest: bool = False,
) -> RunResult:
    """Run a strategy over bars.

    Decisions all along the bars are asked for again with windows that end at them, and must be the same. The first bars are run again in
    other chunks, on one thread, and by the reference simulator, and must give the same trades.

    Args:
        bars: the selection to run over.
        parameters: everything that shapes the run.
        fine: finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        sink: where trades and equity go; memory if none is given.
        on_progress: called after each chunk.
        clock: takes the seconds of each phase; one of its own if none is given.
        digest: whether to take the digest as well, on a thread of its own while the first bars are checked.

    Raises:
        InputError: bad data or parameters.
        FidelityError: the strategy looks ahead or back further than its lookback says, or the engine and the reference disagree.
    """
    parameters = parameters.with_finer_bars(fine is not None)
    spec = RunSpec.of(parameters)
    finer = finer_of(bars, spec.rules, fine)
    strategy = load_strategy(parameters.strategy, parameters.params)
    again = Again(strategy)
    feed = spec.feed(strategy)
    if feed.uses_volume and not bars.has_volume:
        raise InputError(f"{bars.label} has no volume column, which strategy {strategy.name} reads")
    head, clock = RunHead(), clock or Clock()
    result = run_pipeline(
        bars,
        feed,
        spec.rules,
        finer=finer,
        chunk_rows=parameters.chunk_rows,
        threads=parameters.threads,
        sink=sink,
        on_progress=on_progress,
        clock=clock,
        head=head,
        audit=Audited(feed, bars, again, parameters.direction),
        origin=strategy.origin,
    )
    with ThreadPoolExecutor(1, "barloom-digest") as beside:
        digested = beside.submit(_digest, result, clock) if digest else None
        result.self_check, found = check_head(head, again, spec.feed, spec.rules, finer)
        if result.audit is not None and not result.audit.differing:
            result.audit += found
        if digested is not None:
            digested.result()
    for said in result.audit.warnings(strategy.name) if result.audit is not None else ():
        log.warning("%s", said)
    return result


def _digest(result: RunResult, clock: Clock) -> str:
    with clock.phase("write"):
        return result.digest


@takes(
    bars=BARS,
    entries=made("barloom.rules.entries:Entries"),
    exits=made("barloom.rules.exits:Exits").optional,
    exit_signals=made("barloom.rules.exit_signals:ExitSignals").optional,
    entry=TEXT.optional,
    fills=TEXT,
    intrabar=TEXT.optional,
    fine=BARS.optional,
    costs=made("barloom.rules.costs:Costs").optional,
    position=TEXT,
    max_open=whole(0).optional,
    sizing=made("barloom.rules.sizing:Sizing").optional,
    bounds=FLAG,
    chunk_rows=whole(1).optional,
    threads=whole(1).optional,
)
def simulate(
    bars: Bars,
    entries: Entries,
    *,
    exits: Exits | None = None,
    exit_signals: ExitSignals | None = None,
    entry: str | None = None,
    fills: str = "pessimistic",
    intrabar: str | None = None,
    fine: Bars | None = None,
    costs: Costs | None = None,
    position: str = "single",
    max_open: int | None = None,
    sizing: Sizing | None = None,
    bounds: bool = True,
    chunk_rows: int | None = None,
    threads: int | None = None,
) -> RunResult:
    """Simulate entries made beforehand over bars.

    Args:
        bars: the selection; ``signal_bar`` of the entries counts within it.
        entries: what to enter.
        exits: exits that hold for every entry.
        exit_signals: when open trades leave at the next open; counted as the entries are.
        entry: ``next_open`` (default), ``close``, or ``limit`` or ``stop`` at the entries' prices.
        fills: preset of fill rules.
        intrabar: path policy; wins over the preset's.
        fine: finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        costs: spread, slippage, commission, swap.
        position: ``single``, ``overlap`` or ``reverse``.
        max_open: trades open at one time with ``overlap``, 0 for any number.
        sizing: one unit a trade unless given; an entry's own size wins.
        bounds: whether to keep the accounts of the best and the worst case as well.
        chunk_rows: bars in a chunk; never changes a result.
        threads: never change a result.

    Raises:
        InputError: bad data or parameters.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> result = bl.simulate(bars, entries, costs=bl.Costs(spread=0.0001))
        >>> result.trades["exit_reason"].tolist()
        ['target', 'stop']
        >>> result.trades["r"].round(2).tolist()
        [2.0, -1.0]
    """
    exits = exits or Exits()
    rules = make_rules(
        exits,
        costs or Costs(),
        sizing or Sizing(units=1.0),
        entry=entry or "next_open",
        fills=fills,
        intrabar=intrabar or ("drilldown" if fine is not None else None),
        position=position,
        max_open=max_open,
        bounds=bounds,
    )
    finer = finer_of(bars, rules, fine)
    if exit_signals is not None:
        refuse_exit_signals(fills)
    feed = EntriesFeed(entries, OrderTemplate.of_exits(exits, rules.entry), exit_signals)
    return run_pipeline(bars, feed, rules, finer=finer, chunk_rows=chunk_rows, threads=threads)


class Audited:
    """The audit of what one feed asks of its strategy."""

    def __init__(
        self, feed: StrategyFeed, bars: Bars, again: Again, direction: str, each: int = EACH, *, ends: bool = True
    ) -> None:
        """Get ready before the strategy is asked anything; for ``each`` and ``ends`` see ``Audit``."""
        self._feed = feed
        self._audit = audit_of(again, direction, each=each, rows=expected_rows(bars), ends=ends)

    def look(self, chunk: Chunk, prepared: Prepared, exit_signals: ExitSignals | None) -> None:
        """Ask again about decisions of the chunk that the feed was asked about last.

        Raises:
            FidelityError: see ``Audit.look``.
        """
        self._audit.look(chunk, prepared, Signals(self._feed.raw, exit_signals, chunk.base - chunk.history))

    def finish(self) -> AuditCounts:
        """The result.

        Raises:
            FidelityError: see ``Audit.finish``.
        """
        return self._audit.finish()


def finer_of(bars: Bars, rules: Rules, fine: Bars | None) -> Fine | None:
    """The finer bars of a run over ``bars``; refuses rules that the bars at hand cannot be simulated by."""
    if rules.intrabar == "drilldown" and fine is None:
        raise InputError("--intrabar drilldown replays finer bars: name them with --fine")
    if rules.intrabar != "drilldown" and fine is not None:
        raise InputError(
            f"--fine is for --intrabar drilldown, not for --intrabar {rules.intrabar}: leave one of them out"
        )
    if bars.has_ask and rules.costs.spread > 0.0:
        raise InputError(
            f"--spread {rules.costs.spread:g} beside {bars.label}, whose bars bring their own spread: leave --spread out"
        )
    return None if fine is None else Fine.beside(bars, fine)


def run_pipeline(
    bars: Bars,
    feed: Feed,
    rules: Rules,
    *,
    finer: Fine | None = None,
    chunk_rows: int | None = None,
    threads: int | None = None,
    sink: TradeSink | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
    head: RunHead | None = None,
    audit: Audited | None = None,
    origin: StrategyOrigin | None = None,
    start: AccountStart | None = None,
) -> RunResult:
    """Pass every chunk of the bars through feed and simulator, and finished trades on to the sink."""
    cores = available_cores()
    total = bars.bars_at_hand()
    threads = min(threads or cores, cores)
    refuse_without(threads)
    sink = sink or MemorySink()
    simulator = RunSimulator(rules, threads=threads, fine=None if finer is None else finer.reader(), start=start)
    passed = trades = first_time = 0
    clock = clock or Clock()
    started = time.perf_counter()
    steps = bars_with_signals(bars, feed, chunk_rows or CHUNK_ROWS, threads, clock)
    with closing(simulator), closing(steps):
        for step in steps:
            chunk = step.chunk
            if audit is not None:
                with clock.phase("scan"):
                    audit.look(chunk, step.prepared, step.exit_signals)
            with clock.phase("simulate"):
                done = simulator.pass_chunk(chunk, step.entries, step.exit_signals, step.quotes)
            refuse_overflow(simulator.totals().accounts, simulator.points, rules.sizing)
            if chunk.base == 0:
                first_time = int(chunk.timestamp[chunk.history])
            passed, trades = chunk.base + chunk.rows, trades + len(done)
            with clock.phase("write"):
                sink.add(done, simulator.points)
            if head is not None:
                head.add(chunk, step.entries, step.exit_signals, done)
            if on_progress is not None:
                on_progress(Progress(passed, total, trades, time.perf_counter() - started))
    if passed < feed.warmup:
        raise InputError(
            f"{bars.label} has {passed} bars in the selection, and the indicators of {feed.name} give no value before "
            f"{feed.warmup}: give more bars, or shorter periods with --param"
        )
    with clock.phase("write"):
        sink.finish()
    totals = simulator.totals()
    outcome = Outcome(totals, rules.sizing.balance, first_time, passed)
    counts = {
        "signals": simulator.signals,
        "accepted": totals.accepted,
        "rejected": dict(sorted(simulator.rejected.items())),
    }
    return RunResult(
        metrics=outcome.metrics(),
        outcome=outcome,
        checksum=totals.checksum,
        counts=counts,
        bounds=outcome.bounds() if rules.bounds else None,
        phase_times=clock.phases(),
        report=bars.report,
        origin=origin,
        audit=None if audit is None else audit.finish(),
        sink=sink,
    )
