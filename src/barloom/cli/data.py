"""``barloom data generate``, ``ingest`` and ``info``; ``check`` is in a file of its own."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from barloom.backtest.reading import Reading
from barloom.bars.bars import Bars, from_synthetic
from barloom.bars.chunk import Chunk
from barloom.bars.facts import SourceFile, StoreFacts
from barloom.bars.info import describe
from barloom.bars.store import ingest
from barloom.bars.times import iso
from barloom.bars.writer import write_bars
from barloom.cli.check import check_command
from barloom.cli.lean import leave_pandas_out
from barloom.cli.tables import facts_table, render
from barloom.errors import InputError
from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import ProgressReport

Chunks = Generator[Chunk, None, None]
SUFFIXES = (".csv", ".parquet", ".arrow")


@dataclass(frozen=True, slots=True)
class _Written:
    """Bars written so far, as progress shows them."""

    bars: int
    total_bars: int | None
    seconds: float
    trades: int = 0


class _Shown(Bars):
    """Bars that tell how far they were drawn."""

    def __init__(self, bars: Bars, progress: ProgressReport) -> None:
        super().__init__(bars.source, bars.selection, bars.on_bad_rows)
        self._progress = progress

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: bool = False, threads: int = 2) -> Chunks:
        started = time.perf_counter()
        with closing(super().chunks(chunk_rows, history=history, volume=volume, threads=threads)) as chunks:
            for chunk in chunks:
                yield chunk
                rows = self.source.rows_at_hand()
                self._progress(_Written(chunk.base + chunk.rows, rows, time.perf_counter() - started))


def _generate(options: argparse.Namespace) -> int:
    path = Path(options.out)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out {path}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no folder '{path.parent}'; make it or name another file")
    if path.exists() and not options.force:
        raise InputError(f"--out {path} exists: name another file, or give --force to replace it")
    with ProgressReport(1, MemoryWatch(0)) as progress:
        written = write_bars(_Shown(from_synthetic(options.rows, options.seed), progress), path)
    print(f"{path}: {written:,} bars, {path.stat().st_size:,} bytes, seed {options.seed}")
    return 0


TOLD = ("columns", "ignore_columns", "input_format", "time_zone", "stamp", "symbol")
READING = (*TOLD, "on_bad_rows", "drop_spikes")
"""Options of ``ingest`` that say how the files are read; those of ``info`` before."""


def _ingest(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in READING if getattr(options, name) is not None}
    reading = Reading(**given)
    files = [Path(name) for name in options.files]
    bars = reading.open(files[0] if len(files) == 1 else files)
    if bars.taken_for:
        print(f"barloom: {bars.taken_for}", file=sys.stderr, flush=True)
    sources = bars.source.paths or (Path(bars.label),)
    words = {name: ",".join(value) if isinstance(value, (list, tuple)) else str(value) for name, value in given.items()}
    with ProgressReport(1, MemoryWatch(0)) as progress:
        done = ingest(
            _Shown(bars, progress), sources, options.out, reading=words, symbol=reading.symbol, force=options.force
        )
    if options.format == "json":
        said = {"store": options.out, "already_ingested": done.already, **done.facts.model_dump(mode="json")}
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    elif done.already:
        print(f"{options.out}: already ingested from the same files, nothing to do (--force ingests them again)")
    else:
        print(_told(options.out, done.facts))
    return 0


def _told(out: str, facts: StoreFacts) -> str:
    """A store in one sentence."""
    step = "" if facts.timeframe_seconds is None else f" every {facts.timeframe_seconds:g} s"
    bad = ", ".join(f"{number:,} {kind}" for kind, number in facts.dropped.items() if number)
    return (
        f"{out}: {facts.rows:,} bars{step}, {iso(facts.first_ts)} to {iso(facts.last_ts)}, {facts.gaps:,} gaps"
        + (f", dropped {bad}" if bad else "")
        + f", {facts.size_bytes:,} bytes"
    )


def _info(options: argparse.Namespace) -> int:
    told = {name: getattr(options, name) for name in TOLD if getattr(options, name) is not None}
    found = describe(options.file, **told)
    if options.format == "json":
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return 0
    step = found.timeframe_seconds
    bad = ", ".join(f"{number:,} {kind}" for kind, number in found.bad_rows.items() if number)
    store = found.store
    rows = {
        "file": found.path,
        "kind": f"{found.kind}, {found.size_bytes:,} bytes",
        "bars": f"{found.bars:,}" + ("" if found.bars == found.rows else f" of {found.rows:,} rows"),
        "bad rows": bad or "none",
        "first": found.first,
        "last": found.last,
        "step": "-" if step is None else f"{step:g} s",
        "gaps": f"{found.gaps:,}"
        + (
            "" if found.longest_gap_seconds is None else f", the longest {timedelta(seconds=found.longest_gap_seconds)}"
        ),
        "price side": found.price_side or "not known",
        "columns": ", ".join(f"{name} ({kind})" for name, kind in found.columns.items()),
        "content hash": found.content_hash,
    }
    if found.taken_for:
        rows["taken for"] = found.taken_for
    if store is not None:
        rows |= {f"source {number}": _source(file) for number, file in enumerate(store.sources, 1)}
        dropped = ", ".join(f"{number:,} {kind}" for kind, number in store.dropped.items() if number)
        rows |= {"dropped at ingest": dropped or "none", "ingested by": f"barloom {store.version}"}
    sys.stdout.write(render(facts_table(rows.items())))
    return 0


def _source(file: SourceFile) -> str:
    return f"{file.name}, {file.size_bytes:,} bytes, sha256 {file.sha256[:16]}..."


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the action.

    Raises:
        InputError: a file that cannot be read, or one that must not be replaced.
    """
    leave_pandas_out()
    actions = {"generate": _generate, "ingest": _ingest, "check": check_command, "info": _info}
    return actions[options.action](options)
