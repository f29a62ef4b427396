"""Which signals become trades: how many may be open at one time, and whether an opposite signal turns one round."""

from __future__ import annotations

from barloom.errors import InputError, nearest
from barloom.options import choices

POSITIONS = choices("position")


def max_positions(position: str, max_open: int | None) -> int:
    """How many trades may be open together, 0 for any number. ``overlap`` is ``max_open`` max_positions, the others are one.

    Raises:
        InputError: an unknown position rule, or ``max_open`` beside ``single`` or ``reverse``.
    """
    if position not in POSITIONS:
        raise InputError(f"unknown position rule '{position}': {nearest(position, POSITIONS)}")
    if position != "overlap":
        if max_open not in (None, 1):
            raise InputError(f"--max-open {max_open} goes with --position overlap: {position} holds one trade")
        return 1
    return max_open or 0
