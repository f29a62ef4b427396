"""A thousand million generated bars through a strategy: peak memory, and what a bar costs at the end beside the beginning.

At a small scale the first tenths still fill buffers, and the ratios say nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import pairwise

from measure import Row, command

TENTHS = 10
# Bars come from the progress of the run, seconds from the processor, which other programs do not take part in.
STREAM = """
import json, sys, time
from pathlib import Path
from barloom.backtest.orchestrator import run
from barloom.backtest.parameters import RunParameters
from barloom.backtest.writer import ParquetSink
from barloom.bars import from_synthetic
from barloom.observe.memory import peak_rss
rows, tenths = int(sys.argv[1]), int(sys.argv[3])
marks, peaks = [(0, time.process_time())], []
def look(progress):
    while len(marks) <= tenths and progress.bars >= rows * len(marks) // tenths:
        marks.append((progress.bars, time.process_time()))
        peaks.append(peak_rss())
result = run(from_synthetic(rows, 1), RunParameters(strategy="ema-cross", size=1000.0), sink=ParquetSink(Path(sys.argv[2])), on_progress=look)
print(json.dumps([marks, peaks, result.report.selected_rows, result.metrics.trades, result.digest]))
"""


def billion(rows: int) -> list[Row]:
    """Bars made as they are read, through ``ema-cross``, in a process of its own."""
    with tempfile.TemporaryDirectory() as out:
        done = command([sys.executable, "-c", STREAM, str(rows), out, str(TENTHS)])
    marks, peaks, seen, trades, digest = json.loads(done.output)
    assert seen == rows and len(marks) == TENTHS + 1
    cost = [(seconds - before) / (bars - since) * 1e9 for (since, before), (bars, seconds) in pairwise(marks)]
    middle = sorted(cost[1:-1])[len(cost[1:-1]) // 2]
    spread = f"{min(cost):.3g} to {max(cost):.3g}"
    return [
        Row(
            f"{rows:,} generated bars through ema-cross",
            done.seconds,
            "s",
            note=f"{trades:,} trades, digest {digest[:16]}",
        ),
        Row("the same, a bar", middle, "ns", spread=spread, note="of processor time; median and range of the tenths"),
        Row("the same, last tenth over the second", cost[-1] / cost[1], "x", 1.2, note="the first starts up"),
        Row("the same, peak RSS", done.peak_mb, "MB", 300),
        Row("the same, peak RSS at the end over the second tenth", peaks[-1] / peaks[1], "x", 1.1),
    ]
