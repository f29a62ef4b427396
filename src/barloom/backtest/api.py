"""``bl.run`` and ``bl.simulate``: the loom from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from barloom.backtest import orchestrator
from barloom.backtest.orchestrator import simulate
from barloom.backtest.parameters import RunParameters, fields_of
from barloom.backtest.results import RunResult
from barloom.errors import InputError, nearest

if TYPE_CHECKING:
    from barloom.bars import Bars
    from barloom.execution.exits import Exits

__all__ = ["run", "simulate"]


def run(
    bars: Bars,
    strategy: str = "trend-pullback",
    params: dict[str, Any] | None = None,
    *,
    exits: Exits | None = None,
    fine: Bars | None = None,
    **options: Any,
) -> RunResult:
    """Run a strategy over bars and keep its trades in memory.

    Args:
        bars: from ``open_bars``, ``from_pandas``, ``from_arrays`` or ``from_synthetic``.
        strategy: a built-in name, ``module:Class`` or ``path.py:Class``.
        params: parameters of the strategy by name.
        exits: exits that hold for every trade, in place of the options ``max_hold``, ``trail``, ``breakeven``, ``ladder`` and those of
            sessions.
        fine: finer bars of the same times; ``intrabar`` is ``drilldown`` then.
        **options: fields of ``RunParameters``: the options of ``barloom run`` with underscores (``risk_pct=0.5``).

    Raises:
        InputError: bad data, an unknown option, a value it does not take, or one given twice.
        FidelityError: see ``orchestrator.run``.
    """
    for name in options:
        if name not in RunParameters.model_fields:
            raise InputError(f"run() has no option '{name}': {nearest(name, RunParameters.model_fields)}")
    from_exits = fields_of(exits) if exits is not None else {}
    for name in from_exits.keys() & options.keys():
        raise InputError(f"{name} of run() is given by exits as well: leave one of them out")
    try:
        parameters = RunParameters(strategy=strategy, params=params or {}, **from_exits, **options)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][0]} of run(): {first['msg']}, not {first['input']!r}") from None
    return orchestrator.run(bars, parameters, fine=fine)
