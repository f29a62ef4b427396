"""Sessions and rollovers against a plain walk over bars and days, through clock changes and chunk cuts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.bars import times_of_day
from barloom.errors import InputError
from barloom.rules.sessions import Session, nights

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
LENGTHS = {"90m": 90 * MINUTE, "2h": 2 * HOUR, "1d": 24 * HOUR}
# Days on which clocks change in Europe and America, a weekend, and a day that Apia skipped.
STARTS = ["2024-03-08", "2024-03-29", "2024-10-25", "2024-11-01", "2012-02-01", "2011-12-28", "1969-12-30"]
ZONES = ["UTC", "America/New_York", "Europe/London", "Pacific/Apia", "Asia/Kolkata"]


def at(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**9


def moment_of(day: date, clock: str, zone: str) -> int:
    hours, minutes = clock.split(":")
    local = datetime.combine(day, time(int(hours), int(minutes)), ZoneInfo(zone))
    return int(local.timestamp()) * 10**9


def days_around(first: int, last: int) -> list[date]:
    start = date(1970, 1, 1) + timedelta(days=first // (24 * HOUR) - 3)
    return [start + timedelta(days=day) for day in range((last - first) // (24 * HOUR) + 7)]


def plain_ends(session: Session, times: list[int], next_time: int | None) -> list[int]:
    """Bar by bar: does a moment of the session, or a long pause, lie between this bar and the next?"""
    following = times[1:] + ([] if next_time is None else [next_time])
    found = []
    for bar, after in enumerate(following):
        before = times[bar]
        ends = session.before_gap is not None and after - before > LENGTHS[session.before_gap]
        for day in days_around(before, after):
            for clock, wanted in ((session.daily, True), (session.friday, day.weekday() == 4)):
                if clock is not None and wanted:
                    ends |= before < moment_of(day, clock, session.zone) <= after
        if ends:
            found.append(bar)
    return found


@st.composite
def bar_times(draw: st.DrawFn) -> list[int]:
    steps = st.sampled_from([MINUTE, 5 * MINUTE, HOUR, HOUR, HOUR, 3 * HOUR, 49 * HOUR])
    walked = np.cumsum([draw(st.sampled_from([0, 17 * MINUTE])), *draw(st.lists(steps, min_size=1, max_size=40))])
    start = at(draw(st.sampled_from(STARTS)))
    return [start + int(step) for step in walked]


clocks = st.sampled_from([None, "00:00", "01:00", "02:30", "17:00", "21:55", "23:59"])


@given(
    times=bar_times(),
    session=st.builds(
        Session,
        daily=clocks,
        friday=clocks,
        before_gap=st.sampled_from([None, *LENGTHS]),
        zone=st.sampled_from(ZONES),
    ),
    cut=st.integers(0, 40),
    followed=st.booleans(),
)
def test_ends_as_a_plain_walk_finds_them_whatever_the_chunks(
    times: list[int], session: Session, cut: int, followed: bool
) -> None:
    next_time = times.pop() if followed and len(times) > 1 else None
    expected = plain_ends(session, times, next_time)
    whole = np.array(times, dtype=np.int64)
    assert session.ends(whole, next_time).tolist() == expected
    cut = min(cut, len(times))
    second = session.ends(whole[cut:], next_time) + cut
    after = times[cut] if cut < len(times) else next_time
    assert [*session.ends(whole[:cut], after).tolist(), *second.tolist()] == expected


@given(times=bar_times(), order=st.randoms())
def test_nights_count_the_rollovers_between_two_times(times: list[int], order: Any) -> None:
    rolls = [
        (moment_of(day, "17:00", "America/New_York"), (1, 1, 3, 1, 1, 0, 0)[day.weekday()])
        for day in days_around(times[0], times[-1])
    ]
    order.shuffle(times)
    counted = nights(np.array(times, dtype=np.int64))
    for entry, exit_, between in zip(times, times[1:], np.diff(counted).tolist(), strict=False):
        low, high = min(entry, exit_), max(entry, exit_)
        weight = sum(weight for roll, weight in rolls if low < roll <= high)
        assert between == (weight if entry <= exit_ else -weight)


def test_nights_do_not_depend_on_what_else_is_asked() -> None:
    times = np.array([at("2024-03-06T21:59"), at("2024-03-06T22:00"), at("2031-07-01")])
    assert np.diff(nights(times))[0] == 3  # 17:00 in New York is 22:00 UTC in winter; Wednesday counts threefold
    for time_ in times:
        assert nights(np.array([time_]))[0] == nights(times)[times.tolist().index(time_)]
    assert len(nights(np.empty(0, dtype=np.int64))) == 0


def test_a_daily_close_moves_with_the_clocks() -> None:
    session = Session(daily="17:00", zone="America/New_York")
    hours = np.arange(at("2024-03-08"), at("2024-03-13"), HOUR)
    leaves = [int(time_ // HOUR % 24) for time_ in hours[session.ends(hours, None)]]
    assert leaves == [21, 21, 20, 20, 20]  # the bar that ends at 17:00 in New York


def test_the_week_ends_once_however_long_the_pause() -> None:
    friday, sunday = at("2024-06-07T20:59"), at("2024-06-09T21:00")
    times = np.array([friday - MINUTE, friday, sunday, sunday + MINUTE])
    assert Session(friday="21:00").ends(times, None).tolist() == [1]
    assert Session(before_gap="2h").ends(times, None).tolist() == [1]
    assert Session(daily="21:00", friday="21:00", before_gap="1d").ends(times, None).tolist() == [1]
    assert Session(friday="20:59").ends(times, None).tolist() == [0]  # the bar stamped 20:59 begins after it
    assert Session().ends(times, None).tolist() == []
    assert Session(daily="21:00").ends(times[:0], None).tolist() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"daily": "24:00"}, "daily of Session: '24:00' is no time of day"),
        ({"friday": "9pm"}, "friday of Session: '9pm' is no time of day"),
        ({"before_gap": "90"}, "before_gap of Session: '90' is no length of time"),
        ({"before_gap": "0m"}, "before_gap of Session: '0m' is no length of time"),
        ({"zone": "Mars/Olympus"}, "zone of Session: 'Mars/Olympus' is no time zone"),
        ({"zone": "../etc/passwd"}, "is no time zone"),
        ({"zone": ""}, "'' is no time zone"),
        ({"weekly": "21:00"}, "Session has no field 'weekly': known: daily"),
    ],
)
def test_refused(fields: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Session(**fields)


def test_a_machine_without_time_zones_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(times_of_day, "ZoneInfo", missing)
    times_of_day.zone_of.cache_clear()
    with pytest.raises(InputError, match="no time zone database: run pip install tzdata"):
        Session(zone="Europe/Paris")
    times_of_day.zone_of.cache_clear()


def test_json_gives_the_same_session_back() -> None:
    session = Session(daily="17:00", friday="16:30", before_gap="2h", zone="America/New_York")
    assert Session.model_validate_json(session.model_dump_json()) == session
