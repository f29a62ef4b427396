"""Cost per bar of each kernel and each phase of a run, compared with a plain pass over the same columns on one thread.

The plain pass takes the greatest value of each column that is read, by NumPy, and overwrites a room of each column that is written, chunk by
chunk as a run does. Nothing that has to look at every value can be much faster; what is slower computes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import barloom as bl
from barloom.bars.checks import check_bars
from barloom.bars.chunk import Chunk
from barloom.bars.intake import Intake, Tally
from barloom.bars.sources.base import RowBatch
from barloom.bars.writer import write_bars
from barloom.bench.made import INDICATORS
from barloom.bench.timing import Took
from barloom.engine.orchestrator import CHUNK_ROWS, run
from barloom.engine.quotes import QuoteMaker
from barloom.engine.sinks import ParquetSink
from barloom.engine.trades import TRADE
from barloom.indicators import atr, ema
from barloom.indicators.cache import IndicatorBank
from barloom.rules.parameters import RunParameters
from barloom.strategies.crossings import crossings
from made import Arrays, brackets, synthetic
from measure import interleaved
from resolving import Resolver, bars_held

NAMES = ("time", "open", "high", "low", "close")
VALUE = 8  # bytes
BARS_AN_ENTRY = 47


@dataclass(frozen=True, slots=True)
class TimedKernel:
    """A work over all bars, the columns it reads, and how many values a bar it writes."""

    name: str
    reads: list[np.ndarray]
    writes: float
    work: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pass:
    """Nanoseconds a bar of a kernel and of the plain pass beside it, repeat by repeat."""

    name: str
    bytes_a_bar: float
    kernel: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)


def measured(rows: int, repeats: int) -> list[Pass]:
    """Every kernel in turn with its plain pass."""
    arrays = synthetic(rows)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for kernel in kernels(arrays, Path(folder)):
            times = interleaved([kernel.work, lambda kernel=kernel: plain(kernel, rows)], repeats)
            ours, theirs = ([1e9 * seconds / rows for seconds in taken] for taken in times)
            found.append(Pass(kernel.name, VALUE * (len(kernel.reads) + kernel.writes), ours, theirs))
    return found


def plain(kernel: TimedKernel, rows: int) -> None:
    """Read what the kernel reads, write as much as it writes."""
    room = np.empty(CHUNK_ROWS)
    for base in range(0, rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, rows - base)
        for column in kernel.reads:
            column[base : base + count].max()
        left = count * kernel.writes
        while left >= 1:
            room[: int(min(left, count))].fill(0.0)
            left -= count


def kernels(arrays: Arrays, folder: Path) -> Iterator[TimedKernel]:
    """The kernels, then the phases of a run, each with what it touches."""
    columns = dict(zip(NAMES, arrays, strict=True))
    everything, rows = list(arrays), len(arrays[0])
    bars = bl.from_arrays(*arrays)
    chunks = list(bars.chunks(CHUNK_ROWS, threads=1))

    def cut() -> Iterator[RowBatch]:
        for chunk in chunks:
            yield RowBatch(chunk.base, chunk.timestamp, chunk.open, chunk.high, chunk.low, chunk.close)

    yield TimedKernel("rows checked and hashed", everything, 0, lambda: tallied(cut()))
    yield TimedKernel("rows checked, hashed and gathered", everything, 5, lambda: gathered(cut()))
    yield TimedKernel("check of bars", everything, 0, lambda: check_bars(bars))
    longer = bars.resample("5m")
    yield TimedKernel(
        "resample to 5 minutes", everything, 1, lambda: sum(one.rows for one in longer.chunks(CHUNK_ROWS))
    )
    yield TimedKernel("block extremes", [columns["high"], columns["low"]], 0, lambda: quoted(chunks))
    for specs in (*([one] for one in INDICATORS), [ema(20), ema(50), atr(14)]):
        bank = IndicatorBank(specs)
        name = " + ".join(map(str, specs))
        reads = [columns[column] for column in sorted(bank.columns)]
        yield TimedKernel(name, reads, len(bank.specs), lambda specs=specs: computed(specs, chunks))
    values = IndicatorBank([ema(20), ema(50)]).update(Chunk(0, 0, rows, True, *arrays))
    fast, slow = (np.nan_to_num(values[average]) for average in (ema(20), ema(50)))
    yield TimedKernel("crossings", [fast, slow], 0, lambda: crossed(fast, slow))
    for distance in (0.0003, 0.0035, 0.045):
        work = Resolver(arrays, brackets(arrays, rows // BARS_AN_ENTRY, distance), 1)
        held = bars_held(work())
        yield TimedKernel(
            f"exits, {held:,.0f} bars held",
            everything,
            0,
            lambda work=work: Took(work() is None or work.kernel_seconds),
        )
    yield from phases(bars, columns, folder)


def tallied(batches: Iterator[RowBatch]) -> None:
    tally = Tally()
    for batch in batches:
        tally.check(batch)


def gathered(batches: Iterator[RowBatch]) -> int:
    return sum(chunk.rows for chunk in Intake(Tally(), CHUNK_ROWS, 0, False, True).chunks(batches))


def quoted(chunks: list[Chunk]) -> None:
    maker = QuoteMaker()
    for chunk in chunks:
        maker.make(chunk)


def computed(specs: list[object], chunks: list[Chunk]) -> None:
    bank = IndicatorBank(specs)
    for chunk in chunks:
        bank.update(chunk)


def crossed(fast: np.ndarray, slow: np.ndarray) -> None:
    for base in range(0, len(fast), CHUNK_ROWS):
        part = slice(base, base + CHUNK_ROWS)
        crossings(fast[part], slow[part], slow[part])


def phases(bars: bl.Bars, columns: dict[str, np.ndarray], folder: Path) -> Iterator[TimedKernel]:
    """A run of ``ema-cross`` from an Arrow store to Parquet files on one thread, where phases do not overlap."""
    store = folder / "bars.arrow"
    write_bars(bars, store)

    def took(phase: str) -> Took:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            parameters = RunParameters(strategy="ema-cross", threads=1)
            result = run(bl.open_bars(store), parameters, sink=ParquetSink(Path(out)))
        return Took(result.phase_times[phase])

    trades = run(bars, RunParameters(strategy="ema-cross", threads=1)).metrics.trades
    everything, rows = list(columns.values()), len(columns["close"])
    prices = [columns[name] for name in ("close", "high", "low")]
    yield TimedKernel("a run's ingest, from the store", everything, 5, lambda: took("ingest"))
    yield TimedKernel("a run's scan", prices, 3, lambda: took("scan"))
    yield TimedKernel("a run's simulate", everything, 0, lambda: took("simulate"))
    yield TimedKernel("a run's write, of trades", [], trades * TRADE.itemsize / rows / VALUE, lambda: took("write"))
