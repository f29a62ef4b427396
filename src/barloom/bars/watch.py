"""Checks made on batches during a pass, beside those of the rows: first times, opens of the weeks, and ask prices below the bid."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence

import numpy as np

from barloom.bars.clocks import FEWEST_WEEKS, WEEKEND, ClockFit, Ints, WeekOpens, confirmed, fit_of
from barloom.bars.intake import Tally
from barloom.bars.sources.base import MALFORMED, RowBatch, Source
from barloom.bars.sources.files import FileSource
from barloom.bars.sources.joined import JoinedSource
from barloom.bars.steps import commonest
from barloom.bars.times import iso
from barloom.bars.zones import UTC_ZONE, Zone
from barloom.errors import InputError, Question

SECOND = 10**9
DAY = 24 * 3600 * SECOND
HEAD = 4096  # times that tell the step
FIRST_SECONDS = 7305 * DAY  # 1990-01-01: nobody kept bars of seconds before
FUTURE = 2 * DAY  # clocks differ by no more
FEWEST_STEPS = 0.5  # share of the first steps that are the commonest, from which bars have it

log = logging.getLogger(__name__)


class Watch:
    """Looks at the batches of a pass while they are drawn. The result does not depend on how rows are split into batches.

    Args:
        source: the source of the pass.
        tally: that of the pass.
    """

    def __init__(self, source: Source, tally: Tally) -> None:
        self.source = source
        self.widened = 0
        """Rows whose ask was raised to the bid."""
        self._tally = tally
        self._opens: WeekOpens | None = None
        self._step = 0
        self.first: Ints = np.empty(0, dtype=np.int64)
        """The first good times, once they are known."""
        self.regular_step = 0
        """Their step; 0 if most of them do not share one."""
        self._held: list[tuple[Ints, int]] = []
        self._known = 0

    def take(self, batch: RowBatch) -> None:
        """Look at a batch before it is checked.

        Raises:
            Question: times that no bar has.
        """
        self.look(batch.timestamp, batch.part)
        if self.source.widens and batch.ask is not None:
            self._widen(batch)

    def look(self, times: Ints, part: int = 0) -> None:
        """Look at the times of a batch. Times are held back until there are enough to find the step.

        Raises:
            Question: times that no bar has.
        """
        if self._opens is not None:
            if not self.source.judged:
                self._opens.add(times, part)
            return
        self._held.append((times.copy() if len(times) < HEAD else times, part))
        self._known += len(times)
        if self._known >= HEAD:
            self._begin()

    def _begin(self) -> None:
        """Find the step from the first times, and look at all times held back."""
        first = np.concatenate([times for times, _ in self._held] or [np.empty(0, dtype=np.int64)])[:HEAD]
        first = first[first > MALFORMED]
        steps = np.diff(first)
        steps = steps[steps > 0]
        self._step, count = commonest(steps)
        self._opens = WeekOpens(self._step, self._tally.start, self._tally.end)
        self.first, self.regular_step = first, self._step if count >= FEWEST_STEPS * len(steps) else 0
        if not self.source.odd_times_kept and not self.source.judged:
            self._question(first, self.regular_step)
        if not self.source.judged:
            for times, part in self._held:
                self._opens.add(times, part)
        self._held = []

    def _question(self, first: Ints, step: int) -> None:
        """Ask about times that no bar has.

        Raises:
            Question: there are some.
        """
        part = parts_of(self.source)[0]
        odd = odd_times(first, step) if isinstance(part, FileSource) and part.facts is None else ""
        if odd:
            raise Question(
                f"{self.source.label}: {odd}: say how its times are to be read, with --columns, --input-format or "
                "--time-zone, or give --odd-times keep if they are right",
                [("--odd-times", "keep")],
            )

    def step(self) -> int:
        """The most common step of the first times, nanoseconds; 0 if there is none.

        Raises:
            Question: times that no bar has.
        """
        if self._opens is None:
            self._begin()
        return self._step

    def _widen(self, batch: RowBatch) -> None:
        """Raise each ask price that is below the bid price of its kind to that bid price."""
        assert batch.ask is not None
        low = np.zeros(len(batch), dtype=bool)
        for ask, bid in zip(batch.ask, batch.bid, strict=True):
            low |= np.isfinite(ask) & (ask < bid)
        if not low.any():
            return
        low &= np.isfinite(batch.ask[0])
        open_, high, lowest, close = (
            np.where(low, np.maximum(ask, bid), ask) for ask, bid in zip(batch.ask, batch.bid, strict=True)
        )
        batch.ask = open_, high, lowest, close
        times = batch.timestamp[low]
        self.widened += int(((times >= self._tally.start) & (times < self._tally.end)).sum())

    def opens(self) -> WeekOpens:
        """Opens of the weeks in all times looked at."""
        self.step()
        assert self._opens is not None
        return self._opens

    def judge(self) -> list[str]:
        """Judge the clock by the whole pass, once for a source. Returns sentences for the user.

        Raises:
            InputError: files of different clocks.
            Question: a clock that was assumed, and that the bars contradict.
        """
        opens = self.opens()
        if self.source.judged:
            return []
        self.source.judged = True
        return judged_clock(self.source, opens)


def odd_times(times: Ints, step: int) -> str:
    """Describe what is wrong with the first times of a file; empty if nothing is.

    Args:
        times: good ones, at least one unless there are none.
        step: nanoseconds between them; 0 if they are not regular.
    """
    if not len(times):
        return ""
    first, last = int(times.min()), int(times.max())
    if first > time.time_ns() + FUTURE:
        return f"its bars begin at {iso(first)}, in the future"
    if step <= 0 or len(times) < 3:
        return ""
    seconds = step / SECOND
    regular = step % SECOND == 0 and (
        60 % seconds == 0 if seconds < 60 else seconds % 60 == 0 if seconds < 86_400 else seconds % 3600 == 0
    )
    if not regular:
        return f"its bars are {seconds:g} s apart, as no bars are, from {iso(first)}"
    if step < 60 * SECOND and last < FIRST_SECONDS:
        return f"its bars are {seconds:g} s apart and of {iso(first)[:10]}, when nobody kept such bars"
    return ""


def parts_of(source: Source) -> list[Source]:
    """The sources of the single files; the bid files if there are two sides."""
    while (under := getattr(source, "inner", None) or getattr(source, "bid", None)) is not None:
        source = under
    return list(source.sources) if isinstance(source, JoinedSource) else [source]


def zone_of_part(source: Source) -> Zone:
    """The clock that the times of a file were read by."""
    return source.read_by if isinstance(source, FileSource) else UTC_ZONE


def claims_utc(source: Source) -> bool:
    """Check if times are UTC by their own text or by the format, and no option says otherwise."""
    if not isinstance(source, FileSource):
        return True
    return not source.naive and not source.corrected and (source.facts is None or source.facts.time_zone == "UTC")


def judged_clock(source: Source, opens: WeekOpens) -> list[str]:
    """Judge the clock of a source by the opens of the weeks. Returns sentences for the user.

    Raises:
        InputError, Question: see ``Watch.judge``.
    """
    gaps, which = opens.gaps()
    parts = parts_of(source)
    if len(gaps) < FEWEST_WEEKS or not opens.step:
        return []
    kept = any(part.facts is not None or (isinstance(part, FileSource) and part.zone_named) for part in parts)
    contract = not all(isinstance(part, FileSource) for part in parts)
    zones = [zone_of_part(part) for part in parts]
    groups = _groups(parts, gaps, which, opens.step)
    stretches = [(gaps[(which >= group[0]) & (which <= group[-1])], parts[group[0]]) for group in groups]
    if len(groups) > 1:
        stretches.append((gaps, parts[0]))
    if all(confirmed(found, opens.step, claimed=claims_utc(part)) for found, part in stretches):
        return []
    apart = clocks_apart(parts, gaps, which, opens.step)
    if apart:
        if kept or contract or not source.asks:
            return [apart]
        raise InputError(f"{source.label}: {apart}")
    if any(zone != zones[0] for zone in zones):
        return []
    fit = fit_of(gaps, opens.step, zones[0], claimed=claims_utc(parts[0]))
    if fit is None or not fit.misfit:
        return []
    said = fit.told(zones[0].text)
    if contract:
        return [f"{said}: times without a zone are UTC; convert them if they are not"]
    if kept:
        return [f"{said}: the clock that was named is kept"]
    if fit.asks and source.asks:
        raise Question(
            f"{source.label}: {said}: give --time-zone {fit.best}, or --time-zone {zones[0].text} to keep the clock that was assumed",
            [("--time-zone", fit.best), ("--time-zone", zones[0].text)],
        )
    return [f"{said}: give --time-zone {fit.best} if that is its clock"]


def clocks_apart(parts: Sequence[Source], gaps: Ints, which: Ints, step: int) -> str:
    """Describe which files of a data set are of different clocks; empty if none are.

    Files that follow one another are judged together until they hold weeks enough.
    """
    if len(parts) < 2:
        return ""
    found = [
        (group, fit) for group in _groups(parts, gaps, which, step) if (fit := _fit(parts, group, gaps, which, step))
    ]
    common: set[str] = set()
    for (before, one), (behind, other) in itertools.pairwise(found):
        same = zone_of_part(parts[before[0]]) == zone_of_part(parts[behind[0]])
        # A winter fits several clocks: those that fit every stretch so far are carried on.
        common = _sure(other) & (common or _sure(one)) if same else set()
        if common or _meet(one, other):
            continue
        last, first = parts[before[-1]], parts[behind[0]]
        clocks = [
            zone_of_part(parts[group[0]]).text if fit.good else fit.best
            for group, fit in ((before, one), (behind, other))
        ]
        return (
            f"the clocks of its files do not meet: the weeks up to {last.label} fit {clocks[0]} "
            f"({'as they are read' if one.good else f'not {zone_of_part(last).text}, as they are read'}), those from {first.label} on "
            f"{clocks[1]}; make a store of the files of each clock, with barloom data ingest FILES --time-zone {clocks[0]} --out "
            f"first.arrow and --time-zone {clocks[1]} --out second.arrow, and give both stores"
        )
    return ""


def _groups(parts: Sequence[Source], gaps: Ints, which: Ints, step: int) -> list[list[int]]:
    lasting = gaps[:, 1] - gaps[:, 0] - step
    usual = (lasting >= WEEKEND[0]) & (lasting <= WEEKEND[1])
    weeks = np.bincount(which[usual], minlength=len(parts))
    groups: list[list[int]] = []
    held = 0
    for part in range(len(parts)):
        fresh = not groups or held >= FEWEST_WEEKS or zone_of_part(parts[part]) != zone_of_part(parts[groups[-1][0]])
        if fresh:
            groups.append([])
            held = 0
        groups[-1].append(part)
        held += int(weeks[part])
    return groups


def _fit(parts: Sequence[Source], group: Sequence[int], gaps: Ints, which: Ints, step: int) -> ClockFit | None:
    chosen = (which >= group[0]) & (which <= group[-1])
    first = parts[group[0]]
    return fit_of(gaps[chosen], step, zone_of_part(first), claimed=claims_utc(first))


def _meet(one: ClockFit, other: ClockFit) -> bool:
    """Check if two stretches that no single clock fits were each read rightly, or leave it open."""
    if one.good or other.good:
        return (one.good and other.good) or not (other if one.good else one).asks
    return not (one.asks and other.asks)


def _sure(fit: ClockFit) -> set[str]:
    return {name for name, share in fit.shares.items() if share > 0.95}


def say(label: str, notes: Sequence[str]) -> None:
    """Pass notes about the bars of that name on as warnings."""
    for note in notes:
        log.warning("%s: %s", label, note)
