"""Files of one data set meet: symbols, prices, and bars that two of them hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from barloom.bars import open_bars
from barloom.bars.checks import check_bars
from barloom.bars.closures import classify, holidays_between, open_days
from barloom.errors import InputError, Question
from helpers.chunks import drawn
from helpers.weeks import DAY, MINUTE, market, write

HOUR = 60 * MINUTE
YEAR_2019, YEAR_2020 = market("2019-01-01", "2019-03-01"), market("2020-01-01", "2020-03-01")


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("gbpusd-m1-2019.csv", "usdjpy-m1-2020.csv", "GBPUSD in the one and USDJPY"),
        ("DAT_ASCII_EURUSD_M1_2019.csv", "DAT_ASCII_EURGBP_M1_2020.csv", "EURUSD in the one and EURGBP"),
        ("BTC_USDT-1h-2019.csv", "ETH_USDT-1h-2020.csv", "BTCUSDT in the one and ETHUSDT"),
        ("AAPL-2019.csv", "MSFT-2020.csv", "AAPL in the one and MSFT"),
        ("eurusd-bid-2019.csv", "eurusd-ask-2020.csv", "bid in the one and ask"),
    ],
)
def test_files_of_two_names_are_refused(tmp_path: Path, one: str, other: str, what: str) -> None:
    files = [write(tmp_path / one, YEAR_2019, "z"), write(tmp_path / other, YEAR_2020, "z")]
    with pytest.raises(InputError, match=f"{one}.*{other} are no one data set.*{what}.*run them apart"):
        open_bars(files)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jan.csv", "feb.csv"),
        ("TRAIN-1.csv", "TEST-2.csv"),
        ("EURUSD-2019.csv", "eurusd_2020.csv"),
        ("ESH20.csv", "ESM20.csv"),
    ],
)
def test_names_that_say_nothing_are_taken(tmp_path: Path, one: str, other: str) -> None:
    files = [write(tmp_path / one, YEAR_2019, "z"), write(tmp_path / other, YEAR_2020, "z")]
    assert len(drawn(open_bars(files))["open"]) == len(YEAR_2019) + len(YEAR_2020)


@pytest.mark.parametrize(("price", "met"), [(58.0, False), (0.02, False), (1.3, True), (0.8, True)])
def test_prices_meet_or_are_refused_before_a_bar_is_drawn(tmp_path: Path, price: float, met: bool) -> None:
    files = [write(tmp_path / "a.csv", YEAR_2019, "z", 1.0), write(tmp_path / "b.csv", YEAR_2020, "z", price)]
    if met:
        assert open_bars(files).source.total_rows() == len(YEAR_2019) + len(YEAR_2020)
        return
    with pytest.raises(
        InputError, match=r"a\.csv.*b\.csv are no one data set: their prices do not meet.* times (high|low)er"
    ):
        open_bars(files)


def test_a_jump_at_the_very_seam_is_refused_as_it_is_read(tmp_path: Path) -> None:
    first = np.arange(400) * DAY + int(YEAR_2019[0])
    second = np.arange(1, 300) * DAY + int(first[-1])
    a = write(tmp_path / "a.csv", first, "z", 100.0)
    lines = a.read_text().splitlines()
    lines[-1] = lines[-1].split(",")[0] + ",31,31,31,31"  # what it ends with is a third of what the next begins with
    a.write_text("\n".join(lines) + "\n")
    files = [a, write(tmp_path / "b.csv", second, "z", 100.0)]
    with pytest.raises(InputError, match="prices do not meet, 31 at"):
        drawn(open_bars(files))
    with pytest.raises(InputError, match="prices do not meet, 31 at"):
        check_bars(open_bars(files))


@pytest.mark.parametrize("times", [2.0, 4.0, 20.0, 0.1])
def test_a_split_is_no_other_instrument(tmp_path: Path, times: float) -> None:
    first = np.arange(400) * DAY + int(YEAR_2019[0])
    second = np.arange(1, 300) * DAY + int(first[-1])
    day = write(tmp_path / "a.csv", first, "z", 100.0)
    last = float(day.read_text().splitlines()[-1].split(",")[-1])
    files = [day, write(tmp_path / "b.csv", second, "z", last / times)]
    assert len(drawn(open_bars(files))["open"]) == 699


# ---------------------------------------------------------------- bars that two files hold


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def halves(folder: Path, shared: int, *, other: bool = False) -> tuple[list[Path], Path]:
    """Two files that share bars, with other prices in the first of these where asked; and one file of all bars."""
    whole = write(folder / "whole.csv", market("2024-02-05", "2024-02-09"), "z")
    header, *rows = lines_of(whole)
    early, late = rows[:50], rows[50 - shared :]
    if other:
        late[0] = late[0].split(",")[0] + ",1.2,1.3,1.1,1.25"
    files = []
    for name, part in (("early.csv", early), ("late.csv", late)):
        path = folder / name
        path.write_text("\n".join([header, *part]) + "\n")
        files.append(path)
    return files, whole


@pytest.mark.parametrize("shared", [1, 3, 40])
def test_bars_that_are_the_same_are_taken_once_and_counted(tmp_path: Path, shared: int) -> None:
    files, whole = halves(tmp_path, shared)
    bars = open_bars(files)
    assert drawn(bars)["timestamp"].tolist() == drawn(open_bars(whole))["timestamp"].tolist()
    assert bars.report is not None and bars.report.dropped == {"shared": shared}
    assert "taken once" in bars.report.notes[0]
    for choice in ("first", "last"):
        again = open_bars(files, shared_bars=choice)  # type: ignore[arg-type]
        assert len(drawn(again)["open"]) == len(drawn(open_bars(whole))["open"])
        assert again.report is not None and again.report.dropped == {"shared": shared}
    with pytest.raises(Question, match="must not overlap"):
        drawn(open_bars(files, shared_bars="error"))


@pytest.mark.parametrize("fraction", [0.5, 0.3, 0.1])
def test_portions_hold_every_bar_once(tmp_path: Path, fraction: float) -> None:
    files, whole = halves(tmp_path, 7)
    for choice in (None, "first", "last"):
        count = int(np.ceil(1 / fraction - 1e-9))
        found: list[int] = []
        for portion in range(1, count + 1):
            part = open_bars(files, shared_bars=choice).select(fraction=fraction, portion=portion)  # type: ignore[arg-type]
            found += drawn(part)["timestamp"].tolist()
        assert found == drawn(open_bars(whole))["timestamp"].tolist()


def test_bars_with_other_prices_are_asked_about_and_both_answers_go_on(tmp_path: Path) -> None:
    files, _ = halves(tmp_path, 3, other=True)
    with pytest.raises(Question, match=r"open is 1\.\d+ in the one and 1\.2 in the other") as caught:
        drawn(open_bars(files))
    assert caught.value.choices == (("--shared-bars", "first"), ("--shared-bars", "last"))
    at = 47
    opens = {choice: drawn(open_bars(files, shared_bars=choice))["open"] for choice in ("first", "last")}  # type: ignore[arg-type]
    assert opens["last"][at] == 1.2 and opens["first"][at] != 1.2 and len(opens["first"]) == len(opens["last"])


def test_bars_that_only_one_file_holds_are_asked_about(tmp_path: Path) -> None:
    files, _ = halves(tmp_path, 5)
    header, *rows = lines_of(files[1])
    files[1].write_text("\n".join([header, rows[0], *rows[2:]]) + "\n")
    with pytest.raises(Question, match="only one of them has a bar at"):
        drawn(open_bars(files))


# ---------------------------------------------------------------- holes


def gap(begin: str, end: str, step: int = HOUR) -> np.ndarray:
    before, behind = (int(np.datetime64(text, "ns").astype(np.int64)) for text in (begin, end))
    return np.array([[9, before - step, behind]])


@pytest.mark.parametrize(
    ("begin", "end", "closed"),
    [
        ("2012-12-24T18:00", "2012-12-26T00:00", True),  # Christmas
        ("2020-12-24T18:00", "2020-12-27T22:00", True),  # on a Friday
        ("2006-12-29T22:00", "2007-01-01T22:00", True),
        ("2006-12-29T22:00", "2008-01-01T22:00", False),  # a year
        ("2012-12-24T18:00", "2013-01-02T00:00", False),  # until New Year
        ("2012-07-03T17:00", "2012-07-09T00:00", False),  # Independence Day, and three days more
        ("2012-07-03T17:00", "2012-07-05T00:00", True),
        ("2012-03-05T00:00", "2012-03-06T12:00", False),
    ],
)
def test_a_closure_is_as_long_as_the_calendar_makes_it(begin: str, end: str, closed: bool) -> None:
    gaps = gap(begin, end)
    found = classify(gaps, HOUR, int(gaps[0, 1]) - 400 * DAY, int(gaps[0, 2]) + 400 * DAY, [50, 50, 50, 50, 50, 0, 40])
    assert (len(found.holidays) + len(found.weekends), len(found.holes)) == ((1, 0) if closed else (0, 1))


def test_a_missing_year_is_a_hole_with_its_days(tmp_path: Path) -> None:
    times = market("2006-01-01", "2009-01-01")
    year = times.astype("datetime64[ns]").astype("datetime64[Y]").astype(int) + 1970
    report = check_bars(open_bars(write(tmp_path / "bars.csv", times[year != 2007], "z")))
    (hole,) = (finding for finding in report.findings if finding.kind == "hole")
    known = holidays_between(int(times[0]), int(times[-1]))
    begin, end = (int(np.datetime64(text, "ns").astype(np.int64)) for text in ("2007-01-01", "2008-01-01"))
    assert f"{open_days(begin, end, known)} days of trading" in hole.meaning and open_days(begin, end, known) == 243
    assert hole.share_of_time is not None and 0.3 < hole.share_of_time < 0.34
    assert "of the time is missing" in report.said


def test_both_sides_of_the_pair_meet_too(tmp_path: Path) -> None:
    bid = write(tmp_path / "bid.csv", np.concatenate([YEAR_2019, YEAR_2020]), "z")
    asks = [write(tmp_path / "a.csv", YEAR_2019, "z"), write(tmp_path / "b.csv", YEAR_2020, "z", 90.0)]
    with pytest.raises(InputError, match="prices do not meet"):
        open_bars(bid, ask=asks)
