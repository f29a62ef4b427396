"""Bars that are known to the last digit, and files of them in any spelling."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

EPOCH = datetime(1970, 1, 1)
PRICES = ("open", "high", "low", "close")
HEADER = ("Date", "Open", "High", "Low", "Close")

Spelling = Callable[[datetime], str]
Number = Callable[[Decimal], str]
Times = list[datetime]


def nanoseconds(time: datetime) -> int:
    """Nanoseconds since 1970 of a UTC time without a zone."""
    return int((time - EPOCH) / timedelta(microseconds=1)) * 1000


@dataclass(frozen=True)
class Known:
    """Bars whose prices are decimals, so that a price read from any spelling is compared to the last bit."""

    times: Times
    prices: list[tuple[Decimal, ...]]
    """Open, high, low, close."""

    @property
    def timestamp(self) -> npt.NDArray[np.int64]:
        return np.array([nanoseconds(time) for time in self.times], np.int64)

    def column(self, name: str) -> npt.NDArray[np.float64]:
        at = PRICES.index(name)
        return np.array([float(row[at]) for row in self.prices])

    def at(self, times: Times) -> Known:
        """The same prices at other times."""
        assert len(times) == len(self.times)
        return Known(times, self.prices)

    def part(self, rows: slice) -> Known:
        return Known(self.times[rows], self.prices[rows])

    def scaled(self, factor: str) -> Known:
        """The same times with every price multiplied, exactly."""
        return Known(self.times, [tuple(price * Decimal(factor) for price in row) for row in self.prices])


def walk(times: Times, start: str = "100.00", step: int = 20, seed: int = 1) -> Known:
    """A random walk in units of the last digit of ``start``; each bar opens at the close before it."""
    draw = random.Random(seed)
    unit = Decimal(1).scaleb(Decimal(start).as_tuple().exponent)  # type: ignore[arg-type]
    at, prices = int(Decimal(start) / unit), []
    for _ in times:
        closed = at + draw.choice([-1, 1]) * draw.randint(1, step)
        high, low = max(at, closed) + draw.randint(1, step), min(at, closed) - draw.randint(1, step)
        prices.append(tuple(Decimal(price) * unit for price in (at, high, low, closed)))
        at = closed
    return Known(times, prices)


def minutes(first: str, rows: int, step: int = 1) -> Times:
    return [datetime.fromisoformat(first) + timedelta(minutes=step) * row for row in range(rows)]


def sessions(first: str, days: int, rows: int, step: int) -> Times:
    """Rows of a session that begins at the same time on each of these days."""
    return [time + timedelta(days=day) for day in range(days) for time in minutes(first, rows, step)]


def weekdays(first: str, rows: int) -> Times:
    at, out = datetime.fromisoformat(first), []
    while len(out) < rows:
        if at.weekday() < 5:
            out.append(at)
        at += timedelta(days=1)
    return out


def days(first: str, rows: int) -> Times:
    return minutes(first, rows, 24 * 60)


def months(year: int, rows: int, day: int = 1) -> Times:
    return [datetime(year + row // 12, row % 12 + 1, day) for row in range(rows)]


def utc(time: datetime) -> datetime:
    """An aware time as UTC without its zone."""
    return time.astimezone(UTC).replace(tzinfo=None)


def spelled(pattern: str) -> Spelling:
    """``strftime``, and ``{d}``, ``{m}``, ``{H}``, ``{I}`` for numbers that are not padded, on every platform."""

    def spell(time: datetime) -> str:
        whole = time.strftime(pattern)
        return whole.format(d=time.day, m=time.month, H=time.hour, I=(time.hour - 1) % 12 + 1)

    return spell


ISO = spelled("%Y-%m-%d %H:%M")
ISO_DAY = spelled("%Y-%m-%d")


def plain(price: Decimal) -> str:
    return f"{price:f}"


def grouped(mark: str, decimal: str) -> Number:
    """Groups of thousands with a mark between them."""
    return lambda price: f"{price:,f}".replace(",", "\0").replace(".", decimal).replace("\0", mark)


def indian(price: Decimal) -> str:
    """Groups of two digits above the last three: 12,34,567.89."""
    whole, _, rest = f"{price:f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return ",".join([*groups, tail]) + (f".{rest}" if rest else "")


def cells(bars: Known, time: Spelling = ISO, number: Number = plain, order: Sequence[str] = PRICES) -> list[list[str]]:
    """Rows of cells: the time, then the prices in this order."""
    at = [PRICES.index(name) for name in order]
    return [
        [time(when), *(number(row[place]) for place in at)] for when, row in zip(bars.times, bars.prices, strict=True)
    ]


def text(
    rows: Iterable[Sequence[str]],
    header: Sequence[str] | None = HEADER,
    separator: str = ",",
    *,
    quoted: str = "needed",
) -> str:
    """Lines of a text file; ``quoted``: every cell but the first (``prices``), every cell (``all``), or what has to be."""

    def cell(value: str, place: int) -> str:
        if quoted == "all" or (quoted == "prices" and place) or separator in value or '"' in value:
            return '"' + value.replace('"', '""') + '"'
        return value

    lines = [[cell(value, 0) for value in header]] if header is not None else []
    lines += [[cell(value, place) for place, value in enumerate(row)] for row in rows]
    return "".join(separator.join(line) + "\n" for line in lines)


def save(name: str, content: str, encoding: str = "utf-8") -> Path:
    """Write a file into the folder of the test; its path is its name."""
    Path(name).write_bytes(content.encode(encoding))
    return Path(name)


def packed(name: str, members: dict[str, bytes]) -> Path:
    """Write a zip with these members, in this order; one that ends in a slash is a folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        for member, content in members.items():
            whole.writestr(zipfile.ZipInfo(member, (2019, 2, 1, 0, 0, 0)), content)
    Path(name).write_bytes(out.getvalue())
    return Path(name)
