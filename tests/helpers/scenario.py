"""Short scenarios written for longs and played for both sides, on the reference simulator and on the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from barloom.engine.trades import COLUMNS
from barloom.reference import simulator as reference
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules
from barloom.rules.sizing import Sizing
from helpers.engine import run_pipeline
from helpers.market import Bar, Market, entries_of

Row = dict[str, Any]
Simulate = Callable[..., tuple[list[Row], dict[str, int]]]

# The bar on which the signal comes; every scenario's bars follow it.
SIGNAL: Bar = (100.0, 100.0, 100.0, 100.0)
# A bar that touches nothing.
HELD: Bar = (100.0, 100.5, 99.5, 100.0)
PRICES = ("entry_price", "initial_stop", "target", "exit_price")
TURNED_PATHS = {"ohlc": "olhc", "olhc": "ohlc"}


def rules_of(options: dict[str, Any]) -> Rules:
    return Rules(**{"sizing": Sizing(units=1.0), **options})


def by_reference(
    market: Market, entries: Entries, exit_signals: ExitSignals | None = None, **options: Any
) -> tuple[list[Row], dict[str, int]]:
    result = reference.simulate(market.reference(), entries, rules_of(options), exit_signals)
    return [{name: getattr(trade, name) for name in COLUMNS} for trade in result.trades], result.rejected


def by_engine(
    market: Market, entries: Entries, exit_signals: ExitSignals | None = None, **options: Any
) -> tuple[list[Row], dict[str, int]]:
    outcome = run_pipeline(market, entries, rules_of(options), chunk_rows=1, exit_signals=exit_signals)
    return outcome.rows(), outcome.rejected


def mirrored(rows: Sequence[Bar]) -> list[Bar]:
    """The same market upside down, around 100."""
    return [(200 - o, 200 - lo, 200 - h, 200 - c) for o, h, lo, c in rows]


def play(
    simulate: Simulate,
    side: int,
    bars: Sequence[Bar],
    *entries: dict[str, Any],
    fine: dict[int, list[Bar]] | None = None,
    leave_on: Sequence[int] = (),
    minutes: Sequence[int] | None = None,
    **options: Any,
) -> tuple[list[Row], dict[str, int]]:
    """Trades and refusals of entries written for longs, with bars, orders and outcomes turned upside down for a short.

    ``bars`` follow the bar of the signal, which is number 0; ``leave_on`` are bars with an exit signal for the side.
    """
    rows = [SIGNAL, *bars]
    fine = fine or {}
    asked = [{"signal_bar": 0, **entry, "side": side * entry.get("side", 1)} for entry in entries]
    if side < 0:
        rows, fine = mirrored(rows), {bar: mirrored(inside) for bar, inside in fine.items()}
        for entry in asked:
            entry |= {name: 200 - entry[name] for name in ("price", "stop_price", "target_price") if name in entry}
        options["intrabar"] = TURNED_PATHS.get(options.get("intrabar", ""), options.get("intrabar", "pessimistic"))
    signals = ExitSignals(list(leave_on), side) if leave_on else None
    market = Market(rows, fine=fine, minutes=minutes)
    trades, rejected = simulate(market, entries_of(asked), signals, **options)
    if side < 0:
        trades = [{**trade, **{name: 200 - trade[name] for name in PRICES}} for trade in trades]
    return trades, rejected


def left(trade: Row) -> tuple[Any, ...]:
    """Where and why a trade left, the entry bar being 0 with a fill at the next open."""
    return trade["exit_bar"] - 1, trade["exit_price"], trade["exit_reason"]
