"""Arrays of a window that a strategy keeps do not change: their memory is given away, and nothing else is allocated again."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import barloom as bl
from barloom.bars import from_synthetic
from barloom.bars.lending import MANY, _leases, is_kept, lent
from barloom.engine.feed import StrategyFeed
from barloom.errors import InputError
from barloom.indicators import ema
from barloom.indicators.cache import IndicatorBank

MADE: dict[str, Callable[[np.ndarray], Any]] = {
    "itself": lambda values: values,
    "slice": lambda values: values[3:7],
    "slice of slices": lambda values: values[2:][::2][-1:],
    "reshaped": lambda values: values[:8].reshape(2, 4).T,
    "other type": lambda values: values.view(np.int64),
    "asarray": lambda values: np.asarray(values),
    "windows": lambda values: np.lib.stride_tricks.sliding_window_view(values, 3),
    "memory": lambda values: memoryview(values),
    "subclass": lambda values: values.view(np.matrix),
    "in a closure": lambda values: lambda: values,
}


@pytest.mark.parametrize("how", MADE)
def test_memory_is_in_use_while_anything_made_of_it_is(how: str) -> None:
    memory = np.arange(100.0)
    kept = MADE[how](lent(memory[10:50]))
    assert is_kept(memory)
    lent(memory)
    del kept
    gc.collect()
    assert not is_kept(memory) and not is_kept(memory[3:]) and not is_kept(None)


def test_copies_keep_nothing() -> None:
    memory = np.arange(100.0)
    values = lent(memory)
    kept = [values.copy(), values + 1, values[[1, 2]], values[values > 3], float(values[4]), values[5], values.sum()]
    del values
    assert not is_kept(memory) and len(kept) == 7


def test_lent_arrays_cannot_be_made_writeable() -> None:
    for values in (lent(np.arange(9.0)), lent(np.arange(9)[2:])):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            values.flags.writeable = True


def test_the_book_of_leases_does_not_grow() -> None:
    for _ in range(5 * MANY):
        lent(np.arange(3.0))
    assert len(_leases) <= MANY + 1


class Hoarder(bl.Strategy):
    """Keeps every array of every window, and what they looked like."""

    name = "hoarder"
    lookback = 3
    uses_volume = True
    kept: list[tuple[str, np.ndarray, np.ndarray]]
    windows: list[bl.Window]

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.windows = [], []

    def indicators(self):
        return {"e": ema(5), "slow": ema(50)}

    def higher(self):
        return {"1h": {"close": "close", "e": ema(3)}}

    def _keep(self, window: bl.Window) -> None:
        arrays = {name: getattr(window, name) for name in ("timestamp", "open", "high", "low", "close", "volume")}
        arrays |= {
            "e": window["e"],
            "slow": window["slow"][3:],
            "1h": window.higher("1h")["e"],
            "tail": window.close[-2:],
        }
        self.kept += [(name, values, values.copy()) for name, values in arrays.items()]
        self.windows.append(window)

    def signals(self, window: bl.Window) -> bl.Entries:
        self._keep(window)
        return bl.Entries.none()

    def exits(self, window: bl.Window) -> bl.ExitSignals:
        self._keep(window)
        return bl.ExitSignals.none()


@pytest.mark.parametrize("threads", [1, 2])
def test_kept_arrays_of_every_chunk_stay_as_they_were(threads: int) -> None:
    hoarder = Hoarder()
    feed = StrategyFeed(hoarder)
    for chunk in from_synthetic(5000, 3).chunks(257, history=feed.history, volume=True, threads=threads):
        prepared = feed.prepare(chunk)
        feed.entries(chunk, prepared)
        feed.exit_signals(chunk, prepared)
    assert len(hoarder.kept) > 300
    for name, values, then in hoarder.kept:
        np.testing.assert_array_equal(values, then, err_msg=name)


def test_a_kept_window_raises_at_its_next_use() -> None:
    hoarder = Hoarder()
    feed = StrategyFeed(hoarder)
    higher = []
    keep = hoarder._keep
    hoarder._keep = lambda window: (higher.append(window.higher("1h")), keep(window))  # type: ignore[method-assign]
    for chunk in from_synthetic(600, 3).chunks(300, history=3, volume=True):
        feed.entries(chunk, feed.prepare(chunk))
    window = hoarder.windows[0]
    uses: list[Callable[[], Any]] = [
        lambda: window.close,
        lambda: window["e"],
        lambda: window.timestamp,
        lambda: window.volume,
        lambda: len(window),
        lambda: window.higher("1h")["e"],
        lambda: higher[0]["e"],
    ]
    for use in uses:
        with pytest.raises(InputError, match="after the call it was made for"):
            use()


def test_memory_is_taken_anew_only_where_something_is_kept() -> None:
    bank = IndicatorBank([ema(5)])
    seen: set[int] = set()
    chunks = [chunk for chunk in from_synthetic(4000, 3).chunks(100)]
    for chunk in chunks:
        values = bank.update(chunk)[ema(5)]
        seen.add(values.__array_interface__["data"][0])
        lent(values)
    assert len(seen) == 2
