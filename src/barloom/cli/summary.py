"""The table shown after a run: money first, then risk, then the use of the signals, then time and memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from barloom.cli.tables import facts_table, render
from barloom.engine.metrics import Metrics, spans_one_day
from barloom.engine.results import NOT_AUDITED
from barloom.jobs.records import DatasetSlice, RunRecord
from barloom.jobs.run import JobOutcome
from barloom.observe.figures import NO_TRADE, figure, missing, reasons

DIGEST_SHOWN = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(nanoseconds: int) -> str:
    return f"{EPOCH + timedelta(seconds=nanoseconds // 1_000_000_000):%Y-%m-%d %H:%M}"


NAMES = {
    "net_pnl": "net PnL",
    "win_rate": "win rate",
    "profit_factor": "profit factor",
    "expectancy_r": "expectancy",
    "max_drawdown": "max drawdown",
    "longest_drawdown_days": "longest drawdown",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "exposure": "exposure",
    "average_bars_held": "holding",
}
"""Names in the summary of the metrics that may be a dash."""


def _results(metrics: Metrics, one_day: bool) -> list[tuple[str, str]]:
    why = missing(metrics.model_dump(), one_day)
    ratios = " / ".join(figure(value) for value in (metrics.sharpe, metrics.sortino, metrics.calmar))
    figures = {
        "net_pnl": f"{figure(metrics.net_pnl, '+,.2f')} ({figure(metrics.return_pct, '+,.2f', '%')})",
        "trades": f"{metrics.trades:,} ({metrics.wins:,} won, {metrics.losses:,} lost)" if metrics.trades else "0",
        "win_rate": f"{100 * metrics.win_rate:.1f}%",
        "profit_factor": figure(metrics.profit_factor),
        "expectancy_r": figure(metrics.expectancy_r, "+,.3f", " R"),
        "max_drawdown": f"{figure(metrics.max_drawdown)} ({figure(metrics.max_drawdown_pct, unit='%')})",
        "longest_drawdown_days": f"{metrics.longest_drawdown_days:,.1f} days",
        "exposure": f"{100 * metrics.exposure:.1f}% of bars",
        "average_bars_held": f"{metrics.average_bars_held:,.1f} bars on average, {metrics.longest_bars_held:,} at most",
    }
    rows = [(NAMES.get(name, name), "-" if name in why else value) for name, value in figures.items()]
    rows.insert(7, ("Sharpe / Sortino / Calmar", ratios))
    if why:
        rows.append(("why -", NO_TRADE if not metrics.trades else reasons(why, NAMES)))
    return rows


def _bounds(run: RunRecord) -> list[tuple[str, str]]:
    """Range left open by bars that contain both levels: the results if every such trade had its worse, and its better outcome."""
    bounds = run.bounds
    if bounds is None:
        return []
    settled = run.metrics.ambiguous_trades - bounds.deciding_trades
    if not bounds.deciding_trades:
        every = f"finer bars settled every trade that bars left open: {settled:,}"
        return [("bounds", every if settled else "no bar left a trade open")]
    worst, best = bounds.worst, bounds.best
    said = (
        f"net PnL {figure(worst.net_pnl, '+,.2f')} / {figure(best.net_pnl, '+,.2f')}, "
        f"max drawdown {figure(worst.max_drawdown)} / {figure(best.max_drawdown)}, "
        f"win rate {100 * worst.win_rate:.1f}% / {100 * best.win_rate:.1f}%; "
    )
    trades = "1 trade decides" if bounds.deciding_trades == 1 else f"{bounds.deciding_trades:,} trades decide"
    more = f", finer bars settled {settled:,} more" if settled else ""
    return [("bounds, worst / best", f"{said}{trades} it{more}")]


def _signals(run: RunRecord) -> list[tuple[str, str]]:
    counts = run.counts
    refused = ", ".join(f"{number:,} {reason}" for reason, number in counts.rejected.items() if number)
    return [
        ("signals", f"{counts.signals:,}: {counts.accepted:,} taken" + (f", not taken: {refused}" if refused else "")),
        ("audited", NOT_AUDITED if run.audit is None else run.audit.said),
    ]


def _corrected(data: DatasetSlice) -> str:
    """A note that a zone was given for times that state UTC."""
    marked = "its times claim to be UTC and are read as those of "
    return f"{data.reading.time_zone}, for times that claim to be UTC" if marked in data.taken_for else ""


def _work(outcome: JobOutcome) -> list[tuple[str, str]]:
    run = outcome.run
    data = run.data
    share = "" if data.selected_rows == data.total_rows else f" of {data.total_rows:,}"
    reading = data.reading
    if reading.timeframe is not None:
        share = f" of {reading.timeframe}{f' ({reading.anchor})' if reading.anchor else ''}, made of rows of {data.total_rows:,}"
    dropped = ", ".join(f"{number:,} {kind}" for kind, number in data.dropped.items() if number)
    rate = data.selected_rows / run.wall_clock_total if run.wall_clock_total else 0.0
    memory = "" if run.memory_peak_mb is None else f", {run.memory_peak_mb:,.0f} MB at peak"
    rows = [
        ("data", data.path),
        ("bars", f"{data.selected_rows:,}{share}, {_time(data.first_ts)} to {_time(data.last_ts)} UTC"),
        ("dropped rows", dropped),
        ("time zone", _corrected(data)),
        *(("note", note) for note in data.notes),
        ("took", f"{run.wall_clock_total:.2f} s, {rate:,.0f} bars/s{memory}"),
        ("digest", run.digest[:DIGEST_SHOWN] + (", the same twice" if run.deterministic else "")),
        ("files", str(outcome.folder)),
        ("profile", ", ".join(name for name in run.files if name.startswith("profile."))),
    ]
    return [(name, value) for name, value in rows if value]


def summary(outcome: JobOutcome) -> str:
    """The table as text for stdout."""
    run = outcome.run
    title = f"{run.parameters.strategy}, {run.parameters.direction}"
    results = _results(run.metrics, spans_one_day(run.data.first_ts, run.data.last_ts))
    return render(title, facts_table([*results, *_bounds(run), *_signals(run), *_work(outcome)]))
