"""Timing on a machine whose speed drifts: works in turn, repeat by repeat, so that a slow minute meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

Work = Callable[[], object]


class Took(float):
    """Seconds that a work says it took: those of the part that is measured."""


def seconds(work: Work) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved(
    works: Sequence[Work], repeats: int, *, before: Callable[[int], None] | None = None
) -> list[list[float]]:
    """Seconds of each work, A B A B ..., after one round that is not counted.

    Args:
        works: what to call; one that returns ``Took`` has timed itself.
        repeats: rounds that are counted.
        before: called with the number of each round, 0 for the one that is not counted.

    Returns:
        A list of ``repeats`` times for each work.
    """
    taken: list[list[float]] = [[] for _ in works]
    for number in range(repeats + 1):
        if before is not None:
            before(number)
        for times, work in zip(taken, works, strict=True):
            started = time.perf_counter()
            told = work()
            passed = time.perf_counter() - started
            if number:
                times.append(told if isinstance(told, Took) else passed)
            # What one work leaves is not thrown away on the clock of the next.
            del told
    return taken
