"""The works of ``barloom bench run``, section by section. Each is made ready and its answer checked before anybody times it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from barloom.bars.bars import Bars
from barloom.bars.checks import check_bars
from barloom.bars.chunk import Chunk
from barloom.bars.opening import from_arrays, from_synthetic, open_bars
from barloom.bars.writer import write_bars
from barloom.bench.made import INDICATORS, SEED, Arrays, brackets, synthetic, trailed
from barloom.bench.timing import Took, Work
from barloom.engine.orchestrator import run, simulate
from barloom.engine.resolve import make_rules
from barloom.engine.results import RunResult
from barloom.engine.trades import REASONS
from barloom.errors import FidelityError
from barloom.indicators import Indicator
from barloom.indicators.cache import IndicatorBank
from barloom.indicators.registry import by_definition
from barloom.outputs import Output
from barloom.reference import simulator as reference
from barloom.rules.costs import Costs
from barloom.rules.entries import Entries
from barloom.rules.exits import Exits
from barloom.rules.parameters import RunParameters
from barloom.rules.sizing import Sizing
from barloom.strategies.registry import BUILT_IN
from barloom.sweeps.runner.batch import run_batch

CHUNK_ROWS = 131_072
PRICES = ("timestamp", "open", "high", "low", "close")
FILES = ("csv", "parquet", "arrow")
STRATEGY = "ema-cross"
PLAIN_BARS = 3_000
"""Bars that indicators are computed on by their definitions."""
TOLERANCE = 1e-9
BARS_AN_ENTRY = 47
"""One entry every so many bars: 170,000 on 8 million."""
JUDGED_BARS = 200_000
JUDGED_STEPS = 400_000
"""Bars that the reference simulator walks over, about, for all trades that it judges."""
SWEEP_FAST, SWEEP_SLOW = range(5, 55, 5), range(60, 260, 20)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A work whose answer was checked.

    Attributes:
        name: what it does.
        bars: bars that one call passes.
        work: the call; it returns ``Took`` where only a part of it is measured.
        checked: what the answer equalled.
    """

    name: str
    bars: int
    work: Work
    checked: str


class Bench:
    """Bars of one size, in memory and in files, made when they are first asked for.

    Args:
        rows: how many.
        folder: where the files are, or will be.
        threads: of every work.
        scratch: where runs leave what they write.
    """

    def __init__(self, rows: int, folder: Path, threads: int, scratch: Path) -> None:
        self.rows, self.folder, self.threads, self.scratch = rows, folder, threads, scratch

    @cached_property
    def arrays(self) -> Arrays:
        """Time, open, high, low, close."""
        return synthetic(self.rows)

    @cached_property
    def bars(self) -> Bars:
        """The arrays as bars."""
        return from_arrays(*self.arrays)

    @cached_property
    def chunk(self) -> Chunk:
        """The arrays as one chunk."""
        time, opens, high, low, close = self.arrays
        return Chunk(0, 0, self.rows, True, time, opens, high, low, close)

    def file(self, suffix: str) -> Path:
        """The bars in a file of this kind."""
        path = self.folder / f"bars-{self.rows}.{suffix}"
        if not path.exists():
            output = Output(path, "--keep-data")
            output.check()
            write_bars(from_synthetic(self.rows, SEED), path, output=output)
        return path


def must(holds: bool, what: str) -> None:
    """Stop before a wrong answer is timed.

    Raises:
        FidelityError: it does not hold.
    """
    if not holds:
        raise FidelityError(f"{what}: the answer is wrong, so nothing was timed; please report this")


def drawn(bars: Bars, threads: int) -> int:
    """Draw every chunk; how many bars there were."""
    return sum(chunk.rows for chunk in bars.chunks(CHUNK_ROWS, threads=threads))


def must_hold(bars: Bars, arrays: Arrays, first: int, count: int, threads: int, what: str) -> None:
    """Check that bars are ``count`` of the arrays from ``first`` on.

    Raises:
        FidelityError: they are not.
    """
    seen = 0
    for chunk in bars.chunks(CHUNK_ROWS, threads=threads):
        for name, column in zip(PRICES, arrays, strict=True):
            ours = getattr(chunk, name)[chunk.history :]
            must(np.array_equal(ours, column[first + seen : first + seen + chunk.rows]), f"{what}, {name}")
        seen += chunk.rows
    must(seen == count, f"{what}, {seen:,} of {count:,} bars")


def load(bench: Bench) -> Iterator[Prepared]:
    """Open a file and draw every chunk of it."""
    for suffix in FILES:
        path = bench.file(suffix)
        must_hold(open_bars(path), bench.arrays, 0, bench.rows, bench.threads, f"load of {suffix}")

        def work(path: Path = path) -> int:
            return drawn(open_bars(path), bench.threads)

        yield Prepared(f"load {suffix}", bench.rows, work, "every bar that was generated")


def cut(bench: Bench) -> Iterator[Prepared]:
    """Open a file and draw its second quarter."""
    first, last = bench.rows // 4, bench.rows // 2
    for suffix in FILES:
        path = bench.file(suffix)
        part = open_bars(path).select(fraction=0.25, portion=2)
        start = int(np.searchsorted(bench.arrays[0], next(iter(part.chunks(CHUNK_ROWS))).timestamp[0]))
        count = drawn(part, bench.threads)
        must(abs(start - first) <= 1 and abs(start + count - last) <= 1, f"slice of {suffix}")
        must_hold(part, bench.arrays, start, count, bench.threads, f"slice of {suffix}")

        def work(path: Path = path) -> int:
            return drawn(open_bars(path).select(fraction=0.25, portion=2), bench.threads)

        yield Prepared(f"slice of {suffix}, a quarter", count, work, "the second quarter of what was generated")


def check(bench: Bench) -> Iterator[Prepared]:
    """Look at every bar of the store for what may be wrong."""
    path = bench.file("arrow")
    found = check_bars(open_bars(path))
    must(found.verdict == "clean" and found.bars == found.rows == bench.rows, "check of arrow")
    yield Prepared(
        "check arrow", bench.rows, lambda: check_bars(open_bars(path)), "clean, and as many bars as were generated"
    )


def indicators(bench: Bench) -> Iterator[Prepared]:
    """Each indicator over all bars at once."""
    bars = {name: column[:PLAIN_BARS].tolist() for name, column in zip(PRICES, bench.arrays, strict=True)}
    for indicator in INDICATORS:
        values = IndicatorBank([indicator], 0).update(bench.chunk)[indicator]
        want = np.array(by_definition(indicator, bars))
        same = np.allclose(values[:PLAIN_BARS], want, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        must(bool(same), f"indicator {indicator}")
        must(not np.isnan(values[PLAIN_BARS:]).any(), f"indicator {indicator}, bars without a value")

        def work(indicator: Indicator = indicator) -> object:
            return IndicatorBank([indicator], 0).update(bench.chunk)

        yield Prepared(
            str(indicator), bench.rows, work, f"its definition on the first {len(want):,} bars, within {TOLERANCE:g}"
        )


def resolver(bench: Bench) -> Iterator[Prepared]:
    """Overlapping entries made beforehand: exits and ledger, without the drawing of the bars."""
    count = max(2, bench.rows // BARS_AN_ENTRY)

    def asked(arrays: Arrays, count: int, distance: float, trailing: bool) -> Entries:
        entries = brackets(arrays, count, distance)
        return trailed(entries, distance, distance) if trailing else entries

    kinds = {"short": (0.0003, False), "long": (0.011, False), "trailing": (0.0009, True)}
    for name, (distance, trailing) in kinds.items():
        entries = asked(bench.arrays, count, distance, trailing)
        result = simulate(bench.bars, entries, position="overlap", threads=bench.threads)
        held = result.metrics.average_bars_held or 1.0
        head = min(bench.rows, JUDGED_BARS)
        few = max(20, min(int(JUDGED_STEPS / held), head // BARS_AN_ENTRY))
        arrays = tuple(column[:head] for column in bench.arrays)
        judged = against_reference(arrays, asked(arrays, few, distance, trailing), bench.threads, name)

        def work(entries: Entries = entries) -> Took:
            again = simulate(bench.bars, entries, position="overlap", threads=bench.threads)
            return Took(again.phase_times["simulate"])

        told = f"the reference simulator on {judged:,} trades, every column"
        yield Prepared(f"{name} trades, {count:,} of {held:,.0f} bars", bench.rows, work, told)


def against_reference(arrays: Arrays, entries: Entries, threads: int, what: str) -> int:
    """Simulate entries by the engine and by the reference simulator; how many trades were equal.

    Raises:
        FidelityError: a trade differs.
    """
    result = simulate(from_arrays(*arrays), entries, position="overlap", threads=threads)
    rules = make_rules(Exits(), Costs(), Sizing(units=1.0), position="overlap")
    bars = reference.ReferenceBars(*(column.tolist() for column in arrays))
    judged = reference.simulate(bars, entries, rules).trades
    ours = result.sink.columns
    must(len(ours["trade_id"]) == len(judged), f"resolver, {what} trades")
    for name, values in ours.items():
        mine = [REASONS[code] for code in values.tolist()] if name == "exit_reason" else values.tolist()
        for a, trade in zip(mine, judged, strict=True):
            b = getattr(trade, name)
            must(a == b or (a != a and b != b), f"resolver, {what} trades, {name} {a} for {b}")
    return len(judged)


def engine(bench: Bench) -> Iterator[Prepared]:
    """Indicators, signals, exits, ledger and metrics of the built-in strategies over bars in memory."""
    for name in BUILT_IN:
        parameters = RunParameters(strategy=name, threads=bench.threads)
        other = run(bench.bars, parameters.model_copy(update={"threads": 1, "chunk_rows": 10_000}))
        must(run(bench.bars, parameters).digest == other.digest, f"engine, {name}")

        def work(parameters: RunParameters = parameters) -> RunResult:
            return run(bench.bars, parameters)

        judged = other.self_check.judged_trades if other.self_check is not None else 0
        told = f"itself on one thread in other chunks, and the reference simulator on {judged} trades"
        yield Prepared(f"engine, {name}", bench.rows, work, told)


def sweep(bench: Bench) -> Iterator[Prepared]:
    """A hundred pairs of averages with their brackets over bars in memory."""
    sets = [
        RunParameters(strategy=STRATEGY, params={"fast": fast, "slow": slow})
        for fast in SWEEP_FAST
        for slow in SWEEP_SLOW
    ]
    table = run_batch(bench.bars, sets, threads=bench.threads).table
    places = (0, len(sets) // 2, len(sets) - 1)
    for place in places:
        alone, row = run(bench.bars, sets[place]), table.slice(place, 1).to_pylist()[0]
        must(row["error"] is None, f"sweep, set {place}: {row['error']}")
        must((alone.checksum, alone.metrics.net_pnl) == (row["checksum"], row["net_pnl"]), f"sweep, set {place}")
    yield Prepared(
        f"sweep of {len(sets)} sets",
        bench.rows * len(sets),
        lambda: run_batch(bench.bars, sets, threads=bench.threads),
        f"runs of {len(places)} of its sets alone",
    )


def command(bench: Bench) -> Iterator[Prepared]:
    """``barloom run`` as a process of its own, from its start to its end."""
    want = run(bench.bars, RunParameters(strategy=STRATEGY)).digest
    for suffix in ("csv", "arrow"):
        words = [sys.executable, "-m", "barloom", "run", str(bench.file(suffix)), "--strategy", STRATEGY]
        words += ["--threads", str(bench.threads), "--non-interactive", "--format", "json"]
        words += ["--out", str(bench.scratch / "results")]

        def work(words: list[str] = words) -> bytes:
            done = subprocess.run(words, capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"})
            said = done.stderr.decode("utf-8", errors="replace").strip().rpartition("\n")[2]
            must(done.returncode == 0, f"'barloom run' ended with {done.returncode} ({said})")
            return done.stdout

        must(json.loads(work())["digest"] == want, f"command from {suffix}")
        yield Prepared(f"barloom run from {suffix}", bench.rows, work, "the digest of the same run over bars in memory")


SECTIONS: dict[str, Callable[[Bench], Iterator[Prepared]]] = {
    "load": load,
    "slice": cut,
    "check": check,
    "indicators": indicators,
    "resolver": resolver,
    "engine": engine,
    "sweep": sweep,
    "command": command,
}
