"""Runs over real bars equal the reference simulator's, trade by trade."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import barloom as bl
from barloom.bars.chunk import Chunk
from barloom.engine.resolve import RunSpec
from barloom.engine.results import RunResult
from barloom.engine.trades import COLUMNS
from barloom.explanation.story import ASK_PRICES, PRICES
from barloom.reference import simulator as reference
from barloom.rules.entries import Entries
from barloom.rules.parameters import RunParameters
from barloom.rules.rules import Rules
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


def plain_bars(chunk: Chunk) -> reference.ReferenceBars:
    """All the bars as the reference simulator takes them."""
    columns = {name: getattr(chunk, name) for name in (*PRICES, *ASK_PRICES)}
    lists = {name: None if values is None else values.tolist() for name, values in columns.items()}
    return reference.ReferenceBars(chunk.timestamp.tolist(), **lists)


def compare(bars: bl.Bars, name: str, **options: Any) -> RunResult:
    """Run, simulate the same entries by the reference, compare every column; the run."""
    result = bl.run(bars, name, **options)
    parameters = RunParameters(strategy=name, **options)
    (chunk,) = bars.chunks(1 << 30)
    (led,) = bars.chunks(1 << 30, history=load_strategy(name).lookback)
    feed = RunSpec.of(parameters).feed(load_strategy(name))
    entries = feed.entries(led, feed.prepare(led))
    rules = RunSpec.of(parameters).rules
    assert result.counts["signals"] == len(entries) // rules.parts
    judged = reference.simulate(plain_bars(chunk), entries, rules)
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
    for case, theirs in ((result.bounds.best, judged.best), (result.bounds.worst, judged.worst)):
        assert case.net_pnl == pytest.approx(theirs.net_pnl, rel=1e-9, abs=1e-6) and case.trades == theirs.trades
    return result


@pytest.mark.parametrize("strategy", BUILT_IN)
@pytest.mark.parametrize("file", FX)
def test_fx_months(file: str, strategy: str, tmp_path: Path) -> None:
    plain = tmp_path / file.removesuffix(".gz")
    plain.write_bytes(gzip.decompress((DATA / file).read_bytes()))
    assert compare(bl.open_bars(plain), strategy).trades_count > 100
    assert bl.run(bl.open_bars(DATA / file), strategy).digest == bl.run(bl.open_bars(plain), strategy).digest


@pytest.mark.parametrize("year", [2015, 2016])
def test_bitfinex_years(year: int) -> None:
    """Their columns are in another order and carry no names; minutes without trades are missing."""
    bars = bl.open_bars(DATA / f"bitfinex_BTCUSD_1m_{year}.csv.gz", columns=BITFINEX)
    assert compare(bars, "ema-cross").trades_count > 1000


def test_everything_at_once_on_bid_and_ask() -> None:
    """A month of both sides: trail, breakeven, ladder, sessions, lots, and orders that wait."""
    bars = bl.open_bars(DATA / FX[0], ask=DATA / FX[0].replace("-bid-", "-ask-"), on_crossed="drop")
    money = {"lot_step": 0.01, "contract_size": 100_000.0, "commission": 0.00001, "swap_long": 0.00001}
    exits = {
        "stop": "atr:4",
        "trail": "atr:6",
        "trail_activation": "r:1",
        "breakeven": "r:1",
        "ladder": "r:1@0.5,r:3@0.25",
    }
    session = {"daily_close": "16:45", "session_zone": "America/New_York", "max_hold": 600}
    result = compare(bars, "ema-cross", **money, **exits, **session, slippage="atr:0.05")
    assert {"stop", "target", "trail", "breakeven", "session"} <= set(result.trades["exit_reason"])
    waiting = compare(
        bars, "zscore-reversion", entry="limit", entry_offset="atr:0.5", good_for=5, intrabar="nearest_open", **money
    )
    assert waiting.counts["rejected"]["expired"] > 0 and waiting.trades_count > 100
    turned = compare(bars, "ema-cross", position="reverse", stop="atr:10", target="none", **money)
    assert "signal" in set(turned.trades["exit_reason"])


def test_bitfinex_is_told_by_its_content() -> None:
    found = bl.open_bars(DATA / "bitfinex_BTCUSD_1m_2015.csv.gz")
    named = bl.open_bars(DATA / "bitfinex_BTCUSD_1m_2015.csv.gz", columns="time=1,open=2,close=3,high=4,low=5,volume=6")
    assert "Bitfinex" in found.taken_for
    for ours, theirs in zip(found.chunks(1 << 16), named.chunks(1 << 16), strict=True):
        for column in ("timestamp", "open", "high", "low", "close"):
            np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column))


def test_overlapping_trades_on_real_bars() -> None:
    bars = bl.open_bars(DATA / FX[0])
    (chunk,) = bars.chunks(1 << 30)
    where = np.arange(0, chunk.rows - 1, 25)
    entries = Entries(where, np.where(where % 2 == 0, 1, -1), stop=0.0003, target=0.0003, max_hold=600)
    simulated = bl.simulate(bars, entries, position="overlap", intrabar="candle", costs=bl.Costs(spread=0.0001))
    rules = Rules(intrabar="candle", max_positions=0, costs=bl.Costs(spread=0.0001), sizing=bl.Sizing(units=1.0))
    judged = reference.simulate(plain_bars(chunk), entries, rules)
    assert len(judged.trades) > 1000
    for field in ("exit_bar", "exit_price", "mfe", "mae", "net_pnl", "ambiguous"):
        assert simulated.trades[field].tolist() == [getattr(trade, field) for trade in judged.trades]
    assert simulated.trades["ambiguous"].sum() > 0
