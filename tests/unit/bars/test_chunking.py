"""The kernels that every bar passes: block extremes, and the taking in of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from barloom._native import chunking
from barloom.bars.intake import Tally
from barloom.bars.sources.base import MALFORMED, UNPARSABLE_PRICE, UNPARSABLE_TIME, RowBatch

MINUTE = 60_000_000_000


def extremes(high: np.ndarray, low: np.ndarray, threads: int) -> list[np.ndarray]:
    blocks = -(-len(high) // 64)
    groups = -(-blocks // 64)
    out = [np.full(size, np.nan) for size in (blocks, blocks, groups, groups)]
    chunking.block_extremes(high, low, *out, threads)
    return out


@pytest.mark.parametrize("bars", [0, 1, 2, 7, 8, 9, 63, 64, 65, 127, 4095, 4096, 4097, 50_000])
@pytest.mark.parametrize("threads", [1, 3])
def test_extremes_are_those_of_the_bars_in_each_block(bars: int, threads: int) -> None:
    random = np.random.default_rng(bars)
    high = random.normal(size=bars)
    low = random.normal(size=bars)
    block_high, block_low, group_high, group_low = extremes(high, low, threads)
    for size, highs, lows in ((64, block_high, block_low), (4096, group_high, group_low)):
        assert highs.tolist() == [high[at : at + size].max() for at in range(0, bars, size)]
        assert lows.tolist() == [low[at : at + size].min() for at in range(0, bars, size)]


@pytest.mark.parametrize("place", range(6))
def test_extremes_refuse_arrays_of_other_lengths(place: int) -> None:
    """No access outside an array whatever lengths come."""
    arrays = [np.ones(size) for size in (100, 100, 2, 2, 1, 1)]
    arrays[place] = np.ones(len(arrays[place]) + 1)
    with pytest.raises(ValueError):
        chunking.block_extremes(*arrays)
    with pytest.raises(ValueError, match="threads"):
        chunking.block_extremes(*[np.ones(size) for size in (100, 100, 2, 2, 1, 1)], 0)


def test_extremes_take_read_only_bars() -> None:
    high = np.ones(10)
    high.flags.writeable = False
    assert extremes(high, high, 1)[0].tolist() == [1.0]


def good(rows: int, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    close = 1.1 + random.normal(0, 1e-4, rows)
    open_ = np.roll(close, 1)
    return {
        "timestamp": np.arange(1, rows + 1, dtype=np.int64) * MINUTE,
        "open": open_,
        "high": np.maximum(open_, close) + 1e-5,
        "low": np.minimum(open_, close) - 1e-5,
        "close": close,
        "volume": random.integers(0, 50, rows).astype(float),
    }


def kinds_of(columns: dict[str, Any], first_row: int = 0) -> tuple[dict[str, int], dict[str, int], int]:
    tally = Tally()
    kept = tally.check(RowBatch(first_row, **columns))
    return tally.by_kind(), tally.first_rows(), kept


BAD = [
    ("unparsable_time", {"timestamp": UNPARSABLE_TIME}),
    ("unparsable_price", {"timestamp": UNPARSABLE_PRICE}),
    ("malformed", {"timestamp": MALFORMED}),
    ("unsorted", {"timestamp": MINUTE}),
    ("repeated", {"timestamp": 300 * MINUTE}),
    ("not_finite", {"open": np.nan}),
    ("not_finite", {"high": np.inf}),
    ("not_finite", {"low": -np.inf}),
    ("not_finite", {"close": np.nan}),
    ("not_finite", {"volume": np.nan}),
    ("not_positive", {"open": 0.0}),
    ("not_positive", {"low": -0.0}),
    ("not_positive", {"close": -1.1}),
    ("not_positive", {"volume": -1.0}),
    ("high_low", {"high": 1.0}),
    ("high_low", {"low": 1.3}),
    ("high_low", {"high": 1.0, "low": 1.2}),
]


@pytest.mark.parametrize(("kind", "change"), BAD)
def test_every_kind_of_bad_row_is_counted_with_its_row(kind: str, change: dict[str, Any]) -> None:
    """A bad value in any field, wherever among the rows it stands."""
    columns = good(700)
    for name, value in change.items():
        columns[name][300] = value
    assert kinds_of(columns, first_row=1000) == ({kind: 1}, {kind: 1300}, 699)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0])
@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
@pytest.mark.parametrize("row", [0, 1, 255, 256, 511, 699])
def test_no_bad_price_slips_through_anywhere(value: float, field: str, row: int) -> None:
    columns = good(700)
    columns[field][row] = value
    counts, first, kept = kinds_of(columns)
    assert kept == 699
    assert list(first.values()) == [row]
    assert list(counts) == ["not_positive" if np.isfinite(value) else "not_finite"]


def test_odd_but_good_values_pass() -> None:
    columns = good(700)
    for name in ("open", "high", "low", "close"):
        columns[name][10] = 5e-324  # subnormal
        columns[name][11] = np.finfo(float).max
    columns["volume"][12] = -0.0
    columns["timestamp"] -= 400 * MINUTE  # half of them before 1970
    assert kinds_of(columns) == ({}, {}, 700)


def test_one_bad_row_is_counted_once_under_the_first_kind_that_fits() -> None:
    columns = good(4)
    columns["timestamp"][2] = MINUTE
    columns["open"][2] = np.nan
    columns["open"][3] = np.nan
    columns["low"][3] = -1.0
    assert kinds_of(columns) == ({"unsorted": 1, "not_finite": 1}, {"unsorted": 2, "not_finite": 3}, 2)


def test_a_dropped_row_does_not_move_the_last_time() -> None:
    columns = good(5)
    columns["timestamp"][1] = 100 * MINUTE
    columns["close"][1] = np.nan  # so its far time must not make the next rows unsorted
    assert kinds_of(columns)[0] == {"not_finite": 1}


def test_the_hash_tells_order_and_every_field_apart() -> None:
    seen = set()
    for change in (None, *range(5)):
        columns = good(300)
        if change is not None:
            name = ("timestamp", "open", "high", "low", "close")[change]
            columns[name][77] = np.nextafter(columns[name][77], 0) if change else columns[name][77] + 1
        tally = Tally()
        kept = tally.check(RowBatch(0, **columns))
        assert kept == 300
        seen.add(tally.content_hash(kept))
    assert len(seen) == 6


@pytest.mark.parametrize("place", range(6))
def test_taking_refuses_arrays_of_other_lengths(place: int) -> None:
    columns = list(good(10).values())
    columns[place] = columns[place][:9]
    with pytest.raises(ValueError):
        chunking.take_bars(*columns, 0, 0, Tally().state)


def test_taking_refuses_what_lies_outside() -> None:
    columns = list(good(10).values())
    out = [np.empty(5, dtype=np.int64), *(np.empty(5) for _ in range(5))]
    state = Tally().state
    for begin, filled, tally, target in (
        (11, 0, state, out),
        (-1, 0, state, out),
        (0, 6, state, out),
        (0, -1, state, out),
        (0, 0, state[:-1], out),
        (0, 0, state, [*out[:4], None, out[5]]),
        (0, 0, state, [*out[:5], None]),
        (0, 0, state, [*out[:4], np.empty(4), out[5]]),
    ):
        with pytest.raises(ValueError):
            chunking.take_bars(*columns, begin, 0, tally, *target, filled)


def test_openmp_threads_is_a_count() -> None:
    assert chunking.openmp_threads() >= 0
