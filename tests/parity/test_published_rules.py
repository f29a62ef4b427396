"""The presets ``tradingview`` and ``mt4-ohlc`` follow the rules those engines publish; the engines themselves cannot be run here."""

from __future__ import annotations

import pytest

from parity import corners, ours
from parity.conftest import Tally
from parity.market import shaped
from parity.published import UNSAID, HighFirst, metatrader, tradingview, unsaid, walk
from parity.signals import drawn
from parity.tables import compare

ROWS = 20_000
RULES = {"tradingview": tradingview, "mt4-ohlc": metatrader}
CORNERS = (corners.BOTH, corners.BEYOND_STOP, corners.ENTRY_BAR, corners.TOUCH, corners.FLAT, corners.AGAIN)


@pytest.mark.parametrize(("fills", "high_first"), RULES.items())
def test_shaped_bars_give_the_trades_of_the_published_path(fills: str, high_first: HighFirst, tally: Tally) -> None:
    market = shaped(ROWS, seed=11)
    signals = drawn(market, "next_open", 7, share=0.3, ticks=(1, 8))
    mine, _ = ours.run(market, signals, None, fills=fills)
    theirs = walk(market, signals, high_first)

    counts = compare(mine, theirs)
    counts[UNSAID] = sum(unsaid(market, signals, trade, high_first) for trade in mine)
    counts["equal"] -= counts[UNSAID]
    assert counts["equal"] > 3_000
    corners.often(corners.count(market, signals, mine, "next_open"), CORNERS, 20)
    tally(f"{fills}, its published rule, shaped bars", counts)
