"""Choice of the signals that become trades: the limit on open trades, and the reversal by an opposite signal."""

from __future__ import annotations

from barloom.errors import InputError, nearest
from barloom.options import choices

POSITIONS = choices("position")


def max_positions(position: str, max_open: int | None) -> int:
    """Limit on trades open at the same time, 0 for none. For ``overlap`` it is ``max_open``, for the other rules 1.

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
