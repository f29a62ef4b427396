"""Explanation of one trade of a finished run: the bars are opened again, and the reference simulator replays the trade."""

from __future__ import annotations

import math
import os
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from barloom.bars.bars import Bars
from barloom.bars.chunk import Chunk
from barloom.bars.fine import Fine
from barloom.bars.opening import from_synthetic
from barloom.boundary import PATH, takes, whole
from barloom.engine import orchestrator
from barloom.engine import trades as trade_record
from barloom.engine.feed import StrategyFeed
from barloom.engine.resolve import RunSpec
from barloom.engine.stream import signal_chunks
from barloom.errors import FidelityError, InputError
from barloom.explanation.record import Explanation
from barloom.explanation.story import ASK_PRICES, PRICES, Event, Replayed, Row, tell
from barloom.indicators import Indicator
from barloom.jobs.records import NOT_IN_A_FILE, FinerBars, RunRecord, read_run
from barloom.reference import simulator as reference
from barloom.reference.simulator import ReferenceTrade
from barloom.rules.entries import Entries
from barloom.rules.exit_signals import ExitSignals
from barloom.rules.rules import Rules
from barloom.strategies.calling import describe
from barloom.strategies.registry import load_strategy

BAR_NUMBERS = ("signal_bar", "entry_bar", "exit_bar")


@takes(run=PATH, trade_id=whole(0))
def explain(run: str | os.PathLike[str], trade_id: int) -> Explanation:
    """Explain one trade of a finished run.

    The bars are read once from the first to the last; no more is kept of them than from the trade's signal to its exit.

    Args:
        run: the run's folder, or the ``run.json`` in it.
        trade_id: number of the trade, as in ``trades.parquet``.

    Raises:
        InputError: no such run or trade, or bars or strategy that are not there any more as they were.
        FidelityError: the reference simulator does not give the trade as the run has it.

    Examples:
        After ``barloom run --sample --end 2015-01-10 --out first``:

        >>> from pathlib import Path
        >>> import barloom as bl
        >>> folder = next(Path("first/runs").iterdir())
        >>> trade = bl.explain(folder, trade_id=0)
        >>> trade.side, trade.fill.price, round(trade.decision.price, 5)
        ('long', 1.10015, 1.10032)
        >>> trade.decision.words
        'the high 1.10037 touched the target 1.100321773'
    """
    folder, record = _read(Path(run))
    row = read_trade(folder, trade_id)
    parameters = record.parameters
    strategy = load_strategy(parameters.strategy, parameters.params, ran=record.strategy)
    spec = RunSpec.of(parameters)
    rules = spec.rules
    bars = _open(record)
    stretch = _gather(bars, spec.feed(strategy), row, reverse=rules.reverse)
    if bars.report is None or bars.report.content_hash != record.data.content_hash:
        raise InputError(
            f"the bars of {record.data.path} are not those of the run: put the file back as it was, or run it again"
        )
    if rules.intrabar == "drilldown" and row["ambiguous"]:
        stretch.fine = _finer(record, bars, stretch, row["exit_bar"])
    replayed = _replay(stretch, rules, row)
    if replayed is None:
        raise FidelityError(
            f"trade {trade_id} of {record.job_id} does not come out of the reference simulator as it is in trades.parquet: "
            "please report this"
        )
    names = describe(strategy).indicators
    indicators = {name: stretch.indicators.get(spec, math.nan) for name, spec in names.items()}
    return tell(folder, record, row, replayed, indicators)


# ---------------------------------------------------------------- what the run left


def _read(path: Path) -> tuple[Path, RunRecord]:
    """The folder of a run and its record."""
    file = path if path.name == "run.json" else path / "run.json"
    try:
        return file.parent, read_run(file)
    except OSError as error:
        raise InputError(
            f"{path} is no folder of a finished run: cannot read {file} ({error.strerror}); give a folder of results/runs"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"{file} is no record of this version of barloom: {'.'.join(map(str, first['loc']))}: {first['msg']}; run it again"
        ) from None


def read_trade(folder: Path, trade_id: int) -> Row:
    """One row of the trades of a run; reads only the part of the file that contains it.

    Raises:
        InputError: no such trade, or no file that can be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "trades.parquet"
    try:
        with pq.ParquetFile(path) as file:
            count = file.metadata.num_rows
            if not 0 <= trade_id < count:
                there = f"trades 0 to {count - 1}" if count else "no trades"
                raise InputError(f"no trade {trade_id} in {folder}: it has {there}")
            at = trade_id
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if at < rows:
                    break
                at -= rows
            table = file.read_row_group(group).slice(at, 1).combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot read {path}: {error}; run it again") from None
    row = {name: trade_record.from_arrow(name, table[name].chunk(0))[0].item() for name in trade_record.COLUMNS}
    if row["trade_id"] != trade_id:
        raise InputError(f"{path} does not hold its trades in order: it was written to; run it again")
    row["exit_reason"] = trade_record.REASONS[row["exit_reason"]]
    return row


def _open(record: RunRecord) -> Bars:
    """The bars of a run, read and selected as the run did."""
    data = record.data
    if data.files:
        bars = data.reading.open(data.files)
    elif data.file is not None:
        path = data.file if data.file.exists() else Path(data.path)
        bars = data.reading.open(path)
    elif data.path == NOT_IN_A_FILE[1]:
        bars = data.reading.resampled(from_synthetic(data.total_rows, record.parameters.seed))
    else:
        raise InputError(
            f"the bars of {record.job_id} were in memory: a trade can be explained only with bars from a file"
        )
    return bars.select(fraction=data.fraction, portion=data.portion, start=data.start, end=data.end)


# ---------------------------------------------------------------- the bars of the trade


@dataclass
class _Stretch:
    """Bars from the signal to the one after the exit, and the strategy's signals on them; bar numbers of the slice."""

    first: int
    columns: dict[str, npt.NDArray[Any]]
    entries: Entries
    exit_signals: ExitSignals
    indicators: dict[Indicator, float]
    fine: list[tuple[float, float, float, float]] = field(default_factory=list)

    def plain(self, exit_bar: int) -> reference.ReferenceBars:
        """The bars as lists, for the reference simulator."""
        lists: dict[str, Any] = {name: values.tolist() for name, values in self.columns.items()}
        finer = {exit_bar - self.first: self.fine} if self.fine else {}
        return reference.ReferenceBars(lists.pop("timestamp"), **lists, fine=finer)


def _gather(bars: Bars, feed: StrategyFeed, row: Row, *, reverse: bool) -> _Stretch:
    """Read all the bars, and keep those that the trade needs.

    The strategy is asked from the first bar to the exit; from there on the bars are only read, for their content hash.
    """
    first, exit_bar = row["signal_bar"], row["exit_bar"]
    pieces: dict[str, list[npt.NDArray[Any]]] = {}
    entries: list[Entries] = []
    exits: list[ExitSignals] = []
    indicators: dict[Indicator, float] = {}
    cores = orchestrator.available_cores()
    drawn = bars.chunks(orchestrator.CHUNK_ROWS, history=feed.history, volume=feed.uses_volume, threads=cores)
    with closing(drawn) as chunks:
        for step in signal_chunks(takewhile(lambda chunk: chunk.base <= exit_bar + 1, chunks), feed):
            chunk, leave = step.chunk, step.exit_signals
            if chunk.base + chunk.rows <= first:
                continue
            _keep(pieces, chunk, first, exit_bar + 2)
            entries.append(_wanted(step.entries, row, reverse))
            if leave is not None and len(leave):
                exits.append(leave.take((leave.signal_bar >= first) & (leave.signal_bar < exit_bar)))
            if chunk.base <= first:
                at = chunk.history + first - chunk.base
                indicators = {spec: float(values[at]) for spec, values in step.prepared.items()}
        for _ in chunks:
            pass
    columns = {name: np.concatenate(parts) for name, parts in pieces.items()}
    return _Stretch(first, columns, Entries.joined(entries), ExitSignals.joined(exits), indicators)


def _keep(pieces: dict[str, list[npt.NDArray[Any]]], chunk: Chunk, first: int, stop: int) -> None:
    """Copy the bars of the chunk from number ``first`` up to, not including, ``stop``."""
    begin = chunk.history + max(first - chunk.base, 0)
    end = chunk.history + min(stop - chunk.base, chunk.rows)
    for name in ("timestamp", *PRICES, *ASK_PRICES):
        values = getattr(chunk, name)
        if values is not None:
            pieces.setdefault(name, []).append(values[begin:end].copy())


def _wanted(asked: Entries, row: Row, reverse: bool) -> Entries:
    """The entries of the trade's own signal and, if signals reverse trades, those of the other side up to its exit."""
    bars, side = asked.signal_bar, asked.side
    keep = (bars == row["signal_bar"]) & (side == row["side"])
    if reverse:
        other = (side != row["side"]) & (bars >= row["entry_bar"]) & (bars < row["exit_bar"])
        keep |= other & ~asked.conflicting()
    return asked.take(keep)


def _finer(record: RunRecord, bars: Bars, stretch: _Stretch, exit_bar: int) -> list[tuple[float, float, float, float]]:
    """The finer bars of the exit bar.

    Raises:
        InputError: their file cannot be read, or is not the one of the run.
    """
    finer = record.data.reading.open_fine(bool(bars.source.corrected))
    if finer is None:
        return []
    if record.data.finer != FinerBars.of(finer):
        raise InputError(f"{finer.label} was changed since the run: put it back as it was, or run it again")
    times = stretch.columns["timestamp"]
    at = exit_bar - stretch.first
    last = at + 1 == len(times)
    stop = np.array([np.iinfo(np.int64).max]) if last else times[at + 1 : at + 2]
    with closing(Fine.beside(bars, finer).reader()) as reader:
        found = reader.between(times[at : at + 1], stop)
    return list(zip(*(getattr(found, name).tolist() for name in PRICES), strict=True))


# ---------------------------------------------------------------- the replay


def _replay(stretch: _Stretch, rules: Rules, row: Row) -> Replayed | None:
    """Replay each entry of the signal until one equals the row; None if none does.

    Its size is the row's, as sizing depends on all trades before. What is left of the position rules is that signals of the
    other side end a trade that is reversed.
    """
    bars = stretch.plain(row["exit_bar"])
    own = stretch.entries.signal_bar == stretch.first
    against = stretch.entries.take(~own)
    leave = ExitSignals(against.signal_bar, -against.side)
    exits = _merged(stretch.exit_signals, leave).moved(-stretch.first)
    alone = replace(
        rules,
        parts=1,
        max_positions=1,
        reverse=False,
        bounds=False,
        sizing=rules.sizing.model_copy(update={"leverage": None}),
    )
    for k in np.flatnonzero(own):
        entry = stretch.entries.take(slice(k, k + 1)).moved(-stretch.first)
        entry.size = np.array([row["size"]])
        events: list[Event] = []

        def watch(trade: ReferenceTrade, j: int, event: str, facts: dict[str, Any], seen: list[Event] = events) -> None:
            seen.append(Event(j, event, facts))

        result = reference.simulate(bars, entry, alone, exits, watch)
        if len(result.trades) == 1 and _equals(result.trades[0], row, stretch.first):
            return Replayed(result.trades[0], entry, alone, bars, stretch.first, events)
    return None


def _merged(first: ExitSignals, second: ExitSignals) -> ExitSignals:
    """Exit signals of both, ordered by bar."""
    joined = ExitSignals.joined([first, second])
    return joined.take(np.argsort(joined.signal_bar, kind="stable"))


def _equals(trade: ReferenceTrade, row: Row, first: int) -> bool:
    """Check if a replayed trade equals the row in every column but its number."""
    for name in trade_record.COLUMNS:
        ours = getattr(trade, name)
        if name == "trade_id":
            continue
        if name in BAR_NUMBERS:
            ours += first
        if ours != row[name] and not (ours != ours and row[name] != row[name]):
            return False
    return True
