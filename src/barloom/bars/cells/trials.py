"""Evidence between readings of the same times: what each makes of all cells, and which of them bars can have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from barloom.bars.steps import commonest
from barloom.bars.times import FIRST_TIME

Ints = npt.NDArray[np.int64]

SECOND = 10**9
DAY = 86_400 * SECOND
DISORDER = 0.005  # share of steps back from which times are in no order
FEW = 0.02  # share of cells that may be slips
FOLLOWING = 10  # days between dates that follow one another, holidays among them
LEAST_STEP = 60 * SECOND  # of bars whose times could be other numbers just as well


class Trial:
    """One reading of a column of times, which come piece by piece."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.read = 0
        self.cells = 0
        self.up = 0
        self.down = 0
        self.dates = 0
        self.within = 0
        self.close = 0
        self.monthly = 0
        self.far = 0
        self.step = 0
        self.first: int | None = None
        self.last: int | None = None
        self.last_at = -1

    def add(self, times: Ints) -> None:
        """Take the next times, ``FIRST_TIME`` for those that this reading does not read."""
        self.cells += len(times)
        places = np.flatnonzero(times != FIRST_TIME)
        if not len(places):
            self.last_at -= len(times)
            return
        found = times[places]
        self.read += len(found)
        if self.last is not None:
            found, places = np.append(np.int64(self.last), found), np.append(self.last_at, places)
        else:
            self.first = int(found[0])
            self.dates = 1
        self.last, self.last_at = int(found[-1]), int(places[-1]) - len(times)
        steps = np.diff(found)
        self.up += int((steps > 0).sum())
        self.down += int((steps < 0).sum())
        # Only neighbours tell how far apart bars are: between others there is a cell that was not read.
        beside = np.diff(places) == 1
        steps = steps[beside]
        if not self.step:
            self.step = commonest(np.abs(steps[steps != 0]))[0]
        gaps = np.abs(np.diff(found // DAY))[beside]
        self.within += int(((gaps == 0) & (steps != 0)).sum())
        gaps = gaps[gaps > 0]
        self.dates += len(gaps)
        self.close += int((gaps <= FOLLOWING).sum())
        self.monthly += int((((gaps >= 28) & (gaps <= 31)) | ((gaps >= 59) & (gaps <= 62))).sum())
        self.far += int((gaps > 2 * FOLLOWING).sum())

    @property
    def ordered(self) -> bool:
        """Tell if times rise, or fall, from row to row."""
        return min(self.up, self.down) <= DISORDER * (self.up + self.down)

    @property
    def turns(self) -> bool:
        """Tell if times turn back anywhere, as 2031 to 2001 where a day was taken for a year."""
        return min(self.up, self.down) > 0

    @property
    def leaps(self) -> bool:
        """Tell if dates neither follow one another nor come once a month, as those of bars do."""
        gaps = self.dates - 1
        if gaps < 2:
            return False
        following = self.close >= gaps - FEW * gaps
        monthly = self.monthly == gaps and not self.within
        return not following and not monthly

    @property
    def steps_like_bars(self) -> bool:
        """Tell if times are in order and whole minutes apart."""
        return self.ordered and self.step >= LEAST_STEP and self.step % LEAST_STEP == 0


def proven(trials: Sequence[Trial]) -> Trial | None:
    """The reading that reads cells which no other reads, None where there is none such."""
    most = max(trial.read for trial in trials)
    best = [trial for trial in trials if trial.read == most]
    if len(best) > 1 or not most:
        return None
    rivals = [trial for trial in trials if trial is not best[0] and trial.read >= (1 - FEW) * most and trial.read]
    if any(rival.ordered and not best[0].ordered for rival in rivals):
        return None  # a slip or two against the order of all the rest
    return best[0]


def judged(trials: Sequence[Trial]) -> Trial | None:
    """The only reading that makes bars of the cells, None where several do or none does."""
    found = proven(trials)
    if found is not None:
        return found
    most = max(trial.read for trial in trials)
    left = [trial for trial in trials if trial.read and trial.read >= (1 - FEW) * most]
    for holds in (lambda trial: trial.ordered, lambda trial: not trial.leaps, lambda trial: not trial.turns):
        fitting = [trial for trial in left if holds(trial)]
        if len(fitting) == 1 and fitting[0].read == most and fitting[0].up + fitting[0].down >= 2:
            return fitting[0]
        left = fitting or left
    return None
