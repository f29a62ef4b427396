"""Bars and entries that the sections measure on: those of ``barloom bench``."""

from __future__ import annotations

from barloom.bench.made import Arrays, brackets, spread_out, synthetic, trailed

__all__ = ["Arrays", "brackets", "spread_out", "synthetic", "trailed"]
