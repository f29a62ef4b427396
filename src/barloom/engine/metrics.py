"""What a run comes to: the metrics, from running totals and one equity point a day, and the bounds of what ambiguous trades leave open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from barloom.engine.account import ACCOUNT, TALLY
from barloom.engine.totals import Totals

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


class Case(BaseModel):
    """What one way to decide the ambiguous trades comes to; money and ratios as in ``Metrics``."""

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
    """What a parameter set came to over some bars, and the metrics of that.

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
        tally: dict[str, Any] = {name: self.totals.tally[name][0].item() for name in TALLY.names or ()}
        account: dict[str, Any] = {name: self.totals.account[name][0].item() for name in ACCOUNT.names or ()}
        trades = tally["trades"]
        final = account["last_equity"]
        days = max(1.0, (account["last_time"] - self.first_time) / DAY)
        drawdown_pct = 100.0 * account["max_drawdown_pct"]
        counted = self.totals.days["count"]
        one_day = spans_one_day(self.first_time, account["last_time"]) or counted < 2
        sharpe, sortino = daily_ratios(self.totals.days, YEAR_DAYS * counted / max(days, counted))
        return Metrics(
            trades=trades,
            wins=tally["wins"],
            losses=tally["losses"],
            win_rate=tally["wins"] / trades if trades else 0.0,
            profit_factor=_ratio(tally["gross_profit"], tally["gross_loss"]),
            expectancy_r=_ratio(tally["r_sum"], tally["with_risk"]),
            net_pnl=tally["net_pnl"],
            average_net_pnl=tally["net_pnl"] / trades if trades else 0.0,
            gross_profit=tally["gross_profit"],
            gross_loss=tally["gross_loss"],
            best_trade=tally["best"],
            worst_trade=tally["worst"],
            final_equity=final,
            return_pct=100.0 * (final / self.balance - 1.0),
            max_drawdown=account["max_drawdown"],
            max_drawdown_pct=drawdown_pct,
            longest_drawdown_days=longest_drawdown_days(account),
            sharpe=None if one_day else sharpe,
            sortino=None if one_day else sortino,
            calmar=None if one_day else _ratio(annual_return_pct(self.balance, final, days), drawdown_pct),
            exposure=account["exposed_bars"] / self.bars if self.bars else 0.0,
            average_bars_held=tally["bars_held"] / trades if trades else 0.0,
            longest_bars_held=tally["longest_hold"],
            longest_win_streak=tally["longest_win_streak"],
            longest_loss_streak=tally["longest_loss_streak"],
            ambiguous_trades=tally["ambiguous"],
        )

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


def longest_drawdown_days(account: Mapping[str, Any]) -> float:
    """The longest drawdown of an account (``ACCOUNT`` by its names) in days: from a peak until equity was back there, or to the last bar."""
    longest: int = account["longest_drawdown"]
    if account["under_water"]:
        longest = max(longest, account["last_time"] - account["peak_time"])
    return longest / DAY


def spans_one_day(first: int, last: int) -> bool:
    """Whether bars from one time to another (nanoseconds) are of one day: of one date in UTC, or of less than 24 hours."""
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
