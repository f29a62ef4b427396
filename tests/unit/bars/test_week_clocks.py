"""When weeks open tells the clock of a file: confirmed, warned of, asked about, and never asked where nobody can tell."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from barloom.bars import from_arrays, open_bars
from barloom.bars.bars import Bars
from barloom.bars.checks import check_bars
from barloom.bars.clocks import WeekOpens, fit_of
from barloom.bars.info import describe
from barloom.bars.store import ingest
from barloom.bars.zones import UTC_ZONE, Zone
from barloom.errors import InputError, Question
from helpers.weeks import DAY, MINUTE, Ints, market, sessions, write

HOUR = 60 * MINUTE
YEARS = market("2019-01-01", "2021-01-01")
WEEKS = market("2024-02-04", "2024-04-20")


def passed(bars: Bars) -> Bars:
    for _ in bars.chunks(5000):
        pass
    return bars


def asked(bars: Bars) -> tuple[str, list[tuple[str, ...]]]:
    with pytest.raises(Question) as caught:
        passed(bars)
    return str(caught.value), list(caught.value.choices)


@pytest.mark.parametrize(
    "clock",
    [
        "EST",
        "America/New_York",
        "America/New_York+7h",
        "Europe/Athens",
        "Europe/London",
        "UTC",
        "+08:00",
        "Australia/Sydney",
    ],
)
def test_every_clock_is_told_by_two_years_of_weeks(clock: str) -> None:
    walls = Zone.parse(clock).to_wall(YEARS)
    for read_as in ("UTC", "EST", clock):
        zone = Zone.parse(read_as)
        opens = WeekOpens(HOUR)
        opens.add(zone.to_utc(walls))
        fit = fit_of(opens.gaps()[0], HOUR, zone)
        assert fit is not None and (fit.best, fit.best_share) == (clock, 1.0)
        assert fit.good == (read_as == clock)


@pytest.mark.parametrize(("style", "assumed"), [("histdata", "EST"), ("naive", "UTC"), ("epoch", "UTC"), ("z", "UTC")])
@pytest.mark.parametrize("clock", ["America/New_York", "America/New_York+7h", "Europe/Athens"])
def test_a_clock_that_the_bars_contradict_is_asked_about_and_both_answers_go_on(
    tmp_path: Path, style: str, assumed: str, clock: str
) -> None:
    path = write(tmp_path / "bars.csv", Zone.parse(clock).to_wall(YEARS), style)
    said, choices = asked(open_bars(path))
    assert f"read as {assumed}, " in said and f"read as {clock}" in said and "100% do" in said
    assert choices == [("--time-zone", clock), ("--time-zone", assumed)]
    right = passed(open_bars(path, time_zone=clock))
    assert right.report is not None and not right.report.notes
    assert right.report.first_ts == int(YEARS[0])
    kept = passed(open_bars(path, time_zone=assumed))
    assert kept.report is not None and len(kept.report.notes) == 1 and "is kept" in kept.report.notes[0]


def test_histdata_whose_clock_is_est_goes_on_without_a_word(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", Zone.parse("EST").to_wall(YEARS), "histdata")
    report = passed(open_bars(path)).report
    assert report is not None and not report.notes


def test_an_ingest_asks_and_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", Zone.parse("America/New_York").to_wall(YEARS), "histdata")
    with pytest.raises(Question):
        ingest(open_bars(path), [path], tmp_path / "bars.arrow")
    assert [one.name for one in tmp_path.iterdir()] == ["bars.csv"]
    ingest(open_bars(path, time_zone="EST"), [path], tmp_path / "bars.arrow")
    store = passed(open_bars(tmp_path / "bars.arrow"))
    assert store.report is not None and "is kept" in store.report.notes[0]  # a store is obeyed, and warned of


def test_a_clock_between_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Eastern Europe's summer begins later than America's: 7 of 8 weeks fit."""
    path = write(tmp_path / "bars.csv", Zone.parse("America/New_York+7h").to_wall(market("2019-01-01", "2019-06-01")))
    with caplog.at_level(logging.WARNING):
        report = passed(open_bars(path, time_zone="Europe/Athens")).report
    assert report is not None and len(report.notes) == 1 and caplog.text.count("America/New_York+7h") == 1


@pytest.mark.parametrize(
    "times",
    [
        market("2024-02-04", "2024-03-20"),  # six weeks
        sessions("2019-01-01", "2020-01-01"),
        np.arange(YEARS[0], YEARS[-1], HOUR),  # around the clock
        np.arange(400) * DAY + int(YEARS[0]),
        np.arange(60) * 7 * DAY + int(YEARS[0]),
    ],
    ids=["few weeks", "stocks", "crypto", "days", "weeks"],
)
def test_markets_that_tell_nothing_are_not_judged(tmp_path: Path, times: Ints) -> None:
    report = passed(open_bars(write(tmp_path / "bars.csv", times + 3 * HOUR))).report
    assert report is not None and not report.notes
    found = check_bars(open_bars(tmp_path / "bars.csv"))
    assert not found.clock_fits and found.verdict != "clean" and any("clock" in one for one in found.not_judged)


@pytest.mark.parametrize("clock", ["America/New_York", "America/Chicago"])
def test_futures_open_an_hour_later(tmp_path: Path, clock: str) -> None:
    times = market("2019-01-01", "2020-01-01", opens=18 * 60)
    times = times[Zone.parse("America/New_York").to_wall(times) % DAY // HOUR != 17]
    said, choices = asked(open_bars(write(tmp_path / "bars.csv", Zone.parse(clock).to_wall(times))))
    assert "18:00 New York" in said
    assert Zone.parse(choices[0][1]).to_utc(Zone.parse(clock).to_wall(times)).tolist() == times.tolist()


def test_arrays_are_utc_by_contract_and_only_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    walls = Zone.parse("America/New_York").to_wall(WEEKS)
    ones = np.ones(len(walls))
    with caplog.at_level(logging.WARNING):
        report = passed(from_arrays(walls, ones, ones, ones, ones)).report
    assert report is not None and "times without a zone are UTC" in report.notes[0]
    right = passed(from_arrays(WEEKS, ones, ones, ones, ones)).report
    assert right is not None and not right.notes


def test_info_says_and_does_not_ask(tmp_path: Path) -> None:
    path = write(tmp_path / "bars.csv", Zone.parse("America/New_York").to_wall(YEARS))
    assert "America/New_York, 100% do" in describe(path).notes[0]


def test_any_split_of_the_rows_shows_the_same_opens() -> None:
    times = market("2019-01-01", "2019-12-01", minutes=5)
    whole = WeekOpens(5 * MINUTE)
    whole.add(times)
    assert len(whole.gaps()[0]) == 47
    for size in (1, 7, 999, 1025, 40_000):
        parts = WeekOpens(5 * MINUTE)
        for at in range(0, len(times), size):
            parts.add(times[at : at + size])
        assert parts.gaps()[0].tolist() == whole.gaps()[0].tolist()


@pytest.mark.parametrize("style", ["naive", "histdata"])
def test_files_of_two_clocks_do_not_meet(tmp_path: Path, style: str) -> None:
    early, late = market("2019-01-01", "2020-01-01"), market("2020-01-01", "2021-01-01")
    files = [
        write(tmp_path / "a-2019.csv", Zone.parse("EST").to_wall(early), style),
        write(tmp_path / "a-2020.csv", Zone.parse("America/New_York+7h").to_wall(late), style),
    ]
    with pytest.raises(InputError, match=r"do not meet.*a-2019\.csv fit EST.*a-2020\.csv on America/New_York\+7h"):
        passed(open_bars(files))
    assert check_bars(open_bars(files)).verdict == "asked"
    for path, zone in zip(files, ("EST", "America/New_York+7h"), strict=True):
        ingest(open_bars(path, time_zone=zone), [path], path.with_suffix(".arrow"))
    joined = passed(open_bars([path.with_suffix(".arrow") for path in files])).report
    assert joined is not None and not joined.notes and joined.selected_rows == len(early) + len(late)


def test_months_of_one_clock_are_one_data_set_whatever_a_winter_alone_would_fit(tmp_path: Path) -> None:
    files = []
    for month in range(1, 9):
        times = market(f"2019-0{month}-01", f"2019-0{month + 1}-01")
        files.append(write(tmp_path / f"m{month}.csv", Zone.parse("America/New_York").to_wall(times), "histdata"))
    _, choices = asked(open_bars(files))
    assert choices[0] == ("--time-zone", "America/New_York")


@pytest.mark.parametrize(
    ("step", "start", "odd"),
    [
        (HOUR, "2100-01-01", "in the future"),
        (7 * 10**9, "2012-02-01", "7 s apart"),
        (10**9, "1970-01-01", "1 s apart"),
        (10**6, "2012-02-01", "0.001 s apart"),
        (100 * 10**9, "2012-02-01", "100 s apart"),
    ],
)
def test_times_that_no_bar_has_are_asked_about_before_a_bar_is_drawn(
    tmp_path: Path, step: int, start: str, odd: str
) -> None:
    times = np.arange(50) * step + int(np.datetime64(start, "ns").astype(np.int64))
    lines = [f"{np.datetime64(int(time), 'ns')}Z,1,1,1,1" for time in times]
    path = tmp_path / "bars.csv"
    path.write_text("\n".join(["time,open,high,low,close", *lines]) + "\n")
    said, choices = asked(open_bars(path))
    assert odd in said and choices == [("--odd-times", "keep")]
    assert check_bars(open_bars(path)).verdict == "asked"
    report = passed(open_bars(path, odd_times="keep")).report
    assert report is not None and report.selected_rows == 50


@pytest.mark.parametrize("seconds", [1, 5, 15, 30, 60, 300, 420, 3600, 14400, 86400, 7 * 86400])
def test_steps_that_bars_have_are_not_asked_about(tmp_path: Path, seconds: int) -> None:
    times = np.arange(20) * seconds * 10**9 + int(np.datetime64("2012-02-01", "ns").astype(np.int64))
    assert passed(open_bars(write(tmp_path / "bars.csv", times, "z"))).report is not None


def test_walls_and_moments_are_each_others_inverse() -> None:
    for zone in ("EST", "America/New_York+7h", "Europe/London"):
        assert Zone.parse(zone).to_utc(Zone.parse(zone).to_wall(WEEKS)).tolist() == WEEKS.tolist()
    assert UTC_ZONE.to_wall(WEEKS).tolist() == WEEKS.tolist()
