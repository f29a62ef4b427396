"""``barloom data generate`` and ``ingest``: bars into files."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from barloom.bars.bars import Bars, Volume
from barloom.bars.chunk import Chunk
from barloom.bars.facts import StoreFacts
from barloom.bars.iso_time import iso
from barloom.bars.opening import from_synthetic
from barloom.bars.reading import Reading
from barloom.bars.store import ingest
from barloom.bars.writer import write_bars
from barloom.cli import output as results
from barloom.cli.given import say_taken_for
from barloom.cli.tables import counted
from barloom.errors import InputError
from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import ProgressReport
from barloom.options import default, reading_keys
from barloom.outputs import Output, head_and_tail, is_told

Chunks = Generator[Chunk, None, None]
SUFFIXES = (".csv", ".parquet", ".arrow")


@dataclass(frozen=True, slots=True)
class _Written:
    """Number of bars written so far, for the progress display."""

    bars: int
    total_bars: int | None
    seconds: float
    trades: int = 0


class _Shown(Bars):
    """Bars that report how far they were read."""

    def __init__(self, bars: Bars, progress: ProgressReport) -> None:
        super().__init__(bars.source, bars.selection, bars.on_bad_rows)
        self._progress = progress

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: Volume = False, threads: int = 2) -> Chunks:
        started = time.perf_counter()
        with closing(super().chunks(chunk_rows, history=history, volume=volume, threads=threads)) as chunks:
            for chunk in chunks:
                yield chunk
                rows = self.source.rows_at_hand()
                self._progress(_Written(chunk.base + chunk.rows, rows, time.perf_counter() - started))


GENERATED = "barloom data generate"
_GENERATED_CSV = re.compile(
    rb"timestamp,open,high,low,close,volume\n2015-01-04T22:\d\d:\d\dZ,1\.(?:1|10\d+|09\d+),1\.[01]\d*,1\.[01]\d*,1\.[01]\d*,\d+\n"
)
"""Pattern of the first rows of a CSV file of generated bars: the first week, a price near 1.10."""


def is_generated(path: Path) -> bool:
    """Check by its content if a file was made by ``data generate``."""
    head, tail = head_and_tail(path)
    mark = GENERATED.encode()
    if head.startswith((b"ARROW1", b"PAR1")):
        return mark in head or mark in tail
    return bool(_GENERATED_CSV.match(head))


def generate_command(options: argparse.Namespace) -> int:
    """Write synthetic bars.

    Raises:
        InputError: a file that must not be replaced.
    """
    path = Path(options.out)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out {path}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    remedy = "name another file, or give --force to replace it"
    if not is_told(is_generated, path):
        remedy = "name another file"
    output = Output(
        path,
        "--out",
        ours=is_generated if options.force else None,
        kind="a file that 'barloom data generate' made",
        remedy=remedy,
    )
    output.check()
    with ProgressReport(1, MemoryWatch(0)) as progress:
        written = write_bars(
            _Shown(from_synthetic(options.rows, options.seed), progress), path, output=output, made=GENERATED
        )
    results.line(f"{path}: {written:,} bars, {path.stat().st_size:,} bytes, seed {options.seed}")
    return 0


def ingest_command(options: argparse.Namespace) -> int:
    """Read files into a store.

    Raises:
        InputError: a file that cannot be read, or one that must not be replaced.
    """
    typed = {"on_bad_rows": default("on_bad_rows", "data ingest"), **vars(options)}
    given = {name: typed[name] for name in reading_keys("data ingest") if name in typed}
    reading = Reading(**given)
    bars = reading.open([Path(name) for name in options.files])
    say_taken_for(bars)
    sources = bars.source.files()
    words = {name: ",".join(value) if isinstance(value, (list, tuple)) else str(value) for name, value in given.items()}
    if "ask" in words:
        words["ask"] = Path(words["ask"]).name  # what is in it is hashed, wherever it lies
    with ProgressReport(1, MemoryWatch(0)) as progress:
        done = ingest(
            _Shown(bars, progress), sources, options.out, reading=words, symbol=reading.symbol, force=options.force
        )
    if options.format == "json":
        said = {"store": options.out, "already_ingested": done.already, **done.facts.model_dump(mode="json")}
        results.document(json.dumps(said, indent=2))
    elif done.already:
        results.line(f"{options.out}: already ingested from the same files, nothing to do (--force ingests them again)")
    else:
        results.line(_told(options.out, done.facts))
    return 0


def _told(out: str, facts: StoreFacts) -> str:
    """A store in one sentence."""
    step = "" if facts.timeframe_seconds is None else f" every {facts.timeframe_seconds:g} s"
    bad = counted(facts.dropped)
    return (
        f"{out}: {facts.rows:,} bars{step}, {iso(facts.first_ts)} to {iso(facts.last_ts)}, {facts.gaps:,} gaps"
        + (f", dropped {bad}" if bad else "")
        + f", {facts.size_bytes:,} bytes"
    )
