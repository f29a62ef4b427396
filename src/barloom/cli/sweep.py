"""``barloom sweep``: a grid of parameter sets over the same bars, their ranking, and what having searched leaves of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from barloom.cli import output as results
from barloom.cli.given import given_options, model_of, open_data, refuse_unused, say_taken_for
from barloom.cli.lean import load_arrow
from barloom.cli.ranking import ranking_text
from barloom.cli.tables import facts_table, render
from barloom.errors import InputError
from barloom.jobs.sweep.job import SweepOutcome, plan_sweep, sweep_job
from barloom.jobs.sweep.pages import write_pages
from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import SweepProgress
from barloom.options import default
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.heat_map import axes_of, check_plots
from barloom.sweeps.analysis.ranking import Judged, RankedSearch, asked_grid
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import Plan, duration


def grid_of(given: dict[str, Any], base: RunParameters) -> Grid:
    """The grid that the options ask for, which are taken out of ``given``.

    Raises:
        InputError: see ``asked_grid``.
    """
    axes = [f"{name}={values}" for name, values in given.pop("grid", [])]
    return asked_grid(axes, base, where=given.pop("where", []), sample=given.pop("sample", None))


def base_of(given: dict[str, Any]) -> RunParameters:
    """The options that all sets share, which are taken out of ``given``.

    Raises:
        InputError: a value that an option does not take.
    """
    given["params"] = dict(given.pop("param", []))
    return model_of(RunParameters, given)


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the command.

    Raises:
        BarloomError: see ``sweep_job``.
    """
    load_arrow()
    given = given_options(options)
    output, only_plan = given.pop("format", default("format")), given.pop("plan", False)
    top = given.pop("top", default("top", "sweep"))
    method, trials = given.pop("search", None), given.pop("trials", None)
    drawn = given.pop("heat_map", None)
    base = base_of(given)
    grid = grid_of(given, base)
    asked = model_of(SweepOptions, given)
    asked.check()
    search = RankedSearch.asked(
        grid, method, trials, rank_by=asked.rank_by, min_trades=asked.min_trades, max_sets=asked.max_sets
    )
    axes = None
    if drawn is not None:
        axes = axes_of(",".join(drawn), grid.names)
        check_plots()
    bars = open_data(given, asked)
    refuse_unused(given)
    say_taken_for(bars)
    if only_plan:
        if asked.profile or asked.profile_html:
            raise InputError("--profile measures a sweep, and --plan runs none: leave one of them out")
        _say_plan(plan_sweep(bars, base, grid, asked, search=search, reading_known=True), output)
        return 0
    with SweepProgress(MemoryWatch(asked.memory_threshold_mb)) as progress:
        outcome = sweep_job(
            bars,
            base,
            grid,
            asked,
            command=["barloom", *words],
            search=search,
            reading_known=True,
            on_plan=partial(_show_plan, output),
            on_progress=progress,
        )
    judged = Judged.of(outcome.table, asked.rank_by, asked.min_trades)
    files = _draw(outcome, asked, axes, judged)
    if output == "json":
        _say_json(outcome, asked, judged, top, files)
        return 0
    results.write(
        ranking_text(
            outcome.table,
            asked.rank_by,
            min_trades=asked.min_trades,
            count=top,
            stability=judged.stability,
            overfitting=judged.overfitting,
            facts=tuple(_facts(outcome, files)),
        )
    )
    return 0


def _show_plan(output: str, plan: Plan) -> None:
    """Print the plan of a sweep that begins: on stderr if stdout is for one document alone."""
    print(render(facts_table(plan.rows())), file=sys.stderr if output == "json" else results.stream(), flush=True)


def _say_plan(plan: Plan, output: str) -> None:
    if output == "json":
        results.document(json.dumps(plan.model_dump(), indent=2))
    else:
        results.write(render(facts_table(plan.rows())))


def _facts(outcome: SweepOutcome, files: Sequence[Path]) -> list[tuple[str, str]]:
    """Time, memory, and the places of the files."""
    record = outcome.record
    memory = "" if record.memory_peak_mb is None else f", {record.memory_peak_mb:,.0f} MB at peak"
    rate = record.data.selected_rows * (record.sets - record.resumed) / record.seconds if record.seconds else 0.0
    took = f"{duration(record.seconds)}, {rate:,.0f} bar-sets/s{memory}"
    rows = [
        ("audited", "" if record.audit is None else f"{record.audit.said}, of the best sets"),
        ("took", "finished before: nothing was run" if outcome.already else took),
        ("there already", f"{record.resumed:,} sets" if record.resumed and not outcome.already else ""),
        ("files", "" if outcome.folder is None else str(outcome.folder)),
        ("profile", ", ".join(name for name in record.files if name.startswith("profile."))),
        ("page and heat map" if len(files) > 1 else "page", ", ".join(path.name for path in files)),
    ]
    return [(name, value) for name, value in rows if value]


def _draw(outcome: SweepOutcome, asked: SweepOptions, axes: tuple[str, str] | None, judged: Judged) -> list[Path]:
    """The page of the sweep, and the heat map that was asked for, in its folder; their paths."""
    if outcome.folder is None:
        raise AssertionError("the command line always names a folder")
    return write_pages(
        outcome.folder,
        f"{outcome.record.base.strategy}: {len(outcome.table):,} sets",
        outcome.table,
        asked.rank_by,
        min_trades=asked.min_trades,
        axes=() if axes is None else (axes,),
        stability=judged.stability,
        overfitting=judged.overfitting,
    )


def _say_json(outcome: SweepOutcome, asked: SweepOptions, judged: Judged, top: int, files: Sequence[Path]) -> None:
    """Everything as one document."""
    table = outcome.table
    ranked = table.ranked(asked.rank_by, asked.min_trades)
    document = {
        "plan": outcome.plan.model_dump(),
        "sweep": outcome.record.model_dump(mode="json"),
        "already_finished": outcome.already,
        "best": None if judged.best is None else table.record(judged.best),
        "ranking": ranked.records(top),
        "stability": None if judged.stability is None else judged.stability.model_dump(mode="json"),
        "overfitting": judged.overfitting.model_dump(mode="json"),
        "pages": [str(path) for path in files],
    }
    results.document(json.dumps(document, indent=2, allow_nan=False))
