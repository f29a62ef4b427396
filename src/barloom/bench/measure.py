"""A whole ``barloom bench run``: every work is prepared and checked, then all are timed in turn, repeat by repeat."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from barloom.bench.records import BenchRecord, Measurement
from barloom.bench.sections import SECTIONS, Bench, Prepared
from barloom.bench.timing import interleaved
from barloom.engine.orchestrator import available_cores
from barloom.errors import InputError
from barloom.jobs.records import Machine
from barloom.observe.machine import machine, versions

LEAST_ROWS = 10_000
"""Fewer bars would measure what surrounds the work."""

Tell = Callable[[str], None]


def measure(
    sizes: Sequence[int],
    sections: Sequence[str],
    *,
    repeats: int,
    threads: int | None = None,
    folder: Path | None = None,
    tell: Tell = lambda text: None,
) -> BenchRecord:
    """Measure sections over generated bars.

    Args:
        sizes: numbers of bars, one after the other.
        sections: names in ``SECTIONS``.
        repeats: rounds that are counted, after one that is not.
        threads: of every work; None for the cores there are.
        folder: where generated files are kept for the next time; None for a temporary one.
        tell: called with what is being done.

    Raises:
        InputError: too few bars, one size twice, or files that cannot be written.
        FidelityError: an answer is wrong; nothing was timed.
    """
    if small := [rows for rows in sizes if rows < LEAST_ROWS]:
        raise InputError(f"--rows {small[0]}: at least {LEAST_ROWS:,}, fewer measure what surrounds the work")
    if len(set(sizes)) < len(sizes):
        raise InputError(f"--rows {','.join(map(str, sizes))}: a size stands there twice, leave one out")
    threads = min(threads or available_cores(), available_cores())
    started = datetime.now(UTC)
    found: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="barloom-bench-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        benches = [Bench(rows, place, threads, Path(temporary)) for rows in sizes]
        for bench in benches:
            rows = bench.rows
            ready: list[tuple[str, Prepared]] = []
            for section in sections:
                tell(f"{rows:,} bars: {section} is made ready and checked")
                ready += [(section, prepared) for prepared in SECTIONS[section](bench)]
            before = partial(_tell_round, tell, rows, repeats)
            taken = interleaved([prepared.work for _, prepared in ready], repeats, before=before)
            found += [
                Measurement.of(section, prepared.name, rows, prepared.bars, times, prepared.checked)
                for (section, prepared), times in zip(ready, taken, strict=True)
            ]
    return BenchRecord(
        started_at=started,
        ended_at=datetime.now(UTC),
        versions=versions(),
        machine=Machine(**machine()),
        repeats=repeats,
        threads=threads,
        measurements=tuple(found),
    )


def _tell_round(tell: Tell, rows: int, repeats: int, number: int) -> None:
    tell(f"{rows:,} bars: round {number} of {repeats}" if number else f"{rows:,} bars: a round that is not counted")
