"""One chunk of quotes with the terms that trades are made by on it, as the kernel takes them."""

from __future__ import annotations

import numpy as np

from barloom._native import simulation
from barloom.arrays import distinct
from barloom.bars.chunk import Chunk, Ints
from barloom.engine.quotes import Quotes
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.fills import ENTRY, INTRABAR
from barloom.rules.rules import Rules

NO_BARS: Ints = np.empty(0, dtype=np.int64)


class MarketBuilder:
    """Makes the market of chunk after chunk for sets that share their signals and all of ``rules`` but sizes and holding time."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        # Bars of the next chunk at whose open longs and shorts leave by a signal of this one.
        self._leaving: tuple[Ints, Ints] = (NO_BARS, NO_BARS)

    def make(
        self, chunk: Chunk, quotes: Quotes, entries: Entries, exit_signals: ExitSignals | None = None
    ) -> simulation.MarketChunk:
        """The market of the next chunk; ``entries`` and ``exit_signals`` are those of its bars."""
        rules, first = self._rules, chunk.history
        leave_long, leave_short = self._leaves(chunk, entries, exit_signals)
        sessions = NO_BARS
        if rules.session is not None:
            sessions = rules.session.ends(chunk.timestamp[first:], chunk.next_time) + chunk.base
        return simulation.MarketChunk(
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
        if exit_signals is None and not self._rules.reverse:
            return NO_BARS, NO_BARS
        found = []
        after = chunk.base + chunk.rows
        for side, before in zip((1, -1), self._leaving, strict=True):
            bars = [before]
            if exit_signals is not None:
                bars.append(exit_signals.signal_bar[exit_signals.side != -side] + 1)
            if self._rules.reverse:
                bars.append(entries.signal_bar[entries.side == -side] + 1)
            found.append(distinct(np.concatenate(bars)))
        longs, shorts = found
        self._leaving = longs[longs >= after], shorts[shorts >= after]
        return longs[longs < after], shorts[shorts < after]


def order_arrays(entries: Entries) -> simulation.OrderArrays:
    """Entries as the kernel takes them."""
    return simulation.OrderArrays(
        entries.signal_bar,
        entries.side,
        entries.stop,
        entries.target,
        entries.stop_price,
        entries.target_price,
        entries.max_hold,
        entries.size,
        entries.plans,
    )
