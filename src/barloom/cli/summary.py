"""The table a trader reads after a run: money first, then risk, then where the signals went, then what it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from barloom.backtest.job import JobOutcome
from barloom.backtest.metrics import Metrics
from barloom.backtest.records import RunRecord
from barloom.backtest.results import NOT_AUDITED
from barloom.cli.tables import facts_table, render

DIGEST_SHOWN = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _number(value: float | None, pattern: str = ",.2f", unit: str = "") -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:{pattern}}{unit}"


def _time(nanoseconds: int) -> str:
    return f"{EPOCH + timedelta(seconds=nanoseconds // 1_000_000_000):%Y-%m-%d %H:%M}"


def _results(metrics: Metrics) -> list[tuple[str, str]]:
    risk = f"{_number(metrics.max_drawdown)} ({_number(metrics.max_drawdown_pct)}%)"
    ratios = " / ".join(_number(value) for value in (metrics.sharpe, metrics.sortino, metrics.calmar))
    held = f"{metrics.average_bars_held:,.1f} bars on average, {metrics.longest_bars_held:,} at most"
    return [
        ("net PnL", f"{_number(metrics.net_pnl, '+,.2f')} ({_number(metrics.return_pct, '+,.2f')}%)"),
        ("trades", f"{metrics.trades:,} ({metrics.wins:,} won, {metrics.losses:,} lost)"),
        ("win rate", f"{100 * metrics.win_rate:.1f}%"),
        ("profit factor", _number(metrics.profit_factor)),
        ("expectancy", _number(metrics.expectancy_r, "+.3f", " R")),
        ("max drawdown", risk),
        ("Sharpe / Sortino / Calmar", ratios),
        ("exposure", f"{100 * metrics.exposure:.1f}% of bars"),
        ("holding", held),
    ]


def _bounds(run: RunRecord) -> list[tuple[str, str]]:
    """What bars that held both levels leave open: the results if every such trade had taken its worse, and its better way."""
    bounds = run.bounds
    if bounds is None:
        return []
    settled = run.metrics.ambiguous_trades - bounds.deciding_trades
    if not bounds.deciding_trades:
        every = f"finer bars settled every trade that bars left open: {settled:,}"
        return [("bounds", every if settled else "no bar left a trade open")]
    worst, best = bounds.worst, bounds.best
    said = (
        f"net PnL {worst.net_pnl:+,.2f} / {best.net_pnl:+,.2f}, "
        f"max drawdown {worst.max_drawdown:,.2f} / {best.max_drawdown:,.2f}, "
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
    failed = [name for name, verdict in outcome.benchmark.criteria.items() if verdict.status == "fail"]
    rows = [
        ("data", data.path),
        ("bars", f"{data.selected_rows:,}{share}, {_time(data.first_ts)} to {_time(data.last_ts)} UTC"),
        ("dropped rows", dropped),
        ("took", f"{run.wall_clock_total:.2f} s, {rate:,.0f} bars/s{memory}"),
        ("missed criteria", ", ".join(failed)),
        ("digest", run.digest[:DIGEST_SHOWN] + (", the same twice" if run.deterministic else "")),
        ("files", str(outcome.folder)),
        ("profile", ", ".join(name for name in run.files if name.startswith("profile."))),
    ]
    return [(name, value) for name, value in rows if value]


def summary(outcome: JobOutcome) -> str:
    """The table as text for stdout."""
    run = outcome.run
    title = f"{run.parameters.strategy}, {run.parameters.direction}"
    return render(title, facts_table([*_results(run.metrics), *_bounds(run), *_signals(run), *_work(outcome)]))
