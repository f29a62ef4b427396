"""``barloom data check``: what is wrong with a data set, and what to do about it."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barloom.cli import output
from barloom.cli.given import say_taken_for
from barloom.cli.lean import load_arrow
from barloom.cli.tables import facts_table, listing, render
from barloom.options import reading_keys

if TYPE_CHECKING:
    from barloom.bars.check_report import CheckReport, Finding

SHOWN = 3


def check_command(options: argparse.Namespace) -> int:
    """Check the files of the command line and print a table or JSON; 0 whatever was found.

    Raises:
        InputError: a file that cannot be read.
    """
    load_arrow()
    from barloom.bars.checks import check_bars
    from barloom.bars.opening import open_bars

    given: dict[str, Any] = {name: getattr(options, name, None) for name in reading_keys("data check")}
    files = [Path(name) for name in options.files]
    bars = open_bars(files, **{name: value for name, value in given.items() if value})
    say_taken_for(bars)
    found = check_bars(bars)
    stored = bars.source.facts is not None and len(files) == 1
    command = suggestion(found, files, given, stored)
    if options.format == "json":
        output.document(found.model_dump_json(indent=2))
        return 0
    parts: list[Any] = [_facts(found), ""]
    if found.findings:
        rows = (
            (
                finding.severity,
                finding.kind,
                f"{finding.count:,}",
                _share(finding.share_of_rows),
                _share(finding.share_of_time),
                finding.meaning,
                _places(finding),
            )
            for finding in found.findings
        )
        parts += [listing(("", "kind", "count", "rows", "time", "what it is", "first rows"), rows), ""]
    output.write(render(*parts, _verdict(found, command)))
    return 0


def _share(part: float | None) -> str:
    from barloom.bars.refusals import share

    return "-" if part is None else share(part)


def _verdict(found: CheckReport, command: str) -> Any:
    """The last word: what the files are good for, what to do, and the command to go on with."""
    rows = [("verdict", found.said)]
    rows += [("advice" if not number else " " * number, sentence) for number, sentence in enumerate(found.advice)]
    if command:
        rows.append(("command", command))
    return facts_table(rows)


def _facts(found: CheckReport) -> Any:
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
        rows["clock"] = ", ".join(f"{clock} fits {int(fit * 100)}% of the weeks" for clock, fit in fits[:3] if fit)
    return facts_table(rows.items())


def _places(finding: Finding) -> str:
    places = [f"{place.row:,}" + (f" ({place.time})" if place.time else "") for place in finding.first[:SHOWN]]
    return ", ".join(places)


def suggestion(found: CheckReport, files: list[Path], given: Mapping[str, Any], stored: bool = False) -> str:
    """The command that goes on from here, with the options that the files were read with; none where no option helps.

    It is an ingest, under a name that is free; of a store a run.
    """
    if found.options is None:
        return ""
    said = []
    for name, value in given.items():
        if value:
            said += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else ",".join(value)]
    names = [str(path) for path in files]
    if stored:
        words = ["barloom", "run", *names, "--strategy", "ema-cross"]
    else:
        words = ["barloom", "data", "ingest", *names, "--out", str(_free(files[0].name.split(".")[0] or "bars"))]
    return shlex.join([*words, *said, *found.options])


def _free(stem: str) -> Path:
    """A name for a store that no file has; of a pattern what stands before its marks."""
    stem = re.split(r"[*?\[]", stem)[0].rstrip("-_. ") or "bars"
    path, number = Path(f"{stem}.arrow"), 1
    while path.exists():
        number += 1
        path = Path(f"{stem}-{number}.arrow")
    return path
