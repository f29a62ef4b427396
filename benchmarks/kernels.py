"""The exit resolver, the engine in memory, and the indicators against TA-Lib. Answers are checked before anything is timed."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np
from measure import Row, interleaved, seconds, spread

import barloom as bl
from barloom._native import chunking, simulation
from barloom.backtest.orchestrator import CHUNK_ROWS, run
from barloom.backtest.parameters import RunParameters
from barloom.bars.chunk import Chunk
from barloom.execution import reference
from barloom.execution.entries import Entries
from barloom.execution.trades import OPEN, TRADE
from barloom.indicators import spec
from barloom.indicators.cache import IndicatorBank

Arrays = tuple[np.ndarray, ...]


def synthetic(rows: int) -> Arrays:
    """Generated bars as arrays: time, open, high, low, close."""
    parts = [
        [column[chunk.history :].copy() for column in (chunk.timestamp, chunk.open, chunk.high, chunk.low, chunk.close)]
        for chunk in bl.from_synthetic(rows, seed=1).chunks(1 << 18)
    ]
    return tuple(np.concatenate(pieces) for pieces in zip(*parts, strict=True))


def brackets(arrays: Arrays, count: int, distance: float) -> Entries:
    """Entries spread evenly over the bars, both sides, stop and target at one distance."""
    where = np.linspace(0, len(arrays[0]) - 2, count).astype(np.int64)
    return Entries(where, np.where(np.arange(count) % 2, 1, -1), stop=distance, target=distance)


class Resolver:
    """Block extremes and exits of overlapping entries over all bars, chunk by chunk, without the ledger."""

    def __init__(self, arrays: Arrays, entries: Entries, threads: int) -> None:
        self.arrays, self.entries, self.threads = arrays, entries, threads
        self.trades = np.empty(len(entries), dtype=TRADE)
        blocks = CHUNK_ROWS // simulation.BLOCK_BARS
        groups = blocks // simulation.GROUP_BLOCKS
        self.extremes = [np.empty(size) for size in (blocks, blocks, groups, groups)]
        self.unlimited = np.empty(0, dtype=np.int64)
        self.kernel_seconds = 0.0

    def __call__(self) -> np.ndarray:
        time, opens, high, low, close = self.arrays
        entries, count = self.entries, len(self.arrays[0])
        going_on = np.empty(0, dtype=np.int64)
        rows_of = self.trades.view(np.dtype((np.void, TRADE.itemsize)))
        states = self.trades["state"]
        self.kernel_seconds = 0.0
        for base in range(0, count, CHUNK_ROWS):
            cut = slice(base, min(base + CHUNK_ROWS, count))
            rows = cut.stop - base
            blocks = -(-rows // simulation.BLOCK_BARS)
            groups = -(-blocks // simulation.GROUP_BLOCKS)
            extremes = [
                whole[:size] for whole, size in zip(self.extremes, (blocks, blocks, groups, groups), strict=True)
            ]
            started = perf_counter()
            chunking.block_extremes(high[cut], low[cut], *extremes, self.threads)
            self.kernel_seconds += perf_counter() - started
            bars = (time[cut], opens[cut], high[cut], low[cut], close[cut])
            warp = simulation.Warp(base, cut.stop == count, *bars, *extremes, False, 0, False, 0.0, 0.0)
            if len(going_on):
                active = rows_of[going_on]
                started = perf_counter()
                simulation.resume(active.view(TRADE), warp, self.threads)
                self.kernel_seconds += perf_counter() - started
                rows_of[going_on] = active
            first, last = np.searchsorted(entries.signal_bar, [base, cut.stop])
            mine = entries.take(slice(first, last))
            asked = simulation.Asked(*(getattr(mine, name) for name in ORDER))
            started = perf_counter()
            simulation.enter(asked, self.trades[first:last], self.unlimited, 0, warp, self.threads)
            self.kernel_seconds += perf_counter() - started
            going_on = np.concatenate([going_on, np.arange(first, last)])
            going_on = going_on[states[going_on] <= OPEN]
        return self.trades


ORDER = ("signal_bar", "side", "stop", "target", "stop_price", "target_price", "max_hold", "size")


def resolver(rows: int, count: int, repeats: int) -> list[Row]:
    """170k overlapping entries at growing distances, so growing holding times; the first against the reference."""
    arrays = synthetic(rows)
    found: list[Row] = []
    works, held = [], []
    for distance in (0.0003, 0.0009, 0.0035, 0.011, 0.045):
        entries = brackets(arrays, count, distance)
        work = Resolver(arrays, entries, threads=2)
        trades = work()
        held.append(float(np.mean(trades["exit_bar"] - trades["entry_bar"] + 1)))
        works.append(work)
    judged = [check_resolver(arrays, work, bars_held) for work, bars_held in zip(works[:3], held, strict=False)]
    whole: list[list[float]] = [[] for _ in works]
    kernels: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, all_of_it, inside in zip(works, whole, kernels, strict=True):
            all_of_it.append(1e9 * seconds(work) / count)
            inside.append(1e9 * work.kernel_seconds / count)
    for bars_held, all_of_it, inside in zip(held, whole, kernels, strict=True):
        found.append(
            Row(
                f"exit resolver, a trade of {bars_held:,.0f} bars on average",
                statistics.median(inside),
                "ns",
                spread=spread(inside),
                note=f"with the Python around the kernels {statistics.median(all_of_it):.0f} ns",
            )
        )
    found[0].limit = 150
    longest = statistics.median(kernels[-1]) / statistics.median(kernels[0])
    found.append(Row("the longest trades over the shortest", longest, "x", 4))
    for bars_held, (plain, ours, compared) in zip(held, judged, strict=False):
        found.append(
            Row(
                f"reference simulator over the resolver, a trade of {bars_held:,.0f} bars",
                plain / ours,
                "x",
                1000,
                at_least=True,
                note=f"{compared} trades equal",
            )
        )
    return found


def check_resolver(arrays: Arrays, work: Resolver, bars_held: float) -> tuple[float, float, int]:
    """The resolver's trades of the first bars against the reference; seconds a trade of each, and how many trades."""
    part = 200_000
    entries = work.entries.take(work.entries.signal_bar < part - 1)
    entries = entries.take(slice(0, max(200, int(400_000 / bars_held))))
    cut = tuple(column[:part] for column in arrays)
    ours = Resolver(cut, entries, threads=2)
    trades = ours()
    plain = reference.ReferenceBars(*(column.tolist() for column in cut))
    orders = reference.orders_of(entries, 0)

    def resolve_all() -> None:
        for order in orders:
            reference.resolve(order, plain, "next_open", "pessimistic", bl.Costs(), needs_stop=False)

    taken = seconds(resolve_all)
    assert [order.exit_bar for order in orders] == trades["exit_bar"].tolist()
    assert [order.exit_price for order in orders] == trades["exit_price"].tolist()
    assert [order.mae for order in orders] == trades["mae"].tolist()
    # Enough trades for a time of the engine: the whole set, not only those the reference walked.
    work()
    return taken / len(orders), work.kernel_seconds / len(work.entries), len(orders)


def engine(rows: int, repeats: int) -> list[Row]:
    """Indicators, signals, brackets, ledger and metrics over bars in memory."""
    bars = bl.from_arrays(*synthetic(rows))
    names = {"ema-cross": 40.0, "trend-pullback": 20.0, "zscore-reversion": None}
    works: list[Callable[[], object]] = []
    for name in names:
        parameters = RunParameters(strategy=name)
        one = run(bars, parameters.model_copy(update={"threads": 1, "chunk_rows": 10_000}))
        assert run(bars, parameters).digest == one.digest
        works.append(lambda parameters=parameters: run(bars, parameters))
    found = []
    for (name, limit), times in zip(names.items(), interleaved(works, repeats), strict=True):
        rates = [rows / value / 1e6 for value in times]
        found.append(
            Row(
                f"engine in memory, {name}",
                statistics.median(rates),
                "M bars/s",
                limit,
                at_least=True,
                spread=spread(rates),
            )
        )
    return found


def simulated(rows: int, count: int, repeats: int) -> list[Row]:
    """bl.simulate, ledger and all, over bars in memory."""
    arrays = synthetic(rows)
    bars = bl.from_arrays(*arrays)
    entries = brackets(arrays, count, 0.0009)
    times = interleaved([lambda: bl.simulate(bars, entries, position="overlap", threads=2)], repeats)[0]
    return [
        Row(
            f"bl.simulate, {count:,} overlapping entries over {rows:,} bars",
            statistics.median(times),
            "s",
            spread=spread(times),
        )
    ]


def indicators(rows: int, repeats: int) -> list[Row]:
    """Each indicator kernel against TA-Lib's function, over all bars at once."""
    import talib

    time, opens, high, low, close = synthetic(rows)
    pairs: list[tuple[spec.Indicator, Callable[[], np.ndarray]]] = [
        (spec.sma(50), lambda: talib.SMA(close, 50)),
        (spec.ema(20), lambda: talib.EMA(close, 20)),
        (spec.true_range(), lambda: talib.TRANGE(high, low, close)),
        (spec.atr(14), lambda: talib.ATR(high, low, close, 14)),
        (spec.rsi(14), lambda: talib.RSI(close, 14)),
        (spec.stoch_rsi(14), lambda: talib.STOCHRSI(close, 14, 14, 1, 0)[0] / 100),
        (spec.rolling_min(14), lambda: talib.MIN(close, 14)),
        (spec.rolling_max(14), lambda: talib.MAX(close, 14)),
        (spec.rolling_std(100), lambda: talib.STDDEV(close, 100)),
    ]
    chunk = Chunk(0, 0, rows, True, time, opens, high, low, close)
    found = []
    for indicator, peer in pairs:

        def ours(indicator: spec.Indicator = indicator) -> np.ndarray:
            return IndicatorBank([indicator], 0).update(chunk)[indicator]

        mine, theirs = ours(), peer()
        warm = ~(np.isnan(mine) | np.isnan(theirs))
        # TA-Lib's running sum of squares drifts over millions of bars; ours is the exact one (tests compare both on short data).
        tolerance = 1e-6 if indicator.name == "rolling_std" else 1e-9
        assert warm.sum() > rows - 200 and np.max(np.abs(mine[warm] - theirs[warm])) < tolerance * 100, indicator
        a, b = interleaved([ours, peer], repeats)
        ratios = [x / y for x, y in zip(a, b, strict=True)]
        found.append(
            Row(
                f"{indicator} over TA-Lib",
                statistics.median(ratios),
                "x",
                1.0,
                spread=spread(ratios),
                note=f"{1e9 * statistics.median(a) / rows:.2f} ns a bar, TA-Lib {1e9 * statistics.median(b) / rows:.2f}",
            )
        )
    return found
