"""Bars from any source: read, checked, sliced and handed on chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barloom.bars.bars import Bars, BarsReport
    from barloom.bars.chunk import Chunk
    from barloom.bars.opening import from_arrays, from_pandas, from_synthetic, open_bars

__all__ = ["Bars", "BarsReport", "Chunk", "from_arrays", "from_pandas", "from_synthetic", "open_bars"]


# Loaded when first used, so that what a store says of itself is told without NumPy and Arrow.
def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'barloom.bars' has no attribute '{name}'")
    from barloom.bars import bars, chunk, opening

    place = chunk if name == "Chunk" else bars if name in ("Bars", "BarsReport") else opening
    value = getattr(place, name)
    globals()[name] = value
    return value
