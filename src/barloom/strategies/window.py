"""What a strategy sees of one chunk: bars and indicators as read-only NumPy views, history first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.errors import InputError, nearest
from barloom.indicators.higher import At
from barloom.indicators.spec import Indicator, Source

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Window:
    """Consecutive bars, the first ``start`` of them history; every array has length ``len(window)`` and cannot be
    written to.

    ``window["fast"]`` is the indicator that the strategy's ``indicators()`` names so, NaN until warm. Indices count
    from the first bar of history; signals are wanted for bars from ``start`` on, decided from bars up to their own.
    """

    __slots__ = ("_chunk", "_higher", "_names", "_values", "start")

    def __init__(
        self,
        chunk: Chunk,
        names: Mapping[str, Indicator],
        values: Mapping[Any, Floats],
        higher: Mapping[str, Mapping[str, Source]] | None = None,
    ) -> None:
        self.start = chunk.history
        self._higher = higher or {}
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

    def higher(self, timeframe: str) -> Higher:
        """What ``higher()`` of the strategy reads of a longer timeframe; raises InputError for one it does not name.

        Each bar sees the last longer bar that ended at or before its own open, and NaN before the first has.
        """
        if timeframe not in self._higher:
            known = nearest(timeframe, self._higher) if self._higher else "define higher()"
            raise InputError(f"the window has no timeframe '{timeframe}': {known}")
        return Higher(timeframe, self._higher[timeframe], self._values)

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


class Higher:
    """What a window sees of one longer timeframe: ``higher["trend"]`` has a value for each bar of the window, read-only."""

    __slots__ = ("_names", "_timeframe", "_values")

    def __init__(self, timeframe: str, names: Mapping[str, Source], values: Mapping[Any, Floats]) -> None:
        self._timeframe = timeframe
        self._names = names
        self._values = values

    def __getitem__(self, name: str) -> Floats:
        """The indicator or column of that name; raises InputError for one that ``higher()`` does not give."""
        if name not in self._names:
            raise InputError(f"timeframe '{self._timeframe}' has no '{name}': {nearest(name, self._names)}")
        return _locked(self._values[At(self._timeframe, self._names[name])])


def _locked(values: Floats) -> Floats:
    view = values.view()
    view.flags.writeable = False
    return view
