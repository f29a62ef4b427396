"""The compiled engine run over chunks, as a comparable outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from barloom.engine.simulator import RunSimulator
from barloom.engine.trades import REASONS, Trades, columns_of
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules
from helpers.market import Market


@dataclass
class EngineOutcome:
    """Everything a run of the simulator gives."""

    trades: Trades
    points: np.ndarray
    rejected: dict[str, int]
    accounts: np.ndarray
    accepted: int
    signals: int
    first_time: int

    @property
    def account(self) -> np.ndarray:
        """The account of the trades as chosen, one row."""
        return self.accounts[:1]

    def rows(self) -> list[dict[str, object]]:
        columns = {name: values.tolist() for name, values in columns_of(self.trades).items()}
        columns["exit_reason"] = [REASONS[code] for code in columns["exit_reason"]]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def bytes(self) -> tuple[object, ...]:
        return (
            tuple(values.tobytes() for values in columns_of(self.trades).values()),
            self.points.tobytes(),
            self.accounts.tobytes(),
            sorted(self.rejected.items()),
            self.accepted,
        )


def run_pipeline(
    market: Market,
    entries: Entries,
    rules: Rules,
    chunk_rows: int,
    threads: int = 1,
    exit_signals: ExitSignals | None = None,
) -> EngineOutcome:
    simulator = RunSimulator(
        rules, threads=threads, fine=market.fine_reader() if rules.intrabar == "drilldown" else None
    )
    trades, points = [], []
    for chunk in market.chunks(chunk_rows):
        bounds = [chunk.base, chunk.base + chunk.rows]
        asked = entries.take(slice(*np.searchsorted(entries.signal_bar, bounds)))
        leaving = None
        if exit_signals is not None:
            leaving = exit_signals.take(slice(*np.searchsorted(exit_signals.signal_bar, bounds)))
        trades.append(simulator.pass_chunk(chunk, asked, leaving))
        points.append(simulator.points.copy())
    totals = simulator.totals()
    return EngineOutcome(
        np.concatenate(trades),
        np.concatenate(points),
        simulator.rejected,
        totals.accounts,
        totals.accepted,
        simulator.signals,
        int(market.time[0]),
    )
