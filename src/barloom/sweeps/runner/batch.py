"""A batch: parameter sets that pass over the same bars together, and what each of them came to.

What sets have in common is made once a chunk: the bars and their block extremes, each distinct indicator, the signals of each
distinct strategy and parameters, each distinct distance at those signals. The rest is the kernel's, over all sets in parallel.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from barloom._native.simulation import MarketChunk, OrderArrays, Simulator
from barloom.bars.chunk import Chunk, Floats
from barloom.engine.account import POINT
from barloom.engine.audit.audit import Audit, NoAudit, audit_of
from barloom.engine.audit.decisions import Signals
from barloom.engine.audit.draw import expected_rows, few_for
from barloom.engine.market import MarketBuilder, order_arrays
from barloom.engine.metrics import Metrics, Outcome
from barloom.engine.money import simulator_of
from barloom.engine.orchestrator import Audited, Progress, available_cores, finer_of, run_pipeline
from barloom.engine.overflow import refuse_overflow
from barloom.engine.prefetch import ahead
from barloom.engine.quotes import QuoteMaker, Quotes
from barloom.engine.resolve import feed_of, rules_of, template_of
from barloom.engine.results import AuditCounts
from barloom.engine.signals import ATR, MeasuredEntries, Pips, Preparation, Prepared, SignalMaker
from barloom.engine.simulator import nights_at
from barloom.engine.totals import Totals, totals_of
from barloom.errors import BarloomError, FidelityError, InputError
from barloom.indicators.registry import warmup
from barloom.observe.clock import Clock
from barloom.rules.fills import refuse_exit_signals
from barloom.rules.orders import OrderTemplate
from barloom.rules.parameters import RunParameters
from barloom.rules.rules import Rules
from barloom.strategies.again import Again, Shelf
from barloom.strategies.registry import load_strategy
from barloom.sweeps.runner.kept_trades import KeptTrades
from barloom.sweeps.runner.schedule import schedule
from barloom.threads import refuse_without

if TYPE_CHECKING:
    from barloom.bars.bars import Bars, BarsReport

Made = TypeVar("Made")

NO_POINTS = np.empty(0, dtype=POINT)
SETS_A_SIGNAL = 4
BLOCK_SETS = 128
"""Sets that the kernel takes at a time: few enough for Ctrl-C to work, many enough to share out."""
METRICS = {
    name: pa.int64() if field.annotation is int else pa.float64() for name, field in Metrics.model_fields.items()
}
"""Every metric of a run by name, with its column type."""
SCHEMA = pa.schema(
    [
        *METRICS.items(),
        ("checksum", pa.string()),
        ("error", pa.string()),
        ("days", pa.int64()),
        ("skewness", pa.float64()),
        ("kurtosis", pa.float64()),
        ("return_counts", pa.list_(pa.int64())),
        ("return_sums", pa.list_(pa.float64())),
        ("return_squares", pa.list_(pa.float64())),
    ]
)
"""A row a set. ``error`` says why a set could not be run; everything else is null then. ``days`` is the number of daily returns,
``skewness`` and ``kurtosis`` (3 for the normal distribution) are theirs. The three lists hold the number, the sum and the sum of
squares of the daily returns of consecutive periods of equally many days, the last perhaps shorter: 32 to 64 periods, one a day in
shorter data; alike for every set of a sweep."""


@dataclasses.dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch came to.

    Attributes:
        table: a row a set, in their order; ``SCHEMA``.
        report: what the pass over the bars found; None if every set was refused.
        trades: the trades of every set with its place in the batch as ``set``, where they were kept.
        seconds: wall clock.
        broken: places of sets that were not refused but failed in a strategy's code, the first of them
            with its traceback.
        audit: what came of the audits of all its signals.
    """

    table: pa.Table
    report: BarsReport | None
    trades: pa.Table | None
    seconds: float
    broken: dict[int, str]
    audit: AuditCounts


@dataclasses.dataclass(frozen=True, slots=True)
class Sharing:
    """What the sets of a sweep have in common: how many there are of each that are not alike.

    Attributes:
        sets: how many can be run.
        signals: strategies with their parameters and direction.
        indicators: of all of them, with what they are made of.
        exits: what is asked of entries.
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
    runner = BatchRunner(bars, [parameters.with_finer_bars(fine is not None) for parameters in sets], fine, clock)
    runner.audited = audited
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
    """What sets have in common, before any of them is run."""
    runner = BatchRunner(bars, sets, None, Clock())
    specs = Preparation([group.maker for group in runner.groups], atr=runner.wants_atr).bank.specs
    exits = {(group.number, one.template) for group in runner.groups for one in group.sets}
    return Sharing(sum(len(group.sets) for group in runner.groups), len(runner.groups), len(specs), len(exits))


@dataclasses.dataclass(frozen=True, slots=True)
class _Set:
    place: int
    rules: Rules
    template: OrderTemplate
    market_key: Hashable
    """Equal for sets that share a market."""
    atr: bool
    """Whether a distance is measured by the ATR."""


class _SignalGroup:
    """The sets that have the same signals, and how they are made."""

    def __init__(self, number: int, maker: SignalMaker, again: Again, direction: str) -> None:
        self.number = number
        self.maker = maker
        self.again = again
        self.direction = direction
        self.audit: Audit | NoAudit | None = None
        self.sets: list[_Set] = []
        self.failed = False


class _Errors(dict[int, str]):
    """Why sets could not be run, by their places; ``broken`` are those that failed in code, the first of them with its traceback.

    Text and not exceptions, which would keep the bars they met.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[int, str] = {}

    def note(self, place: int, error: BarloomError) -> None:
        """Note why a set cannot be run; the first reason stays."""
        if place in self:
            return
        self[place] = str(error)
        if not isinstance(error, InputError):
            self.broken[place] = "" if self.broken else "".join(traceback.format_exception(error))


class BatchRunner:
    """The sets of a batch, by the signals they share."""

    def __init__(self, bars: Bars, sets: Sequence[RunParameters], fine: Bars | None, clock: Clock) -> None:
        self.bars = bars
        self.sets = sets
        self.clock = clock
        self.errors = _Errors()
        self.rows: dict[int, dict[str, Any]] = {}
        self._groups: dict[Hashable, _SignalGroup] = {}
        self._made: dict[Hashable, Any] = {}
        self._templates: dict[OrderTemplate, OrderTemplate] = {}
        self._shelf: Shelf = {}
        self.audited: int | None = None
        self.audit = AuditCounts()
        for place, parameters in enumerate(sets):
            try:
                self._take(place, parameters, fine)
            except BarloomError as error:
                self.errors.note(place, error)
        self.groups = [group for group in self._groups.values() if group.sets]
        self.wants_atr = any(one.atr for group in self.groups for one in group.sets)

    def _take(self, place: int, parameters: RunParameters, fine: Bars | None) -> None:
        """Put a set to those it shares its signals with; what cannot stand is refused in the order of a run of its own."""
        options = parameters.model_dump_json(exclude={"params", "strategy", "direction", "chunk_rows", "threads"})
        rules = self._once(("rules", options), lambda: dataclasses.replace(rules_of(parameters), bounds=False))
        finer_of(self.bars, rules, fine)
        group = self._group(parameters)
        template = self._once(("template", options), lambda: template_of(parameters))
        # Equal templates are one, so that the orders made by it are found by identity.
        template = self._templates.setdefault(template, template)
        if group.maker.gives_exits:
            refuse_exit_signals(parameters.fills)
        if group.maker.reads_volume and not self.bars.has_volume:
            raise InputError(f"{self.bars.label} has no volume column, which strategy {group.maker.name} reads")
        own = group.number if rules.reverse or group.maker.gives_exits else -1
        atr = template.wants_atr
        market_key = (own, own >= 0 and atr, self._once(("market", options), lambda: _market_key(rules)))
        group.sets.append(_Set(place, rules, template, market_key, atr))

    def _group(self, parameters: RunParameters) -> _SignalGroup:
        """The sets with the signals of these parameters."""
        key = (parameters.strategy, repr(sorted(parameters.params.items())), parameters.direction)
        if key not in self._groups:
            strategy = load_strategy(parameters.strategy, parameters.params)
            maker, again = SignalMaker(strategy, parameters.direction), Again(strategy, self._shelf)
            self._groups[key] = _SignalGroup(len(self._groups), maker, again, parameters.direction)
        return self._groups[key]

    def _once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What sets that differ in nothing but the strategy's parameters share; refused for all of them alike."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except InputError as error:
                self._made[key] = error
        found = self._made[key]
        if isinstance(found, InputError):
            raise found
        made: Made = found
        return made

    def pass_one_by_one(self, fine: Bars, threads: int, chunk_rows: int | None, kept: KeptTrades | None) -> None:
        """Run each set for itself: where finer bars decide, each asks for other ones."""
        each = few_for(expected_rows(self.bars)) if self.audited is None else self.audited
        for group in self.groups:
            for one in group.sets:
                parameters = self.sets[one.place]
                try:
                    strategy = load_strategy(parameters.strategy, parameters.params)
                    feed = feed_of(parameters, strategy)
                    finer = finer_of(self.bars, one.rules, fine)
                    result = run_pipeline(
                        self.bars,
                        feed,
                        one.rules,
                        finer=finer,
                        chunk_rows=chunk_rows,
                        threads=threads,
                        clock=self.clock,
                        audit=Audited(
                            feed,
                            self.bars,
                            Again(strategy, self._shelf),
                            parameters.direction,
                            each,
                            ends=self.audited is not None,
                        ),
                    )
                except FidelityError:
                    raise
                except BarloomError as error:
                    self.errors.note(one.place, error)
                    continue
                self.rows[one.place] = _row(result.outcome)
                self.audit += result.audit or AuditCounts()
                if kept is not None:
                    kept.add_all(one.place, result.sink.rows)

    def pass_together(
        self,
        threads: int,
        chunk_rows: int | None,
        kept: KeptTrades | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Run all sets, those that share indicators in one pass over the bars."""
        if not self.groups:
            return
        started = time.perf_counter()
        total = self.bars.bars_at_hand()
        rows = expected_rows(self.bars)
        each = few_for(rows) if self.audited is None else self.audited
        for group in self.groups:
            group.audit = audit_of(group.again, group.direction, each=each, rows=rows, ends=self.audited is not None)
        plan = schedule(self.groups, chunk_rows, again=not self.bars.source.parses)
        passes = [
            _Pass(number, [self.groups[k] for k in one_pass], threads, kept)
            for number, one_pass in enumerate(plan.passes)
        ]
        steps = self._steps(passes, plan.rows, threads)
        with closing(ahead(steps) if threads > 1 else steps) as drawn:
            for one_pass, chunk, block in drawn:
                with self.clock.phase("simulate"):
                    one_pass.add(chunk, block)
                if not block.last:
                    continue
                if on_progress is not None:
                    passed = chunk.base + chunk.rows
                    if total is not None:
                        passed = (one_pass.number * total + passed) // len(passes)
                    on_progress(Progress(passed, total, 0, time.perf_counter() - started))
                if chunk.last:
                    with self.clock.phase("write"):
                        self._finish(one_pass)

    def _finish(self, one_pass: _Pass) -> None:
        """Write down what the sets of a one_pass came to.

        Raises:
            FidelityError: see ``Audit.finish``.
        """
        for group in one_pass.groups:
            if group.audit is not None and not group.failed:
                self.audit += group.audit.finish()
        for group in one_pass.groups:
            for one in group.sets:
                needed = max(1, group.maker.warmup, warmup(ATR) if one.atr else 1)
                if one_pass.bars < needed:
                    self.errors.note(
                        one.place,
                        InputError(
                            f"{self.bars.label} has {one_pass.bars} bars in the selection, and the indicators of {group.maker.name} give no "
                            f"value before {needed}: give more bars, or shorter periods with --param"
                        ),
                    )
        for one, totals in zip(one_pass.sets, one_pass.totals(), strict=True):
            if one.place in self.errors:
                continue
            try:
                refuse_overflow(totals.accounts, NO_POINTS, one.rules.sizing)
                outcome = Outcome(totals, one.rules.sizing.balance, one_pass.first_time, one_pass.bars)
                self.rows[one.place] = _row(outcome)
            except InputError as error:
                self.errors.note(one.place, error)

    def _steps(
        self, passes: Sequence[_Pass], rows: int, threads: int
    ) -> Generator[tuple[_Pass, Chunk, _SetBlock], None, None]:
        """Pass after pass and chunk after chunk, what the signals of some sets ask for; made beside the kernel's work."""
        for one_pass in passes:
            preparation = Preparation(
                [group.maker for group in one_pass.groups], atr=any(one.atr for one in one_pass.sets), ring=1
            )
            chunks = self.bars.chunks(
                rows, history=preparation.history, volume=preparation.uses_volume, threads=threads
            )
            maker, pips = QuoteMaker(), Pips()
            markets: dict[Hashable, MarketBuilder] = {}
            swaps = any(one.rules.costs.has_swap for one in one_pass.sets)
            with closing(chunks):
                while (chunk := self._timed("ingest", chunks)) is not None:
                    with self.clock.phase("prepare"):
                        prepared = preparation.update(chunk)
                        work = _ChunkWork(chunk, prepared, maker.make(chunk), pips.of(chunk), markets, self.errors)
                        nightly = nights_at(chunk) if swaps else None
                    blocks = _blocks(one_pass.groups, work, nightly)
                    while (block := self._timed("prepare", blocks)) is not None:
                        yield one_pass, chunk, block

    def _timed(self, step: str, made: Iterator[Made]) -> Made | None:
        """The next one, its seconds in a step; None after the last."""
        with self.clock.phase(step):
            return next(made, None)


class _Pass:
    """Sets that pass over the bars together."""

    def __init__(self, number: int, groups: Sequence[_SignalGroup], threads: int, kept: KeptTrades | None) -> None:
        self.number = number
        self.groups = groups
        self.sets = [one for group in groups for one in group.sets]
        self.bars = self.first_time = 0
        # Where signals are most of the work, the other cores are theirs.
        self._threads = threads if len(self.sets) > SETS_A_SIGNAL * len(groups) else 1
        self._kept = kept
        self._simulator: Simulator | None = None

    def add(self, chunk: Chunk, block: _SetBlock) -> None:
        """Carry some of the sets through a chunk."""
        if self._simulator is None:
            rules = [one.rules for one in self.sets]
            self._simulator = simulator_of(rules, threads=self._threads, keep=self._kept is not None)
            self.first_time = int(chunk.timestamp[chunk.history])
        self._simulator.pass_chunk(block.first, block.orders, block.markets, block.nights)
        self.bars = chunk.base + chunk.rows
        if self._kept is not None:
            for k in range(block.first, block.first + len(block.orders)):
                self._kept.add(self.sets[k].place, self._simulator, k)

    def totals(self) -> list[Totals]:
        """What the sets came to; nothing of them is held after."""
        assert self._simulator is not None
        totals = totals_of(self._simulator, len(self.sets))
        self._simulator = None
        return totals


@dataclasses.dataclass(slots=True)
class _SetBlock:
    """Consecutive sets with their orders on one chunk."""

    first: int
    nights: Floats | None
    orders: list[OrderArrays | None] = dataclasses.field(default_factory=list)
    markets: list[MarketChunk | None] = dataclasses.field(default_factory=list)
    last: bool = False


def _blocks(groups: Sequence[_SignalGroup], work: _ChunkWork, nights: Floats | None) -> Iterator[_SetBlock]:
    """The orders of a chunk for the sets of some groups, some hundred sets at a time."""
    block = _SetBlock(0, nights)
    for group in groups:
        orders = work.orders(group)
        for start in range(0, len(orders), BLOCK_SETS):
            part = orders[start : start + BLOCK_SETS]
            if block.orders and len(block.orders) + len(part) > BLOCK_SETS:
                yield block
                block = _SetBlock(block.first + len(block.orders), nights)
            block.orders.extend(one for one, _ in part)
            block.markets.extend(market for _, market in part)
    block.last = True
    yield block


@dataclasses.dataclass(slots=True)
class _ChunkWork:
    """What one chunk comes to before the kernel: signals, distances and markets, each distinct one once."""

    chunk: Chunk
    prepared: Prepared
    quotes: Quotes
    pip: float
    makers: dict[Hashable, MarketBuilder]
    errors: _Errors
    markets: dict[Hashable, MarketChunk] = dataclasses.field(default_factory=dict)

    def orders(self, group: _SignalGroup) -> list[tuple[OrderArrays | None, MarketChunk | None]]:
        """The orders of the sets of a group, and the market of each; nothing once its strategy has failed."""
        if not group.failed:
            try:
                return self._orders(group)
            except FidelityError:
                raise
            except BarloomError as error:
                group.failed = True
                for one in group.sets:
                    self.errors.note(one.place, error)
        return [(None, None)] * len(group.sets)

    def _orders(self, group: _SignalGroup) -> list[tuple[OrderArrays | None, MarketChunk | None]]:
        maker = group.maker
        raw = maker.entries(self.chunk, self.prepared)
        leaving = maker.exit_signals(self.chunk, self.prepared)
        if group.audit is not None:
            first = self.chunk.base - self.chunk.history
            group.audit.look(self.chunk, self.prepared, Signals(raw, leaving, first))
        bases: dict[bool, MeasuredEntries] = {}
        made: dict[int, OrderArrays] = {}
        found: list[tuple[OrderArrays | None, MarketChunk | None]] = []
        for one in group.sets:
            if one.place in self.errors:
                found.append((None, None))
                continue
            template = one.template
            base = bases.get(one.atr)
            if base is None:
                pip = self.pip
                base = MeasuredEntries.of(raw, self.chunk, self.prepared, pip, atr=one.atr).without_conflicts()
                bases[one.atr] = base
            orders = made.get(id(template))
            if orders is None:
                try:
                    orders = made[id(template)] = order_arrays(base.with_exits(template, maker))
                except BarloomError as error:
                    self.errors.note(one.place, error)
                    found.append((None, None))
                    continue
            market = self.markets.get(one.market_key)
            if market is None:
                builder = self.makers.setdefault(one.market_key, MarketBuilder(one.rules))
                entries = base.entries.moved(base.at.first)
                market = self.markets[one.market_key] = builder.make(self.chunk, self.quotes, entries, leaving)
            found.append((orders, market))
        return found


def _market_key(rules: Rules) -> Hashable:
    """What a market depends on of the rules: nothing of how many trades may be open, how long, and how large they are."""
    alike = dataclasses.replace(
        rules, max_positions=0, max_hold=0, parts=1, sizing=type(rules.sizing)(), costs=type(rules.costs)()
    )
    needs_stop = rules.sizing.units is None and rules.sizing.notional is None
    return repr(alike), rules.costs.spread, rules.costs.slippage, needs_stop


def _row(outcome: Outcome) -> dict[str, Any]:
    """The row of a finished set."""
    totals, days = outcome.totals, outcome.totals.days
    count = int(days["count"])
    counts = totals.return_counts
    spread = days["second"] / count if count else 0.0
    row = outcome.metrics().model_dump() | {"checksum": totals.checksum, "days": count}
    row["skewness"] = days["third"] / count / spread**1.5 if spread > 0.0 else None
    row["kurtosis"] = days["fourth"] / count / spread**2 if spread > 0.0 else None
    row["return_counts"] = counts.tolist()
    row["return_sums"] = totals.sums[: len(counts)].tolist()
    row["return_squares"] = totals.squares[: len(counts)].tolist()
    return {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in row.items()}
