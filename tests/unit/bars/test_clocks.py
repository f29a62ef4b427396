"""Times of files as open times in UTC: zones, the hours that clocks skip and show twice, stamps, separate columns, epochs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from barloom.bars import open_bars
from barloom.bars.cells.moments import to_ns
from barloom.bars.times import FIRST_TIME, iso
from barloom.bars.zones import Zone
from barloom.errors import InputError
from helpers.chunks import drawn


def written(folder: Path, *moments: str, header: str = "time,open,high,low,close") -> Path:
    path = folder / "bars.csv"
    path.write_text("\n".join([header, *(f"{moment},1,1,1,1" for moment in moments)]) + "\n")
    return path


def times(path: Path, **options: str) -> list[str]:
    return [iso(int(time)) for time in drawn(open_bars(path, **options))["timestamp"]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("UTC", "2012-02-01T12:00:00Z", "2012-07-02T12:00:00Z"),
        ("EST", "2012-02-01T17:00:00Z", "2012-07-02T17:00:00Z"),
        ("+02:00", "2012-02-01T10:00:00Z", "2012-07-02T10:00:00Z"),
        ("UTC-3", "2012-02-01T15:00:00Z", "2012-07-02T15:00:00Z"),
        ("America/New_York", "2012-02-01T17:00:00Z", "2012-07-02T16:00:00Z"),
        ("America/New_York+7h", "2012-02-01T10:00:00Z", "2012-07-02T09:00:00Z"),
        ("EET", "2012-02-01T10:00:00Z", "2012-07-02T09:00:00Z"),
    ],
)
@pytest.mark.parametrize("kind", ["iso", "dots", "parquet"])
def test_naive_times_are_those_of_the_zone(tmp_path: Path, zone: str, winter: str, summer: str, kind: str) -> None:
    moments = ["2012-02-01 12:00:00", "2012-07-02 12:00:00"]
    path = written(tmp_path, *(moment.replace("-", ".") if kind == "dots" else moment for moment in moments))
    if kind == "parquet":
        table = {name: [1.0, 1.0] for name in ("open", "high", "low", "close")}
        path = tmp_path / "bars.parquet"
        pa.parquet.write_table(pa.table({"time": pa.array(np.array(moments, "datetime64[us]")), **table}), path)
    assert times(path, time_zone=zone) == [winter, summer]


@pytest.mark.parametrize(
    ("zone", "moment", "why"),
    [
        ("America/New_York", "2012-03-11 02:30:00", "never, clocks were set forward"),
        ("America/New_York", "2012-11-04 01:30:00", "twice, clocks were set back"),
        ("America/New_York+7h", "2012-03-11 09:30:00", "never, clocks were set forward"),
    ],
)
def test_an_hour_that_clocks_skip_or_show_twice_is_a_bad_row_that_says_why(
    tmp_path: Path, zone: str, moment: str, why: str
) -> None:
    path = written(tmp_path, "2012-02-01 00:00:00", moment, "2012-12-01 00:00:00")
    with pytest.raises(InputError, match=f"1 unparsable_time .first: data row 2, line 3: {moment}.*{why}"):
        times(path, time_zone=zone)
    bars = open_bars(path, time_zone=zone, on_bad_rows="drop")
    assert len(drawn(bars)["timestamp"]) == 2
    assert bars.report is not None and bars.report.dropped == {"unparsable_time": 1}


def read(local: datetime, zone: str) -> int:
    """A naive time as the standard library reads it, nanoseconds; ``FIRST_TIME`` where the clock skipped it or showed it twice."""
    here = local.replace(tzinfo=ZoneInfo(zone))
    if here.utcoffset() != here.replace(fold=1).utcoffset():
        return FIRST_TIME
    return (here.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "Europe/Dublin", "Africa/Casablanca", "Asia/Kolkata", "Pacific/Apia", "Antarctica/Troll"],
)
def test_every_half_hour_of_many_years_is_as_the_standard_library_reads_it(zone: str) -> None:
    """Summer time with its sign turned round, breaks of it in Ramadan, a day that was left out, two hours at once."""
    for first in (datetime(1944, 1, 1), datetime(2011, 8, 1), datetime(2261, 3, 1)):
        moments = [first + timedelta(minutes=30 * k) for k in range(48 * 400)]
        naive = np.array(moments, "datetime64[ns]").astype(np.int64)
        found = Zone.parse(zone).to_utc(naive)
        assert found.tolist() == [read(moment, zone) for moment in moments]
        assert (Zone.parse(zone).to_utc(naive[::-1]) == found[::-1]).all()


def test_rows_without_a_time_stay_marked() -> None:
    marks = np.array([FIRST_TIME, FIRST_TIME + 3], dtype=np.int64)
    assert Zone.parse("EET").to_utc(marks).tolist() == marks.tolist()
    noon = int(np.datetime64("2012-02-01T12:00", "ns").astype(np.int64))
    assert Zone.parse("EET").to_utc(np.array([*marks, noon])).tolist() == [*marks.tolist(), noon - 2 * 3600 * 10**9]


@pytest.mark.parametrize("zone", ["EET", "US/Eastern", "America/New_York"])
def test_zones_are_known_where_the_system_has_none(zone: str) -> None:
    """Slim containers have no database, Windows has none, and Debian keeps the old names apart."""
    program = f"from barloom.bars.zones import Zone; from zoneinfo import TZPATH; Zone.parse({zone!r}); print(TZPATH)"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONTZPATH": ""}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "()", done.stderr


@pytest.mark.parametrize("zone", ["Mars/Phobos", "+25:00", "", "EST+99h", "../etc/passwd"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(InputError, match="--time-zone is"):
        Zone.parse(zone)


@pytest.mark.parametrize("moment", ["2012-02-01T00:00:00-05:00", "13.02.2012 00:00:00.000 GMT+0900"])
def test_a_zone_for_times_that_say_another_offset_is_refused(tmp_path: Path, moment: str) -> None:
    with pytest.raises(InputError, match="leave --time-zone EST out"):
        open_bars(written(tmp_path, moment), time_zone="EST")


@pytest.mark.parametrize(
    "moment",
    ["1328054400", "1328054400000", "2012-02-01T00:00:00Z", "2012-02-01 00:00:00+00:00", "2012-02-01T00:00:00+0000"],
)
def test_a_zone_corrects_times_that_claim_to_be_utc_and_that_is_said(tmp_path: Path, moment: str) -> None:
    """Servers write the time of their own clock as epochs."""
    path = written(tmp_path, moment)
    assert times(path, time_zone="EST") == ["2012-02-01T05:00:00Z"]
    assert times(path, time_zone="America/New_York+7h") == ["2012-01-31T22:00:00Z"]
    assert "claim to be UTC and are read as those of EST" in open_bars(path, time_zone="EST").taken_for
    assert times(path, time_zone="UTC") == times(path) and "claim" not in open_bars(path, time_zone="UTC").taken_for


def test_a_zone_corrects_columns_of_parquet_that_claim_to_be_utc_and_no_others(tmp_path: Path) -> None:
    table = {name: [1.0] for name in ("open", "high", "low", "close")}
    for zone in ("UTC", "Asia/Tokyo"):
        moments = pa.array(np.array(["2012-02-01"], "datetime64[us]")).cast(pa.timestamp("us", zone))
        pa.parquet.write_table(pa.table({"time": moments, **table}), tmp_path / f"{zone[:3]}.parquet")
    assert times(tmp_path / "UTC.parquet", time_zone="EST") == ["2012-02-01T05:00:00Z"]
    with pytest.raises(InputError, match="leave --time-zone EST out"):
        open_bars(tmp_path / "Asi.parquet", time_zone="EST")


def test_bars_stamped_by_their_close_are_moved_back_by_the_common_step(tmp_path: Path) -> None:
    path = written(
        tmp_path, "2012-02-01T00:05:00Z", "2012-02-01T00:10:00Z", "2012-02-01T00:25:00Z", "2012-02-01T00:30:00Z"
    )
    expected = ["2012-02-01T00:00:00Z", "2012-02-01T00:05:00Z", "2012-02-01T00:20:00Z", "2012-02-01T00:25:00Z"]
    assert times(path, stamp="close") == expected
    with pytest.raises(InputError, match="--stamp close needs two"):
        open_bars(written(tmp_path, "2012-02-01T00:05:00Z"), stamp="close")
    with pytest.raises(InputError, match="--stamp is 'clse'"):
        open_bars(path, stamp="clse")


def test_days_stamped_by_their_close_are_days_of_the_files_own_clock(tmp_path: Path) -> None:
    path = written(tmp_path, "2012-03-11", "2012-03-12", "2012-03-13")
    expected = ["2012-03-11T05:00:00Z", "2012-03-12T04:00:00Z", "2012-03-13T04:00:00Z"]
    assert times(path, stamp="close", time_zone="America/New_York") == expected


def test_newest_first_is_turned_round_in_every_part(tmp_path: Path) -> None:
    moments = [f"2012-02-01T00:{minute:02d}:00Z" for minute in range(20)]
    up, down = times(written(tmp_path, *moments)), written(tmp_path, *moments[::-1])
    bars = open_bars(down)
    assert times(down) == up and "newest first" in bars.taken_for
    parts = [drawn(bars.select(fraction=0.3, portion=portion))["timestamp"].tolist() for portion in (1, 2, 3, 4)]
    assert [iso(time) for part in parts for time in part] == up
    path = written(tmp_path, *moments[::-1][:5], "soon", *moments[::-1][5:])
    with pytest.raises(InputError, match="line 7: soon"):
        times(path)


def test_two_columns_of_time_are_chosen_with_a_plus(tmp_path: Path) -> None:
    path = written(tmp_path, "x,2012.02.01,23:59", "x,2012.02.02,00:00", header="tag,day,clock,o,h,l,c")
    for columns in ("time=day+clock,open=o,high=h,low=l,close=c", "time=2+3,open=4,high=5,low=6,close=7"):
        assert times(path, columns=columns) == ["2012-02-01T23:59:00Z", "2012-02-02T00:00:00Z"]


def test_slashes_need_a_day_past_the_twelfth(tmp_path: Path) -> None:
    assert times(written(tmp_path, "01/12/2012 00:00", "13/12/2012 00:00"))[0] == "2012-12-01T00:00:00Z"
    assert times(written(tmp_path, "01/12/2012 00:00", "01/13/2012 00:00"))[0] == "2012-01-12T00:00:00Z"
    with pytest.raises(InputError, match=r"--date-order dmy or .* --date-order mdy"):
        times(written(tmp_path, "01/12/2012 00:00", "01/12/2012 00:01"))


def test_text_is_read_cell_by_cell_whatever_stands_beside_it() -> None:
    cells = ["2012.02.01 00:00", "2012.02.01 00:16", "2012/2/1 0:15", "03.11.2025 00:00:00.123", "29.02.2012"]
    bad = ["2012.02.30 00:00", "2012.02.01 24:00", "2012.13.01 00:00", "", "x" * 20, "20120201 00", "2012-02.01"]
    found = to_ns(pa.array([cell for pair in zip(cells, bad, strict=False) for cell in pair] + bad[5:]), "dmy")
    assert [iso(int(time)) for time in found[:10:2]] == [
        "2012-02-01T00:00:00Z",
        "2012-02-01T00:16:00Z",
        "2012-02-01T00:15:00Z",
        "2025-11-03T00:00:00.123Z",
        "2012-02-29T00:00:00Z",
    ]
    assert (found[1:10:2] == FIRST_TIME).all() and (found[10:] == FIRST_TIME).all()


def test_any_number_of_shapes_is_read() -> None:
    offsets = [
        f"2012-02-01 12:00:00{sign}{hour:02d}:{minute:02d}" for sign in "+-" for hour in range(13) for minute in (0, 30)
    ]
    seps = [f"2012{mark}02{mark}01{gap}12:00:00" for mark in "./-" for gap in " T"]
    junk = [f"2012.02.01{chr(at)}12:00:00" for at in range(33, 127) if not chr(at).isdigit() and chr(at) not in "Tt_,-"]
    found = to_ns(pa.array([*junk, *seps, *offsets]))
    assert (found[: len(junk)] == FIRST_TIME).all() and (found[len(junk) :] != FIRST_TIME).all()
