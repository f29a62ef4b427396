"""The compiled engine run over chunks, as a comparable outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from barloom.execution.book import Book, Rules
from barloom.execution.entries import Entries
from barloom.execution.trades import REASONS, Trades, columns_of
from helpers.market import Market


@dataclass
class Outcome:
    """Everything a run of the book gives."""

    trades: Trades
    points: np.ndarray
    rejected: dict[str, int]
    account: np.ndarray
    signals: int

    def rows(self) -> list[dict[str, object]]:
        columns = {name: values.tolist() for name, values in columns_of(self.trades).items()}
        columns["exit_reason"] = [REASONS[code] for code in columns["exit_reason"]]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def bytes(self) -> tuple[object, ...]:
        return (
            tuple(values.tobytes() for values in columns_of(self.trades).values()),
            self.points.tobytes(),
            self.account.tobytes(),
            sorted(self.rejected.items()),
        )


def weave(market: Market, entries: Entries, rules: Rules, chunk_rows: int, threads: int = 1) -> Outcome:
    book = Book(rules, threads=threads)
    trades, points = [], []
    for chunk in market.chunks(chunk_rows):
        first, last = np.searchsorted(entries.signal_bar, [chunk.base, chunk.base + chunk.rows])
        trades.append(book.pass_chunk(chunk, entries.take(slice(first, last))))
        points.append(book.points.copy())
    return Outcome(np.concatenate(trades), np.concatenate(points), book.rejected, book.account, book.signals)
