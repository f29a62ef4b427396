"""``barloom data generate`` and ``barloom data info``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from barloom.bars.bars import Bars, from_synthetic
from barloom.bars.chunk import Chunk
from barloom.bars.info import describe
from barloom.bars.writer import write_bars
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
    total_bars: int
    seconds: float
    trades: int = 0


class _Shown(Bars):
    """Bars that tell how far they were drawn."""

    def __init__(self, bars: Bars, rows: int, progress: ProgressReport) -> None:
        super().__init__(bars.source)
        self._rows, self._progress = rows, progress

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: bool = False, threads: int = 2) -> Chunks:
        started = time.perf_counter()
        with closing(super().chunks(chunk_rows, history=history, volume=volume, threads=threads)) as chunks:
            for chunk in chunks:
                yield chunk
                self._progress(_Written(chunk.base + chunk.rows, self._rows, time.perf_counter() - started))


def _generate(options: argparse.Namespace) -> int:
    path = Path(options.out)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out {path}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no folder '{path.parent}'; make it or name another file")
    if path.exists() and not options.force:
        raise InputError(f"--out {path} exists: name another file, or give --force to replace it")
    with ProgressReport(1, MemoryWatch(0)) as progress:
        written = write_bars(_Shown(from_synthetic(options.rows, options.seed), options.rows, progress), path)
    print(f"{path}: {written:,} bars, {path.stat().st_size:,} bytes, seed {options.seed}")
    return 0


def _info(options: argparse.Namespace) -> int:
    found = describe(Path(options.file), options.columns, options.ignore_columns or ())
    if options.format == "json":
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return 0
    step = found.timeframe_seconds
    bad = ", ".join(f"{number:,} {kind}" for kind, number in found.bad_rows.items() if number)
    rows = {
        "file": found.path,
        "kind": f"{found.kind}, {found.size_bytes:,} bytes",
        "bars": f"{found.bars:,}" + ("" if found.bars == found.rows else f" of {found.rows:,} rows"),
        "bad rows": bad or "none",
        "first": found.first,
        "last": found.last,
        "step": "-" if step is None else f"{step:g} s",
        "columns": ", ".join(f"{name} ({kind})" for name, kind in found.columns.items()),
        "content hash": found.content_hash,
    }
    sys.stdout.write(render(facts_table(rows.items())))
    return 0


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the action.

    Raises:
        InputError: a file that cannot be read, or one that must not be replaced.
    """
    leave_pandas_out()
    return {"generate": _generate, "info": _info}[options.action](options)
