"""Choice of the bars whose decisions are computed again: a sample of all bars with a fixed seed, and the last bars before each cut."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barloom.bars.resampling import ResampledBars
from barloom.bars.times import FIRST_TIME, LAST_TIME

if TYPE_CHECKING:
    from barloom.bars.bars import Bars

EACH = 256
"""Decisions with a signal drawn in a run; as many are drawn without one."""
FEW = 4
"""The same for each distinct set of signals in a sweep; fewer if there are few bars."""
BARS_A_FEW = 65_536
LONG_LOOKBACK = 1_000
"""Bars of lookback above which fewer decisions are drawn, since each takes longer to compute again."""
LEAST = 25
AT_A_CUT = 2
DRAWN_A_CUT = 32
"""Number of drawn decisions of each kind for each cut that is always checked; later cuts are checked ever more rarely."""
NEAR = 32
"""Bars from one with a signal to the one without that is checked together with it."""
LAGGING = 4
"""Number of missing signals after which bars without one are drawn in their place."""
SEED = 0x9E3779B97F4A7C15
HEAD_BYTES = 1 << 16
PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
PACKED_ROW = 16  # bytes of a bar in a packed text file, about
UNKNOWN_ROWS = 8_192
A_DOUBLING = 16
Ints = npt.NDArray[np.int64]


def decisions_for(lookback: int, each: int = EACH) -> int:
    """Number of decisions of each kind to draw: fewer for a long lookback, but never fewer than 25."""
    return each if lookback <= LONG_LOOKBACK else max(min(each, LEAST), each * LONG_LOOKBACK // lookback)


def few_for(rows: int | None) -> int:
    """Number of decisions of each kind to draw for one set of signals among many."""
    return FEW if rows is None else max(2, min(FEW, rows // BARS_A_FEW))


def expected_rows(bars: Bars) -> int | None:
    """Approximate number of bars in a selection, told without reading it; None if it cannot be told.

    The same on every machine: it only decides how far apart the decisions are that a run asks about again.
    """
    known = bars.bars_at_hand()
    if known is not None:
        return known
    if isinstance(bars, ResampledBars):
        return None
    source, selection = bars.source, bars.selection
    total = source.rows_at_hand() or _rows_of_text(source.paths or (Path(bars.label),))
    if total is None or selection.whole:
        return total
    first, stop = selection.rows(total)
    rows = stop - first
    facts = source.facts
    if facts is not None and facts.last_ts > facts.first_ts:
        within = min(selection.end, facts.last_ts) - max(selection.start, facts.first_ts)
        rows = min(rows, int(total * max(0, within) / (facts.last_ts - facts.first_ts)))
        return max(1, rows)
    return rows if selection.fraction != 1 and (selection.start, selection.end) == (FIRST_TIME, LAST_TIME) else None


def _rows_of_text(paths: Sequence[os.PathLike[str]]) -> int | None:
    """Number of lines of text files, estimated by the length of their first lines."""
    rows = 0
    for path in paths:
        try:
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                return None
            if str(path).lower().endswith(PACKED):
                rows += found.st_size // PACKED_ROW
                continue
            with open(path, "rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError:
            return None
        lines = head.count(b"\n")
        if lines < 2 or b"\0" in head:
            return None
        rows += found.st_size * lines // len(head)
    return rows or None


class Draw:
    """Draws bars chunk by chunk, at about equal distances.

    Positions are spread evenly over the bars, each shifted at random within its stretch. From each position on, the next bar with a signal is
    drawn, and one without a signal soon after it. If signals are late, bars without one are drawn meanwhile, and the missing signals later.

    Args:
        each: number of bars to draw of each kind.
        rows: approximate number of bars; None if unknown, then more are drawn early on.
    """

    def __init__(self, each: int, rows: int | None) -> None:
        self._each = each
        self._rows = rows
        self._place = 0
        self._owed = 0
        self._turn = 0
        self._cuts = 0

    def bars(self, base: int, stop: int, last: bool, signals: Sequence[Ints]) -> list[list[int]]:
        """The bars to check in a chunk from ``base`` to before ``stop``, in order: one, or two close to each other.

        Args:
            base: the first bar of the chunk.
            stop: the bar after its last.
            last: whether none follows.
            signals: bars with a signal, a list a kind of signal.
        """
        if last and base == 0:
            self._rows = stop
        if self._rows is not None and self._rows <= 2 * self._each:
            return [[bar] for bar in range(base, stop)]
        drawn: list[list[int]] = []
        cursor = base
        for place in self._places(base, stop):
            cursor = self._spend(signals, cursor, place, stop, drawn)
            self._owed += 1
            if self._owed > LAGGING:
                self._add(
                    drawn, [_without(signals, place, stop), _without(signals, place + 1 + _mixed(place) % NEAR, stop)]
                )
        self._spend(signals, cursor, stop, stop, drawn)
        if not last:
            self._add(drawn, list(self._before_the_cut(base, stop)))
        return drawn

    @staticmethod
    def _add(drawn: list[list[int]], bars: list[int | None]) -> None:
        """Add bars to those drawn, except bars before the ones already drawn."""
        after = drawn[-1][-1] if drawn else -1
        wanted = [bar for bar in dict.fromkeys(bars) if bar is not None and bar > after]
        if wanted:
            drawn.append(wanted)

    def _places(self, base: int, stop: int) -> Iterator[int]:
        while True:
            moved = _mixed(self._place) / 2**64
            at = self._bar(self._place + moved)
            if at >= stop:
                return
            self._place += 1
            if at >= base:
                yield at

    def _bar(self, place: float) -> int:
        """The bar at a position."""
        rows = UNKNOWN_ROWS if self._rows is None else self._rows
        straight = self._each if self._rows is None else 2 * self._each
        if place <= straight:
            return int(place / self._each * rows)
        rate = self._each * A_DOUBLING / EACH
        doublings = (place - straight) / max(rate, 0.25)
        return int(straight / self._each * rows * 2.0 ** min(doublings, 60.0))

    def _spend(self, signals: Sequence[Ints], cursor: int, until: int, stop: int, drawn: list[list[int]]) -> int:
        """Take the next bars with signals before ``until``, as many as are due. Returns the bar to continue from."""
        while self._owed:
            cursor = max(cursor, drawn[-1][-1] + 1 if drawn else cursor)
            bars = [_next(bars, cursor) for bars in signals]
            turn = self._turn % len(bars)
            bar = bars[turn] if bars[turn] < until else min(bars)
            if bar >= until:
                return until
            near = bar + 1 + _mixed(bar) % NEAR
            quiet = _without(signals, near, stop)
            # Where every bar has a signal, nobody waits for one without.
            self._add(drawn, [bar, near if quiet is None and near < stop else quiet])
            self._owed -= 1
            self._turn += 1
            cursor = bar + 1
        return max(cursor, until)

    def _before_the_cut(self, base: int, stop: int) -> range:
        number, surely = self._cuts, self._each // DRAWN_A_CUT
        self._cuts += 1
        every = 1 << max(0, number.bit_length() - surely.bit_length() + 1)
        if not surely or number % every:
            return range(0)
        return range(max(base, stop - AT_A_CUT), stop)


def _next(bars: Ints, start: int) -> int:
    place = int(bars.searchsorted(start))
    return int(bars[place]) if place < len(bars) else 2**63 - 1


def _without(signals: Sequence[Ints], start: int, stop: int) -> int | None:
    """A nearby bar without a signal."""
    for bar in range(start, min(stop, start + NEAR)):
        if all(_next(bars, bar) != bar for bars in signals):
            return bar
    return None


def _mixed(number: int) -> int:
    """64 bits that look random and are the same everywhere (splitmix64)."""
    mask = 2**64 - 1
    bits = (number + 1) * SEED & mask
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & mask
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & mask
    return bits ^ bits >> 31


def ahead_of(bar: int, most: int) -> int:
    """Number of bars to show after a bar: usually few, and different from bar to bar."""
    return min(most, (1, 2, 3, 5, 8, 13, 21, 34)[_mixed(bar) % 8])
