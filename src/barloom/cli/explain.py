"""``barloom explain``: the explanation of one trade of a finished run, as a table or as one JSON document."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from barloom.cli import output
from barloom.cli.lean import load_arrow
from barloom.cli.tables import facts_table, listing, render
from barloom.errors import InputError
from barloom.explanation.explain import explain
from barloom.explanation.record import BarShown, Explanation, OrderShown, Prices
from barloom.explanation.story import price
from barloom.observe.figures import figure

FIRST_MOVES, LAST_MOVES = 10, 5
"""Most moves of the stop that are shown."""
NEAREST = 3
PIPED = 110
"""Width in columns if the output is a pipe."""

Rows = list[tuple[str, str]]


def _run_folder(text: str, out: Path) -> Path:
    """The folder of a run named by its path or its job id.

    Raises:
        InputError: there is none, with the nearest names.
    """
    path = Path(text)
    if path.exists():
        return path
    runs = out / "runs"
    if (runs / text).is_dir():
        return runs / text
    names = sorted(folder.name for folder in runs.iterdir() if folder.is_dir()) if runs.is_dir() else []
    if not names:
        raise InputError(f"no run '{text}': it is no folder, and there are no runs in {runs}; name another --out")
    close = difflib.get_close_matches(text, names, n=NEAREST, cutoff=0.0)
    raise InputError(f"no run '{text}': it is no folder, and the nearest job ids in {runs} are {', '.join(close)}")


def _money(value: float) -> str:
    return figure(value, "+,.2f")


def _less(cost: float) -> str:
    """A cost as a negative amount."""
    return figure(-cost, "+,.2f") if cost else "0.00"


def _prices(side: Prices) -> str:
    return f"O {price(side.open)}  H {price(side.high)}  L {price(side.low)}  C {price(side.close)}"


def _bar(bar: BarShown) -> str:
    return f"bar {bar.bar:,}, {bar.time}"


def _sides(bar: BarShown) -> Rows:
    """The prices of a bar, for both sides if they differ."""
    if bar.ask is None:
        return [("", _prices(bar.bid))]
    return [("  bid", _prices(bar.bid)), ("  ask", _prices(bar.ask))]


def _away(distance: float | None, at: float | None) -> str | None:
    """A level as the signal gave it; None if it gave none."""
    if at is not None:
        return f"at {price(at)}"
    return None if distance is None else f"{price(distance)} away"


def _order(order: OrderShown) -> Rows:
    """The order that the signal asked for, in words."""
    how = {"next_open": "at the next open", "close": "at the close", "limit": "limit order", "stop": "stop order"}
    entry = how[order.entry]
    if order.price is not None:
        bars = "1 bar" if order.good_for == 1 else f"{order.good_for:,} bars"
        entry = f"{order.entry} order at {price(order.price)}, good for {bars}"
    elif order.entry in ("limit", "stop"):
        entry = "no price to wait for: at the next open"
    levels = {
        "stop": _away(order.stop, order.stop_price),
        "target": _away(order.target, order.target_price),
        "time": None if order.max_hold is None else f"{order.max_hold:,} bars at most",
        "part": None if order.fraction == 1.0 else f"{order.fraction:.10g} of the size",
    }
    if order.trail is not None or order.trail_share is not None:
        behind = f"{100 * (order.trail_share or 0.0):.10g}%" if order.trail is None else price(order.trail)
        since = f" once {price(order.trail_activation)} up" if order.trail_activation else ""
        levels["trail"] = f"{behind} behind the best price{since}"
    if order.breakeven is not None:
        beyond = f" and {price(order.breakeven_offset)}" if order.breakeven_offset else ""
        levels["breakeven"] = f"to the entry price{beyond} once {price(order.breakeven)} up"
    said = [f"{name} {value}" for name, value in levels.items() if value is not None]
    return [("asked for", entry), *(("", each) for each in said)]


def _fill(story: Explanation) -> Rows:
    fill = story.fill
    where = {"open": "at its open", "close": "at its close", "inside": "inside it"}[fill.where]
    parts = [f"filled {where} at {price(fill.price)}"]
    if fill.spread:
        parts.append(f"spread {price(fill.spread)}")
    if fill.slippage:
        parts.append(f"slippage {price(fill.slippage)}")
    levels = [
        f"{name} {price(value)}" for name, value in (("stop", fill.stop), ("target", fill.target)) if value is not None
    ]
    if fill.risk is not None:
        levels.append(f"risk {price(fill.risk)}")
    return [
        ("fill", _bar(fill.bar)),
        *_sides(fill.bar),
        ("", ", ".join(parts)),
        ("levels", ", ".join(levels) or "none"),
    ]


def _decision(story: Explanation) -> Rows:
    decision = story.decision
    rows = [("left", _bar(decision.bar)), *_sides(decision.bar), ("rule", decision.words)]
    gap = ", a gap" if decision.gap else ""
    rows.append(("", f"exit {price(decision.price)}, {decision.reason}{gap}"))
    if decision.other is not None:
        told = "settled by finer bars" if decision.settled else "the bar leaves it open"
        other = decision.other
        rows.append(
            ("ambiguous", f"{told}; the other order: {price(other.price)}, {other.reason}, net {_money(other.net_pnl)}")
        )
    return rows


def _result(story: Explanation) -> Rows:
    money = story.money
    costs = {
        "spread": money.spread_cost,
        "slippage": money.slippage_cost,
        "commission": money.commission,
        "swap": money.swap,
    }
    bars = "1 bar" if story.bars_held == 1 else f"{story.bars_held:,} bars"
    return [
        ("held", f"{bars}, best {price(story.mfe)}, worst {price(-story.mae)} from the entry price"),
        ("size", f"{money.size:,.10g}"),
        ("gross", _money(money.gross_pnl)),
        *((f"  {name}", _less(cost)) for name, cost in costs.items()),
        ("net", _money(money.net_pnl) + ("" if money.r is None else f", {figure(money.r, '+,.3f')} R")),
        ("checked", story.checked),
    ]


def text(story: Explanation) -> str:
    """The explanation as tables for stdout."""
    signal = story.signal
    values = ", ".join(f"{name} {'-' if value is None else price(value)}" for name, value in signal.indicators.items())
    before: Rows = [("signal", _bar(signal.bar)), *_sides(signal.bar)]
    before += [("indicators", values)] if values else []
    parts = [f"trade {story.trade_id} of {story.run}: {story.strategy}, {story.side}"]
    moves = [
        (
            f"{move.bar:,}",
            move.time,
            "-" if move.old is None else price(move.old),
            price(move.new),
            move.reason,
            price(move.peak),
        )
        for move in story.moves
    ]
    if len(moves) > FIRST_MOVES + LAST_MOVES:
        folded = len(moves) - FIRST_MOVES - LAST_MOVES
        moves[FIRST_MOVES:-LAST_MOVES] = [("...", f"{folded:,} more", "", "", "", "")]
    tables = [facts_table([*before, *_order(signal.asked), *_fill(story)])]
    if moves:
        header = ("after bar", "time", "stop from", "to", "by", "best price")
        tables += [listing(header, moves)]
    tables.append(facts_table([*_decision(story), *_result(story)]))
    spaced = [part for table in tables for part in ("", table)]
    return render(*parts, *spaced, piped_width=PIPED)


def main(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Run the command.

    Raises:
        BarloomError: see ``barloom.explain``.
    """
    load_arrow()
    story = explain(_run_folder(options.run, Path(options.out)), options.trade_id)
    if options.format == "json":
        output.document(story.to_json().decode("utf-8"))
    else:
        output.write(text(story))
    return 0
