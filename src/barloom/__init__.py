"""barloom: tests trading rules on any number of price bars, the same trades to the byte every time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barloom.backtest.api import run, simulate, sweep, walk_forward
    from barloom.backtest.explain import explain
    from barloom.bars import Bars, from_arrays, from_pandas, from_synthetic, open_bars
    from barloom.errors import BarloomError, FidelityError, InputError
    from barloom.execution.costs import Costs
    from barloom.execution.entries import Entries
    from barloom.execution.exit_signals import ExitSignals
    from barloom.execution.exits import Breakeven, Exits, Rung, Trail
    from barloom.execution.sessions import Session
    from barloom.execution.sizing import Sizing
    from barloom.strategies.base import Strategy
    from barloom.strategies.window import Window

# Loaded when first used, so that the command line starts at once.
_HOMES = {
    "run": "barloom.backtest.api",
    "simulate": "barloom.backtest.api",
    "sweep": "barloom.backtest.api",
    "walk_forward": "barloom.backtest.api",
    "explain": "barloom.backtest.explain",
    "Bars": "barloom.bars",
    "from_arrays": "barloom.bars",
    "from_pandas": "barloom.bars",
    "from_synthetic": "barloom.bars",
    "open_bars": "barloom.bars",
    "BarloomError": "barloom.errors",
    "FidelityError": "barloom.errors",
    "InputError": "barloom.errors",
    "Costs": "barloom.execution.costs",
    "Entries": "barloom.execution.entries",
    "ExitSignals": "barloom.execution.exit_signals",
    "Breakeven": "barloom.execution.exits",
    "Exits": "barloom.execution.exits",
    "Rung": "barloom.execution.exits",
    "Trail": "barloom.execution.exits",
    "Session": "barloom.execution.sessions",
    "Sizing": "barloom.execution.sizing",
    "Strategy": "barloom.strategies.base",
    "Window": "barloom.strategies.window",
}

__version__ = "0.1.0"
__all__ = [
    "BarloomError",
    "Bars",
    "Breakeven",
    "Costs",
    "Entries",
    "ExitSignals",
    "Exits",
    "FidelityError",
    "InputError",
    "Rung",
    "Session",
    "Sizing",
    "Strategy",
    "Trail",
    "Window",
    "explain",
    "from_arrays",
    "from_pandas",
    "from_synthetic",
    "open_bars",
    "run",
    "simulate",
    "sweep",
    "walk_forward",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'barloom' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
