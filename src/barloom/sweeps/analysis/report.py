"""Results of a sweep in words: for the terminal and for the HTML page."""

from __future__ import annotations

from html import escape

from barloom.observe.figures import NO_TRADE, ONE_DAY, figure, listed, missing
from barloom.sweeps.analysis.heat_map import HeatMap, hex_of, is_dark
from barloom.sweeps.analysis.overfitting import Overfitting
from barloom.sweeps.analysis.stability import NEAR_PCT, Stability
from barloom.sweeps.analysis.table import SHOWN, SweepTable, cell, column_of, metric_of, text_of

SIGNIFICANT = 0.95
MAX_PAGE_ROWS = 1000
STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;text-align:right;white-space:nowrap}
th{font-weight:600}
.facts th,.facts td{text-align:left;white-space:normal;vertical-align:top}
.ranked tr:nth-child(even) td{background:rgba(128,128,128,.12)}
.map td{text-align:center;border:1px solid rgba(128,128,128,.35)}
.black{color:#000}.white{color:#fff}
.note{color:#777}
"""


def stability_facts(table: SweepTable, found: Stability | None, by: str) -> list[tuple[str, str]]:
    """The best set and its neighbours, as names and values.

    Raises:
        InputError: there is no such metric.
    """
    metric = metric_of(by)
    if found is None:
        return [("best set", f"none: no set has {metric} and enough trades")]
    values = ", ".join(f"{name} {text_of(value)}" for name, value in table.parameters(found.best).items())
    best = ("best set", f"set {found.best} ({values}): {metric} {cell(metric, found.result)}")
    known = sum(one.result is not None for one in found.neighbours)
    if not found.neighbours:
        return [best, ("its neighbours", "none was run: no set is one step away in one value")]
    number = f"{len(found.neighbours)} one step away in one value"
    if found.mean is None or found.worst is None or found.near is None:
        return [best, ("its neighbours", f"{number}: none has {metric}")]
    without = f", {len(found.neighbours) - known} without it" if known < len(found.neighbours) else ""
    said = (
        f"{number}: {metric} {cell(metric, found.mean)} on average, {cell(metric, found.worst)} at worst{without}; "
        f"{100 * found.near:.0f}% are at most {NEAR_PCT:.0f}% behind"
    )
    return [best, ("its neighbours", said)]


def overfitting_facts(found: Overfitting) -> list[tuple[str, str]]:
    """Statistics of overfitting for the best set, as names and values."""
    independent = ""
    if found.independent is not None:
        independent = f"; by their correlation they come to about {found.independent:,.0f} independent sets"
    unjudged = "" if found.judged == found.tried else f", {found.judged:,} with a Sharpe ratio"
    facts = [("sets tried", f"{found.tried:,}{unjudged}{independent}")]
    if found.expected_max_sharpe is not None:
        own = "" if found.sharpe is None else f"{figure(found.sharpe)}; "
        facts.append(
            ("Sharpe", f"{own}{figure(found.expected_max_sharpe)} is expected of the best of so many without merit")
        )
    if found.deflated_sharpe is None:
        facts.append(("deflated Sharpe", f"none: {found.no_deflated_sharpe}"))
    else:
        fewer = found.deflated_sharpe_independent
        other = "" if fewer is None else f", {fewer:.4f} for the independent ones"
        verdict = "significant" if found.deflated_sharpe >= SIGNIFICANT else "not significant"
        facts.append(("deflated Sharpe", f"{found.deflated_sharpe:.4f}{other}: {verdict} at {SIGNIFICANT}"))
    if found.overfitting is None:
        facts.append(("backtest overfitting", f"unknown: {found.no_overfitting}"))
        return facts
    of_all = "" if found.splits == found.all_splits else f" of {found.all_splits:,}"
    facts.append(
        (
            "backtest overfitting",
            f"probability {found.overfitting:.2f}: so often the best of one half of the days is not above the median "
            f"in the other ({found.splits:,}{of_all} splits)",
        )
    )
    if found.train_sharpe is not None and found.test_sharpe is not None and found.loss is not None:
        said = f"Sharpe {figure(found.test_sharpe)} after {figure(found.train_sharpe)}; it loses in {100 * found.loss:.0f}% of them"
        facts.append(("the best in the other half", said))
    return facts


def _one_day(days: int | None) -> bool | None:
    """True if this many daily returns are of bars of one day; None if unknown: two may come from the two ends of a night."""
    return None if days is None or days == 2 else days < 2


def dash_facts(table: SweepTable, by: str, min_trades: int, count: int | None) -> list[tuple[str, str]]:
    """Reasons why a metric is a dash in the best ``count`` sets, and why sets that ran are not ranked, as names and values.

    Raises:
        InputError: there is no such metric.
    """
    metric = metric_of(by)
    ranking = table.ranking(metric, min_trades)
    shown = ranking.places[: ranking.ranked if count is None else min(count, ranking.ranked)]
    whys: dict[str, list[str]] = {}
    for row in table.take(shown).records():
        for name, why in missing(row, _one_day(row["days"])).items():
            if name in (metric, *SHOWN):
                whys.setdefault(why, []).append(name)
    facts = [("why -", "; ".join(f"{listed(names)}: {why}" for why, names in whys.items()))] if whys else []
    left = table.take(ranking.places[ranking.ranked :])
    ran, trades, days = left.table["error"].is_null(), left.numbers("trades"), left.numbers("days")
    bare = ran.to_numpy() & (left.numbers(metric) != left.numbers(metric))
    idle, short = int((bare & (trades == 0)).sum()), int((bare & (trades > 0) & (days <= 2)).sum())
    other = int(bare.sum()) - idle - short
    for number, why in ((idle, NO_TRADE), (short, ONE_DAY), (other, "it is not defined for what they made")):
        if number:
            facts.append(("not ranked", f"{number:,} of {len(table):,} sets have no {metric}: {why}"))
    return facts


def page(
    title: str,
    table: SweepTable,
    by: str,
    *,
    min_trades: int = 0,
    maps: tuple[HeatMap, ...] = (),
    stability: Stability | None = None,
    overfitting: Overfitting | None = None,
) -> str:
    """One HTML page with the best sets, the figures and the heat maps; it loads nothing from elsewhere and runs no script.

    Args:
        title: the heading.
        table: the sets; the best ``MAX_PAGE_ROWS`` are on the page.
        by: the metric they are ranked by.
        min_trades: trades that a set must have to be ranked.
        maps: the heat maps.
        stability: the best set beside its neighbours.
        overfitting: what the search explains.

    Raises:
        InputError: there is no such metric.
    """
    facts = stability_facts(table, stability, by)
    if overfitting is not None:
        facts += overfitting_facts(overfitting)
    header, rows = table.shown(by, min_trades, MAX_PAGE_ROWS)
    ranked = table.ranking(by, min_trades).ranked
    shown = f"{ranked:,} of {len(table):,} sets are ranked by {metric_of(by)}"
    shown += f", the first {len(rows):,} are here" if len(rows) < ranked else ""
    shown += f"; {table.refused:,} could not be run" if table.refused else ""
    facts += dash_facts(table, by, min_trades, MAX_PAGE_ROWS)
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<table class="facts">{"".join(_row([name], [value]) for name, value in facts)}</table>',
        *(_map(one) for one in maps),
        f'<h2>Ranked sets</h2><p class="note">{escape(shown)}.</p>',
        f'<div class="wide"><table class="ranked"><thead>{_row(header, [])}</thead>',
        f"<tbody>{''.join(_row([], cells) for cells in rows)}</tbody></table></div>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="generator" content="barloom">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _row(heads: list[str], cells: list[str]) -> str:
    return (
        "<tr>"
        + "".join(f"<th>{escape(one)}</th>" for one in heads)
        + "".join(f"<td>{escape(one)}</td>" for one in cells)
        + "</tr>\n"
    )


def _map(one: HeatMap) -> str:
    """A table whose cells are coloured by their values."""
    lines = [_row([f"{column_of(one.y)} \\ {column_of(one.x)}", *one.across], [])]
    for label, values in zip(one.down, one.values, strict=True):
        cells = []
        for value in values:
            colour = one.colour(float(value))
            said = cell(one.metric, float(value))
            letters = "white" if is_dark(colour) else "black"
            cells.append(f'<td class="{letters}" style="background:{hex_of(colour)}">{escape(said)}</td>')
        lines.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>\n")
    return f'<h2>{escape(one.title)}</h2><div class="wide"><table class="map">{"".join(lines)}</table></div>'
