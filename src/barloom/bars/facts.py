"""What a store says of itself: the facts of an ingested file, kept in its metadata and read without reading a bar."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from barloom.errors import InputError

KEY = b"barloom"
"""The metadata key of an Arrow schema or a Parquet footer under which the facts are."""
FORMAT = 1
PriceSide = Literal["bid", "ask", "mid", "trade"]
_HEAD, _BETWEEN = '{"check":"', '","facts":'
_CHECK = 32  # hexadecimal digits


class SourceFile(BaseModel):
    """A file that bars were ingested from, by its name alone, its size and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    size_bytes: int = Field(ge=0)
    sha256: str


class StoreFacts(BaseModel):
    """What is known of the bars of a store. Times are nanoseconds UTC, steps and gaps seconds."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    version: str
    """The barloom that wrote it."""
    symbol: str | None = None
    timeframe_seconds: float | None
    """The most common step of the first batch; None for a single bar."""
    price_side: PriceSide | None = None
    sources: tuple[SourceFile, ...]
    reading: dict[str, str] = Field(default_factory=dict)
    """Options the sources were read with, those that were given."""
    taken_for: str | None = None
    """What the sources were taken for, in words."""
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
    first_ts: int
    last_ts: int
    gaps: int = Field(ge=0)
    """Steps longer than the timeframe, weekends included."""
    longest_gap_seconds: float | None = None
    columns: dict[str, str]
    content_hash: str
    size_bytes: int = Field(default=0, ge=0)
    """Of the whole file: a file of another size is no longer this store."""

    def text(self, length: int | None = None) -> bytes:
        """The facts as JSON behind a hash of them, filled up with spaces to ``length`` bytes.

        Raises:
            ValueError: they do not fit into ``length``.
        """
        body = self.model_dump_json(exclude_none=True)
        text = f"{_HEAD}{_check(body)}{_BETWEEN}{body}}}".encode()
        if length is not None and len(text) > length:
            raise ValueError(f"the facts take {len(text)} bytes of {length}")
        return text if length is None else text.ljust(length)


def _check(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=_CHECK // 2).hexdigest()


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
    try:
        said = text.decode().rstrip()
        start = len(_HEAD) + _CHECK + len(_BETWEEN)
        body = said[start:-1]
        whole = said.startswith(_HEAD) and said[start - len(_BETWEEN) : start] == _BETWEEN and said.endswith("}")
        if not whole or said[len(_HEAD) : len(_HEAD) + _CHECK] != _check(body):
            raise ValueError
        found = json.loads(body)
        if isinstance(found, dict) and found.get("format") != FORMAT:
            raise InputError(
                f"{path} was written by barloom {found.get('version')}: read it with that version or later"
            )
        facts = StoreFacts.model_validate(found)
    except InputError:
        raise
    except (ValueError, ValidationError):
        raise InputError(
            f"{path} is damaged: what it says of its own bars does not add up; ingest them again"
        ) from None
    return facts if os.stat(path).st_size == facts.size_bytes else None
