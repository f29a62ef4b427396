"""Facts of a store: a description of the ingested file, kept in its metadata and read without reading a bar."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from barloom.bars.stored import FORMAT, KEY, damaged, signed, verified
from barloom.errors import InputError

PriceSide = Literal["bid", "ask", "mid", "trade", "bid and ask"]


class SourceFile(BaseModel):
    """A file that bars were ingested from, by its name alone, its size and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    size_bytes: int = Field(ge=0)
    sha256: str


class StoreFacts(BaseModel):
    """Description of the bars of a store. Times are nanoseconds UTC, steps and gaps seconds."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    version: str
    """Version of barloom that wrote the store."""
    symbol: str | None = None
    timeframe_seconds: float | None
    """The most common step of the first batch; None for a single bar."""
    price_side: PriceSide | None = None
    sources: tuple[SourceFile, ...]
    reading: dict[str, str] = Field(default_factory=dict)
    """Options that were given for reading the sources."""
    taken_for: str | None = None
    """Format that the sources were read as, in words."""
    time_zone: str = "UTC"
    """Zone of the naive times of the sources; the store itself is UTC."""
    total_rows: int = Field(ge=0)
    """Rows of the sources, good and bad."""
    rows: int = Field(gt=0)
    """Bars."""
    batch_rows: int = Field(gt=0)
    """Bars of each record batch but the last; of each row group of Parquet."""
    dropped: dict[str, int] = Field(default_factory=dict)
    """Rows left out, by what was wrong with them."""
    notes: tuple[str, ...] = ()
    """Remarks, one sentence each: the share of time of the rows left out, a clock that fits few weeks, asks raised to the bid."""
    odd_volumes: int = 0
    """Bars whose volume is unknown."""
    first_ts: int
    last_ts: int
    gaps: int = Field(ge=0)
    """Steps longer than the timeframe, weekends included."""
    longest_gap_seconds: float | None = None
    columns: dict[str, str]
    content_hash: str
    size_bytes: int = Field(default=0, ge=0)
    """Size of the whole file in bytes; a file of another size is no longer this store."""

    @property
    def has_ask(self) -> bool:
        """True if the store holds ask prices beside the bid."""
        return "ask_open" in self.columns

    def text(self, length: int | None = None) -> bytes:
        """The facts as JSON, preceded by a hash of them, padded with spaces to ``length`` bytes.

        Raises:
            ValueError: they do not fit into ``length``.
        """
        text = signed(self.model_dump_json(exclude_none=True))
        if length is not None and len(text) > length:
            raise ValueError(f"the facts take {len(text)} bytes of {length}")
        return text if length is None else text.ljust(length)


def facts_of(metadata: Mapping[bytes, bytes] | None, path: Path) -> StoreFacts | None:
    """The facts in the metadata of a file of bars.

    None where it has none, and where they speak of a file of another size: metadata outlives what other programs do to
    the rows.

    Raises:
        InputError: they are damaged, or a later barloom wrote them.
    """
    text = (metadata or {}).get(KEY)
    if text is None:
        return None
    found = verified(text, path)
    try:
        facts = StoreFacts.model_validate(found)
    except ValidationError:
        raise InputError(damaged(path)) from None
    return facts if os.stat(path).st_size == facts.size_bytes else None


__all__ = ["FORMAT", "KEY", "PriceSide", "SourceFile", "StoreFacts", "facts_of"]
