"""Trades written to Parquet are the trades of memory: same digest, same rows, whatever the batches."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from barloom.engine import sinks as writer
from barloom.engine.account import POINT
from barloom.engine.simulator import Rules, RunSimulator
from barloom.engine.sinks import MemorySink, ParquetSink
from barloom.engine.trades import COLUMNS, digest, to_pandas
from barloom.rules.entries import Entries
from barloom.rules.sizing import Sizing
from helpers.market import Market


def batches(count: int = 200) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(5)
    closes = 100 + np.cumsum(rng.integers(-4, 5, count)) / 8
    opens = np.concatenate([[100.0], closes[:-1]])
    rows = np.stack([opens, np.maximum(opens, closes) + 0.25, np.minimum(opens, closes) - 0.25, closes], axis=1)
    market = Market(rows)
    where = np.arange(0, count, 3)
    entries = Entries(where, np.where(where % 2, 1, -1), stop=1.0, target=1.5, max_hold=7)
    simulator, found = RunSimulator(Rules(max_positions=0, sizing=Sizing(units=1.0))), []
    for chunk in market.chunks(16):
        first, last = np.searchsorted(where, [chunk.base, chunk.base + chunk.rows])
        found.append((simulator.pass_chunk(chunk, entries.take(slice(first, last))), simulator.points))
    return found


@pytest.mark.parametrize("kept", [0, 9, 10_000])
@pytest.mark.parametrize("batch_rows", [1, 7, 10_000])
def test_files_hold_what_memory_holds(
    tmp_path: Path, batch_rows: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "KEPT_ROWS", kept)
    memory, files = MemorySink(), ParquetSink(tmp_path, batch_rows)
    for trades, points in batches():
        memory.add(trades, points)
        files.add(trades, points)
    memory.finish()
    files.finish()
    assert digest(files.read) == digest(memory.read)
    assert list(tmp_path.glob("*.parquet")) == []
    files.commit()
    read = pq.read_table(tmp_path / "trades.parquet").to_pandas()
    kept = to_pandas(memory.columns)
    assert list(read.columns) == list(COLUMNS)
    for name in COLUMNS:
        assert read[name].tolist() == kept[name].tolist() or read[name].isna().all(), name
    equity = pq.read_table(tmp_path / "equity.parquet").to_pandas()
    assert equity["equity"].tolist() == memory.points["equity"].tolist()
    assert equity["trade_id"].notna().sum() == len(kept)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["equity.parquet", "trades.parquet"]


def test_row_groups_of_a_long_file_are_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer keeps metadata of each row group in memory until the end."""
    monkeypatch.setattr(writer, "LONG", 3)
    memory, files = MemorySink(), ParquetSink(tmp_path, 5)
    for trades, points in batches(600):
        memory.add(trades, points)
        files.add(trades, points)
    files.finish()
    memory.finish()
    assert digest(files.read) == digest(memory.read)
    files.commit()
    file = pq.ParquetFile(tmp_path / "trades.parquet").metadata
    rows = [file.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sum(rows) == len(memory.columns["trade_id"]) > 100
    early = [size for size, end in zip(rows, np.cumsum(rows), strict=True) if end <= 15]
    assert early and all(5 <= size < 20 for size in early) and min(rows[len(early) + 1 : -1]) >= 20


def test_the_digest_is_blake2b_of_the_columns_in_order(tmp_path: Path) -> None:
    memory = MemorySink()
    for trades, points in batches():
        memory.add(trades, points)
    memory.finish()
    by_hand = hashlib.blake2b()
    for name in COLUMNS:
        by_hand.update(memory.columns[name].tobytes())
    assert digest(memory.read) == by_hand.hexdigest()


def test_no_trades_make_whole_empty_files(tmp_path: Path) -> None:
    memory, files = MemorySink(), ParquetSink(tmp_path)
    files.add(batches()[0][0][:0], np.empty(0, dtype=POINT))
    memory.finish()
    files.finish()
    assert digest(files.read) == digest(memory.read) == hashlib.blake2b().hexdigest()
    files.commit()
    assert pq.read_table(tmp_path / "trades.parquet").num_rows == 0


def test_giving_up_leaves_nothing_or_what_was_done(tmp_path: Path) -> None:
    files = ParquetSink(tmp_path)
    for trades, points in batches():
        files.add(trades, points)
    assert files.abandon(keep_partial=False) is None
    assert list(tmp_path.iterdir()) == []

    files = ParquetSink(tmp_path)
    done = batches()[:5]
    for trades, points in done:
        files.add(trades, points)
    kept = files.abandon(keep_partial=True)
    assert kept is not None and [p.name for p in tmp_path.iterdir()] == ["trades.partial.parquet"]
    assert pq.read_table(kept).num_rows == sum(len(trades) for trades, _ in done)
