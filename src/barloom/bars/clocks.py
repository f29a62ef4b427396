"""Check of the clock that times were read by, from the hours at which a market's weeks open. Uses a few kilobytes while bars are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from barloom.bars.times import FIRST_TIME, LAST_TIME
from barloom.bars.zones import UTC_ZONE, Zone
from barloom.errors import InputError

Ints = npt.NDArray[np.int64]

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MARKS = FIRST_TIME + 2  # the times of rows that could not be read end here

MOST_OPENS = 20_000  # weeks of 380 years
LONGEST_STEP = HOUR  # longer bars do not show when a week opens
STRIDE = 1024  # rows between two looks
LONG = 24 * HOUR  # gaps worth a look
WEEKEND = (40 * HOUR, 56 * HOUR)

FEWEST_WEEKS = 8
FITS = 0.9
"""Share of the weeks from which a clock is confirmed."""
ASKED_BELOW = 0.5
SURE = 0.95
LEAST_BEST = 0.5
"""Share of the weeks below which no clock is named."""

NEW_YORK = "America/New_York"
EUROPE = "Europe/London"
NAMED = {"Europe/London": 0, "Europe/Berlin": 1, "Europe/Athens": 2}
AHEAD = range(-12, 15)


@dataclass(frozen=True, slots=True)
class MarketHours:
    """The hours at which the weeks of a market open, in minutes of a Sunday in New York."""

    title: str
    opens: tuple[int, int]


FX = MarketHours("17:00 New York", (17 * 60 - 5, 18 * 60))
LATER = MarketHours(
    "18:00 New York", (18 * 60 - 5, 19 * 60)
)  # futures and metals, an hour behind FX, which close with it
FIXED = (22 * 60 - 5, 23 * 60)  # minutes of a Sunday in UTC: markets that keep no summer time, at their own word
LATER_FROM = 48 * HOUR + 35 * MINUTE
LATER_TO = 50 * HOUR + 35 * MINUTE


class WeekOpens:
    """Gaps of a day and longer in times that come batch by batch. Batch borders do not change the result.

    Looks at every thousandth time, and at all of them only where a thousand span a day.

    Args:
        step: nanoseconds from bar to bar, 0 for none.
        start: earlier times are passed over.
        end: so are those from here on.
    """

    def __init__(self, step: int, start: int = FIRST_TIME, end: int = LAST_TIME) -> None:
        self.start, self.end = start, end
        self.step = step if step <= LONGEST_STEP else 0
        """Bar length; 0 if bars are too long to judge the clock, or have no regular step."""
        self._stride = max(1, min(STRIDE, LONG // 2 // self.step)) if self.step else 1
        self._last: int | None = None
        self._found: list[tuple[int, int, int]] = []

    def add(self, times: Ints, part: int = 0) -> None:
        """Take the next times; ``part`` is the number of their file."""
        if not self.step or not len(times) or len(self._found) >= MOST_OPENS:
            return
        first, last = int(times[0]), int(times[-1])
        if self._last is not None and first > MARKS and first - self._last >= LONG:
            self._found.append((self._last, first, part))
        coarse = times[:: self._stride]
        apart = np.diff(coarse)
        if self._stride == 1 or int(coarse.min()) <= MARKS or bool((apart < 0).any()):
            self._look(times, part)
        else:
            blocks = np.flatnonzero(apart >= LONG)
            if len(blocks):
                self._look_at(times[blocks[:, None] * self._stride + np.arange(self._stride + 1)], part)
            self._look(times[(len(coarse) - 1) * self._stride :], part)
        if last > MARKS:
            self._last = last

    def _look_at(self, blocks: Ints, part: int) -> None:
        """Look at every time of several blocks at once, one block per row."""
        apart = blocks[:, 1:] - blocks[:, :-1]
        if apart.min() <= 0:
            for block in blocks:
                self._look(block, part)
            return
        row, at = (apart >= LONG).nonzero()
        found = zip(blocks[row, at].tolist(), blocks[row, at + 1].tolist(), strict=True)
        self._found += [(before, behind, part) for before, behind in found]

    def _look(self, times: Ints, part: int) -> None:
        if len(times) < 2:
            return
        apart = times[1:] - times[:-1]
        if apart.min() <= 0:  # rows without a time are among them, or such that go back
            times = times[times > MARKS]
            apart = np.diff(times)
        for at in (apart >= LONG).nonzero()[0].tolist():
            self._found.append((int(times[at]), int(times[at + 1]), part))

    def gaps(self) -> tuple[Ints, Ints]:
        """Times before and after each gap, one row per gap, and the file that the time after it comes from."""
        chosen = [gap for gap in self._found[:MOST_OPENS] if self.start <= gap[1] < self.end]
        table = np.array(chosen, dtype=np.int64).reshape(-1, 3)
        return table[:, :2], table[:, 2]


@dataclass(frozen=True, slots=True)
class ClockFit:
    """Fit of the clock that times were read by to the opens of the weeks, and the clock that fits best."""

    weeks: int
    market: MarketHours
    share: float
    """Share of the weeks that open on time by the clock that the times were read by."""
    best: str
    """The clock that fits most weeks, as a value of ``--time-zone``."""
    best_share: float
    also: tuple[str, ...] = ()
    """Other clocks that fit as many weeks: one season of bars cannot tell them apart."""
    fixed: bool = False
    """True if weeks open at 22:00 UTC all year and the times were accepted as UTC."""
    shares: dict[str, float] = field(default_factory=dict)
    """Share of the weeks by each clock that fits any."""

    @property
    def good(self) -> bool:
        """True if the bars confirm the clock."""
        return self.share >= FITS

    @property
    def misfit(self) -> bool:
        """True if another clock fits better, so that the user is warned."""
        return not self.good and self.best_share > self.share and self.best_share >= LEAST_BEST

    @property
    def asks(self) -> bool:
        """True if so few weeks fit, and another clock fits so well, that the user has to decide."""
        return self.share < ASKED_BELOW and self.best_share > SURE

    def told(self, read_as: str) -> str:
        """Both shares, as the middle of a sentence."""
        others = f" (as well as {', '.join(self.also[:2])})" if self.also else ""
        return (
            f"read as {read_as}, {percent(self.share)} of {self.weeks} weeks open on Sunday at {self.market.title}; "
            f"read as {self.best}{others}, {percent(self.best_share)} do"
        )


def percent(share: float) -> str:
    """A share in whole percent, rounded down so that only a full share is 100%."""
    return f"{int(share * 100 + 1e-9)}%"


def confirmed(gaps: Ints, step: int, *, claimed: bool = False) -> bool:
    """Check if the weeks open on time by the clock that times were read by. True too if the gaps tell nothing. Tries no other clock.

    Args: see ``fit_of``.
    """
    weeks = _weeks(gaps, step)
    if weeks is None:
        return True
    opens, market = weeks
    try:
        share = _share(Zone.parse(NEW_YORK).to_wall(opens, few=True), market.opens)
    except InputError:
        return True
    return share >= FITS or (claimed and _share(opens, FIXED) >= FITS)


def _weeks(gaps: Ints, step: int) -> tuple[Ints, MarketHours] | None:
    """Opens of the weeks, and the market they fit; None if there are fewer than eight, or the market has no such weekends."""
    lasting = gaps[:, 1] - gaps[:, 0] - step
    usual = (lasting >= WEEKEND[0]) & (lasting <= WEEKEND[1])
    weeks = int(usual.sum())
    if weeks < FEWEST_WEEKS or weeks * 2 < len(gaps):
        return None
    length = int(np.median(lasting[usual]))
    return gaps[usual, 1], LATER if LATER_FROM <= length <= LATER_TO else FX


def fit_of(gaps: Ints, step: int, zone: Zone = UTC_ZONE, *, claimed: bool = False) -> ClockFit | None:
    """Find the clock that fits the opens of the weeks; None if there are fewer than eight, or the market has no such weekends.

    Args:
        gaps: time before and behind, UTC as the bars were read.
        step: nanoseconds from bar to bar.
        zone: the clock that the times were read by.
        claimed: whether the times say themselves that they are UTC: then weeks that open at 22:00 UTC all year are believed.
    """
    found = _weeks(gaps, step)
    if found is None:
        return None
    opens, market = found
    weeks = len(opens)
    try:
        walls = zone.to_wall(opens)
        share = _share(Zone.parse(NEW_YORK).to_wall(opens), market.opens)
        whole_year = _share(opens, FIXED) if claimed else 0.0
        shares = {name: _share(_there(walls, clock), market.opens) for name, clock in candidates().items()}
    except InputError:
        return None  # without a time zone database nothing can be told
    top = max(shares.values())
    best, *also = [name for name, found in shares.items() if found == top]
    seen = {name: part for name, part in shares.items() if part}
    fixed = whole_year >= FITS > share
    return ClockFit(weeks, market, whole_year if fixed else share, best, top, tuple(also), fixed, seen)


def _there(walls: Ints, zone: Zone) -> Ints:
    """Times that a clock in New York showed when the clock of ``zone`` showed ``walls``."""
    if zone.name == NEW_YORK:
        return walls - zone.offset
    moments = zone.to_utc(walls)
    known = np.where(moments > MARKS, moments, 0)
    return np.where(moments > MARKS, Zone.parse(NEW_YORK).to_wall(known), FIRST_TIME)


def _share(there: Ints, opens: tuple[int, int]) -> float:
    """Share of times that are those of a Sunday at which the week opens."""
    day, minute = there // DAY, there % DAY // MINUTE
    hit = (day % 7 == 3) & (minute >= opens[0]) & (minute < opens[1])  # 1970-01-01 was a Thursday
    return float(hit.mean())


@cache
def candidates() -> dict[str, Zone]:
    """Names of the clocks that files of bars are written in, the most common first."""
    first = ["UTC", f"{NEW_YORK}+7h", NEW_YORK, "EST", "Europe/Athens", "Europe/London", "Europe/Berlin"]
    rest = []
    for ahead in sorted(AHEAD, key=abs):
        rest.append(f"{NEW_YORK}{ahead:+d}h")
        rest.append(next((name for name, hours in NAMED.items() if hours == ahead), f"{EUROPE}{ahead:+d}h"))
        rest.append("EST" if ahead == -5 else f"{ahead:+03d}:00")
    rest += ["Australia/Sydney", "Asia/Jerusalem"]
    same = {f"{NEW_YORK}+0h", "+00:00"}
    return {name: Zone.parse(name) for name in dict.fromkeys([*first, *rest]) if name not in same}
