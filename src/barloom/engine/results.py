"""Results of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from barloom.engine import trades as record
from barloom.engine.metrics import Metrics
from barloom.engine.outcome import Bounds, Outcome
from barloom.engine.sinks import MemorySink, points_to_arrow

if TYPE_CHECKING:
    import pandas as pd

    from barloom.bars.bars import BarsReport
    from barloom.strategies.base import StrategyOrigin


class SelfCheck(BaseModel):
    """Check of a run against itself on its first bars.

    Attributes:
        bars: number of first bars that were run again in other chunks and on one thread.
        trades: trades of those bars that were equal in every column, to the bit.
        judged_trades: trades of the first entries of those bars that the reference simulator confirmed.
        engine_seconds, reference_seconds: time that the compiled simulation and the reference took for those.
        speedup: reference over engine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bars: int
    trades: int
    judged_trades: int
    engine_seconds: float
    reference_seconds: float
    speedup: float | None


class AuditCounts(BaseModel):
    """Result of the look-ahead audit: decisions of a run computed again from windows that end at each of them.

    Attributes:
        decisions: number of decisions computed again, with the same result without the bars after them.
        with_signal: number of those that have an entry or an exit; the others have none, in both computations.
        differing: number that depend on the first bar of their window; trades can then depend on the chunk size.
        rounded: number with a value whose last digits depend on it.
        unasked: number that could not be computed again, because the strategy failed on a short window.
        lookback: bars of lookback, if it is so long that fewer decisions were checked; None if all were.
        first_differing, first_rounded, failure: the first of each, in words; empty if there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decisions: int = 0
    with_signal: int = 0
    differing: int = 0
    rounded: int = 0
    unasked: int = 0
    lookback: int | None = None
    first_differing: str = ""
    first_rounded: str = ""
    failure: str = ""

    def __add__(self, other: AuditCounts) -> AuditCounts:
        """Both added, with the first findings of either."""
        numbers = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        words = {name: getattr(self, name) or getattr(other, name) for name in ("lookback", *FOUND)}
        return AuditCounts(**numbers, **words)

    @property
    def said(self) -> str:
        """The line of the summary."""
        few = "" if self.lookback is None else f" (no more fit beside a lookback of {self.lookback:,} bars)"
        if not self.decisions:
            why = "the strategy answers no short window: " if self.unasked else ""
            return f"no decision: {why}{self.failure}" if self.failure else "no decision"
        return f"{self.decisions:,} decisions{few}, none looks ahead"

    def warnings(self, strategy: str) -> list[str]:
        """Warnings for the user about a run that went on, one sentence each."""
        said = []
        if self.differing:
            said.append(
                f"strategy {strategy}: {self.differing:,} of {self.decisions:,} decisions depend on the bar that their window begins with, "
                f"so that trades can depend on the chunk size; the first: {self.first_differing}; give a longer lookback, or use an "
                "indicator of barloom's; this is not looking ahead"
            )
        if self.rounded:
            said.append(
                f"strategy {strategy}: {self.first_rounded}: a sum over the window rounds by where it begins, or an average wants more bars; "
                "use an indicator of barloom's, a longer lookback, or round() it; this is not looking ahead"
            )
        if self.failure and not self.unasked:
            said.append(f"strategy {strategy} was not audited: {self.failure}")
        if self.unasked:
            said.append(
                f"strategy {strategy}: {self.unasked:,} decisions were not audited, as it failed on short windows ({self.failure}): answer "
                "every window of lookback bars and one more"
            )
        return said


COUNTED = ("decisions", "with_signal", "differing", "rounded", "unasked")
FOUND = ("first_differing", "first_rounded", "failure")
NOT_AUDITED = "not: signals that are given cannot be asked for again"
"""Text in place of the audit for a run whose signals came from outside."""


@dataclass
class RunResult:
    """Trades, metrics and accounts of a run or a simulation.

    Attributes:
        outcome: the totals that the metrics are computed from.
        checksum: 64-bit mix of entry bar, exit bar and exit price, 16 hexadecimal digits.
        counts: ``signals``, ``accepted`` and ``rejected`` by reason; accepted + rejected = signals.
        audit: what came of asking again for decisions with windows that end at them; None where the signals were given: nothing can be
            asked again then.
        bounds: what the ambiguous trades leave open: the accounts as chosen, in the best and in the worst case; None if not asked for.
        phase_times: seconds in ``ingest``, ``scan``, ``simulate``, ``write``; phases overlap, so they may add up to more than the wall clock.

    Examples:
        >>> import barloom as bl
        >>> result = bl.run(bl.from_synthetic(2_000), "ema-cross", {"fast": 5, "slow": 20})
        >>> result.metrics.trades, round(result.metrics.max_drawdown, 2)
        (59, 180.68)
        >>> result.trades[["side", "bars_held", "exit_reason"]].head(2).values.tolist()
        [[1, 10, 'target'], [-1, 6, 'stop']]
        >>> len(result.equity), result.digest[:8]
        (62, '3792d5f4')
    """

    metrics: Metrics
    outcome: Outcome = field(repr=False)
    checksum: str
    counts: dict[str, Any]
    phase_times: dict[str, float]
    bounds: Bounds | None = None
    report: BarsReport | None = None
    origin: StrategyOrigin | None = None
    self_check: SelfCheck | None = None
    audit: AuditCounts | None = None
    sink: Any = field(default=None, repr=False)

    @cached_property
    def digest(self) -> str:
        """BLAKE2b of every column of every trade, hexadecimal; taken when first asked for."""
        return record.digest(self.sink.read)

    @property
    def audited(self) -> str:
        """Number of decisions computed again without the bars after them, in words; for given signals, why none was."""
        return NOT_AUDITED if self.audit is None else self.audit.said

    @property
    def trades_count(self) -> int:
        """Number of trades."""
        return self.metrics.trades

    @cached_property
    def trades(self) -> pd.DataFrame:
        """One row a trade, the columns of the trade record.

        Raises:
            AttributeError: the run wrote its trades to files; read ``trades.parquet`` of its folder.
        """
        return record.to_pandas(self._memory().columns)

    @cached_property
    def equity(self) -> pd.DataFrame:
        """One row a day and one a trade: time, bar, trade_id (none for a day), balance, equity, drawdown."""
        return points_to_arrow(self._memory().points).to_pandas()

    def _memory(self) -> MemorySink:
        if not isinstance(self.sink, MemorySink):
            raise AttributeError("this run wrote its trades to files: read trades.parquet of its folder")
        return self.sink
