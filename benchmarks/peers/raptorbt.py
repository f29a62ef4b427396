"""Work to compare with raptorbt: one side, every signal a trade."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from barloom.bench.sections import BARS_AN_ENTRY, Bench
from barloom.engine.feed import EntriesFeed
from barloom.engine.orchestrator import run_pipeline
from barloom.engine.resolve import make_rules
from barloom.engine.trades import REASONS
from barloom.errors import FidelityError
from barloom.rules.costs import Costs
from barloom.rules.exits import Exits
from barloom.rules.sizing import Sizing
from peers.entries import CASH, PART, bracketed, flags, signals
from peers.pair import Pair, must_agree, unlike


def works(bench: Bench, rbt: Any) -> Iterator[Pair]:
    """``run_single_backtest``: one side, every signal a trade."""
    time, *prices = bench.arrays
    where, _ = signals(bench.rows)
    side = np.ones(len(where), dtype=np.int8)
    held = BARS_AN_ENTRY - 1
    config = rbt.BacktestConfig(initial_capital=CASH, fees=0.0, slippage=0.0, fill_timing="same_bar_close")
    config.set_fixed_stop(PART)
    config.set_fixed_target(PART)
    given = (time, *prices, np.ones(bench.rows), flags(bench.rows, where), flags(bench.rows, where + held))
    theirs = partial(rbt.run_single_backtest, *given, 1, 1.0, "bars", config)
    entries = bracketed(bench.arrays, where, side)
    rules = make_rules(Exits(max_hold=held), Costs(), Sizing(units=1.0), entry="close", fills="vectorbt", bounds=False)
    # Beyond the stop it fills at the open, beyond the target at the target.
    rules = dataclasses.replace(rules, gap_target_at_level=True)

    def ours() -> Any:
        return run_pipeline(bench.bars, EntriesFeed(entries), rules, threads=bench.threads)

    name = f"{len(where):,} entries with a stop, a target and a last bar"
    trades, made = ours().sink.columns, theirs().trades()
    of = dict(entry_bar="entry_idx", exit_bar="exit_idx", entry_price="entry_price", exit_price="exit_price")
    columns = {each: np.array([getattr(trade, there) for trade in made]) for each, there in of.items()}
    count = must_agree(trades, columns, f"raptorbt, {name}")
    by = {"StopLoss": "stop", "TakeProfit": "target", "Signal": "time"}
    reasons = [REASONS[code] for code in trades["exit_reason"].tolist()]
    if reasons != [by.get(trade.exit_reason, trade.exit_reason) for trade in made]:
        raise FidelityError(unlike(f"raptorbt, {name}", "trades leave for other reasons there"))
    yield Pair(
        name,
        bench.rows,
        ours,
        theirs,
        f"{count:,} trades: bars, prices to the bit, and reasons",
        "sizes and money: it puts its whole capital into each trade; shorts: it takes one side a run",
    )
