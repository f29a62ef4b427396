"""The preset ``vectorbt`` gives the trades of the real ``Portfolio.from_signals``, bar for bar and price for price."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

import barloom as bl
from parity import corners, ours, real_vectorbt
from parity.conftest import Tally
from parity.market import CRYPTO, DATA, FOREX, Market, real, shaped
from parity.peers import engine
from parity.signals import Signals, drawn
from parity.tables import compare

vbt = engine("vectorbt")
engine("vectorbt_rust")

ENTRIES = ("close", "next_open")
ENGINES = ("rust", "numba")
NUMBA = ("numba",)
ROWS = 40_000


@dataclass(frozen=True)
class Kind:
    """Kind of exits of the trades.

    Levels as prices are the same to the bit in both engines, so exact touches can be asked for. Distances and trails are one
    multiplication there and one subtraction here, and may differ in the last bit: those lie off the grid, where that decides nothing.
    A trail of a fixed distance is a callback there, which Numba has to compile.
    """

    asked: dict[str, float] = field(default_factory=dict)
    as_prices: bool = False
    corners: tuple[str, ...] = corners.OFF_GRID
    peers: tuple[str, ...] = ENGINES


KINDS = {
    "levels as prices": Kind({"both_sides": 0.02}, True, corners.BRACKET),
    "levels as distances": Kind({"off_grid": 0.25}),
    "trail by a part of the best price": Kind({"trail_share": 1 / 128}, True, corners.TRAILING),
    "trail": Kind({"off_grid": 0.25, "trails": 0.9, "stops": 0.5}, False, corners.TRAILING, NUMBA),
    "trail once ahead": Kind({"off_grid": 0.25, "stops": 1.0, "activation": 4}, False, corners.TRAILING, NUMBA),
}


def pair(market: Market, signals: Signals, entry: str, as_prices: bool, peer: str, **options: Any) -> tuple[Any, Any]:
    levels = real_vectorbt.levels(signals) if as_prices else None
    mine, _ = ours.run(market, signals, levels, fills="vectorbt", entry=entry, **options)
    return mine, real_vectorbt.run(vbt, market, signals, entry, peer)


@pytest.mark.parametrize(("kind", "peer"), [(name, peer) for name, kind in KINDS.items() for peer in kind.peers])
@pytest.mark.parametrize("entry", ENTRIES)
def test_shaped_bars_give_the_same_trades(kind: str, entry: str, peer: str, tally: Tally) -> None:
    market, wanted = shaped(ROWS, seed=len(kind)), KINDS[kind]
    signals = drawn(market, entry, 7, share=0.3, ticks=(1, 8), **wanted.asked)  # type: ignore[arg-type]
    mine, theirs = pair(market, signals, entry, wanted.as_prices, peer)
    counts = compare(mine, theirs)
    assert counts["equal"] > 1_000
    corners.often(corners.count(market, signals, mine, entry), wanted.corners, 20)
    tally(f"vectorbt, {peer}, shaped bars, {entry}", counts)


@pytest.mark.real_data
@pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder of real bars")
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FOREX + CRYPTO)
def test_real_bars_give_the_same_trades(name: str, kind: str, entry: str, tally: Tally) -> None:
    market, wanted = real(name), KINDS[kind]
    asked = {**wanted.asked, "stops": 1.0, "targets": 1.0}
    if "trail_share" in asked:
        asked["trail_share"] /= 16
    signals = drawn(market, entry, 7, share=0.1, ticks=(10, 60), **asked)  # type: ignore[arg-type]
    mine, theirs = pair(market, signals, entry, wanted.as_prices, wanted.peers[0])
    counts = compare(mine, theirs)
    assert counts["equal"] > 300
    tally(f"vectorbt, {wanted.peers[0]}, {name}, {entry}", counts)


def test_exit_signals_are_refused() -> None:
    """There a stop or a target anywhere in the bar comes before a signal that leaves at its open, and the signal is lost."""
    market = shaped(100, seed=3)
    signals = drawn(market, "next_open", 7, share=0.2, ticks=(4, 16))
    with pytest.raises(bl.InputError, match="exit signals contradict"):
        ours.run(market, signals, None, fills="vectorbt", exit_signals=bl.ExitSignals([3], [0]))


def test_the_default_rules_are_seen_to_differ() -> None:
    market = shaped(ROWS, seed=1)
    signals = drawn(market, "next_open", 7, share=0.3, ticks=(1, 8))
    mine, _ = ours.run(market, signals, real_vectorbt.levels(signals), fills="pessimistic")
    with pytest.raises(AssertionError, match="signal on bar"):
        compare(mine, real_vectorbt.run(vbt, market, signals, "next_open", "rust"))
