"""``barloom bench run`` and ``barloom bench compare``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from barloom.cli import output as results
from barloom.cli.tables import listing, render
from barloom.outputs import Output, is_json_with, is_told

if TYPE_CHECKING:
    from rich.console import RenderableType

    from barloom.bench.compare import Comparison
    from barloom.bench.records import BenchRecord

SLOWER = 3
log = logging.getLogger(__name__)


def _time(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def _run(options: argparse.Namespace) -> int:
    from barloom.bench.measure import measure
    from barloom.jobs.staged import StagedFile

    out = None if options.out is None else Path(options.out)
    output: Output | None = None
    if out is not None:
        ours = is_json_with("measurements", "versions", "repeats")
        known = not options.force and is_told(ours, out)
        output = Output(
            out,
            "--out",
            ours=ours if options.force else None,
            kind="a record of 'barloom bench run'",
            remedy="name another file" + (", or give --force to replace it" if known else ""),
        )
        output.check()
    record = measure(
        options.rows,
        options.section,
        repeats=options.repeats,
        threads=options.threads,
        folder=None if options.keep_data is None else Path(options.keep_data),
        tell=lambda text: log.info("%s", text),
    )
    text = record.to_json()
    if out is not None:
        staged = StagedFile(out, text, output)
        try:
            staged.commit()
        finally:
            staged.discard()
    results.document(text.decode("utf-8")) if options.format == "json" else results.write(_measured(record))
    return 0


def _measured(record: BenchRecord) -> str:
    about = record.machine
    head = ("section", "work", "bars", "median", "min to max", "a bar", "checked against")
    rows = [
        (
            one.section,
            one.name,
            f"{one.rows:,}",
            _time(one.median),
            f"{_time(one.lowest)} to {_time(one.highest)}",
            f"{1e9 * one.median / one.bars:.3g} ns",
            one.checked,
        )
        for one in record.measurements
    ]
    machine = (
        f"{about.processor}, {about.usable_cores} cores, {record.threads} threads, {about.system}; "
        f"barloom {record.versions['barloom']}, Python {record.versions['python']}; {record.repeats} repeats"
    )
    return render(machine, "", listing(head, rows))


def _compare(options: argparse.Namespace) -> int:
    from barloom.bench.compare import compare
    from barloom.bench.records import read_bench

    old, new = read_bench(Path(options.old)), read_bench(Path(options.new))
    found = compare(old, new, options.max_regression)
    results.document(found.to_json().decode("utf-8")) if options.format == "json" else results.write(_compared(found))
    return SLOWER if found.regressed else 0


def _compared(found: Comparison) -> str:
    head = ("section", "work", "bars", "old", "new", "ratio", "by the quartiles", "verdict")
    rows = [
        (
            change.section,
            change.name,
            f"{change.rows:,}",
            _time(change.old_seconds),
            _time(change.new_seconds),
            f"{change.ratio:.3f}",
            f"{change.least:.3f} to {change.most:.3f}",
            change.verdict,
        )
        for change in found.changes
    ]
    slower = [change.name for change in found.changes if change.verdict == "slower"]
    limit = f"{100 * found.max_regression:g}%"
    parts: list[RenderableType] = [listing(head, rows), ""]
    for names, which in ((found.only_old, "OLD"), (found.only_new, "NEW")):
        if names:
            parts.append(f"only in {which}, not judged: {'; '.join(names)}")
    if slower:
        parts.append(f"slower by more than {limit}: {'; '.join(slower)}")
    else:
        unsure = any(change.verdict == "unsure" for change in found.changes)
        parts.append(f"nothing is slower by more than {limit}{', but see what is unsure' if unsure else ''}")
    return render(*parts)


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the action.

    Returns:
        0, or 3 where a measurement is slower.

    Raises:
        InputError: options that cannot be followed, a peer that is not installed, or records that cannot be read or compared.
        FidelityError: an answer is wrong, or not the peer's, so nothing was timed.
    """
    if options.action == "compare":
        return _compare(options)
    from barloom.cli.lean import load_arrow

    load_arrow()
    return _run(options)
