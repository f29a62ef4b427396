"""Bars from any source: read, checked, sliced and handed on chunk by chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from barloom.bars.bars import Bars, BarsReport, from_arrays, from_pandas, from_synthetic, open_bars
    from barloom.bars.chunk import Chunk

__all__ = ["Bars", "BarsReport", "Chunk", "from_arrays", "from_pandas", "from_synthetic", "open_bars"]


# Loaded when first used, so that what a store says of itself is told without NumPy and Arrow.
def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'barloom.bars' has no attribute '{name}'")
    from barloom.bars import bars, chunk

    value = getattr(chunk if name == "Chunk" else bars, name)
    globals()[name] = value
    return value
