"""The audit of a run: decisions all along it are asked for again with windows that hold nothing of what comes after them.

Two windows with the same first bar, one ending at the decision and one going on: where they differ, the strategy looks ahead. Two windows
that end alike and begin on other bars: where they differ, its lookback is too short, or it adds up values over the window, and the last
digits of such sums depend on where they begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from barloom.bars.chunk import Chunk
from barloom.engine.audit.asking import Asker, Stretch, hushed
from barloom.engine.audit.decisions import Decision, Difference, Signals, difference
from barloom.engine.audit.draw import EACH, Draw, ahead_of, decisions_for
from barloom.engine.audit.suspects import MOST_IN_VAIN, Ints, Suspects
from barloom.engine.results import AuditCounts
from barloom.engine.signals import Prepared
from barloom.errors import FidelityError
from barloom.strategies.again import Again

MOST_DIFFERING = 200
"""One decision in so many may depend on where its window begins."""
MOST_FLIPPED = 10
"""One in so many may turn on the last digit of a sum, as crossings of an average do where prices are coarse."""
FEW_DIFFERING = 2
"""So many are never too many: of a few decisions they tell nothing."""
JUDGED = 8
"""Differences that are looked into with whole windows; those after them are taken for the same."""
FEW_CUTS = 3
MANY_CUTS = 15
"""Cuts through a run's window where a decision differs for the first time, and where so many do that the run ends."""
SHORTEST_RETRY = 256
FOLLOWING = 34
"""Bars that are shown after a decision that is suspected."""
LONGER = (
    *(1, 2, 3, 5, 8, 13, 30, 100, 101, 102, 103, 300, 301, 302, 303),
    *(1_000, 1_001, 1_002, 3_000, 3_001, 10_000, 10_001, 30_000, 30_001),
)
"""Bars added to the lookback to see with how many a decision becomes, and stays, what it is in the run."""
MUCH_LONGER = (10_000, 3_000, 1_000, 300)
"""The same to see whether a value comes nearer to the run's; the first that is there."""
ALIKE = 20.0
"""Times that a difference for rounding may be another one."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A decision that is asked about: what the run decides on a bar, and what is decided in the window of the bars ``first`` to ``bar``.

    New bars of the window begin with ``start``; ``last`` is where the longer window ends.
    """

    bar: int
    first: int
    start: int
    last: int
    run: Decision
    short: Decision


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A decision before a cut, with the bars up to it, until those after it come."""

    bar: int
    start: int
    short: Decision
    stretch: Stretch


class Audit:
    """Asks about the decisions of one strategy beside the run that they are made in, chunk by chunk."""

    def __init__(
        self, again: Again, direction: str = "both", *, each: int = EACH, rows: int | None, ends: bool = True
    ) -> None:
        """Audit about ``2 * each`` decisions of a run over about ``rows`` bars; unless ``ends``, only looking ahead ends it."""
        self._again = again
        self._direction = direction
        self._ends = ends
        self._judged = JUDGED if ends else 1
        with hushed():
            self._short, self._longer = self.asker("short"), self.asker("longer")
            self._suspects = Suspects(self.asker("packed"), rows) if ends else None
        self._lookback = self._short.maker.history
        self._wanted = decisions_for(self._lookback, each)
        self._cut_short = self._wanted < each
        self._draw = Draw(self._wanted, rows)
        self._waiting: list[_Waiting] = []
        self._asked = self._with_signal = self._unasked = self._differing = self._flipped = self._rounded = 0
        self._first_differing = self._first_rounded = self._failure = ""
        self._needed = 0
        self._rounding: dict[str, float] = {}
        """Distance of values of a column that turned out to be sums that round."""

    def asker(self, place: str = "") -> Asker:
        """A copy of the strategy that was never asked anything; with a ``place``, among sets that share a shelf."""
        return Asker(self._again.copy(place), self._direction)

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
            for bars in self._draw.bars(chunk.base, stop, chunk.last, signals.bars()):
                self._decisions(case, bars)
            for ends in self._suspects.of(stretch, chunk.base, signals) if self._suspects is not None else ():
                self._suspect(case, ends)

    def _decisions(self, case: _Case, bars: list[int]) -> None:
        """Ask about decisions near to one another: each with the bars up to it, then all of them with some bars after the last."""
        stretch, start = case.stretch, bars[0]
        first = max(stretch.first, start - self._lookback)
        last = bars[-1] + ahead_of(start, stretch.stop - 1 - bars[-1])
        shorts = [self._ask(self._short, stretch, first, start, bar) for bar in bars]
        if None in shorts:
            first = max(stretch.first, min(first, start - 4 * self._lookback, start - SHORTEST_RETRY))
            shorts = [self._ask(self._short, stretch, first, start, bar) for bar in bars]
        longer = self._ask(self._longer, stretch, first, start, last) if last > start else None
        for bar, short in zip(bars, shorts, strict=True):
            if short is None:
                self._unasked += 1
                continue
            question = _Question(bar, first, start, last, case.signals.at(bar), short.at(bar))
            self._compare(case, question, None if longer is None or bar == last else longer.at(bar))

    def _compare(self, case: _Case, question: _Question, longer: Decision | None) -> None:
        """Compare what was decided in the run, with the bars up to the decision, and with some after it."""
        bar, run, short, stretch = question.bar, question.run, question.short, case.stretch
        self._asked += 1
        self._with_signal += bool(run.entries or run.exits)
        found = difference(run, short, stretch.price(bar))
        if (longer is not None and unlike(short, longer)) or not (found is None or self._rounds(found)):
            self._judge(case, question, longer)
        elif found is not None:
            self._note_rounding(bar, found)
        if question.last == bar and not case.chunk.last:
            self._waiting.append(_Waiting(bar, question.start, short, stretch.tail(question.first)))

    def _after_the_cut(self, one: _Waiting, stretch: Stretch) -> None:
        """Show the bars after a cut to a decision that was made before it."""
        whole = one.stretch.joined(stretch, ahead_of(one.bar, stretch.stop - one.stretch.stop))
        ends = (one.bar, whole.stop - 1)
        longer = self._at(self._longer, whole, whole.first, one.start, ends[1], one.bar)
        if longer is None or not unlike(one.short, longer):
            return
        # What a strategy draws at random or keeps differs between two copies that are asked the same.
        alone, beyond, alone_too, beyond_too = (
            self._at(self.asker(), whole, whole.first, one.start, last, one.bar) for last in ends * 2
        )
        if alone is None or beyond is None or unlike(alone, alone_too) or unlike(beyond, beyond_too):
            self._refuse_unsteady(one.bar, whole.time(one.bar), one.short, longer)
        if unlike(alone, beyond):
            raise looks_ahead(self._again.name, one.bar, whole.time(one.bar), beyond, alone)

    def _suspect(self, case: _Case, ends: Ints) -> None:
        """Ask by itself about a decision that may look ahead; it counts for nothing else, as it was not drawn.

        ``ends`` is its bar, and where the window behind it ended that it was found with.
        """
        assert self._suspects is not None
        if self._suspects.in_vain >= MOST_IN_VAIN:
            return
        self._suspects.in_vain += 1
        stretch, bar, lookback = case.stretch, int(ends[0]), self._lookback
        run = case.signals.at(bar)
        alone = self._at(self.asker(), stretch, bar - lookback, bar, bar, bar)
        try:
            other = self.asker().ask(*stretch.packed(ends, lookback)).at(lookback)
        except (Exception, SystemExit):
            return
        if alone is None or not (unlike(run, alone) or unlike(alone, other)):
            return
        unsteady = case.unsteady()
        if unsteady is not None:
            self._refuse_unsteady(unsteady[0], stretch.time(unsteady[0]), *unsteady[1:])
        last = min(stretch.stop - 1, bar + FOLLOWING)
        beyond = self._at(self.asker(), stretch, bar - lookback, bar, last, bar)
        if beyond is not None and unlike(alone, beyond):
            raise looks_ahead(self._again.name, bar, stretch.time(bar), run if unlike(run, alone) else beyond, alone)
        if unlike(alone, other):
            raise looks_ahead(self._again.name, bar, stretch.time(bar), other, alone, " when other bars follow it")
        cut = case.without_the_future(bar)
        if cut is not None:
            raise looks_ahead(self._again.name, cut[0], stretch.time(cut[0]), *cut[1:])

    def _ask(self, asker: Asker, stretch: Stretch, first: int, start: int, last: int) -> Signals | None:
        """The decisions in a window of the bars ``first`` to ``last``, the new ones from ``start`` on; None where the code fails on it."""
        try:
            return asker.ask(*stretch.window(first, start, last))
        except (Exception, SystemExit) as error:
            self._failure = self._failure or f"bars {first} to {last}: {type(error).__name__}: {error}"
            return None

    def _at(self, asker: Asker, stretch: Stretch, first: int, start: int, last: int, bar: int) -> Decision | None:
        """The same for one bar of the window."""
        signals = self._ask(asker, stretch, first, start, last)
        return None if signals is None else signals.at(bar)

    # ------------------------------------------------------------ where something differs

    def _judge(self, case: _Case, question: _Question, longer: Decision | None) -> None:
        """Find out why a decision differs, by copies that were never asked anything."""
        stretch, bar, run, short = case.stretch, question.bar, question.run, question.short
        name, time = self._again.name, stretch.time(bar)
        unsteady = case.unsteady()
        if unsteady is not None:
            self._refuse_unsteady(unsteady[0], stretch.time(unsteady[0]), *unsteady[1:])
        alone, beyond = (
            self._at(self.asker(), stretch, question.first, question.start, end, bar) for end in (bar, question.last)
        )
        if alone is not None and beyond is not None and unlike(alone, beyond):
            raise looks_ahead(name, bar, time, run if unlike(run, alone) else beyond, alone)
        price = stretch.price(bar)
        found = difference(run, short, price)
        if found is None or found.rounding:
            assert longer is not None
            self._refuse_unsteady(bar, time, longer, short)
        if self._differing + self._flipped < self._judged:
            # A rule that looks ahead only in long windows shows it on bars where it found what it looked for.
            for end in dict.fromkeys((bar, case.signal_before(bar))):
                cut = case.without_the_future(end)
                if cut is not None:
                    raise looks_ahead(name, cut[0], stretch.time(cut[0]), *cut[1:])
        if alone is not None and difference(run, alone, price) is None:
            self._refuse_unsteady(bar, time, run, short)
        if found.slight and self._stays(case.stretch, bar, run, found):
            self._rounding[found.column] = max(self._rounding.get(found.column, 0.0), found.apart)
            self._note_rounding(bar, found)
        else:
            self._note_differing(case, question)

    def _rounds(self, found: Difference) -> bool:
        """Tell if two values differ in their last digits, or as those of their column did that turned out to be sums that round."""
        return found.rounding or (found.slight and found.apart <= ALIKE * self._rounding.get(found.column, 0.0))

    def _stays(self, stretch: Stretch, bar: int, run: Decision, found: Difference) -> bool:
        """Tell if a value stays as far from the run's in windows that are much longer: it rounds then, and wants no more bars."""
        for more in MUCH_LONGER:
            first = bar - self._lookback - more
            if first >= stretch.first:
                longer = self._at(self.asker(), stretch, first, bar, bar, bar)
                other = None if longer is None else difference(run, longer)
                return other is not None and other.column == found.column and other.apart > found.apart / ALIKE
        return False

    def _note_differing(self, case: _Case, question: _Question) -> None:
        """Count a decision that depends on where its window begins, for want of bars or because a sum rounds."""
        bar, run = question.bar, question.run
        if not self._first_differing:
            self._search(case, FEW_CUTS)
            size, time = bar + 1 - question.first, case.stretch.time(bar)
            self._first_differing = (
                f"on bar {bar} ({time} UTC) {run} in the run, and {question.short} in a window of {size} bars"
            )
        if self._ends and self._differing + self._flipped < JUDGED and self._comes_and_goes(case.stretch, bar, run):
            self._flipped += 1
        else:
            self._differing += 1
        most = 4 * self._wanted
        too_many = self._differing > FEW_DIFFERING + most // MOST_DIFFERING or self._flipped > most // MOST_FLIPPED
        if self._ends and too_many:
            self._search(case, MANY_CUTS)
            self._refuse_lookback()

    def _search(self, case: _Case, cuts: int) -> None:
        """Cut the run's own window off here and there, and compare all that is decided before each cut."""
        stretch, rows = case.stretch, case.chunk.rows
        for k in range(1, cuts + 1):
            found = case.without_the_future(case.chunk.base + rows * k // (cuts + 1))
            if found is not None:
                raise looks_ahead(self._again.name, found[0], stretch.time(found[0]), *found[1:])

    def _comes_and_goes(self, stretch: Stretch, bar: int, run: Decision) -> bool:
        """Tell if a decision comes and goes as windows grow longer, as it does where sums round this way and that.

        Where bars were missing, it is the run's from some length on, which is noted down.
        """
        needed, same_before = -1, False
        for more in LONGER:
            lookback = self._lookback + more
            if bar - lookback < stretch.first:
                break
            found = self._at(self.asker(), stretch, bar - lookback, bar, bar, bar)
            same = found is not None and difference(run, found, stretch.price(bar)) is None
            if same_before and not same:
                return True
            if same and not same_before:
                needed = lookback
            same_before = same
        self._needed = -1 if needed < 0 or self._needed < 0 else max(self._needed, needed)
        return False

    def _note_rounding(self, bar: int, found: Difference) -> None:
        self._rounded += 1
        if not self._first_rounded:
            self._first_rounded = (
                f"{found.column} on bar {bar} is {found.one!r} in the run and {found.other!r} in a window of its own "
                f"({found.apart:.0e} apart)"
            )

    # ------------------------------------------------------------ what is said

    def _refuse_unsteady(self, bar: int, time: str, one: Decision, other: Decision) -> NoReturn:
        raise FidelityError(
            f"strategy {self._again.name} decides otherwise when it is asked the same again: on bar {bar} ({time} UTC) {one}, and then "
            f"{other}. It draws random numbers, reads a clock, or keeps something from one window to the next: each window has to be "
            "answered by itself, with lookback and indicators for what came before"
        )

    def _refuse_lookback(self) -> NoReturn:
        remedy = (
            f"with lookback = {self._needed} those that were looked into stay the same"
            if self._needed > 0
            else "make it of bars that lookback covers, or use an indicator of barloom's, which remembers all bars"
        )
        raise FidelityError(
            f"the lookback of strategy {self._again.name} is too short: it says {self._lookback} bars, and "
            f"{self._differing + self._flipped} of {self._asked} decisions depend on more, the first {self._first_differing}; {remedy}"
        )

    def finish(self) -> AuditCounts:
        """The outcome, once the last chunk was looked at.

        Raises:
            FidelityError: too many decisions depend on where their window begins.
        """
        too_many = self._differing > max(FEW_DIFFERING, self._asked // MOST_DIFFERING)
        if self._ends and (too_many or self._flipped > max(FEW_DIFFERING, self._asked // MOST_FLIPPED)):
            self._refuse_lookback()
        return AuditCounts(
            decisions=self._asked,
            with_signal=self._with_signal,
            differing=self._differing + self._flipped,
            rounded=self._rounded,
            unasked=self._unasked,
            lookback=self._lookback if self._cut_short else None,
            first_differing=self._first_differing,
            first_rounded=self._first_rounded,
            failure=self._failure if self._unasked else "",
        )


class NoAudit:
    """Stands for the audit of a strategy that cannot be made a second time."""

    def __init__(self, error: BaseException) -> None:
        """Keep why."""
        self._failure = f"no copy of it can be made ({type(error).__name__}: {error})"

    def look(self, chunk: Chunk, prepared: Prepared, signals: Signals) -> None:
        """Ask nothing."""

    def finish(self) -> AuditCounts:
        """Why nothing was asked."""
        return AuditCounts(failure=self._failure)


def audit_of(again: Again, direction: str, *, each: int = EACH, rows: int | None, ends: bool = True) -> Audit | NoAudit:
    """An audit, or what says that there can be none: a strategy whose code fails when it is loaded again can still be run."""
    try:
        return Audit(again, direction, each=each, rows=rows, ends=ends)
    except (Exception, SystemExit) as error:
        return NoAudit(error)


def looks_ahead(name: str, bar: int, time: str, seen: Decision, unseen: Decision, where: str = "") -> FidelityError:
    """The error for a decision that is another one without the bars after it."""
    return FidelityError(
        f"strategy {name} looks ahead: on bar {bar} ({time} UTC) it decides {seen}{where}, and {unseen} when the window ends with that bar. "
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
            again = self._audit.asker().ask(self.chunk, self._prepared)
        except Exception:
            return None
        bar = self.signals.first_unlike(again, self.chunk.base + self.chunk.rows)
        return None if bar is None else (bar, self.signals.at(bar), again.at(bar))

    def signal_before(self, bar: int) -> int:
        """The last bar of the chunk before this one on which something is decided; this one where there is none."""
        before = [bars[: bars.searchsorted(bar)] for bars in self.signals.bars()]
        last = max((int(bars[-1]) for bars in before if len(bars)), default=bar)
        return last if last >= self.chunk.base else bar

    def without_the_future(self, bar: int) -> tuple[int, Decision, Decision] | None:
        """A bar up to this one that is decided otherwise in the run's own window cut off after this one, with both decisions."""
        chunk = self.chunk
        if bar == chunk.base + chunk.rows - 1:
            return None
        window = self.stretch.window(chunk.base - chunk.history, chunk.base, bar)
        try:
            cut = self._audit.asker().ask(*window)
        except Exception:
            return None
        if unlike(self.signals.at(bar), cut.at(bar)):
            return bar, self.signals.at(bar), cut.at(bar)
        other = self.signals.first_unlike(cut, bar + 1)
        return None if other is None else (other, self.signals.at(other), cut.at(other))


def unlike(one: Decision | None, other: Decision | None) -> bool:
    """True if two decisions differ in more than the last digits."""
    if one is None or other is None:
        return one is not other
    found = difference(one, other)
    return found is not None and not found.rounding
