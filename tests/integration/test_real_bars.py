"""Runs over real bars equal the reference simulator's, trade by trade."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path

import numpy as np
import pytest

import barloom as bl
from barloom.backtest.feed import StrategyFeed
from barloom.execution import reference
from barloom.execution.entries import Entries
from barloom.execution.sizing import Sizing
from barloom.execution.trades import COLUMNS
from barloom.strategies.registry import BUILT_IN, load_strategy

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        "BARLOOM_DATA" not in os.environ,
        reason="BARLOOM_DATA names no folder of real bars; they are not part of the project",
    ),
]
DATA = Path(os.environ.get("BARLOOM_DATA", "."))
FX = ["fxcm_gbpusd-m1-bid-2012.csv.gz", "fxcm_usdjpy-m1-ask-2013.csv.gz"]
BITFINEX = "time=1,open=2,close=3,high=4,low=5,volume=6"


def compare(bars: bl.Bars, name: str) -> int:
    """Run, simulate the same entries by the reference, compare every column; how many trades there were."""
    result = bl.run(bars, name)
    (chunk,) = bars.chunks(1 << 30)
    (led,) = bars.chunks(1 << 30, history=load_strategy(name).lookback)
    feed = StrategyFeed(load_strategy(name))
    entries = feed.entries(led, feed.prepare(led))
    assert result.counts["signals"] == len(entries)
    plain = reference.ReferenceBars(
        *(getattr(chunk, column).tolist() for column in ("timestamp", "open", "high", "low", "close"))
    )
    judged = reference.simulate(plain, entries, sizing=Sizing())
    assert judged.rejected == result.counts["rejected"]
    trades = result.sink.columns
    assert result.trades_count == len(judged.trades)
    for field in COLUMNS:
        if field == "exit_reason":
            assert result.trades[field].tolist() == [trade.exit_reason for trade in judged.trades]
            continue
        ours, theirs = trades[field].tolist(), [getattr(trade, field) for trade in judged.trades]
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(ours, theirs, strict=True)), field
    assert result.metrics.max_drawdown == pytest.approx(judged.max_drawdown, rel=1e-9)
    return result.trades_count


@pytest.mark.parametrize("strategy", BUILT_IN)
@pytest.mark.parametrize("file", FX)
def test_fx_months(file: str, strategy: str, tmp_path: Path) -> None:
    plain = tmp_path / file.removesuffix(".gz")
    plain.write_bytes(gzip.decompress((DATA / file).read_bytes()))
    assert compare(bl.open_bars(plain), strategy) > 100
    assert bl.run(bl.open_bars(DATA / file), strategy).digest == bl.run(bl.open_bars(plain), strategy).digest


@pytest.mark.parametrize("year", [2015, 2016])
def test_bitfinex_years(year: int) -> None:
    """Their columns are in another order and carry no names; minutes without trades are missing."""
    bars = bl.open_bars(DATA / f"bitfinex_BTCUSD_1m_{year}.csv.gz", columns=BITFINEX)
    assert compare(bars, "ema-cross") > 1000


def test_bitfinex_needs_its_columns_named() -> None:
    with pytest.raises(bl.InputError, match=r"--columns time=1,open=2"):
        bl.open_bars(DATA / "bitfinex_BTCUSD_1m_2015.csv.gz")


def test_overlapping_trades_on_real_bars() -> None:
    bars = bl.open_bars(DATA / FX[0])
    (chunk,) = bars.chunks(1 << 30)
    where = np.arange(0, chunk.rows - 1, 25)
    entries = Entries(where, np.where(where % 2 == 0, 1, -1), stop=0.0003, target=0.0003, max_hold=600)
    simulated = bl.simulate(bars, entries, position="overlap", intrabar="candle", costs=bl.Costs(spread=0.0001))
    plain = reference.ReferenceBars(
        *(getattr(chunk, column).tolist() for column in ("timestamp", "open", "high", "low", "close"))
    )
    judged = reference.simulate(
        plain, entries, intrabar="candle", max_open=0, costs=bl.Costs(spread=0.0001), sizing=Sizing(units=1.0)
    )
    assert len(judged.trades) > 1000
    for field in ("exit_bar", "exit_price", "mfe", "mae", "net_pnl", "ambiguous"):
        assert simulated.trades[field].tolist() == [getattr(trade, field) for trade in judged.trades]
    assert simulated.trades["ambiguous"].sum() > 0
