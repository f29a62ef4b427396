"""Longer bars made of bars in memory, against pandas, and what a longer timeframe costs a strategy that reads one."""

from __future__ import annotations

import statistics

import numpy as np
import pandas as pd

import barloom as bl
from barloom.indicators import ema
from barloom.indicators.higher import HigherBank
from made import synthetic
from measure import Row, interleaved, spread

CHUNK_ROWS = 131_072


def resampled(rows: int, repeats: int) -> list[Row]:
    """Minutes to five minutes, checks and hash of the longer bars included; and an hourly average beside minutes."""
    time, *prices = synthetic(rows)
    bars = bl.from_arrays(time, *prices)
    frame = pd.DataFrame(
        dict(zip(("open", "high", "low", "close"), prices, strict=True)), index=pd.DatetimeIndex(time, tz="UTC")
    )

    def peer() -> pd.DataFrame:
        how = {"open": "first", "high": "max", "low": "min", "close": "last"}
        return frame.resample("5min").agg(how).dropna()

    def ours() -> int:
        return sum(chunk.rows for chunk in bars.resample("5m").chunks(CHUNK_ROWS))

    def beside() -> None:
        bank = HigherBank("1h", {"trend": ema(20)}, 0, "timeframe")
        for chunk in bars.chunks(CHUNK_ROWS):
            bank.update(chunk)

    theirs = peer()
    for chunk in bars.resample("5m").chunks(CHUNK_ROWS):
        part = theirs.iloc[chunk.base : chunk.base + chunk.rows]
        for name in ("open", "high", "low", "close"):
            assert np.array_equal(getattr(chunk, name), part[name].to_numpy()), name
    assert ours() == len(theirs)
    mine, pandas, higher = interleaved([ours, peer, beside], repeats)
    return [
        Row(
            f"Bars.resample('5m') of {rows:,} bars",
            statistics.median(mine),
            "s",
            0.1 * rows / 1e7,
            spread=spread(mine),
            note=f"pandas {statistics.median(pandas):.2f} s",
        ),
        Row(
            f"an hourly ema beside {rows:,} bars",
            1e9 * statistics.median(higher) / rows,
            "ns a bar",
            spread=spread(higher, 1e9 / rows),
        ),
    ]
