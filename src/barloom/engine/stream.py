"""Bars streaming past: the chunks with their indicators, and what one feed asks on each of them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from barloom.bars.bars import Bars
from barloom.bars.chunk import Chunk
from barloom.engine.feed import Feed
from barloom.engine.prefetch import ahead
from barloom.engine.quotes import QuoteMaker, Quotes
from barloom.engine.signals import Prepared
from barloom.observe.clock import Clock
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals


class Preparing(Protocol):
    """Computes what is read of each chunk."""

    def prepare(self, chunk: Chunk) -> Prepared:
        """Compute the indicators of the chunk; its arrays are valid until two more chunks have been prepared."""


@dataclass(frozen=True, slots=True)
class PreparedChunk:
    """A chunk of bars, the values of its indicators, and the extremes of its blocks."""

    chunk: Chunk
    prepared: Prepared
    quotes: Quotes


@dataclass(frozen=True, slots=True)
class SignalChunk(PreparedChunk):
    """A prepared chunk and what a feed asks on its new bars; bars counted in the slice, no exit signals from a feed that gives none."""

    entries: Entries
    exit_signals: ExitSignals | None


def prepared_chunks(
    chunks: Iterable[Chunk], feed: Preparing, clock: Clock | None = None
) -> Generator[PreparedChunk, None, None]:
    """Yield each chunk with its indicators and block extremes: compiled work for the most part."""
    clock, quotes, drawn = clock or Clock(), QuoteMaker(), iter(chunks)
    try:
        while True:
            with clock.phase("ingest"):
                chunk = next(drawn, None)
            if chunk is None:
                return
            with clock.phase("prepare"):
                made = PreparedChunk(chunk, feed.prepare(chunk), quotes.make(chunk))
            yield made
    finally:
        if isinstance(drawn, Generator):
            drawn.close()


def signal_chunks(
    chunks: Iterable[Chunk], feed: Feed, *, threads: int = 1, clock: Clock | None = None
) -> Generator[SignalChunk, None, None]:
    """Yield each chunk with what the feed asks on it.

    Args:
        chunks: drawn in order; closed at the end.
        feed: asked once for each chunk.
        threads: more than one prepare the next chunk while the caller uses this one.
        clock: takes the seconds of each step.
    """
    clock = clock or Clock()
    steps = prepared_chunks(chunks, feed, clock)
    # Closed here, so that no thread reads on when a chunk fails.
    with closing(ahead(steps) if threads > 1 else steps) as drawn:
        for step in drawn:
            with clock.phase("scan"):
                entries = feed.entries(step.chunk, step.prepared)
                exit_signals = feed.exit_signals(step.chunk, step.prepared)
            yield SignalChunk(step.chunk, step.prepared, step.quotes, entries, exit_signals)


def bars_with_signals(
    bars: Bars, feed: Feed, rows: int, threads: int, clock: Clock | None = None
) -> Generator[SignalChunk, None, None]:
    """Yield the chunks of the bars, with the history and volume that the feed reads, and what it asks on each."""
    chunks = bars.chunks(rows, history=feed.history, volume=feed.uses_volume, threads=threads)
    return signal_chunks(chunks, feed, threads=threads, clock=clock)
