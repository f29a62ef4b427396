"""Faults of a data set, by kind: counted in one pass over its raw rows, in bounded memory."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from barloom._native.checking import BAD_ROWS, FINDINGS, Checker
from barloom.bars.check_report import MEANINGS, CheckReport, Finding, Place, Verdict
from barloom.bars.clocks import ClockFit, fit_of, percent
from barloom.bars.closures import Closures, classify, holidays_between, open_days, open_time
from barloom.bars.first_rows import HOUR, SLOW, SPIKE_DEVIATIONS, FirstRows, read_head
from barloom.bars.intake import Tally
from barloom.bars.refusals import ACCIDENTS, SHAPE, share, too_many
from barloom.bars.sources.base import MALFORMED, Source
from barloom.bars.sources.files import FileSource
from barloom.bars.times import iso
from barloom.bars.watch import Watch, claims_utc, clocks_apart, odd_times, parts_of, zone_of_part

if TYPE_CHECKING:
    from barloom.bars.bars import Bars

LISTED_GAPS = 200_000
FEWEST_BARS = 10  # below which nothing is judged
SHOWN = 5
SPARSE_HOLE = 60  # and where more than SPARSE of them are
SPARSE = 0.02
SPARSE_SLOW_HOLE = 6


def check_bars(bars: Bars, threads: int = 2) -> CheckReport:
    """Check all rows of the bars' source, good and bad, whatever ``on_bad_rows`` is; a selection of the bars does not matter.

    Raises:
        InputError: the source cannot be read to its end.
    """
    source = bars.source
    head = read_head(source)
    checker = Checker(head.step, head.phase, head.listed, LISTED_GAPS, head.close, head.usual, SPIKE_DEVIATIONS)
    tally = Tally(keep_odd_volumes=True)
    watch = Watch(source, Tally())
    source.odd_times_kept, kept = True, source.odd_times_kept  # a check says what a run asks about
    rows = 0
    with closing(source.batches(0, None, volume=source.has_volume, threads=threads)) as batches:
        for batch in batches:
            rows = batch.first_row + len(batch)
            watch.look(batch.timestamp, batch.part)
            checker.take(*batch.columns, batch.first_row, batch.ask)
            tally.check(batch)
    checker.finish()
    watch.step()
    source.odd_times_kept = kept
    return _Told(source, checker, head, rows, tally, watch).report()


class _Told:
    """Counts of a pass, made into findings."""

    def __init__(
        self, source: Source, checker: Checker, head: FirstRows, rows: int, tally: Tally, watch: Watch
    ) -> None:
        self.source, self.checker, self.head, self.rows = source, checker, head, rows
        self.tally, self.watch = tally, watch
        self.findings: list[Finding] = []
        self.gaps = checker.gaps[: checker.listed]
        self.parts = parts_of(source)
        self.missing = 0
        """Bars that holes and quiet minutes lack."""

    def report(self) -> CheckReport:
        checker, step = self.checker, self.head.step
        closures = classify(self.gaps, step, checker.first, checker.last, checker.weekdays()) if checker.good else None
        if closures:
            self._times(closures)
        self._rows()
        fit = self._clock()
        if self.source.has_volume and checker.good and not checker.traded:
            self._add("no_volume", checker.good, ())
        order = {"error": 0, "warning": 1, "note": 2}
        findings = sorted(self.findings, key=lambda finding: order[finding.severity])
        market: Literal["always open", "closes", "unknown"] = "unknown"
        if closures and (closures.always_open or len(closures.weekends) or len(closures.nightly)):
            market = "always open" if closures.always_open else "closes"
        unknown = self._not_judged(fit)
        asked = self._asked(fit)
        verdict = self._verdict(unknown, asked)
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
            clock_fits={} if fit is None else {clock: round(found, 4) for clock, found in fit.shares.items()},
            not_judged=tuple(unknown),
            verdict=verdict,
            said=self._said(verdict, unknown, asked),
            advice=tuple(self._advice(verdict, fit)),
            options=self._options(verdict, fit),
        )

    def _add(
        self, kind: str, count: int, places: tuple[Place, ...], meaning: str | None = None, *, time: float | None = None
    ) -> None:
        """A finding; ``time`` is the share it takes, where that is not the share of its rows."""
        severity, usual = MEANINGS[kind]
        of_rows = None
        if kind in FINDINGS and self.rows:
            of_rows = count / self.rows
            if time is None and kind not in ("unsorted", "repeated_same", "repeated_different"):
                time = count / max(self.rows, self.checker.good + self.missing, 1)
        self.findings.append(
            Finding(
                kind=kind,
                severity=severity,
                count=count,
                meaning=meaning or usual,
                first=places,
                share_of_rows=None if of_rows is None else round(of_rows, 6),
                share_of_time=None if time is None else round(time, 6),
            )
        )

    def _clock(self) -> ClockFit | None:
        """The verdict of the weekly opens on the clock; None if they give none."""
        opens = self.watch.opens()
        gaps, which = opens.gaps()
        first = self.parts[0]
        head = odd_times(self.watch.first, self.watch.regular_step)
        if head and isinstance(first, FileSource) and first.facts is None and not self.source.odd_times_kept:
            self._add("odd_times", 1, (), head)
        if not opens.step or not len(gaps):
            return None
        apart = clocks_apart(self.parts, gaps, which, opens.step)
        if apart:
            self._add("clocks_apart", 1, (), apart)
            return None
        zone = zone_of_part(first)
        if any(zone_of_part(part) != zone for part in self.parts):
            return None
        fit = fit_of(gaps, opens.step, zone, claimed=claims_utc(first))
        if fit is not None and fit.misfit:
            self._add("time_zone", 1, (), fit.told(zone.text), time=1 - fit.share)
        return fit

    def _not_judged(self, fit: ClockFit | None) -> list[str]:
        """Things that no row tells."""
        unknown = []
        if self.checker.good < FEWEST_BARS:
            bars = "1 bar" if self.checker.good == 1 else f"{self.checker.good} bars"
            unknown.append(f"{bars}: too few to judge")
        elif not self.head.step:
            unknown.append("the bars have no regular step: holes cannot be told")
        named = any(isinstance(part, FileSource) and part.naive and not part.zone_named for part in self.parts)
        if fit is None and named and self.checker.good:
            zone = zone_of_part(self.parts[0]).text
            unknown.append(
                f"the clock: nothing shows that the times are those of {zone}, as was assumed; say so with --time-zone"
            )
        if fit is not None and fit.fixed:
            unknown.append(
                "the clock: weeks open at 22:00 UTC all year, which is right for a market without summer time, and an hour late in "
                "summer for one of New York"
            )
        if fit is not None and not fit.good and not fit.misfit:
            unknown.append(
                f"the clock: weeks open at no hour that a known clock explains ({percent(fit.best_share)} at best)"
            )
        return unknown

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
        missing = self._missing(holes, closures)
        short = self.checker.short_gaps()
        absent = sum(number * gaps for number, gaps in enumerate(short[: self.head.listed]))
        sparse = absent + int(missing.sum()) > SPARSE * self.checker.good and absent > 0
        least = self.head.listed
        if sparse:
            least = SPARSE_SLOW_HOLE if step >= SLOW else SPARSE_HOLE
        real = missing >= least
        if real.any():
            at = int(missing[real].argmax())
            longest = holes[real][at]
            days = _days(longest, step, closures)
            lost = int(missing[real].sum())
            text = (
                f"{lost:,} bars are missing while the market is open; the longest hole is"
                f" {iso(int(longest[1]) + step)} to {iso(int(longest[2]))}"
                + (f", {days:,} {'day' if days == 1 else 'days'} of trading" if days else "")
            )
            if len(self.gaps) == LISTED_GAPS:
                text += f"; only the first {LISTED_GAPS:,} gaps were looked at"
            places = tuple(_place(int(hole[0]), int(hole[2])) for hole in holes[real][:SHOWN])
            self._add("hole", int(real.sum()), places, text, time=lost / max(lost + self.checker.good, 1))
        absent += int(missing[~real].sum())
        self.missing = absent + int(missing[real].sum())
        gaps = sum(short[: self.head.listed]) + int((~real).sum())
        if absent:
            self._add(
                "absent",
                gaps,
                (),
                f"{absent:,} times of the {seconds:g} s grid without a bar: nobody traded, or it was not kept",
                time=absent / max(self.checker.good + self.missing, 1),
            )

    def _missing(self, holes: npt.NDArray[np.int64], closures: Closures) -> npt.NDArray[np.int64]:
        """Bars that holes lack, without those of weekends and holidays inside long ones."""
        step = max(self.head.step, 1)
        missing = (holes[:, 2] - holes[:, 1] + step // 2) // step - 1
        if closures.always_open or not len(closures.weekends):
            return missing
        known = holidays_between(self.checker.first, self.checker.last)
        lasting = holes[:, 2] - holes[:, 1] - step
        for at in np.flatnonzero(lasting > 24 * HOUR).tolist():
            opened = open_time(int(holes[at, 1]) + step, int(holes[at, 2]), known)
            missing[at] = max(min(int(missing[at]), opened // step), 1)
        return missing

    def _asked(self, fit: ClockFit | None) -> str:
        """The question that a run would ask first, in words; empty if there is none."""
        found = self._found()
        if "odd_times" in found:
            return "its times are none that bars have"
        if "clocks_apart" in found and not self._named():
            return "the clocks of its files do not meet"
        if fit is not None and fit.misfit and fit.asks and not self._named() and isinstance(self.parts[0], FileSource):
            return f"only {percent(fit.share)} of its weeks fit the clock it is read by, and {percent(fit.best_share)} fit {fit.best}"
        return ""

    def _verdict(self, unknown: list[str], asked: str) -> Verdict:
        if not self.checker.good:
            return "no bars"
        kinds = {finding.severity for finding in self.findings}
        if "error" in kinds or "warning" in kinds:
            return "bad rows" if "error" in kinds else "asked" if asked else "warnings"
        return "not judged" if unknown else "clean"

    def _said(self, verdict: Verdict, unknown: list[str], asked: str) -> str:
        """The verdict in one sentence, with what the findings take."""
        if verdict == "no bars":
            return f"has no good bar: none of its {self.rows:,} rows can be used"
        if verdict == "clean":
            return "clean: ready to run"
        but = f"; a run asks first: {asked}" if asked else f"; not judged: {'; '.join(unknown)}" if unknown else ""
        if verdict == "not judged":
            return f"nothing wrong was found{but}"
        warnings = sum(finding.severity == "warning" for finding in self.findings)
        count = "1 warning" if warnings == 1 else f"{warnings} warnings"
        lost = sum(finding.share_of_time or 0 for finding in self.findings if finding.kind == "hole")
        hole = f", {share(lost)} of the time is missing" if lost else ""
        if verdict == "asked":
            return f"not usable as it is read{hole}{but}"
        if verdict == "warnings":
            return (
                f"usable, with {count}{hole}: read {'it' if warnings == 1 else 'them'} before you trust a result{but}"
            )
        bad = self._bad()
        beside = f", and {count} beside" if warnings else ""
        return (
            f"has bad rows: {bad:,} of {self.rows:,} rows ({share(bad / self.rows)}) cannot be used, and a run refuses them until they are "
            f"corrected or left out{hole}{beside}{but}"
        )

    def _bad(self) -> int:
        return sum(finding.count for finding in self.findings if finding.kind in BAD_ROWS)

    def _found(self) -> dict[str, int]:
        return {finding.kind: finding.count for finding in self.findings}

    def _shapes(self) -> bool:
        """True if so many rows cannot be read that it is no accident."""
        found = self._found()
        return sum(found.get(kind, 0) for kind in SHAPE) > max(1, ACCIDENTS * self.rows)

    def _drop(self) -> str:
        """The options that leave out the bad rows that are not crossed; empty if there are none."""
        if self._bad() == self._found().get("crossed", 0):
            return ""
        return "drop:any" if too_many(self.tally, self.checker.good, self.watch.step()) else "drop"

    def _advice(self, verdict: Verdict, fit: ClockFit | None) -> list[str]:
        found, bad = self._found(), self._bad()
        advice = []
        if verdict == "no bars":
            return ["name the columns with --columns, or give another file"]
        if "shifted_columns" in found:
            advice.append(
                "get the shifted part again, or name its columns with --columns and keep it in a file of its own"
            )
        if self._shapes():
            advice.append(
                "the file is of another shape than it was taken for: say how it is to be read, with --columns or --input-format"
            )
        elif self._drop():
            rest = bad - found.get("crossed", 0)
            advice.append(
                f"correct {rest:,} of {self.rows:,} rows, or leave them out with --on-bad-rows {self._drop()} "
                f"({share(rest / self.rows)} of the rows)"
            )
        if "crossed" in found:
            advice.append(
                f"the ask is below the bid in {found['crossed']:,} rows ({share(found['crossed'] / self.rows)}): raise it to the bid "
                "there with --on-crossed widen, or leave these rows out with --on-crossed drop"
            )
        if "odd_times" in found:
            advice.append("say how the times are to be read, or that they are right with --odd-times keep")
        if "spike" in found:
            advice.append(
                "correct the spikes, or leave them out with --drop-spikes: one can put an ATR stop out of reach"
            )
        if fit is not None and fit.misfit:
            advice.append(f"give --time-zone {fit.best}")
        if "daylight_saving" in found:
            advice.append("give the zone of the clock with --time-zone")
        if "hole" in found:
            advice.append("get the missing bars, or run on the parts between the holes with --start and --end")
        return advice

    def _options(self, verdict: Verdict, fit: ClockFit | None) -> tuple[str, ...] | None:
        """Options with which an ingest takes these rows; None where none does."""
        found = self._found()
        if verdict == "no bars" or self._shapes() or "odd_times" in found or "clocks_apart" in found:
            return None
        words: list[str] = []
        if fit is not None and fit.asks and not self._named():
            words += ["--time-zone", fit.best]
        if self._drop():
            words += ["--on-bad-rows", self._drop()]
        if "crossed" in found:
            words += ["--on-crossed", "widen"]
        return tuple(words)

    def _named(self) -> bool:
        return any(part.facts is not None or (isinstance(part, FileSource) and part.zone_named) for part in self.parts)


def _days(hole: npt.NDArray[np.int64], step: int, closures: Closures) -> int:
    """Whole days that a hole lacks; of a market that closes those on which it is open."""
    begin, end = int(hole[1]) + step, int(hole[2])
    if closures.always_open:
        return (end - begin) // (24 * HOUR)
    return open_days(begin, end, holidays_between(begin, end))


def _place(row: int, time: int) -> Place:
    return Place(row=row + 1, time=iso(time) if time > MALFORMED else None)


def _springs(holes: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.bool_]:
    """Which holes are the hour that a local clock leaves out in spring: one hour of a Sunday night."""
    day, hour = holes[:, 2] // (24 * HOUR), holes[:, 2] // HOUR % 24
    springs: npt.NDArray[np.bool_] = (holes[:, 2] - holes[:, 1] == step + HOUR) & (day % 7 == 3) & (hour <= 4)
    return springs
