"""Which bars of a run are asked about again: drawn by a fixed seed from all of them, and the last ones before each cut."""

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
"""Decisions with a signal that are drawn in a run, and as many without one."""
FEW = 4
"""The same, of each distinct set of signals in a sweep; fewer where there are few bars."""
BARS_A_FEW = 65_536
LONG_LOOKBACK = 1_000
"""Bars of lookback beyond which fewer decisions are drawn, since each takes longer to ask about."""
LEAST = 25
AT_A_CUT = 2
DRAWN_A_CUT = 32
"""Drawn decisions of a kind for each cut that is sure to be looked at; later cuts are, ever more rarely."""
NEAR = 32
"""Bars from one with a signal to the one without that is asked about together with it."""
LAGGING = 4
"""Signals that are due and have not come, before bars without one are drawn in their place."""
SEED = 0x9E3779B97F4A7C15
HEAD_BYTES = 1 << 16
PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
PACKED_ROW = 16  # bytes of a bar in a packed text file, about
UNKNOWN_ROWS = 8_192
A_DOUBLING = 16
Ints = npt.NDArray[np.int64]


def decisions_for(lookback: int, each: int = EACH) -> int:
    """How many decisions of each kind to draw: as many as fit where the lookback is long, and never fewer than 25."""
    return each if lookback <= LONG_LOOKBACK else max(min(each, LEAST), each * LONG_LOOKBACK // lookback)


def few_for(rows: int | None) -> int:
    """How many decisions of each kind to draw of one set of signals among many."""
    return FEW if rows is None else max(2, min(FEW, rows // BARS_A_FEW))


def expected_rows(bars: Bars) -> int | None:
    """About how many bars a selection has, told without reading it; None where nothing tells.

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
    """The lines of text files, by the length of their first ones."""
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
    """Draws bars chunk by chunk, about equally far apart.

    Places lie evenly over the bars, each moved at random within its stretch. From each place on, the next bar with a signal is taken, and
    one without soon after it. Signals that do not come are made up for when they do; meanwhile bars without one are taken in their place.

    Args:
        each: how many to draw of each kind.
        rows: about how many bars there are; None where nobody knows, and more are drawn early on.
    """

    def __init__(self, each: int, rows: int | None) -> None:
        self._each = each
        self._rows = rows
        self._place = 0
        self._owed = 0
        self._turn = 0
        self._cuts = 0

    def bars(self, base: int, stop: int, last: bool, signals: Sequence[Ints]) -> list[list[int]]:
        """The bars of a chunk from ``base`` to before ``stop`` to ask about, in their order: one, or two that are near to one another.

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
        """Add bars to those drawn, but for those that lie before the ones there already."""
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
        """The bar where a place lies."""
        rows = UNKNOWN_ROWS if self._rows is None else self._rows
        straight = self._each if self._rows is None else 2 * self._each
        if place <= straight:
            return int(place / self._each * rows)
        rate = self._each * A_DOUBLING / EACH
        doublings = (place - straight) / max(rate, 0.25)
        return int(straight / self._each * rows * 2.0 ** min(doublings, 60.0))

    def _spend(self, signals: Sequence[Ints], cursor: int, until: int, stop: int, drawn: list[list[int]]) -> int:
        """Take the next bars with signals before ``until``, as many as are due; the bar to go on from."""
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
    """The next bar without a signal, not far away."""
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
    """How many bars to show after a bar: seldom many, and not the same number for every one."""
    return min(most, (1, 2, 3, 5, 8, 13, 21, 34)[_mixed(bar) % 8])
