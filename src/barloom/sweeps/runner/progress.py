"""How far a sweep has come, for those who show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep has come.

    Attributes:
        sets: those that are done, those of an earlier process included.
        total_sets: all there will be.
        failed: those that could not be run.
        seconds: since this process began with its sets.
        new_sets: those done in these seconds.
    """

    sets: int
    total_sets: int
    failed: int
    seconds: float
    new_sets: int
