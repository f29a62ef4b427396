"""A run checks itself on its first bars: the same trades in other chunks, on one thread, and by the reference simulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barloom.backtest.feed import Feed
from barloom.backtest.results import SelfCheck
from barloom.bars.chunk import Chunk
from barloom.errors import FidelityError
from barloom.execution import reference
from barloom.execution.account import distinct, join, pick
from barloom.execution.book import Book
from barloom.execution.entries import Entries
from barloom.execution.exit_signals import ExitSignals
from barloom.execution.rules import Rules
from barloom.execution.trades import COLUMNS, REASONS, TRADE, Trades, columns_of

if TYPE_CHECKING:
    from barloom.bars.fine import Fine

HEAD_BARS = 16_384
# The reference walks bar by bar: enough entries and bars behind them to judge by, few enough to cost little.
JUDGED_ENTRIES = 64
JUDGED_BARS = 2_048
OTHER_CHUNK_ROWS = 1_009
ASK = ("ask_open", "ask_high", "ask_low", "ask_close")
PRICES = ("timestamp", "open", "high", "low", "close", "volume", *ASK)


class Head:
    """Copies of the first bars of a run, and the trades that left on them."""

    def __init__(self, limit: int = HEAD_BARS) -> None:
        self.limit = limit
        self.rows = 0
        self._columns: dict[str, list[npt.NDArray[np.generic]]] = {}
        self._trades: list[Trades] = []

    def add(self, chunk: Chunk, done: Trades) -> None:
        """Take what the chunk and the trades that are done with it add to the head."""
        wanted = min(self.limit - self.rows, chunk.rows)
        if wanted > 0:
            for name in PRICES:
                values = getattr(chunk, name)
                if values is not None:
                    self._columns.setdefault(name, []).append(values[chunk.history : chunk.history + wanted].copy())
            self.rows += wanted
        # Trades come in the order of their numbers: none after one that entered behind the head can lie in it.
        if len(done) and done["entry_bar"][0] < self.limit:
            self._trades.append(pick(done, done["exit_bar"] < self.limit))

    def trades(self) -> Trades:
        """The trades that left before the last bar of the head."""
        trades = join(self._trades, TRADE)
        return pick(trades, trades["exit_bar"] < self.rows - 1)

    def chunks(self, rows: int, history: int) -> list[Chunk]:
        """The head in chunks of ``rows`` bars."""
        columns = {name: np.concatenate(pieces) for name, pieces in self._columns.items()}
        chunks = []
        for base in range(0, self.rows, rows):
            led = min(history, base)
            end = min(base + rows, self.rows)
            cut = {name: values[base - led : end] for name, values in columns.items()}
            following = int(columns["timestamp"][end]) if end < self.rows else None
            chunks.append(Chunk(base, led, end - base, end == self.rows, **cut, next_time=following))
        return chunks


def check_head(
    head: Head, new_feed: Callable[[], Feed], rules: Rules, strategy: str, finer: Fine | None = None
) -> SelfCheck:
    """Run the head of a finished run again and compare.

    Raises:
        FidelityError: other chunks give other trades (the strategy looks ahead, or back beyond its lookback), or the reference
            simulator gives other trades than the engine.
    """
    feed = new_feed()
    book = Book(rules, threads=1, fine=None if finer is None else finer.reader())
    trades, entries, exits = [], [], []
    for chunk in head.chunks(OTHER_CHUNK_ROWS, feed.history):
        prepared = feed.prepare(chunk)
        asked, leaving = feed.entries(chunk, prepared), feed.exit_signals(chunk, prepared)
        entries.append(asked)
        exits.append(leaving)
        trades.append(book.pass_chunk(chunk, asked, leaving))
    book.close()
    again = join(trades, TRADE)
    again = pick(again, again["exit_bar"] < head.rows - 1)
    _compare_chunks(head.trades(), again, strategy, head.rows)
    first = _first(Entries.joined(entries), rules.parts)
    rows = min(head.rows, int(first.signal_bar[-1]) + JUDGED_BARS) if len(first) else head.rows
    leaving = ExitSignals.joined([signals for signals in exits if signals is not None])
    leaving = leaving.take(leaving.signal_bar < rows)
    judged, engine_seconds, reference_seconds = _judge(head.chunks(rows, 0)[0], first, leaving, rules, finer)
    return SelfCheck(
        bars=head.rows,
        trades=len(again),
        judged_trades=judged,
        engine_seconds=engine_seconds,
        reference_seconds=reference_seconds,
        speedup=reference_seconds / engine_seconds if judged else None,
    )


def _first(entries: Entries, parts: int) -> Entries:
    """The first entries, all of a bar or none, and whole signals."""
    wanted = JUDGED_ENTRIES // parts * parts or parts
    if len(entries) <= wanted:
        return entries
    end = np.searchsorted(entries.signal_bar, entries.signal_bar[wanted])
    return entries.take(slice(0, int(end) or wanted))


def _judge(
    bars: Chunk, entries: Entries, exits: ExitSignals, rules: Rules, finer: Fine | None
) -> tuple[int, float, float]:
    """Compare engine and reference on the same entries; how many trades, and the seconds of each."""
    bars.last = True
    bars.next_time = None
    started = time.perf_counter()
    with closing(Book(rules, threads=1, fine=None if finer is None else finer.reader())) as book:
        trades = book.pass_chunk(bars, entries, exits)
    engine_seconds = time.perf_counter() - started
    plain = reference.ReferenceBars(
        bars.timestamp.tolist(), bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    )
    for name in ASK:
        prices = getattr(bars, name)
        setattr(plain, name, None if prices is None else prices.tolist())
    if finer is not None:
        plain.fine = _finer_bars(bars, trades, finer)
    started = time.perf_counter()
    judged = reference.simulate(plain, entries, rules, exits)
    reference_seconds = time.perf_counter() - started
    _compare_reference(trades, judged)
    return len(trades), engine_seconds, reference_seconds


def _finer_bars(bars: Chunk, trades: Trades, finer: Fine) -> dict[int, list[tuple[float, float, float, float]]]:
    """The finer bars of every bar that could have gone two ways, as the reference takes them."""
    wanted = distinct(trades["exit_bar"][trades["ambiguous"] != 0])
    after = np.append(bars.timestamp[1:], np.iinfo(np.int64).max)
    with closing(finer.reader()) as reader:
        found = reader.between(bars.timestamp[wanted], after[wanted])
    table = np.stack((found.open, found.high, found.low, found.close), axis=1)
    return {
        int(bar): [(o, h, lo, c) for o, h, lo, c in table[found.offsets[k] : found.offsets[k + 1]].tolist()]
        for k, bar in enumerate(wanted)
    }


def _compare_chunks(first: Trades, second: Trades, strategy: str, rows: int) -> None:
    """Compare the trades of the run with those of the head alone, but for its last bar, which ends the trades of the head."""
    ours, theirs = columns_of(first), columns_of(second)
    if all(ours[name].tobytes() == theirs[name].tobytes() for name in COLUMNS):
        return
    shared = min(len(first), len(second))
    differs = np.zeros(shared, dtype=bool)
    for name in ("signal_bar", "entry_bar", "exit_bar", "exit_price"):
        differs |= first[name][:shared] != second[name][:shared]
    row = int(np.argmax(differs)) if differs.any() else shared
    longer = first if row < len(first) else second
    bar = int(longer["signal_bar"][row]) if row < len(longer) else rows
    raise FidelityError(
        f"strategy {strategy} gives other trades when the bars come in chunks of {OTHER_CHUNK_ROWS}: the first difference is trade "
        f"{row} (signal on bar {bar}). It looks ahead, or back further than its lookback says"
    )


def _compare_reference(again: Trades, judged: reference.ReferenceResult) -> None:
    if len(again) != len(judged.trades):
        raise FidelityError(
            f"the engine made {len(again)} trades of the first bars and the reference simulator {len(judged.trades)}: please report this"
        )
    for name, values in columns_of(again).items():
        ours = values.tolist()
        theirs = [getattr(trade, name) for trade in judged.trades]
        if name == "exit_reason":
            ours = [REASONS[code] for code in ours]
        for row, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if a != b and not (a != a and b != b):
                raise FidelityError(
                    f"{name} of trade {row} is {a} by the engine and {b} by the reference simulator: please report this"
                )
