"""One test of a walk forward: a set on bars it was not chosen by, with indicators that are warm when they begin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from barloom.arrays import Rows
from barloom.bars.fine import Fine
from barloom.engine import orchestrator
from barloom.engine import trades as record
from barloom.engine.audit.draw import EACH
from barloom.engine.metrics import Metrics
from barloom.engine.outcome import Outcome
from barloom.engine.resolve import RunSpec
from barloom.engine.results import AuditCounts
from barloom.engine.sinks import MemorySink, Points
from barloom.engine.totals import AccountStart, daily_returns
from barloom.observe.clock import Clock
from barloom.rules.parameters import RunParameters
from barloom.strategies.again import Again
from barloom.strategies.registry import load_strategy
from barloom.sweeps.walk_forward.windows import DAY

if TYPE_CHECKING:
    from barloom.bars.bars import Bars
    from barloom.bars.chunk import Chunk
    from barloom.engine.feed import Feed
    from barloom.engine.signals import Prepared
    from barloom.rules.entries import Entries
    from barloom.rules.exit_signals import ExitSignals


@dataclass(frozen=True, slots=True)
class Tested:
    """A run on test bars: bars and days counted from the first of them, ``checksum`` as in the run.

    ``joined`` is the account of all tests so far, this one included, marked at every close as one: a row of ``ACCOUNT``. Drawdowns of
    ``points`` are below the peak of that account, those of ``metrics`` below the test's own.
    """

    metrics: Metrics
    checksum: str
    columns: record.Columns
    points: Points
    daily: list[float]
    days: float
    joined: Rows
    audit: AuditCounts


class _Since:
    """A feed that passes on no entry before a time; exits of what is not there change nothing."""

    def __init__(self, feed: Feed, start: int) -> None:
        self._feed = feed
        self._start = start
        self.history, self.uses_volume = feed.history, feed.uses_volume
        self.name, self.warmup = feed.name, feed.warmup
        self.before = 0
        """Bars before that time so far."""
        self.first_time: int | None = None
        """Time of the first bar at it or after."""

    def prepare(self, chunk: Chunk) -> Prepared:
        """The preparation of the feed."""
        return self._feed.prepare(chunk)

    def entries(self, chunk: Chunk, prepared: Prepared) -> Entries:
        """The feed's entries from that time on."""
        entries = self._feed.entries(chunk, prepared)
        fresh = chunk.timestamp[chunk.history :]
        early = int(fresh.searchsorted(self._start))
        self.before += early
        if self.first_time is None and early < len(fresh):
            self.first_time = int(fresh[early])
        kept = int(np.searchsorted(entries.signal_bar, chunk.base + early))
        return entries.take(slice(kept, None)) if kept else entries

    def exit_signals(self, chunk: Chunk, prepared: Prepared) -> ExitSignals | None:
        """The feed's exits."""
        return self._feed.exit_signals(chunk, prepared)


def run_after(
    part: Bars,
    parameters: RunParameters,
    since: int,
    *,
    before: Rows | None = None,
    fine: Bars | None = None,
    clock: Clock | None = None,
    audited: int = EACH,
) -> Tested | None:
    """Run a set on those bars that are at ``since`` (nanoseconds UTC) or later, warm from the ones before; None where there are none.

    Args:
        part: the bars.
        parameters: the set, with the balance that the test begins with.
        since: a midnight.
        before: the account of all tests before this one, which ended with that balance; None if it is the first.
        fine: finer bars of the same times.
        clock: takes the seconds of each step.
        audited: decisions with a signal, and as many without one, that are asked for again.

    Raises:
        InputError: the set is refused, or the bars cannot be read.
        FidelityError: its strategy looks ahead, or back further than its lookback says.
    """
    parameters = parameters.with_finer_bars(fine is not None)
    spec = RunSpec.of(parameters, bounds=False)
    strategy = load_strategy(parameters.strategy, parameters.params)
    inner = spec.feed(strategy)
    feed = _Since(inner, since)
    sink = MemorySink()
    result = orchestrator.run_pipeline(
        part,
        feed,
        spec.rules,
        finer=None if fine is None else Fine.beside(part, fine),
        chunk_rows=parameters.chunk_rows,
        threads=parameters.threads,
        sink=sink,
        clock=clock,
        start=AccountStart(since, before),
        audit=orchestrator.Audited(inner, part, Again(strategy), parameters.direction, audited),
    )
    report, outcome = result.report, result.outcome
    if report is None or outcome is None or feed.first_time is None:
        return None
    columns = dict(sink.columns)
    for name in ("signal_bar", "entry_bar", "exit_bar"):
        columns[name] = columns[name] - feed.before
    points = sink.points[sink.points["time"] >= feed.first_time].copy()
    points["bar"] -= feed.before
    if before is not None:
        points["drawdown"] = np.maximum(points["drawdown"], before["peak"][0] - points["equity"])
    # What the training days add to the totals is a flat start: the days that count begin with the test.
    daily: list[float] = points["equity"][points["trade_id"] < 0].tolist()
    totals = replace(outcome.totals, days=daily_returns(parameters.balance, daily))
    tested = Outcome(totals, parameters.balance, feed.first_time, outcome.bars - feed.before)
    metrics = tested.metrics()
    days = max(1.0, (report.last_ts - feed.first_time) / DAY)
    joined = outcome.totals.accounts[1:2].copy()
    return Tested(metrics, result.checksum, columns, points, daily, days, joined, result.audit or AuditCounts())
