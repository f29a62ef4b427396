"""``barloom walk-forward``: sets chosen on past bars and run on the bars that follow, window after window."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from barloom.cli import output as results
from barloom.cli.given import given_options, model_of, open_data, refuse_unused, say_taken_for
from barloom.cli.lean import load_arrow
from barloom.cli.sweep import base_of, grid_of
from barloom.cli.tables import facts_table, listing, render
from barloom.engine.metrics import Metrics
from barloom.errors import InputError
from barloom.jobs.walk_forward import WalkForwardRecord, walk_forward_job
from barloom.observe.figures import figure, missing, reasons
from barloom.observe.memory import MemoryWatch
from barloom.observe.progress import SweepProgress
from barloom.options import default
from barloom.sweeps.analysis.table import cell, dashed, text_of
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import duration
from barloom.sweeps.walk_forward.result import Trained, WalkForwardSummary
from barloom.sweeps.walk_forward.walk import Walk
from barloom.sweeps.walk_forward.windows import CalendarSpan

DATE = len("2020-01-01")


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the command.

    Raises:
        BarloomError: see ``walk_forward_job``.
    """
    load_arrow()
    given = given_options(options)
    output = given.pop("format", default("format"))
    train, test = _span(given, "train"), _span(given, "test")
    step = _span(given, "step") if "step" in given else test
    anchored = given.pop("anchored", False)
    base = base_of(given)
    grid = grid_of(given, base)
    asked = model_of(SweepOptions, given)
    walk = Walk.of(grid, base, asked, train, test, step, anchored=anchored)
    bars = open_data(given, asked)
    refuse_unused(given)
    say_taken_for(bars)
    with SweepProgress(MemoryWatch(asked.memory_threshold_mb)) as progress:
        outcome = walk_forward_job(
            bars, walk, asked, command=["barloom", *words], reading_known=True, on_progress=progress
        )
    if output == "json":
        results.document(json.dumps(outcome.record.model_dump(mode="json"), indent=2, allow_nan=False))
    else:
        results.write(_text(outcome.record))
    return 0


def _span(given: dict[str, Any], option: str) -> CalendarSpan:
    """The span of an option, which is taken out of ``given``.

    Raises:
        InputError: it is missing, or no span.
    """
    if option not in given:
        raise InputError(
            f"--{option} is missing: say how long the windows are, in years, months, weeks or days (2y, 6m, 4w, 10d)"
        )
    return CalendarSpan.parse(given.pop(option), option)


def _text(record: WalkForwardRecord) -> str:
    """The windows, then all tests as one account."""
    summary = record.summary
    metric = summary.metric
    header = ["no.", "train", "test", *record.names, f"{metric} before", f"{metric} after", "trades", "return"]
    rows = [_row(window, record.names, metric) for window in record.windows]
    notes = [(f"window {one.window}", why) for one in record.windows if (why := one.why or _dashes(one, metric))]
    return render(listing(header, rows), facts_table([*_facts(summary), *notes, *_work(record)]))


def _row(window: Trained, names: Sequence[str], metric: str) -> list[str]:
    before, after = window.in_sample, window.out_of_sample
    idle = after is None or after.trades == 0
    values = [text_of(window.values[name]) if name in window.values else "-" for name in names]
    return [
        str(window.window),
        f"{window.train_start[:DATE]} to {window.train_end[:DATE]}",
        f"to {window.test_end[:DATE]}{'' if window.whole else ' (cut)'}",
        *values,
        _figure(before, metric),
        _figure(after, metric),
        "-" if after is None else f"{after.trades:,}",
        "-" if after is None or idle else figure(after.return_pct, "+,.2f", "%"),
    ]


def _figure(metrics: Metrics | None, metric: str) -> str:
    return "-" if metrics is None else cell(metric, dashed(metrics.model_dump())[metric])


def _dashes(window: Trained, metric: str) -> str:
    """Why the metric is a dash on one side of a window that was tested; empty where it is none."""
    said = []
    for side, metrics in (("in sample", window.in_sample), ("out of sample", window.out_of_sample)):
        why = {} if metrics is None else missing(metrics.model_dump(), None)
        if metric in why:
            said.append(f"no {metric} {side}: {why[metric]}")
    return "; ".join(said)


def _facts(summary: WalkForwardSummary) -> list[tuple[str, str]]:
    metric = summary.metric
    gained = f", {summary.profitable_windows:,} of them gained" if summary.tested else ""
    kept = "- (the sets did not gain in sample)"
    if summary.efficiency is not None:
        kept = f"{100 * summary.efficiency:.0f}% of the daily return in sample was left"
    if not summary.trades:
        figures = ("net PnL", "win rate", "max drawdown", "longest drawdown", "Sharpe / Sortino")
        rows = [
            *((name, "-") for name in figures),
            ("why -", f"{', '.join(figures)}: no trade was made out of sample"),
        ]
    else:
        rows = _joined(summary)
    return [
        ("windows", f"{summary.windows:,} of {summary.sets:,} sets each, {summary.tested:,} tested{gained}"),
        *rows,
        (metric, f"{cell(metric, summary.out_of_sample)} after {cell(metric, summary.in_sample)}, mean of the windows"),
        ("efficiency", kept),
    ]


def _joined(summary: WalkForwardSummary) -> list[tuple[str, str]]:
    """All tests as one account."""
    net = f"{figure(summary.net_pnl, '+,.2f')} ({figure(summary.return_pct, '+,.2f', '%')})"
    rows = [
        ("net PnL", f"{net}, out of sample"),
        ("trades", f"{summary.trades:,}, win rate {100 * summary.win_rate:.1f}%"),
        ("max drawdown", f"{figure(summary.max_drawdown)} ({figure(summary.max_drawdown_pct, unit='%')})"),
        ("longest drawdown", f"{summary.longest_drawdown_days:,.1f} days"),
        ("Sharpe / Sortino", f"{figure(summary.sharpe)} / {figure(summary.sortino)}"),
    ]
    why = missing(
        {
            "trades": summary.trades,
            "profit_factor": 0.0,
            "expectancy_r": 0.0,
            "calmar": 0.0,
            **summary.model_dump(include={"sharpe", "sortino", "max_drawdown", "max_drawdown_pct"}),
        },
        None,
    )
    return [*rows, *([("why -", reasons(why, {"sharpe": "Sharpe", "sortino": "Sortino"}))] if why else [])]


def _work(record: WalkForwardRecord) -> list[tuple[str, str]]:
    profile = [name for name in record.files if name.startswith("profile.")]
    return [
        ("audited", "" if record.audit is None else record.audit.said),
        ("took", duration(record.seconds)),
        ("files", record.folder or ""),
        *([("profile", ", ".join(profile))] if profile else []),
    ]
