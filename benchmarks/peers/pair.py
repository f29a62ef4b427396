"""A work that barloom and another engine both do, and the check that both made the same trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from barloom.bench.timing import Work
from barloom.errors import FidelityError

COMPARED = ("entry_bar", "exit_bar", "entry_price", "exit_price")
Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One work by barloom and by a peer, whose answers were compared.

    Attributes:
        name: description of the work.
        rows: bars it takes.
        ours, theirs: calls that do it.
        compared: values that were equal.
        differs: values that were not compared, and why; None when all were.
    """

    name: str
    rows: int
    ours: Work
    theirs: Work
    compared: str
    differs: str | None = None


def must_agree(ours: Columns, theirs: Columns, what: str, tolerance: float = 0.0) -> int:
    """Check that two engines made the same trades, and count them.

    Args:
        ours: columns ``COMPARED`` of barloom's trades, one row a trade.
        theirs: the same columns of the peer's trades.
        what: names of the peer and the work, for the message.
        tolerance: relative tolerance of prices; bars must be equal.

    Raises:
        FidelityError: the trades differ, or there are none.
    """
    counts = len(ours["entry_bar"]), len(theirs["entry_bar"])
    few = min(counts)
    for name in COMPARED:
        mine, other = np.asarray(ours[name][:few]), np.asarray(theirs[name][:few])
        apart = ~np.isclose(mine, other, rtol=tolerance if name.endswith("price") else 0.0, atol=0.0)
        if apart.any():
            row = int(np.argmax(apart))
            raise FidelityError(unlike(what, f"{name} of trade {row} is {mine[row]} here and {other[row]} there"))
    if counts[0] != counts[1] or not few:
        raise FidelityError(unlike(what, f"{counts[0]:,} trades here and {counts[1]:,} there"))
    return few


def unlike(what: str, how: str) -> str:
    """Return the message for answers that differ."""
    return f"{what}: {how}, so nothing was timed; please report this with the versions of both"
