"""barloom's trades in the form the others have."""

from __future__ import annotations

from typing import Any

import numpy as np

import barloom as bl
from parity.market import Market
from parity.signals import Signals
from parity.tables import Trades, table


def run(
    market: Market,
    signals: Signals,
    levels: tuple[np.ndarray, np.ndarray] | None,
    **options: Any,
) -> tuple[Trades, dict[str, int]]:
    """Trades of ``bl.simulate`` and how many signals were refused for what.

    Args:
        market, signals: what to trade.
        levels: stop and target as prices, or None for the distances.
        **options: of ``bl.simulate``: the preset, the entry, the position rule.
    """
    entries = signals.entries(*(levels or (None, None)))
    result = bl.simulate(market.bars(), entries, exits=signals.exits(), **options)
    frame = result.trades
    trades = table(len(frame))
    for name in ("signal_bar", "side", "entry_bar", "entry_price", "exit_bar", "exit_price"):
        trades[name] = frame[name].to_numpy()
    trades["reason"] = frame["exit_reason"].astype(str).to_numpy()
    trades["open"] = trades["reason"] == "end"
    return trades, result.counts["rejected"]
