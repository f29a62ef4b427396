"""Running totals of parameter sets: accounts, trade statistics and daily returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from barloom._native.simulation import RETURN_PERIODS, Simulator, days_of
from barloom.arrays import Rows
from barloom.bars.chunk import Floats, Ints
from barloom.engine.account import ACCOUNT, CASES, TALLY
from barloom.engine.trades import REFUSALS

DAYS = ("count", "before", "lowest", "mean", "second", "third", "fourth", "downside", "size")
REASONS = 16  # room in the kernel


@dataclass(frozen=True, slots=True)
class AccountStart:
    """Start of an account that begins after the first bar; the bars before serve the indicators only.

    Attributes:
        since: the midnight before its first bar, nanoseconds UTC; no entry comes before it.
        before: the account it goes on from, one row of ``ACCOUNT``; None for a new one. With the balance of that account and no bounds
            asked for, the second row of ``Totals.accounts`` is then both as one: in the drawdown that the account before was in.
    """

    since: int
    before: Rows | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The running totals of one parameter set.

    Attributes:
        accounts: three rows of ``ACCOUNT``: as chosen, best case, worst case. In the best case every ambiguous trade that finer bars did
            not decide takes the outcome that nets more, in the worst the one that nets less; until there is one they are the same.
        tally: one row of ``TALLY``, of the trades handed out so far.
        days: daily returns by the names of ``DAYS``: how many, equity at the end of the last day, its lowest, the mean, sums of powers
            of the distances from it, the sum of squares below 0, and the days in a period.
        sums, squares: of the returns of consecutive periods of equally many days, the last perhaps shorter.
        refused: signals refused by reason, those the simulator itself refuses.
    """

    accounts: Rows
    tally: Rows
    days: dict[str, float]
    sums: Floats
    squares: Floats
    refused: dict[str, int]

    @property
    def account(self) -> Rows:
        """The account of the trades as chosen, one row."""
        return self.accounts[:1]

    @property
    def accepted(self) -> int:
        """Signals that became trades in the chosen account; the parts of a ladder are one signal."""
        return int(self.accounts["accepted"][0])

    @property
    def checksum(self) -> str:
        """The 64-bit mix of entry bar, exit bar and exit price of every trade so far, as 16 hexadecimal digits."""
        return f"{int(self.tally['checksum'][0]):016x}"

    @property
    def return_counts(self) -> Ints:
        """Daily returns in each period."""
        count, size = int(self.days["count"]), int(self.days["size"])
        counts = np.full(-(-count // size), size, dtype=np.int64)
        if count % size:
            counts[-1] = count % size
        return counts


def totals_of(simulator: Simulator, count: int) -> list[Totals]:
    """The totals of all ``count`` sets."""
    accounts = np.zeros((count, CASES), dtype=ACCOUNT)
    tallies = np.zeros(count, dtype=TALLY)
    days = np.zeros((count, len(DAYS)))
    sums, squares = np.zeros((count, RETURN_PERIODS)), np.zeros((count, RETURN_PERIODS))
    refused = np.zeros((count, REASONS), dtype=np.int64)
    simulator.totals(accounts, tallies, days, sums, squares, refused)
    return [
        Totals(
            accounts[k],
            tallies[k : k + 1],
            dict(zip(DAYS, days[k].tolist(), strict=True)),
            sums[k],
            squares[k],
            {REFUSALS[code]: int(number) for code, number in enumerate(refused[k]) if number and code in REFUSALS},
        )
        for k in range(count)
    ]


def daily_returns(balance: float, equity: Sequence[float]) -> dict[str, float]:
    """The ``days`` of ``Totals`` for an account that starts with ``balance`` and has that equity at the ends of its days."""
    days = np.zeros(len(DAYS))
    days_of(balance, np.array(equity, dtype=np.float64), days)
    return dict(zip(DAYS, days.tolist(), strict=True))
