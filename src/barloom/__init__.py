"""barloom: tests trading rules on any number of price bars, the same trades to the byte every time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barloom.api import run, simulate, sweep, walk_forward
    from barloom.bars import Bars, from_arrays, from_pandas, from_synthetic, open_bars
    from barloom.errors import BarloomError, FidelityError, InputError
    from barloom.explanation.explain import explain
    from barloom.rules.costs import Costs
    from barloom.rules.entries import Entries
    from barloom.rules.exit_signals import ExitSignals
    from barloom.rules.exits import Breakeven, Exits, Rung, Trail
    from barloom.rules.sessions import Session
    from barloom.rules.sizing import Sizing
    from barloom.strategies.base import Strategy
    from barloom.strategies.window import Window

# Loaded when first used, so that the command line starts at once.
_HOMES = {
    "run": "barloom.api",
    "simulate": "barloom.api",
    "sweep": "barloom.api",
    "walk_forward": "barloom.api",
    "explain": "barloom.explanation.explain",
    "Bars": "barloom.bars",
    "from_arrays": "barloom.bars",
    "from_pandas": "barloom.bars",
    "from_synthetic": "barloom.bars",
    "open_bars": "barloom.bars",
    "BarloomError": "barloom.errors",
    "FidelityError": "barloom.errors",
    "InputError": "barloom.errors",
    "Costs": "barloom.rules.costs",
    "Entries": "barloom.rules.entries",
    "ExitSignals": "barloom.rules.exit_signals",
    "Breakeven": "barloom.rules.exits",
    "Exits": "barloom.rules.exits",
    "Rung": "barloom.rules.exits",
    "Trail": "barloom.rules.exits",
    "Session": "barloom.rules.sessions",
    "Sizing": "barloom.rules.sizing",
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
