"""Which signals become trades: how many may be open at one time."""

from __future__ import annotations

from barloom.errors import InputError, nearest

POSITIONS = ("single", "overlap")


def places(position: str, max_open: int | None) -> int:
    """How many trades may be open together, 0 for any number. ``single`` is one place, ``overlap`` is ``max_open`` places.

    Raises:
        InputError: an unknown position rule, or ``max_open`` beside ``single``.
    """
    if position not in POSITIONS:
        raise InputError(f"unknown position rule '{position}': {nearest(position, POSITIONS)}")
    if position == "single":
        if max_open not in (None, 1):
            raise InputError(f"--max-open {max_open} goes with --position overlap: single holds one trade")
        return 1
    return max_open or 0
