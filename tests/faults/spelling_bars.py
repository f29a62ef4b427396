"""Known bars for the spellings: small series of each kind of market and step, as whole ticks, from a seed."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from random import Random

NS = 1_000_000_000
DAY = datetime.timedelta(days=1)
EPOCH = datetime.datetime(1970, 1, 1)
LAST = datetime.datetime(2025, 12, 31)  # no bar of the future: those raise a question of their own

Ticks = tuple[int, int, int, int]


@dataclass(frozen=True)
class Market:
    """A level of prices in ticks, its digits after the point, how far a bar moves, and whether it trades on weekends."""

    name: str
    level: int
    digits: int
    move: int
    weekends: bool = False


MARKETS = (
    Market("fx", 108_000, 5, 40),
    Market("jpy", 110_123, 3, 60),
    Market("index", 123_455, 1, 300),
    Market("index-whole", 12_345, 0, 40),
    Market("stock", 100_000, 2, 900),  # from 950 to 1050: some prices have a thousands mark, some have none
    Market("stock-whole", 1_000, 0, 9),
    Market("stock-thirds", 1_000_000, 3, 9_000),
    Market("crypto", 5_800_000, 2, 9_000, weekends=True),
    Market("crypto-whole", 58_000, 0, 120, weekends=True),
    Market("sub-unit", 123, 4, 3, weekends=True),
    Market("sub-unit-thirds", 123, 3, 3, weekends=True),
    Market("lakh", 12_345_650, 2, 20_000),  # above a hundred thousand: Indian groups differ from others
    Market("million", 1_234_567, 0, 900),
)
GRIDS = ("minute", "five", "hour", "day", "week", "month")
STEPS = {
    "minute": datetime.timedelta(minutes=1),
    "five": datetime.timedelta(minutes=5),
    "hour": datetime.timedelta(hours=1),
    "day": DAY,
    "week": 7 * DAY,
}


@dataclass(frozen=True)
class Bars:
    """Times of opens (UTC, without a zone), and open, high, low, close in ticks."""

    market: Market
    grid: str
    times: list[datetime.datetime]
    prices: list[Ticks]

    @property
    def intraday(self) -> bool:
        return self.grid in ("minute", "five", "hour")


def nanoseconds(time: datetime.datetime) -> int:
    """Nanoseconds since 1970 of a time in UTC."""
    passed = time - EPOCH
    return (passed.days * 86_400 + passed.seconds) * NS + passed.microseconds * 1_000


def plain(ticks: int, digits: int) -> str:
    """The decimal text of a price, with all its digits and a point."""
    if not digits:
        return str(ticks)
    whole, part = divmod(ticks, 10**digits)
    return f"{whole}.{part:0{digits}d}"


def make_bars(random: Random) -> Bars:
    """A market, a step, and 6 to 400 bars of it: mostly few, as the faults hide in few rows."""
    market, grid = random.choice(MARKETS), random.choice(GRIDS)
    count = random.choice((6, 9, 12, 13, 14, 20, 30, 45, 70, 110, 180, 400))
    if random.random() < 0.5:
        count = min(count, random.randint(6, 40))
    times = _times(random, market, grid, count)
    return Bars(market, grid, times, _prices(random, market, len(times)))


def _times(random: Random, market: Market, grid: str, count: int) -> list[datetime.datetime]:
    if grid == "month":
        first = random.randint(1986 * 12, 2025 * 12 + 11 - count)
        return [datetime.datetime(month // 12, month % 12 + 1, 1) for month in range(first, first + count)]
    step = STEPS[grid]
    first_day = datetime.datetime(1986, 1, 6) + random.randint(0, 1_900) * 7 * DAY  # Mondays
    if grid == "day":
        first_day += random.randint(0, 400) * DAY
    if grid != "week" and random.random() < 0.35:  # no day above the twelfth for a while: dates that prove little
        first_day += (1 - first_day.day + random.choice((0, 1, 2, 4))) * DAY
    time = first_day
    if grid in ("minute", "five", "hour"):
        time += random.randint(0, 4) * DAY + random.choice((0, 0, 7, 9, 22)) * datetime.timedelta(hours=1)
        time += step * random.choice((0, 0, 30, 59)) if grid == "minute" else 0 * DAY
    closed = not market.weekends and grid != "week"
    missing = random.choice((0.0, 0.0, 0.05))
    lunch = grid == "hour" and random.random() < 0.3  # a session of six hours: many dates in few rows
    found: list[datetime.datetime] = []
    while len(found) < count and time < LAST:
        shut = (closed and time.weekday() >= 5) or (lunch and not 9 <= time.hour < 15)
        if not shut and (not found or random.random() >= missing):
            found.append(time)
        time += step
    if len(found) < 6:  # a start too near to the end of the times allowed
        return _times(random, market, grid, count)
    return found


def _prices(random: Random, market: Market, count: int) -> list[Ticks]:
    move, phase = market.move, random.random() * 6
    swing = market.name.startswith("stock")
    found: list[Ticks] = []
    last = market.level
    for number in range(count):
        start = last + (random.randint(-1, 1) if random.random() < 0.2 else 0)
        if swing:
            end = market.level + int(market.level * 0.04 * math.sin(number * 0.9 + phase)) + random.randint(-3, 3)
        else:
            end = start + random.randint(-move, move)
        start, end = max(start, 5), max(end, 5)
        high = max(start, end) + random.randint(1, max(move // 3, 1))
        low = max(min(start, end) - random.randint(1, max(move // 3, 1)), 1)
        found.append((start, high, low, end))
        last = end
    return found
