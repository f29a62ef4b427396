"""Both sides of the market on a chunk, with the extremes of their blocks: made once, shared by every parameter set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from barloom._native import chunking, simulation
from barloom.bars.chunk import Chunk, Floats

RING = 3  # a chunk in work, the one made after it, and one to spare


@dataclass(frozen=True, slots=True)
class Quotes:
    """The bid and, where the bars have one of their own, the ask of a chunk, as the kernels take them."""

    bid: simulation.Side
    ask: simulation.Side | None


class QuoteMaker:
    """Makes the quotes of chunk after chunk in memory that is used again: they hold until two more have been made."""

    def __init__(self) -> None:
        self._rooms: list[list[Floats]] = [[np.empty((4, 0))] * 2 for _ in range(RING)]
        self._made = 0

    def make(self, chunk: Chunk) -> Quotes:
        """The quotes of the chunk's new bars. Compiled work that lets go of the interpreter, on the calling thread alone."""
        first = chunk.history
        room = self._rooms[self._made % RING]
        self._made += 1
        columns = (chunk.open, chunk.high, chunk.low, chunk.close)
        bid = _side(room, 0, *(column[first:] for column in columns))
        if chunk.ask_open is None or chunk.ask_high is None or chunk.ask_low is None or chunk.ask_close is None:
            return Quotes(bid, None)
        columns = (chunk.ask_open, chunk.ask_high, chunk.ask_low, chunk.ask_close)
        return Quotes(bid, _side(room, 1, *(column[first:] for column in columns)))


def _side(rooms: list[Floats], number: int, opens: Floats, high: Floats, low: Floats, close: Floats) -> simulation.Side:
    """One side with the highest and lowest prices of each block, then of each group of blocks."""
    blocks = -(-len(opens) // simulation.BLOCK_BARS)
    groups = -(-blocks // simulation.GROUP_BLOCKS)
    if blocks > rooms[number].shape[1]:
        rooms[number] = np.empty((4, blocks))
    room = rooms[number]
    extremes = room[0, :blocks], room[1, :blocks], room[2, :groups], room[3, :groups]
    # On one thread: a parallel region for so little work waits for a busy core.
    chunking.block_extremes(high, low, *extremes, 1)
    return simulation.Side(opens, high, low, close, *extremes)
