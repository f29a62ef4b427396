"""Finer bars beside coarse ones: every range gets its bars, and bars that cannot serve are refused before a run."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import barloom.bars.fine as fine_module
from barloom.bars import Bars, from_arrays, from_synthetic, open_bars
from barloom.bars.fine import Fine, FineReader, check_finer
from barloom.bars.span import Span
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from helpers.chunks import drawn

MINUTE = 60 * 10**9
FIRST = 1328054400 * 10**9
END = 2**63 - 1


def bars_at(times: Any, spread: bool = False) -> Bars:
    """Bars whose prices tell their number."""
    open_ = np.arange(1.0, len(times) + 1)
    prices = (open_, open_ + 0.75, open_ - 0.25, open_ + 0.5)
    return from_arrays(np.asarray(times), *prices, spread=np.ones(len(times)) if spread else None)


def minutes(count: int, step: int = 1, first: int = 0) -> Bars:
    return bars_at(FIRST + (first + np.arange(count) * step) * MINUTE)


def ranges(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Ranges given in minutes."""
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return FIRST + table[:, 0] * MINUTE, FIRST + table[:, 1] * MINUTE


def opens(reader: FineReader, starts: np.ndarray, stops: np.ndarray) -> list[list[float]]:
    """The opens of each range, after the rest was checked against them."""
    found = reader.between(starts, stops)
    assert found.offsets.dtype == found.time.dtype == np.int64
    assert len(found.offsets) == len(starts) + 1 and found.offsets[0] == 0
    assert len(found.time) == len(found.open) == found.offsets[-1]
    assert found.high.tolist() == (found.open + 0.75).tolist()
    assert found.low.tolist() == (found.open - 0.25).tolist()
    assert found.close.tolist() == (found.open + 0.5).tolist()
    parts = [slice(*found.offsets[k : k + 2]) for k in range(len(starts))]
    for part, start, stop in zip(parts, starts, stops, strict=True):
        assert ((found.time[part] >= start) & (found.time[part] < stop)).all()
    return [found.open[part].tolist() for part in parts]


@given(
    steps=st.lists(st.integers(1, 9), min_size=1, max_size=120),
    calls=st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12), st.integers(1, 3)), max_size=6), max_size=6
    ),
    chunk_rows=st.integers(1, 40),
)
def test_every_range_gets_its_bars_wherever_chunks_end(
    steps: list[int], calls: list[list[tuple[int, int, int]]], chunk_rows: int
) -> None:
    times = FIRST + np.cumsum(steps)
    fine = Fine(bars_at(times))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_module, "CHUNK_ROWS", chunk_rows)
        reader = fine.reader()
    at = FIRST
    for call in calls:
        starts, stops = [], []
        for gap, width, again in call:
            at += gap
            starts += [at] * again
            stops += [at + width] * again
            at += width
        expected = [
            (np.flatnonzero((times >= start) & (times < stop)) + 1.0).tolist()
            for start, stop in zip(starts, stops, strict=True)
        ]
        assert opens(reader, np.array(starts, dtype=np.int64), np.array(stops, dtype=np.int64)) == expected
    reader.close()


def test_the_last_range_may_have_no_end() -> None:
    reader = Fine(minutes(100)).reader()
    starts, stops = ranges((10, 12), (97, 98))
    stops[-1] = END
    assert opens(reader, starts, stops) == [[11.0, 12.0], [98.0, 99.0, 100.0]]


def test_the_last_coarse_bar_ends_after_its_step() -> None:
    """Finer bars past the end of the selection happened after it: they decide nothing."""
    hours = minutes(3, step=60)
    reader = Fine.beside(hours, minutes(1000)).reader()
    starts, stops = ranges((60, 120), (120, 180))
    stops[-1] = END
    assert opens(reader, starts, stops) == [[*map(float, range(61, 121))], [*map(float, range(121, 181))]]
    assert check_finer(hours, minutes(1000)) == 60 * MINUTE
    with pytest.raises(InputError, match="ends at"):
        Fine.beside(hours, minutes(100))


def test_a_range_of_many_chunks_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_module, "CHUNK_ROWS", 7)
    reader = Fine(minutes(100)).reader()
    assert opens(reader, *ranges((3, 90), (3, 90))) == [[*map(float, range(4, 91))]] * 2


def test_streamed_bars_are_copied_out_of_chunks_that_are_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_module, "CHUNK_ROWS", 10)
    write_bars(minutes(500), tmp_path / "fine.csv")
    reader = Fine(open_bars(tmp_path / "fine.csv")).reader()
    early = reader.between(*ranges((0, 35)))
    assert opens(reader, *ranges((200, 300), (499, 600))) == [[*map(float, range(201, 301))], [500.0]]
    assert early.open.tolist() == [*map(float, range(1, 36))]


def test_every_reader_begins_at_the_first_bar() -> None:
    fine = Fine(minutes(100))
    for _ in range(2):
        reader = fine.reader()
        assert opens(reader, *ranges((90, 92))) == [[91.0, 92.0]]
        with pytest.raises(ValueError, match="ascend"):
            reader.between(*ranges((5, 6)))
        reader.close()


@pytest.mark.parametrize("pairs", [((5, 6), (4, 7)), ((5, 9), (6, 8))])
def test_ranges_out_of_order_are_no_answer(pairs: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        Fine(minutes(100)).reader().between(*ranges(*pairs))


def test_nothing_is_read_before_a_range_is_asked_for(tmp_path: Path) -> None:
    write_bars(minutes(50), tmp_path / "fine.csv")
    bars = open_bars(tmp_path / "fine.csv")
    reader = Fine(bars).reader()
    (tmp_path / "fine.csv").unlink()
    assert opens(reader, *ranges()) == []
    with pytest.raises(InputError, match=r"fine\.csv"):
        reader.between(*ranges((1, 2)))


def test_bars_with_asks_serve_with_their_bids() -> None:
    assert opens(Fine(bars_at(FIRST + np.arange(9) * MINUTE, spread=True)).reader(), *ranges((2, 4))) == [[3.0, 4.0]]


def test_bad_finer_rows_are_refused_by_name(tmp_path: Path) -> None:
    write_bars(minutes(50), tmp_path / "fine.csv")
    with open(tmp_path / "fine.csv", "a") as file:
        file.write("2012-02-01T00:50:00Z,1,0.5,1,1\n")
    reader = Fine(open_bars(tmp_path / "fine.csv")).reader()
    with pytest.raises(InputError, match=r"fine\.csv: 1 bad row: 1 high_low"):
        reader.between(*ranges((1, 100)))


# ---------------------------------------------------------------- fit to serve


def test_finer_bars_that_cover_the_run_are_taken() -> None:
    check_finer(minutes(10, step=5), minutes(50))
    check_finer(minutes(10, step=5), minutes(200, first=-60))
    check_finer(minutes(10, step=5), minutes(43, first=4))  # from inside the first bar to inside the last
    check_finer(minutes(1, step=5), minutes(50))  # a single bar has no step


@pytest.mark.parametrize(
    ("fine", "said"),
    [
        (minutes(50, first=5), r"memory begins at 2012-02-01T00:05:00Z, after the first bar .*--fine.*--start"),
        (minutes(45), r"memory ends at 2012-02-01T00:44:00Z, before the last bar .* at 2012-02-01T00:45:00Z: .*--end"),
        (minutes(10, step=5), r"no finer: it has a bar every 300 s, memory one every 300 s; .*--fine"),
        (minutes(10, step=15), "no finer: it has a bar every 900 s"),
        (minutes(1), "a single bar"),
    ],
)
def test_finer_bars_that_do_not_fit_are_refused_by_name(fine: Bars, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_finer(minutes(10, step=5), fine)


def test_only_the_selection_must_be_covered() -> None:
    hours = minutes(100, step=60)
    part = minutes(600, first=40 * 60)  # hours 40 to 49
    with pytest.raises(InputError, match="begins at"):
        check_finer(hours, part)
    check_finer(hours.select(fraction=0.1, portion=5), part)
    check_finer(hours.select(start="2012-02-02T16:00", end="2012-02-03T02:00"), part)
    with pytest.raises(InputError, match="ends at"):
        check_finer(hours.select(start="2012-02-02T16:00", end="2012-02-03T02:01"), part)


def packed(path: Path) -> Path:
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    return path.with_suffix(".csv.gz")


@pytest.mark.parametrize("write", [".csv", ".csv.gz", ".parquet", ".arrow"])
@pytest.mark.parametrize(
    "select",
    [
        {},
        {"fraction": 0.3, "portion": 2},
        {"fraction": 0.3, "portion": 4},
        {"start": "2015-01-06T01:00"},
        {"end": "2015-01-06T01:00"},
        {"fraction": 0.5, "portion": 2, "start": "2015-01-09T00:30", "end": "2015-01-10"},
        {"fraction": 0.5, "portion": 2, "end": "2015-01-13T23:30"},
        {"end": "2020-01-01"},
    ],
)
def test_the_span_is_that_of_a_whole_pass(tmp_path: Path, write: str, select: dict[str, Any]) -> None:
    path = tmp_path / f"bars{write.replace('.gz', '')}"
    write_bars(from_synthetic(10_000, 5), path)
    path = packed(path) if write.endswith("gz") else path
    times = drawn(open_bars(path).select(**select))["timestamp"]
    opened = open_bars(path).select(**select)
    assert Span.of(opened) == Span(int(times[0]), int(times[-1]), MINUTE)
    drawn(opened)
    assert Span.of(opened) == Span(int(times[0]), int(times[-1]), MINUTE)  # known from its report now


def test_the_span_leaves_bad_rows_out_wherever_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import barloom.bars.span as span_module

    monkeypatch.setattr(span_module, "FIRST_ROWS", 4)
    monkeypatch.setattr(span_module, "TAIL_ROWS", 8)
    lines = [f"{1328054400 + 60 * n},1,1,1,1" for n in range(40)]
    bad = [f"{1328054400 + 60 * n},1,-1,1,1" for n in range(40, 60)]
    for tail in (bad[:3], bad):
        path = tmp_path / f"{len(tail)}.csv"
        path.write_text("\n".join(["time,open,high,low,close", bad[0], *lines, *tail]) + "\n")
        assert Span.of(open_bars(path, on_bad_rows="drop:any")) == Span(FIRST, FIRST + 39 * MINUTE, MINUTE)


def test_the_last_rows_are_found_without_reading_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from barloom.bars.sources.csv import CsvSource

    write_bars(from_synthetic(30_000, 5), tmp_path / "bars.csv")
    monkeypatch.setattr("barloom.bars.sources.text.PIECE", 20_000)
    parsed = []
    parse: Callable[..., Any] = CsvSource._parse
    monkeypatch.setattr(CsvSource, "_parse", lambda *given: parsed.append(1) or parse(*given))
    span = Span.of(open_bars(tmp_path / "bars.csv"))
    assert span.last == int(drawn(from_synthetic(30_000, 5))["timestamp"][-1])
    assert len(parsed) < 30  # of some 90 pieces


def test_a_pair_is_spanned_by_its_bid_rows(tmp_path: Path) -> None:
    for name in ("bid", "ask"):
        write_bars(minutes(5000), tmp_path / f"{name}.csv")
    span = Span.of(open_bars(tmp_path / "bid.csv", ask=tmp_path / "ask.csv"))
    assert span == Span(FIRST, FIRST + 4999 * MINUTE, MINUTE)
