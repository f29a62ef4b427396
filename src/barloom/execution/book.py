"""The trades in hand: carries orders and open trades from chunk to chunk and hands out the closed ones in order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from barloom._native import chunking, ledger, simulation
from barloom.bars.chunk import Chunk, Floats
from barloom.execution.account import POINT, join, new_account, pick
from barloom.execution.costs import Costs
from barloom.execution.entries import Entries
from barloom.execution.sizing import Sizing
from barloom.execution.trades import (
    CLOSED,
    CONFLICT,
    NO_FILL,
    OPEN,
    POSITION,
    REFUSALS,
    TRADE,
    WORKING,
    Trades,
)

DAY = 86_400_000_000_000
FOREVER = np.iinfo(np.int64).max
MANY_TRADES = 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """How entries fill and trades leave, resolved to what the kernels take.

    Attributes:
        at_close: fill at the close of the signal bar, not at the next open.
        intrabar: path policy, a value of ``fills.INTRABAR``.
        places: trades that may be open together, 0 for any number.
        max_hold: bars on which an exit may happen, 0 for no limit.
    """

    at_close: bool = False
    intrabar: int = 0
    places: int = 1
    max_hold: int = 0
    costs: Costs = field(default_factory=Costs)
    sizing: Sizing = field(default_factory=Sizing)


class Book:
    """Trades and money of one parameter set, carried from chunk to chunk.

    ``pass_chunk`` takes a chunk and the entries its bars asked for and returns the trades that are now done, in the order of their
    numbers; a trade that closed waits for those entered before it. ``points`` holds the equity points of the last chunk.
    """

    def __init__(self, rules: Rules, *, threads: int = 1) -> None:
        self.rules = rules
        self.threads = threads
        self.account = new_account(rules.sizing.balance)
        self.signals = 0
        self.rejected: dict[str, int] = {}
        self.points: npt.NDArray[np.void] = np.empty(0, dtype=POINT)
        self._active: Trades = np.empty(0, dtype=TRADE)
        # Used again for every chunk: writing to fresh memory costs a page fault every 22 trades.
        self._room: Trades = np.empty(0, dtype=TRADE)
        self._waiting: list[Trades] = []
        self._waiting_from = 0
        self._extremes: Floats = np.empty((4, 0))

    def pass_chunk(self, chunk: Chunk, entries: Entries) -> Trades:
        """Carry the trades in hand and the new entries (``signal_bar`` counted in the slice) through the chunk."""
        self.signals += len(entries)
        entries = self._cancel_conflicts(entries)
        carried = self._active
        warp = self._warp(chunk, len(carried) + len(entries))
        if len(carried):
            simulation.resume(carried, warp, self.threads)
        if len(entries) > len(self._room):
            self._room = np.empty(2 * len(entries), dtype=TRADE)
        entered = self._room[: len(entries)]
        if len(entries):
            entered = entered[
                : simulation.enter(
                    _asked(entries), entered, self._free_from(carried), self.rules.max_hold, warp, self.threads
                )
            ]
            self._reject(POSITION, len(entries) - len(entered))
        trades = join([carried, entered], TRADE) if len(carried) else entered
        self._settle(chunk, trades)
        return self._hand_out(trades, chunk.last)

    def _cancel_conflicts(self, entries: Entries) -> Entries:
        """Drop the entries of bars that ask for a long and a short."""
        bars = entries.signal_bar
        if len(bars) < 2:
            return entries
        turns = (bars[1:] == bars[:-1]) & (entries.side[1:] != entries.side[:-1])
        if not turns.any():
            return entries
        keep = ~np.isin(bars, bars[1:][turns])
        self._reject(CONFLICT, int(len(bars) - keep.sum()))
        return entries.take(keep)

    def _warp(self, chunk: Chunk, trades: int) -> simulation.Warp:
        rules, first = self.rules, chunk.history
        high, low = chunk.high[first:], chunk.low[first:]
        block_high, block_low, group_high, group_low = self._extremes_of(chunk.rows)
        # A second thread is not worth waking for the extremes alone, only where many independent trades follow.
        threads = self.threads if rules.places == 0 and trades >= MANY_TRADES else 1
        chunking.block_extremes(high, low, block_high, block_low, group_high, group_low, threads)
        return simulation.Warp(
            chunk.base,
            chunk.last,
            chunk.timestamp[first:],
            chunk.open[first:],
            high,
            low,
            chunk.close[first:],
            block_high,
            block_low,
            group_high,
            group_low,
            rules.at_close,
            rules.intrabar,
            rules.sizing.units is None,
            rules.costs.spread,
            rules.costs.slippage,
        )

    def _extremes_of(self, rows: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Room for the extremes of a chunk's blocks and groups of blocks, used again for every chunk."""
        blocks = -(-rows // simulation.BLOCK_BARS)
        groups = -(-blocks // simulation.GROUP_BLOCKS)
        if blocks > self._extremes.shape[1]:
            self._extremes = np.empty((4, blocks))
        block_high, block_low, group_high, group_low = self._extremes
        return block_high[:blocks], block_low[:blocks], group_high[:groups], group_low[:groups]

    def _free_from(self, carried: Trades) -> npt.NDArray[np.int64]:
        free = np.full(self.rules.places, -1, dtype=np.int64)
        if len(free):
            held = carried["state"] <= OPEN
            free[: len(carried)] = np.where(held, FOREVER, carried["exit_bar"])
        return free

    def _settle(self, chunk: Chunk, trades: Trades) -> None:
        first = chunk.history
        state, entry_bar = trades["state"], trades["entry_bar"]
        filled = (state == OPEN) | (state == CLOSED)
        fills = np.flatnonzero(filled & (entry_bar >= chunk.base))
        exits = np.flatnonzero(state == CLOSED)
        exits = exits[np.argsort(trades["exit_bar"][exits], kind="stable")]
        time = chunk.timestamp[first:]
        days = min(int((time[-1] - time[0]) // DAY) + 2, chunk.rows)
        points = np.empty(len(exits) + days + 1, dtype=POINT)
        costs, sizing = self.rules.costs, self.rules.sizing
        count = ledger.settle(
            self.account,
            trades,
            fills,
            exits,
            time,
            chunk.close[first:],
            chunk.base,
            costs.spread,
            costs.slippage,
            costs.commission,
            sizing.units or 0.0,
            sizing.risk_pct,
            points,
        )
        if chunk.last:
            ledger.close_day(self.account, points[count:])
            count += 1
        self.points = points[:count]

    def _hand_out(self, trades: Trades, last: bool) -> Trades:
        """Keep what goes on, count what was refused, and hand out what closed before everything still in hand."""
        state = trades["state"]
        going_on = state <= OPEN
        refused = trades["refusal"][(trades["refusal"] > 0) & ~going_on]
        for code, count in enumerate(np.bincount(refused)):
            self._reject(REFUSALS.get(code, ""), int(count))
        if last:
            self._reject(NO_FILL, int((state == WORKING).sum()))
        self._active = pick(trades, going_on)
        closed = pick(trades, (state == CLOSED) & (trades["refusal"] == 0))
        if len(closed):
            self._waiting.append(closed)
        numbers = self._active["trade_id"]
        numbers = numbers[numbers >= 0]
        limit = int(numbers[0]) if len(numbers) and not last else int(self.account["next_id"][0])
        if not self._waiting or limit == self._waiting_from:
            return np.empty(0, dtype=TRADE)
        waiting = join(self._waiting, TRADE)
        numbers = waiting["trade_id"]
        order = np.argsort(numbers, kind="stable")
        done = int(np.searchsorted(numbers[order], limit))
        self._waiting = [pick(waiting, order[done:])] if done < len(order) else []
        self._waiting_from = limit
        return pick(waiting, order[:done])

    def _reject(self, reason: str, count: int) -> None:
        if count:
            self.rejected[reason] = self.rejected.get(reason, 0) + count


def _asked(entries: Entries) -> simulation.Asked:
    return simulation.Asked(
        entries.signal_bar,
        entries.side,
        entries.stop,
        entries.target,
        entries.stop_price,
        entries.target_price,
        entries.max_hold,
        entries.size,
    )
