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

from barloom._native.simulation import Asked, Warp, Wefts
from barloom.backtest.ahead import ahead
from barloom.backtest.audit import Audit, NoAudit, audit_of
from barloom.backtest.decisions import Signals
from barloom.backtest.draw import expected_rows, few_for
from barloom.backtest.metrics import Metrics, Outcome
from barloom.backtest.orchestrator import Audited, Progress, available_cores, finer_of, weave
from barloom.backtest.overflow import refuse_overflow
from barloom.backtest.parameters import RunParameters
from barloom.backtest.resolve import feed_of, orders_of, rules_of
from barloom.backtest.results import AuditCounts
from barloom.backtest.signals import ATR, Measured, Pips, Preparation, Prepared, SignalMaker
from barloom.backtest.sweep.kept import KeptTrades
from barloom.backtest.sweep.tiling import cut
from barloom.bars.chunk import Chunk, Floats
from barloom.errors import BarloomError, FidelityError, InputError
from barloom.execution.account import POINT
from barloom.execution.book import nights_at
from barloom.execution.fills import refuse_exit_signals
from barloom.execution.money import wefts_of
from barloom.execution.orders import Orders
from barloom.execution.quotes import QuoteMaker, Quotes
from barloom.execution.rules import Rules
from barloom.execution.totals import Totals, totals_of
from barloom.execution.warps import WarpMaker, asked_of
from barloom.indicators.registry import warmup
from barloom.observe.clock import Clock
from barloom.strategies.again import Again, Shelf
from barloom.strategies.registry import load_strategy
from barloom.threads import refuse_without

if TYPE_CHECKING:
    from barloom.bars.bars import Bars, BarsReport

Made = TypeVar("Made")

NO_POINTS = np.empty(0, dtype=POINT)
SETS_A_SIGNAL = 4
GROUP_SETS = 128
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
class Batch:
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
) -> Batch:
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
    loom = _Loom(bars, [parameters.with_finer_bars(fine is not None) for parameters in sets], fine, clock)
    loom.audited = audited
    kept = KeptTrades() if keep_trades else None
    if fine is not None:
        loom.pass_one_by_one(fine, threads, chunk_rows, kept)
    else:
        loom.pass_together(threads, chunk_rows, kept, on_progress)
    with clock.phase("write"):
        rows = [{"error": loom.errors[k]} if k in loom.errors else loom.rows[k] for k in range(len(sets))]
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
    ran = len(loom.errors) < len(sets)
    trades = kept.table() if kept else None
    return Batch(
        table, bars.report if ran else None, trades, time.perf_counter() - started, loom.errors.broken, loom.audit
    )


def sharing(bars: Bars, sets: Sequence[RunParameters]) -> Sharing:
    """What sets have in common, before any of them is run."""
    loom = _Loom(bars, sets, None, Clock())
    specs = Preparation([strand.maker for strand in loom.strands], atr=loom.wants_atr).bank.specs
    exits = {(strand.number, one.orders) for strand in loom.strands for one in strand.sets}
    return Sharing(sum(len(strand.sets) for strand in loom.strands), len(loom.strands), len(specs), len(exits))


@dataclasses.dataclass(frozen=True, slots=True)
class _Set:
    place: int
    rules: Rules
    orders: Orders
    terms: Hashable
    """Equal for sets that share a warp."""
    atr: bool
    """Whether a distance is measured by the ATR."""


class _Strand:
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


class _Loom:
    """The sets of a batch, by the signals they share."""

    def __init__(self, bars: Bars, sets: Sequence[RunParameters], fine: Bars | None, clock: Clock) -> None:
        self.bars = bars
        self.sets = sets
        self.clock = clock
        self.errors = _Errors()
        self.rows: dict[int, dict[str, Any]] = {}
        self._strands: dict[Hashable, _Strand] = {}
        self._made: dict[Hashable, Any] = {}
        self._orders: dict[Orders, Orders] = {}
        self._shelf: Shelf = {}
        self.audited: int | None = None
        self.audit = AuditCounts()
        for place, parameters in enumerate(sets):
            try:
                self._take(place, parameters, fine)
            except BarloomError as error:
                self.errors.note(place, error)
        self.strands = [strand for strand in self._strands.values() if strand.sets]
        self.wants_atr = any(one.atr for strand in self.strands for one in strand.sets)

    def _take(self, place: int, parameters: RunParameters, fine: Bars | None) -> None:
        """Put a set to those it shares its signals with; what cannot stand is refused in the order of a run of its own."""
        options = parameters.model_dump_json(exclude={"params", "strategy", "direction", "chunk_rows", "threads"})
        rules = self._once(("rules", options), lambda: dataclasses.replace(rules_of(parameters), bounds=False))
        finer_of(self.bars, rules, fine)
        strand = self._strand(parameters)
        orders = self._once(("orders", options), lambda: orders_of(parameters))
        # Equal orders are one, so that what they ask for is found by identity.
        orders = self._orders.setdefault(orders, orders)
        if strand.maker.gives_exits:
            refuse_exit_signals(parameters.fills)
        if strand.maker.reads_volume and not self.bars.has_volume:
            raise InputError(f"{self.bars.label} has no volume column, which strategy {strand.maker.name} reads")
        own = strand.number if rules.reverse or strand.maker.gives_exits else -1
        atr = orders.wants_atr
        terms = (own, own >= 0 and atr, self._once(("terms", options), lambda: _terms(rules)))
        strand.sets.append(_Set(place, rules, orders, terms, atr))

    def _strand(self, parameters: RunParameters) -> _Strand:
        """The sets with the signals of these parameters."""
        key = (parameters.strategy, repr(sorted(parameters.params.items())), parameters.direction)
        if key not in self._strands:
            strategy = load_strategy(parameters.strategy, parameters.params)
            maker, again = SignalMaker(strategy, parameters.direction), Again(strategy, self._shelf)
            self._strands[key] = _Strand(len(self._strands), maker, again, parameters.direction)
        return self._strands[key]

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
        for strand in self.strands:
            for one in strand.sets:
                parameters = self.sets[one.place]
                try:
                    strategy = load_strategy(parameters.strategy, parameters.params)
                    feed = feed_of(parameters, strategy)
                    finer = finer_of(self.bars, one.rules, fine)
                    result = weave(
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
        if not self.strands:
            return
        started = time.perf_counter()
        total = self.bars.bars_at_hand()
        rows = expected_rows(self.bars)
        each = few_for(rows) if self.audited is None else self.audited
        for strand in self.strands:
            strand.audit = audit_of(strand.again, strand.direction, each=each, rows=rows, ends=self.audited is not None)
        how = cut(self.strands, chunk_rows, again=not self.bars.source.parses)
        tiles = [_Tile(number, [self.strands[k] for k in tile], threads, kept) for number, tile in enumerate(how.tiles)]
        steps = self._steps(tiles, how.rows, threads)
        with closing(ahead(steps) if threads > 1 else steps) as drawn:
            for tile, chunk, group in drawn:
                with self.clock.phase("simulate"):
                    tile.add(chunk, group)
                if not group.last:
                    continue
                if on_progress is not None:
                    passed = chunk.base + chunk.rows
                    if total is not None:
                        passed = (tile.number * total + passed) // len(tiles)
                    on_progress(Progress(passed, total, 0, time.perf_counter() - started))
                if chunk.last:
                    with self.clock.phase("write"):
                        self._finish(tile)

    def _finish(self, tile: _Tile) -> None:
        """Write down what the sets of a tile came to.

        Raises:
            FidelityError: see ``Audit.finish``.
        """
        for strand in tile.strands:
            if strand.audit is not None and not strand.failed:
                self.audit += strand.audit.finish()
        for strand in tile.strands:
            for one in strand.sets:
                needed = max(1, strand.maker.warmup, warmup(ATR) if one.atr else 1)
                if tile.bars < needed:
                    self.errors.note(
                        one.place,
                        InputError(
                            f"{self.bars.label} has {tile.bars} bars in the selection, and the indicators of {strand.maker.name} give no "
                            f"value before {needed}: give more bars, or shorter periods with --param"
                        ),
                    )
        for one, totals in zip(tile.sets, tile.totals(), strict=True):
            if one.place in self.errors:
                continue
            try:
                refuse_overflow(totals.accounts, NO_POINTS, one.rules.sizing)
                outcome = Outcome(totals, one.rules.sizing.balance, tile.first_time, tile.bars)
                self.rows[one.place] = _row(outcome)
            except InputError as error:
                self.errors.note(one.place, error)

    def _steps(
        self, tiles: Sequence[_Tile], rows: int, threads: int
    ) -> Generator[tuple[_Tile, Chunk, _Group], None, None]:
        """Tile after tile and chunk after chunk, what the signals of some sets ask for; made beside the kernel's work."""
        for tile in tiles:
            preparation = Preparation(
                [strand.maker for strand in tile.strands], atr=any(one.atr for one in tile.sets), ring=1
            )
            chunks = self.bars.chunks(
                rows, history=preparation.history, volume=preparation.uses_volume, threads=threads
            )
            maker, pips = QuoteMaker(), Pips()
            warps: dict[Hashable, WarpMaker] = {}
            swaps = any(one.rules.costs.has_swap for one in tile.sets)
            with closing(chunks):
                while (chunk := self._timed("ingest", chunks)) is not None:
                    with self.clock.phase("prepare"):
                        prepared = preparation.update(chunk)
                        work = _ChunkWork(chunk, prepared, maker.make(chunk), pips.of(chunk), warps, self.errors)
                        nightly = nights_at(chunk) if swaps else None
                    groups = _grouped(tile.strands, work, nightly)
                    while (group := self._timed("prepare", groups)) is not None:
                        yield tile, chunk, group

    def _timed(self, step: str, made: Iterator[Made]) -> Made | None:
        """The next one, its seconds in a step; None after the last."""
        with self.clock.phase(step):
            return next(made, None)


class _Tile:
    """Sets that pass over the bars together."""

    def __init__(self, number: int, strands: Sequence[_Strand], threads: int, kept: KeptTrades | None) -> None:
        self.number = number
        self.strands = strands
        self.sets = [one for strand in strands for one in strand.sets]
        self.bars = self.first_time = 0
        # Where signals are most of the work, the other cores are theirs.
        self._threads = threads if len(self.sets) > SETS_A_SIGNAL * len(strands) else 1
        self._kept = kept
        self._wefts: Wefts | None = None

    def add(self, chunk: Chunk, group: _Group) -> None:
        """Carry some of the sets through a chunk."""
        if self._wefts is None:
            rules = [one.rules for one in self.sets]
            self._wefts = wefts_of(rules, threads=self._threads, keep=self._kept is not None)
            self.first_time = int(chunk.timestamp[chunk.history])
        self._wefts.pass_chunk(group.first, group.asked, group.warps, group.nights)
        self.bars = chunk.base + chunk.rows
        if self._kept is not None:
            for k in range(group.first, group.first + len(group.asked)):
                self._kept.add(self.sets[k].place, self._wefts, k)

    def totals(self) -> list[Totals]:
        """What the sets came to; nothing of them is held after."""
        assert self._wefts is not None
        totals = totals_of(self._wefts, len(self.sets))
        self._wefts = None
        return totals


@dataclasses.dataclass(slots=True)
class _Group:
    """Consecutive sets with what one chunk asks of them."""

    first: int
    nights: Floats | None
    asked: list[Asked | None] = dataclasses.field(default_factory=list)
    warps: list[Warp | None] = dataclasses.field(default_factory=list)
    last: bool = False


def _grouped(strands: Sequence[_Strand], work: _ChunkWork, nights: Floats | None) -> Iterator[_Group]:
    """What a chunk asks of the sets of some strands, some hundred sets at a time."""
    group = _Group(0, nights)
    for strand in strands:
        asked = work.asked(strand)
        for start in range(0, len(asked), GROUP_SETS):
            part = asked[start : start + GROUP_SETS]
            if group.asked and len(group.asked) + len(part) > GROUP_SETS:
                yield group
                group = _Group(group.first + len(group.asked), nights)
            group.asked.extend(one for one, _ in part)
            group.warps.extend(warp for _, warp in part)
    group.last = True
    yield group


@dataclasses.dataclass(slots=True)
class _ChunkWork:
    """What one chunk comes to before the kernel: signals, distances and terms, each distinct one once."""

    chunk: Chunk
    prepared: Prepared
    quotes: Quotes
    pip: float
    makers: dict[Hashable, WarpMaker]
    errors: _Errors
    warps: dict[Hashable, Warp] = dataclasses.field(default_factory=dict)

    def asked(self, strand: _Strand) -> list[tuple[Asked | None, Warp | None]]:
        """What the sets of a strand ask for, and the warp of each; nothing once its strategy has failed."""
        if not strand.failed:
            try:
                return self._asked(strand)
            except FidelityError:
                raise
            except BarloomError as error:
                strand.failed = True
                for one in strand.sets:
                    self.errors.note(one.place, error)
        return [(None, None)] * len(strand.sets)

    def _asked(self, strand: _Strand) -> list[tuple[Asked | None, Warp | None]]:
        maker = strand.maker
        raw = maker.entries(self.chunk, self.prepared)
        leaving = maker.exit_signals(self.chunk, self.prepared)
        if strand.audit is not None:
            first = self.chunk.base - self.chunk.history
            strand.audit.look(self.chunk, self.prepared, Signals(raw, leaving, first))
        bases: dict[bool, Measured] = {}
        hung: dict[int, Asked] = {}
        found: list[tuple[Asked | None, Warp | None]] = []
        for one in strand.sets:
            if one.place in self.errors:
                found.append((None, None))
                continue
            orders = one.orders
            base = bases.get(one.atr)
            if base is None:
                pip = self.pip
                base = Measured.of(raw, self.chunk, self.prepared, pip, atr=one.atr).without_conflicts()
                bases[one.atr] = base
            asked = hung.get(id(orders))
            if asked is None:
                try:
                    asked = hung[id(orders)] = asked_of(base.hung(orders, maker))
                except BarloomError as error:
                    self.errors.note(one.place, error)
                    found.append((None, None))
                    continue
            warp = self.warps.get(one.terms)
            if warp is None:
                with_terms = self.makers.setdefault(one.terms, WarpMaker(one.rules))
                entries = base.entries.moved(base.at.first)
                warp = self.warps[one.terms] = with_terms.make(self.chunk, self.quotes, entries, leaving)
            found.append((asked, warp))
        return found


def _terms(rules: Rules) -> Hashable:
    """What a warp knows of the rules: nothing of how many trades may be open, how long, and how large they are."""
    alike = dataclasses.replace(
        rules, places=0, max_hold=0, parts=1, sizing=type(rules.sizing)(), costs=type(rules.costs)()
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
