"""The spellings that can be only one thing: such a file has to be read without an option.

Each rule has a name and its reason. A case whose every part (dates, clock, numbers, columns, lines around, packing) falls under
one of these rules is refused needlessly if it is refused; a case with a part under none may be asked for, with an option.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from typing import NamedTuple

ONLY_ONE = {
    # -- dates
    # Nobody writes year, day, month; four digits that come first are the year.
    "year first": "a year of four digits before two numbers: year, month, day",
    # Words name the month; of the two numbers beside it the one of four digits is the year, and two digits of a year
    # are written behind the month (20-Oct-21), never before it.
    "month by name": "the month is a word, in English, German, French, Spanish, Portuguese, Italian or Dutch",
    # A 13th month or a 30th of February does not exist: one such cell anywhere decides for all.
    "impossible otherwise": "in every other order of the numbers some date of the file does not exist",
    # Bars are in the order of time (or all backwards); an order in which they jump to and fro is none.
    "rises in one order": "of three or more dates, times rise (or fall) from row to row in one order of the numbers only",
    # Bars of a day stand beside those of the next trading day, not beside those a month later, time after time.
    "day by day": "three or more dates of several bars each that follow within four days, and leap by a month otherwise",
    # Bars of months that go on over New Year: read as days they would be twelve days, a hole of a year, twelve days.
    "month by month": "thirteen or more bars, each a month after the one before, and with holes otherwise",
    # -- digits without marks
    # As many digits as the calendar has, in all cells, no other calendar of as many digits fits, and as an epoch they would
    # be of the future, or steps of thousandths of a second: no bars.
    "digits are a calendar": "one calendar fits the digits of all cells, and no epoch that could be bars",
    # The unit by size, value by value, as docs/data.md says; below 1e9 where no calendar fits.
    "epoch by size": "no calendar fits, the size tells the unit, the steps are those of bars",
    # -- time of day
    "clock with colons": "hours, minutes, seconds between colons, with AM or PM or 24 hours",
    # 0931 is padded to four digits and 093100 to six: HHMMSS would have six and HHMM four.
    "clock of padded digits": "four digits in all cells are HHMM, six are HHMMSS",
    # 93100 has no reading as HHMM.
    "clock of five digits": "unpadded digits with five or six somewhere are HHMMSS",
    "date alone": "a date without a time of day begins at midnight",
    # -- zones
    "offset in each time": "Z, UTC, GMT, +01:00, +0100 or GMT+0900 behind each time says its clock",
    # -- numbers
    "no mark": "digits alone are a whole number",
    # A group of thousands has three digits and does not begin with 0; with one cell that is otherwise, the mark is decimal;
    # with both marks in one cell the last is; a mark that stands twice in a cell is the thousands one.
    "marks say it": "only one reading of the marks fits all price cells",
    # A price does not become a thousandth from bar to bar: 998 and 1.002 are whole numbers.
    "no leap of a thousand": "of two readings one makes prices leap a hundredfold or more",
    # Where a comma parts the cells, a bare point is the decimal one: CSV as all programs write it.
    "point beside commas": "points without quotes in a file separated by commas are decimal",
    # -- columns
    "usual names": "date, time, open, high, low, close (or last), volume in any case, <IN ANGLES>, with blanks around",
    "names in other scripts": "usual names in Chinese, Japanese or Russian, in their old encodings too: the names prove those",
    # High is the highest and low the lowest, and opens lie at the close before: one order of columns is far nearer than others.
    "bars tell the order": "no header, and one order of prices fits best by a factor of two",
    "open and close time": "of two times the one named for the open is the open",
    "columns without a name": "an index without a name counts from 0, and a separator at the end has nothing behind it: not bars",
    "one symbol": "a column named symbol, ticker, contract, name, instrument or pair with one value tells no rows apart",
    # -- around the bars
    "lines around": "titles, addresses, blank lines and # are no bars: they have not the cells of one",
    "encoding by mark": "UTF-8, or UTF-16 with a byte-order mark",
    "newest first": "times that fall from row to row are the same bars backwards",
    "packed": "gzip, or a zip in which one file only holds bars",
    "vendor": "the exact layout of a vendor in docs/data.md: it sets order, clock and stamp",
}  # fmt: skip


class Verdict(NamedTuple):
    """The rule by which a part can be only one thing, or else the option that is expected to settle it."""

    rule: str = ""
    option: str = ""


Triple = tuple[str, str, str]
ORDERS = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}  # where year, month, day stand


def two_digit_year(number: int) -> int:
    return number + (2000 if number <= 68 else 1900)


def date_of(triple: Triple, order: str) -> datetime.date | None:
    """The date of three numbers in an order; None where there is no such day."""
    year, month, day = (triple[place] for place in ORDERS[order])
    if len(month) > 2 or len(day) > 2 or len(year) not in (2, 4):
        return None
    number = two_digit_year(int(year)) if len(year) == 2 else int(year)
    try:
        found = datetime.date(number, int(month), int(day))
    except ValueError:
        return None
    return found if 1900 <= found.year < 2100 else None


def judge_order(triples: Sequence[Triple], clocks: Sequence[int], truth: str, *, grid: str) -> Verdict:
    """Judge dates of three numbers by all rows of a file; ``clocks`` are the times of day, in any unit."""
    readings: dict[str, list[datetime.date]] = {}
    known: dict[tuple[Triple, str], datetime.date | None] = {}
    for order in ORDERS:
        dates = []
        for triple in triples:
            key = (triple, order)
            if key not in known:
                known[key] = date_of(triple, order)
            date = known[key]
            if date is None:
                break
            dates.append(date)
        else:
            readings[order] = dates
    mine = readings.pop(truth)
    if not readings:
        return Verdict("year first" if len(triples[0][0]) == 4 else "impossible otherwise")
    others = [dates for dates in readings.values() if _in_order(dates, clocks)]
    if not others and _in_order(mine, clocks) and len(set(triples)) >= 3:
        return Verdict("rises in one order")
    if all(dates != mine for dates in others) and _steps_decide(mine, others, grid):
        return Verdict("month by month" if grid == "month" else "day by day")
    return Verdict(option="date-order")


def _in_order(dates: Sequence[datetime.date], clocks: Sequence[int]) -> bool:
    pairs = list(zip(dates, clocks, strict=True))
    rising = all(one <= two for one, two in itertools.pairwise(pairs))
    return rising or all(one >= two for one, two in itertools.pairwise(pairs))


def _steps_decide(mine: Sequence[datetime.date], others: Sequence[Sequence[datetime.date]], grid: str) -> bool:
    steps = _steps(mine)
    if grid == "month":
        return (
            len(mine) >= 13 and all(28 <= step <= 31 for step in steps) and all(max(_steps(one)) > 45 for one in others)
        )
    several = len(mine) >= 2 * (len(steps) + 1)  # two bars a date or more, on average
    intraday = grid in ("minute", "five", "hour") and several and len(steps) >= 2
    return intraday and max(steps) <= 4 and all(max(_steps(one), default=0) >= 28 for one in others)


def _steps(dates: Sequence[datetime.date]) -> list[int]:
    """Days between dates that follow one another, those of the same date left out."""
    steps = (abs((two - one).days) for one, two in itertools.pairwise(dates))
    return [step for step in steps if step]
