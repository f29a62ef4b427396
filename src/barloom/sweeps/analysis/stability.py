"""Robustness of the best parameter set: results of its neighbours in the grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from barloom.engine.metrics import LOWER_IS_BETTER
from barloom.sweeps.analysis.table import SweepTable, column_of, distance_of, metric_of

NEAR_PCT = 20.0
"""Percent of the best set's value by which a neighbour may be worse and still count as near."""


class Neighbour(BaseModel):
    """A set one step away from the best set.

    Attributes:
        name: the grid name whose value differs.
        value: its value there.
        set_id: the set.
        result: its metric; None if it has none or could not be run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    value: bool | int | float | str
    set_id: int
    result: float | None


class Stability(BaseModel):
    """Comparison of the best set with its neighbours, in the metric by which it is the best.

    Attributes:
        by: the metric.
        best: the set.
        result: its metric.
        neighbours: the sets one step along each axis, both ways, that are in the sweep; see ``stability``.
        mean, worst: of the neighbours that have the metric; None if none has.
        near: share of those, 0 to 1, that fall short of the best by at most ``NEAR_PCT`` percent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    by: str
    best: int
    result: float
    neighbours: tuple[Neighbour, ...]
    mean: float | None
    worst: float | None
    near: float | None


def stability(table: SweepTable, by: str = "sharpe", min_trades: int = 0) -> Stability | None:
    """Compare the best set with the sets that differ in one value, by one step.

    A step leads to the next number of the axis, or the next distance of the same unit, among the values that were run. Words have no
    next one: they stay as they are. Neighbours with fewer than ``min_trades`` trades count too: the trader who is one step off gets them.

    Args:
        table: the sets.
        by: the metric.
        min_trades: trades that the best set must have.

    Returns:
        The comparison; None if no set is ranked.

    Raises:
        InputError: there is no such metric.
    """
    metric = metric_of(by)
    best = table.best(metric, min_trades)
    if not best:
        return None
    here = table.parameters(best[0])
    results = table.numbers(metric)
    ids = table.table["set_id"].to_numpy()
    columns = {name: np.asarray(table.table[column_of(name)].to_pylist(), dtype=object) for name in table.names}
    neighbours = []
    for name in table.names:
        rest = np.ones(len(table), dtype=bool)
        for other in table.names:
            if other != name:
                rest &= columns[other] == here[other]
        for value in _next_to(table.axis(name), here[name]):
            for place in np.flatnonzero(rest & (columns[name] == value)):
                result = None if np.isnan(results[place]) else float(results[place])
                neighbours.append(Neighbour(name=name, value=value, set_id=int(ids[place]), result=result))
    result = float(results[ids == best[0]][0])
    found = [one.result for one in neighbours if one.result is not None]
    mean = worst = near = None
    if found:
        sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
        mean = float(np.mean(found))
        worst = sign * min(sign * one for one in found)
        limit = sign * result - NEAR_PCT / 100.0 * abs(result)
        near = float(np.mean([sign * one >= limit for one in found]))
    return Stability(
        by=metric, best=best[0], result=result, neighbours=tuple(neighbours), mean=mean, worst=worst, near=near
    )


def _next_to(axis: list[Any], value: Any) -> list[Any]:
    """The values one step below and one step above."""
    if value is None or isinstance(value, bool):
        return []
    axis = [other for other in axis if other is not None]
    if isinstance(value, str):
        unit = distance_of(value)[0]
        axis = [other for other in axis if unit and distance_of(other)[0] == unit]
    place = axis.index(value) if axis else 0
    return [axis[step] for step in (place - 1, place + 1) if 0 <= step < len(axis)]
