"""Progress of a sweep, for display."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """Progress of a sweep.

    Attributes:
        sets: finished sets, those of an earlier process included.
        total_sets: number of all sets.
        failed: sets that could not be run.
        seconds: time since this process began to run sets.
        new_sets: sets finished in these seconds.
    """

    sets: int
    total_sets: int
    failed: int
    seconds: float
    new_sets: int
