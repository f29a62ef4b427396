"""Asks copies of a strategy for what they decide on short windows, which hold nothing of what comes after."""

from __future__ import annotations

import sys
import threading
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.engine.audit.decisions import Signals
from barloom.engine.signals import Prepared, SignalMaker
from barloom.indicators.higher import At
from barloom.strategies.again import Copy

BARS = ("timestamp", "open", "high", "low", "close", "volume", "ask_open", "ask_high", "ask_low", "ask_close")
Array = npt.NDArray[Any]


def utc(moment: np.int64) -> str:
    """A time in nanoseconds since 1970 as a date and a time of day."""
    return str(np.datetime64(int(moment), "ns").astype("datetime64[s]")).replace("T", " ")


class Asker:
    """One copy of a strategy, to be asked about windows in rising time."""

    def __init__(self, copy: Copy, direction: str) -> None:
        """Ask ``copy``, which nothing else asks."""
        self._copy = copy
        with copy.inside():
            self.maker = SignalMaker(copy.strategy, direction)
        self.reads: list[Any] = list(self.maker.specs.values())
        for timeframe, sources in self.maker.higher.items():
            self.reads += [At(timeframe, source) for source in sources.values()]

    def ask(self, chunk: Chunk, prepared: Prepared) -> Signals:
        """The decisions of the copy in a window.

        Raises:
            Exception: whatever its code raises.
        """
        with self._copy.inside():
            entries = self.maker.entries(chunk, prepared)
            exits = self.maker.exit_signals(chunk, prepared)
        return Signals(entries, exits, chunk.base - chunk.history)


class Stretch:
    """Bars of a run with what was made of them, out of which windows are cut that hold copies of their bars alone.

    Attributes:
        first, stop: the first bar, and the one after the last.
    """

    def __init__(self, first: int, columns: Mapping[str, Array], values: Mapping[Any, Array]) -> None:
        """Bars from ``first`` on, each array as long as the others."""
        self.first = first
        self.stop = first + len(columns["close"])
        self._columns = columns
        self._values = values

    @classmethod
    def of(cls, chunk: Chunk, prepared: Prepared, reads: list[Any]) -> Stretch:
        """The bars of a chunk and its history, with the values that a strategy reads."""
        columns = {name: getattr(chunk, name) for name in BARS}
        there = {name: values for name, values in columns.items() if values is not None}
        return cls(chunk.base - chunk.history, there, {key: prepared[key] for key in reads if key in prepared})

    def window(self, first: int, bar: int, last: int) -> tuple[Chunk, Prepared]:
        """The bars ``first`` to ``last`` as a chunk whose first new bar is ``bar``, in arrays of their own."""
        part = slice(first - self.first, last + 1 - self.first)
        columns: dict[str, Any] = {name: values[part].copy() for name, values in self._columns.items()}
        made = {key: values[part].copy() for key, values in self._values.items()}
        return Chunk(bar, bar - first, last + 1 - bar, False, **columns), made

    def packed(self, ends: npt.NDArray[np.int64], lookback: int) -> tuple[Chunk, Prepared]:
        """Windows of ``lookback`` bars and one more that end at ``ends``, one behind the other, as a chunk that begins with bar 0."""
        rows = (ends[:, None] - self.first + np.arange(-lookback, 1)).ravel()
        columns: dict[str, Any] = {name: values[rows] for name, values in self._columns.items()}
        made = {key: values[rows] for key, values in self._values.items()}
        return Chunk(lookback, lookback, len(rows) - lookback, False, **columns), made

    def time(self, bar: int) -> str:
        """When a bar begins, UTC."""
        return utc(self._columns["timestamp"][bar - self.first])

    def price(self, bar: int) -> float:
        """The close of a bar."""
        return abs(float(self._columns["close"][bar - self.first]))

    def tail(self, first: int) -> Stretch:
        """A copy of the bars from ``first`` on."""
        part = slice(max(0, first - self.first), None)
        columns = {name: values[part].copy() for name, values in self._columns.items()}
        return Stretch(
            max(first, self.first), columns, {key: values[part].copy() for key, values in self._values.items()}
        )

    def joined(self, after: Stretch, rows: int) -> Stretch:
        """These bars and the next ``rows`` of a stretch that goes on behind them."""
        part = slice(self.stop - after.first, self.stop - after.first + rows)
        columns = {name: np.append(values, after._columns[name][part]) for name, values in self._columns.items()}
        made = {key: np.append(values, after._values[key][part]) for key, values in self._values.items()}
        return Stretch(self.first, columns, made)


_lock = threading.Lock()
_quiet: Counter[int] = Counter()
"""Threads of which nothing is shown, with how often they asked for that."""
_shown: list[Any] = []
"""The stream of errors, and what shows warnings, while there are such threads."""


_kept: deque[Any] = deque(maxlen=4096)
"""Streams that stood in the place of others: a thread that prints at that moment reads one that nothing else holds any more,
and Python ends in a fault of memory."""


class _Hushed:
    """A stream that takes nothing from threads that are quiet."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if threading.get_ident() in _quiet:
            return len(text)
        written: int = self._stream.write(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _show_warning(*arguments: Any, **named: Any) -> None:
    if threading.get_ident() not in _quiet and _shown:
        _shown[1](*arguments, **named)


@contextmanager
def hushed() -> Iterator[None]:
    """Leave out what this thread prints and warns of: the run has said it already, where it was asked the same."""
    thread = threading.get_ident()
    with _lock:
        if not _quiet:
            # What is printed in a call goes to stderr already, so that stdout may stay as it is.
            _shown[:] = sys.stderr, warnings.showwarning
            sys.stderr = _Hushed(sys.stderr)
            _kept.append(sys.stderr)
            warnings.showwarning = _show_warning
        _quiet[thread] += 1
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        with _lock:
            _quiet[thread] -= 1
            if not _quiet[thread]:
                del _quiet[thread]
            if not _quiet:
                # Where the code put something else in their place meanwhile, that stays.
                if isinstance(sys.stderr, _Hushed):
                    sys.stderr = _shown[0]
                if warnings.showwarning is _show_warning:
                    warnings.showwarning = _shown[1]
