"""The exit resolver alone, without the ledger: fixed brackets at growing holding times, and trailing stops beside them."""

from __future__ import annotations

import statistics
from time import perf_counter

import numpy as np

from barloom.arrays import join
from barloom.bars.chunk import Chunk
from barloom.engine.market import MarketBuilder, order_arrays
from barloom.engine.money import simulator_of
from barloom.engine.orchestrator import CHUNK_ROWS
from barloom.engine.quotes import QuoteMaker
from barloom.engine.trades import TRADE
from barloom.reference import simulator as reference
from barloom.reference.fills import fill
from barloom.rules.entries import Entries
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing
from made import Arrays, brackets, synthetic, trailed
from measure import Row, ratio, seconds, spread

DISTANCES = (0.0003, 0.0009, 0.0035, 0.011, 0.045)


class Resolver:
    """Block extremes and exits of overlapping entries over all bars, chunk by chunk; the ledger runs too, but is not timed."""

    def __init__(self, arrays: Arrays, entries: Entries, threads: int) -> None:
        self.arrays, self.entries, self.threads = arrays, entries, threads
        self.rules = Rules(max_positions=0, sizing=Sizing(units=1.0))
        self.trades = np.empty(0, dtype=TRADE)
        self.maker = QuoteMaker()
        self.kernel_seconds = 0.0

    def __call__(self) -> np.ndarray:
        simulator, markets = simulator_of([self.rules], threads=self.threads, keep=True), MarketBuilder(self.rules)
        done = []
        self.kernel_seconds = 0.0
        for base in range(0, len(self.arrays[0]), CHUNK_ROWS):
            columns = [column[base : base + CHUNK_ROWS] for column in self.arrays]
            chunk = Chunk(base, 0, len(columns[0]), base + len(columns[0]) == len(self.arrays[0]), *columns)
            first, last = np.searchsorted(self.entries.signal_bar, [base, base + chunk.rows])
            mine = self.entries.take(slice(first, last))
            started = perf_counter()
            quotes = self.maker.make(chunk)
            self.kernel_seconds += perf_counter() - started
            market, asked = markets.make(chunk, quotes, mine), order_arrays(mine)
            started = perf_counter()
            simulator.resolve(asked, market, None)
            self.kernel_seconds += perf_counter() - started
            simulator.mark_to_market()
            simulator.emit_closed(chunk.last)
            done.append(np.empty(simulator.sizes(0)[0], dtype=TRADE))
            simulator.take_done(0, done[-1])
        self.trades = join(done, TRADE)
        return self.trades

    def nanoseconds(self) -> tuple[float, float]:
        """Of a trade: all of it with the ledger, and the resolver alone."""
        whole = seconds(self)
        return 1e9 * whole / len(self.entries), 1e9 * self.kernel_seconds / len(self.entries)


def bars_held(trades: np.ndarray) -> float:
    return float(np.mean(trades["exit_bar"] - trades["entry_bar"] + 1))


def brackets_by_holding_time(rows: int, count: int, repeats: int) -> list[Row]:
    """Overlapping entries at growing distances, so growing holding times; the first against the reference."""
    arrays = synthetic(rows)
    works = [Resolver(arrays, brackets(arrays, count, distance), threads=2) for distance in DISTANCES]
    held = [bars_held(work()) for work in works]
    judged = [against_reference(arrays, work, bars) for work, bars in zip(works[:3], held, strict=False)]
    taken = [[work.nanoseconds() for work in works] for _ in range(repeats)]
    found = []
    for number, bars in enumerate(held):
        whole, inside = zip(*(times[number] for times in taken), strict=True)
        found.append(
            Row(
                f"exit resolver, a trade of {bars:,.0f} bars on average",
                statistics.median(inside),
                "ns",
                spread=spread(inside),
                note=f"with all that is around it {statistics.median(whole):.0f} ns",
            )
        )
    found[0].limit = 150
    found.append(Row("the longest trades over the shortest", found[len(held) - 1].value / found[0].value, "x", 4))
    for bars, (plainly, ours, compared) in zip(held, judged, strict=False):
        found.append(
            Row(
                f"reference simulator over the resolver, a trade of {bars:,.0f} bars",
                plainly / ours,
                "x",
                1000,
                at_least=True,
                note=f"{compared} trades equal",
            )
        )
    return found


def trailing(rows: int, count: int, repeats: int) -> list[Row]:
    """The same overlapping entries with a fixed bracket, and with a trail that starts once they are ahead."""
    arrays = synthetic(rows)
    found = []
    for distance in DISTANCES[:4]:
        fixed = brackets(arrays, count, distance, reward=3.0)
        works = [Resolver(arrays, fixed, 2), Resolver(arrays, trailed(fixed, distance, distance), 2)]
        held = [bars_held(work()) for work in works]
        _, _, compared = against_reference(arrays, works[1], held[1])
        raised = np.count_nonzero(works[1].trades["stop"] != works[1].trades["initial_stop"])
        assert raised > count // 10, raised
        taken = [[work.nanoseconds()[1] for work in works] for _ in range(repeats)]
        plainly, trailed_too = zip(*taken, strict=True)
        value, between = ratio(trailed_too, plainly)
        found.append(
            Row(
                f"trail over fixed bracket, a trade of {held[1]:,.0f} bars on average",
                value,
                "x",
                3.0,
                spread=between,
                note=f"{statistics.median(trailed_too):.0f} ns, fixed {statistics.median(plainly):.0f} ns of {held[0]:,.0f} bars; "
                f"{raised:,} stops raised, {compared} trades equal the reference",
            )
        )
    return found


def against_reference(arrays: Arrays, work: Resolver, held: float) -> tuple[float, float, int]:
    """The resolver's trades of the first bars against the reference; seconds a trade of each, and how many trades."""
    part = min(200_000, len(arrays[0]))
    entries = work.entries.take(work.entries.signal_bar < part - 1)
    entries = entries.take(slice(0, max(200, int(400_000 / held))))
    cut = tuple(column[:part] for column in arrays)
    trades = Resolver(cut, entries, threads=2)()
    bars = reference.ReferenceBars(*(column.tolist() for column in cut))
    rules = Rules(max_positions=0)
    orders = [order for (order,) in reference.signals_of(entries, rules)]

    def walk_all() -> None:
        for order in orders:
            fill(order, bars, rules)
            reference.Walk(order, bars, rules, set(), set(), None).to_the_exit()

    taken = seconds(walk_all)
    for name in ("exit_bar", "exit_price", "mae", "mfe"):
        assert [getattr(order, name) for order in orders] == trades[name].tolist(), name
    # Enough trades for a time of the engine: the whole set, not only those the reference walked.
    work()
    return taken / len(orders), work.kernel_seconds / len(work.entries), len(orders)
