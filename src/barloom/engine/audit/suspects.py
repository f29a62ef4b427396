"""Finds decisions that may look ahead among thousands at once: many short windows are put one behind the other and asked about in one go.

Each of them ends at a decision, and what follows it is another stretch of bars: a future that never was. A decision that stays the same is
not worth a second look; any other is asked about by itself. Nothing is judged by this alone: it tells where to look.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from barloom.engine.audit.asking import Asker, Stretch
from barloom.engine.audit.decisions import Signals

SHARE = 32
"""One bar in so many is asked about once more."""
TIMES = 16
"""Chunks of a run that are looked at so, about equally far apart."""
LEAST_WINDOWS = 16
MOST_IN_VAIN = 16
"""Suspects that turned out to be none before nothing more is suspected."""
Ints = npt.NDArray[np.int64]


class Suspects:
    """Asks one copy of a strategy about windows put one behind the other."""

    def __init__(self, asker: Asker, rows: int | None) -> None:
        """Ask ``asker``, which nothing else asks, over about ``rows`` bars; None where nobody knows."""
        self._asker = asker
        self._rows = rows
        self._next = self._seen = 0
        self._lookback = asker.maker.history
        self.in_vain = 0

    def of(self, stretch: Stretch, base: int, signals: Signals) -> list[Ints]:
        """Bars of a chunk from ``base`` on that are decided otherwise when other bars follow them, each with the end of the window behind."""
        if self.in_vain >= MOST_IN_VAIN or base < self._next:
            return []
        due, self._seen = stretch.stop - self._seen, stretch.stop
        self._next = base + (base if self._rows is None else self._rows // TIMES) + 1
        ends = self._ends(stretch, base, signals, due)
        if len(ends) < LEAST_WINDOWS:
            return []
        try:
            asked = self._asker.ask(*stretch.packed(ends, self._lookback))
        except (Exception, SystemExit):
            self.in_vain = MOST_IN_VAIN  # it wants bars that follow one another
            return []
        length = self._lookback + 1
        unlike = np.zeros(len(ends), dtype=bool)
        for ours, theirs in zip(_sides(signals), _sides(asked), strict=False):
            last = (theirs[0] + 1) % length == 0
            found = np.bincount(theirs[0][last] // length, theirs[1][last], len(ends))
            start, stop = ours[0].searchsorted((ends[0], ends[-1] + 1))
            bars, sides = ours[0][start:stop], ours[1][start:stop]
            place = ends.searchsorted(bars)
            there = ends[place] == bars
            unlike |= found != np.bincount(place[there], sides[there], len(ends))
        unlike[-1] = False  # nothing follows it
        return [ends[place : place + 2] for place in np.flatnonzero(unlike)]

    def _ends(self, stretch: Stretch, base: int, signals: Signals, due: int) -> Ints:
        """Where the windows end, for so many bars as are due: half of them on bars with a signal, the others evenly spread."""
        first, length = max(base, stretch.first + self._lookback), self._lookback + 1
        wanted = min(due // SHARE, (stretch.stop - base) // 2) // length
        if wanted < LEAST_WINDOWS or first >= stretch.stop:
            return np.empty(0, dtype=np.int64)
        chosen = [np.linspace(first, stretch.stop - 1, wanted // 2).astype(np.int64)]
        for bars in signals.bars():
            bars = bars[bars.searchsorted(first) :]
            chosen.append(bars[:: max(1, 2 * len(bars) // wanted)])
        ends = np.sort(np.concatenate(chosen))
        kept: Ints = ends[np.append(True, np.diff(ends) >= length)]
        return kept


def _sides(signals: Signals) -> list[tuple[Ints, npt.NDArray[np.float64]]]:
    """Bars with a number for what is decided there, of entries and of exits."""
    lists: list[tuple[Ints, npt.NDArray[np.int8]]] = [
        (signals.entries.signal_bar + signals.first, signals.entries.side)
    ]
    if signals.exits is not None:
        lists.append((signals.exits.signal_bar, signals.exits.side))
    return [(bars, sides.astype(np.float64) + 4.0) for bars, sides in lists]
