"""Sweeps: bar-sets a second of many exits on one set of signals, and of many signals; each answer checked against single runs first."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import barloom as bl
from barloom.bars.writer import write_bars
from barloom.engine import orchestrator
from barloom.indicators import IndicatorBank, ema
from barloom.rules.parameters import RunParameters
from measure import Row, barloom, command, interleaved, ratio, spread

CHECKED = 12  # sets of a sweep that are run alone as well
EXIT_SIGNALS = ["--strategy", "ema-cross", "--param", "fast=15", "--param", "slow=55", "--size", "1000"]
EXIT_GRID = ["stop=atr:1..10:1", "target=atr:2..20:2", "trail=atr:1.5..10.5:1"]
SIGNAL_GRID = ["fast=5:104:1", "slow=110:308:2"]
SIGNALS = ["--strategy", "ema-cross", "--size", "1000"]
WORKERS = ["--max-workers", "2"]  # signals are made in Python: two processes for two cores


def stored(folder: Path, rows: int) -> Path:
    path = folder / f"bars-{rows}.arrow"
    if not path.exists():
        write_bars(bl.from_synthetic(rows), path)
    return path


def swept(path: Path, out: Path, options: list[str]) -> tuple[dict[str, Any], float, float]:
    """A sweep by the command line from the store: its record, the seconds of its sets, and the peak memory in MB."""
    finished = command(
        [
            *barloom("sweep", path),
            *options,
            "--keep-trades",
            "none",
            "--out",
            str(out),
            "--format",
            "json",
            "--top",
            "1",
        ]
    )
    found = json.loads(finished.output)
    return found, finished.seconds, finished.peak_mb


def checked(path: Path, table: Any, base: dict[str, Any], names: list[str]) -> int:
    """Trades of some sets of a finished sweep run alone, whose checksums must be those of the sweep."""
    bars, trades = bl.open_bars(path), 0
    places = np.linspace(0, len(table) - 1, CHECKED).astype(int).tolist()
    for place in places:
        row = table.iloc[place]
        options = {name: str(row[name]) for name in names if name not in ("fast", "slow")}
        params = {name: int(row[name]) for name in names if name in ("fast", "slow")}
        params = base.get("params", {}) | params
        alone = orchestrator.run(bars, RunParameters(strategy="ema-cross", size=1000.0, params=params, **options))
        assert alone.checksum == row["checksum"], place
        assert alone.metrics.net_pnl == row["net_pnl"] and alone.metrics.sharpe == row["sharpe"], place
        trades += alone.metrics.trades
    return trades


def measured(
    folder: Path, rows: int, repeats: int, options: list[str], params: dict[str, Any], names: list[str]
) -> tuple[list[float], list[float], str]:
    """Million bar-sets a second of a sweep by the command from the store, its peaks of memory in MB, and what else is to be said."""
    import pandas as pd

    path = stored(folder, rows)
    taken, peaks, judged, table = [], [], 0, pd.DataFrame()
    for repeat in range(repeats):
        found, _, peak = swept(path, folder / f"{names[0]}-{rows}-{repeat}", options)
        table = pd.read_parquet(Path(found["sweep"]["folder"]) / "sweep.parquet")
        judged = judged or checked(path, table, {"params": params}, names)
        taken.append(found["sweep"]["seconds"])
        peaks.append(peak)
    rates = [len(table) * rows / second / 1e6 for second in taken]
    note = f"{statistics.median(taken):.1f} s, {int(table['trades'].sum()):,} trades; {CHECKED} sets of {judged:,} trades equal their runs"
    return rates, peaks, note


def exits(folder: Path, rows: int, repeats: int) -> list[Row]:
    """1,000 stop x target x trail sets over one set of signals."""
    params = {"fast": 15, "slow": 55}
    options = [*EXIT_SIGNALS, *(word for axis in EXIT_GRID for word in ("--grid", axis))]
    rates, peaks, note = measured(folder, rows, repeats, options, params, ["stop", "target", "trail"])
    run = orchestrator.run(bl.open_bars(stored(folder, rows)), RunParameters(strategy="ema-cross", params=params))
    what = f"exit sweep, 1,000 stop x target x trail sets, {rows:,} bars, {run.counts['signals']:,} signals"
    return [
        Row(what, statistics.median(rates), "M bar-sets/s", 500, at_least=True, spread=spread(rates), note=note),
        Row("peak memory of that", max(peaks), "MB", 600),
    ]


def signals(folder: Path, rows: int, repeats: int) -> list[Row]:
    """10,000 pairs of averages with brackets."""
    options = [*SIGNALS, *WORKERS, *(word for axis in SIGNAL_GRID for word in ("--grid", axis))]
    rates, peaks, note = measured(folder, rows, repeats, options, {}, ["fast", "slow"])
    what = f"signal sweep, 10,000 sets of ema-cross with brackets, {rows:,} bars"
    return [
        Row(what, statistics.median(rates), "M bar-sets/s", 200, at_least=True, spread=spread(rates), note=note),
        Row("peak memory of the larger of its processes", max(peaks), "MB", 150),
    ]


def workers(folder: Path, rows: int, repeats: int) -> list[Row]:
    """The same sweep with one worker and with two, one thread each."""
    path = stored(folder, rows)
    options = [*SIGNALS, "--grid", "fast=5:104:1", "--grid", "slow=110:208:2", "--threads", "1"]
    alone, both = [], []
    for repeat in range(repeats):
        one, _, _ = swept(path, folder / f"one-{repeat}", [*options, "--max-workers", "1"])
        two, _, _ = swept(path, folder / f"two-{repeat}", [*options, "--max-workers", "2"])
        assert one["sweep"]["digest"] == two["sweep"]["digest"]
        alone.append(one["sweep"]["seconds"])
        both.append(2 * two["sweep"]["seconds"])
    value, between = ratio(alone, both)
    return [
        Row(
            "two workers, t1 / (t2 x 2)",
            100 * value,
            "%",
            85,
            at_least=True,
            spread=between,
            note=f"{statistics.median(alone):.1f} s alone, {statistics.median(both) / 2:.1f} s together; the same table",
        )
    ]


def shared_indicators(rows: int, repeats: int) -> list[Row]:
    """Time one indicator shared by a thousand sets beside one set: the share of its cost that sharing saves."""
    bars = bl.from_synthetic(rows)
    chunk = next(iter(bars.chunks(rows)))

    def once() -> None:
        IndicatorBank([ema(50)]).update(chunk)

    def repeated() -> None:
        IndicatorBank([ema(50)] * 1000).update(chunk)

    first, thousand = interleaved([once, repeated], repeats)
    saved = [1.0 - (many - one) / (999 * one) for one, many in zip(first, thousand, strict=True)]
    return [
        Row(
            "time of a repeated indicator that the cache saves",
            100 * statistics.median(saved),
            "%",
            99,
            at_least=True,
            spread=spread(saved, 100),
            note=f"1,000 sets that ask for one average of {rows:,} bars",
        )
    ]


def sweeps(folder: Path, eight: int, small: int, repeats: int) -> Iterator[Row]:
    yield from exits(folder, eight, repeats)
    yield from signals(folder, small, repeats)
    yield from workers(folder, small, repeats)
    yield from shared_indicators(small * 5, repeats)
