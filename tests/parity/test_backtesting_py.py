"""The preset ``backtesting.py`` gives the trades of the real ``Backtest``, and where it cannot, the difference has a name."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import barloom as bl
from parity import corners, ours, real_backtesting
from parity.conftest import Tally
from parity.market import CRYPTO, DATA, FOREX, Market, real, shaped
from parity.peers import engine
from parity.signals import Signals, drawn
from parity.tables import Explain, compare

backtesting = engine("backtesting")

ENTRIES = ("close", "next_open")
# Reverse enters at the next open only.
RULES = (*((entry, position) for entry in ENTRIES for position in ("single", "overlap")), ("next_open", "reverse"))
ROWS = 10_000
BEYOND = "filled beyond a level and left on that bar, refused here"
LAST_BAR = "signal on the last bar, not filled there"
END = "left when the data ended, at another price"

KINDS = {
    "bracket": ({}, corners.BRACKET),
    "trail": ({"stops": 1.0, "activation": 4}, (*corners.TRAILING, corners.TOUCH)),
}


def refused(market: Market, signals: Signals, rejected: dict[str, int]) -> Explain:
    """The differences that are known, each recognised by what it must look like and nothing more."""
    stops, targets = real_backtesting.levels(signals, market.tick)
    row_of = {bar: row for row, bar in enumerate(signals.bar.tolist())}
    last = len(market) - 1

    def name(mine: np.void | None, theirs: np.void | None) -> str | None:
        if theirs is None and mine is not None:
            only_bar = mine["entry_bar"] == mine["exit_bar"] == mine["signal_bar"] == last
            return LAST_BAR if only_bar and mine["reason"] == "end" else None
        if mine is not None or theirs is None:
            return None
        row, side, price = row_of[int(theirs["signal_bar"])], theirs["side"], theirs["entry_price"]
        beyond = side * price <= side * stops[row] or side * price >= side * targets[row]
        same_bar = theirs["entry_bar"] == theirs["exit_bar"]
        if not (beyond and same_bar and theirs["exit_price"] in (price, stops[row])):
            return None
        rejected["invalid_bracket"] -= 1
        return BEYOND

    return name


def pair(market: Market, signals: Signals, entry: str, position: str) -> tuple[Any, Any, dict[str, int]]:
    mine, rejected = ours.run(
        market,
        signals,
        real_backtesting.levels(signals, market.tick),
        fills="backtesting.py",
        entry=entry,
        position=position,
    )
    return mine, real_backtesting.run(backtesting, market, signals, entry, position=position), dict(rejected)


def compared(market: Market, signals: Signals, entry: str, position: str) -> tuple[Any, Any]:
    """Our trades and the counts; every order refused here for its bracket was one the other engine left on its fill bar."""
    mine, theirs, rejected = pair(market, signals, entry, position)
    counts = compare(mine, theirs, refused(market, signals, rejected))
    assert rejected.get("invalid_bracket", 0) == 0
    return mine, counts


@pytest.mark.parametrize(("entry", "position"), RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_shaped_bars_give_the_same_trades(kind: str, entry: str, position: str, tally: Tally) -> None:
    asked, wanted = KINDS[kind]
    market = shaped(ROWS, seed=len(kind))
    signals = drawn(market, entry, 7, share=0.3, ticks=(2, 9), from_close=True, **asked)  # type: ignore[arg-type]
    mine, counts = compared(market, signals, entry, position)
    assert counts["equal"] > 500
    corners.often(corners.count(market, signals, mine, entry), wanted, 5)
    tally(f"backtesting.py, shaped bars, {entry}, {position}", counts)


@pytest.mark.real_data
@pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder of real bars")
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FOREX + CRYPTO)
def test_real_bars_give_the_same_trades(name: str, kind: str, entry: str, tally: Tally) -> None:
    market = real(name)
    asked = {**KINDS[kind][0], "stops": 1.0, "targets": 1.0}
    signals = drawn(market, entry, 7, share=0.1, ticks=(10, 60), from_close=True, **asked)  # type: ignore[arg-type]
    _, counts = compared(market, signals, entry, "single")
    assert counts["equal"] > 300
    tally(f"backtesting.py, {name}, {entry}", counts)


def test_exit_signals_leave_at_the_next_open(tally: Tally) -> None:
    market = shaped(ROWS, seed=3)
    signals = drawn(market, "next_open", 5, share=0.2, ticks=(4, 16), from_close=True)
    where = np.flatnonzero(np.random.default_rng(6).random(ROWS) < 0.2)
    mine, rejected = ours.run(
        market,
        signals,
        real_backtesting.levels(signals, market.tick),
        fills="backtesting.py",
        exit_signals=bl.ExitSignals(where, np.zeros(len(where), dtype=np.int8)),
    )
    theirs = real_backtesting.run(backtesting, market, signals, "next_open", exits=frozenset(where.tolist()))
    counts = compare(mine, theirs, refused(market, signals, dict(rejected)))
    assert np.count_nonzero(mine["reason"] == "signal") > 200
    tally("backtesting.py, shaped bars, exit signals", counts)


@pytest.mark.parametrize("entry", ENTRIES)
def test_finalize_trades_leaves_at_another_price_than_the_last_close(entry: str, tally: Tally) -> None:
    """Its closing order is a market order: filled at the last open, or with ``trade_on_close`` at the close before the last bar."""
    market = shaped(2_000, seed=9)
    signals = drawn(market, entry, 5, share=0.02, ticks=(300, 600), from_close=True, to_the_end=False)
    mine, rejected = ours.run(
        market,
        signals,
        real_backtesting.levels(signals, market.tick),
        fills="backtesting.py",
        entry=entry,
        position="overlap",
    )
    theirs = real_backtesting.run(backtesting, market, signals, entry, position="overlap", finalize=True)
    last = len(market) - 1
    bar, price = (last, market.open[last]) if entry == "next_open" else (last - 1, market.close[last - 1])
    others = refused(market, signals, dict(rejected))

    def explain(our: np.void | None, their: np.void | None) -> str | None:
        if our is None or their is None:
            return others(our, their)
        known = our["reason"] == "end" and their["exit_bar"] == bar and their["exit_price"] == price
        return END if known and our["entry_price"] == their["entry_price"] else None

    counts = compare(mine, theirs, explain)
    assert counts[END] > 10
    tally(f"backtesting.py, finalize_trades, {entry}", counts)
