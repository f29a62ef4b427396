"""The order of day and month comes from evidence in the whole file, whatever the separator, or is asked for."""

from __future__ import annotations

import json

import pytest

import barloom as bl
from faults.field.asked import file_refused, is_read, matches, must_ask, read_or_asked, reads
from faults.field.files import HEADER, cells, months, save, sessions, spelled, text, walk, weekdays
from helpers.chunks import drawn
from helpers.command import run_here

WEEK = walk(sessions("2019-03-04T09:30", 5, 39, 10))  # 4 to 8 March: no day above 12
DAYS = walk(weekdays("2019-11-01", 42))
MONTHS = walk(months(2000, 240))


@pytest.mark.parametrize(
    ("pattern", "order"),
    [("%m-%d-%Y %H:%M", "mdy"), ("%d.%m.%Y %H:%M", "dmy"), ("{d}/{m}/%y {H}:%M", "dmy"), ("{m}.{d}.%Y {H}:%M", "mdy")],
)
def test_days_that_follow_one_another_are_the_order(pattern, order):
    path = save("us.csv", text(cells(WEEK, spelled(pattern))))
    reads(path, WEEK)
    reads(path, WEEK, date_order=order)


@pytest.mark.parametrize("pattern", ["%d-%m-%Y", "%d.%m.%Y", "{m}/{d}/%Y", "%m-%d-%y"])
def test_the_first_of_each_month_is_no_row_of_januaries(pattern):
    reads(save("first_of_month.csv", text(cells(MONTHS, spelled(pattern)))), MONTHS)


@pytest.mark.parametrize("separator", ["-", ".", "/", " "])
def test_one_date_alone_is_asked_for_in_both_readings(separator):
    march = walk(sessions("2019-03-04T09:30", 1, 39, 10))
    april = march.at([time.replace(month=4, day=3) for time in march.times])
    path = save("day.csv", text(cells(march, spelled(f"%m{separator}%d{separator}%Y %H:%M"))))
    must_ask(path, "--date-order", {"mdy": march, "dmy": april})


@pytest.mark.parametrize("pattern", ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y"])
def test_two_dates_prove_nothing(pattern):
    """4 March and 4 April, or 3 April and 4 April."""
    times = sessions("2019-04-03T09:30", 2, 20, 10)
    bars = walk(times)
    other = bars.at([time.replace(month=time.day, day=4) for time in times])
    path = save("two.csv", text(cells(bars, spelled(f"{pattern} %H:%M"))))
    must_ask(path, "--date-order", {"dmy": bars, "mdy": other})


@pytest.mark.parametrize("pattern", ["09/01/2020 %H:%M", "09.01.2020 %H:%M", "09-01-20 %H:%M:%S", "9 1 2020 %H:%M"])
def test_minutes_of_one_ambiguous_day_ask_and_a_time_format_answers(pattern):
    september = walk(sessions("2020-09-01T00:00", 1, 400, 1))
    january = september.at([time.replace(month=1, day=9) for time in september.times])
    path = save("ambiguous_minutes.csv", text(cells(september, spelled(pattern))))
    must_ask(path, "--date-order", {"mdy": september, "dmy": january})
    template = spelled(pattern)(september.times[0]).replace("00:00:00", "%H:%M:%S").replace("00:00", "%H:%M")
    mark = template[2] if template[0] == "0" else " "
    year = "%Y" if "2020" in template else "%y"
    clock = template[template.index("%") :]
    reads(path, january, time_format=mark.join(["%d", "%m", year]) + " " + clock)
    reads(path, september, time_format=mark.join(["%m", "%d", year]) + " " + clock)


ODD = ["-", "n/a", "31/02/2019 10:00", "12/31/1899 00:00x", "#VALUE!"]


@pytest.mark.parametrize("place", [0, 100, 195])
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_cell_decides_nothing(odd, place):
    rows = cells(WEEK, spelled("%m/%d/%Y %H:%M"))
    junk = [odd, "100", "101", "99", "100"]
    path = save("junk.csv", text([*rows[:place], junk, *rows[place:]]))
    read_or_asked(path, WEEK, "--date-order", "mdy", on_bad_rows="drop")
    code, out, err = run_here("data", "info", path)
    assert (code, "2019-03-04" in out) == (0, True) or (code == 2 and "--date-order" in err)


@pytest.mark.parametrize("pattern", ["{m}/{d}/%Y", "{d}.{m}.%Y", "{d}-{m}-%y", "{m} {d} %Y"])
def test_a_day_above_twelve_counts_wherever_it_stands(pattern):
    path = save("excel.csv", text(cells(DAYS, spelled(pattern))))
    reads(path, DAYS)
    code, out, _ = run_here("data", "check", path, "--format", "json")
    assert code == 0 and json.loads(out)["verdict"] != "bad rows"


@pytest.mark.parametrize("pattern", ["%m-%d-%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"])
def test_proof_in_the_last_rows_of_many_counts(pattern):
    """Ten days of minutes from the 3rd to the 12th, and then the 13th."""
    late = walk(sessions("2019-06-03T00:00", 11, 1440, 1))
    reads(save("late.csv", text(cells(late, spelled(pattern)))), late)


@pytest.mark.parametrize("pattern", ["%y-%m-%d", "%d-%m-%y", "%m-%d-%y"])
def test_three_numbers_of_two_digits_are_told_by_their_steps(pattern):
    bars = walk(weekdays("2020-10-20", 65))
    reads(save("short.csv", text(cells(bars, spelled(pattern)))), bars)


@pytest.mark.parametrize("order", ["dmy", "mdy", "ymd"])
def test_an_order_that_the_file_disproves_reads_nothing_else(order):
    path = save("excel.csv", text(cells(DAYS, spelled("{m}/{d}/%Y"))))
    got = is_read(path, date_order=order)
    if order == "mdy":
        matches(drawn(bl.open_bars(path, date_order=order)), DAYS)
    else:
        assert got is None
        file_refused(path, "--date-order", date_order=order)


def test_the_newest_first_are_told_all_the_same():
    path = save("newest.csv", text(cells(DAYS, spelled("{d}/{m}/%Y"))[::-1], HEADER))
    reads(path, DAYS)
