"""Every set of a sweep gives the trades and metrics of its own run, whatever it shares a pass with."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import barloom as bl
from barloom.engine.metrics import Metrics
from barloom.engine.orchestrator import run
from barloom.engine.trades import COLUMNS
from barloom.errors import InputError
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.batch import run_batch, sharing

BARS = 6_000
STRATEGY = '''
import numpy as np
from barloom.rules.exit_signals import ExitSignals
from barloom.strategies.ema_cross import EmaCross


class Leaving(EmaCross):
    """Leaves by a signal when the close is above both averages."""
    name = "leaving"

    def exits(self, window):
        above = (window.close > window["fast"]) & (window.close > window["slow"])
        return ExitSignals(np.flatnonzero(above & (window.timestamp // 60_000_000_000 % 7 == 0)))

    def higher(self):
        return {"1h": {"close": "close"}}
'''

# What is drawn for each name; values of one list may contradict another, which is part of the test.
CHOICES: dict[str, list[Any]] = {
    "stop": [None, "atr:1", "atr:2.5", "pips:15", "pct:0.2"],
    "target": [None, "r:1", "r:3", "atr:2", "none"],
    "trail": [None, "atr:1.5", "pips:12", "r:1", "peak:0.1"],
    "breakeven": [None, "r:1", "pips:8"],
    "max_hold": [None, 5, 60],
    "direction": ["both", "long", "short"],
    "position": ["single", "overlap", "reverse"],
    "ladder": [None, None, "r:1@0.5", "r:1@0.5,r:2@0.5"],
    "entry": ["next_open", "close", "next_open"],
    "daily_close": [None, None, "21:00"],
    "intrabar": [None, "nearest_open", "optimistic"],
    "slippage": [0.0, 0.00002, "atr:0.05"],
    "swap_long": [0.0, 0.00001],
    "size": [None, 1000.0],
    "leverage": [None, 20.0],
    "commission": [0.0, 0.00003],
}


def drawn(rng: random.Random, strategies: list[tuple[str, list[dict[str, Any]]]], count: int) -> list[RunParameters]:
    """Parameter sets that differ in some of a few names, as those of a grid do."""
    varied = rng.sample(sorted(CHOICES), 4)
    base = {name: rng.choice(values) for name, values in CHOICES.items() if rng.random() < 0.3}
    sets = []
    for _ in range(count):
        strategy, params = rng.choice(strategies)
        options = base | {name: rng.choice(CHOICES[name]) for name in varied}
        sets.append(RunParameters(strategy=strategy, params=rng.choice(params), **options))
    return sets


def strategies(folder: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    path = folder / "leaving.py"
    path.write_text(STRATEGY)
    averages = [{"fast": 3, "slow": 9}, {"fast": 5, "slow": 20}, {"fast": 30, "slow": 20}]
    scores = [{"window": 20, "threshold": 1.5}, {"window": 40}]
    return [("ema-cross", averages), ("zscore-reversion", scores), (f"{path}:Leaving", averages[:2])]


def quoted(seed: int) -> bl.Bars:
    """Bars with an ask of their own, whose spread changes."""
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("timestamp", "open", "high", "low", "close")}
    for chunk in bl.from_synthetic(BARS, seed).chunks(BARS):
        for name, values in columns.items():
            values.append(getattr(chunk, name).copy())
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    spread = 0.00001 * (1 + np.arange(BARS) % 9)
    ask = {name: joined[name] + spread for name in ("open", "high", "low", "close")}
    return bl.from_arrays(**joined, ask=tuple(ask.values()))


@pytest.mark.parametrize("seed", range(24))
def test_every_set_is_its_own_run(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    bars = bl.from_synthetic(BARS, seed)
    sets = drawn(rng, strategies(tmp_path), 10)
    chunk_rows = rng.choice([None, 997, 2048, 6000])
    batch = run_batch(bars, sets, threads=rng.choice([1, 2]), chunk_rows=chunk_rows, keep_trades=True)
    compare(bars, sets, batch.table.to_pylist(), batch.trades)


def compare(bars: bl.Bars, sets: list[RunParameters], rows: list[dict[str, Any]], trades: Any, **options: Any) -> None:
    ran = 0
    for place, (parameters, row) in enumerate(zip(sets, rows, strict=True)):
        try:
            single = run(bars, parameters, **options)
        except InputError as error:
            assert row["error"] == str(error)
            assert row["trades"] is None and row["checksum"] is None
            continue
        ran += 1
        assert row["error"] is None, parameters
        assert row["checksum"] == single.checksum, parameters
        assert {name: row[name] for name in Metrics.model_fields} == single.metrics.model_dump(), parameters
        mine = trades.filter(np.asarray(trades["set"]) == place).drop_columns(["set"])
        theirs = single.trades
        assert mine.column_names == list(COLUMNS) == list(theirs.columns)
        for name in COLUMNS:
            ours, expected = mine[name].to_pandas().to_numpy(), theirs[name].to_numpy()
            assert np.array_equal(ours, expected, equal_nan=ours.dtype.kind == "f"), (parameters, name)
    assert ran >= 1


def test_sets_share_one_pass_over_bars_with_their_own_ask(tmp_path: Path) -> None:
    rng = random.Random(5)
    bars = quoted(5)
    sets = drawn(rng, strategies(tmp_path), 12)
    batch = run_batch(bars, sets, threads=2, chunk_rows=1500, keep_trades=True)
    compare(bars, sets, batch.table.to_pylist(), batch.trades)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("chunk_rows", [500, 4096])
def test_how_a_pass_is_cut_changes_nothing(threads: int, chunk_rows: int, tmp_path: Path) -> None:
    sets = drawn(random.Random(11), strategies(tmp_path), 300)
    bars = bl.from_synthetic(2_000, 1)
    whole = run_batch(bars, sets, threads=1, chunk_rows=2_000, keep_trades=True)
    cut = run_batch(bars, sets, threads=threads, chunk_rows=chunk_rows, keep_trades=True)
    assert cut.table.equals(whole.table)
    assert cut.trades.to_pandas().equals(whole.trades.to_pandas())
    halves = [run_batch(bars, part, threads=threads, chunk_rows=chunk_rows).table for part in (sets[:130], sets[130:])]
    assert halves[0].to_pylist() + halves[1].to_pylist() == whole.table.to_pylist()


def test_finer_bars_decide_for_each_set() -> None:
    fine = bl.from_synthetic(BARS, 9)
    bars = fine.resample("15m")
    sets = [
        RunParameters(strategy="ema-cross", params={"fast": 3, "slow": 9}, stop=stop, target=target)
        for stop in ("pips:3", "pips:6")
        for target in ("pips:3", "pips:9")
    ]
    batch = run_batch(bars, sets, fine=fine, keep_trades=True)
    assert sum(row["ambiguous_trades"] for row in batch.table.to_pylist()) > 0
    compare(bars, sets, batch.table.to_pylist(), batch.trades, fine=fine)


def test_what_is_alike_is_made_once() -> None:
    bars = bl.from_synthetic(1_000)
    sets = [
        RunParameters(strategy="ema-cross", params={"fast": fast}, stop=stop, max_hold=hold)
        for fast in (5, 10)
        for stop in ("atr:1", "atr:2")
        for hold in (10, 20, 30)
    ]
    shared = sharing(bars, [*sets, RunParameters(strategy="ema-cross", params={"fast": 99})])
    # Two fast averages, one slow, ATR 14; a stop is applied once on each of the two signal sets.
    assert (shared.sets, shared.signals, shared.indicators, shared.exits) == (12, 2, 4, 4)
