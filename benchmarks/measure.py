"""Timing that can be trusted on a noisy machine: interleaved repeats, medians, and ratios pair by pair."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from barloom.bench.timing import interleaved as interleaved
from barloom.bench.timing import seconds as seconds


@dataclass
class Row:
    """One line of the table: what was measured, the figure, the bar it is held to, and how to repeat it."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    spread: str = ""
    note: str = ""
    section: str = ""

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        return "met" if met else "MISSED"

    def text(self) -> str:
        bar = "" if self.limit is None else f"{'>=' if self.at_least else '<='} {self.limit:g}"
        return f"| {self.what} | {self.value:.4g} {self.unit} | {self.spread} | {bar} | {self.verdict} | {self.note} | `{self.section}` |"


HEADER = "| what | median | min to max | bar | verdict | note | section |\n|---|---|---|---|---|---|---|"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, str]:
    """Median and range of the ratios of pairs taken one after the other."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), f"{min(ratios):.3g} to {max(ratios):.3g}"


def spread(values: Sequence[float], scale: float = 1.0) -> str:
    return f"{min(values) * scale:.3g} to {max(values) * scale:.3g}"


@dataclass
class Finished:
    """A command that ended: wall seconds, its own peak memory in MB (10^6 bytes), and what it printed."""

    seconds: float
    peak_mb: float
    output: str


# The child replaces itself by the command, so that the peak the parent reads for it is the command's alone.
WAITED = """
import json, os, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
wall = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
sys.stdout.write(json.dumps([done.returncode, wall, peak, done.stdout.decode(), done.stderr.decode()]))
"""


def command(words: Sequence[str | Path]) -> Finished:
    """Run a command in a process of its own and wait for it; it must succeed."""
    waited = subprocess.run(
        [sys.executable, "-c", WAITED, *map(str, words)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    code, wall, peak, output, errors = json.loads(waited.stdout)
    if code != 0:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {code}: {errors}")
    return Finished(wall, peak / 1e6, output)


def barloom(*words: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "barloom", *words]
