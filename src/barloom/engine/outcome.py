"""The outcome of a parameter set over some bars: its metrics, and the range that ambiguous trades leave open."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from barloom.engine.account import ACCOUNT
from barloom.engine.metrics import Figures, Metrics, metrics_of
from barloom.engine.totals import Totals


class Case(BaseModel):
    """The result of one way to decide the ambiguous trades; money and ratios as in ``Metrics``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trades: int
    win_rate: float
    net_pnl: float
    return_pct: float
    max_drawdown: float
    max_drawdown_pct: float


class Bounds(BaseModel):
    """The range of results that bars leave open: which level came first inside a bar that held both is not in the data.

    A trade leaves such a bar either way, so no other trade depends on it but through money: with sizes that follow the balance, each
    case sizes its own trades, and what has no money left in one case may be taken in another.

    Attributes:
        chosen: the path policy's decisions; the values of ``Metrics``.
        best: every deciding trade takes the outcome that nets more.
        worst: every deciding trade takes the outcome that nets less.
        deciding_trades: accepted trades that left on a bar which held both levels, and that no finer bars decided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    chosen: Case
    best: Case
    worst: Case
    deciding_trades: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The totals of a parameter set over some bars, and the metrics of them.

    Attributes:
        totals: of its trades and days.
        balance: what it started with.
        first_time: of the first bar, nanoseconds UTC.
        bars: how many there were.
    """

    totals: Totals
    balance: float
    first_time: int = 0
    bars: int = 0

    def metrics(self) -> Metrics:
        """The metrics."""
        return metrics_of(Figures(self.totals, self.balance, self.first_time, self.bars))

    def bounds(self) -> Bounds:
        """The bounds, from the three accounts."""
        rows = [{name: row[name].item() for name in ACCOUNT.names or ()} for row in self.totals.accounts]
        net = float(self.totals.tally["net_pnl"][0])
        # Balances add up in the order of the exits and the metrics in that of the numbers: as differences they agree to the bit.
        cases = [
            Case(
                trades=row["trades"],
                win_rate=row["wins"] / row["trades"] if row["trades"] else 0.0,
                net_pnl=net + (row["balance"] - rows[0]["balance"]),
                return_pct=100.0 * (row["last_equity"] / self.balance - 1.0),
                max_drawdown=row["max_drawdown"],
                max_drawdown_pct=100.0 * row["max_drawdown_pct"],
            )
            for row in rows
        ]
        return Bounds(
            chosen=cases[0], best=cases[1], worst=cases[2], deciding_trades=int(self.totals.tally["undecided"][0])
        )
