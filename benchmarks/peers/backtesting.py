"""Work to compare with backtesting.py: a strategy that only places the orders it is given."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from barloom.bars.opening import from_arrays
from barloom.bench.sections import Bench
from barloom.engine.orchestrator import simulate
from barloom.engine.trades import REASONS
from peers.entries import CASH, bracketed, signals
from peers.pair import Pair, must_agree

SLOW_ROWS = 100_000
"""Most bars for an engine that takes microseconds a bar."""


def works(bench: Bench, bt: Any) -> Iterator[Pair]:
    """``Backtest.run`` with a strategy that only places what is given."""
    import pandas as pd

    rows = min(bench.rows, SLOW_ROWS)
    arrays = tuple(column[:rows] for column in bench.arrays)
    bars = from_arrays(*arrays)
    entries = bracketed(arrays, *signals(rows))
    assert entries.stop_price is not None and entries.target_price is not None
    wanted = {
        bar: (side, stop, target)
        for bar, side, stop, target in zip(
            entries.signal_bar.tolist(),
            entries.side.tolist(),
            entries.stop_price.tolist(),
            entries.target_price.tolist(),
            strict=True,
        )
    }

    class Placed(bt.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            order = wanted.get(len(self.data) - 1)
            if order is not None and not self.trades:
                side, stop, target = order
                (self.buy if side > 0 else self.sell)(size=1, sl=stop, tp=target)

    frame = pd.DataFrame(
        dict(zip(("Open", "High", "Low", "Close"), arrays[1:], strict=True)),
        index=pd.DatetimeIndex(arrays[0]),
    )
    test = bt.Backtest(frame, Placed, cash=CASH, trade_on_close=True)

    def theirs() -> Any:
        with warnings.catch_warnings():
            # A trade may be open when the data ends.
            warnings.simplefilter("ignore")
            return test.run()

    ours = partial(simulate, bars, entries, fills="backtesting.py", entry="close", bounds=False, threads=bench.threads)
    name = f"{len(entries):,} entries with a stop and a target"
    stats, trades = theirs(), ours().sink.columns
    closed = stats["_trades"].sort_values("EntryBar")
    ended = np.array([REASONS[code] == "end" for code in trades["exit_reason"].tolist()])
    of = dict(entry_bar="EntryBar", exit_bar="ExitBar", entry_price="EntryPrice", exit_price="ExitPrice")
    columns = {each: closed[there].to_numpy() for each, there in of.items()}
    mine = {each: trades[each][~ended] for each in of}
    count = must_agree(mine, columns, f"backtesting.py, {name}")
    told = "it takes some microseconds a bar, so these are the first of the bars" if rows < bench.rows else None
    yield Pair(name, rows, ours, theirs, f"{count:,} trades: bars and prices, to the bit", told)
