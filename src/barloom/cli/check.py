"""``barloom data check``: what is wrong with a data set, and what to do about it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barloom._native.checking import BAD_ROWS
from barloom.bars.cells import CELLS
from barloom.cli import output
from barloom.cli.given import say_taken_for
from barloom.cli.lean import load_arrow
from barloom.cli.tables import facts_table, listing, render

if TYPE_CHECKING:
    from barloom.bars.checks import CheckReport, Finding

READING = ("columns", "ignore_columns", "ask", "spread_column", "input_format", "time_zone", "stamp", "symbol", *CELLS)
SHOWN = 3
VERDICTS = {
    "clean": "clean: ready to run",
    "warnings": "usable: look at the warnings before trusting a result",
    "bad rows": "has bad rows: a run refuses it until they are corrected or dropped",
    "no bars": "has no good bar",
}


def check_command(options: argparse.Namespace) -> int:
    """Check the files of the command line and print a table or JSON; 0 whatever was found.

    Raises:
        InputError: a file that cannot be read.
    """
    load_arrow()
    from barloom.bars.bars import open_bars
    from barloom.bars.checks import check_bars

    given: dict[str, Any] = {name: getattr(options, name, None) for name in READING}
    files = [Path(name) for name in options.files]
    bars = open_bars(files, **{name: value for name, value in given.items() if value})
    say_taken_for(bars)
    found = check_bars(bars)
    command = suggestion(found, files, given)
    if options.format == "json":
        output.document(found.model_dump_json(indent=2))
        return 0
    if not found.findings:
        output.write(render(_facts(found, command)))
        return 0
    rows = (
        (finding.severity, finding.kind, f"{finding.count:,}", finding.meaning, _places(finding))
        for finding in found.findings
    )
    table = listing(("", "kind", "count", "what it is", "first rows"), rows)
    output.write(render(_facts(found, command), "", table))
    return 0


def _facts(found: CheckReport, command: str) -> Any:
    step = found.timeframe_seconds
    closed = ((found.weekends, "weekends"), (found.holidays, "holidays"), (found.nightly_closes, "nightly closes"))
    fits = sorted(found.clock_fits.items(), key=lambda item: -item[1])
    rows = {
        "data": found.path,
        "bars": f"{found.bars:,}" + ("" if found.bars == found.rows else f" of {found.rows:,} rows"),
        "span": "-" if found.first is None else f"{found.first} to {found.last}",
        "step": "none that is regular" if step is None else f"{step:g} s",
        "closed": ", ".join(f"{count:,} {name}" for count, name in closed if count) or "never",
    }
    if fits:
        rows["clock"] = ", ".join(f"{clock} fits {fit:.0%} of the weeks" for clock, fit in fits[:3] if fit)
    rows["verdict"] = VERDICTS[found.verdict]
    for number, sentence in enumerate(found.advice):
        rows["advice" if not number else " " * number] = sentence
    if command:
        rows["command"] = command
    return facts_table(rows.items())


def _places(finding: Finding) -> str:
    places = [f"{place.row:,}" + (f" ({place.time})" if place.time else "") for place in finding.first[:SHOWN]]
    return ", ".join(places)


def suggestion(found: CheckReport, files: list[Path], given: Mapping[str, Any]) -> str:
    """The command that goes on from here, with the options that the files were read with; none where no option helps."""
    if found.verdict == "no bars":
        return ""
    words = ["barloom", "data", "ingest", *map(str, files), "--out", f"{files[0].name.split('.')[0]}.arrow"]
    for name, value in given.items():
        if value:
            words += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else ",".join(value)]
    zone = next((line.split()[-1] for line in found.advice if line.startswith("give --time-zone ")), None)
    if zone and not given.get("time_zone"):
        words += ["--time-zone", zone]
    if any(finding.severity == "error" and finding.kind in BAD_ROWS for finding in found.findings):
        words += ["--on-bad-rows", "drop"]
    return shlex.join(words)
