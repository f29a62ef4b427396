"""The reading of a column of times, told from its cells: one, or several between which more cells or a user decide."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barloom.bars.cells import moments
from barloom.bars.cells.digits import CALENDARS, Calendar, calendar_of
from barloom.bars.cells.moments import ORDERS, Order
from barloom.bars.cells.options import CellOptions
from barloom.bars.cells.readings import EARLY, TimeReading
from barloom.bars.cells.trials import FEW, LEAST_STEP, Trial, judged, proven
from barloom.bars.iso_time import iso
from barloom.bars.times import FIRST_TIME
from barloom.bars.times_of_day import zone_of
from barloom.errors import InputError

Ints = npt.NDArray[np.int64]
WHOLE = re.compile(r"[+-]?\d{1,18}|[+-]?[0-8]\d{18}")
DECIMAL = re.compile(r"[+-]?\d+\.\d*")
NAMED_ZONE = re.compile(r"[\dmM] ([A-Za-z]+(?:/[A-Za-z_]+)+)$")
SURE = 6  # cells that are all dates of a calendar, for numbers of 1970 to be none
FLAGS = 200  # first cells that tell if all have an offset
SHOWN = 2000  # whole numbers of an array that are looked at
MOST_STILL = 4  # cells from which those that stay the same are looked at
EXCEL = (10_000, 110_000)  # days of 1927 to 2201


class Telling:
    """The readings of a column that its cells leave open; one is left, or more cells are taken until one is.

    Attributes:
        readings: those still open, at least one.
    """

    def __init__(self, label: str, readings: Sequence[TimeReading], prior: Order | None = None) -> None:
        self.label = label
        self.readings = list(readings)
        self._trials = [Trial(str(number)) for number in range(len(self.readings))]
        self.prior = prior
        self._unlike: tuple[str, list[int]] | None = None
        self._twins = {(one, other) for other in range(len(self.readings)) for one in range(other)}

    @property
    def settled(self) -> TimeReading | None:
        """The only reading left."""
        return self.readings[0] if len(self.readings) == 1 else None

    @property
    def still(self) -> bool:
        """Tell if most cells are the one before again."""
        trial = self._trials[0]
        return trial.read >= MOST_STILL and (trial.up + trial.down) * 2 < trial.read

    def take(self, cells: Any) -> None:
        """Take the next cells, an Arrow array of trimmed text."""
        times = [read_cells(cells, reading) for reading in self.readings]
        for trial, found in zip(self._trials, times, strict=True):
            trial.add(found)
        self._twins = {(one, other) for one, other in self._twins if (times[one] == times[other]).all()}
        if self._unlike is None:
            table = np.stack(times)
            differ = np.flatnonzero((table != table[0]).any(axis=0) & (table != FIRST_TIME).all(axis=0))
            if len(differ):
                at = int(differ[0])
                self._unlike = str(cells[at].as_py()), table[:, at].tolist()

    def judge(self, final: bool = False) -> TimeReading | None:
        """The reading that cells prove so far; after the last of them, the only one that makes bars."""
        if self.settled is not None:
            return self.settled
        epochs = [n for n, reading in enumerate(self.readings) if reading.style == "epoch"]
        if epochs and len(self.readings) > 1:
            return self._epoch_or_calendar(final)
        trials = self._trials
        if final:
            # What reads every cell as another reading does is that reading: 10-10-2013 in all orders.
            again = {other for _, other in self._twins}
            trials = [trial for number, trial in enumerate(trials) if number not in again]
            if len(trials) == 1:
                return self.readings[int(trials[0].name)]
        best = judged(trials) if final or trials[0].cells >= 20 else proven(trials)
        if best is None and self.prior is not None:
            vendor = [n for n, reading in enumerate(self.readings) if reading.order == self.prior]
            if vendor and self._trials[vendor[0]].read == max(trial.read for trial in self._trials):
                best = self._trials[vendor[0]]
        return None if best is None else self.readings[int(best.name)]

    def _epoch_or_calendar(self, final: bool) -> TimeReading | None:
        """Digits that are moments of a calendar are no epochs unless those alone step like bars."""
        most = max(trial.read for trial in self._trials)
        if any(reading.style == "excel" for reading in self.readings):
            return None
        calendars = [
            trial for trial, reading in zip(self._trials, self.readings, strict=True) if reading.style == "digits"
        ]
        fitting = [trial for trial in calendars if trial.read == most and trial.ordered]
        if fitting and self._trials[0].cells >= SURE and any(reading.early for reading in self.readings):
            best = fitting[0] if len(fitting) == 1 else judged(fitting) if final else None
            return None if best is None else self.readings[int(best.name)]
        likely = [
            n
            for n, trial in enumerate(self._trials)
            if trial.read >= (1 - FEW) * most and trial.read > 1 and trial.steps_like_bars
        ]
        if len(likely) == 1:
            return self.readings[likely[0]]
        best = proven(self._trials)
        if best is not None and (not final or best.steps_like_bars):
            return self.readings[int(best.name)] if best.steps_like_bars else None
        if likely and final:
            left = [self._trials[n] for n in likely]
            best = judged(left)
            return None if best is None else self.readings[int(best.name)]
        return None

    def question(self) -> str:
        """The question to the user if no cell decides: both readings of a cell, and the option that settles it."""
        if any(reading.style == "excel" for reading in self.readings) and not any(
            trial.steps_like_bars
            for trial, one in zip(self._trials, self.readings, strict=True)
            if one.style != "excel"
        ):
            number = next(n for n, reading in enumerate(self.readings) if reading.style == "excel")
            cell, times = self._unlike or ("", [FIRST_TIME] * len(self.readings))
            return (
                f"{self.label} has '{cell[:60]}' as time, which is no epoch of bars; as days of Excel it is "
                f"{iso(times[number]).removesuffix('Z')}: say so with --time-format excel"
            )
        shown = []
        cell, times = self._unlike or ("", [])
        for number, reading in enumerate(self.readings):
            when = iso(times[number]).removesuffix("Z") if times else "one thing"
            shown.append(f"{when} with {option_of(reading)}")
        many = ", ".join(shown[:-1]) + (" or " if len(shown) > 1 else "") + shown[-1]
        return (
            f"{self.label} has times such as '{cell[:60]}', which is {many}, and nothing in the file tells which: "
            "give the option that is right"
        )


def option_of(reading: TimeReading) -> str:
    """The option that says a reading."""
    if reading.calendar is not None:
        return f"--time-format {reading.calendar.template}"
    if reading.style in ("epoch", "decimal"):
        return f"--time-format {reading.epoch}"
    if reading.style == "excel":
        return "--time-format excel"
    return f"--date-order {reading.order}"


def read_cells(cells: Any, reading: TimeReading) -> Ints:
    """Trimmed text as nanoseconds by a reading, cell by cell."""
    import pyarrow as pa
    from pyarrow import compute

    if reading.style == "text":
        return reading.to_ns(cells)
    patterns = {"epoch": r"^[+-]?([0-9]{1,18}|[0-8][0-9]{18})$", "digits": r"^[0-9]{1,18}$"}
    pattern = patterns.get(reading.style)
    if pattern is None:
        pattern = r"^[+-]?[0-9]+(\.[0-9]*)?$" if reading.style in ("decimal", "excel") else None
    if pattern is not None:
        fits = compute.match_substring_regex(cells, pattern)
        if reading.style == "digits" and reading.calendar is not None:
            fits = compute.and_(fits, compute.equal(compute.utf8_length(cells), reading.calendar.width))
        known = compute.if_else(fits, cells, pa.scalar(None, cells.type))
        return reading.to_ns(known.cast(reading.arrow_type))
    try:
        return reading.to_ns(cells.cast(reading.arrow_type))
    except pa.ArrowInvalid:
        pass
    found = np.full(len(cells), FIRST_TIME, dtype=np.int64)
    for at, cell in enumerate(cells.to_pylist()):
        try:
            found[at] = reading.to_ns(pa.array([cell]).cast(reading.arrow_type))[0]
        except pa.ArrowInvalid:
            continue
    return found


def tell_times(
    label: str,
    cells: Sequence[str],
    options: CellOptions,
    *,
    where: str = "",
    clock_digits: int = 0,
    prior: Order | None = None,
) -> Telling:
    """The readings of a column of times that begins with some cells.

    Args:
        label: what a user knows the file by.
        cells: the first ones, date and time of day joined by a blank where they have two columns.
        options: what a user says of them.
        where: the column, for a message.
        clock_digits: see ``TimeReading``.
        prior: the order in which the vendor of the file writes dates.

    Raises:
        InputError: no cell is a time in any way known here, or by the format that a user gives.
    """
    import pyarrow as pa

    given = [cell.strip() for cell in cells if cell.strip()]
    if not given:
        raise InputError(unknown(label, given, where))
    if options.time_format is not None and not options.clock_digits:
        readings = [_told(label, given, options, where, clock_digits)]
    else:
        numbers = [cell for cell in given if WHOLE.fullmatch(cell)]
        decimals = [cell for cell in given if DECIMAL.fullmatch(cell)]
        if len(numbers) * 2 > len(given) and not clock_digits:
            readings = _whole(numbers)
        elif (len(decimals) + len(numbers)) * 2 > len(given) and decimals and not clock_digits:
            readings = _decimals(decimals)
        else:
            readings = _text(label, given, clock_digits, options.date_order)
    if not readings:
        raise InputError(unknown(label, given, where))
    telling = Telling(label, readings, prior)
    telling.take(pa.array(given, pa.string()))
    _sane(telling, label, given, where)
    return telling


def unknown(label: str, cells: Sequence[str], where: str) -> str:
    """The refusal of times that are written in no way known here."""
    shown = cells[0][:60] if cells else ""
    return (
        f"{label} has '{shown}' as time in data row 1{where}: say how times are written with --time-format: "
        "%d-%b-%y %H:%M reads 05-Mar-24 09:30; or choose the column with --columns"
    )


def _told(label: str, cells: Sequence[str], options: CellOptions, where: str, clock_digits: int) -> TimeReading:
    """The reading of a format that a user gives."""
    told = options.time_format
    assert told is not None
    if told.word is not None:
        whole = all(WHOLE.fullmatch(cell) for cell in cells)
        if told.word == "excel":
            reading = TimeReading("excel", asked=True)
        else:
            reading = TimeReading("epoch" if whole else "decimal", epoch=told.word, asked=True)
    else:
        calendar = None if clock_digits else calendar_of(told.text)
        assert told.grammar is not None
        zoned = "%z" in told.text
        dates_only = not any(mark in told.text for mark in ("%H", "%I", "%T", "%R"))
        reading = TimeReading(
            "digits" if calendar else "text",
            calendar=calendar,
            grammar=told.grammar,
            offset=zoned,
            dates_only=dates_only,
            clock_digits=clock_digits,
            asked=True,
        )
    import pyarrow as pa

    if not (read_cells(pa.array(list(cells), pa.string()), reading) != FIRST_TIME).any():
        shown = cells[0][:60] if cells else ""
        raise InputError(
            f"--time-format {shlex.quote(told.text)} does not read '{shown}', the first time of {label}{where}"
        )
    return reading


def _whole(cells: Sequence[str]) -> list[TimeReading]:
    """Readings of whole numbers: epochs, and the calendars of as many digits."""
    import pyarrow as pa

    table = pa.array(cells, pa.string())
    width = max(map(len, cells))
    found = []
    for calendar in CALENDARS:
        if calendar.width == width:
            reading = TimeReading("digits", calendar=calendar, dates_only=width in (6, 8))
            if (read_cells(table, reading) != FIRST_TIME).sum() * 10 >= len(cells) * 5:
                found.append(reading)
    if any(reading.calendar is not None and reading.calendar.template.startswith("%Y") for reading in found):
        found = [reading for reading in found if reading.calendar and reading.calendar.template[1] in "Yy"]
    epoch = TimeReading("epoch", early=any(abs(int(cell)) < EARLY for cell in cells))
    if (read_cells(table, epoch) != FIRST_TIME).any():
        found.append(epoch)
    values = [abs(int(cell)) for cell in cells]
    if all(EXCEL[0] <= value < EXCEL[1] for value in values):
        found.append(TimeReading("excel"))
    return found


def _decimals(cells: Sequence[str]) -> list[TimeReading]:
    values = [float(cell) for cell in cells]
    found = [TimeReading("decimal", early=any(abs(value) < EARLY for value in values))]
    if all(EXCEL[0] <= value < EXCEL[1] for value in values):
        found.append(TimeReading("excel"))
    return found


def _text(label: str, cells: Sequence[str], clock_digits: int, wanted: Order | None) -> list[TimeReading]:
    """Readings of text: ISO as the parser reads it, else moments, in one of the orders of their dates."""
    import pyarrow as pa

    table = pa.array(cells, pa.string())
    zone = named_zone(cells)
    dates = all(map(moments.is_date, cells[:FLAGS])) and all(map(moments.is_date, cells[FLAGS:]))
    if not clock_digits:
        parsed = [TimeReading("naive", dates_only=dates), TimeReading("zoned")]
        if moments.is_zoned(cells[0]):
            parsed.reverse()
        for reading in parsed:
            if (read_cells(table, reading) != FIRST_TIME).all():
                return [reading]
    zoned = sum(map(moments.is_zoned, cells[:FLAGS])) * 2 > min(len(cells), FLAGS)
    base = TimeReading("text", offset=zoned, dates_only=dates, clock_digits=clock_digits, zone=zone or "")
    if zone is not None:
        base = replace(base, grammar=moments.followed_by(zone))
    found: dict[Order | None, TimeReading] = {}
    counts: dict[Order | None, int] = {}
    for order in (None, *ORDERS):
        times = read_cells(table, replace(base, order=order))
        if (times != FIRST_TIME).any():
            found[order] = replace(base, order=order)
            counts[order] = int((times != FIRST_TIME).sum())
    most = max(counts.values(), default=0)
    if not clock_digits:
        read, iso_reading = max(
            ((int((read_cells(table, one) != FIRST_TIME).sum()), one) for one in parsed), key=lambda item: item[0]
        )
        if read and read >= most:
            return [iso_reading]
    if None in found and counts[None] == most:
        return [found[None]]
    if wanted is None:
        return [reading for order, reading in found.items() if order is not None]
    if counts.get(wanted, 0) < (1 - FEW) * most:
        _misfit(label, cells, wanted, counts)
    return [replace(found[wanted], asked=True)]


def named_zone(cells: Sequence[str]) -> str | None:
    """The zone of the tz database that stands behind nearly every cell, as in 20240304 09:30:00 US/Eastern; None without one."""
    found = [match[1] for cell in cells if (match := NAMED_ZONE.search(cell))]
    name = max(dict.fromkeys(found), key=found.count, default=None)
    if name is None or found.count(name) * 10 < len(cells) * 9:
        return None
    try:
        zone_of(name)
    except InputError:
        return None
    return name


def _misfit(label: str, cells: Sequence[str], wanted: Order, counts: Mapping[Order | None, int]) -> None:
    """Refuse an order of dates that the cells disprove."""
    fitting = [order for order, count in counts.items() if count == max(counts.values())]
    if not fitting:
        return
    wrong = next((cell for cell in cells if moments.read_one(cell, wanted) == FIRST_TIME), cells[0])
    raise InputError(
        f"{label} has '{wrong[:60]}', which is no date in the order {wanted}: give --date-order {fitting[0]}, or leave --date-order "
        f"{wanted} out"
    )


def _sane(telling: Telling, label: str, cells: Sequence[str], where: str) -> None:
    """Refuse numbers that are times of no bars: a part of a second apart, or counted from 1970 by the row."""
    reading = telling.settled
    if reading is None or reading.style not in ("epoch", "decimal") or reading.asked:
        return
    trial = telling._trials[0]
    small = all(abs(float(cell)) < EARLY for cell in cells if WHOLE.fullmatch(cell) or DECIMAL.fullmatch(cell))
    if not trial.step:
        if small:
            raise InputError(_no_bars(label, cells, where, reading))
        return
    if trial.step < 10**9 or (small and trial.step < LEAST_STEP):
        raise InputError(_no_bars(label, cells, where, reading))


def _no_bars(label: str, cells: Sequence[str], where: str, reading: TimeReading) -> str:
    return (
        f"{label} has '{cells[0][:30]}' as time in data row 1{where}, a number that as an epoch would be less than a bar from the next: "
        "say what it is with --time-format, as in --time-format excel, --time-format epoch-ms or --time-format %Y%m%d%H%M, or choose "
        "the column with --columns"
    )


def text_times(cells: Any, reading: TimeReading) -> Ints:
    """A column of text as nanoseconds by a reading, ``FIRST_TIME`` for nulls and for what is no time."""
    from pyarrow import compute

    cells = compute.utf8_trim_whitespace(cells)
    if cells.null_count:
        cells = cells.fill_null("")
    return read_cells(cells, reading)


def moments_of(cells: Sequence[str]) -> Ints | None:
    """The times of some cells, to compare columns by; None where they can be read in several ways or in none."""
    import pyarrow as pa

    try:
        reading = tell_times("", cells, CellOptions()).judge(final=True)
    except InputError:
        return None
    return None if reading is None else read_cells(pa.array([cell.strip() for cell in cells], pa.string()), reading)


def calendar_in(values: Ints) -> Calendar | None:
    """The calendar whose digits whole numbers are, as 20240304 and 202403040931; None where they are epochs."""
    cells = [str(value) for value in values[:SHOWN].tolist()]
    try:
        reading = tell_times("", cells, CellOptions()).judge(final=True)
    except InputError:
        return None
    return None if reading is None else reading.calendar
