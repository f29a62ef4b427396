"""Schedule of a batch: sets that read the same indicators pass over the bars together, as many as fit into memory."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from barloom.engine.orchestrator import CHUNK_ROWS
from barloom.indicators.spec import Indicator

INDICATOR_BYTES = 16_000_000
"""Memory for the indicators of a chunk, in bytes."""
LEAST_ROWS = 4_096
# Rough costs, to choose by: nothing but speed depends on them.
READ_NS = 5.0  # a bar, once a pass
INDICATOR_NS = 2.0  # a bar
SIGNALS_NS = 150_000.0  # a signal set and chunk


class Maker(Protocol):
    """Maker of signals from indicators."""

    @property
    def specs(self) -> Mapping[str, Indicator]:
        """The indicators by the names under which they are read."""


class Group(Protocol):
    """Sets that share their signals."""

    @property
    def maker(self) -> Maker:
        """The maker of the signals."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Bars in a chunk, and for each pass over the bars the indices of its groups."""

    rows: int
    passes: list[list[int]]


def schedule(groups: Sequence[Group], chunk_rows: int | None, *, again: bool) -> Schedule:
    """The fastest schedule, by estimate, that keeps the indicators of a chunk within ``INDICATOR_BYTES``.

    Args:
        groups: what is to pass.
        chunk_rows: bars in a chunk, None to choose them too.
        again: whether the bars can be read again and again at no great cost; otherwise all pass at once.
    """
    if not again:
        union = len({spec for group in groups for spec in group.maker.specs.values()})
        rows = chunk_rows or max(LEAST_ROWS, min(CHUNK_ROWS, INDICATOR_BYTES // (8 * max(1, union))))
        return Schedule(rows, [list(range(len(groups)))])
    tried = [chunk_rows] if chunk_rows else [CHUNK_ROWS >> k for k in range(6)]
    found = [Schedule(rows, _passes(groups, INDICATOR_BYTES // (8 * rows))) for rows in tried]
    return min(found, key=lambda one: _cost(groups, one))


def _cost(groups: Sequence[Group], one: Schedule) -> float:
    """Estimated nanoseconds per bar, without the part that is the same for every schedule."""
    passes = 0.0
    for one_pass in one.passes:
        specs = {spec for k in one_pass for spec in groups[k].maker.specs.values()}
        passes += READ_NS + INDICATOR_NS * len(specs)
    return passes + SIGNALS_NS * len(groups) / one.rows


def _passes(groups: Sequence[Group], most: int) -> list[list[int]]:
    """Groups divided by the indicators they read under each name: at most ``most`` in a pass, unless one group reads more."""
    read: dict[str, dict[Indicator, int]] = {}
    for group in groups:
        for name, spec in group.maker.specs.items():
            numbers = read.setdefault(name, {})
            numbers.setdefault(spec, len(numbers))
    block = 1
    while block < len(groups) and sum(min(block + 1, len(numbers)) for numbers in read.values()) <= most:
        block += 1
    passes: dict[Hashable, list[int]] = {}
    for k, group in enumerate(groups):
        key = tuple((name, read[name][spec] // block) for name, spec in group.maker.specs.items())
        passes.setdefault(key, []).append(k)
    return list(passes.values())
