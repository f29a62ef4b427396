"""Facts of a store for ``data info``, shown without reading a bar or loading the libraries that read bars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from barloom.bars.iso_time import iso
from barloom.bars.stored import damaged, read_stored
from barloom.errors import InputError

IN_STORES = {"int64": "timestamp[ns, tz=UTC]", "float64": "double"}
"""Type of a column in memory -> name of its Arrow type in the store."""
UNKNOWN = ("symbol", "timeframe_seconds", "price_side", "taken_for", "longest_gap_seconds")
"""Facts that are left out of the file if they are not known."""


def describe_store(path: Path) -> dict[str, Any] | None:
    """The fields of ``BarsInfo`` of a store; None for any other file.

    Raises:
        InputError: what it says is damaged, or a later barloom wrote it.
    """
    found = read_stored(path)
    if found is None:
        return None
    try:
        return info_of(found[0], str(path), found[1])
    except (KeyError, TypeError, AttributeError):
        raise InputError(damaged(path)) from None


def info_of(facts: Mapping[str, Any], label: str, kind: str) -> dict[str, Any]:
    """The fields of ``BarsInfo`` from the facts of a store."""
    known = {name: facts.get(name) for name in UNKNOWN}
    return {
        "path": label,
        "kind": f"{kind} store",
        "size_bytes": facts["size_bytes"],
        "rows": facts["rows"],
        "bars": facts["rows"],
        "bad_rows": {},
        "first": iso(facts["first_ts"]),
        "last": iso(facts["last_ts"]),
        "timeframe_seconds": known["timeframe_seconds"],
        "gaps": facts["gaps"],
        "longest_gap_seconds": known["longest_gap_seconds"],
        "price_side": known["price_side"],
        "taken_for": known["taken_for"],
        "columns": {name: IN_STORES[kind] for name, kind in facts["columns"].items()},
        "content_hash": facts["content_hash"],
        "notes": list(facts.get("notes", ())),
        "store": {**known, **facts},
    }
