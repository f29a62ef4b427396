"""The metrics of a run, each with its formula, from running totals and one equity point a day.

A metric is a field of `Metrics`, a line of its docstring, and a formula of its name below; tables, rankings and records follow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from barloom.engine.account import ACCOUNT, TALLY
from barloom.engine.totals import Totals
from barloom.observe.figures import SAY_ALL

DAY = 86_400_000_000_000
YEAR_DAYS = 365.25


class Metrics(BaseModel):
    """The metrics of a run. Money in the account's currency; a ratio without a denominator is None (no loss, no variation, no trade).

    Attributes:
        trades, wins, losses: trades by the sign of their net PnL; what came to exactly 0 is neither.
        win_rate: wins / trades, 0 to 1; 0 without trades.
        profit_factor: gross profit / gross loss, of net PnL.
        expectancy_r: mean R multiple of the trades that had a stop.
        net_pnl, average_net_pnl: total and per trade.
        gross_profit, gross_loss: net PnL of the trades that won and of those that lost, both above 0.
        best_trade, worst_trade: highest and lowest net PnL of a trade.
        final_equity: balance and open trades at the last close.
        return_pct: net PnL in percent of the starting balance.
        max_drawdown, max_drawdown_pct: deepest fall of equity at a bar's close below its peak, in money and in percent of that peak.
        longest_drawdown_days: longest time from a peak until equity was back there, or until the end.
        sharpe, sortino: mean of the daily returns over their deviation (below 0 for Sortino), annualised by the days with bars a year.
        calmar: compound annual return in percent over ``max_drawdown_pct``. These three are None for bars of one day, which say nothing of
            a year.
        exposure: share of bars on which a trade was open.
        average_bars_held, longest_bars_held: entry and exit bar counted.
        longest_win_streak, longest_loss_streak: in the order of entry.
        ambiguous_trades: trades that left on a bar which held both levels, so that the path policy decided.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    trades: int
    wins: int
    losses: int
    win_rate: float
    profit_factor: float | None
    expectancy_r: float | None
    net_pnl: float
    average_net_pnl: float
    gross_profit: float
    gross_loss: float
    best_trade: float
    worst_trade: float
    final_equity: float
    return_pct: float
    max_drawdown: float
    max_drawdown_pct: float
    longest_drawdown_days: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    exposure: float
    average_bars_held: float
    longest_bars_held: int
    longest_win_streak: int
    longest_loss_streak: int
    ambiguous_trades: int


OF_TRADES = frozenset(Metrics.model_fields) - SAY_ALL
"""Metrics that say nothing without a trade."""
LOWER_IS_BETTER = frozenset(
    {
        "losses",
        "gross_loss",
        "max_drawdown",
        "max_drawdown_pct",
        "longest_drawdown_days",
        "longest_loss_streak",
        "ambiguous_trades",
    }
)
"""Metrics whose lowest value is the best."""


class Figures:
    """The figures that formulas read.

    Args:
        totals: of the trades and days of a parameter set.
        balance: what it started with.
        first_time: of the first bar, nanoseconds UTC.
        bars: how many there were.

    Attributes:
        tally: sums over the trades, the names of ``TALLY``.
        account: the account after the last bar, the names of ``ACCOUNT``.
    """

    def __init__(self, totals: Totals, balance: float, first_time: int, bars: int) -> None:
        self.tally: dict[str, Any] = {name: totals.tally[name][0].item() for name in TALLY.names or ()}
        self.account: dict[str, Any] = {name: totals.account[name][0].item() for name in ACCOUNT.names or ()}
        self.daily = totals.days
        self.balance = balance
        self.first_time = first_time
        self.bars = bars

    @property
    def days(self) -> float:
        """Days from the first bar to the last, one at least."""
        last: int = self.account["last_time"]
        return max(1.0, (last - self.first_time) / DAY)

    @property
    def one_day(self) -> bool:
        """True if the bars are of one day, which says nothing of a year."""
        return spans_one_day(self.first_time, self.account["last_time"]) or self.daily["count"] < 2

    @cached_property
    def ratios(self) -> tuple[float | None, float | None]:
        """Sharpe and Sortino."""
        count = self.daily["count"]
        return (None, None) if self.one_day else daily_ratios(self.daily, YEAR_DAYS * count / max(self.days, count))

    def a_trade(self, name: str) -> float:
        """A sum of the tally divided by the trades; 0 without any."""
        total: float = self.tally[name]
        trades: int = self.tally["trades"]
        return total / trades if trades else 0.0


def _calmar(of: Figures) -> float | None:
    if of.one_day:
        return None
    annual = annual_return_pct(of.balance, of.account["last_equity"], of.days)
    return _ratio(annual, 100.0 * of.account["max_drawdown_pct"])


FORMULAS: dict[str, Callable[[Figures], Any]] = {
    "trades": lambda of: of.tally["trades"],
    "wins": lambda of: of.tally["wins"],
    "losses": lambda of: of.tally["losses"],
    "win_rate": lambda of: of.a_trade("wins"),
    "profit_factor": lambda of: _ratio(of.tally["gross_profit"], of.tally["gross_loss"]),
    "expectancy_r": lambda of: _ratio(of.tally["r_sum"], of.tally["with_risk"]),
    "net_pnl": lambda of: of.tally["net_pnl"],
    "average_net_pnl": lambda of: of.a_trade("net_pnl"),
    "gross_profit": lambda of: of.tally["gross_profit"],
    "gross_loss": lambda of: of.tally["gross_loss"],
    "best_trade": lambda of: of.tally["best"],
    "worst_trade": lambda of: of.tally["worst"],
    "final_equity": lambda of: of.account["last_equity"],
    "return_pct": lambda of: 100.0 * (of.account["last_equity"] / of.balance - 1.0),
    "max_drawdown": lambda of: of.account["max_drawdown"],
    "max_drawdown_pct": lambda of: 100.0 * of.account["max_drawdown_pct"],
    "longest_drawdown_days": lambda of: longest_drawdown_days(of.account),
    "sharpe": lambda of: of.ratios[0],
    "sortino": lambda of: of.ratios[1],
    "calmar": _calmar,
    "exposure": lambda of: of.account["exposed_bars"] / of.bars if of.bars else 0.0,
    "average_bars_held": lambda of: of.a_trade("bars_held"),
    "longest_bars_held": lambda of: of.tally["longest_hold"],
    "longest_win_streak": lambda of: of.tally["longest_win_streak"],
    "longest_loss_streak": lambda of: of.tally["longest_loss_streak"],
    "ambiguous_trades": lambda of: of.tally["ambiguous"],
}
"""The formula of each metric, by its name."""


def metrics_of(figures: Figures) -> Metrics:
    """Every metric of the figures, in the order of the fields."""
    return Metrics(**{name: FORMULAS[name](figures) for name in Metrics.model_fields})


def longest_drawdown_days(account: Mapping[str, Any]) -> float:
    """The longest drawdown of an account (``ACCOUNT`` by its names) in days: from a peak until equity was back there, or to the last bar."""
    longest: int = account["longest_drawdown"]
    if account["under_water"]:
        longest = max(longest, account["last_time"] - account["peak_time"])
    return longest / DAY


def spans_one_day(first: int, last: int) -> bool:
    """True if bars from one time to another (nanoseconds) are of one day: of one date in UTC, or of less than 24 hours."""
    return last - first < DAY or last // DAY == first // DAY


def daily_ratios(days: Mapping[str, float], days_a_year: float) -> tuple[float | None, float | None]:
    """Annualised Sharpe and Sortino ratios of daily equity, risk-free rate 0; None where undefined.

    Sharpe uses the sample deviation, Sortino the root mean square of the returns below 0. ``days`` is that of ``Totals``.
    """
    count = days["count"]
    if count < 2 or days["lowest"] <= 0.0:
        return None, None
    scale = math.sqrt(days_a_year)
    sharpe = _ratio(days["mean"], math.sqrt(days["second"] / (count - 1)))
    sortino = _ratio(days["mean"], math.sqrt(days["downside"] / count))
    return (None if sharpe is None else scale * sharpe), (None if sortino is None else scale * sortino)


def annual_return_pct(start: float, final: float, days: float) -> float | None:
    """Compound annual return in percent; None when equity is gone or the span is too short to raise to a year."""
    if final <= 0.0:
        return None
    try:
        annual = 100.0 * float((final / start) ** (YEAR_DAYS / days) - 1.0)
    except OverflowError:
        return None
    return annual if math.isfinite(annual) else None


def _ratio(above: float | None, below: float) -> float | None:
    if above is None or not below:
        return None
    ratio = above / below
    return ratio if math.isfinite(ratio) else None
