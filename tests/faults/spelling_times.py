"""Spellings of times: what a cell looks like, how it is read back, and what else all cells of a file could mean."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from faults.spelling_bars import EPOCH, Bars, nanoseconds
from faults.spelling_digits import DIGITS, EPOCHS, excel_serial, judge_digits, parse_digits
from faults.spelling_rules import ORDERS, Triple, Verdict, judge_order, two_digit_year
from faults.spelling_words import MONTHS_OF, WEEKDAYS

HOUR = datetime.timedelta(hours=1)
NAMED = (
    "{d:02}-{m}-{y}", "{d}-{m}-{y}", "{d} {m} {y}", "{d:02} {m} {y}", "{d:02}/{m}/{y}", "{d}. {m} {y}", "{d:02}.{m}.{y}",
    "{m} {d}, {y}", "{m} {d:02}, {y}", "{y}-{m}-{d:02}", "{d:02}{m}{y}", "{d:02}-{m}-{yy:02}", "{d} {m} {yy:02}",
)  # fmt: skip
CLOCKS = {
    "HH:MM": "%H:%M", "H:MM": "%H:%M", "HH:MM:SS": "%H:%M:%S", "H:MM:SS": "%H:%M:%S", "HH:MM:SS.fff": "%H:%M:%S.%f",
    "hh:MM AM": "%I:%M %p", "h:MM AM": "%I:%M %p", "h:MM:SS AM": "%I:%M:%S %p", "hh:MM:SS am": "%I:%M:%S %p",
    "HHMM": "%H%M", "HHMMSS": "%H%M%S", "hmm": "", "hmmss": "",
}  # fmt: skip
# How an offset is written behind the time; {s} is the sign, {h} and {m} hours and minutes.
ZONES = (
    "Z",
    " UTC",
    " GMT",
    "{s}{h:02}:{m:02}",
    " {s}{h:02}:{m:02}",
    "{s}{h:02}{m:02}",
    " {s}{h:02}{m:02}",
    " GMT{s}{h:02}{m:02}",
)


@dataclass(frozen=True)
class Times:
    """A spelling of times. ``kind``: numbers, named, digits, epoch or excel; the rest says how, where it applies."""

    kind: str
    order: str = "ymd"
    mark: str = "-"
    padded: bool = True
    short_year: bool = False
    pattern: str = ""
    language: str = "en-short"
    upper: bool = False
    weekday: str = ""
    digits: str = ""  # a name of DIGITS or EPOCHS
    clock: str = ""  # a name of CLOCKS; empty: the date alone
    join: str = " "  # between date and time of day; "columns" for a column each
    zone: str = ""
    offset: int = 0  # minutes east of UTC

    def local(self, time: datetime.datetime) -> datetime.datetime:
        return time + datetime.timedelta(minutes=self.offset)

    def triple(self, time: datetime.datetime) -> Triple:
        """The three numbers of a date as they are written, in their order."""
        year = f"{time.year % 100:02}" if self.short_year else str(time.year)
        width = 2 if self.padded else 1
        places = dict(zip(ORDERS[self.order], (year, f"{time.month:0{width}}", f"{time.day:0{width}}"), strict=True))
        return places[0], places[1], places[2]

    def _date(self, time: datetime.datetime) -> str:
        if self.kind == "named":
            month = MONTHS_OF[self.language][time.month - 1]
            month = month.upper() if self.upper else month
            text = self.pattern.format(d=time.day, m=month, y=time.year, yy=time.year % 100)
            return f"{WEEKDAYS[self.weekday][time.weekday()]}, {text}" if self.weekday else text
        return self.mark.join(self.triple(time))

    def _clock(self, time: datetime.datetime) -> str:
        if self.clock in ("hmm", "hmmss"):
            return str(int(time.strftime("%H%M" if self.clock == "hmm" else "%H%M%S")))
        text = time.strftime(CLOCKS[self.clock])
        if self.clock == "HH:MM:SS.fff":
            text = text[:-3]
        if self.clock.startswith(("H:", "h:")) and text.startswith("0"):
            text = text[1:]
        return text.lower() if self.clock.endswith("am") else text

    def write(self, time: datetime.datetime) -> list[str]:
        """The cell of a time in UTC, or the two cells."""
        local = self.local(time)
        if self.kind == "epoch":
            return [str(nanoseconds(time) // EPOCHS[self.digits])]
        if self.kind == "excel":
            return [excel_serial(local)]
        if self.kind == "digits" and self.digits not in ("ymd", "dmy", "mdy"):
            return [local.strftime(DIGITS[self.digits])[: 17 if self.digits == "17" else None]]
        date = "".join(self.triple(local)) if self.kind == "digits" else self._date(local)
        if not self.clock:
            return [date]
        if self.join == "columns":
            return [date, self._clock(local)]
        sign, minutes = "-" if self.offset < 0 else "+", abs(self.offset)
        return [f"{date}{self.join}{self._clock(local)}{self.zone.format(s=sign, h=minutes // 60, m=minutes % 60)}"]

    def parse(self, cells: Sequence[str]) -> int:
        """Nanoseconds UTC of the cell or the two, by this spelling and nothing else."""
        if self.kind in ("epoch", "excel") or (self.kind == "digits" and self.digits not in ("ymd", "dmy", "mdy")):
            return parse_digits(self.digits or "excel", cells[0])
        if self.join == "columns" and self.clock:
            date, clock = cells
        elif self.clock:
            text = cells[0]
            sign, minutes = "-" if self.offset < 0 else "+", abs(self.offset)
            text = text.removesuffix(self.zone.format(s=sign, h=minutes // 60, m=minutes % 60))
            blanks = text.count(self.join) - (self.clock.lower().endswith(" am") and self.join == " ")
            pieces = text.split(self.join)
            date, clock = self.join.join(pieces[:blanks]), self.join.join(pieces[blanks:])
        else:
            date, clock = cells[0], ""
        return nanoseconds(
            self._parse_date(date.strip()) + self._parse_clock(clock) - datetime.timedelta(minutes=self.offset)
        )

    def _parse_date(self, text: str) -> datetime.datetime:
        if self.kind == "named":
            if self.weekday:
                text = text.partition(", ")[2]
            month = max((word for word in _months(self.language) if word in text.lower()), key=len)
            number = _months(self.language).index(month) + 1
            left = (
                text.lower()
                .replace(month, " ")
                .replace("-", " ")
                .replace("/", " ")
                .replace(".", " ")
                .replace(",", " ")
                .split()
            )
            year, day = (left[0], left[1]) if self.pattern.startswith("{y}") else (left[1], left[0])
            return datetime.datetime(two_digit_year(int(year)) if len(year) == 2 else int(year), number, int(day))
        if self.kind == "digits":
            cuts = (0, 4, 6, 8) if self.order == "ymd" else (0, 2, 4, 8)
            pieces = [text[one:two] for one, two in itertools.pairwise(cuts)]
        else:
            pieces = text.split(self.mark)
        year, month, day = (pieces[place] for place in ORDERS[self.order])
        return datetime.datetime(two_digit_year(int(year)) if len(year) == 2 else int(year), int(month), int(day))

    def _parse_clock(self, text: str) -> datetime.timedelta:
        if not self.clock:
            return datetime.timedelta()
        if ":" not in self.clock:
            text = text.zfill(4 if self.clock in ("hmm", "HHMM") else 6)
            hour, minute, second = int(text[:2]), int(text[2:4]), int(text[4:] or 0)
        else:
            clock, _, half = text.partition(" ")
            pieces = clock.split(":")
            hour, minute, second = int(pieces[0]), int(pieces[1]), int(float(pieces[2])) if len(pieces) > 2 else 0
            if half:
                hour = hour % 12 + (12 if half.lower() == "pm" else 0)
        return datetime.timedelta(hours=hour, minutes=minute, seconds=second)

    def judge(self, bars: Bars) -> list[Verdict]:
        """Judge the cells of all bars, in the order of time: the date, the clock, the zone."""
        if self.kind == "excel":
            return [Verdict(option="time-format")]
        if self.kind == "epoch" or (self.kind == "digits" and self.digits not in ("ymd", "dmy", "mdy")):
            return [
                judge_digits(
                    self.digits,
                    [self.write(time)[0] for time in bars.times],
                    [nanoseconds(time) for time in bars.times],
                )
            ]
        local = [self.local(time) for time in bars.times]
        if self.kind == "named":
            found = [Verdict("month by name")]
        else:
            seconds = [time.hour * 3600 + time.minute * 60 + time.second for time in local]
            found = [judge_order([self.triple(time) for time in local], seconds, self.order, grid=bars.grid)]
            if self.kind == "digits" and found[0].rule == "year first":
                found = [Verdict("digits are a calendar")]
        found.append(self._judge_clock([self._clock(time) for time in local] if self.clock else []))
        return [*found, Verdict("offset in each time")] if self.zone else found

    def _judge_clock(self, cells: Sequence[str]) -> Verdict:
        if not cells:
            return Verdict("date alone")
        if ":" in self.clock:
            return Verdict("clock with colons")
        if self.clock in ("HHMM", "HHMMSS"):
            return Verdict("clock of padded digits")
        if self.clock == "hmmss" and any(len(cell) > 4 for cell in cells):
            return Verdict("clock of five digits")
        return Verdict(option="time-format")


def _months(language: str) -> list[str]:
    return [name.lower() for name in MONTHS_OF[language]]


def choose_times(random: Random, bars: Bars) -> Times:
    """A spelling that can say the times of these bars."""
    kind = random.choices(("numbers", "named", "digits", "epoch", "excel"), (46, 16, 16, 14, 2))[0]
    if kind == "excel" and bars.intraday:
        kind = "numbers"
    if kind == "epoch":
        return Times("epoch", digits=random.choice(list(EPOCHS)))
    if kind == "excel":
        return Times("excel")
    if kind == "digits":
        return _choose_digits(random, bars)
    if kind == "named":
        times = Times(
            "named", pattern=random.choice(NAMED), upper=random.random() < 0.15,
            language=random.choice(("en", "en-short", "en-short", *MONTHS_OF)), weekday=random.choice(("", "", "", "en", "en-short")),
        )  # fmt: skip
        return _with_clock(random, bars, times)
    times = Times(
        "numbers", order=random.choice(("ymd", "ymd", "dmy", "mdy")), mark=random.choice("--//. ."),
        padded=random.random() < 0.7, short_year=random.random() < 0.15,
    )  # fmt: skip
    return _with_clock(random, bars, times)


def _choose_digits(random: Random, bars: Bars) -> Times:
    whole = ["12", "14", "17", "12-short"] + (["10", "10", "10-short"] if bars.grid == "hour" else ["10-short"])
    if bars.intraday and random.random() < 0.7:
        return Times("digits", digits=random.choice(whole))
    if not bars.intraday and random.random() < 0.15:
        return Times("digits", digits="14")
    order = random.choice(("ymd", "ymd", "dmy", "mdy"))
    return _with_clock(random, bars, Times("digits", order=order, digits=order, mark=""))


def _with_clock(random: Random, bars: Bars, times: Times) -> Times:
    if not bars.intraday and random.random() < 0.75:
        return times
    columns = random.random() < 0.25
    names = list(CLOCKS) if columns else [name for name in CLOCKS if name not in ("hmm", "hmmss")]
    if times.kind == "named" and not columns:
        names = [name for name in names if ":" in name]
    clock = random.choice(names)
    joins = [" ", " ", " ", "  "] + ([", "] if ":" in clock else [])
    iso = (
        times.kind == "numbers" and times.order == "ymd" and times.mark == "-" and times.padded and not times.short_year
    )
    if iso and not columns and random.random() < 0.6:
        clock, joins = random.choice(("HH:MM", "HH:MM:SS", "HH:MM:SS.fff")), ["T"]
    times = replace(times, clock=clock, join="columns" if columns else random.choice(joins))
    if not columns and ":" in clock and not clock.lower().endswith(" am") and random.random() < 0.45:
        zone = random.choice(ZONES)
        offset = random.choice((0, 60, 120, -300, 330, 540)) if "{" in zone else 0
        if bars.times[0] + datetime.timedelta(minutes=offset) > EPOCH:
            times = replace(times, zone=zone, offset=offset)
    return times
