"""Walk forward: choose a set on a window of bars, run it on the bars that follow, move on, and join the tests.

The share of the in-sample return that is left out of sample is the walk-forward efficiency of R. Pardo, "The Evaluation and
Optimization of Trading Strategies", 2nd ed., Wiley 2008.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from barloom.bars.times import iso
from barloom.engine.audit.draw import EACH, LEAST
from barloom.engine.metrics import Metrics
from barloom.errors import BarloomError, InputError
from barloom.sweeps.analysis.table import SweepTable, metric_of
from barloom.sweeps.runner.tasks import nothing_ran
from barloom.sweeps.walk_forward.joined import JoinedTests, summary_of
from barloom.sweeps.walk_forward.out_of_sample import Tested, run_after
from barloom.sweeps.walk_forward.result import Trained, WalkForward
from barloom.sweeps.walk_forward.walk import Walk, WalkStep
from barloom.sweeps.walk_forward.windows import TrainTestWindow

if TYPE_CHECKING:
    from barloom.sweeps.runner.progress import SweepProgress
    from barloom.sweeps.runner.session import SweepSession

log = logging.getLogger(__name__)
Tell = Callable[[WalkStep], None]


def walk_forward(
    session: SweepSession, walk: Walk, windows: Sequence[TrainTestWindow], *, on_progress: Tell | None = None
) -> WalkForward:
    """Sweep every training window and run the best set on the test after it.

    The test passes over its training bars first, so that its indicators are as warm as in a run that never stopped, and takes no signal
    before its first bar. A trade that is open at the end of a test leaves there. Each test begins with the balance the one before it
    ended with; once nothing is left of it, no more is run.

    Args:
        session: the bars, and the executor of the sets.
        walk: the plan.
        windows: see ``Walk.windows``.
        on_progress: told after each part of a sweep.

    Raises:
        InputError: the bars cannot be read, or every set was refused in every window.
        FidelityError: a strategy looks ahead, or back further than its lookback says.
        BarloomError: no set could be run in any window, and the first failed in code.
    """
    started = time.perf_counter()
    walker = _Walker(session, walk, windows, on_progress, started)
    for window in windows:
        walker.pass_window(window)
    if len(walker.nothing) == len(windows):
        raise walker.nothing[0]
    joined = walker.joined
    summary = summary_of(walker.trained, joined, walk, windows)
    seconds = time.perf_counter() - started
    for said in joined.audit.warnings(walk.base.strategy):
        log.warning("%s", said)
    digest = joined.digest.hexdigest()
    return WalkForward(tuple(walker.trained), summary, joined.trades(), joined.equity(), digest, seconds, joined.audit)


class _Walker:
    """Goes from window to window with the balance that is left.

    Attributes:
        trained: the windows so far.
        joined: their tests.
        nothing: for each window without a set that ran, the reason.
    """

    def __init__(
        self,
        session: SweepSession,
        walk: Walk,
        windows: Sequence[TrainTestWindow],
        on_progress: Tell | None,
        started: float,
    ) -> None:
        self._session = session
        self._walk = walk
        self._metric = metric_of(walk.rank_by)
        self._total = len(windows) * len(walk.sets)
        self._audited = max(LEAST, EACH // max(1, len(windows)))
        self._on_progress = on_progress
        self._started = started
        self._failed = 0
        self._balance = walk.base.balance
        self.trained: list[Trained] = []
        self.joined = JoinedTests()
        self.nothing: list[BarloomError] = []

    def pass_window(self, window: TrainTestWindow) -> None:
        """Sweep a training window, run the best set on its test, and keep both."""
        table = self._swept(window)
        chosen, why = _chosen(table, self._metric, self._walk.min_trades)
        if self._balance <= 0.0:
            chosen, why = None, "nothing was left of the balance"
        tried: Tested | None = None
        if chosen is not None:
            try:
                tried = self._tested(window, chosen)
                why = "" if tried is not None else "there are no bars to test on"
            except InputError as error:
                why = str(error)
        self._keep(window, table, chosen, tried, why)
        if tried is not None:
            self.joined.add(window.number, chosen, tried)
            self._session.usage.trades += tried.metrics.trades
        self._balance = self.trained[-1].end_balance

    def _swept(self, window: TrainTestWindow) -> SweepTable:
        """The table of all sets on the training bars."""
        walk, session = self._walk, self._session
        before = window.number * len(walk.sets)

        def on_step(step: SweepProgress) -> None:
            self._tell(before + step.sets, step.failed)

        table = session.sweep(
            walk.names, walk.sets, start=window.train_start, end=window.train_end, on_progress=on_step
        )
        self._failed += table.refused
        if table.refused == len(table):
            numbers, errors = table.table["set_id"].to_pylist(), table.table["error"].to_pylist()
            self.nothing.append(nothing_ran(numbers, errors, session.broken, "the grid, in every window,"))
        self._tell(before + len(walk.sets))
        return table

    def _tell(self, done: int, refused: int = 0) -> None:
        if self._on_progress is not None:
            seconds = time.perf_counter() - self._started
            self._on_progress(WalkStep(done, self._total, self._failed + refused, seconds))

    def _tested(self, window: TrainTestWindow, chosen: int) -> Tested | None:
        """The chosen set on the test; None if there are no bars."""
        session, walk = self._session, self._walk
        parameters = walk.make(walk.sets[chosen]).model_copy(update={"balance": self._balance})
        return run_after(
            session.part(window.train_start, window.test_end),
            parameters,
            window.train_end,
            before=self.joined.account,
            fine=session.fine,
            clock=session.usage.clock,
            audited=self._audited,
        )

    def _keep(
        self, window: TrainTestWindow, table: SweepTable, chosen: int | None, tried: Tested | None, why: str
    ) -> None:
        walk = self._walk
        self.trained.append(
            Trained(
                window=window.number,
                train_start=iso(window.train_start),
                train_end=iso(window.train_end),
                test_start=iso(window.train_end),
                test_end=iso(window.test_end),
                whole=window.whole,
                set_id=chosen,
                values={} if chosen is None else dict(zip(walk.names, walk.sets[chosen], strict=True)),
                refused=table.refused,
                in_sample=None if chosen is None else _metrics_of(table.record(chosen)),
                out_of_sample=None if tried is None else tried.metrics,
                start_balance=self._balance,
                end_balance=self._balance if tried is None else tried.metrics.final_equity,
                why=why,
            )
        )


def _chosen(table: SweepTable, metric: str, min_trades: int) -> tuple[int | None, str]:
    """The set to run on the test, or None and why there is none."""
    best = table.best(metric, min_trades)
    if best:
        return best[0], ""
    if table.refused == len(table):
        return None, str(table.table["error"][0].as_py())
    least = f" and {min_trades:,} trades" if min_trades else ""
    return None, f"no set had a {metric}{least} in sample"


def _metrics_of(row: dict[str, Any]) -> Metrics:
    return Metrics(**{name: row[name] for name in Metrics.model_fields})
