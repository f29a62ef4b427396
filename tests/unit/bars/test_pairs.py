"""A bid file and an ask file as one: paired by time, whatever is missing, bad or crossed on either side."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import barloom.bars.sources.text as text_module
from barloom.bars import from_arrays, from_synthetic, open_bars
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from helpers.chunks import ASKS, drawn

HEADER = "timestamp,open,high,low,close"
BID = (
    "2012-02-01T00:00:00Z,1.50,1.53,1.49,1.51",
    "2012-02-01T00:01:00Z,1.51,1.54,1.50,1.52",
    "2012-02-01T00:02:00Z,1.52,1.55,1.51,1.53",
    "2012-02-01T00:03:00Z,1.53,1.56,1.52,1.54",
)
ASK = (
    "2012-02-01T00:00:00Z,1.51,1.54,1.50,1.52",
    "2012-02-01T00:01:00Z,1.52,1.55,1.51,1.53",
    "2012-02-01T00:02:00Z,1.53,1.56,1.52,1.54",
    "2012-02-01T00:03:00Z,1.54,1.57,1.53,1.55",
)
MINUTE = 60 * 10**9
FOLDER = Path(os.environ.get("BARLOOM_DATA", ""))


def written(folder: Path, bid: tuple[str, ...] = BID, ask: tuple[str, ...] = ASK) -> tuple[Path, Path]:
    for name, lines in (("bid.csv", bid), ("ask.csv", ask)):
        (folder / name).write_text("\n".join((HEADER, *lines)) + "\n")
    return folder / "bid.csv", folder / "ask.csv"


def changed(lines: tuple[str, ...], row: int, line: str) -> tuple[str, ...]:
    return (*lines[:row], line, *lines[row + 1 :])


def test_every_bar_has_the_ask_prices_of_its_time(tmp_path: Path) -> None:
    bid, ask = written(tmp_path)
    bars = open_bars(bid, ask=ask)
    assert bars.has_ask and bars.label == str(bid)
    columns = drawn(bars, 2, history=1)
    for name in ("open", "high", "low", "close"):
        assert columns[name].tolist() == drawn(open_bars(bid))[name].tolist()
        assert columns[f"ask_{name}"].tolist() == drawn(open_bars(ask))[name].tolist()
    assert bars.report is not None
    assert list(bars.report.columns) == ["timestamp", "open", "high", "low", "close", *ASKS]


def test_bars_without_asks_have_none(tmp_path: Path) -> None:
    bars = open_bars(written(tmp_path)[0])
    assert not bars.has_ask
    chunk = next(bars.chunks(10))
    assert [getattr(chunk, name) for name in ASKS] == [None] * 4


def test_ask_rows_without_a_bid_bar_are_passed_over(tmp_path: Path) -> None:
    bid, ask = written(tmp_path, bid=(BID[1], BID[3]), ask=("2012-01-31T00:00:00Z,9,9,9,9", "never,9,9,9,9", *ASK))
    assert drawn(open_bars(bid, ask=ask))["ask_open"].tolist() == [1.52, 1.54]


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        ("no_ask", (*ASK[:2], ASK[3])),
        ("no_ask", ASK[:3]),
        ("no_ask", changed(ASK, 2, "sometime,1.53,1.56,1.52,1.54")),
        ("bad_ask", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.56,nan,1.54")),
        ("bad_ask", changed(ASK, 2, "2012-02-01T00:02:00Z,inf,1.56,1.52,1.54")),
        ("bad_ask", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.50,1.52,1.54")),
        ("bad_ask", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.56,-1,1.54")),
        ("crossed", changed(ASK, 2, "2012-02-01T00:02:00Z,1.519,1.56,1.51,1.54")),
        ("crossed", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.549,1.52,1.54")),
        ("crossed", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.56,1.509,1.54")),
        ("crossed", changed(ASK, 2, "2012-02-01T00:02:00Z,1.53,1.56,1.52,1.529")),
    ],
)
def test_a_bad_pair_is_refused_by_name_or_dropped(tmp_path: Path, kind: str, ask: tuple[str, ...]) -> None:
    bid, asks = written(tmp_path, ask=ask)
    row = 3 if ask == ASK[:3] else 2
    with pytest.raises(InputError) as caught:
        drawn(open_bars(bid, ask=asks))
    said = str(caught.value)
    assert said.startswith(f"{bid}: 1 bad row: 1 {kind} (first: data row {row + 1}, line {row + 2}: {BID[row]}; ")
    if kind == "crossed":
        assert "the ask is below the bid, in 25.0% of the rows" in said and "--on-crossed widen" in said
    else:
        assert said.endswith("correct the data or use --on-bad-rows drop")
    bars = open_bars(bid, ask=asks, on_bad_rows="drop:any")
    assert len(drawn(bars)["open"]) == 3
    assert bars.report is not None
    assert (bars.report.dropped, bars.report.total_rows) == ({kind: 1}, 4)


def test_a_crossed_row_is_shown_from_both_files(tmp_path: Path) -> None:
    line = "2012-02-01T00:02:00Z,1.53,1.549,1.52,1.54"
    bid, ask = written(tmp_path, ask=("2012-01-31T00:00:00Z,9,9,9,9", *changed(ASK, 2, line)))
    with pytest.raises(InputError) as caught:
        drawn(open_bars(bid, ask=ask))
    assert f"data row 3, line 4: {BID[2]}; in {ask}: data row 4, line 5: {line}" in str(caught.value)


def test_a_missing_ask_row_is_named_by_its_time(tmp_path: Path) -> None:
    bid, ask = written(tmp_path, ask=ASK[:3])
    with pytest.raises(InputError, match=r"ask\.csv has no row of 2012-02-01T00:03:00Z"):
        drawn(open_bars(bid, ask=ask))


def test_a_touching_ask_is_no_crossed_one(tmp_path: Path) -> None:
    bid, ask = written(tmp_path, ask=BID)
    columns = drawn(open_bars(bid, ask=ask))
    assert columns["ask_high"].tolist() == columns["high"].tolist()


def test_a_bad_bid_row_of_a_far_time_uses_up_no_asks(tmp_path: Path) -> None:
    bid, ask = written(tmp_path, bid=(BID[0], "2019-01-01T00:00:00Z,1.5,1.4,1.3,1.5", *BID[1:]))
    bars = open_bars(bid, ask=ask, on_bad_rows="drop:any")
    assert drawn(bars)["ask_open"].tolist() == [1.51, 1.52, 1.53, 1.54]
    assert bars.report is not None and bars.report.dropped == {"high_low": 1}


def test_a_bad_bid_row_is_named_as_that_whatever_its_ask(tmp_path: Path) -> None:
    bid, ask = written(tmp_path, bid=changed(BID, 1, "2012-02-01T00:01:00Z,1.5,nan,1.3,1.5"), ask=ASK[:1])
    bars = open_bars(bid, ask=ask, on_bad_rows="drop:any")
    drawn(bars)
    assert bars.report is not None and bars.report.dropped == {"not_finite": 1, "no_ask": 2}


def many(folder: Path, rows: int = 3000) -> tuple[Path, Path]:
    """Bid bars and ask bars, a tenth of each left out."""
    columns = drawn(from_synthetic(rows, 3))
    bid, ask = np.arange(rows) % 10 != 3, np.arange(rows) % 10 != 7
    for name, kept, spread in (("bid", bid, 0.0), ("ask", ask, 0.0002)):
        prices = [columns[field][kept] + spread for field in ("open", "high", "low", "close")]
        write_bars(from_arrays(columns["timestamp"][kept], *prices), folder / f"{name}.csv")
        pq.write_table(pa_csv.read_csv(folder / f"{name}.csv"), folder / f"{name}.parquet", row_group_size=170)
    return folder / "bid.csv", folder / "ask.csv"


def test_the_split_of_either_file_into_pieces_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bid, ask = many(tmp_path)
    found = []
    for bid_file, ask_file in ((bid, ask), (bid, ask.with_suffix(".parquet")), (bid.with_suffix(".parquet"), ask)):
        for piece in (1000, 4321, 1 << 22):
            monkeypatch.setattr(text_module, "PIECE", piece)
            bars = open_bars(bid_file, ask=ask_file, on_bad_rows="drop:any")
            columns = drawn(bars, 700, history=3)
            found.append((columns["ask_close"].tobytes(), columns["close"].tobytes(), str(bars.report)))
    assert len(set(found)) == 1
    assert "{'no_ask': 300}" in found[0][2]
    assert np.allclose(columns["ask_close"], columns["close"] + 0.0002, rtol=0, atol=1e-9)


@pytest.mark.parametrize("fraction", [0.25, 0.3])
def test_portions_are_those_of_the_bid_rows(tmp_path: Path, fraction: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "PIECE", 5000)
    bid, ask = many(tmp_path)
    paired = open_bars(bid, ask=ask, on_bad_rows="drop:any")
    whole = drawn(paired)
    rows = len(drawn(open_bars(bid))["open"])
    joined: dict[str, list[np.ndarray]] = {name: [] for name in whole}
    total = 0
    for portion in range(1, 5):
        part = paired.select(fraction=fraction, portion=portion)
        for name, column in drawn(part, 100).items():
            joined[name].append(column)
        times = drawn(open_bars(bid).select(fraction=fraction, portion=portion))["timestamp"]
        assert part.report is not None and part.report.total_rows == rows
        assert part.report.selected_rows + part.report.dropped["no_ask"] == len(times)
        total += len(times)
    assert total == rows
    assert all(np.concatenate(parts).tobytes() == whole[name].tobytes() for name, parts in joined.items())


def test_a_range_of_times_selects_pairs(tmp_path: Path) -> None:
    bid, ask = written(tmp_path)
    part = open_bars(bid, ask=ask).select(start="2012-02-01T00:01", end="2012-02-01T00:03")
    assert drawn(part, 1)["ask_open"].tolist() == [1.52, 1.53]


def test_the_hash_covers_the_ask_and_is_what_it_was_without(tmp_path: Path) -> None:
    hashes = set()
    for changes in (None, 0, 1, 2, 3):
        lines = ASK
        if changes is not None:
            cells = ASK[1].split(",")
            cells[changes + 1] = str(float(cells[changes + 1]) + (-0.001 if changes == 2 else 0.001))
            lines = changed(ASK, 1, ",".join(cells))
        bid, ask = written(tmp_path, ask=lines)
        paired = open_bars(bid, ask=ask)
        drawn(paired)
        assert paired.report is not None
        hashes.add(paired.report.content_hash)
    plain = open_bars(bid)
    drawn(plain)
    assert plain.report is not None
    # The hash that runs recorded before there were asks: it must not move.
    assert plain.report.content_hash == "f5c931245f30be53752f83845bf523ea"
    assert len(hashes | {plain.report.content_hash}) == 6


def arrays() -> dict[str, Any]:
    close = 1.5 + np.arange(100) % 7 / 1000
    return {
        "timestamp": 1328054400 * 10**9 + np.arange(100) * MINUTE,
        "open": close,
        "high": close + 0.01,
        "low": close - 0.01,
        "close": close.copy(),
    }


def test_ask_arrays_are_viewed_and_hashed_as_a_pair_of_files_is(tmp_path: Path) -> None:
    given = arrays()
    asks = tuple(given[name] + 0.0002 for name in ("open", "high", "low", "close"))
    bars = from_arrays(**given, ask=asks)
    for chunk in bars.chunks(30, history=10):
        for name, column in zip(ASKS, asks, strict=True):
            assert np.shares_memory(getattr(chunk, name), column)
    columns = drawn(bars, 30, history=10)
    assert all(columns[name].tolist() == column.tolist() for name, column in zip(ASKS, asks, strict=True))
    write_bars(from_arrays(**given), tmp_path / "bid.csv")
    write_bars(from_arrays(given["timestamp"], *asks), tmp_path / "ask.csv")
    paired = open_bars(tmp_path / "bid.csv", ask=tmp_path / "ask.csv")
    drawn(paired)
    assert bars.report == paired.report
    half = bars.select(fraction=0.5, portion=2)
    assert drawn(half, 7, history=2)["ask_low"].tolist() == asks[2][50:].tolist()
    other = paired.select(fraction=0.5, portion=2)
    drawn(other)
    assert half.report == other.report


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ask": (np.ones(100),) * 3}, "ask has 3 arrays: give four"),
        ({"ask": (np.ones(100), np.ones(100), np.ones(99), np.ones(100))}, "ask low has 99 values beside 100"),
        ({"spread": np.zeros(99)}, "spread has 99 values beside 100"),
        ({"spread": np.zeros(100), "ask": (np.ones(100),) * 4}, "give one of them"),
        ({"ask": (np.ones(100),) * 4}, "100 crossed"),
        ({"ask": (np.full(100, np.nan),) * 4}, "100 not_finite"),
        ({"ask": (np.full(100, 2.0), np.full(100, 3.0), np.full(100, 2.5), np.full(100, 2.0))}, "100 bad_ask"),
    ],
)
def test_ask_arrays_that_do_not_fit_are_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_arrays(**arrays(), **options)


def test_a_bad_array_row_shows_its_ask() -> None:
    given = arrays()
    asks = [given[name] + 0.5 for name in ("open", "high", "low", "close")]
    asks[1][16] = 1.0
    with pytest.raises(
        InputError, match=r"1 bad_ask \(first: row 17, .*: open 1.502, .*; ask 2.002, 1.0, 1.992, 2.002\)"
    ):
        from_arrays(**given, ask=asks)


def test_a_pair_needs_both_files_and_one_way_of_saying_the_ask(tmp_path: Path) -> None:
    bid, ask = written(tmp_path)
    with pytest.raises(InputError, match=r"asks\.csv does not exist: nearest in its folder: ask\.csv"):
        open_bars(bid, ask=tmp_path / "asks.csv")
    with pytest.raises(InputError, match="--ask and --spread-column both give ask prices"):
        open_bars(bid, ask=ask, spread_column="spread")


@pytest.mark.parametrize("suffix", ["csv", "arrow", "parquet"])
def test_a_file_of_bid_and_ask_holds_both_and_is_read_to_the_bit(tmp_path: Path, suffix: str) -> None:
    bid, ask = many(tmp_path)
    pair, both = open_bars(bid, ask=ask, on_bad_rows="drop:any"), tmp_path / f"both.{suffix}"
    write_bars(pair, both)
    found = open_bars(both)
    assert found.has_ask
    ours, theirs = drawn(found, 64, history=7), drawn(pair, 100)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values)
    assert found.report is not None and pair.report is not None
    assert found.report.content_hash == pair.report.content_hash
    assert found.report.columns == pair.report.columns
    with pytest.raises(InputError, match=r"both\.\w+ has ask prices of its own: leave --ask out"):
        open_bars(both, ask=ask)
    with pytest.raises(InputError, match=r"both\.\w+ has ask prices of its own: leave --spread-column out"):
        open_bars(both, spread_column="volume")


def test_a_file_with_some_ask_columns_has_none(tmp_path: Path) -> None:
    """All four or none; those that are there are named as any unexpected column."""
    path = tmp_path / "bars.csv"
    path.write_text(
        "time,open,high,low,close,ask_open,ask_high,ask_low,ask_close\n1328054400,1,2,1,2,1.5,2.5,1.5,2.5\n"
    )
    assert drawn(open_bars(path))["ask_high"].tolist() == [2.5]
    with pytest.raises(InputError, match="unexpected columns ask_open, ask_low, ask_close"):
        open_bars(path, ignore_columns="ask_high")
    assert not open_bars(path, ignore_columns="ask_open,ask_high,ask_low,ask_close").has_ask


def test_an_ask_that_is_bad_or_crossed_is_a_bad_row_of_such_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    head = "time,open,high,low,close,ask_open,ask_high,ask_low,ask_close\n1328054400,1,2,1,2,1.5,2.5,1.5,2.5\n"
    for row, kind in (
        ("1,2,1,2,1.5,2.5,0.5,2.5", "crossed"),
        ("1,2,1,2,1.5,1.25,1.5,2.5", "bad_ask"),
        ("1,2,1,2,1.5,x,1.5,2.5", "unparsable_price"),
    ):
        path.write_text(f"{head}1328054460,{row}\n")
        with pytest.raises(InputError, match=f"1 {kind}"):
            drawn(open_bars(path))
        assert len(drawn(open_bars(path, on_bad_rows="drop:any"))["timestamp"]) == 1


def test_leaving_early_ends_the_threads_of_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "PIECE", 100)
    before = set(threading.enumerate())
    bid, ask = many(tmp_path)
    chunks = open_bars(bid, ask=ask, on_bad_rows="drop:any").chunks(10)
    next(chunks)
    assert [thread for thread in threading.enumerate() if thread.name.startswith("barloom-read")]
    chunks.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.real_data
@pytest.mark.skipif("BARLOOM_DATA" not in os.environ, reason="BARLOOM_DATA names no folder of real bars")
@pytest.mark.parametrize(
    ("pair", "rows", "crossed", "first"),
    [("gbpusd-m1-{}-2012", 30117, 1203, 424), ("usdjpy-m1-{}-2013", 28761, 2144, 2)],
)
def test_real_pairs_are_refused_by_name_or_run_without_the_crossed_bars(
    tmp_path: Path, pair: str, rows: int, crossed: int, first: int
) -> None:
    bid, ask = (FOLDER / f"fxcm_{pair.format(side)}.csv.gz" for side in ("bid", "ask"))
    with pytest.raises(InputError, match=rf"{crossed} crossed \(first: data row {first}, line {first + 1}:"):
        drawn(open_bars(bid, ask=ask))
    bars = open_bars(bid, ask=ask, on_bad_rows="drop:any")
    columns = drawn(bars, 1000, history=50)
    assert bars.report is not None
    assert (bars.report.total_rows, bars.report.dropped) == (rows, {"crossed": crossed})
    assert (columns["ask_close"] >= columns["close"]).all()
    plain = tmp_path / "ask.csv"
    plain.write_bytes(gzip.decompress(ask.read_bytes()))
    mixed = open_bars(bid, ask=plain, on_bad_rows="drop:any")
    drawn(mixed)
    assert mixed.report == bars.report
