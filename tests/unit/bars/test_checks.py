"""``check_bars`` finds every fault that is planted in good bars, names its rows, and finds nothing that is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from barloom._native.checking import BAD_ROWS
from barloom.bars.bars import Bars
from barloom.bars.check_report import CheckReport
from barloom.bars.checks import check_bars
from barloom.bars.closures import holidays
from barloom.bars.intake import Tally
from barloom.bars.sources.base import MALFORMED, UNPARSABLE_PRICE, UNPARSABLE_TIME, Batches, RowBatch, Source
from barloom.bars.synthetic import SyntheticSource

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ROWS = 30_000


@dataclass
class Rows:
    """Columns to plant faults in."""

    time: npt.NDArray[np.int64]
    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]

    def columns(self) -> list[npt.NDArray[np.float64]]:
        return [self.open, self.high, self.low, self.close, self.volume]

    def without(self, keep: npt.NDArray[np.bool_]) -> Rows:
        return Rows(self.time[keep], *(column[keep] for column in self.columns()))

    def again(self, at: int, count: int = 1) -> None:
        """Repeat some rows behind themselves."""
        places = np.concatenate([np.arange(at + count), np.arange(at, len(self.time))])
        self.time = self.time[places]
        self.open, self.high, self.low, self.close, self.volume = (column[places] for column in self.columns())


class RowSource(Source):
    """Rows as they are, handed out in batches of one size."""

    label = "planted"
    has_volume = True

    def __init__(self, rows: Rows, size: int = 5000) -> None:
        self.rows, self.size = rows, size

    def total_rows(self) -> int:
        return len(self.rows.time)

    def batches(self, start: int, stop: int | None, *, volume: bool, threads: int) -> Batches:
        rows = self.rows
        for at in range(0, len(rows.time), self.size):
            part = slice(at, at + self.size)
            prices = [column[part].copy() for column in (rows.open, rows.high, rows.low, rows.close)]
            batch = RowBatch(at, rows.time[part].copy(), *prices, rows.volume[part].copy() if volume else None)
            yield batch.between(start, stop)


def synthetic(rows: int = ROWS, seed: int = 1) -> Rows:
    batches = list(SyntheticSource(rows, seed).batches(0, None, volume=True, threads=1))
    names = ("timestamp", "open", "high", "low", "close", "volume")
    return Rows(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))


def walk(times: npt.NDArray[np.int64], seed: int = 3) -> Rows:
    """Bars of a random walk at given times."""
    rng = np.random.default_rng(seed)
    close = 1.1 * np.exp(np.cumsum(rng.normal(0, 1e-4, len(times))))
    opened = np.concatenate([[1.1], close[:-1]])
    wick = 1 + np.abs(rng.normal(0, 1e-4, len(times)))
    top, bottom = np.maximum(opened, close) * wick, np.minimum(opened, close) / wick
    return Rows(times, opened, top, bottom, close, rng.integers(1, 100, len(times)).astype(np.float64))


def check(rows: Rows, size: int = 5000) -> CheckReport:
    return check_bars(Bars(RowSource(rows, size)))


def kinds(report: CheckReport) -> dict[str, int]:
    """Counts of the findings without missing minutes, which these bars have by nature."""
    return {finding.kind: finding.count for finding in report.findings if finding.kind != "absent"}


def rows_of(report: CheckReport, kind: str) -> list[int]:
    (finding,) = (finding for finding in report.findings if finding.kind == kind)
    return [place.row - 1 for place in finding.first]


# ---------------------------------------------------------------- faults of rows


def time_unread(rows: Rows) -> list[int]:
    rows.time[[50, 900]] = UNPARSABLE_TIME
    return [50, 900]


def price_unread(rows: Rows) -> list[int]:
    rows.time[[51, 901]] = UNPARSABLE_PRICE
    return [51, 901]


def malformed(rows: Rows) -> list[int]:
    rows.time[[0, 902]] = MALFORMED
    return [0, 902]


def unsorted(rows: Rows) -> list[int]:
    rows.time[[300, 20_000]] -= 7 * MINUTE
    return [300, 20_000]


def repeated_same(rows: Rows) -> list[int]:
    rows.again(4000, 1)
    rows.again(9000, 1)
    return [4001, 9001]


def repeated_different(rows: Rows) -> list[int]:
    rows.again(4000, 1)
    rows.close[4001] = rows.open[4001] = rows.low[4001]
    rows.high[4001] *= 1.00001
    return [4001]


def not_finite(rows: Rows) -> list[int]:
    rows.high[12] = np.nan
    rows.open[13] = np.inf
    return [12, 13]


def not_positive(rows: Rows) -> list[int]:
    rows.low[14] = 0
    rows.close[29_999] = -1.1
    return [14, 29_999]


def high_low(rows: Rows) -> list[int]:
    rows.high[700], rows.low[700] = rows.low[700] - 0.0001, rows.high[700] + 0.0001
    rows.high[710] = min(rows.open[710], rows.close[710]) - 0.0001
    rows.low[720] = max(rows.open[720], rows.close[720]) + 0.0001
    return [700, 710, 720]


def spike(rows: Rows) -> list[int]:
    """Whole bars in another unit, as the well-known ones are; one close; one wick; two bars in a row."""
    for at in (1000, 15_000):
        for column in (rows.open, rows.high, rows.low, rows.close):
            column[at] = 1965.0001
    rows.close[2000] = rows.high[2000] = rows.high[2000] * 1.05
    rows.low[3000] *= 0.9
    for at in (4000, 4001):
        for column in (rows.open, rows.high, rows.low, rows.close):
            column[at] *= 0.01
    return [1000, 2000, 3000, 4000, 4001]


def first_spike(rows: Rows) -> list[int]:
    for column in (rows.open, rows.high, rows.low, rows.close):
        column[0] = 9109.0
    return [0]


def off_grid(rows: Rows) -> list[int]:
    rows.time[5000:5200] += 14 * 10**9
    return [5000, 5001, 5002, 5003, 5004]


def bad_volume(rows: Rows) -> list[int]:
    rows.volume[[7, 8]] = -1.0, np.nan
    return [7, 8]


def stale(rows: Rows) -> list[int]:
    rows.open[800:812], rows.high[800:812], rows.low[800:812], rows.close[800:812] = (
        rows.open[800], rows.high[800] + 1e-5, rows.low[800], rows.close[800],
    )  # fmt: skip
    return [801]


def zero_range(rows: Rows) -> list[int]:
    for column in (rows.open, rows.high, rows.low):
        column[800:850] = rows.close[800]
    rows.close[800:850] = rows.close[800]
    return [800]


PLANTED: list[tuple[Callable[[Rows], list[int]], str, int]] = [
    (time_unread, "unparsable_time", 2),
    (price_unread, "unparsable_price", 2),
    (malformed, "malformed", 2),
    (unsorted, "unsorted", 2),
    (repeated_same, "repeated_same", 2),
    (repeated_different, "repeated_different", 1),
    (not_finite, "not_finite", 2),
    (not_positive, "not_positive", 2),
    (high_low, "high_low", 3),
    (spike, "spike", 6),
    (first_spike, "spike", 1),
    (off_grid, "off_grid", 200),
    (bad_volume, "bad_volume", 2),
    (stale, "stale", 11),
    (zero_range, "zero_range", 50),
]


@pytest.mark.parametrize("seed", range(6))
def test_good_bars_are_clean(seed: int) -> None:
    report = check(synthetic(150_000, seed))
    assert kinds(report) == {}
    assert (report.verdict, report.rows, report.bars, report.timeframe_seconds) == (
        "not judged",
        150_000,
        150_000,
        60.0,
    )
    assert [sentence.partition(":")[0] for sentence in report.not_judged] == [
        "the clock"
    ]  # which opens at 22:00 UTC all year


@pytest.mark.parametrize(("plant", "kind", "count"), PLANTED, ids=[plant.__name__ for plant, _, _ in PLANTED])
def test_each_planted_fault_is_found_and_nothing_else(
    plant: Callable[[Rows], list[int]], kind: str, count: int
) -> None:
    rows = synthetic()
    places = plant(rows)
    report = check(rows)
    assert kinds(report) == {kind: count}
    assert rows_of(report, kind) == places[:5]


@pytest.mark.parametrize("shift", ["left", "right"])
def test_shifted_columns_are_told_from_single_bad_rows(shift: str) -> None:
    rows = synthetic()
    high_low(rows)
    part = slice(6000, 9000)
    columns = [column[part].copy() for column in rows.columns()]
    opened, high, low, close, volume = columns
    moved = (high, low, close, volume) if shift == "left" else (volume + 2000, opened, high, low)
    for column, values in zip(rows.columns()[:4], moved, strict=True):
        column[part] = values
    report = check(rows)
    # A bar without any wick may stand either way: then it is still a good bar.
    assert 2900 < report.found("shifted_columns") <= 3000
    assert 6000 <= rows_of(report, "shifted_columns")[0] < 6020
    assert report.found("spike") == 0
    assert any("shifted part" in sentence for sentence in report.advice)


def test_all_faults_at_once() -> None:
    rows = synthetic()
    # Those that add rows come first, those that move times apart from the others.
    for plant in (
        unsorted,
        not_finite,
        not_positive,
        bad_volume,
        spike,
        off_grid,
        time_unread,
        price_unread,
        malformed,
    ):
        plant(rows)
    assert kinds(check(rows)) == {
        "unparsable_time": 2, "unparsable_price": 2, "malformed": 2, "unsorted": 2, "not_finite": 2, "not_positive": 2,
        "spike": 6, "off_grid": 200, "bad_volume": 2,
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1009])
def test_batches_do_not_matter(size: int) -> None:
    rows = synthetic(12_000)
    for plant in (repeated_same, zero_range, high_low, spike_early, off_grid):
        plant(rows)
    assert check(rows, size) == check(rows, 12_002)


def spike_early(rows: Rows) -> list[int]:
    rows.high[[1000, 1001, 1003]] *= 1.5
    return [1000, 1001, 1003]


def test_bad_rows_are_those_that_a_run_drops() -> None:
    rows = synthetic()
    rng = np.random.default_rng(5)
    for column in rows.columns()[:4]:
        column[rng.integers(0, ROWS, 300)] *= rng.normal(1, 0.01, 300)
        column[rng.integers(0, ROWS, 30)] = np.nan
        column[rng.integers(0, ROWS, 30)] = -1
    rows.time[rng.integers(0, ROWS, 300)] -= MINUTE * rng.integers(0, 3, 300)
    rows.time[rng.integers(0, ROWS, 30)] = UNPARSABLE_TIME
    tally = Tally()
    good = sum(tally.check(batch) for batch in RowSource(rows).batches(0, None, volume=False, threads=1))
    report = check(rows)
    found = {finding.kind: finding.count for finding in report.findings if finding.severity == "error"}
    found["repeated"] = found.pop("repeated_same", 0) + found.pop("repeated_different", 0)
    found.pop("shifted_columns", None)
    assert found == tally.by_kind()
    assert report.bars == good
    assert report.verdict == "bad rows"


def test_a_level_that_stays_is_no_spike() -> None:
    rows = synthetic()
    for column in rows.columns()[:4]:
        column[10_000:] *= 1.2
    assert kinds(check(rows)) == {}


def test_volume_of_zero_throughout_is_noted() -> None:
    rows = synthetic()
    rows.volume[:] = 0
    assert kinds(check(rows)) == {"no_volume": ROWS}


def test_no_good_bar() -> None:
    rows = synthetic(100)
    rows.close[:] = np.nan
    report = check(rows)
    assert (report.verdict, report.bars, report.first) == ("no bars", 0, None)


# ---------------------------------------------------------------- gaps


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[misc]


def test_holes_are_told_from_weekends() -> None:
    rows = synthetic(60_000)
    kept = rows.without((rows.time < rows.time[10_000]) | (rows.time >= rows.time[10_000] + 3 * HOUR))
    report = check(kept)
    assert kinds(report) == {"hole": 1}
    assert rows_of(report, "hole") == [10_000]
    assert report.weekends == int((np.diff(kept.time) > 40 * HOUR).sum()) > 3


def test_christmas_is_a_holiday_and_the_same_gap_in_november_is_a_hole() -> None:
    times = np.arange(at(2018, 10, 1), at(2019, 2, 1), MINUTE)
    times = times[(times // DAY + 3) % 7 < 5]
    christmas, day = at(2018, 12, 25), at(2018, 11, 13)
    kept = (times < christmas) | (times >= christmas + DAY)
    kept &= (times < day) | (times >= day + DAY)
    report = check(walk(times[kept]))
    assert kinds(report) == {"hole": 1, "time_zone": 1}  # weeks that open on Monday at midnight
    assert report.holidays == 1
    (hole,) = (finding for finding in report.findings if finding.kind == "hole")
    assert "1,440 bars" in hole.meaning and "2018-11-13T00:00:00Z to 2018-11-14T00:00:00Z" in hole.meaning


def test_an_exchange_closes_every_night() -> None:
    times = np.arange(at(2021, 3, 1), at(2021, 6, 1), MINUTE)
    local = times - np.where(times < at(2021, 3, 14, 7), 5, 4) * HOUR
    session = ((local // DAY + 3) % 7 < 5) & (local % DAY >= 9.5 * HOUR) & (local % DAY < 16 * HOUR)
    session &= (local < at(2021, 4, 20, 11)) | (local >= at(2021, 4, 20, 12))
    session &= (local < at(2021, 4, 2)) | (local >= at(2021, 4, 3))  # Good Friday
    report = check(walk(times[session]))
    assert kinds(report) == {"hole": 1}
    assert report.nightly_closes > 45 and report.weekends == 12 and report.holidays == 1


def test_a_market_that_never_closes_has_no_weekends() -> None:
    times = np.arange(at(2021, 3, 1), at(2021, 6, 1), MINUTE)
    saturday = at(2021, 4, 10)
    report = check(walk(times[(times < saturday) | (times >= saturday + 2 * DAY)]))
    assert kinds(report) == {"hole": 1}
    assert report.market == "always open"


def test_single_missing_minutes_are_a_note_and_ten_in_a_row_a_hole() -> None:
    times = np.arange(at(2021, 3, 1), at(2021, 3, 20), MINUTE)
    keep = np.ones(len(times), dtype=bool)
    keep[500::997] = False
    keep[7000:7010] = False
    report = check(walk(times[keep]))
    assert kinds(report) == {"hole": 1}
    assert report.found("absent") == int((~keep).sum()) - 10


def test_daily_bars_miss_a_day() -> None:
    times = np.arange(at(2020, 1, 6), at(2021, 6, 1), DAY)
    times = times[((times // DAY + 3) % 7 < 5) & (times != at(2020, 8, 12))]
    assert kinds(check(walk(times))) == {"hole": 1}


def test_holidays_of_a_year() -> None:
    known = {day.isoformat() for day in holidays(2024)}
    assert {"2024-03-29", "2024-04-01", "2024-01-15", "2024-02-19", "2024-05-27", "2024-09-02", "2024-11-28"} <= known


# ---------------------------------------------------------------- clocks


def fx_times() -> npt.NDArray[np.int64]:
    """Minutes (every fifth) of FX weeks from Sunday to Friday 17:00 New York, over both seams of a year, in UTC."""
    york = ZoneInfo("America/New_York")
    weeks = []
    for week in range(52):
        sunday = datetime(2019, 1, 6).toordinal() + 7 * week
        opens = datetime.fromordinal(sunday).replace(hour=17, tzinfo=york).timestamp()
        closes = datetime.fromordinal(sunday + 5).replace(hour=17, tzinfo=york).timestamp()
        weeks.append(np.arange(int(opens), int(closes), 300) * 10**9)
    return np.concatenate(weeks)


def written(times: npt.NDArray[np.int64], zone: str, ahead: int = 0) -> npt.NDArray[np.int64]:
    """The times as a clock shows them that has no zone."""
    place = ZoneInfo(zone)
    shown = []
    for time in times.tolist():
        offset = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time // 10**9)).astimezone(place).utcoffset()
        assert offset is not None
        shown.append(time + int(offset.total_seconds()) * 10**9 + ahead * HOUR)
    return np.array(shown)


@pytest.mark.parametrize(
    ("zone", "ahead", "named"),
    [
        ("UTC", 0, None),
        ("UTC", -5, "EST"),
        ("America/New_York", 0, "America/New_York"),
        ("America/New_York", 7, "America/New_York+7h"),
        ("Europe/Athens", 0, "Europe/Athens"),
    ],
)
def test_the_clock_of_an_fx_file_is_named(zone: str, ahead: int, named: str | None) -> None:
    report = check(walk(written(fx_times(), zone, ahead)))
    assert kinds(report) == ({} if named is None else {"time_zone": 1})
    assert report.advice == (() if named is None else (f"give --time-zone {named}",))
    best = max(report.clock_fits, key=lambda clock: report.clock_fits[clock])
    assert best == (named or "UTC") and report.clock_fits[best] == 1.0


def test_an_hour_that_comes_twice_is_a_seam() -> None:
    times = np.arange(at(2021, 2, 1), at(2021, 12, 1), 5 * MINUTE)
    report = check(walk(written(times, "Europe/Berlin")))
    assert kinds(report) == {"unsorted": 11, "repeated_different": 1, "daylight_saving": 2}
    assert any("--time-zone" in sentence for sentence in report.advice)


@pytest.mark.parametrize("seed", range(8))
def test_any_rows_at_all_are_told_of(seed: int) -> None:
    """Times anywhere in an int64 and prices of every kind: a report, and every row in it."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(-(2**63), 2**63 - 1, 400, endpoint=True))
    prices = rng.choice(
        [1.0, 1e308, 1e-308, 5e-324, 1.1, -1.0, np.inf, np.nan], (4, 400), p=[0.4, 0.05, 0.05, 0.05, 0.4] + [1 / 60] * 3
    )
    prices[1], prices[2] = np.fmax.reduce(prices), np.fmin.reduce(prices)
    report = check(Rows(times, *prices, rng.choice([0.0, 1.0, -1.0, np.nan], 400)))
    bad = sum(finding.count for finding in report.findings if finding.kind in BAD_ROWS)
    assert report.rows == 400 and report.bars + bad == 400
