"""Trades and money of one parameter set, carried from chunk to chunk; trades are handed out in order as they close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barloom._native import drilldown
from barloom.arrays import distinct
from barloom.bars.chunk import Chunk, Floats
from barloom.engine.account import POINT
from barloom.engine.market import MarketBuilder, order_arrays
from barloom.engine.money import simulator_of
from barloom.engine.quotes import QuoteMaker, Quotes
from barloom.engine.totals import AccountStart, Totals, totals_of
from barloom.engine.trades import CLOSED, CONFLICT, TRADE, Trades
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.fills import ENTRY
from barloom.rules.plans import PLAN
from barloom.rules.rules import Rules
from barloom.rules.sessions import nights

if TYPE_CHECKING:
    from barloom.bars.fine import FineReader

__all__ = ["Rules", "RunSimulator"]

FOREVER = np.iinfo(np.int64).max


class RunSimulator:
    """Trades and money of one parameter set, carried from chunk to chunk.

    ``pass_chunk`` takes a chunk and the entries its bars asked for and returns the trades that are now done, in the order of their
    numbers; a trade that closed waits for those entered before it. ``points`` holds the equity points of the last chunk.
    """

    def __init__(
        self, rules: Rules, *, threads: int = 1, fine: FineReader | None = None, start: AccountStart | None = None
    ) -> None:
        self.rules = rules
        self.signals = 0
        self.points: npt.NDArray[np.void] = np.empty(0, dtype=POINT)
        self._simulator = simulator_of([rules], threads=threads, keep=True)
        if start is not None:
            self._simulator.start(start.since, start.before)
        self._markets = MarketBuilder(rules)
        self._quotes = QuoteMaker()
        self._fine = fine
        self._conflicts = 0

    def close(self) -> None:
        """End the reading of finer bars; call it after the last chunk."""
        if self._fine is not None:
            self._fine.close()

    def totals(self) -> Totals:
        """The totals of the trades so far."""
        return totals_of(self._simulator, 1)[0]

    @property
    def rejected(self) -> dict[str, int]:
        """Signals that became no trades: counts by reason."""
        conflicts = {CONFLICT: self._conflicts} if self._conflicts else {}
        return conflicts | self.totals().refused

    def pass_chunk(
        self, chunk: Chunk, entries: Entries, exit_signals: ExitSignals | None = None, quotes: Quotes | None = None
    ) -> Trades:
        """Carry the open trades and the new entries through the chunk.

        Args:
            chunk: the bars.
            entries: what its bars ask for, ``signal_bar`` counted in the slice; ``rules.parts`` consecutive ones a signal.
            exit_signals: those of its bars.
            quotes: the chunk's, where somebody made them already.

        Returns:
            The trades that are done, in the order of their numbers.
        """
        asked_for = len(entries)
        self.signals += asked_for // self.rules.parts
        entries = entries.without_conflicts()
        self._conflicts += (asked_for - len(entries)) // self.rules.parts
        quotes = quotes or self._quotes.make(chunk)
        market = self._markets.make(chunk, quotes, entries, exit_signals)
        nightly = nights_at(chunk) if self.rules.costs.has_swap else None
        if self._fine is None:
            self._simulator.pass_chunk(0, [order_arrays(entries)], [market], nightly)
        else:
            self._simulator.resolve(order_arrays(entries), market, nightly)
            self._drill(chunk)
            self._simulator.mark_to_market()
            self._simulator.emit_closed(chunk.last)
        done, written, _, _ = self._simulator.sizes(0)
        self.points = np.empty(written, dtype=POINT)
        self._simulator.take_points(0, self.points)
        trades = np.empty(done, dtype=TRADE)
        self._simulator.take_done(0, trades)
        return trades

    def _drill(self, chunk: Chunk) -> None:
        """Replay the ambiguous bars on finer bars."""
        rules = self.rules
        _, _, in_hand, planned = self._simulator.sizes(0)
        trades = np.empty(in_hand, dtype=TRADE)
        plans = np.empty(in_hand, dtype=PLAN) if planned else None
        self._simulator.read_in_flight(trades, plans)
        chosen = np.flatnonzero((trades["state"] == CLOSED) & (trades["ambiguous"] != 0))
        if not len(chosen) or self._fine is None:
            return
        rows = trades["exit_bar"][chosen] - chunk.base + chunk.history
        bars = distinct(rows)
        after = FOREVER if chunk.next_time is None else chunk.next_time
        finer = self._fine.between(chunk.timestamp[bars], np.append(chunk.timestamp[1:], after)[bars])
        spreads = np.full(len(chosen), rules.costs.spread)
        if chunk.ask_open is not None:
            spreads = chunk.ask_open[rows] - chunk.open[rows]
        drilldown.replay(
            trades,
            plans,
            chosen,
            np.searchsorted(bars, rows),
            spreads,
            finer.offsets,
            finer.open,
            finer.high,
            finer.low,
            finer.close,
            ENTRY[rules.entry],
            rules.costs.slippage,
            rules.stop_wins_open,
            rules.gap_stop_at_level,
            rules.gap_target_at_level,
        )
        self._simulator.write_in_flight(trades, plans)


def nights_at(chunk: Chunk) -> Floats:
    """The weighted rollovers before each bar of the chunk, by which trades with a swap are charged."""
    return nights(chunk.timestamp[chunk.history :])
