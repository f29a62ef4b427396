"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from barloom.backtest.metrics import Bounds, Metrics, Outcome
from barloom.backtest.writer import MemorySink, points_to_arrow
from barloom.execution import trades as record

if TYPE_CHECKING:
    import pandas as pd

    from barloom.bars.bars import BarsReport
    from barloom.strategies.base import StrategyOrigin


class SelfCheck(BaseModel):
    """What a run did to check itself on its first bars.

    Attributes:
        bars: how many of the first bars were run again in other chunks and on one thread.
        trades: trades of those bars that were the same, every column to the bit.
        judged_trades: trades of the first entries of those bars that the reference simulator gave the same way.
        engine_seconds, reference_seconds: what the compiled simulation and the reference took for those.
        speedup: reference over engine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bars: int
    trades: int
    judged_trades: int
    engine_seconds: float
    reference_seconds: float
    speedup: float | None


@dataclass
class RunResult:
    """Trades, metrics and accounts of a run or a simulation.

    Attributes:
        outcome: the totals that the metrics are made of.
        checksum: 64-bit mix of entry bar, exit bar and exit price, 16 hexadecimal digits.
        counts: ``signals``, ``accepted`` and ``rejected`` by reason; accepted + rejected = signals.
        bounds: what the ambiguous trades leave open: the accounts as chosen, in the best and in the worst case; None if not asked for.
        phase_times: seconds in ``ingest``, ``scan``, ``simulate``, ``write``; phases overlap, so they may add up to more than the wall clock.
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
    sink: Any = field(default=None, repr=False)

    @cached_property
    def digest(self) -> str:
        """BLAKE2b of every column of every trade, hexadecimal; taken when first asked for."""
        return record.digest(self.sink.read)

    @property
    def trades_count(self) -> int:
        """How many trades there are."""
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
