"""Whatever the rows, chunks, batches, history and format: the same bars, the same counts, the same hash."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from barloom._native import chunking
from barloom.bars import Bars, from_arrays, open_bars
from barloom.bars.intake import Intake, Tally
from barloom.bars.slicing import make_selection, portions
from barloom.bars.sources.base import MALFORMED, UNPARSABLE_PRICE, UNPARSABLE_TIME, Batches, RowBatch, Source
from barloom.bars.sources.memory import MemorySource
from barloom.bars.sources.pair import PairSource
from barloom.bars.writer import write_bars

MINUTE = 60 * 10**9
FIRST = 1328054400 * 10**9
NAMES = ("timestamp", "open", "high", "low", "close", "volume")
ASKS = ("ask_open", "ask_high", "ask_low", "ask_close")
PRICE = st.sampled_from([1.0, 1.5, 2.0, 0.5, 3.0, float("nan"), float("inf"), -1.0, 0.0])
GOOD_ROW = st.tuples(st.just(1), st.just(1.5), st.just(2.0), st.just(1.0), st.just(1.25), st.just(5.0))
ANY_ROW = st.tuples(
    st.sampled_from([-2, 0, 1, 2, 5, "time", "price", "shape"]),
    PRICE,
    PRICE,
    PRICE,
    PRICE,
    st.sampled_from([0.0, 5.0, -1.0]),
)
MARKS = {"time": UNPARSABLE_TIME, "price": UNPARSABLE_PRICE, "shape": MALFORMED}


@st.composite
def raw_rows(draw: Any, marks: bool = True) -> RowBatch:
    """Mostly good rows, some bad in every way; enough of them to fill runs of the kernel at times."""
    good = draw(st.sampled_from([0, 1, 5, 250, 300, 600]))
    rows: list[tuple[Any, ...]] = [(1, 1.5, 2.0, 1.0, 1.25, 5.0)] * good
    for row in draw(st.lists(st.one_of(GOOD_ROW, ANY_ROW), max_size=30)):
        if isinstance(row[0], str) and not marks:
            continue
        rows.insert(draw(st.integers(0, len(rows))), row)
    now = FIRST
    times = []
    for row in rows:
        if isinstance(row[0], str):
            times.append(MARKS[row[0]])
        else:
            now += row[0] * MINUTE
            times.append(now)
    table = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 5)
    columns = [np.ascontiguousarray(table[:, k]) for k in range(5)]
    return RowBatch(0, np.array(times, dtype=np.int64), columns[0], columns[1], columns[2], columns[3], columns[4])


def raw(*rows: tuple[int, float]) -> RowBatch:
    """Flat rows at so many seconds from the first, of a price each."""
    times = FIRST + np.array([seconds for seconds, _ in rows], dtype=np.int64) * 1_000_000_000
    prices = np.array([price for _, price in rows])
    return RowBatch(0, times, *(prices.copy() for _ in range(4)), np.ones(len(rows)))


GOOD_ASK = (1.6, 2.1, 1.1, 1.35)
ANY_ASK = st.tuples(*[st.sampled_from([*GOOD_ASK, 9.0, -1.0, float("nan"), float("inf"), float("-inf")])] * 4)


@st.composite
def with_asks(draw: Any) -> RowBatch:
    """Raw rows with ask prices, most of them good beside good bid prices."""
    rows = draw(raw_rows())
    asks = np.tile(np.array(GOOD_ASK), (len(rows), 1))
    for ask in draw(st.lists(st.one_of(st.just(GOOD_ASK), ANY_ASK), max_size=30)):
        if len(rows):
            asks[draw(st.integers(0, len(rows) - 1))] = ask
    rows.ask = tuple(np.ascontiguousarray(asks[:, k]) for k in range(4))
    return rows


def ask_kind(bid: list[float], ask: list[float]) -> str | None:
    """Fault of the ask prices of a good bid row; None if there is none."""
    o, h, low, c = ask
    if np.isinf(o):
        return "no_ask" if o < 0 else "bad_ask"
    if not np.isfinite(ask).all():
        return "not_finite"
    if h < max(o, c) or low > min(o, c):
        return "bad_ask"
    return "crossed" if any(a < b for a, b in zip(ask, bid, strict=True)) else None


def judged(rows: RowBatch, volume: bool, start: int, end: int) -> tuple[list[int], dict[str, int], dict[str, int]]:
    """The kept rows, counts and first rows by the plainest reading of the rules."""
    last = None
    kept: list[int] = []
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    for row in range(len(rows)):
        t = int(rows.timestamp[row])
        o, h, low, c = (float(getattr(rows, name)[row]) for name in ("open", "high", "low", "close"))
        v = float(rows.volume[row]) if volume and rows.volume is not None else 0.0
        kind = {UNPARSABLE_TIME: "unparsable_time", UNPARSABLE_PRICE: "unparsable_price", MALFORMED: "malformed"}.get(t)
        if kind is None:
            if t < start:
                continue
            if t >= end:
                break
            if last is not None and t <= last:
                kind = "repeated" if t == last else "unsorted"
            elif not np.isfinite([o, h, low, c, v]).all():
                kind = "not_finite"
            elif min(o, h, low, c) <= 0 or v < 0:
                kind = "not_positive"
            elif h < max(o, c) or low > min(o, c):
                kind = "high_low"
            elif rows.ask is not None:
                kind = ask_kind([o, h, low, c], [float(column[row]) for column in rows.ask])
        if kind is None:
            kept.append(row)
            last = t
        else:
            counts[kind] = counts.get(kind, 0) + 1
            first.setdefault(kind, row)
    return kept, counts, first


@given(
    rows=st.one_of(raw_rows(), with_asks()),
    chunk_rows=st.sampled_from([1, 2, 3, 64, 255, 256, 257, 10_000]),
    history=st.sampled_from([0, 1, 2, 7, 300]),
    batch_rows=st.sampled_from([1, 3, 100, 256, 1000]),
    volume=st.booleans(),
    start=st.sampled_from([-(2**63), FIRST + 3 * MINUTE, FIRST + 260 * MINUTE]),
    end=st.sampled_from([2**63 - 1, FIRST + 10 * MINUTE, FIRST + 400 * MINUTE]),
)
def test_kept_rows_counts_and_chunks_are_those_of_a_plain_reading(
    rows: RowBatch, chunk_rows: int, history: int, batch_rows: int, volume: bool, start: int, end: int
) -> None:
    kept, counts, first = judged(rows, volume, start, end)
    tally = Tally(start, end)
    asks = dict(zip(ASKS, rows.ask or (None,) * 4, strict=True))
    intake = Intake(tally, chunk_rows, history, volume, strict=False, ask=rows.ask is not None)
    batches = (rows.between(at, at + batch_rows) for at in range(0, len(rows), batch_rows))
    seen = 0
    held: list[tuple[Any, Any]] = []
    for chunk in intake.chunks(batches):
        assert chunk.base == seen
        assert chunk.history == min(history, seen)
        expected = kept[seen - chunk.history : seen + chunk.rows]
        for name in NAMES[: 6 if volume else 5]:
            assert getattr(chunk, name).tolist() == getattr(rows, name)[expected].tolist()
        for name, column in asks.items():
            found = getattr(chunk, name)
            assert found is None if column is None else found.tolist() == column[expected].tolist()
        # The chunk before this one must still hold what it held.
        for copy, arrays in held:
            assert copy == arrays.tolist()
        held = [*held, (chunk.timestamp.tolist(), chunk.timestamp)][-1:]
        seen += chunk.rows
        assert chunk.last == (seen == len(kept))
        assert chunk.next_time == (None if chunk.last else int(rows.timestamp[kept[seen]]))
        assert chunk.last or chunk.rows == chunk_rows
    assert seen == len(kept) == intake.kept
    assert tally.by_kind() == counts
    assert tally.first_rows() == first
    whole = Tally(start, end)
    columns = [getattr(rows, name) for name in NAMES[:5]]
    chunking.take_bars(*columns, rows.volume if volume else None, 0, 0, whole.state, ask=rows.ask)
    for ask in (False, True):
        assert whole.content_hash(len(kept), ask) == tally.content_hash(len(kept), ask)


class _Split(Source):
    """Rows handed out in batches of any size."""

    label = "split"
    has_volume = True

    def __init__(self, rows: RowBatch, batch_rows: int) -> None:
        self.rows, self.batch_rows = rows, batch_rows

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        end = len(self.rows) if stop is None else min(stop, len(self.rows))
        for at in range(start, end, self.batch_rows):
            yield self.rows.between(at, min(at + self.batch_rows, end))

    def total_rows(self) -> int:
        return len(self.rows)


def paired(bid: RowBatch, ask: RowBatch, start: int) -> list[tuple[float, ...]]:
    """The ask prices of each bid row from ``start`` on by the plainest reading of the rules."""
    found: dict[int, tuple[float, ...]] = {}
    latest = MALFORMED
    for row, time in enumerate(ask.timestamp.tolist()):
        if time <= latest:  # a mark, or out of order: never reached while reading forward
            continue
        latest = time
        o, h, low, c = prices = tuple(float(column[row]) for column in ask.bid)
        sound = np.isfinite(prices).all() and min(prices) > 0 and h >= max(o, c) and low <= min(o, c)
        found[time] = prices if sound else (np.inf, 0.0, 0.0, 0.0)
    none = (-np.inf,) * 4
    asks, reached = [], MALFORMED
    for row in range(start, len(bid)):
        time = int(bid.timestamp[row])
        good, _, _ = judged(bid.between(row, row + 1), False, -(2**63), 2**63 - 1)
        if good:
            reached = max(reached, time)
        # A row back in time finds none: asks are read forward.
        asks.append(found.get(time, none) if good and time == reached else none)
    return asks


@given(
    bid=raw_rows(),
    ask=raw_rows(),
    higher=st.sampled_from([0.0, 0.25]),
    batch_rows=st.tuples(*[st.sampled_from([1, 2, 7, 256, 1000])] * 2),
    chunk_rows=st.sampled_from([1, 3, 64, 10_000]),
    start=st.integers(0, 4),
)
@example(
    bid=raw((60, 1.5), (120, 1.5), (0, 1.0), (60, 1.5), (120, 1.5)),
    ask=raw((120, 1.0)),
    higher=0.0,
    batch_rows=(1, 1),
    chunk_rows=1,
    start=0,
)
def test_pairs_are_those_of_a_plain_reading_however_either_side_is_split(
    bid: RowBatch, ask: RowBatch, higher: float, batch_rows: tuple[int, int], chunk_rows: int, start: int
) -> None:
    for column in ask.bid:
        column += higher
    start = min(start, len(bid))
    rows = bid.between(start, None)
    asks = np.ascontiguousarray(np.array(paired(bid, ask, start)).reshape(-1, 4).T)
    rows = RowBatch(0, *(getattr(rows, name) for name in NAMES), ask=tuple(asks))
    good, counts, first = judged(rows, False, -(2**63), 2**63 - 1)
    source = PairSource(_Split(bid, batch_rows[0]), _Split(ask, batch_rows[1]))
    tally = Tally()
    intake = Intake(tally, chunk_rows, 2, False, strict=False, ask=True)
    seen = 0
    for chunk in intake.chunks(source.batches(start, None, volume=False, threads=1)):
        expected = good[seen - chunk.history : seen + chunk.rows]
        assert chunk.timestamp.tolist() == rows.timestamp[expected].tolist()
        for name, column in zip(ASKS, asks, strict=True):
            assert getattr(chunk, name).tolist() == column[expected].tolist()
        seen += chunk.rows
    assert seen == len(good)
    assert tally.by_kind() == counts
    assert tally.first_rows() == {kind: row + start for kind, row in first.items()}


@given(
    rows=raw_rows(marks=False),
    fraction=st.sampled_from([1.0, 0.5, 0.3, 0.1]),
    seed=st.integers(0, 5),
    volume=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_format_gives_the_same_bars_and_the_same_hash(
    rows: RowBatch, fraction: float, seed: int, volume: bool
) -> None:
    """The same rows, bad ones included, as arrays, CSV, Parquet and Arrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    kept, _, _ = judged(rows, volume, -(2**63), 2**63 - 1)
    table = pa.table({name: getattr(rows, name) for name in NAMES})
    count = portions(make_selection(fraction).fraction)
    # Windows keeps a file that is mapped, and an Arrow file is for as long as its bars are held.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sources: list[Bars] = [Bars(MemorySource(rows), on_bad_rows="drop:any")] if len(rows) else []
        if len(rows):
            csv.write_csv(table, folder / "bars.csv")
            pq.write_table(table, folder / "bars.parquet", row_group_size=200)
            with pa.ipc.new_file(folder / "bars.arrow", table.schema) as writer:
                writer.write_table(table, max_chunksize=150)
            # A text file with the newest first is read backwards, which is another order of the same rows.
            steps = np.diff(rows.timestamp)
            kinds = ("parquet", "arrow") if (steps <= 0).all() and (steps < 0).any() else ("csv", "parquet", "arrow")
            sources += [open_bars(folder / f"bars.{kind}", on_bad_rows="drop:any") for kind in kinds]
        found = set()
        for bars in sources:
            for portion in range(1, count + 1):
                part = bars.select(fraction=fraction, portion=portion)
                try:
                    closes = b"".join(
                        chunk.close[chunk.history :].tobytes()
                        for chunk in part.chunks(64 + seed, history=seed, volume=volume)
                    )
                except ValueError as error:
                    found.add((portion, str(error).replace(bars.label, "")))
                    continue
                found.add((portion, closes, str(part.report)))
        assert len(found) == (count if sources else 0)
        if kept:
            clean = from_arrays(*(getattr(rows, column)[kept] for column in NAMES[:5]))
            for kind in ("csv", "parquet", "arrow"):
                write_bars(clean, folder / f"clean.{kind}")
                again = open_bars(folder / f"clean.{kind}")
                assert sum(chunk.rows for chunk in again.chunks(100)) == len(kept)
                assert again.report is not None
                list(clean.chunks(1000))
                assert again.report == clean.report
