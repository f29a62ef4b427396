"""Works whose instructions the gate counts: each kernel over a few thousand generated bars, and one run of the command.

Runs under valgrind, which ``gate.py`` starts. Each work is led and followed by a call of ``getloadavg``, at which callgrind writes
out what it has counted since the call before; nothing else here calls it.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import barloom as bl
from barloom import indicators as kinds
from barloom.bars.chunk import Chunk
from barloom.bench.made import INDICATORS
from barloom.engine.quotes import QuoteMaker
from barloom.indicators.cache import IndicatorBank
from barloom.rules.entries import Entries
from barloom.strategies.crossings import crossings

ROWS = 20_000
WARM_ROWS = 2_000
SEED = 1

Work = Callable[[], object]
NamedWork = tuple[str, Callable[[], Work]]
EVERYTHING = "*"
SILENT, TOLD = "run: silent", "run: with -v, progress and a log"


class Made:
    """Bars, files and entries the works share: made where a work asks for them, before anything is counted."""

    def __init__(self, rows: int, folder: Path) -> None:
        drawn = next(iter(bl.from_synthetic(rows, seed=SEED).chunks(rows)))
        self.columns = tuple(
            np.ascontiguousarray(getattr(drawn, name)) for name in ("timestamp", "open", "high", "low", "close")
        )
        self.rows, self.folder = rows, folder
        self.chunk = Chunk(0, 0, rows, True, *self.columns)

    @cached_property
    def bars(self) -> bl.Bars:
        return bl.from_arrays(*self.columns)

    def file(self, suffix: str) -> Path:
        """The same bars in a file."""
        path = self.folder / f"bars-{self.rows}.{suffix}"
        if not path.exists():
            said(["data", "generate", "--rows", str(self.rows), "--seed", str(SEED), "--out", str(path)])
        return path

    def entries(self, distance: float, trail: float | None = None) -> Entries:
        """One every tenth bar, both sides by turns."""
        where = np.arange(0, self.rows - 1, 10)
        side = np.where(np.arange(len(where)) % 2, 1, -1)
        trails = None if trail is None else np.full(len(where), trail)
        return bl.Entries(where, side, stop=distance, target=distance, trail=trails)

    def finer(self) -> bl.Bars:
        """Two bars for each: its way to the open and high or low, and on to the close."""
        time, opens, high, low, close = self.columns
        middle = (high + low) / 2
        halves = (
            np.stack((time, time + 30_000_000_000), axis=1).ravel(),
            np.stack((opens, middle), axis=1).ravel(),
            np.stack((high, np.maximum(middle, close)), axis=1).ravel(),
            np.stack((np.minimum(opens, middle), low), axis=1).ravel(),
            np.stack((middle, close), axis=1).ravel(),
        )
        return bl.from_arrays(*halves)


def works(made: Made) -> dict[str, NamedWork]:
    """By name: the compiled module that is counted, ``*`` for all of the process, and what makes the work ready."""

    def computed(indicator: kinds.Indicator) -> Work:
        return lambda: IndicatorBank([indicator], 0).update(made.chunk)

    def crossed() -> Work:
        fast, slow = (IndicatorBank([ema], 0).update(made.chunk)[ema] for ema in (kinds.ema(20), kinds.ema(50)))
        return lambda: crossings(fast, slow, slow)

    def two_sides() -> Work:
        store = made.file("arrow")
        return lambda: drawn(bl.open_bars(store, ask=store))

    def checked() -> Work:
        from barloom.bars.checks import check_bars

        bars = made.bars
        return lambda: check_bars(bars)

    def resampled() -> Work:
        bars = made.bars.resample("5m")
        return lambda: drawn(bars)

    def simulated(distance: float, trail: float | None = None, **options: Any) -> Work:
        bars, entries = made.bars, made.entries(distance, trail)
        return lambda: bl.simulate(bars, entries, threads=1, **options)

    def swept() -> Work:
        bars, grid = made.bars, {"stop": ["atr:1", "atr:2", "atr:4"], "target": ["r:1", "r:2"]}
        return lambda: bl.sweep(bars, "ema-cross", grid, threads=1, keep_trades="none")

    def whole_run(*more: str) -> Work:
        options = ["--threads", "1", "--non-interactive", "--format", "json", "--out", str(made.folder / "out")]
        words = ["run", str(made.file("csv")), "--strategy", "ema-cross", *options, *more]
        return lambda: said(words)

    def told(*how: str) -> Work:
        # A line of progress for each of eight chunks: a run of usual chunks has one for every 131,072 bars at most.
        return whole_run("--chunk-rows", str(made.rows // 8), "--log-frequency", "1", *how)

    found: dict[str, NamedWork] = {
        f"indicators: {indicator}": ("indicators", lambda indicator=indicator: computed(indicator))
        for indicator in INDICATORS
    }
    return found | {
        "signals: crossings": ("signals", crossed),
        "signals: faults of entries": ("signals", lambda: lambda: made.entries(0.0003)),
        "chunking: bars of one side": ("chunking", lambda: lambda: bl.from_arrays(*made.columns)),
        "chunking: bars of two sides": ("chunking", two_sides),
        "chunking: block extremes": ("chunking", lambda: lambda: QuoteMaker().make(made.chunk)),
        "checking: check of bars": ("checking", checked),
        "resampling: minutes to five": ("resampling", resampled),
        "simulation: short trades": ("simulation", lambda: simulated(0.0003, position="overlap")),
        "simulation: long trades": ("simulation", lambda: simulated(0.0035, position="overlap")),
        "simulation: trailing stops": ("simulation", lambda: simulated(0.0009, 0.0009, position="overlap")),
        "simulation: one position": ("simulation", lambda: simulated(0.0003)),
        "simulation: sweep of six sets": ("simulation", swept),
        "drilldown: replay": ("drilldown", lambda: simulated(0.00015, position="overlap", fine=made.finer())),
        "run: all of the command": (EVERYTHING, whole_run),
        SILENT: (EVERYTHING, lambda: told("--quiet")),
        TOLD: (EVERYTHING, lambda: told("--verbose", "--log-file", str(made.folder / "told.log"))),
    }


def drawn(bars: bl.Bars) -> int:
    return sum(chunk.rows for chunk in bars.chunks(8_192, threads=1))


def said(words: list[str]) -> str:
    """Output of the command, which must succeed."""
    from barloom.cli.main import main as command

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = command(words)
    if code != 0:
        raise SystemExit(f"barloom {' '.join(words)} ended with {code}")
    return out.getvalue()


def ready(all_works: dict[str, NamedWork], names: list[str]) -> dict[str, tuple[str, Work]]:
    """The works of these names, or all without any, made ready.

    Raises:
        SystemExit: a name is not known.
    """
    if unknown := set(names) - set(all_works):
        raise SystemExit(f"unknown work {', '.join(sorted(unknown))}: known are {', '.join(all_works)}")
    return {name: (module, make()) for name, (module, make) in all_works.items() if not names or name in names}


def main() -> None:
    """Do the works named on the command line, all without, and print their names and modules as JSON."""
    names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # What is imported and made once is done with before anything is counted.
        for _, work in ready(works(Made(WARM_ROWS, folder)), names).values():
            work()
        todo = ready(works(Made(ROWS, folder)), names)
        gc.collect()
        gc.disable()
        for _, work in todo.values():
            os.getloadavg()
            work()
            os.getloadavg()
    print(json.dumps({name: module for name, (module, _) in todo.items()}))


if __name__ == "__main__":
    main()
