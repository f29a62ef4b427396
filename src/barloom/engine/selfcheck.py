"""Self-check of a run on its first bars: the same signals and trades in other chunks, on one thread, and by the reference simulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from barloom.arrays import distinct, join, pick
from barloom.bars.chunk import Chunk
from barloom.engine.audit.asking import hushed, utc
from barloom.engine.audit.audit import FEW_DIFFERING, JUDGED, MOST_FLIPPED, looks_ahead
from barloom.engine.audit.decisions import Signals, difference
from barloom.engine.feed import Feed
from barloom.engine.results import AuditCounts, SelfCheck
from barloom.engine.simulator import RunSimulator
from barloom.engine.stream import signal_chunks
from barloom.engine.trades import COLUMNS, REASONS, TRADE, Trades, columns_of
from barloom.errors import FidelityError
from barloom.reference import simulator as reference
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules

if TYPE_CHECKING:
    from barloom.bars.fine import Fine
    from barloom.strategies.again import Again
    from barloom.strategies.base import Strategy

HEAD_BARS = 16_384
# The reference walks bar by bar: enough entries and bars behind them to judge by, few enough to cost little.
JUDGED_ENTRIES = 64
JUDGED_BARS = 2_048
OTHER_CHUNK_ROWS = 1_009
ASK = ("ask_open", "ask_high", "ask_low", "ask_close")
PRICES = ("timestamp", "open", "high", "low", "close", "volume", *ASK)


class RunHead:
    """Copies of the first bars of a run, their signals, and the trades that left on them."""

    def __init__(self, limit: int = HEAD_BARS) -> None:
        self.limit = limit
        self.rows = 0
        self._columns: dict[str, list[npt.NDArray[np.generic]]] = {}
        self._trades: list[Trades] = []
        self._entries: list[Entries] = []
        self._exits: list[ExitSignals] = []

    def add(self, chunk: Chunk, entries: Entries, exits: ExitSignals | None, done: Trades) -> None:
        """Add the bars of the chunk, its signals and the trades closed on it to the head."""
        wanted = min(self.limit - self.rows, chunk.rows)
        if wanted > 0:
            for name in PRICES:
                values = getattr(chunk, name)
                if values is not None:
                    self._columns.setdefault(name, []).append(values[chunk.history : chunk.history + wanted].copy())
            self.rows += wanted
            self._entries.append(entries.take(np.flatnonzero(entries.signal_bar < self.limit)))
            if exits is not None:
                self._exits.append(exits.take(np.flatnonzero(exits.signal_bar < self.limit)))
        # Trades come in the order of their numbers: none after one that entered behind the head can lie in it.
        if len(done) and done["entry_bar"][0] < self.limit:
            self._trades.append(pick(done, done["exit_bar"] < self.limit))

    def signals(self) -> Signals:
        """The signals on the bars of the head."""
        return Signals(Entries.joined(self._entries), ExitSignals.joined(self._exits), 0)

    def trades(self) -> Trades:
        """The trades that left before the last bar of the head."""
        trades = join(self._trades, TRADE)
        return pick(trades, trades["exit_bar"] < self.rows - 1)

    def closes(self) -> npt.NDArray[np.float64]:
        """The closes of the head."""
        closes: npt.NDArray[np.float64] = np.concatenate(self._columns["close"])
        return closes

    def time(self, bar: int) -> str:
        """Open time of a bar of the head, UTC."""
        times: npt.NDArray[np.int64] = np.concatenate(self._columns["timestamp"])
        return utc(times[bar])

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
    head: RunHead, again: Again, feed_with: Callable[[Strategy], Feed], rules: Rules, finer: Fine | None = None
) -> tuple[SelfCheck, AuditCounts]:
    """Run the head of a finished run again and compare. Also counts signals that depend on the first bar of a window.

    Raises:
        FidelityError: the strategy gives other signals in other chunks, and looks ahead or back beyond its lookback; or the trades of the
            same signals differ in other chunks or by the reference simulator.
    """
    signals = head.signals()
    found = AuditCounts()
    with hushed():
        try:
            copy = again.copy()
            with copy.inside():
                asked = _asked_again(head, feed_with(copy.strategy))
        except (Exception, SystemExit):
            asked = signals  # the audit says that it fails when it is asked again
        if signals.first_unlike(asked, head.rows) is not None:
            found = _tell_apart(head, again, feed_with, signals, asked)
    simulator = RunSimulator(rules, threads=1, fine=None if finer is None else finer.reader())
    trades = [simulator.pass_chunk(chunk, *_dealt(signals, chunk)) for chunk in head.chunks(OTHER_CHUNK_ROWS, 0)]
    simulator.close()
    passed = join(trades, TRADE)
    passed = pick(passed, passed["exit_bar"] < head.rows - 1)
    _compare_chunks(head.trades(), passed)
    first = _first(signals.entries, rules.parts)
    rows = min(head.rows, int(first.signal_bar[-1]) + JUDGED_BARS) if len(first) else head.rows
    assert signals.exits is not None
    leaving = signals.exits.take(signals.exits.signal_bar < rows)
    judged, engine_seconds, reference_seconds = _judge(head.chunks(rows, 0)[0], first, leaving, rules, finer)
    check = SelfCheck(
        bars=head.rows,
        trades=len(passed),
        judged_trades=judged,
        engine_seconds=engine_seconds,
        reference_seconds=reference_seconds,
        speedup=reference_seconds / engine_seconds if judged else None,
    )
    return check, found


def _dealt(signals: Signals, chunk: Chunk) -> tuple[Entries, ExitSignals]:
    """The signals of a chunk's new bars."""
    assert signals.exits is not None
    start, stop = signals.entries.signal_bar.searchsorted((chunk.base, chunk.base + chunk.rows))
    leave, until = signals.exits.signal_bar.searchsorted((chunk.base, chunk.base + chunk.rows))
    return signals.entries.take(slice(start, stop)), signals.exits.take(slice(leave, until))


def _asked_again(head: RunHead, feed: Feed, rows: int = OTHER_CHUNK_ROWS, most: int | None = None) -> Signals:
    """Signals of a feed on the head in chunks of ``rows`` bars, at most ``most`` chunks."""
    entries, exits = [], []
    for step in signal_chunks(head.chunks(rows, feed.history)[:most], feed):
        entries.append(step.entries)
        exits += [] if step.exit_signals is None else [step.exit_signals]
    return Signals(Entries.joined(entries), ExitSignals.joined(exits), 0)


def _tell_apart(
    head: RunHead, again: Again, feed_with: Callable[[Strategy], Feed], signals: Signals, asked: Signals
) -> AuditCounts:
    """Find out why signals differ in other chunks: count those that depend on the first bar of a window.

    Raises:
        FidelityError: they depend on where it ends, or too many on where it begins.
    """
    closes = head.closes()
    bars = distinct(np.concatenate([*signals.bars(), *asked.bars()]))
    bars = bars[bars < head.rows]
    most = max(FEW_DIFFERING, len(bars) // MOST_FLIPPED)
    differing = 0
    first = ""
    for bar in bars.tolist():
        ours, theirs = signals.at(bar), asked.at(bar)
        found = difference(ours, theirs, abs(float(closes[bar])))
        if found is None or found.rounding or found.slight:
            continue  # what such values round or miss is told by decisions all along the run
        if differing < JUDGED:
            copy = again.copy()
            with copy.inside():
                cut = _asked_again(head, feed_with(copy.strategy), bar + 1, 1)
            unlike = signals.first_unlike(cut, bar + 1)
            if unlike is not None:
                raise looks_ahead(again.name, unlike, head.time(unlike), signals.at(unlike), cut.at(unlike))
        differing += 1
        first = (
            first
            or f"on bar {bar} ({head.time(bar)} UTC) {ours} in the run, and {theirs} in chunks of {OTHER_CHUNK_ROWS} bars"
        )
        if differing > most:
            break
    if differing > most:
        raise FidelityError(
            f"strategy {again.name} gives other signals when the bars come in chunks of {OTHER_CHUNK_ROWS}, {first}: its lookback is too "
            "short; give a longer one, or use an indicator of barloom's, which remembers all bars"
        )
    return AuditCounts(differing=differing, first_differing=first)


def _first(entries: Entries, parts: int) -> Entries:
    """The first entries, without splitting a bar or a signal with several parts."""
    wanted = JUDGED_ENTRIES // parts * parts or parts
    if len(entries) <= wanted:
        return entries
    end = np.searchsorted(entries.signal_bar, entries.signal_bar[wanted])
    return entries.take(slice(0, int(end) or wanted))


def _judge(
    bars: Chunk, entries: Entries, exits: ExitSignals, rules: Rules, finer: Fine | None
) -> tuple[int, float, float]:
    """Compare engine and reference on the same entries. Returns the number of trades and the seconds of each."""
    bars.last = True
    bars.next_time = None
    started = time.perf_counter()
    with closing(RunSimulator(rules, threads=1, fine=None if finer is None else finer.reader())) as simulator:
        trades = simulator.pass_chunk(bars, entries, exits)
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
    """The finer bars of every ambiguous bar, in the form the reference takes."""
    wanted = distinct(trades["exit_bar"][trades["ambiguous"] != 0])
    after = np.append(bars.timestamp[1:], np.iinfo(np.int64).max)
    with closing(finer.reader()) as reader:
        found = reader.between(bars.timestamp[wanted], after[wanted])
    table = np.stack((found.open, found.high, found.low, found.close), axis=1)
    return {
        int(bar): [(o, h, lo, c) for o, h, lo, c in table[found.offsets[k] : found.offsets[k + 1]].tolist()]
        for k, bar in enumerate(wanted)
    }


def _compare_chunks(first: Trades, second: Trades) -> None:
    """Compare the trades of the run with those of the head alone, except on its last bar, where the head's trades are ended."""
    ours, theirs = columns_of(first), columns_of(second)
    if all(ours[name].tobytes() == theirs[name].tobytes() for name in COLUMNS):
        return
    shared = min(len(first), len(second))
    differs = np.zeros(shared, dtype=bool)
    for name in COLUMNS:
        one, other = ours[name][:shared], theirs[name][:shared]
        differs |= (one != other) & ~((one != one) & (other != other))
    row = int(np.argmax(differs)) if differs.any() else shared
    raise FidelityError(
        f"the engine gives other trades of the same signals in chunks of {OTHER_CHUNK_ROWS} bars, the first of them trade {row}: please "
        "report this"
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
