"""Walk forward: choose a set on a window of bars, run it on the bars that follow, move on, and join what was never seen when it was chosen.

The share of the in-sample return that is left out of sample is the walk-forward efficiency of R. Pardo, "The Evaluation and
Optimization of Trading Strategies", 2nd ed., Wiley 2008.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from barloom.arrays import Rows
from barloom.bars.span import Span
from barloom.bars.times import iso
from barloom.engine import trades as record
from barloom.engine.account import ACCOUNT
from barloom.engine.audit.draw import EACH, LEAST
from barloom.engine.metrics import OF_TRADES, YEAR_DAYS, Metrics, daily_ratios, longest_drawdown_days
from barloom.engine.results import AuditCounts
from barloom.engine.sinks import points_schema, points_to_arrow
from barloom.engine.totals import daily_returns
from barloom.errors import BarloomError, InputError
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.table import SweepTable, metric_of
from barloom.sweeps.grid.grid import Grid, parameters_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.tasks import nothing_ran
from barloom.sweeps.walk_forward.out_of_sample import Tested, run_after
from barloom.sweeps.walk_forward.windows import DAY, CalendarSpan, TrainTestWindow, windows_of

if TYPE_CHECKING:
    import pandas as pd

    from barloom.bars.bars import Bars
    from barloom.sweeps.runner.progress import SweepProgress
    from barloom.sweeps.runner.session import SweepSession


log = logging.getLogger(__name__)


class Trained(BaseModel):
    """A window and what came of it.

    Attributes:
        window: its number, from 0.
        train_start, train_end, test_start, test_end: times, ISO, UTC; ends are exclusive.
        whole: whether the bars reach as far as the test was meant to.
        set_id, values: the set that was chosen in sample; None and empty where there was none.
        refused: sets that could not be run in sample.
        in_sample: metrics of the chosen set on the training bars, with the starting balance.
        out_of_sample: its metrics on the test bars, None where it was not run.
        start_balance, end_balance: of the test; each test begins with what the one before it ended with.
        why: why no set was chosen or run; empty where one was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int
    train_start: str
    train_end: str
    test_start: str
    test_end: str
    whole: bool
    set_id: int | None
    values: dict[str, Any]
    refused: int
    in_sample: Metrics | None
    out_of_sample: Metrics | None
    start_balance: float
    end_balance: float
    why: str


class WalkForwardSummary(BaseModel):
    """All tests as one account.

    Attributes:
        windows, tested: all windows, and those in which a set was run.
        sets: sets tried in each.
        profitable_windows: tests that gained.
        trades, net_pnl, return_pct, win_rate: of the joined tests; the return in percent of the starting balance.
        max_drawdown, max_drawdown_pct, longest_drawdown_days: of the joined equity at every close, as in ``Metrics``: a fall that one test
            begins and another one deepens is one.
        sharpe, sortino: of the joined daily returns, as in ``Metrics``.
        metric: what sets were ranked by.
        in_sample, out_of_sample: mean of that metric over the windows where it is there on both sides.
        efficiency: mean daily return out of sample over that in sample, of the windows tested; None where sets did not gain in sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    windows: int
    tested: int
    sets: int
    profitable_windows: int
    trades: int
    net_pnl: float
    return_pct: float
    win_rate: float
    max_drawdown: float
    max_drawdown_pct: float
    longest_drawdown_days: float
    sharpe: float | None
    sortino: float | None
    metric: str
    in_sample: float | None
    out_of_sample: float | None
    efficiency: float | None


@dataclass(frozen=True, slots=True)
class WalkForward:
    """What a walk forward came to.

    Attributes:
        windows: a record a window, in their order.
        summary: the tests joined.
        trades_table: trades of all tests with their ``window`` first; ``trade_id`` counts on, bars count from the first one of the test.
        equity_table: equity points of all tests, likewise; ``drawdown`` is below the peak of all tests so far.
        digest: BLAKE2b of number, set and checksum of every test.
        seconds: wall clock.
        audit: what came of asking again for decisions of all tests.

    Examples:
        >>> import barloom as bl
        >>> grid = {"fast": [5, 10], "slow": [20, 50]}
        >>> walked = bl.walk_forward(bl.from_synthetic(8_000), "ema-cross", grid, train="3d", test="1d", rank_by="net_pnl")
        >>> walked.table[["window", "fast", "slow"]].values.tolist()
        [[0, 5, 20], [1, 5, 20], [2, 5, 20], [3, 10, 50], [4, 10, 50], [5, 10, 50]]
        >>> walked.trades["window"].value_counts(sort=False).tolist()
        [40, 44, 49, 5, 17]
    """

    windows: tuple[Trained, ...]
    summary: WalkForwardSummary
    trades_table: pa.Table
    equity_table: pa.Table
    digest: str
    seconds: float
    audit: AuditCounts

    @property
    def table(self) -> pd.DataFrame:
        """One row a window: its times, the chosen values, and the main metrics on both sides."""
        import pandas as pd

        return pd.DataFrame([flat(window, self.summary.metric) for window in self.windows])

    @property
    def trades(self) -> pd.DataFrame:
        """The trades out of sample, one row each."""
        return self.trades_table.to_pandas()

    @property
    def equity(self) -> pd.DataFrame:
        """The equity out of sample, one row a day and one a trade."""
        return self.equity_table.to_pandas()


TIMES = ("window", "train_start", "train_end", "test_start", "test_end")
ENDING = ("end_balance", "why")


def flat(window: Trained, metric: str) -> dict[str, Any]:
    """A window as one row: times, chosen values, and on both sides the metric of the ranking, trades and return.

    A value whose name is that of another column is ``param.NAME``.
    """
    row: dict[str, Any] = {name: getattr(window, name) for name in TIMES}
    row |= {(f"param.{name}" if name in (*TIMES, *ENDING) else name): value for name, value in window.values.items()}
    for side, metrics in (("in_sample", window.in_sample), ("out_of_sample", window.out_of_sample)):
        for name in dict.fromkeys((metric, "trades", "return_pct", "max_drawdown_pct")):
            row[f"{side}_{name}"] = None if metrics is None else getattr(metrics, name)
    return row | {name: getattr(window, name) for name in ENDING}


@dataclass(frozen=True, slots=True)
class WalkStep:
    """How far a walk forward has come, in sets run in sample over all windows."""

    sets: int
    total_sets: int
    failed: int
    seconds: float

    @property
    def new_sets(self) -> int:
        """All of them: a walk forward begins anew."""
        return self.sets


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What is asked of a walk forward.

    Attributes:
        names, sets: the grid.
        base: what all sets share.
        make: the parameters of a set by its values.
        train, test, step, anchored: the windows, see ``windows_of``.
        rank_by, min_trades: how the best set is told.
    """

    names: tuple[str, ...]
    sets: Sequence[tuple[Any, ...]]
    base: RunParameters
    make: Callable[[tuple[Any, ...]], RunParameters]
    train: CalendarSpan
    test: CalendarSpan
    step: CalendarSpan
    anchored: bool = False
    rank_by: str = "sharpe"
    min_trades: int = 0

    @classmethod
    def of(
        cls,
        grid: Grid,
        base: RunParameters,
        options: SweepOptions,
        train: CalendarSpan,
        test: CalendarSpan,
        step: CalendarSpan,
        *,
        anchored: bool = False,
    ) -> Walk:
        """A walk forward over the sets of a grid.

        Raises:
            InputError: too many sets, or an unknown metric.
        """
        return cls(
            names=grid.names,
            sets=grid.sets(options.max_sets),
            base=base,
            make=partial(parameters_of, base, grid.names),
            train=train,
            test=test,
            step=step,
            anchored=anchored,
            rank_by=options.metric,
            min_trades=options.min_trades,
        )

    def windows(self, part: Bars) -> list[TrainTestWindow]:
        """The windows over the bars of a selection.

        Raises:
            InputError: see ``windows_of``.
        """
        span = Span.of(part)
        stop = min(span.last + (span.step or 1), part.selection.end)
        return windows_of(span.first, stop, self.train, self.test, self.step, anchored=self.anchored)


def walk_forward(
    session: SweepSession,
    walk: Walk,
    windows: Sequence[TrainTestWindow],
    *,
    on_progress: Callable[[WalkStep], None] | None = None,
) -> WalkForward:
    """Sweep every training window and run the best set on the test after it.

    The test passes over its training bars first, so that its indicators are as warm as in a run that never stopped, and takes no signal
    before its first bar. A trade that is open at the end of a test leaves there. Each test begins with the balance the one before it
    ended with; once nothing is left of it, no more is run.

    Args:
        session: the bars, and what runs sets over them.
        walk: the grid and how the best set is told.
        windows: see ``Walk.windows``.
        on_progress: told after each part of a sweep.

    Raises:
        InputError: the bars cannot be read, or every set was refused in every window.
        FidelityError: a strategy looks ahead, or back further than its lookback says.
        BarloomError: no set could be run in any window, and the first failed in code.
    """
    started = time.perf_counter()
    metric = metric_of(walk.rank_by)
    total = len(windows) * len(walk.sets)
    failed = 0
    balance = walk.base.balance
    tested = _Joined()
    trained: list[Trained] = []
    nothing: list[BarloomError] = []
    audited = max(LEAST, EACH // max(1, len(windows)))

    def tell(done: int, refused: int = 0) -> None:
        if on_progress is not None:
            on_progress(WalkStep(done, total, failed + refused, time.perf_counter() - started))

    for window in windows:
        before = window.number * len(walk.sets)

        def on_step(step: SweepProgress, before: int = before) -> None:
            tell(before + step.sets, step.failed)

        table = session.sweep(
            walk.names, walk.sets, start=window.train_start, end=window.train_end, on_progress=on_step
        )
        failed += table.refused
        if table.refused == len(table):
            numbers, errors = table.table["set_id"].to_pylist(), table.table["error"].to_pylist()
            nothing.append(nothing_ran(numbers, errors, session.broken, "the grid, in every window,"))
        tell(before + len(walk.sets))
        chosen, why = _chosen(table, metric, walk.min_trades)
        if balance <= 0.0:
            chosen, why = None, "nothing was left of the balance"
        tried: Tested | None = None
        if chosen is not None:
            try:
                parameters = walk.make(walk.sets[chosen]).model_copy(update={"balance": balance})
                part = session.part(window.train_start, window.test_end)
                tried = run_after(
                    part,
                    parameters,
                    window.train_end,
                    before=tested.account,
                    fine=session.fine,
                    clock=session.usage.clock,
                    audited=audited,
                )
                why = "" if tried is not None else "there are no bars to test on"
            except InputError as error:
                why = str(error)
        in_sample = None if chosen is None else _metrics_of(table.record(chosen))
        after = balance if tried is None else tried.metrics.final_equity
        trained.append(
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
                in_sample=in_sample,
                out_of_sample=None if tried is None else tried.metrics,
                start_balance=balance,
                end_balance=after,
                why=why,
            )
        )
        if tried is not None:
            tested.add(window.number, chosen, tried)
            session.usage.trades += tried.metrics.trades
        balance = after
    if len(nothing) == len(windows):
        raise nothing[0]
    summary = _summary(trained, tested, walk, windows)
    seconds = time.perf_counter() - started
    for said in tested.audit.warnings(walk.base.strategy):
        log.warning("%s", said)
    digest = tested.digest.hexdigest()
    return WalkForward(tuple(trained), summary, tested.trades(), tested.equity(), digest, seconds, tested.audit)


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


# ---------------------------------------------------------------- all tests as one


class _Joined:
    """Trades and equity points of one test after the other."""

    def __init__(self) -> None:
        self._trades: list[pa.Table] = []
        self._points: list[pa.Table] = []
        self.account: Rows | None = None
        """The account of all tests as one."""
        self.daily: list[float] = []
        self.days = 0.0
        self.digest = hashlib.blake2b(digest_size=32)
        self.audit = AuditCounts()
        self._count = 0

    def add(self, window: int, set_id: int | None, test: Tested) -> None:
        """Add the next one."""
        self.digest.update(f"{window} {set_id} {test.checksum}\n".encode())
        columns = dict(test.columns)
        columns["trade_id"] = columns["trade_id"] + self._count
        points = test.points.copy()
        points["trade_id"][points["trade_id"] >= 0] += self._count
        self._count += len(columns["trade_id"])
        self._trades.append(_numbered(window, record.to_arrow(columns)))
        self._points.append(_numbered(window, points_to_arrow(points)))
        self.account = test.joined
        self.audit += test.audit
        self.daily += test.daily
        self.days += test.days

    def trades(self) -> pa.Table:
        """All trades."""
        return _together(self._trades, record.arrow_schema())

    def equity(self) -> pa.Table:
        """All equity points."""
        return _together(self._points, points_schema())

    def drawdowns(self) -> dict[str, float]:
        """The drawdowns of all tests as one account, by their names in the summary."""
        if self.account is None:
            return {"max_drawdown": 0.0, "max_drawdown_pct": 0.0, "longest_drawdown_days": 0.0}
        account = {name: self.account[name][0].item() for name in ACCOUNT.names or ()}
        return {
            "max_drawdown": account["max_drawdown"],
            "max_drawdown_pct": 100.0 * account["max_drawdown_pct"],
            "longest_drawdown_days": longest_drawdown_days(account),
        }


def _numbered(window: int, batch: pa.RecordBatch) -> pa.Table:
    numbers = pa.array(np.full(batch.num_rows, window, dtype=np.int64))
    return pa.Table.from_batches([batch]).add_column(0, pa.field("window", pa.int64(), nullable=False), numbers)


def _together(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    if tables:
        return pa.concat_tables(tables)
    return schema.insert(0, pa.field("window", pa.int64(), nullable=False)).empty_table()


def _summary(
    trained: list[Trained], joined: _Joined, walk: Walk, windows: Sequence[TrainTestWindow]
) -> WalkForwardSummary:
    both = [(one, one.in_sample, one.out_of_sample) for one in trained if one.in_sample and one.out_of_sample]
    metrics = [after for _, _, after in both if after is not None]
    trades = sum(one.trades for one in metrics)
    start, end = walk.base.balance, trained[-1].end_balance
    count = len(joined.daily)
    per_year = YEAR_DAYS * count / max(joined.days, count, 1.0)
    sharpe, sortino = (None, None) if joined.days <= 1.0 else daily_ratios(daily_returns(start, joined.daily), per_year)
    metric = metric_of(walk.rank_by)
    pairs = [
        (getattr(before, metric), getattr(after, metric))
        for _, before, after in both
        if getattr(before, metric) is not None and getattr(after, metric) is not None
        # A side without a trade has nothing to compare: its zeros are no results.
        if metric not in OF_TRADES or (before.trades and after.trades)
    ]
    rates_in, rates_out = [], []
    for one, before, after in both:
        window = windows[one.window]
        if before is not None and after is not None:
            rates_in.append(before.return_pct * DAY / (window.train_end - window.train_start))
            rates_out.append(after.return_pct * DAY / (window.test_end - window.train_end))
    earned = _mean(rates_in)
    kept = _mean(rates_out)
    return WalkForwardSummary(
        windows=len(trained),
        tested=len(metrics),
        sets=len(walk.sets),
        profitable_windows=sum(one.net_pnl > 0.0 for one in metrics),
        trades=trades,
        net_pnl=sum(one.net_pnl for one in metrics),
        return_pct=100.0 * (end / start - 1.0),
        win_rate=sum(one.wins for one in metrics) / trades if trades else 0.0,
        **joined.drawdowns(),
        sharpe=sharpe,
        sortino=sortino,
        metric=metric,
        in_sample=_mean([before for before, _ in pairs]),
        out_of_sample=_mean([after for _, after in pairs]),
        efficiency=kept / earned if earned is not None and kept is not None and earned > 0.0 else None,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
