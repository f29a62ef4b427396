"""The text a trader reads after a sweep: the best sets, then what having searched leaves of them."""

from __future__ import annotations

from barloom.cli.tables import facts_table, listing, render
from barloom.sweeps.analysis.overfitting import Overfitting
from barloom.sweeps.analysis.report import dash_facts, overfitting_facts, stability_facts
from barloom.sweeps.analysis.stability import Stability
from barloom.sweeps.analysis.table import SweepTable, metric_of


def ranking_text(
    table: SweepTable,
    by: str,
    *,
    min_trades: int = 0,
    count: int | None = 10,
    stability: Stability | None = None,
    overfitting: Overfitting | None = None,
    facts: tuple[tuple[str, str], ...] = (),
) -> str:
    """The ranked table and the figures, as text for stdout.

    Args:
        table: the sets.
        by: the metric they are ranked by.
        min_trades: trades that a set must have to be ranked.
        count: how many of the best are shown; None for all.
        stability: the best set beside its neighbours.
        overfitting: what the search explains.
        facts: names and values to come after these.

    Raises:
        InputError: there is no such metric.
    """
    metric = metric_of(by)
    ranked = table.ranking(metric, min_trades).ranked
    refused = f", {table.refused:,} could not be run" if table.refused else ""
    few = f" and at least {min_trades:,} trades" if min_trades else ""
    title = f"{ranked:,} of {len(table):,} sets have {metric}{few}{refused}"
    header, rows = table.shown(metric, min_trades, count)
    lines = stability_facts(table, stability, metric)
    if overfitting is not None:
        lines += overfitting_facts(overfitting)
    lines += dash_facts(table, metric, min_trades, count)
    parts = [listing(header, rows)] if rows else []
    return render(title, *parts, facts_table([*lines, *facts]))
