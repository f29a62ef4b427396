"""Rows that are no bars, wherever they stand and whatever holds them: refused by name, and nothing else is lost by dropping them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults.made import FIRST, KINDS, MINUTE, NAMES, NUMBERED, Columns, columns, every, read

ROWS = 12
PLACES = {"first": 0, "second": 1, "last of a chunk": 4, "first of a chunk": 5, "middle": 7, "last": ROWS - 1}


def put(name: str, value: Callable[[Any, int], Any]) -> Callable[[Columns, int], None]:
    """A fault: another value in one cell."""

    def plant(bars: Columns, at: int) -> None:
        bars[name] = bars[name].copy()
        bars[name][at] = value(bars[name], at)

    return plant


FAULTS: dict[str, tuple[str, Callable[[Columns, int], None]]] = {
    "the time of the row before": ("repeated", put("timestamp", lambda t, at: t[at - 1])),
    "a time before that of the row before": ("unsorted", put("timestamp", lambda t, at: t[at - 1] - MINUTE // 2)),
    "high below the low": ("high_low", put("high", lambda v, at: v[at] - 1.0)),
    "low above the open": ("high_low", put("low", lambda v, at: v[at] + 1 / 64)),
    "a negative price": ("not_positive", put("low", lambda v, at: -v[at])),
    "a price of zero": ("not_positive", put("low", lambda v, at: 0.0)),
    "not a number": ("not_finite", put("close", lambda v, at: np.nan)),
    "infinite": ("not_finite", put("high", lambda v, at: np.inf)),
}


@pytest.mark.parametrize("kind", NUMBERED)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_row_is_refused_by_its_place_and_dropped_alone(tmp_path: Path, kind: str, fault: str) -> None:
    """At every place that the cutting into chunks could treat differently."""
    said, plant = FAULTS[fault]
    path = tmp_path / "bars"
    for at in PLACES.values():
        if at == 0 and said in ("repeated", "unsorted"):
            continue
        bars = columns(ROWS)
        plant(bars, at)
        path.write_bytes(KINDS[kind].make(bars))
        refused = read(path).refused
        assert refused is not None and f"1 {said}" in refused and f"row {at + 1}" in refused, (at, refused)
        kept = {name: np.delete(values, at) for name, values in bars.items()}
        assert read(path, on_bad_rows="drop").same(kept), at


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("store")])
def test_shuffled_rows_are_never_read_as_they_stand(tmp_path: Path, kind: str) -> None:
    """Put in order or refused."""
    bars = columns(ROWS)
    path = KINDS[kind].path(tmp_path)
    for seed in range(5 if every() else 2):
        order = np.random.default_rng(seed).permutation(ROWS)
        path.write_bytes(KINDS[kind].make({name: values[order] for name, values in bars.items()}))
        found = read(path)
        assert found.refused or found.same(KINDS[kind].expected(bars))


# ---------------------------------------------------------------- times


def text(times: list[str]) -> bytes:
    """A CSV with these times; the rest is that of the good bars."""
    bars = columns(len(times))
    rows = zip(times, *(bars[name].tolist() for name in NAMES[1:]), strict=True)
    return "\n".join([",".join(NAMES), *(",".join(map(str, row)) for row in rows), ""]).encode()


ISO = [f"2012-02-01T00:{minute:02}:00" for minute in range(6)]
SECONDS = [FIRST // 10**9 + 60 * minute for minute in range(6)]


@pytest.mark.parametrize("factors", [(1, 10**3), (10**3, 10**6), (10**6, 10**9), (1, 10**9), (10**9, 1), (10**6, 1)])
@pytest.mark.parametrize("at", [1, 3, 5])
def test_an_epoch_is_read_in_its_own_unit_wherever_it_changes(
    tmp_path: Path, factors: tuple[int, int], at: int
) -> None:
    """Exchanges changed from milliseconds to microseconds within one file; one unit for all would be the year 57111."""
    path = tmp_path / "bars.csv"
    path.write_bytes(text([str(s * factors[n >= at]) for n, s in enumerate(SECONDS)]))
    found = read(path)
    assert found.refused or found.bars["timestamp"].tolist() == [s * 10**9 for s in SECONDS]


@pytest.mark.parametrize(
    "odd",
    [
        "2012-02-01T00:03:00Z", "2012-02-01T00:03:00+05:00", "2012-02-01T00:02:60", "2012-02-30T00:03:00", "2012-13-01T00:03:00",
        "2012-02-01T25:03:00", "1600-02-01T00:03:00", "9999-12-31T23:59:59", "2262-04-12T00:00:00", "57111-01-01T00:00:00", "",
        "NaT", "null", "1328054580", "1e18", "-1", "99999999999999999999", "2012-02-01T00:03:00 Europe/Berlin", "0", "٢٠١٢-٠٢-٠١",
    ],
)  # fmt: skip
def test_one_time_unlike_the_others_is_refused_or_the_same_moment(tmp_path: Path, odd: str) -> None:
    """A zone among naive times, leap seconds, days that are none, years past the range."""
    path = tmp_path / "bars.csv"
    for at in (1, 3, 5):
        path.write_bytes(text([*ISO[:at], odd.replace("00:03", f"00:{at:02}"), *ISO[at + 1 :]]))
        found = read(path)
        assert found.refused or found.bars["timestamp"].tolist() == [s * 10**9 for s in SECONDS], odd
        assert not found.refused or f"row {at + 1}" in found.refused
