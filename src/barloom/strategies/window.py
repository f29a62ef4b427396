"""What a strategy sees of one chunk: bars and indicators as read-only NumPy views, history first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.errors import InputError, nearest
from barloom.indicators.spec import Indicator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Window:
    """Consecutive bars, the first ``start`` of them history; every array has length ``len(window)`` and cannot be
    written to.

    ``window["fast"]`` is the indicator that the strategy's ``indicators()`` names so, NaN until warm. Indices count
    from the first bar of history; signals are wanted for bars from ``start`` on, decided from bars up to their own.
    """

    __slots__ = ("_chunk", "_names", "_values", "start")

    def __init__(self, chunk: Chunk, names: Mapping[str, Indicator], values: Mapping[Indicator, Floats]) -> None:
        self.start = chunk.history
        self._chunk = chunk
        self._names = names
        self._values = values

    def __len__(self) -> int:
        return len(self._chunk.close)

    def __getitem__(self, name: str) -> Floats:
        """The indicator of that name; raises InputError for one that ``indicators()`` does not give."""
        try:
            spec = self._names[name]
        except KeyError:
            raise InputError(f"the window has no indicator '{name}': {nearest(name, self._names)}") from None
        return _locked(self._values[spec])

    @property
    def timestamp(self) -> Ints:
        """Open times, nanoseconds UTC."""
        times = self._chunk.timestamp.view()
        times.flags.writeable = False
        return times

    @property
    def open(self) -> Floats:
        """Prices at the opens of the bars."""
        return _locked(self._chunk.open)

    @property
    def high(self) -> Floats:
        """Highest prices of the bars."""
        return _locked(self._chunk.high)

    @property
    def low(self) -> Floats:
        """Lowest prices of the bars."""
        return _locked(self._chunk.low)

    @property
    def close(self) -> Floats:
        """Prices at the closes of the bars."""
        return _locked(self._chunk.close)

    @property
    def volume(self) -> Floats:
        """Volumes; raises InputError where the strategy does not set ``uses_volume`` or the data has none."""
        if self._chunk.volume is None:
            raise InputError(
                "the strategy reads volumes, which are not there: set uses_volume, and give data that has them"
            )
        return _locked(self._chunk.volume)


def _locked(values: Floats) -> Floats:
    view = values.view()
    view.flags.writeable = False
    return view
