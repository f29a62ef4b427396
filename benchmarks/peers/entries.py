"""Entries that every peer is given: at even distances, with a stop and a target at a share of the price."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from barloom.bench.made import Arrays
from barloom.bench.sections import BARS_AN_ENTRY
from barloom.rules.entries import Entries

PART = 0.0009
"""Distance to the stop and to the target, as a share of the price."""
CASH = 1e9


def signals(rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """Return signal bars at even distances, one distance away from both ends, and alternating sides."""
    where = np.arange(BARS_AN_ENTRY, rows - BARS_AN_ENTRY, BARS_AN_ENTRY)
    return where, np.where(np.arange(len(where)) % 2, 1, -1).astype(np.int8)


def bracketed(arrays: Arrays, where: npt.NDArray[np.int64], side: npt.NDArray[np.int8]) -> Entries:
    """Return entries at the close with stop and target prices computed to the bit as the peers compute them."""
    base = arrays[4][where]
    return Entries(where, side, stop_price=base * (1.0 - side * PART), target_price=base * (1.0 + side * PART))


def flags(rows: int, where: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return an array that is True on these bars."""
    found = np.zeros(rows, dtype=np.bool_)
    found[where] = True
    return found
