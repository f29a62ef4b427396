"""Runs the sets of a batch over the bars, together or one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from barloom.bars.chunk import Chunk
from barloom.engine.account import POINT
from barloom.engine.audit.audit import audit_of
from barloom.engine.audit.draw import expected_rows, few_for
from barloom.engine.market import MarketBuilder
from barloom.engine.orchestrator import Audited, Progress, finer_of, run_pipeline
from barloom.engine.outcome import Outcome
from barloom.engine.overflow import refuse_overflow
from barloom.engine.prefetch import ahead
from barloom.engine.results import AuditCounts
from barloom.engine.signals import ATR, Pips, Preparation
from barloom.engine.simulator import nights_at
from barloom.engine.stream import prepared_chunks
from barloom.errors import BarloomError, FidelityError, InputError
from barloom.indicators.registry import warmup
from barloom.observe.clock import Clock
from barloom.strategies.again import Again
from barloom.strategies.registry import load_strategy
from barloom.sweeps.runner.kept_trades import KeptTrades
from barloom.sweeps.runner.passes import ChunkWork, Pass, SetBlock, blocks
from barloom.sweeps.runner.schedule import schedule
from barloom.sweeps.runner.set_rows import set_row
from barloom.sweeps.runner.signal_groups import SignalGroups

if TYPE_CHECKING:
    from barloom.bars.bars import Bars

Made = TypeVar("Made")
NO_POINTS = np.empty(0, dtype=POINT)


class BatchRunner:
    """Runs the sets of a batch over the bars.

    Attributes:
        errors: why sets could not be run.
        rows: of those that could, by their places.
        audit: what came of the audits of all their signals.
    """

    def __init__(self, groups: SignalGroups, bars: Bars, clock: Clock, audited: int | None) -> None:
        """Get ready to run the sets of some groups; for ``audited`` see ``run_batch``."""
        self.errors = groups.errors
        self.rows: dict[int, dict[str, Any]] = {}
        self.audit = AuditCounts()
        self._groups, self._bars, self._clock, self._audited = groups, bars, clock, audited

    def pass_one_by_one(self, fine: Bars, threads: int, chunk_rows: int | None, kept: KeptTrades | None) -> None:
        """Run each set for itself: where finer bars decide, each asks for other ones."""
        each = few_for(expected_rows(self._bars)) if self._audited is None else self._audited
        for group in self._groups:
            for one in group.sets:
                parameters = one.spec.parameters
                try:
                    strategy = load_strategy(parameters.strategy, parameters.params)
                    feed = one.spec.feed(strategy)
                    finer = finer_of(self._bars, one.rules, fine)
                    result = run_pipeline(
                        self._bars,
                        feed,
                        one.rules,
                        finer=finer,
                        chunk_rows=chunk_rows,
                        threads=threads,
                        clock=self._clock,
                        audit=Audited(
                            feed,
                            self._bars,
                            Again(strategy, self._groups.shelf),
                            parameters.direction,
                            each,
                            ends=self._audited is not None,
                        ),
                    )
                except FidelityError:
                    raise
                except BarloomError as error:
                    self.errors.note(one.place, error)
                    continue
                self.rows[one.place] = set_row(result.outcome)
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
        if not self._groups:
            return
        started = time.perf_counter()
        total = self._bars.bars_at_hand()
        rows = expected_rows(self._bars)
        each = few_for(rows) if self._audited is None else self._audited
        for group in self._groups:
            group.audit = audit_of(group.again, group.direction, each=each, rows=rows, ends=self._audited is not None)
        plan = schedule(self._groups, chunk_rows, again=not self._bars.source.parses)
        passes = [
            Pass(number, [self._groups[k] for k in one_pass], threads, kept)
            for number, one_pass in enumerate(plan.passes)
        ]
        steps = self._steps(passes, plan.rows, threads)
        with closing(ahead(steps) if threads > 1 else steps) as drawn:
            for one_pass, chunk, block in drawn:
                with self._clock.phase("simulate"):
                    one_pass.add(chunk, block)
                if not block.last:
                    continue
                if on_progress is not None:
                    passed = chunk.base + chunk.rows
                    if total is not None:
                        passed = (one_pass.number * total + passed) // len(passes)
                    on_progress(Progress(passed, total, 0, time.perf_counter() - started))
                if chunk.last:
                    with self._clock.phase("write"):
                        self._finish(one_pass)

    def _finish(self, one_pass: Pass) -> None:
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
                            f"{self._bars.label} has {one_pass.bars} bars in the selection, and the indicators of {group.maker.name} give no "
                            f"value before {needed}: give more bars, or shorter periods with --param"
                        ),
                    )
        for one, totals in zip(one_pass.sets, one_pass.totals(), strict=True):
            if one.place in self.errors:
                continue
            try:
                refuse_overflow(totals.accounts, NO_POINTS, one.rules.sizing)
                outcome = Outcome(totals, one.rules.sizing.balance, one_pass.first_time, one_pass.bars)
                self.rows[one.place] = set_row(outcome)
            except InputError as error:
                self.errors.note(one.place, error)

    def _steps(
        self, passes: Sequence[Pass], rows: int, threads: int
    ) -> Generator[tuple[Pass, Chunk, SetBlock], None, None]:
        """Pass after pass and chunk after chunk, what the signals of some sets ask for; made beside the kernel's work."""
        for one_pass in passes:
            preparation = Preparation(
                [group.maker for group in one_pass.groups], atr=any(one.atr for one in one_pass.sets), ring=1
            )
            chunks = self._bars.chunks(
                rows, history=preparation.history, volume=preparation.uses_volume, threads=threads
            )
            pips = Pips()
            markets: dict[Hashable, MarketBuilder] = {}
            swaps = any(one.rules.costs.has_swap for one in one_pass.sets)
            with closing(prepared_chunks(chunks, preparation, self._clock)) as drawn:
                for step in drawn:
                    work = ChunkWork(step, pips.of(step.chunk), markets, self.errors)
                    nightly = nights_at(step.chunk) if swaps else None
                    cut = blocks(one_pass.groups, work, nightly)
                    while (block := self._timed("prepare", cut)) is not None:
                        yield one_pass, step.chunk, block

    def _timed(self, step: str, made: Iterator[Made]) -> Made | None:
        """The next one, its seconds in a step; None after the last."""
        with self._clock.phase(step):
            return next(made, None)
