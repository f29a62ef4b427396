"""The results of a walk forward: a record of each window, and all tests as one account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from barloom.engine.metrics import Metrics
from barloom.engine.results import AuditCounts

if TYPE_CHECKING:
    import pandas as pd


class Trained(BaseModel):
    """One window and its results.

    Attributes:
        window: its number, from 0.
        train_start, train_end, test_start, test_end: times, ISO, UTC; ends are exclusive.
        whole: True if the bars reach to the planned end of the test.
        set_id, values: the set chosen in sample; None and empty if there was none.
        refused: sets that could not be run in sample.
        in_sample: metrics of the chosen set on the training bars, with the starting balance.
        out_of_sample: its metrics on the test bars; None if it was not run.
        start_balance, end_balance: of the test; each test begins with what the one before it ended with.
        why: the reason if no set was chosen or run, else empty.
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
        metric: the metric that sets were ranked by.
        in_sample, out_of_sample: mean of that metric over the windows that have it on both sides.
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
    """The results of a walk forward.

    Attributes:
        windows: a record a window, in their order.
        summary: the tests joined.
        trades_table: trades of all tests with their ``window`` first; ``trade_id`` counts on, bars count from the first one of the test.
        equity_table: equity points of all tests, likewise; ``drawdown`` is below the peak of all tests so far.
        digest: BLAKE2b of number, set and checksum of every test.
        seconds: wall clock.
        audit: counts of the decisions that were asked for again, over all tests.

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
