"""What is wrong with a data set, by kind: counted in one pass over its raw rows, in bounded memory."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from barloom._native.checking import BAD_ROWS, Checker
from barloom.bars.closures import Closures, best_clocks, classify, clock_fits
from barloom.bars.sources.base import MALFORMED, Source
from barloom.bars.steps import commonest
from barloom.bars.times import iso

if TYPE_CHECKING:
    from barloom.bars.bars import Bars

Severity = Literal["error", "warning", "note"]
Verdict = Literal["clean", "warnings", "bad rows", "no bars"]

HEAD_ROWS = 20_000  # rows from which step, grid and usual return are told before the pass
FEWEST_STEPS = 0.1  # share of the commonest step, below which the bars have none
SPIKE_DEVIATIONS = 50.0
LISTED_GAPS = 200_000
SHOWN = 5
HOUR = 3600 * 10**9
HOLE = 10  # missing bars that make a hole of a gap, where bars are seldom missing
SPARSE_HOLE = 60  # and where more than SPARSE of them are
SPARSE = 0.02
SLOW = 600 * 10**9  # from this step on a single missing bar is a hole
SPARSE_SLOW_HOLE = 6

MEANINGS: dict[str, tuple[Severity, str]] = {
    "unparsable_time": ("error", "the time cannot be read"),
    "unparsable_price": ("error", "a price cannot be read"),
    "malformed": ("error", "the row has not the columns of the others"),
    "unsorted": ("error", "the time is before that of an earlier row"),
    "repeated_same": ("error", "time and prices of the row before, again"),
    "repeated_different": ("error", "the time of the row before with other prices"),
    "not_finite": ("error", "a price is missing or infinite"),
    "not_positive": ("error", "a price is zero or negative"),
    "high_low": ("error", "high and low do not span open and close"),
    "no_ask": ("error", "no ask bar of this time"),
    "bad_ask": ("error", "the ask bar is bad"),
    "crossed": ("error", "the ask is below the bid"),
    "shifted_columns": ("error", "the prices stand one column to the left or right of their own; counted above too"),
    "spike": ("warning", f"a price more than {SPIKE_DEVIATIONS:.0f} robust deviations away that comes back"),
    "zero_range": ("warning", "30 or more bars in a row without any range"),
    "stale": ("warning", "5 or more bars in a row that repeat the prices of the one before"),
    "off_grid": ("warning", "the time is not on the grid of the others"),
    "bad_volume": ("warning", "the volume is negative, missing or infinite"),
    "hole": ("warning", "bars are missing while the market is open"),
    "daylight_saving": ("warning", "an hour comes twice in autumn: the times look like those of a local clock"),
    "time_zone": ("warning", "the weeks open at 17:00 New York by another clock"),
    "no_volume": ("note", "the volume is zero in every row"),
    "absent": ("note", "single minutes without a bar: nobody traded, or nothing was kept"),
}


class Place(BaseModel):
    """Where a finding shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    """Row of the source, counted from 1."""
    time: str | None
    """ISO, UTC; None where it could not be read."""


class Finding(BaseModel):
    """One kind of fault or oddity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    severity: Severity
    """An error is a row that a run refuses; a warning may spoil a result; a note is worth knowing."""
    count: int
    """Rows; of holes and absent bars the gaps."""
    meaning: str
    first: tuple[Place, ...]


class CheckReport(BaseModel):
    """What a check found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    rows: int
    """All rows, good and bad."""
    bars: int
    """Rows that are good bars."""
    first: str | None
    """Time of the first good bar, ISO, UTC; None where there is none."""
    last: str | None
    timeframe_seconds: float | None
    """The most common step; None where bars have no regular one."""
    findings: tuple[Finding, ...]
    """The kinds that were found, errors first."""
    weekends: int
    """Gaps that are weekends, and so on: none of these is a finding."""
    holidays: int
    nightly_closes: int
    market: Literal["always open", "closes", "unknown"]
    clock_fits: dict[str, float]
    """Share of the FX weeks that open at 17:00 New York, by the clock that the times might be of; empty for other markets."""
    verdict: Verdict
    advice: tuple[str, ...]
    """What to do, one sentence each."""

    def found(self, kind: str) -> int:
        """The count of one kind, 0 where it was not found."""
        return sum(finding.count for finding in self.findings if finding.kind == kind)


@dataclass(frozen=True, slots=True)
class Head:
    """What the first rows tell about all of them."""

    step: int
    phase: int
    close: float
    usual: float

    @property
    def listed(self) -> int:
        """Missing bars from which a gap is listed."""
        return 1 if self.step >= SLOW else HOLE


def check_bars(bars: Bars, threads: int = 2) -> CheckReport:
    """Check all rows of the bars' source, good and bad, whatever ``on_bad_rows`` is; a selection of the bars does not matter.

    Raises:
        InputError: the source cannot be read to its end.
    """
    source = bars.source
    head = read_head(source)
    checker = Checker(head.step, head.phase, head.listed, LISTED_GAPS, head.close, head.usual, SPIKE_DEVIATIONS)
    rows = 0
    with closing(source.batches(0, None, volume=source.has_volume, threads=threads)) as batches:
        for batch in batches:
            rows = batch.first_row + len(batch)
            checker.take(*batch.columns, batch.first_row, batch.ask)
    checker.finish()
    return _Told(source, checker, head, rows).report()


def read_head(source: Source) -> Head:
    """What the first good rows tell: their step and grid, a first price, and the usual return.

    Raises:
        InputError: the source cannot be read.
    """
    times: list[npt.NDArray[np.int64]] = []
    closes: list[npt.NDArray[np.float64]] = []
    rows = 0
    with closing(source.batches(0, None, volume=False, threads=1)) as batches:
        for batch in batches:
            good = (batch.timestamp > MALFORMED) & (batch.low > 0) & (batch.high >= batch.low) & (batch.close > 0)
            good &= (batch.close <= batch.high) & (batch.close >= batch.low) & np.isfinite(batch.high)
            times.append(batch.timestamp[good][:HEAD_ROWS])
            closes.append(batch.close[good][:HEAD_ROWS])
            rows += len(times[-1])
            if rows >= HEAD_ROWS or batch.first_row > 100 * HEAD_ROWS:
                break
    if rows < 2:
        return Head(0, -1, float(closes[0][0]) if rows and len(closes[0]) else 1.0, 1e-4)
    when, price = np.concatenate(times), np.concatenate(closes)
    with np.errstate(over="ignore"):  # prices of any size: such a move is infinite
        moves = np.abs(np.diff(price)) / price[:-1]
    moves = moves[(moves > 0) & np.isfinite(moves)]
    step, phase = _grid(when)
    usual = float(np.median(moves)) if len(moves) else 1e-4
    return Head(step, phase, float(np.median(price[:7])), usual)


def _grid(times: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The commonest step and what is left of most times divided by it; 0 and -1 where there is none."""
    steps = np.diff(times)
    step, count = commonest(steps[steps > 0])
    if not count or (count < FEWEST_STEPS * len(times) and len(times) > 10):
        return 0, -1
    if step > HOUR:
        return step, -1
    phase, count = commonest(times % step)
    return step, phase if count * 2 >= len(times) else -1


class _Told:
    """Counts of a pass, made into findings."""

    def __init__(self, source: Source, checker: Checker, head: Head, rows: int) -> None:
        self.source, self.checker, self.head, self.rows = source, checker, head, rows
        self.findings: list[Finding] = []
        self.gaps = checker.gaps[: checker.listed]

    def report(self) -> CheckReport:
        checker, step = self.checker, self.head.step
        closures = classify(self.gaps, step, checker.first, checker.last, checker.weekdays()) if checker.good else None
        fits = clock_fits(closures.weekends, step) if closures and 0 < step <= HOUR else {}
        self._rows()
        if closures:
            self._times(closures)
        clocks = best_clocks(fits)
        if clocks:
            self._add(
                "time_zone", 1, (), f"the weeks open at 17:00 New York by the clock of {' or '.join(clocks)}, not UTC"
            )
        if self.source.has_volume and checker.good and not checker.traded:
            self._add("no_volume", checker.good, ())
        order = {"error": 0, "warning": 1, "note": 2}
        findings = sorted(self.findings, key=lambda finding: order[finding.severity])
        verdict = self._verdict()
        market: Literal["always open", "closes", "unknown"] = "unknown"
        if closures and (closures.always_open or len(closures.weekends) or len(closures.nightly)):
            market = "always open" if closures.always_open else "closes"
        return CheckReport(
            path=self.source.label,
            rows=self.rows,
            bars=checker.good,
            first=iso(checker.first) if checker.good else None,
            last=iso(checker.last) if checker.good else None,
            timeframe_seconds=step / 1e9 if step else None,
            findings=tuple(findings),
            weekends=len(closures.weekends) if closures else 0,
            holidays=len(closures.holidays) if closures else 0,
            nightly_closes=len(closures.nightly) if closures else 0,
            market=market,
            clock_fits={clock: round(fit, 4) for clock, fit in fits.items()},
            verdict=verdict,
            advice=tuple(self._advice(verdict, clocks)),
        )

    def _add(self, kind: str, count: int, places: tuple[Place, ...], meaning: str | None = None) -> None:
        severity, usual = MEANINGS[kind]
        self.findings.append(Finding(kind=kind, severity=severity, count=count, meaning=meaning or usual, first=places))

    def _rows(self) -> None:
        counts, firsts, runs = self.checker.counts(), self.checker.first_rows(), self.checker.runs()
        for kind, count in counts.items():
            if not count or kind == "hour_back":
                continue
            places = tuple(_place(row, time) for row, time in firsts[kind])
            meaning = None
            if runs.get(kind):
                meaning = f"{MEANINGS[kind][1]} ({runs[kind]:,} {'run' if runs[kind] == 1 else 'runs'})"
            self._add(kind, count, places, meaning)

    def _times(self, closures: Closures) -> None:
        step, seconds = self.head.step, self.head.step / 1e9
        holes = closures.holes
        back = self.checker.counts()["hour_back"]
        if back:
            forward = _springs(holes, step)
            places = tuple(_place(row, time) for row, time in self.checker.first_rows()["hour_back"])
            self._add("daylight_saving", back + int(forward.sum()), places)
            holes = holes[~forward]
        missing = (holes[:, 2] - holes[:, 1] + step // 2) // max(step, 1) - 1
        short = self.checker.short_gaps()
        absent = sum(number * gaps for number, gaps in enumerate(short[: self.head.listed]))
        sparse = absent + int(missing.sum()) > SPARSE * self.checker.good and absent > 0
        least = self.head.listed
        if sparse:
            least = SPARSE_SLOW_HOLE if step >= SLOW else SPARSE_HOLE
        real = missing >= least
        if real.any():
            longest = holes[real][missing[real].argmax()]
            text = (
                f"{int(missing[real].sum()):,} bars are missing while the market is open; the longest hole is"
                f" {iso(int(longest[1]) + step)} to {iso(int(longest[2]))}"
            )
            if len(self.gaps) == LISTED_GAPS:
                text += f"; only the first {LISTED_GAPS:,} gaps were looked at"
            self._add(
                "hole", int(real.sum()), tuple(_place(int(hole[0]), int(hole[2])) for hole in holes[real][:SHOWN]), text
            )
        absent += int(missing[~real].sum())
        gaps = sum(short[: self.head.listed]) + int((~real).sum())
        if absent:
            self._add(
                "absent",
                gaps,
                (),
                f"{absent:,} times of the {seconds:g} s grid without a bar: nobody traded, or it was not kept",
            )

    def _verdict(self) -> Verdict:
        if not self.checker.good:
            return "no bars"
        kinds = {finding.severity for finding in self.findings}
        return "bad rows" if "error" in kinds else "warnings" if "warning" in kinds else "clean"

    def _advice(self, verdict: Verdict, clocks: list[str]) -> list[str]:
        found = {finding.kind: finding.count for finding in self.findings}
        bad = sum(count for kind, count in found.items() if kind in BAD_ROWS)
        advice = []
        if verdict == "no bars":
            advice.append("name the columns with --columns, or give another file")
        if "shifted_columns" in found:
            advice.append(
                "get the shifted part again, or name its columns with --columns and keep it in a file of its own"
            )
        if bad and verdict != "no bars":
            advice.append(f"correct {bad:,} of {self.rows:,} rows, or leave them out with --on-bad-rows drop")
        if "spike" in found:
            advice.append(
                "correct the spikes, or leave them out with --drop-spikes: one can put an ATR stop out of reach"
            )
        if clocks:
            advice.append(f"give --time-zone {clocks[0]}")
        if "daylight_saving" in found:
            advice.append("give the zone of the clock with --time-zone")
        if "hole" in found:
            advice.append("get the missing bars, or run on the parts between the holes with --start and --end")
        return advice


def _place(row: int, time: int) -> Place:
    return Place(row=row + 1, time=iso(time) if time > MALFORMED else None)


def _springs(holes: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.bool_]:
    """Which holes are the hour that a local clock leaves out in spring: one hour of a Sunday night."""
    day, hour = holes[:, 2] // (24 * HOUR), holes[:, 2] // HOUR % 24
    springs: npt.NDArray[np.bool_] = (holes[:, 2] - holes[:, 1] == step + HOUR) & (day % 7 == 3) & (hour <= 4)
    return springs
