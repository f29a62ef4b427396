"""Arrays and frames as bars: never copied where they fit, never changed, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barloom.bars import from_arrays, from_pandas
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1328054400 * 10**9
MINUTE = 60 * 10**9


def arrays(rows: int = 100) -> dict[str, Any]:
    close = 1.5 + np.arange(rows) % 7 / 1000
    return {
        "timestamp": FIRST + np.arange(rows) * MINUTE,
        "open": close,
        "high": close + 0.01,
        "low": close - 0.01,
        "close": close.copy(),
        "volume": np.ones(rows),
    }


def test_chunks_of_clean_arrays_are_views_of_them() -> None:
    given = arrays()
    bars = from_arrays(**given)
    for chunk in bars.chunks(30, history=10, volume=True):
        for name, column in given.items():
            assert np.shares_memory(getattr(chunk, name), column)
    columns = drawn(bars, 30, history=10, volume=True)
    assert all(columns[name].tolist() == given[name].tolist() for name in given)


@pytest.mark.parametrize("kind", ["f4", ">f8", "i4", "u2", "f2"])
def test_prices_of_other_types_and_layouts_are_read_right(kind: str) -> None:
    whole = np.array([5, 6, 7, 8], dtype=kind)
    wide = np.stack([whole, whole], axis=1)[:, 0]
    frozen = whole.copy()
    frozen.flags.writeable = False
    for values in (whole, wide, frozen, whole[::-1][::-1]):
        given = dict.fromkeys(("open", "high", "low", "close"), values)
        assert drawn(from_arrays(FIRST + np.arange(4) * MINUTE, **given))["high"].tolist() == [5, 6, 7, 8]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "m", "h", "10s"])
def test_datetimes_of_any_unit_are_the_same_moments(unit: str) -> None:
    """Pandas 3 defaults to microseconds."""
    times = (np.datetime64("2012-02-01") + np.arange(3) * np.timedelta64(1, "h")).astype(f"datetime64[{unit}]")
    ones = np.ones(3)
    for given in (times, times.astype(times.dtype.newbyteorder(">"))):
        assert drawn(from_arrays(given, ones, ones, ones, ones))["timestamp"].tolist() == [
            FIRST + hour * 3600 * 10**9 for hour in range(3)
        ]


@pytest.mark.parametrize("time", ["9999-01-01", "1500-01-01", "NaT"])
@pytest.mark.parametrize("unit", ["D", "s", "ms", "us"])
def test_datetimes_past_the_range_are_refused(time: str, unit: str) -> None:
    with pytest.raises(InputError, match="unparsable_time"):
        from_arrays(np.array([time], dtype=f"datetime64[{unit}]"), [1.0], [1.0], [1.0], [1.0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"open": np.ones(99)}, "99 values beside 100"),
        ({"close": np.ones((100, 2))}, "2 dimensions"),
        ({"close": np.array(["a"] * 100)}, "type"),
        ({"close": np.array([object()] * 100)}, "type object"),
        ({"close": np.ones(100, dtype=complex)}, "type complex128"),
        ({"timestamp": np.arange(100) / 2}, "type float64"),
        ({"timestamp": np.array(["2012"] * 100)}, "give datetime64"),
        ({"timestamp": np.arange(100) % 2}, "1 repeated|unsorted"),
        ({"high": np.full(100, np.inf)}, "100 not_finite"),
        ({"low": np.full(100, 9.0)}, "100 high_low"),
        ({"open": np.ma.masked_array(arrays()["open"], mask=[True] + [False] * 99)}, "1 not_finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_at_once(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_arrays(**arrays() | changes)


SECOND = 10**9
UNITS = {"s": SECOND, "ms": 10**6, "us": 10**3, "ns": 1}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("first", ["1975-01-01", "1999-12-31", "2001-09-09", "2026-11-29", "2261-01-01"])
@pytest.mark.parametrize("how", ["arrays", "list", "unsigned", "frame", "index of a frame"])
def test_integers_tell_their_unit_by_their_size(unit: str, first: str, how: str) -> None:
    moments = np.datetime64(first, "ns") + np.arange(100) * np.timedelta64(60, "s")
    numbers = moments.astype(np.int64) // UNITS[unit]
    given = arrays()
    del given["timestamp"]
    if how == "frame":
        bars = from_pandas(pd.DataFrame({"timestamp": numbers, **given}))
    elif how == "index of a frame":
        bars = from_pandas(pd.DataFrame({**given, "time": numbers}))
    else:
        kinds = {"list": numbers.tolist(), "unsigned": numbers.astype(np.uint64)}
        bars = from_arrays(kinds.get(how, numbers), **given)
    assert (drawn(bars)["timestamp"] == moments.astype(np.int64)).all()


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_that_of_all_times(unit: str) -> None:
    """Milliseconds of the first days of 1970 have the size of seconds."""
    moments = np.arange(0, 20_000, 200, dtype="M8[D]").astype("M8[ns]").astype(np.int64)
    given = arrays()
    given["timestamp"] = moments // UNITS[unit]
    assert (drawn(from_arrays(**given))["timestamp"] == moments).all()
    given["timestamp"] = moments // UNITS[unit]
    given["timestamp"][50:] //= -1
    given["timestamp"] = np.sort(given["timestamp"])
    assert drawn(from_arrays(**given))["timestamp"][0] == -moments[-1]


@pytest.mark.parametrize(("row", "factor"), [(1, 1000), (50, 1000), (50, 10**6), (99, 1000)])
def test_a_unit_that_changes_on_the_way_is_refused(row: int, factor: int) -> None:
    given = arrays()
    given["timestamp"] = 1_700_000_000 + 60 * np.arange(100)
    given["timestamp"][row:] *= factor
    with pytest.raises(InputError, match=f"timestamp {row - 1} is .* in one unit"):
        from_arrays(**given)


def test_no_bars_are_refused() -> None:
    with pytest.raises(InputError, match="no bars"):
        from_arrays([], [], [], [], [])


def test_a_bad_array_row_is_shown_with_its_values() -> None:
    given = arrays()
    given["high"][16] = 0.5
    with pytest.raises(InputError) as caught:
        from_arrays(**given)
    assert str(caught.value) == (
        "memory: 1 bad row: 1 high_low (first: row 17, 2012-02-01T00:16:00Z: "
        "open 1.502, high 0.5, low 1.492, close 1.502); correct the data or use on_bad_rows='drop'"
    )


def test_bad_array_rows_are_dropped_where_asked() -> None:
    given = arrays()
    given["high"][16] = 0.5
    given["timestamp"][50] = given["timestamp"][49]
    bars = from_arrays(**given, on_bad_rows="drop:any")
    columns = drawn(bars, 7, history=3)
    kept = np.delete(np.arange(100), [16, 50])
    assert columns["timestamp"].tolist() == given["timestamp"][kept].tolist()
    assert bars.report is not None and bars.report.dropped == {"repeated": 1, "high_low": 1}
    clean = from_arrays(**{name: column[kept] for name, column in given.items()})
    drawn(clean)
    assert clean.report is not None and clean.report.content_hash == bars.report.content_hash


# ---------------------------------------------------------------- frames


def frame(rows: int = 100) -> pd.DataFrame:
    given = arrays(rows)
    return pd.DataFrame(given | {"timestamp": given["timestamp"].astype("datetime64[ns]")})


@pytest.mark.parametrize("tz", [None, "UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("indexed", [False, True])
def test_frames_with_an_index_or_a_column_of_times_in_any_zone(tz: str | None, unit: str, indexed: bool) -> None:
    """Zones are converted, naive times are UTC."""
    given = frame()
    times = given["timestamp"].dt.as_unit(unit)
    given["timestamp"] = times if tz is None else times.dt.tz_localize("UTC").dt.tz_convert(tz)
    if indexed:
        given = given.set_index("timestamp")
    assert drawn(from_pandas(given))["timestamp"].tolist() == arrays()["timestamp"].tolist()


def test_other_columns_of_a_frame_are_left_alone() -> None:
    given = frame().rename(columns=str.title).assign(signal="buy", sma=1.0)
    assert len(drawn(from_pandas(given), volume=True)["volume"]) == 100
    assert len(drawn(from_pandas(given.set_index("Timestamp").assign(date=1)))["open"]) == 100


def test_columns_of_a_frame_can_be_chosen() -> None:
    given = frame().rename(columns={"open": "bid_o", "high": "bid_h", "low": "bid_l", "close": "bid_c"})
    with pytest.raises(InputError, match="no column for open, high, low, close"):
        from_pandas(given)
    bars = from_pandas(
        given, columns={"time": "timestamp", "open": "bid_o", "high": "bid_h", "low": "bid_l", "close": "bid_c"}
    )
    assert len(drawn(bars)["open"]) == 100


def test_nullable_and_read_only_frames_are_read() -> None:
    """Pandas copy-on-write hands out read-only arrays."""
    given = frame().astype({"open": "Float64", "volume": "Int64"})
    assert drawn(from_pandas(given), volume=True)["open"].tolist() == arrays()["open"].tolist()
    given.loc[3, "open"] = pd.NA
    with pytest.raises(InputError, match="1 not_finite"):
        from_pandas(given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"open": "text"}, "'open'"),
        ({"timestamp": "2012-02-01"}, "pandas.to_datetime"),
        ({"timestamp": 1.5}, "pandas.to_datetime"),
    ],
)
def test_frames_that_do_not_fit_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_pandas(frame().assign(**change))
    with pytest.raises(InputError, match="DataFrame"):
        from_pandas([1, 2])  # type: ignore[arg-type]
