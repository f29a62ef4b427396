"""The audit's share of a run, in processor time: ``python benchmarks/audit_share.py [rows] [times]``.

Three strategies over generated bars in memory: two that are built in, and one of NumPy's sums as users write them. Of each the run with
the least processor time is told, and what the thread that asks spent in the audit meanwhile.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import barloom as bl
from barloom.engine.audit.audit import Audit

OWN = """
import numpy as np
from barloom import Entries, Strategy
from barloom.indicators import atr


class Own(Strategy):
    lookback = 100

    def indicators(self):
        return {"atr": atr(14)}

    def signals(self, window):
        total = np.cumsum(window.close)
        mean = np.full(len(total), np.nan)
        mean[50:] = (total[50:] - total[:-50]) / 50
        above = window.close > mean + 0.5 * window["atr"]
        bars = np.flatnonzero(above[51:] & ~above[50:-1]) + 51
        stop = 2 * window["atr"][bars]
        return Entries(bars, 1, stop, stop)
"""


def measured(bars: bl.Bars, strategy: str) -> tuple[float, float, int]:
    """Processor seconds of a run and of its audit, and the decisions it asked for again."""
    spent = 0.0
    methods = {name: getattr(Audit, name) for name in ("__init__", "look", "finish")}

    def timed(method: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal spent
            started = time.thread_time()
            try:
                return method(*arguments, **named)
            finally:
                spent += time.thread_time() - started

        return call

    for name, method in methods.items():
        setattr(Audit, name, timed(method))
    try:
        started = time.process_time()
        result = bl.run(bars, strategy)
        took = time.process_time() - started
    finally:
        for name, method in methods.items():
            setattr(Audit, name, method)
    return took, spent, 0 if result.audit is None else result.audit.decisions


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000_000
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    bars = bl.from_synthetic(rows, 7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.py"
        path.write_text(OWN)
        path.chmod(0o644)
        for strategy in ("ema-cross", "zscore-reversion", f"{path}:Own"):
            found = [measured(bars, strategy) for _ in range(times)]
            took, (spent, decisions) = min(one[0] for one in found), min(one[1:] for one in found)
            print(
                f"{strategy.rpartition('/')[2]:20} run {1e3 * took:7.0f} ms, audit {1e3 * spent:6.1f} ms ({100 * spent / took:.1f}%), "
                f"{decisions} decisions, {1e6 * spent / decisions:.0f} us each"
            )


if __name__ == "__main__":
    main()
