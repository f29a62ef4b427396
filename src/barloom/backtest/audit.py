"""The audit of a run: decisions all along it are asked for again with windows that hold nothing of what comes after them.

Two windows with the same first bar, one ending at the decision and one going on: where they differ, the strategy looks ahead. Two windows
that end alike and begin on other bars: where they differ, its lookback is too short, or it adds up values over the window, and the last
digits of such sums depend on where they begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from barloom.backtest.asking import Asker, Stretch, hushed
from barloom.backtest.decisions import Decision, Difference, Signals, difference
from barloom.backtest.draw import EACH, Draw, ahead_of, decisions_for
from barloom.backtest.results import AuditCounts
from barloom.backtest.signals import Prepared
from barloom.bars.chunk import Chunk
from barloom.errors import FidelityError
from barloom.strategies.again import Again

MOST_DIFFERING = 200
"""One decision in so many may depend on where its window begins."""
FEW_DIFFERING = 2
"""So many are never too many: of a few decisions they tell nothing."""
JUDGED = 8
"""Differences that are looked into with whole windows; those after them are taken for the same."""
SHORTEST_RETRY = 256
LONGER = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


@dataclass(slots=True)
class _Waiting:
    """A decision before a cut: what was decided, and the bars up to it, until those after it come."""

    bar: int
    run: Decision
    short: Decision
    stretch: Stretch


class Audit:
    """Asks about the decisions of one strategy beside the run that they are made in, chunk by chunk."""

    def __init__(self, again: Again, direction: str = "both", *, each: int = EACH, rows: int | None) -> None:
        """Audit about ``2 * each`` decisions of a run over about ``rows`` bars."""
        self._again = again
        self._name = again.name
        self._direction = direction
        with hushed():
            self._short, self._longer = self._asker(), self._asker()
        self._lookback = self._short.maker.history
        self._wanted = decisions_for(self._lookback, each)
        self._cut_short = self._wanted < each
        self._draw = Draw(self._wanted, rows)
        self._waiting: list[_Waiting] = []
        self._asked = self._with_signal = self._unasked = self._differing = self._rounded = 0
        self._first_differing = self._first_rounded = self._failure = ""
        self._needed = 0

    def _asker(self) -> Asker:
        return Asker(self._again.copy(), self._direction)

    # ------------------------------------------------------------ beside the run

    def look(self, chunk: Chunk, prepared: Prepared, signals: Signals) -> None:
        """Ask again about some of the decisions of a chunk.

        Raises:
            FidelityError: the strategy looks ahead, its lookback is too short, or it decides otherwise when it is asked the same again.
        """
        with hushed():
            stretch = Stretch.of(chunk, prepared, self._short.reads)
            case = _Case(self, chunk, prepared, stretch, signals)
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                self._after_the_cut(one, stretch)
            stop = chunk.base + chunk.rows
            for bar in self._draw.bars(chunk.base, stop, chunk.last, signals.bars()):
                self._decision(case, bar)

    def _decision(self, case: _Case, bar: int) -> None:
        """Ask about one decision: with the bars up to it, and with some after it."""
        stretch, run = case.stretch, case.signals.at(bar)
        first = max(stretch.first, bar - self._lookback)
        last = bar + ahead_of(bar, stretch.stop - 1 - bar)
        short = self._ask(self._short, stretch, first, bar, bar)
        if short is None:
            first = max(stretch.first, min(first, bar - 4 * self._lookback, bar - SHORTEST_RETRY))
            short = self._ask(self._short, stretch, first, bar, bar)
            if short is None:
                self._unasked += 1
                return
        self._count(run)
        found = difference(run, short, stretch.price(bar))
        if found is not None:
            if found.rounding:
                self._note_rounding(stretch, bar, found)
            else:
                self._judge(case, bar, first, last, run, short)
                return
        if last == bar:
            if not case.chunk.last:
                self._waiting.append(_Waiting(bar, run, short, stretch.tail(first)))
            return
        longer = self._ask(self._longer, stretch, first, bar, last)
        if longer is not None and _unlike(short, longer):
            self._judge(case, bar, first, last, run, short)

    def _after_the_cut(self, one: _Waiting, stretch: Stretch) -> None:
        """Show the bars after a cut to a decision that was made before it."""
        rows = ahead_of(one.bar, stretch.stop - one.stretch.stop)
        whole = one.stretch.joined(stretch, rows)
        longer = self._ask(self._longer, whole, whole.first, one.bar, whole.stop - 1)
        if longer is None or not _unlike(one.short, longer):
            return
        # What a strategy draws at random or keeps differs between two copies that are asked the same.
        shown = [self._ask(self._asker(), whole, whole.first, one.bar, last) for last in (whole.stop - 1, one.bar) * 2]
        if None in shown or _unlike(shown[0], shown[2]) or _unlike(shown[1], shown[3]):
            self._refuse_unsteady(one.bar, whole, one.short, longer)
        if _unlike(shown[0], shown[1]):
            assert shown[0] is not None and shown[1] is not None
            self.refuse_ahead(whole, one.bar, shown[0], shown[1])

    def _ask(self, asker: Asker, stretch: Stretch, first: int, bar: int, last: int) -> Decision | None:
        """What is decided on a bar in a window of the bars ``first`` to ``last``; None where the code fails on it."""
        try:
            return asker.ask(*stretch.window(first, bar, last)).at(bar)
        except (Exception, SystemExit) as error:
            self._failure = self._failure or f"bar {bar}: {error}"
            return None

    def _count(self, decision: Decision) -> None:
        self._asked += 1
        self._with_signal += bool(decision.entries or decision.exits)

    # ------------------------------------------------------------ where something differs

    def _judge(self, case: _Case, bar: int, first: int, last: int, run: Decision, short: Decision) -> None:
        """Find out why a decision differs, by copies that were never asked anything."""
        stretch = case.stretch
        unsteady = case.unsteady()
        if unsteady is not None:
            self._refuse_unsteady(unsteady[0], stretch, *unsteady[1:])
        alone, beyond = (self._ask(self._asker(), stretch, first, bar, end) for end in (bar, last))
        if alone is not None and beyond is not None and _unlike(alone, beyond):
            self.refuse_ahead(stretch, bar, beyond if not _unlike(run, alone) else run, alone)
        if _unlike(run, short) and self._differing < JUDGED:
            unlike = case.without_the_future(bar)
            if unlike is not None:
                self.refuse_ahead(stretch, *unlike)
        if difference(run, short, stretch.price(bar)) is None:
            return
        if alone is not None and difference(run, alone, stretch.price(bar)) is None:
            self._refuse_unsteady(bar, stretch, run, short)
        self._differing += 1
        if not self._first_differing:
            size = bar + 1 - first
            self._first_differing = (
                f"on bar {bar} ({stretch.time(bar)} UTC) {run} in the run, and {short} in a window of {size} bars"
            )
        if self._differing <= JUDGED and self._needed >= 0:
            self._needed = self._lookback_needed(stretch, bar, run)
        if self._differing > FEW_DIFFERING + 4 * self._wanted // MOST_DIFFERING:
            self._refuse_lookback()

    def _lookback_needed(self, stretch: Stretch, bar: int, run: Decision) -> int:
        """A lookback with which this decision and those before it are what they were; -1 where none is."""
        for lookback in LONGER:
            if lookback <= max(self._lookback, self._needed - 1):
                continue
            first = bar - lookback
            if first < stretch.first:
                return -1
            found = self._ask(self._asker(), stretch, first, bar, bar)
            if found is not None and difference(run, found, stretch.price(bar)) is None:
                return max(lookback, self._needed)
        return -1

    def _note_rounding(self, stretch: Stretch, bar: int, found: Difference) -> None:
        self._rounded += 1
        if not self._first_rounded:
            self._first_rounded = (
                f"{found.column} on bar {bar} is {found.one!r} in the run and {found.other!r} in a window of its own "
                f"({found.apart:.0e} apart)"
            )

    # ------------------------------------------------------------ what is said

    def refuse_ahead(self, stretch: Stretch, bar: int, seen: Decision, unseen: Decision) -> NoReturn:
        """End the run: a decision is another one without the bars after it."""
        raise looks_ahead(self._name, bar, stretch.time(bar), seen, unseen)

    def _refuse_unsteady(self, bar: int, stretch: Stretch, one: Decision, other: Decision) -> NoReturn:
        raise FidelityError(
            f"strategy {self._name} decides otherwise when it is asked the same again: on bar {bar} ({stretch.time(bar)} UTC) {one}, and then "
            f"{other}. It draws random numbers, reads a clock, or keeps something from one window to the next: each window has to be answered "
            "by itself, with lookback and indicators for what came before"
        )

    def _refuse_lookback(self) -> NoReturn:
        needed = self._needed
        remedy = (
            f"lookback = {needed} gave the same on the bars that were tried"
            if needed > 0
            else "make it of bars that lookback covers, or use an indicator of barloom's, which remembers all bars"
        )
        raise FidelityError(
            f"the lookback of strategy {self._name} is too short: it says {self._lookback} bars, and {self._differing} of {self._asked} "
            f"decisions depend on more, the first {self._first_differing}; {remedy}"
        )

    def finish(self) -> AuditCounts:
        """What came of it, once the last chunk was looked at.

        Raises:
            FidelityError: too many decisions depend on where their window begins.
        """
        if self._differing > FEW_DIFFERING and self._differing * MOST_DIFFERING > self._asked:
            self._refuse_lookback()
        return AuditCounts(
            decisions=self._asked,
            with_signal=self._with_signal,
            differing=self._differing,
            rounded=self._rounded,
            unasked=self._unasked,
            lookback=self._lookback if self._cut_short else None,
            first_differing=self._first_differing,
            first_rounded=self._first_rounded,
            failure=self._failure if self._unasked else "",
        )


def looks_ahead(name: str, bar: int, time: str, seen: Decision, unseen: Decision) -> FidelityError:
    """The error for a decision that is another one without the bars after it."""
    return FidelityError(
        f"strategy {name} looks ahead: on bar {bar} ({time} UTC) it decides {seen}, and {unseen} when the window ends with that bar. "
        "A signal may use the bars up to its own: no shift(-1), no mean, rank, highest value or length of the whole window"
    )


class _Case:
    """A chunk in which something may differ: what fresh copies make of the whole of it, once that is asked for."""

    def __init__(self, audit: Audit, chunk: Chunk, prepared: Prepared, stretch: Stretch, signals: Signals) -> None:
        self._audit = audit
        self.chunk = chunk
        self.stretch = stretch
        self.signals = signals
        self._prepared = prepared
        self._asked = False

    def unsteady(self) -> tuple[int, Decision, Decision] | None:
        """The first bar on which a copy that is asked what the run's own strategy was decides otherwise, with both decisions."""
        if self._asked:
            return None
        self._asked = True
        try:
            again = self._audit._asker().ask(self.chunk, self._prepared)
        except Exception:
            return None
        stop = self.chunk.base + self.chunk.rows
        bar = self.signals.first_unlike(again, stop)
        return None if bar is None else (bar, self.signals.at(bar), again.at(bar))

    def without_the_future(self, bar: int) -> tuple[int, Decision, Decision] | None:
        """A bar up to this one that is decided otherwise in the run's own window cut off after this one, with both decisions."""
        chunk = self.chunk
        if bar == chunk.base + chunk.rows - 1:
            return None
        window = self.stretch.window(chunk.base - chunk.history, chunk.base, bar)
        try:
            cut = self._audit._asker().ask(*window)
        except Exception:
            return None
        if _unlike(self.signals.at(bar), cut.at(bar)):
            return bar, self.signals.at(bar), cut.at(bar)
        unlike = self.signals.first_unlike(cut, bar + 1)
        return None if unlike is None else (unlike, self.signals.at(unlike), cut.at(unlike))


def _unlike(one: Decision | None, other: Decision | None) -> bool:
    """Whether two decisions differ in more than the last digits."""
    if one is None or other is None:
        return one is not other
    found = difference(one, other)
    return found is not None and not found.rounding
