"""All tests of a walk forward as one account, and its summary."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from barloom.arrays import Rows
from barloom.engine import trades as record
from barloom.engine.account import ACCOUNT
from barloom.engine.metrics import OF_TRADES, YEAR_DAYS, Metrics, daily_ratios, longest_drawdown_days
from barloom.engine.results import AuditCounts
from barloom.engine.sinks import points_schema, points_to_arrow
from barloom.engine.totals import daily_returns
from barloom.sweeps.analysis.table import metric_of
from barloom.sweeps.walk_forward.out_of_sample import Tested
from barloom.sweeps.walk_forward.result import Trained, WalkForwardSummary
from barloom.sweeps.walk_forward.walk import Walk
from barloom.sweeps.walk_forward.windows import DAY, TrainTestWindow


class JoinedTests:
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


def summary_of(
    trained: Sequence[Trained], joined: JoinedTests, walk: Walk, windows: Sequence[TrainTestWindow]
) -> WalkForwardSummary:
    """All windows in one record."""
    both = [(one, one.in_sample, one.out_of_sample) for one in trained if one.in_sample and one.out_of_sample]
    metrics = [after for _, _, after in both if after is not None]
    trades = sum(one.trades for one in metrics)
    start, end = walk.base.balance, trained[-1].end_balance
    count = len(joined.daily)
    per_year = YEAR_DAYS * count / max(joined.days, count, 1.0)
    sharpe, sortino = (None, None) if joined.days <= 1.0 else daily_ratios(daily_returns(start, joined.daily), per_year)
    metric = metric_of(walk.rank_by)
    in_sample, out_of_sample = _sides(metric, trained)
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
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        efficiency=_efficiency(trained, windows),
    )


def _sides(metric: str, trained: Sequence[Trained]) -> tuple[float | None, float | None]:
    """Mean of a metric in sample and out of sample, over the windows that have it on both sides."""

    def there(metrics: Metrics) -> bool:
        # A side without a trade has nothing to compare: its zeros are no results.
        return getattr(metrics, metric) is not None and (metric not in OF_TRADES or bool(metrics.trades))

    pairs = [
        (getattr(one.in_sample, metric), getattr(one.out_of_sample, metric))
        for one in trained
        if one.in_sample and one.out_of_sample and there(one.in_sample) and there(one.out_of_sample)
    ]
    return _mean([before for before, _ in pairs]), _mean([after for _, after in pairs])


def _efficiency(trained: Sequence[Trained], windows: Sequence[TrainTestWindow]) -> float | None:
    """Mean daily return out of sample over that in sample; None if sets did not gain in sample."""
    rates_in, rates_out = [], []
    for one in trained:
        window = windows[one.window]
        if one.in_sample is not None and one.out_of_sample is not None:
            rates_in.append(one.in_sample.return_pct * DAY / (window.train_end - window.train_start))
            rates_out.append(one.out_of_sample.return_pct * DAY / (window.test_end - window.train_end))
    earned, kept = _mean(rates_in), _mean(rates_out)
    return kept / earned if earned is not None and kept is not None and earned > 0.0 else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
