"""A chunk, the unit that passes through the engine: consecutive bars, preceded by the history that signals may look back on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Chunk:
    """Consecutive bars of the selected slice.

    Every array is C-contiguous, of length ``history + rows``: first the ``history`` bars before ``base``, then ``rows`` new ones.
    The arrays of a streamed chunk are reused: they hold until two more chunks have been drawn.
    """

    base: int
    """Number of the first new bar, counted from 0 within the selected slice."""
    history: int
    """Bars before ``base`` at the start of the arrays: the history asked for, or all bars before ``base`` if there are fewer."""
    rows: int
    """New bars."""
    last: bool
    """True if this is the last chunk."""
    timestamp: Ints
    """Open times, nanoseconds UTC."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats | None = None
    next_time: int | None = None
    """Time of the bar after the last one, nanoseconds UTC; None where no bar follows."""
    ask_open: Floats | None = None
    """The ask prices beside the bid prices above: all four or none."""
    ask_high: Floats | None = None
    ask_low: Floats | None = None
    ask_close: Floats | None = None

    @property
    def has_ask(self) -> bool:
        """True if the chunk has ask prices."""
        return self.ask_open is not None
