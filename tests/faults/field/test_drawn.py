"""Kinds that 100,000 files in random spellings showed: what the first rows, or the neighbours of a bad row, do not tell."""

from __future__ import annotations

import numpy as np
import pytest

import barloom as bl
from faults.field.asked import must_ask, reads
from faults.field.files import Known, cells, days, minutes, months, plain, save, spelled, text, walk
from helpers.chunks import drawn

MONTH_FIRST = ("%m/%d/%Y %H:%M", "%m-%d-%y %H:%M", "%m.%d.%Y, %I:%M %p")
DAY_FIRST = ("%d/%m/%Y %H:%M", "%d-%m-%y %H:%M", "%d.%m.%Y, %I:%M %p")


@pytest.mark.parametrize("pattern", [*MONTH_FIRST, *DAY_FIRST])
def test_days_that_are_their_month_leave_the_order_to_the_rest_of_the_file(pattern):
    """More than a first piece of 10 October, then three days more: the order is that of the bars, not the first one that fits."""
    bars = walk(minutes("2013-10-10T00:00", 4 * 1440), "1000.00000")
    path = save("bars.csv", text(cells(bars, spelled(pattern))))
    assert spelled(pattern)(bars.times[1440]).encode() not in path.read_bytes()[: 1 << 16]
    reads(path, bars)


@pytest.mark.parametrize("pattern", [*MONTH_FIRST, *DAY_FIRST])
def test_a_last_row_that_alone_has_another_day_is_asked_about(pattern):
    bars = walk(minutes("2013-10-10T09:00", 16, 60))
    other = pattern.replace("%m", "%x").replace("%d", "%m").replace("%x", "%d")
    path = save("bars.csv", text(cells(bars, spelled(pattern))).rstrip("\n"))
    mine, theirs = ("mdy", "dmy") if pattern in MONTH_FIRST else ("dmy", "mdy")
    swapped = [time.replace(month=time.day, day=time.month) for time in bars.times]
    assert spelled(other)(swapped[-1]) == spelled(pattern)(bars.times[-1])
    must_ask(path, "--date-order", {mine: bars, theirs: Known(swapped, bars.prices)})


@pytest.mark.parametrize("hole", ["--", "n/a", "?"])
def test_months_with_a_cell_that_is_no_time_are_asked_about_as_days_are(hole):
    """12/01, 11/01, --, 09/01, newest first: months, or days."""
    rows = cells(walk(months(2004, 12)[6:]), spelled("%m/%d/%Y"))[::-1]
    rows[2][0] = hole
    path = save("months.csv", text(rows))
    with pytest.raises(bl.InputError, match=r"--date-order"):
        bl.open_bars(path, on_bad_rows="drop")


@pytest.mark.parametrize("bad", ["n/a", "-", "?"])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cell", [0, 3])
def test_a_bad_row_between_does_not_turn_open_and_close_round(bad, backwards, cell):
    """Without a header, opens are told by the closes before them: of neighbours, never across a row that is left out."""
    for seed in range(12):
        bars = walk(minutes("1993-07-06T00:00", 6, 60), "1.08000", 40, seed=seed)
        rows = [[str(int(row)), *row_cells[1:]] for row, row_cells in zip(bars.timestamp, cells(bars), strict=True)]
        rows[2][cell] = bad
        content = text(rows[::-1] if backwards else rows, None)
        got = drawn(bl.open_bars(save("bars.csv", content), on_bad_rows="drop:any"))
        kept = [at for at in range(6) if at != 2]
        for name in ("open", "close"):
            np.testing.assert_array_equal(got[name], bars.column(name)[kept], err_msg=f"{name} of seed {seed}")


def test_decimal_commas_that_look_like_thousands_in_most_rows_are_no_order_of_their_own():
    """110,123 is a number with a point as well, 110,12 is none: the reading that reads all rows tells the columns."""
    bars = walk(minutes("2021-01-05T00:00", 40, 60), "110.123", 40)

    def shortened(price):
        return plain(price).rstrip("0").rstrip(".").replace(".", ",")

    reads(save("bars.csv", text(cells(bars, number=shortened), None, ";")), bars)


@pytest.mark.parametrize("pattern", ["{y}/{m}/{d}", "{y}-{m}-{d}", "{y}.{m}.{d}"])
def test_six_digits_are_a_clock_beside_a_short_date(pattern):
    bars = walk(minutes("2021-08-09T00:00", 9, 60))
    rows = [[f"{time:%y}{pattern[3]}{time.month}{pattern[3]}{time.day}", f"{time:%H%M%S}", *row[1:]]
            for time, row in zip(bars.times, cells(bars), strict=True)]  # fmt: skip
    reads(save("bars.csv", text(rows, ("Day", "Time", "Open", "High", "Low", "Close"))), bars)


@pytest.mark.parametrize("mark", "/-.")
def test_a_day_of_a_month_is_no_year_where_years_would_turn_back(mark):
    """31/7/14, then 1/8/14: days first; by years it would be 2031, then 2001."""
    bars = walk(days("2014-07-30T00:00", 3) if mark == "." else minutes("2014-07-31T00:00", 400, 5))
    reads(
        save(
            "bars.csv",
            text(
                [
                    [f"{time.day}{mark}{time.month}{mark}{time:%y} {time:%H:%M}", *row[1:]]
                    for time, row in zip(bars.times, cells(bars), strict=True)
                ]
            ),
        ),
        bars,
    )
