"""Distances between bars: the most common step, and the gaps."""

from __future__ import annotations

import numpy as np

from barloom.bars.chunk import Ints


class Steps:
    """Steps of times that come piece by piece, in nanoseconds. The first piece decides the timeframe.

    Attributes:
        timeframe: the most common step of the first piece that has one (the smaller of two as common); None before.
        gaps: steps longer than the timeframe.
        longest: the longest of these, 0 where there is none.
    """

    def __init__(self) -> None:
        self.timeframe: int | None = None
        self.gaps = 0
        self.longest = 0
        self._last: int | None = None

    def add(self, times: Ints) -> None:
        """Take the next times; they increase from piece to piece."""
        if not len(times):
            return
        steps = np.diff(times) if self._last is None else np.diff(times, prepend=np.int64(self._last))
        self._last = int(times[-1])
        if not len(steps):
            return
        if self.timeframe is None:
            self.timeframe, _ = commonest(steps)
        longer = steps > self.timeframe
        self.gaps += int(np.count_nonzero(longer))
        self.longest = max(self.longest, int(steps.max()) if longer.any() else 0)

    @property
    def seconds(self) -> float | None:
        """The timeframe in seconds."""
        return None if self.timeframe is None else self.timeframe / 1e9

    @property
    def longest_seconds(self) -> float | None:
        """The longest gap in seconds; None if there is none."""
        return self.longest / 1e9 if self.gaps else None


def commonest(numbers: Ints) -> tuple[int, int]:
    """The most common of some numbers, the smallest of equally common ones, and its count; 0 and 0 if there are none.

    NumPy's own function loads its masked arrays at the first call, 70 ms.
    """
    if not len(numbers):
        return 0, 0
    ordered = np.sort(numbers)
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    counts = np.diff(starts, append=len(ordered))
    most = int(counts.argmax())
    return int(ordered[starts[most]]), int(counts[most])
