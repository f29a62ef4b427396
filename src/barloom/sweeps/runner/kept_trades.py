"""The trades of the sets of a batch, where they are kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from barloom._native.simulation import Simulator
from barloom.arrays import join
from barloom.engine import trades as record
from barloom.engine.trades import TRADE, Trades


class KeptTrades:
    """Gathers the trades of sets chunk by chunk."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Trades]] = {}

    def add(self, place: int, simulator: Simulator, k: int) -> None:
        """Take what a chunk finished for set ``k``, which stands at ``place`` of the batch."""
        done, _, _, _ = simulator.sizes(k)
        if done:
            trades = np.empty(done, dtype=TRADE)
            simulator.take_done(k, trades)
            self.add_all(place, trades)

    def add_all(self, place: int, trades: Trades) -> None:
        """Take trades of the set at ``place``."""
        self._parts.setdefault(place, []).append(trades)

    def table(self) -> pa.Table:
        """Every trade with the place of its set as ``set``: set by set, in the order of their numbers."""
        schema = record.arrow_schema().insert(0, pa.field("set", pa.int64(), nullable=False))
        batches = []
        for place in sorted(self._parts):
            trades = join(self._parts[place], TRADE)
            columns = record.to_arrow(record.columns_of(trades))
            places = pa.array(np.full(len(trades), place, dtype=np.int64))
            batches.append(pa.RecordBatch.from_arrays([places, *columns.columns], schema=schema))
        return pa.Table.from_batches(batches, schema=schema)
