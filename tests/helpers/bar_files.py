"""Files of bars for commands to run on: one-minute bid bars, the ask beside them, spreads in a column, and finer bars inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from barloom.bars import from_synthetic

Columns = dict[str, npt.NDArray[Any]]
PRICES = ("open", "high", "low", "close")
POINT = 0.00001
FINER = 15_000_000_000  # nanoseconds of a finer bar: four to a minute


def minute_bars(rows: int, seed: int) -> Columns:
    """Synthetic bars as columns."""
    (chunk,) = from_synthetic(rows, seed).chunks(rows)
    return {name: getattr(chunk, name).copy() for name in ("timestamp", *PRICES)}


def spreads(bars: Columns, seed: int = 0) -> npt.NDArray[np.float64]:
    """A spread of 2 to 12 points for each bar."""
    return np.random.default_rng(seed).integers(2, 13, len(bars["open"])) * POINT


def ask_bars(bars: Columns, spread: npt.NDArray[np.float64]) -> Columns:
    """The bars, each its spread higher."""
    return {"timestamp": bars["timestamp"], **{name: bars[name] + spread for name in PRICES}}


def finer_bars(bars: Columns, seed: int = 0) -> Columns:
    """Four bars inside each: from the open to one extreme, to the other, to the close, and none; which comes first is drawn."""
    high_first = np.random.default_rng(seed).random(len(bars["open"])) < 0.5
    first = np.where(high_first, bars["high"], bars["low"])
    second = np.where(high_first, bars["low"], bars["high"])
    path = np.stack([bars["open"], first, second, bars["close"], bars["close"]], axis=1)
    opens, closes = path[:, :-1].ravel(), path[:, 1:].ravel()
    times = (bars["timestamp"][:, None] + FINER * np.arange(4)).ravel()
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    return {"timestamp": times, "open": opens, "high": high, "low": low, "close": closes}


def write(path: Path, columns: Columns) -> Path:
    """Write columns as CSV or Parquet, by the name's ending."""
    times = pa.array(columns["timestamp"], pa.timestamp("ns", tz="UTC"))
    table = pa.table({"timestamp": times, **{name: values for name, values in columns.items() if name != "timestamp"}})
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    return path


def write_market(folder: Path, rows: int = 20_000, seed: int = 7) -> None:
    """``EURUSD.csv`` (bid), ``EURUSD-ask.csv``, ``EURUSD-spread.csv`` with a column ``spread``, and ``EURUSD-15s.parquet``."""
    bars = minute_bars(rows, seed)
    spread = spreads(bars)
    write(folder / "EURUSD.csv", bars)
    write(folder / "EURUSD-ask.csv", ask_bars(bars, spread))
    write(folder / "EURUSD-spread.csv", {**bars, "spread": spread})
    write(folder / "EURUSD-15s.parquet", finer_bars(bars))
