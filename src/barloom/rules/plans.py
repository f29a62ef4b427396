"""Optional requests of single entries beside stop and target: a trail, breakeven, the price of an order, a ladder."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from barloom._native import simulation

PLAN = simulation.PLAN
Plans = npt.NDArray[np.void]
"""A structured array of ``PLAN``, one row a trade."""


def default_plans(count: int) -> Plans:
    """Plans of trades with nothing beyond a stop and a target."""
    plans = np.zeros(count, dtype=PLAN)
    plans["order"] = -1
    plans["good_for"] = 1
    plans["fraction"] = 1.0
    for name in ("price", "trail", "trigger", "slippage", "nearest"):
        plans[name] = np.nan
    return plans
