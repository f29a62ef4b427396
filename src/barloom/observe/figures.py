"""Figures as people read them: absurdly large ones in short, and a dash with its reason where a metric says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

LARGEST = 1e15
"""Figures of this size and more stand in the form 4.54e+15: nobody counts sixteen digits, and a float64 holds no more of them."""
NO_TRADE = "no trade was made"
ONE_DAY = "the bars are of one day, and daily returns need two"
RATIOS = ("sharpe", "sortino", "calmar")
SAY_ALL = frozenset({"trades", "wins", "losses", "final_equity"})
"""Metrics that say something without a trade too: counts of trades, and the equity that is left."""
UNDEFINED = "these trades give it no value"


def figure(value: float | None, pattern: str = ",.2f", unit: str = "") -> str:
    """A number for people, with its unit; a dash where there is none.

    Args:
        value: the number; None and NaN are none.
        pattern: how it is written if it is not too large for that; one that begins with ``+`` writes the sign of every number.
        unit: what follows the number.
    """
    if value is None or value != value:
        return "-"
    text = format(value, pattern)
    if abs(value) >= LARGEST or (abs(value) >= LARGEST - 1.0 and abs(float(text.replace(",", ""))) >= LARGEST):
        text = format(value, "+.2e" if pattern.startswith("+") else ".2e")
    return text + unit


def missing(metrics: Mapping[str, Any], one_day: bool | None) -> dict[str, str]:
    """The metrics that say nothing, each with the reason in words; they are shown as dashes.

    Args:
        metrics: the fields of ``Metrics`` by their names.
        one_day: whether the bars are of one day; None where that is not known.
    """
    if metrics["trades"] == 0:
        return dict.fromkeys(sorted(metrics.keys() - SAY_ALL), NO_TRADE)
    known = {"profit_factor": "no trade lost", "expectancy_r": "no trade had a stop"}
    return {
        name: _no_ratio(name, metrics, one_day) if name in RATIOS else known.get(name, UNDEFINED)
        for name, value in metrics.items()
        if value is None
    }


def _no_ratio(ratio: str, metrics: Mapping[str, Any], one_day: bool | None) -> str:
    if one_day:
        return ONE_DAY
    if metrics["max_drawdown_pct"] >= 100.0:
        return "equity fell to 0 or below"
    still = {"sharpe": "the daily returns do not vary", "sortino": "no day lost", "calmar": "there was no drawdown"}
    if ratio == "calmar" and metrics["max_drawdown"] > 0.0:
        still["calmar"] = "the return of so few days comes to no number a year"
    return still[ratio] if one_day is not None else f"{still[ratio]}, or the bars are of one day"


def reasons(why: Mapping[str, str], names: Mapping[str, str] | None = None) -> str:
    """Reasons in one line, each behind the metrics that it holds for.

    Args:
        why: reasons by metric.
        names: metrics that were shown, by what they are called there; None for all under their own names.
    """
    called = {name: name for name in why} if names is None else names
    by_reason: dict[str, list[str]] = {}
    for name, shown in called.items():
        if name in why:
            by_reason.setdefault(why[name], []).append(shown)
    return "; ".join(f"{listed(shown)}: {reason}" for reason, shown in by_reason.items())


def listed(words: Iterable[str]) -> str:
    """Words with commas, each once."""
    return ", ".join(dict.fromkeys(words))
