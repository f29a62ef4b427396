"""Bars drawn from a source to their end, with what every chunk must be checked on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from barloom.bars import Bars
from barloom.bars.chunk import Chunk

ASKS = ("ask_open", "ask_high", "ask_low", "ask_close")


def drawn(bars: Bars, chunk_rows: int = 65536, **options: Any) -> dict[str, np.ndarray]:
    """All bars of all chunks, copied as each chunk comes, history left out."""
    names = ["timestamp", "open", "high", "low", "close"] + (["volume"] if options.get("volume") else [])
    names += [*ASKS] if bars.has_ask else []
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    base = 0
    last = False
    promised = None
    for chunk in bars.chunks(chunk_rows, **options):
        assert not last, "a chunk came after the last one"
        assert chunk.base == base
        assert chunk.history == min(options.get("history", 0), base)
        check_shape(chunk)
        assert promised in (None, chunk.timestamp[chunk.history])
        assert (chunk.next_time is None) == chunk.last
        promised = chunk.next_time
        assert chunk.has_ask == bars.has_ask
        for name in names:
            parts[name].append(getattr(chunk, name)[chunk.history :].copy())
        base += chunk.rows
        last = chunk.last
    assert last, "no chunk was marked as the last"
    return {name: np.concatenate(columns) for name, columns in parts.items()}


def check_shape(chunk: Chunk) -> None:
    assert chunk.rows > 0
    for name in ("timestamp", "open", "high", "low", "close", *(ASKS if chunk.has_ask else ())):
        column = getattr(chunk, name)
        assert len(column) == chunk.history + chunk.rows
        assert column.flags.c_contiguous
