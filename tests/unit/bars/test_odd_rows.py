"""One rule for bad rows, whoever reads: odd volumes are kept, crossed quotes explained, and dropping says what it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from barloom.bars import from_arrays, open_bars
from barloom.bars.bars import Bars
from barloom.bars.checks import check_bars
from barloom.bars.store import ingest
from barloom.errors import InputError, Question
from helpers.chunks import drawn
from helpers.weeks import DAY, MINUTE, market, write

HOUR = 60 * MINUTE
TIMES = market("2024-02-05", "2024-02-23")


def lines(path: Path, *changes: tuple[int, int, str]) -> Path:
    """The file with cells changed: row from 0, column from 0, text."""
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for row, column, text in changes:
        rows[row + 1][column] = text
    path.write_text("\n".join(map(",".join, rows)) + "\n")
    return path


# ---------------------------------------------------------------- volumes


@pytest.mark.parametrize("odd", ["", "-5", "n/a", "n/a", "inf", "-"])
@pytest.mark.parametrize("on_bad_rows", ["error", "drop"])
def test_a_store_holds_the_bars_of_its_file_whatever_the_volumes(tmp_path: Path, odd: str, on_bad_rows: str) -> None:
    path = lines(write(tmp_path / "bars.csv", TIMES, "z", volume="10"), (5, 5, odd), (6, 5, odd), (50, 5, odd))
    bars = open_bars(path, on_bad_rows=on_bad_rows)  # type: ignore[arg-type]
    closes = drawn(bars)["close"]
    assert len(closes) == len(TIMES)
    done = ingest(bars, [path], tmp_path / "bars.arrow")
    assert (done.facts.rows, done.facts.odd_volumes, done.facts.dropped) == (len(TIMES), 3, {})
    assert "3 bars have no volume" in done.facts.notes[0]
    store = open_bars(tmp_path / "bars.arrow")
    assert drawn(store)["close"].tolist() == closes.tolist()
    assert store.report is not None and bars.report is not None
    assert store.report.content_hash == bars.report.content_hash
    volumes = np.concatenate([chunk.volume for chunk in store.chunks(1000, volume="any") if chunk.volume is not None])
    assert np.flatnonzero(np.isnan(volumes)).tolist() == [5, 6, 50] and (volumes[7:50] == 10).all()
    report = check_bars(open_bars(path))
    assert (report.verdict, report.found("bad_volume"), report.options) == ("warnings", 3, ())


@pytest.mark.parametrize("suffix", ["csv", "arrow"])
def test_who_reads_volumes_refuses_the_odd_ones_in_file_and_store_alike(tmp_path: Path, suffix: str) -> None:
    path = lines(write(tmp_path / "bars.csv", TIMES, "z", volume="10"), (5, 5, "-5"))
    if suffix == "arrow":
        ingest(open_bars(path), [path], tmp_path / "bars.arrow")
    with pytest.raises(InputError, match="1 bad row: 1 not_"):
        drawn(open_bars(tmp_path / f"bars.{suffix}"), volume=True)
    kept = drawn(open_bars(tmp_path / f"bars.{suffix}", on_bad_rows="drop"), volume=True)
    assert len(kept["close"]) == len(TIMES) - 1


def test_arrays_with_odd_volumes_are_bars() -> None:
    ones = np.ones(5)
    for odd in (np.nan, -1.0, np.inf):
        bars = from_arrays(np.arange(5) * MINUTE, ones, ones, ones, ones, volume=[1, odd, 1, 1, 1])
        assert len(drawn(bars)["close"]) == 5
        with pytest.raises(InputError, match="1 bad row"):
            list(bars.chunks(10, volume=True))
        (chunk,) = bars.chunks(10, volume="any")
        assert chunk.volume is not None and np.isnan(chunk.volume).tolist() == [False, True, False, False, False]


def test_longer_bars_of_odd_volumes_are_passed_on(tmp_path: Path) -> None:
    path = lines(write(tmp_path / "bars.csv", TIMES, "z", volume="10"), (5, 5, ""))
    (chunk,) = open_bars(path).resample("1d").chunks(1000, volume="any")
    assert chunk.volume is not None and np.isnan(chunk.volume).sum() == 1


# ---------------------------------------------------------------- crossed quotes


def crossed(folder: Path, rows: tuple[int, ...]) -> dict[str, Path]:
    """Bid and ask files of which some asks are below the bid, in the high alone."""
    bid = write(folder / "bid.csv", TIMES, "z")
    header, *text = bid.read_text().splitlines()
    asks = []
    for number, line in enumerate(text):
        time, *cells = line.split(",")
        prices = [float(cell) + 0.0002 for cell in cells]
        if number in rows:
            prices[1] = max(prices[0], prices[3])
        asks.append(",".join([time, *(f"{price:.5f}" for price in prices)]))
    (folder / "ask.csv").write_text("\n".join([header, *asks]) + "\n")
    lowest = [float(cell) for cell in text[rows[0]].split(",")[1:]]
    assert lowest[1] > 0
    return {"path": bid, "ask": folder / "ask.csv"}


def lower_highs(files: dict[str, Path], rows: tuple[int, ...]) -> None:
    """Raise the highs of the bid above those of the ask."""
    changes = []
    for row in rows:
        cell = files["bid" if "bid" in files else "path"].read_text().splitlines()[row + 1].split(",")[2]
        changes.append((row, 2, f"{float(cell) + 0.001:.5f}"))
    lines(files["path"], *changes)


def test_crossed_quotes_are_explained_and_every_way_on_goes_on(tmp_path: Path) -> None:
    rows = (3, 30, 200)
    files = crossed(tmp_path, rows)
    lower_highs(files, rows)
    path, ask = files["path"], files["ask"]
    with pytest.raises(Question, match=r"3 crossed.*the ask is below the bid, in 0\.9% of the rows") as caught:
        drawn(open_bars(path, ask=ask))
    assert caught.value.choices == (("--on-crossed", "widen"), ("--on-crossed", "drop"))
    bid, asks = drawn(open_bars(path)), drawn(open_bars(ask))
    wide = open_bars(path, ask=ask, on_crossed="widen")
    found = drawn(wide)
    for name in ("open", "high", "low", "close"):
        assert found[name].tolist() == bid[name].tolist()
        assert found[f"ask_{name}"].tolist() == np.maximum(asks[name], bid[name]).tolist()
    assert (found["ask_high"][list(rows)] == bid["high"][list(rows)]).all()
    assert wide.report is not None and "in 3 of" in wide.report.notes[0] and wide.report.dropped == {}
    without = open_bars(path, ask=ask, on_crossed="drop")
    assert len(drawn(without)["open"]) == len(TIMES) - 3
    assert without.report is not None and without.report.dropped == {"crossed": 3}


def test_dropping_crossed_rows_forgives_no_others(tmp_path: Path) -> None:
    files = crossed(tmp_path, (3,))
    lower_highs(files, (3,))
    lines(files["path"], (9, 1, "x"))
    for way in ("drop", "widen"):
        with pytest.raises(InputError, match="1 unparsable_price"):
            drawn(open_bars(files["path"], ask=files["ask"], on_crossed=way))  # type: ignore[arg-type]
        kept = open_bars(files["path"], ask=files["ask"], on_crossed=way, on_bad_rows="drop")  # type: ignore[arg-type]
        assert len(drawn(kept)["open"]) == len(TIMES) - (2 if way == "drop" else 1)


def test_most_crossed_rows_may_be_dropped_where_that_was_said(tmp_path: Path) -> None:
    rows = tuple(range(0, 300, 10))
    files = crossed(tmp_path, rows)
    lower_highs(files, rows)
    assert len(drawn(open_bars(files["path"], ask=files["ask"], on_crossed="drop"))["open"]) == len(TIMES) - 30
    with pytest.raises(Question, match="drop:any"):
        drawn(open_bars(files["path"], ask=files["ask"], on_bad_rows="drop"))


def test_there_is_nothing_to_cross_without_an_ask(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--on-crossed is about ask prices"):
        open_bars(write(tmp_path / "bars.csv", TIMES, "z"), on_crossed="widen")


# ---------------------------------------------------------------- what dropping takes


def spoiled(folder: Path, rows: int, step: int = 1) -> Path:
    path = write(folder / "bars.csv", np.arange(1000) * HOUR + int(TIMES[0]), "z")
    return lines(path, *((100 + step * row, 1, "-1") for row in range(rows)))


@pytest.mark.parametrize(("rows", "asked"), [(1, False), (9, False), (10, False), (11, True), (300, True)])
def test_more_than_one_percent_has_to_be_said(tmp_path: Path, rows: int, asked: bool) -> None:
    path = spoiled(tmp_path, rows, 3)
    bars = open_bars(path, on_bad_rows="drop")
    if not asked:
        assert len(drawn(bars)["open"]) == 1000 - rows
        assert (
            bars.report is not None
            and f"{rows / 10:.1f}% of the rows and {rows / 10:.1f}% of the time" in bars.report.notes[0]
        )
        return
    with pytest.raises(Question, match=rf"{rows / 10:.1f}% of the rows and {rows / 10:.1f}% of the time") as caught:
        drawn(bars)
    assert caught.value.choices == (("--on-bad-rows", "drop:any"),)
    assert len(drawn(open_bars(path, on_bad_rows="drop:any"))["open"]) == 1000 - rows


def test_rows_that_come_twice_take_no_time(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", np.arange(1000) * HOUR + int(TIMES[0]), "z")
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows[:500], *rows[490:500], *rows[500:]]) + "\n")
    bars = open_bars(path, on_bad_rows="drop")
    drawn(bars)
    assert bars.report is not None and "1.0% of the rows and 0% of the time" in bars.report.notes[0]


def test_a_refusal_offers_what_will_be_taken(tmp_path: Path) -> None:
    for rows, way in ((5, "drop"), (50, "drop:any")):
        with pytest.raises(Question) as caught:
            drawn(open_bars(spoiled(tmp_path, rows)))
        assert caught.value.choices == (("--on-bad-rows", way),)
        assert len(drawn(open_bars(spoiled(tmp_path, rows), on_bad_rows=way))["open"]) == 1000 - rows  # type: ignore[arg-type]


def test_rows_that_fail_by_shape_are_not_offered_to_be_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", np.arange(1000) * HOUR + int(TIMES[0]), "z")
    lines(path, *((row, 1, "one") for row in range(300, 900)))
    with pytest.raises(InputError, match=r"60\.0% of the rows, which is no accident") as caught:
        drawn(open_bars(path))
    assert "drop" not in str(caught.value) and not getattr(caught.value, "choices", ())
    report = check_bars(open_bars(path))
    assert report.options is None and not any("drop" in sentence for sentence in report.advice)


def test_shares_do_not_depend_on_chunks_or_pieces(tmp_path: Path) -> None:
    bars: Bars = open_bars(spoiled(tmp_path, 9, 7), on_bad_rows="drop")
    notes = set()
    for rows in (1, 3, 64, 5000):
        drawn(bars, rows)
        assert bars.report is not None
        notes.add(bars.report.notes)
    assert len(notes) == 1


def test_a_check_gives_the_share_that_every_finding_takes(tmp_path: Path) -> None:
    report = check_bars(open_bars(spoiled(tmp_path, 50)))
    (finding,) = (one for one in report.findings if one.kind == "not_positive")
    assert finding.share_of_rows == 0.05 and finding.share_of_time == pytest.approx(0.05, abs=0.001)
    assert report.options == ("--on-bad-rows", "drop:any") and "50 of 1,000 rows (5.0%)" in report.said


def test_one_bar_is_not_called_clean(tmp_path: Path) -> None:
    report = check_bars(open_bars(write(tmp_path / "bars.csv", TIMES[:1], "z")))
    assert report.verdict == "not judged" and "1 bar: too few to judge" in report.said
    days = check_bars(open_bars(write(tmp_path / "days.csv", np.arange(60) * DAY + int(TIMES[0]), "naive")))
    assert days.verdict == "not judged" and "the clock" in days.said
