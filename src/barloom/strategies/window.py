"""The view that a strategy has of one chunk: bars and indicators as read-only NumPy views, history first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.bars.lending import lent
from barloom.errors import InputError, nearest
from barloom.indicators.higher import At
from barloom.indicators.spec import Indicator, Source

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Array = TypeVar("Array", bound=npt.NDArray[Any])


class Window:
    """Consecutive bars, the first ``start`` of them history; every array has length ``len(window)`` and cannot be
    written to.

    ``window["fast"]`` is the indicator that the strategy's ``indicators()`` names so, NaN until warm. Indices count
    from the first bar of history; signals are wanted for bars from ``start`` on, decided from bars up to their own.

    An array that is kept stays as it is; a window that is kept raises InputError once the call it was made for is over.

    Examples:
        >>> import numpy as np
        >>> import barloom as bl
        >>> from barloom.indicators import sma
        >>> class DipsInUptrends(bl.Strategy):
        ...     def indicators(self):
        ...         return {"fast": sma(5), "slow": sma(50)}
        ...     def signals(self, window):
        ...         dips = (window.close < window["fast"]) & (window["fast"] > window["slow"])
        ...         return bl.Entries(np.flatnonzero(dips), 1, stop=0.0005, target=0.0005)
        >>> bl.run(bl.from_synthetic(2_000), "__main__:DipsInUptrends").metrics.trades
        69
    """

    __slots__ = ("_chunk", "_given", "_higher", "_names", "_values", "start")

    def __init__(
        self,
        chunk: Chunk,
        names: Mapping[str, Indicator],
        values: Mapping[Any, Floats],
        higher: Mapping[str, Mapping[str, Source]] | None = None,
    ) -> None:
        self.start = chunk.history
        self._higher = higher or {}
        self._chunk: Chunk | None = chunk
        self._names = names
        self._values = values
        self._given: dict[Any, Any] = {}

    def end(self) -> None:
        """Let go of the bars: their memory is used for others."""
        self._chunk, self._values = None, {}
        self._given.clear()

    @property
    def _bars(self) -> Chunk:
        if self._chunk is None:
            raise InputError(
                "a window is used after the call it was made for: keep the arrays that are needed, window.close say, not the window"
            )
        return self._chunk

    def _lent(self, key: Any, values: Array) -> Array:
        """The values as they are handed out, the same array for the same name."""
        found: Array | None = self._given.get(key)
        if found is None:
            found = self._given[key] = lent(values)
        return found

    def __len__(self) -> int:
        return len(self._bars.close)

    def __getitem__(self, name: str) -> Floats:
        """The indicator of that name; raises InputError for one that ``indicators()`` does not give."""
        found: Floats | None = self._given.get(name) if isinstance(name, str) else None
        if found is not None:
            return found
        _ = self._bars
        if not isinstance(name, str) or name not in self._names:
            raise InputError(f"the window has no indicator '{name}': {nearest(str(name), self._names)}")
        return self._lent(name, self._values[self._names[name]])

    def higher(self, timeframe: str) -> Higher:
        """The inputs that ``higher()`` of the strategy names for a longer timeframe; raises InputError for one it does not name.

        Each bar sees the last longer bar that ended at or before its own open, and NaN before the first has.

        Examples:
            >>> import numpy as np
            >>> import barloom as bl
            >>> class AboveTheHour(bl.Strategy):
            ...     def higher(self):
            ...         return {"1h": {"top": "high"}}
            ...     def signals(self, window):
            ...         bars = np.flatnonzero(window.close > window.higher("1h")["top"])
            ...         return bl.Entries(bars, 1, stop=0.0005, target=0.0010)
            >>> bl.run(bl.from_synthetic(2_000), "__main__:AboveTheHour").metrics.trades
            29
        """
        if not isinstance(timeframe, str) or timeframe not in self._higher:
            known = nearest(str(timeframe), self._higher) if self._higher else "define higher()"
            raise InputError(f"the window has no timeframe '{timeframe}': {known}")
        return Higher(timeframe, self._higher[timeframe], self)

    @property
    def timestamp(self) -> Ints:
        """Open times, nanoseconds UTC."""
        return self._lent(("timestamp",), self._bars.timestamp)

    @property
    def open(self) -> Floats:
        """Prices at the opens of the bars."""
        return self._lent(("open",), self._bars.open)

    @property
    def high(self) -> Floats:
        """Highest prices of the bars."""
        return self._lent(("high",), self._bars.high)

    @property
    def low(self) -> Floats:
        """Lowest prices of the bars."""
        return self._lent(("low",), self._bars.low)

    @property
    def close(self) -> Floats:
        """Prices at the closes of the bars."""
        return self._lent(("close",), self._bars.close)

    @property
    def volume(self) -> Floats:
        """Volumes; raises InputError where the strategy does not set ``uses_volume`` or the data has none."""
        if self._bars.volume is None:
            raise InputError(
                "the strategy reads volumes, which are not there: set uses_volume, and give data that has them"
            )
        return self._lent(("volume",), self._bars.volume)


class Higher:
    """The view that a window has of one longer timeframe: ``higher["trend"]`` has a value for each bar of the window, read-only."""

    __slots__ = ("_names", "_timeframe", "_window")

    def __init__(self, timeframe: str, names: Mapping[str, Source], window: Window) -> None:
        self._timeframe = timeframe
        self._names = names
        self._window = window

    def __getitem__(self, name: str) -> Floats:
        """The indicator or column of that name; raises InputError for one that ``higher()`` does not give."""
        if not isinstance(name, str) or name not in self._names:
            raise InputError(f"timeframe '{self._timeframe}' has no '{name}': {nearest(str(name), self._names)}")
        at = At(self._timeframe, self._names[name])
        _ = self._window._bars
        return self._window._lent(at, self._window._values[at])
