"""Measures how cost grows, and writes docs/project/scaling.md: rows, trades, holding time, sets, threads, chunk size, and the roofline.

python benchmarks/scaling.py                            everything (some ten minutes, 5 GB of disk): prints the tables
python benchmarks/scaling.py holding chunk              these parts
python benchmarks/scaling.py rows --at 1000000          one size of a part
python benchmarks/scaling.py --record benchmarks/scaling.json --write docs/project/scaling.md     the page and its pictures too
python benchmarks/scaling.py --from benchmarks/scaling.json --write docs/project/scaling.md       nothing is measured again

Answers are compared before anything is timed; what a table compares is timed in turn.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import barloom as bl
import pages
import roofline
from barloom.bars.writer import write_bars
from barloom.engine.orchestrator import CHUNK_ROWS, available_cores, run
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch
from endless import Streamed, streamed
from made import Arrays, brackets, synthetic
from measure import Row, interleaved
from resolving import Resolver, bars_held

LONG = 50_000_000  # bars from which on a run is made once
STORED = 100_000_000  # bars above which a store would fill the disk
HELD = 0.0009  # from the fill to stop and target, where they do not vary: trades of some hundred bars
Bars = bl.Bars


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of the measurement: scale of bars and trades, counted repeats, folder of generated stores."""

    folder: Path
    repeats: int
    scale: float

    def of(self, bars: int) -> int:
        """So many bars, at this scale."""
        return int(bars * self.scale)


@dataclass(frozen=True, slots=True)
class Point:
    """A row of a table.

    Attributes:
        what: which of the works of a part.
        at: the input that varies.
        x: where it stands in the picture.
        figures: each repeat's, in the unit of the part.
        more: what else the row says, by column.
    """

    what: str
    at: int
    x: float
    figures: list[float]
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A table: what varies, its values unless told otherwise, the unit of the figures, and what measures it."""

    varies: str
    at: tuple[int, ...]
    unit: str
    measure: Callable[[Setting, Sequence[int]], list[Point]]
    scaled: bool = False


@cache
def arrays_of(rows: int) -> Arrays:
    return synthetic(rows)


@cache
def bars_of(rows: int) -> Bars:
    return bl.from_arrays(*arrays_of(rows))


def rows(setting: Setting, sizes: Sequence[int]) -> list[Point]:
    """Runs of ``ema-cross`` as processes, over bars made as they are read, and over those of an Arrow store."""
    found = []
    for size in sizes:
        sources: dict[str, Path | None] = {"generated": None}
        if size <= STORED:
            sources["from the store"] = setting.folder / f"bars-{size}.arrow"
            if not sources["from the store"].exists():
                write_bars(bl.from_synthetic(size, seed=1), sources["from the store"])
        taken: dict[str, list[Streamed]] = {what: [] for what in sources}
        for _ in range(1 if size >= LONG else setting.repeats):
            for what, path in sources.items():
                taken[what].append(streamed(size, path))
        assert len({one.digest for those in taken.values() for one in those}) == 1, size
        for what, those in taken.items():
            middle = sorted(those, key=lambda one: one.seconds)[len(those) // 2]
            phases = ", ".join(f"{name} {short(1e9 * seconds / size)}" for name, seconds in middle.phases.items())
            more = {
                "the process, s": f"{statistics.median(one.whole_seconds for one in those):.3g}",
                "peak RSS, MB": f"{max(one.peak_mb for one in those):.0f}",
                "trades": f"{middle.trades:,}",
                "phases, ns a bar": phases,
            }
            found.append(Point(what, size, size, [1e9 * one.seconds / size for one in those], more))
    return found


def trades(setting: Setting, counts: Sequence[int]) -> list[Point]:
    """``simulate`` of overlapping entries made beforehand, over bars in memory: exits, ledger and metrics."""
    size = setting.of(4_000_000)
    bars, arrays = bars_of(size), arrays_of(size)
    entries = [brackets(arrays, count, HELD) for count in counts]
    works = []
    for one in entries:
        alone = bl.simulate(bars, one, position="overlap", threads=1, chunk_rows=10_000)
        assert alone.trades_count == len(one)
        assert bl.simulate(bars, one, position="overlap").digest == alone.digest
        works.append(lambda one=one: bl.simulate(bars, one, position="overlap"))
    found = []
    for count, times in zip(counts, interleaved(works, setting.repeats), strict=True):
        middle = statistics.median(times)
        more = {"ns a trade": short(1e9 * middle / count), "ns a bar": short(1e9 * middle / size)}
        found.append(Point(f"over {size:,} bars", count, count, [1e3 * one for one in times], more))
    return found


def holding(setting: Setting, distances: Sequence[int]) -> list[Point]:
    """The exit resolver, for entries whose stop and target are nearer or farther."""
    arrays, count = arrays_of(setting.of(8_000_000)), setting.of(170_000)
    works = [Resolver(arrays, brackets(arrays, count, 1e-5 * points), available_cores()) for points in distances]
    held = [bars_held(work()) for work in works]
    taken = [[work.nanoseconds() for work in works] for _ in range(setting.repeats)]
    found = []
    for number, (points, bars) in enumerate(zip(distances, held, strict=True)):
        whole, inside = zip(*(times[number] for times in taken), strict=True)
        more = {"bars held": f"{bars:,.0f}", "with the ledger, ns": f"{statistics.median(whole):.0f}"}
        found.append(Point(f"{count:,} entries", points, bars, list(inside), more))
    return found


def exit_sets(count: int) -> list[RunParameters]:
    """Sets that share their signals: stops, targets and trails in ATR."""
    ladder = product(range(10), range(2, 21, 2), range(1, 11))
    return [
        RunParameters(
            strategy="ema-cross", params={"fast": 15, "slow": 55}, size=1000.0,
            stop=f"atr:{stop}", target=f"atr:{target}", trail=f"atr:{trail + 1.5}",
        )
        for _, (trail, target, stop) in zip(range(count), ladder, strict=False)
    ]  # fmt: skip


def signal_sets(count: int) -> list[RunParameters]:
    """Pairs of averages with the strategy's own brackets."""
    pairs = product(range(110, 310, 2), range(5, 105))
    return [
        RunParameters(strategy="ema-cross", params={"fast": fast, "slow": slow}, size=1000.0)
        for _, (slow, fast) in zip(range(count), pairs, strict=False)
    ]


def sets(setting: Setting, counts: Sequence[int]) -> list[Point]:
    """Sweeps in this process over bars in memory, judged by runs of the first and the last set alone."""
    size = setting.of(1_000_000)
    bars = bars_of(size)
    kinds = {"exits of shared signals": exit_sets, "signals, each with its exits": signal_sets}
    jobs = [(what, count, make(count)) for count in counts for what, make in kinds.items()]
    for what, count, those in jobs:
        assert len(those) == count, f"{what}: at most {len(those)} sets"
        column = run_batch(bars, those).table["checksum"].to_pylist()
        for place in (0, count - 1):
            assert run(bars, those[place]).checksum == column[place], (what, count, place)
    times = interleaved([lambda those=those: run_batch(bars, those) for _, _, those in jobs], setting.repeats)
    found = []
    for (what, count, _), taken in zip(jobs, times, strict=True):
        middle = statistics.median(taken)
        more = {"s": f"{middle:.3g}", "M bar-sets/s": f"{count * size / middle / 1e6:.3g}"}
        found.append(Point(what, count, count, [1e9 * one / (count * size) for one in taken], more))
    return found


def threads(setting: Setting, counts: Sequence[int]) -> list[Point]:
    """The same works on more and more threads of one process; the digests stay what they are."""
    most = available_cores()
    if beyond := [count for count in counts if not 1 <= count <= most]:
        raise SystemExit(f"threads --at {beyond[0]}: this machine has {most} cores")
    size = setting.of(4_000_000)
    bars, swept = bars_of(size), bars_of(setting.of(1_000_000))
    entries = brackets(arrays_of(size), setting.of(400_000), HELD)
    store = setting.folder / f"bars-{size}.arrow"
    if not store.exists():
        write_bars(bars, store)
    hundred = exit_sets(100)
    works: dict[str, Callable[[int], object]] = {
        "run of ema-cross, in memory": lambda n: run(bars, RunParameters(strategy="ema-cross", threads=n)).digest,
        "run of ema-cross, from the store": lambda n: (
            run(bl.open_bars(store), RunParameters(strategy="ema-cross", threads=n)).digest
        ),
        f"{len(entries):,} overlapping entries": lambda n: (
            bl.simulate(bars, entries, position="overlap", threads=n).digest
        ),
        "sweep of 100 exits": lambda n: run_batch(swept, hundred, threads=n).table["checksum"].to_pylist(),
    }
    for what, work in works.items():
        alone = work(1)
        assert all(work(count) == alone for count in counts), what
    jobs = [(what, count) for what in works for count in dict.fromkeys((1, *counts))]
    times = interleaved([lambda what=what, count=count: works[what](count) for what, count in jobs], setting.repeats)
    by = dict(zip(jobs, times, strict=True))
    found = []
    for what, count in product(works, counts):
        gains = [one / many for one, many in zip(by[what, 1], by[what, count], strict=True)]
        gain = statistics.median(gains)
        more = {"times as fast as one": f"{gain:.2f}", "of the ideal": f"{100 * gain / count:.0f}%"}
        found.append(Point(what, count, count, [1e3 * one for one in by[what, count]], more))
    return found


def chunks(setting: Setting, sizes: Sequence[int]) -> list[Point]:
    """The same works in smaller and larger chunks; the digests stay what they are."""
    size, less = setting.of(4_000_000), setting.of(1_000_000)
    bars, swept, hundred = bars_of(size), bars_of(less), exit_sets(100)
    works: dict[str, tuple[int, Callable[[int], object]]] = {
        "run of ema-cross, a bar": (
            size,
            lambda n: run(bars, RunParameters(strategy="ema-cross", chunk_rows=n)).digest,
        ),
        "sweep of 100 exits, a bar-set": (
            100 * less,
            lambda n: run_batch(swept, hundred, chunk_rows=n).table["checksum"].to_pylist(),
        ),
    }
    for what, (_, work) in works.items():
        usual = work(CHUNK_ROWS)
        assert all(work(rows) == usual for rows in sizes), what
    jobs = [(what, rows) for what in works for rows in sizes]
    times = interleaved([lambda what=what, rows=rows: works[what][1](rows) for what, rows in jobs], setting.repeats)
    return [
        Point(
            what,
            rows,
            rows,
            [1e9 * one / works[what][0] for one in taken],
            {"note": "the default"} if rows == CHUNK_ROWS else {},
        )
        for (what, rows), taken in zip(jobs, times, strict=True)
    ]


def passes(setting: Setting, at: Sequence[int]) -> list[Point]:
    """Each kernel and each phase beside a plain pass over the same columns."""
    found = []
    for one in roofline.measured(setting.of(8_000_000), setting.repeats):
        over = [kernel / plain for kernel, plain in zip(one.kernel, one.plain, strict=True)]
        more = {
            "plain pass, ns": f"{statistics.median(one.plain):.3g}",
            "over it": f"{statistics.median(over):.3g} x",
            "GB/s": f"{one.bytes_a_bar / statistics.median(one.kernel):.3g}",
            "plain pass, GB/s": f"{one.bytes_a_bar / statistics.median(one.plain):.3g}",
        }
        found.append(Point(one.name, round(one.bytes_a_bar), one.bytes_a_bar, one.kernel, more))
    return found


def doubled(most: int) -> tuple[int, ...]:
    """1, 2, 4 and so on, and the most."""
    return (*(1 << power for power in range(most.bit_length()) if 1 << power < most), most)


PARTS: dict[str, Part] = {
    "rows": Part("bars", (1_000_000, 10_000_000, 100_000_000, 1_000_000_000), "ns a bar", rows, scaled=True),
    "trades": Part("trades", (1_000, 10_000, 100_000, 1_000_000), "ms", trades, scaled=True),
    "holding": Part("points to stop and target", (30, 90, 350, 1_100, 4_500), "ns a trade", holding),
    "sets": Part("sets", (1, 10, 100, 1_000), "ns a bar-set", sets),
    "threads": Part("threads", doubled(available_cores()), "ms", threads),
    "chunk": Part("bars in a chunk", (4_096, 16_384, 65_536, CHUNK_ROWS, 262_144, 1_048_576), "ns", chunks),
    "roofline": Part("bytes a bar", (), "ns a bar", passes),
}


def measured(name: str, setting: Setting, at: Sequence[int] = ()) -> list[Point]:
    """The points of a part, at its own values unless others are given."""
    part = PARTS[name]
    return part.measure(setting, at or [setting.of(value) if part.scaled else value for value in part.at])


def short(value: float) -> str:
    """Three digits, and no exponent."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(name: str, one: pages.Section) -> str:
    """The table of a part, with the command that repeats each row, and when and where it was measured."""
    part, points = PARTS[name], [Point(**row) for row in one["rows"]]
    more = list(dict.fromkeys(column for point in points for column in point.more))
    scale, lines = "" if one["scale"] == 1 else f" --scale {one['scale']:g}", []
    for point in points:
        command = f"python benchmarks/scaling.py {name}{f' --at {point.at}' if part.at else ''}"
        least, most = short(min(point.figures)), short(max(point.figures))
        several = f"{least} to {most}" if len(point.figures) > 1 else "once"
        cells = [point.what, f"{point.at:,}", short(statistics.median(point.figures)), several]
        cells += [point.more.get(column, "") for column in more]
        lines.append([*cells, f"`{command}{scale}`"])
    head = ["what", part.varies, part.unit, "min to max", *more, "again"]
    return "\n".join([pages.markdown(head, lines), "", pages.stamps({name: one})])


def shown(folder: Path, repeats: int, scale: float) -> list[Row]:
    """All tables printed, as a section of ``run.py``, which has no rows of its own."""
    setting = Setting(folder, repeats, scale)
    for name in PARTS:
        points = measured(name, setting)
        print(f"\n{table(name, pages.section([asdict(point) for point in points], scale=scale))}", flush=True)
    return []


def write(path: Path, found: Mapping[str, pages.Section]) -> None:
    """The tables of the page and the pictures beside it."""
    import pictures

    pages.fill(path, {name: table(name, one) for name, one in found.items()})
    for name, one in found.items():
        part, points = PARTS[name], [Point(**row) for row in one["rows"]]
        pictures.draw(path.parent / "pictures" / f"{name}.svg", name, part.varies, part.unit, points)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help=f"which to measure, all unless named: {' '.join(PARTS)}")
    parser.add_argument("--at", type=int, nargs="+", default=[], help="values of what varies, for one part")
    parser.add_argument(
        "--repeats", type=int, default=5, help="counted repeats; runs of 50,000,000 bars and more are made once"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the bars and trades, to try it out; 1 to measure")
    parser.add_argument(
        "--data", type=Path, help="folder for generated bars, kept for the next time; default: a temporary one"
    )
    parser.add_argument("--record", type=Path, help="keep the points in this JSON file, in place of those of the parts")
    parser.add_argument("--write", type=Path, help="page whose tables and pictures are made anew")
    parser.add_argument("--from", dest="kept", type=Path, help="measure nothing: write the page from this record")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}: known are {' '.join(PARTS)}")
    if options.kept:
        if not options.write or options.part or options.record:
            parser.error("--from measures nothing: it needs --write, and takes no part and no --record")
        write(options.write, pages.read(options.kept))
        return
    names = options.part or list(PARTS)
    if options.at and (len(names) != 1 or not PARTS[names[0]].at or min(options.at) < 1):
        parser.error("--at takes whole numbers from 1 on for one part, and not for roofline")
    if options.at and (options.record or options.write):
        parser.error("--at repeats rows, of which a table has more: it goes without --record and --write")
    pages.ready(options.record, options.write, names)
    found: dict[str, pages.Section] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        setting = Setting(folder, options.repeats, options.scale)
        for name in names:
            points = measured(name, setting, options.at)
            found[name] = pages.section([asdict(point) for point in points], scale=options.scale)
            print(f"{table(name, found[name])}\n", flush=True)
            if options.record:
                pages.keep(options.record, {name: found[name]})
    if options.write:
        write(options.write, found)


if __name__ == "__main__":
    main()
