"""Clocks: dates whose midnight is skipped, a server's clock that the file calls UTC, and stamps by close."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import barloom as bl
from faults.field.asked import first_works, matches, reads
from faults.field.files import EPOCH, Known, cells, days, minutes, save, spelled, text, utc, walk
from helpers.chunks import drawn
from helpers.command import run_here
from helpers.remedies import remedies, works

# Dates


SKIPPED = [
    ("America/Sao_Paulo", "2018-10-01", "2018-11-04"),
    ("America/Asuncion", "2018-10-01", "2018-10-07"),
    ("Asia/Beirut", "2019-03-01", "2019-03-31"),
    ("America/Havana", "2019-02-20", "2019-03-10"),
    ("America/Santiago", "2019-08-20", "2019-09-08"),
]


def first_moment(day: datetime, zone: str) -> datetime:
    """The first moment of a day by this clock, in UTC: where midnight is skipped, the moment of the skip."""
    return utc(day.replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(("zone", "first", "skipped"), SKIPPED)
@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d-%b-%y"])
def test_a_date_is_a_date_where_its_midnight_is_skipped(zone, first, skipped, pattern):
    dates = days(first, 60)
    day = datetime.fromisoformat(skipped)
    assert day in dates
    there = day.replace(tzinfo=ZoneInfo(zone))
    assert utc(there).replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).hour == 1, "this midnight is skipped"
    bars = walk(dates)
    path = save("daily.csv", text(cells(bars, spelled(pattern))))
    reads(path, bars.at([first_moment(date, zone) for date in dates]), time_zone=zone)


@pytest.mark.parametrize(("zone", "first", "skipped"), SKIPPED[:3])
def test_a_minute_that_is_skipped_is_still_no_time(zone, first, skipped):
    bars = walk(minutes(skipped + "T00:00", 30))
    path = save("minutes.csv", text(cells(bars)))
    with pytest.raises(bl.InputError):
        drawn(bl.open_bars(path, time_zone=zone))


# A server's clock


def server_hours(first="2024-02-04", last="2024-04-20", ahead=7) -> tuple[Known, list[datetime]]:
    """Hours of an FX pair: bars at their true times, and the times of a server's clock, New York and seven hours."""
    york = ZoneInfo("America/New_York")
    at, end = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo("UTC")), datetime.fromisoformat(last)
    true, server = [], []
    while at.replace(tzinfo=None) < end:
        local = at.astimezone(york)
        if (
            (local.weekday(), local.hour) >= (6, 17)
            or (local.weekday() < 4)
            or (local.weekday() == 4 and local.hour < 17)
        ):
            true.append(at.replace(tzinfo=None))
            server.append(local.replace(tzinfo=None) + timedelta(hours=ahead))
        at += timedelta(hours=1)
    draw = random.Random(1)
    price, prices = Decimal("1.10000"), []
    for _ in true:
        closed = price + Decimal(draw.randint(-100, 100)) / 100_000
        edge = Decimal("0.00020")
        prices.append((price, max(price, closed) + edge, min(price, closed) - edge, closed))
        price = closed
    return Known(true, prices), server


TRUE, SERVER = server_hours()
CLAIMS = [
    lambda time: str(int((time - EPOCH).total_seconds())),
    lambda time: str(int((time - EPOCH).total_seconds()) * 1000),
    spelled("%Y-%m-%dT%H:%M:%SZ"),
    spelled("%Y-%m-%d %H:%M:%S+00:00"),
    spelled("%d.%m.%Y %H:%M GMT+0000"),
]
IDS = ["epochs", "milliseconds", "Z", "+00:00", "GMT"]
IGNORED = ["--ignore-columns", "tick_volume,spread,real_volume"]


def claimed(spell):
    rows = [[*row, "10", "3", "0"] for row in cells(TRUE.at(SERVER), spell)]
    header = ["time", "open", "high", "low", "close", "tick_volume", "spread", "real_volume"]
    return save("mt5.csv", text(rows, header))


@pytest.mark.parametrize("spell", CLAIMS, ids=IDS)
def test_a_clock_that_the_file_claims_can_be_corrected(spell):
    path = claimed(spell)
    reads(path, TRUE, time_zone="America/New_York+7h", ignore_columns="tick_volume,spread,real_volume")
    code, out, err = run_here("data", "info", path, *IGNORED, "--time-zone", "America/New_York+7h")
    assert code == 0 and "America/New_York+7h" in out + err


@pytest.mark.parametrize("spell", CLAIMS, ids=IDS)
def test_the_advice_of_the_check_can_be_followed(spell):
    words = ["data", "check", str(claimed(spell)), *IGNORED]
    code, out, err = run_here(*words)
    assert code == 0, err
    assert "--time-zone America/New_York+7h" in out
    found = remedies(out, words)
    assert any("--time-zone" in command for command in found)
    for command in found:
        said = works(command, words, out)
        assert not said, f"{out}\npasted: {command}\n{said}"
    code, out, err = run_here(*words, "--time-zone", "America/New_York+7h")
    assert code == 0 and "give --time-zone" not in out, err


@pytest.mark.parametrize("spell", CLAIMS, ids=IDS)
@pytest.mark.parametrize(
    "command", [["run", "--strategy", "ema-cross", "--non-interactive"], ["data", "ingest", "--out", "s.arrow"]]
)
def test_a_run_on_a_claim_that_does_not_fit_asks(spell, command):
    """UTC fits under half of the weeks, the server's clock all: exit code 2, both shares, and the way on."""
    path = claimed(spell)
    at = 1 if command[0] == "run" else 2
    words = [*command[:at], str(path), *command[at:], *IGNORED]
    code, _, err = run_here(*words)
    assert code == 2 and "--time-zone" in err and "America/New_York+7h" in err and "%" in err
    first_works(err, words)


# Stamps by close


def opens(bars: Known, spell, **options) -> pd.DatetimeIndex:
    path = save("stamped.csv", text(cells(bars, spell)))
    got = drawn(bl.open_bars(path, stamp="close", **options))
    assert len(got["timestamp"]) == len(bars.times)
    return pd.DatetimeIndex(got["timestamp"])


MONTHS = pd.date_range("2014-12-01", "2016-12-01", freq="MS")
ENDS = {
    "last day": pd.date_range("2014-12-31", "2016-12-31", freq="ME"),
    "last weekday": pd.date_range("2014-12-31", "2016-12-31", freq="BME"),
    "first of the next": pd.date_range("2015-01-01", "2017-01-01", freq="MS"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y"])
def test_months_begin_on_the_first(end, pattern):
    got = opens(walk(list(ENDS[end].to_pydatetime())), spelled(pattern))
    assert list(got) == list(MONTHS)


MONDAYS = pd.date_range("2023-01-02", periods=60, freq="W-MON")


@pytest.mark.parametrize("end", ["W-SUN", "W-FRI", "W-MON"])
def test_weeks_begin_on_monday(end):
    """Stamped by Sunday, by Friday, and by the midnight of the next Monday."""
    stamps = pd.date_range("2023-01-03" if end == "W-MON" else "2023-01-02", periods=60, freq=end)
    got = opens(walk(list(stamps.to_pydatetime())), spelled("%Y-%m-%d"))
    assert list(got) == list(MONDAYS)


@pytest.mark.parametrize("clock", ["16:00", "17:00", "15:30"])
def test_bars_of_mondays_do_not_open_on_sunday(clock):
    days_ = [datetime.fromisoformat(f"{day:%Y-%m-%d}T{clock}") for day in pd.bdate_range("2024-01-01", "2024-02-29")]
    got = opens(walk(days_), spelled("%Y-%m-%d %H:%M"))
    assert all(time.weekday() < 5 for time in got)
    assert all(before <= time < stamp for before, time, stamp in zip([EPOCH, *days_], got, days_, strict=False))


def test_days_stamped_by_the_next_midnight_begin_at_their_own():
    stamps = [
        datetime.fromisoformat(f"{day:%Y-%m-%d}") + timedelta(days=1)
        for day in pd.bdate_range("2024-01-01", "2024-02-29")
    ]
    bars = walk(stamps)
    path = save("days.csv", text(cells(bars, spelled("%Y-%m-%d %H:%M"))))
    matches(drawn(bl.open_bars(path, stamp="close")), bars.at([time - timedelta(days=1) for time in stamps]))


@pytest.mark.parametrize("step", [1, 5, 60, 240])
def test_minutes_and_hours_keep_their_step(step):
    bars = walk(minutes("2024-03-04T00:00", 100, step))
    path = save("minutes.csv", text(cells(bars)))
    matches(drawn(bl.open_bars(path, stamp="close")), bars.at([time - timedelta(minutes=step) for time in bars.times]))
