"""The trades in hand: carries orders and open trades from chunk to chunk and hands out the closed ones in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barloom._native import drilldown, simulation
from barloom.bars.chunk import Chunk, Ints
from barloom.execution.account import POINT, distinct, join, pick
from barloom.execution.entries import Entries
from barloom.execution.exit_signals import ExitSignals
from barloom.execution.fills import ENTRY, INTRABAR
from barloom.execution.ledger import Ledger
from barloom.execution.quotes import QuoteMaker, Quotes
from barloom.execution.rules import Rules
from barloom.execution.trades import (
    CLOSED,
    CONFLICT,
    NO_FILL,
    OPEN,
    PLAN,
    POSITION,
    REFUSALS,
    TRADE,
    WORKING,
    Plans,
    Trades,
    default_plans,
)

if TYPE_CHECKING:
    from barloom.bars.fine import FineReader

__all__ = ["Book", "Rules"]

FOREVER = np.iinfo(np.int64).max
NO_BARS: Ints = np.empty(0, dtype=np.int64)
NO_SIDE = 2


class Book:
    """Trades and money of one parameter set, carried from chunk to chunk.

    ``pass_chunk`` takes a chunk and the entries its bars asked for and returns the trades that are now done, in the order of their
    numbers; a trade that closed waits for those entered before it. ``points`` holds the equity points of the last chunk.
    """

    def __init__(self, rules: Rules, *, threads: int = 1, fine: FineReader | None = None) -> None:
        self.rules = rules
        self.threads = threads
        self.ledger = Ledger(rules)
        self.signals = 0
        self.rejected: dict[str, int] = {}
        self.points: npt.NDArray[np.void] = np.empty(0, dtype=POINT)
        self._fine = fine
        self._orders = 0
        self._active: Trades = np.empty(0, dtype=TRADE)
        # A plan for each trade in hand; None until one asks for more than a stop and a target.
        self._plans: Plans | None = None
        # Used again for every chunk: writing to fresh memory costs a page fault every 20 trades.
        self._room: Trades = np.empty(0, dtype=TRADE)
        self._waiting: list[Trades] = []
        self._waiting_from = 0
        self._quotes = QuoteMaker()
        # Bars of the next chunk at whose open longs and shorts leave by a signal of this one.
        self._leaving: tuple[Ints, Ints] = (NO_BARS, NO_BARS)

    def close(self) -> None:
        """End the reading of finer bars; call it once no chunk follows."""
        if self._fine is not None:
            self._fine.close()

    @property
    def account(self) -> npt.NDArray[np.void]:
        """The account of the trades as chosen, one row."""
        return self.ledger.account

    def pass_chunk(
        self, chunk: Chunk, entries: Entries, exit_signals: ExitSignals | None = None, quotes: Quotes | None = None
    ) -> Trades:
        """Carry the trades in hand and the new entries through the chunk.

        Args:
            chunk: the bars.
            entries: what its bars ask for, ``signal_bar`` counted in the slice; ``rules.parts`` consecutive ones a signal.
            exit_signals: those of its bars.
            quotes: the chunk's, where somebody made them already.

        Returns:
            The trades that are done, in the order of their numbers.
        """
        parts = self.rules.parts
        self.signals += len(entries) // parts
        entries = self._cancel_conflicts(entries)
        carried = self._active
        quotes = quotes or self._quotes.make(chunk)
        warp = self._warp(chunk, entries, exit_signals, quotes)
        asked_plans = self._plan(chunk, entries)
        if len(carried):
            simulation.resume(carried, self._plans, warp, self.threads)
        if len(entries) > len(self._room):
            self._room = np.empty(2 * len(entries), dtype=TRADE)
        entered = self._room[: len(entries)]
        plans = None if asked_plans is None else np.empty(len(entries), dtype=PLAN)
        if len(entries):
            free_from, held = self._places(carried)
            written = simulation.enter(
                _asked(entries, asked_plans),
                entered,
                plans,
                free_from,
                self.rules.max_hold,
                parts,
                held,
                warp,
                self.threads,
            )
            self._reject(POSITION, (len(entries) - written) // parts)
            entered = entered[:written]
            plans = None if plans is None else plans[:written]
        trades = join([carried, entered], TRADE) if len(carried) else entered
        if plans is not None and self._plans is not None:
            plans = join([self._plans, plans], PLAN) if len(carried) else plans
        if self._fine is not None:
            self._drill(chunk, trades, plans)
        self.points = self.ledger.settle(chunk, trades, plans, quotes.extremes)
        return self._hand_out(trades, plans, chunk.last)

    def _cancel_conflicts(self, entries: Entries) -> Entries:
        """Drop the entries of bars that ask for a long and a short."""
        bars = entries.signal_bar
        if len(bars) < 2:
            return entries
        turns = (bars[1:] == bars[:-1]) & (entries.side[1:] != entries.side[:-1])
        if not turns.any():
            return entries
        keep = ~np.isin(bars, bars[1:][turns])
        self._reject(CONFLICT, int(len(bars) - keep.sum()) // self.rules.parts)
        return entries.take(keep)

    def _plan(self, chunk: Chunk, entries: Entries) -> Plans | None:
        """The plans of the entries, numbered by signal; None while no trade needs one."""
        if self._plans is None and entries.plans is None and chunk.ask_open is None and self.rules.parts == 1:
            self._orders += len(entries)
            return None
        if self._plans is None:
            self._plans = default_plans(len(self._active))
            self._plans["slippage"] = self.rules.costs.slippage
        plans = default_plans(len(entries)) if entries.plans is None else entries.plans.copy()
        plans["order"] = self._orders + np.arange(len(entries)) // self.rules.parts
        self._orders += len(entries) // self.rules.parts
        return plans

    def _warp(
        self, chunk: Chunk, entries: Entries, exit_signals: ExitSignals | None, quotes: Quotes
    ) -> simulation.Warp:
        rules, first = self.rules, chunk.history
        leave_long, leave_short = self._leaves(chunk, entries, exit_signals)
        sessions = NO_BARS
        if rules.session is not None:
            sessions = rules.session.ends(chunk.timestamp[first:], chunk.next_time) + chunk.base
        return simulation.Warp(
            chunk.base,
            chunk.last,
            chunk.timestamp[first:],
            quotes.bid,
            quotes.ask,
            leave_long=leave_long,
            leave_short=leave_short,
            sessions=sessions,
            entry=ENTRY[rules.entry],
            intrabar=INTRABAR[rules.intrabar],
            needs_stop=rules.sizing.units is None and rules.sizing.notional is None,
            spread=rules.costs.spread,
            slippage=rules.costs.slippage,
            scan_entry_bar=rules.scan_entry_bar,
            stop_wins_open=rules.stop_wins_open,
            gap_stop_at_level=rules.gap_stop_at_level,
            gap_target_at_level=rules.gap_target_at_level,
            reenter=rules.reenter_on_exit_bar,
        )

    def _leaves(self, chunk: Chunk, entries: Entries, exit_signals: ExitSignals | None) -> tuple[Ints, Ints]:
        """Bars at whose open longs and shorts leave by a signal; an opposite entry is one where positions reverse."""
        if exit_signals is None and not self.rules.reverse:
            return NO_BARS, NO_BARS
        found = []
        after = chunk.base + chunk.rows
        for side, before in zip((1, -1), self._leaving, strict=True):
            bars = [before]
            if exit_signals is not None:
                bars.append(exit_signals.signal_bar[exit_signals.side != -side] + 1)
            if self.rules.reverse:
                bars.append(entries.signal_bar[entries.side == -side] + 1)
            found.append(distinct(np.concatenate(bars)))
        longs, shorts = found
        self._leaving = longs[longs >= after], shorts[shorts >= after]
        return longs[longs < after], shorts[shorts < after]

    def _places(self, carried: Trades) -> tuple[Ints, int]:
        """From which bar on a signal may take each place; and, where positions reverse, the side that holds the only one."""
        rules = self.rules
        free = np.full(rules.places, -1, dtype=np.int64)
        if not len(free):
            return free, 0
        held = np.where(carried["state"] <= OPEN, FOREVER, carried["exit_bar"])
        if len(held) and self._plans is not None:
            # The parts of a signal share its place until the last of them has left.
            held = np.maximum.reduceat(held, np.flatnonzero(np.diff(self._plans["order"], prepend=-2)))
        if rules.reverse:
            free[: len(held)] = held[-1:]
            return free, int(carried["side"][-1]) if len(carried) else NO_SIDE
        free[: len(held)] = held
        return free, 0

    def _drill(self, chunk: Chunk, trades: Trades, plans: Plans | None) -> None:
        """Replay the bars that could have gone two ways on finer ones."""
        rules = self.rules
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

    def _hand_out(self, trades: Trades, plans: Plans | None, last: bool) -> Trades:
        """Keep what goes on, count what was refused, and hand out what closed before everything still in hand."""
        state, refusal = trades["state"], trades["refusal"]
        going_on = state <= OPEN
        # The parts of a signal are refused together: the first one counts.
        refused = refusal[(refusal > 0) & ~going_on & (trades["part"] == 0)]
        for code, count in enumerate(np.bincount(refused)):
            if code in REFUSALS:
                self._reject(REFUSALS[code], int(count))
        if last:
            self._reject(NO_FILL, int(((state == WORKING) & (trades["part"] == 0)).sum()))
        self._active = pick(trades, going_on)
        if plans is not None:
            self._plans = pick(plans, going_on)
        closed = pick(trades, (state == CLOSED) & (refusal == 0))
        if len(closed):
            self._waiting.append(closed)
        numbers = self._active["trade_id"]
        numbers = numbers[numbers >= 0]
        # An order that waited fills later than one that came after it: numbers do not follow the order of the signals.
        limit = int(numbers.min()) if len(numbers) and not last else int(self.account["next_id"][0])
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


def _asked(entries: Entries, plans: Plans | None) -> simulation.Asked:
    return simulation.Asked(
        entries.signal_bar,
        entries.side,
        entries.stop,
        entries.target,
        entries.stop_price,
        entries.target_price,
        entries.max_hold,
        entries.size,
        plans,
    )
