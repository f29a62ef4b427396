"""``barloom data info``, and the way to ``generate``, ``ingest`` and ``check``, which are in files of their own."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from barloom.bars.store_info import describe_store
from barloom.cli import output
from barloom.cli.tables import counted, render_facts
from barloom.options import reading_keys


def _info(options: argparse.Namespace) -> int:
    told = {name: getattr(options, name) for name in reading_keys("data info") if name in options}
    # A store is asked by its footer: neither Arrow nor NumPy is loaded for it.
    found = None if told else describe_store(Path(options.file))
    if found is None:
        from barloom.bars.info import describe
        from barloom.cli.lean import load_arrow

        load_arrow()
        found = describe(options.file, **told).model_dump(mode="json")
    if options.format == "json":
        output.document(json.dumps(found, indent=2, ensure_ascii=False))
        return 0
    step, longest, store = found["timeframe_seconds"], found["longest_gap_seconds"], found["store"]
    rows = {
        "file": found["path"],
        "kind": f"{found['kind']}, {found['size_bytes']:,} bytes",
        "bars": f"{found['bars']:,}" + ("" if found["bars"] == found["rows"] else f" of {found['rows']:,} rows"),
        "bad rows": counted(found["bad_rows"]) or "none",
        "first": found["first"],
        "last": found["last"],
        "step": "-" if step is None else f"{step:g} s",
        "gaps": f"{found['gaps']:,}" + ("" if longest is None else f", the longest {timedelta(seconds=longest)}"),
        "price side": found["price_side"] or "not known",
        "columns": ", ".join(f"{name} ({kind})" for name, kind in found["columns"].items()),
        "content hash": found["content_hash"],
    }
    for note in found.get("notes", ()):
        rows["note" + " " * sum(name.startswith("note") for name in rows)] = note
    if found["taken_for"]:
        rows["taken for"] = found["taken_for"]
    if store is not None:
        rows |= {f"source {number}": _source(file) for number, file in enumerate(store["sources"], 1)}
        rows |= {"dropped at ingest": counted(store["dropped"]) or "none", "ingested by": f"barloom {store['version']}"}
    output.write(render_facts(rows))
    return 0


def _source(file: Mapping[str, Any]) -> str:
    return f"{file['name']}, {file['size_bytes']:,} bytes, sha256 {file['sha256'][:16]}..."


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the action.

    Raises:
        InputError: a file that cannot be read, or one that must not be replaced.
    """
    if options.action == "info":
        return _info(options)
    from barloom.cli.lean import load_arrow

    load_arrow()
    if options.action == "check":
        from barloom.cli.check import check_command

        return check_command(options)
    from barloom.cli.ingest import generate_command, ingest_command

    return generate_command(options) if options.action == "generate" else ingest_command(options)
