"""Works to compare with vectorbt: one set, ten stop sizes, a hundred pairs of averages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from barloom import indicators as kinds
from barloom.bars.opening import from_arrays
from barloom.bench.made import Arrays
from barloom.bench.sections import PRICES, STRATEGY, Bench
from barloom.engine.orchestrator import simulate
from barloom.errors import FidelityError
from barloom.indicators.cache import IndicatorBank
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch
from peers.entries import CASH, PART, bracketed, flags, signals
from peers.pair import COMPARED, Columns, Pair, must_agree, unlike

PAIRS_ROWS = 200_000
"""Most bars for a hundred columns of signals at once."""
STOPS = tuple(0.0513 + 0.0137 * k for k in range(10))
"""Stop sizes in percent of the price. They lie off the grid of prices: a level is one multiplication there and one subtraction
here, and the last bit of it would decide an exact touch."""
TARGET = 0.2171
FAST, SLOW = 15, 55
PAIRS = tuple((5 + 5 * fast, 110 + 10 * slow) for fast in range(10) for slow in range(10))
LAST_BIT = 1e-9


def works(bench: Bench, vbt: Any) -> Iterator[Pair]:
    """``Portfolio.from_signals`` of its Rust engine: one set, ten stops, a hundred sets of signals."""

    def from_signals(arrays: Arrays, longs: Any, shorts: Any, stop: Any, target: float) -> Any:
        _, opens, high, low, close = arrays
        if longs.ndim > 1:
            opens, high, low, close = (column[:, None] for column in (opens, high, low, close))
        never = np.zeros_like(longs)
        return vbt.Portfolio.from_signals(
            close,
            longs,
            never,
            short_entries=shorts,
            short_exits=never,
            open=opens,
            high=high,
            low=low,
            sl_stop=stop,
            tp_stop=target,
            upon_opposite_entry="ignore",
            size=1.0,
            init_cash=CASH,
            engine="rust",
        )

    def columns(records: Any) -> Columns:
        of = dict(entry_bar="entry_idx", exit_bar="exit_idx", entry_price="entry_price", exit_price="exit_price")
        return {name: records[theirs] for name, theirs in of.items()}

    where, side = signals(bench.rows)
    entries = bracketed(bench.arrays, where, side)
    longs, shorts = flags(bench.rows, where[side > 0]), flags(bench.rows, where[side < 0])
    theirs = partial(from_signals, bench.arrays, longs, shorts, PART, PART)
    ours = partial(simulate, bench.bars, entries, fills="vectorbt", entry="close", bounds=False, threads=bench.threads)
    name = f"{len(where):,} entries with a stop and a target"
    count = must_agree(ours().sink.columns, columns(theirs().trades.values), f"vectorbt, {name}")
    yield Pair(name, bench.rows, ours, theirs, f"{count:,} trades: bars and prices, to the bit")

    yield swept(bench, ((FAST, SLOW),), STOPS, "ten stop sizes", from_signals, columns)
    yield swept(bench, PAIRS, (0.1137,), "a hundred pairs of averages", from_signals, columns, PAIRS_ROWS)


def swept(
    bench: Bench,
    pairs: Sequence[tuple[int, int]],
    stops: Sequence[float],
    name: str,
    from_signals: Callable[..., Any],
    columns: Callable[[Any], Columns],
    most: int | None = None,
) -> Pair:
    """Crossings of averages with brackets: a sweep by barloom, one call over a column a set by vectorbt.

    Args:
        bench: the bars; the first ``most`` of them are taken.
        pairs: periods of the averages of each set.
        stops: sizes of the stop in percent; with more than one there is one pair.
        name: of the work.
        from_signals: the peer's call.
        columns: gives the columns ``COMPARED`` of its records of trades.
        most: bars to take at most.
    """
    rows = min(bench.rows, most or bench.rows)
    arrays = tuple(column[:rows] for column in bench.arrays)
    bars = from_arrays(*arrays)
    longs, shorts = crossings(bench, rows, pairs)
    stop = stops[0] / 100.0 if len(stops) == 1 else np.array(stops)[None, :] / 100.0
    sets = [
        RunParameters(
            strategy=STRATEGY,
            params={"fast": fast, "slow": slow},
            stop=f"pct:{percent!r}",
            target=f"pct:{TARGET!r}",
            fills="vectorbt",
            entry="close",
            size=1.0,
            balance=CASH,
        )
        for fast, slow in pairs
        for percent in stops
    ]
    ours = partial(run_batch, bars, sets, threads=bench.threads)
    theirs = partial(from_signals, arrays, longs, shorts, stop, TARGET / 100.0)
    kept, records = ours(keep_trades=True).trades, theirs().trades.values
    assert kept is not None
    records, place = records[np.argsort(records["col"], kind="stable")], kept["set"].to_numpy()
    if not np.array_equal(np.unique(place), np.unique(records["col"])):
        raise FidelityError(unlike(f"vectorbt, {name}", "other sets have trades here than there"))
    count = 0
    for number in np.unique(place):
        mine = {each: kept[each].to_numpy()[place == number] for each in COMPARED}
        there = columns(records[records["col"] == number])
        count += must_agree(mine, there, f"vectorbt, {name}, set {number}", LAST_BIT)
    return Pair(
        name,
        rows,
        ours,
        theirs,
        f"{count:,} trades: bars, and prices within {LAST_BIT:g}",
        "its signals are made beforehand, barloom makes its own",
    )


def crossings(bench: Bench, rows: int, pairs: Sequence[tuple[int, int]]) -> tuple[Any, Any]:
    """Bars on which the fast average crosses the slow one, upwards and downwards; a column a pair."""
    columns = {name: getattr(bench.chunk, name)[:rows] for name in PRICES}
    chunk = dataclasses.replace(bench.chunk, rows=rows, **columns)
    values = IndicatorBank([kinds.ema(n) for n in sorted({n for pair in pairs for n in pair})], 0).update(chunk)
    up, down = (np.zeros((rows, len(pairs)), dtype=np.bool_) for _ in range(2))
    for column, (fast, slow) in enumerate(pairs):
        above = values[kinds.ema(fast)] > values[kinds.ema(slow)]
        turned = np.zeros(rows, dtype=np.bool_)
        turned[1:] = (above[1:] != above[:-1]) & ~np.isnan(values[kinds.ema(slow)])[:-1]
        up[:, column], down[:, column] = turned & above, turned & ~above
    return up, down
