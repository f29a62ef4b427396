"""Bars from any source: read, checked, sliced and handed on chunk by chunk."""

from barloom.bars.bars import Bars, BarsReport, from_arrays, from_pandas, from_synthetic, open_bars
from barloom.bars.chunk import Chunk

__all__ = ["Bars", "BarsReport", "Chunk", "from_arrays", "from_pandas", "from_synthetic", "open_bars"]
