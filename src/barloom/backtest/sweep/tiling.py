"""How a batch is cut: sets that read the same indicators pass over the bars together, as many as memory has room for the indicators of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from barloom.backtest.orchestrator import CHUNK_ROWS
from barloom.indicators.spec import Indicator

INDICATOR_BYTES = 16_000_000
"""Memory for the indicators of a chunk."""
LEAST_ROWS = 4_096
# Rough costs, to choose by: nothing but speed depends on them.
READ_NS = 5.0  # a bar, once a pass
INDICATOR_NS = 2.0  # a bar
SIGNALS_NS = 150_000.0  # a signal set and chunk


class Maker(Protocol):
    """What makes signals of indicators."""

    @property
    def specs(self) -> Mapping[str, Indicator]:
        """The indicators by the names they are read by."""


class Strand(Protocol):
    """Sets that share their signals."""

    @property
    def maker(self) -> Maker:
        """What makes them."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Bars in a chunk, and the indices of what passes over the bars together."""

    rows: int
    tiles: list[list[int]]


def cut(strands: Sequence[Strand], chunk_rows: int | None, *, again: bool) -> Cut:
    """The cut that should take the least time, of those that keep the indicators of a chunk within ``INDICATOR_BYTES``.

    Args:
        strands: what is to pass.
        chunk_rows: bars in a chunk, None to choose them too.
        again: whether the bars can be read again and again at no great cost; otherwise all pass at once.
    """
    if not again:
        union = len({spec for strand in strands for spec in strand.maker.specs.values()})
        rows = chunk_rows or max(LEAST_ROWS, min(CHUNK_ROWS, INDICATOR_BYTES // (8 * max(1, union))))
        return Cut(rows, [list(range(len(strands)))])
    tried = [chunk_rows] if chunk_rows else [CHUNK_ROWS >> k for k in range(6)]
    cuts = [Cut(rows, _tiles(strands, INDICATOR_BYTES // (8 * rows))) for rows in tried]
    return min(cuts, key=lambda one: _cost(strands, one))


def _cost(strands: Sequence[Strand], one: Cut) -> float:
    """Nanoseconds a bar, but for what is the same however it is cut."""
    passes = 0.0
    for tile in one.tiles:
        specs = {spec for k in tile for spec in strands[k].maker.specs.values()}
        passes += READ_NS + INDICATOR_NS * len(specs)
    return passes + SIGNALS_NS * len(strands) / one.rows


def _tiles(strands: Sequence[Strand], most: int) -> list[list[int]]:
    """Strands by blocks of the indicators they read under each name: at most ``most`` in a tile, unless one strand reads more."""
    read: dict[str, dict[Indicator, int]] = {}
    for strand in strands:
        for name, spec in strand.maker.specs.items():
            numbers = read.setdefault(name, {})
            numbers.setdefault(spec, len(numbers))
    block = 1
    while block < len(strands) and sum(min(block + 1, len(numbers)) for numbers in read.values()) <= most:
        block += 1
    tiles: dict[Hashable, list[int]] = {}
    for k, strand in enumerate(strands):
        key = tuple((name, read[name][spec] // block) for name, spec in strand.maker.specs.items())
        tiles.setdefault(key, []).append(k)
    return list(tiles.values())
