"""Times of digits without a mark: calendars, epochs and days of a spreadsheet; and what else such digits could be."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence

from faults.spelling_bars import NS, nanoseconds
from faults.spelling_rules import Verdict, two_digit_year

DIGITS = {
    "10": "%Y%m%d%H",
    "10-short": "%y%m%d%H%M",
    "12": "%Y%m%d%H%M",
    "12-short": "%y%m%d%H%M%S",
    "14": "%Y%m%d%H%M%S",
    "17": "%Y%m%d%H%M%S%f",  # the last three digits are cut off: thousandths
}
EPOCHS = {"s": NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
CUTS = {
    "ymd": (4, 2, 2),
    "10": (4, 2, 2, 2),
    "10-short": (2, 2, 2, 2, 2),
    "12": (4, 2, 2, 2, 2),
    "12-short": (2, 2, 2, 2, 2, 2),
    "14": (4, 2, 2, 2, 2, 2),
    "17": (4, 2, 2, 2, 2, 2, 3),
}
SPREADSHEET = datetime.datetime(1899, 12, 30)
# Bars of later are no bars: the tests have no clock, so it lies behind any year in which they may run, and before the epochs
# (2033 on) that YYYYMMDDHH of this century would be.
BARS_END = nanoseconds(datetime.datetime(2033, 1, 1))


def excel_serial(time: datetime.datetime) -> str:
    """Days since 1899-12-30; only whole days are written here, as fractions of a day are not exact."""
    return str((time - SPREADSHEET).days)


def read_calendar(name: str, text: str) -> int | None:
    """Nanoseconds UTC of a calendar in digits; None where there is no such time."""
    if len(text) != sum(CUTS[name]) or not text.isdigit():
        return None
    numbers, at = [], 0
    for width in CUTS[name]:
        numbers.append(int(text[at : at + width]))
        at += width
    if CUTS[name][0] == 2:
        numbers[0] = two_digit_year(numbers[0])
    if len(numbers) == 7:
        numbers[6] *= 1_000
    try:
        found = datetime.datetime(*numbers)  # type: ignore[arg-type]
    except ValueError:
        return None
    return nanoseconds(found) if 1900 <= found.year < 2100 else None


def read_epoch(text: str) -> int:
    """Nanoseconds of an epoch by its size."""
    value = int(text)
    return value * (NS if value <= 10**11 else 1_000_000 if value <= 10**14 else 1_000 if value <= 10**17 else 1)


def parse_digits(name: str, text: str) -> int:
    """Read back what was written, by its own name and nothing else."""
    if name in EPOCHS:
        return int(text) * EPOCHS[name]
    if name == "excel":
        return nanoseconds(SPREADSHEET + datetime.timedelta(days=int(text)))
    found = read_calendar(name, text)
    assert found is not None, text
    return found


def judge_digits(name: str, cells: Sequence[str], truth: Sequence[int]) -> Verdict:
    """Judge the digits of all bars, in the order of time, by every calendar and as epochs."""
    readings: list[list[int]] = []
    for calendar in CUTS:
        values = []
        for cell in cells:
            value = read_calendar(calendar, cell)
            if value is None:
                break
            values.append(value)
        else:
            readings.append(values)
    if not any(cell.startswith("0") for cell in cells):
        epochs = [read_epoch(cell) for cell in cells]
        if _like_bars(epochs):
            readings.append(epochs)
    others = [values for values in readings if values != list(truth)]
    if others or list(truth) not in readings:
        return Verdict(option="time-format")
    return Verdict("epoch by size" if name in EPOCHS else "digits are a calendar")


def _like_bars(times: Sequence[int]) -> bool:
    """Tell if these could be bars: of the past, rising, a second or more apart."""
    steps = [two - one for one, two in itertools.pairwise(times)]
    return times[0] > 0 and times[-1] < BARS_END and min(steps) >= NS
