"""A run that passes over any number of bars in a process of its own: peak memory, and what a bar costs at the end beside the beginning.

At a small scale the first tenths still fill buffers, and the ratios say nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from measure import Row, command

TENTHS = 10
# Bars come from the progress of the run, seconds from the processor, which other programs do not take part in.
STREAM = """
import json, sys, time
from pathlib import Path
from barloom.engine.orchestrator import run
from barloom.rules.parameters import RunParameters
from barloom.engine.sinks import ParquetSink
from barloom.bars import from_synthetic, open_bars
from barloom.cli.lean import load_arrow
from barloom.observe.memory import peak_rss
load_arrow()  # as the command does
rows, out, tenths, stored = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
bars = open_bars(stored[0]) if stored else from_synthetic(rows, 1)
parameters = RunParameters(strategy="ema-cross", size=1000.0)
# What is imported where it is first used is loaded before the clock starts.
drawn = bars.chunks(1_000)
next(drawn)
drawn.close()
(out / "warm").mkdir()
run(from_synthetic(5_000, 1), parameters, sink=ParquetSink(out / "warm"))
marks, peaks = [(0, time.process_time())], []
def look(progress):
    while len(marks) <= tenths and progress.bars >= rows * len(marks) // tenths:
        marks.append((progress.bars, time.process_time()))
        peaks.append(peak_rss())
started = time.perf_counter()
result = run(bars, parameters, sink=ParquetSink(out), on_progress=look)
print(json.dumps({
    "bars": result.report.selected_rows, "trades": result.metrics.trades, "digest": result.digest, "marks": marks, "peaks": peaks,
    "seconds": time.perf_counter() - started, "phases": result.phase_times,
}))
"""


@dataclass(frozen=True)
class Streamed:
    """A run of ``ema-cross`` whose trades went to Parquet files.

    Attributes:
        marks: bars and processor seconds at the start and at each tenth of the bars.
        peaks: peak memory at each tenth, bytes.
        seconds: wall clock of the run, without the start of the process.
        phases: seconds by phase; phases overlap.
        whole_seconds, peak_mb: of the process.
    """

    bars: int
    trades: int
    digest: str
    marks: list[tuple[int, float]]
    peaks: list[int]
    seconds: float
    phases: dict[str, float]
    whole_seconds: float
    peak_mb: float


def streamed(rows: int, stored: Path | None = None) -> Streamed:
    """Run over bars made as they are read, or over those of a file."""
    with tempfile.TemporaryDirectory() as out:
        words = [sys.executable, "-c", STREAM, str(rows), out, str(TENTHS)]
        done = command([*words, *([stored] if stored else [])])
    run = Streamed(**json.loads(done.output), whole_seconds=done.seconds, peak_mb=done.peak_mb)
    assert run.bars == rows and len(run.marks) == TENTHS + 1
    return run


def billion(rows: int) -> list[Row]:
    """A thousand million generated bars."""
    run = streamed(rows)
    cost = [(seconds - before) / (bars - since) * 1e9 for (since, before), (bars, seconds) in pairwise(run.marks)]
    middle = sorted(cost[1:-1])[len(cost[1:-1]) // 2]
    spread = f"{min(cost):.3g} to {max(cost):.3g}"
    return [
        Row(
            f"{rows:,} generated bars through ema-cross",
            run.whole_seconds,
            "s",
            note=f"{run.trades:,} trades, digest {run.digest[:16]}",
        ),
        Row("the same, a bar", middle, "ns", spread=spread, note="of processor time; median and range of the tenths"),
        Row("the same, last tenth over the second", cost[-1] / cost[1], "x", 1.2, note="the first starts up"),
        Row("the same, peak RSS", run.peak_mb, "MB", 300),
        Row("the same, peak RSS at the end over the second tenth", run.peaks[-1] / run.peaks[1], "x", 1.1),
    ]
