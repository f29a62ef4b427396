"""Trades of any engine in one form, and what may differ between two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

TRADE = np.dtype(
    [
        ("signal_bar", np.int64),
        ("side", np.int64),
        ("entry_bar", np.int64),
        ("entry_price", np.float64),
        ("exit_bar", np.int64),
        ("exit_price", np.float64),
        ("open", np.bool_),
        ("reason", "U9"),
    ]
)
"""``open``: not left when the data ended. ``reason``: as barloom names it; of another engine what its price tells (see ``told``)."""

Trades = np.ndarray
Explain = Callable[[np.void | None, np.void | None], str | None]
TOLERANCE = 1e-9
STOPS = ("trail", "breakeven")
"""Reasons that are a stop to an engine that does not say what set its level."""


def table(rows: int) -> Trades:
    return np.zeros(rows, dtype=TRADE)


def told(trades: Trades, targets: np.ndarray, stops: np.ndarray, between: str) -> None:
    """Fill in the reasons of an engine that names none, from its prices.

    Args:
        trades: of that engine.
        targets, stops: the levels of each trade, NaN for none.
        between: what a price between the two means: ``stop`` where stops may have been raised, ``signal``, or empty for unknown.
    """
    side, price = trades["side"], trades["exit_price"]
    trades["reason"] = between
    trades["reason"][side * price <= side * stops] = "stop"
    trades["reason"][side * price >= side * targets] = "target"
    trades["reason"][trades["open"]] = "end"


def same(ours: np.void, theirs: np.void) -> bool:
    """Bars, side, being open and reason equal; prices within ``TOLERANCE`` of each other."""
    exact = ("signal_bar", "side", "entry_bar", "exit_bar", "open")
    if any(ours[name] != theirs[name] for name in exact):
        return False
    reason = "stop" if ours["reason"] in STOPS else ours["reason"]
    if theirs["reason"] not in ("", reason):
        return False
    return all(
        abs(ours[name] - theirs[name]) <= TOLERANCE * abs(theirs[name]) for name in ("entry_price", "exit_price")
    )


def compare(ours: Trades, theirs: Trades, explain: Explain | None = None) -> Counter[str]:
    """Trade for trade by signal bar: how many are equal, and how many differ for a reason that ``explain`` names.

    Args:
        ours, theirs: trades in order of the signal, one a signal bar.
        explain: given both (None where an engine has no trade of that signal), the name of the difference, or None if nothing is known of it.

    Raises:
        AssertionError: a difference nothing explains, with both trades.
    """
    counts: Counter[str] = Counter()
    mine, other = (dict(zip(trades["signal_bar"].tolist(), trades, strict=True)) for trades in (ours, theirs))
    assert len(mine) == len(ours) and len(other) == len(theirs), "more than one trade of a signal bar"
    for bar in sorted(mine.keys() | other.keys()):
        pair = mine.get(bar), other.get(bar)
        if None not in pair and same(*pair):
            counts["equal"] += 1
            continue
        name = explain(*pair) if explain is not None else None
        assert name is not None, f"signal on bar {bar}:\n  {TRADE.names}\n  barloom {pair[0]}\n  theirs  {pair[1]}"
        counts[name] += 1
    return counts
