"""The rules of parameter sets as the kernels take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from barloom._native.simulation import Simulator
from barloom.arrays import Rows
from barloom.engine.account import MONEY
from barloom.rules.rules import Rules


def simulator_of(rules: Sequence[Rules], *, threads: int = 1, keep: bool = False) -> Simulator:
    """Parameter sets that have seen no bar.

    Args:
        rules: of each set.
        threads: to spread the sets over, or the trades of a single one; they never change a result.
        keep: whether trades and equity points can be taken after each chunk.
    """
    return Simulator(
        np.concatenate([money_of(each) for each in rules]),
        np.array([each.sizing.balance for each in rules]),
        np.array([each.max_hold for each in rules], dtype=np.int64),
        np.array([each.max_positions for each in rules], dtype=np.int64),
        np.array([each.reverse for each in rules], dtype=np.int64),
        threads,
        keep,
    )


def money_of(rules: Rules) -> Rows:
    """Costs and sizing, one row of ``MONEY``."""
    costs, sizing = rules.costs, rules.sizing
    money = np.zeros(1, dtype=MONEY)
    money["spread"], money["slippage"] = costs.spread, costs.slippage
    money["commission"], money["per_trade"] = costs.commission, costs.commission_per_trade
    money["of_notional"] = costs.commission_pct / 100.0
    money["swap_long"], money["swap_short"] = costs.swap_long, costs.swap_short
    money["units"], money["notional"] = sizing.units or 0.0, sizing.notional or 0.0
    money["risk_pct"] = sizing.risk_pct
    money["step"], money["lowest"], money["highest"] = sizing.step, sizing.lowest, sizing.highest
    money["value"], money["leverage"] = sizing.conversion, sizing.leverage or 0.0
    money["parts"], money["limit"], money["bounds"] = rules.parts, rules.entry == "limit", rules.bounds
    return money
