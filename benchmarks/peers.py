"""barloom's preset against the engine it is named after: the same bars, the same signals, the same trades."""

from __future__ import annotations

import importlib.util
import statistics
from typing import Any

import numpy as np
from made import spread_out, synthetic
from measure import Row, interleaved, ratio, spread

import barloom as bl
from barloom.backtest.results import RunResult

PART = 0.0009  # of the price, to the stop and to the target


def vectorbt(rows: int, count: int, repeats: int) -> list[Row]:
    """``from_signals`` of vectorbt's Rust engine with a stop and a target beside ``fills="vectorbt"``."""
    if any(importlib.util.find_spec(name) is None for name in ("vectorbt", "vectorbt_rust")):
        print("vectorbt is not installed, so this section is left out: pip install 'vectorbt[rust]==1.2.0'")
        return []
    import vectorbt as vbt

    arrays = synthetic(rows)
    _, opens, high, low, close = arrays
    where, side = spread_out(arrays, count)
    longs, shorts, never = (np.zeros(rows, dtype=bool) for _ in range(3))
    longs[where[side > 0]] = True
    shorts[where[side < 0]] = True
    bars = bl.from_arrays(*arrays)
    # As vectorbt takes a level from the fill price, to the bit.
    base = close[where]
    entries = bl.Entries(where, side, stop_price=base * (1.0 - side * PART), target_price=base * (1.0 + side * PART))

    def theirs() -> Any:
        return vbt.Portfolio.from_signals(
            close,
            longs,
            never,
            short_entries=shorts,
            short_exits=never,
            open=opens,
            high=high,
            low=low,
            sl_stop=PART,
            tp_stop=PART,
            upon_opposite_entry="ignore",
            size=1.0,
            init_cash=1e9,
            engine="rust",
        )

    def ours() -> RunResult:
        return bl.simulate(bars, entries, fills="vectorbt", entry="close")

    trades, records = ours().trades, theirs().trades.values
    pairs = (
        ("entry_bar", "entry_idx"),
        ("exit_bar", "exit_idx"),
        ("entry_price", "entry_price"),
        ("exit_price", "exit_price"),
    )
    for mine, other in pairs:
        np.testing.assert_array_equal(trades[mine].to_numpy(), records[other], err_msg=mine)
    phases: list[float] = []

    def measured() -> None:
        phases.append(ours().phase_times["simulate"])

    whole, peer = interleaved([measured, theirs], repeats)
    over, between = ratio(peer, whole)
    alone, between_alone = ratio(peer, phases[-repeats:])
    return [
        Row(
            f"vectorbt's Rust engine over bl.simulate, {count:,} signals on {rows:,} bars",
            over,
            "x",
            30.0,
            at_least=True,
            spread=between,
            note=f"{statistics.median(peer):.2f} s over {statistics.median(whole):.3f} s, {len(trades):,} trades equal",
        ),
        Row(
            "the same over its simulation alone (exits, ledger)",
            alone,
            "x",
            at_least=True,
            spread=between_alone,
            note=f"{1e3 * statistics.median(phases[-repeats:]):.1f} ms, {spread(phases[-repeats:], 1e3)}",
        ),
    ]
