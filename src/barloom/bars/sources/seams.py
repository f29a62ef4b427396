"""Check that two files of one data set fit together: their symbols, their price sides, and the level of their prices."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from barloom.bars.sources.base import MALFORMED, Floats, Ints, RowBatch, Source
from barloom.bars.steps import commonest
from barloom.bars.times import iso
from barloom.errors import InputError

DAY = 24 * 3600 * 10**9
TELLING_STEPS = 100  # steps that tell how far apart the bars of a file are, at least
FEWEST_RETURNS = 20
UNKNOWN_DAY = 0.05  # what prices move in a day where too few bars tell
QUIET_DAY = 0.005
USUAL_JUMP = math.log(2.06)  # prices that meet are no further apart, whatever the gap
MANY_SPLITS = math.log(25)  # a split, and what a year brings
MOST_DEVIATIONS = 10.0  # of the moves of the days between two files
SPLIT_DAYS = 5
SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50)
NEAR = 0.03

_MONEY = (
    "usd eur gbp jpy chf aud nzd cad sek nok dkk pln czk huf ron try zar mxn brl clp cop sgd hkd cnh cny krw inr idr thb twd "
    "php myr rub ils xau xag xpt xpd btc eth ltc xrp bch eos sol ada dot bnb doge trx xmr dash link avax usdt usdc busd tusd ust"
)
_PAIR = re.compile(rf"(?<![a-z0-9])({_MONEY.replace(' ', '|')})[ _/-]?({_MONEY.replace(' ', '|')})(?![a-z0-9])")
_TICKER = re.compile(r"([A-Z]{2,6})(?=[-_. ])")
_SIDE = re.compile(r"(?<![a-z])(bid|ask)(?![a-z])")
_WORDS = re.compile(
    r"(?i)all|ask|bars|bid|csv|daily|data|dat|day|end|est|file|first|fx|h|hist|hour|in|is|last|live|mid|min|mt|new|now|old|one|"
    r"oos|out|part|q|raw|rest|run|set|start|store|test|tmp|train|two|used|utc|valid|year|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
)


@dataclass(frozen=True, slots=True)
class FileStart:
    """Facts from the first rows of a file."""

    time: int
    """The first time that can be read, nanoseconds UTC."""
    step: int | None
    """Nanoseconds between the bars, if the first rows are clear about it, else None."""
    price: float
    """The first price that can be read; NaN if there is none."""
    day: float
    """Typical price move in a day: root of the summed squared returns per day."""

    @classmethod
    def of(cls, batch: RowBatch) -> FileStart | None:
        """The facts of a first batch; None if it holds no time."""
        known = batch.timestamp > MALFORMED
        times = batch.timestamp[known]
        if not len(times):
            return None
        steps = np.diff(times)
        step, count = commonest(steps)
        telling = len(steps) >= TELLING_STEPS and count * 2 > len(steps)
        closes = batch.close[known]
        priced = np.isfinite(closes) & (closes > 0)
        price = float(closes[priced][0]) if priced.any() else math.nan
        return cls(int(times[0]), step if telling else None, price, _moves(times[priced], closes[priced]))


@dataclass(frozen=True, slots=True)
class Edge:
    """A bar next to a seam between two files."""

    time: int
    price: float


def _moves(times: Ints, closes: Floats) -> float:
    """Typical price move in a day; single jumps are cut to a usual size."""
    if len(closes) <= FEWEST_RETURNS or times[-1] <= times[0]:
        return UNKNOWN_DAY
    returns = np.abs(np.diff(np.log(closes)))
    usual = float(np.median(returns[returns > 0])) if (returns > 0).any() else 0.0
    returns = np.minimum(returns, 20 * usual)
    return max(QUIET_DAY, math.sqrt(float((returns**2).sum()) / (float(times[-1] - times[0]) / DAY)))


def check_names(before: Source, behind: Source) -> None:
    """Refuse files whose names or metadata are of two instruments or two price sides.

    Raises:
        InputError: naming both, what differs, and what to do.
    """
    for what, one, other in (
        ("symbol", symbol_of(before), symbol_of(behind)),
        ("pair in its name", _pair_of(before.label), _pair_of(behind.label)),
        ("symbol in its name", _ticker_of(before.label), _ticker_of(behind.label)),
        ("side of the price in its name", _side_of(before.label), _side_of(behind.label)),
    ):
        if one and other and one.casefold() != other.casefold():
            raise InputError(
                f"{before.label} and {behind.label} are no one data set: the {what} is {one} in the one and "
                f"{other} in the other: run them apart, "
                + ("or give one with --ask" if "side" in what else "or leave one out")
            )


def symbol_of(source: Source) -> str | None:
    """The symbol that a file states."""
    if source.facts is not None:
        return source.facts.symbol
    for holder, name in (("details", "symbol"), ("place", "symbol"), ("", "symbol")):
        found = getattr(getattr(source, holder, None) if holder else source, name, None)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return None


def _name(label: str) -> str:
    return label.replace("\\", "/").rsplit("/", 1)[-1]


def _pair_of(label: str) -> str | None:
    """The currency pair in a name, if there is exactly one."""
    found = {f"{one}{other}".upper() for one, other in _PAIR.findall(_name(label).lower()) if one != other}
    return found.pop() if len(found) == 1 else None


def _ticker_of(label: str) -> str | None:
    """The symbol that a name begins with, in capitals and with figures behind it, as ``AAPL-2019.csv``."""
    name = _name(label)
    found = _TICKER.match(name)
    if found is None or _WORDS.fullmatch(found[1]) or not re.search(r"\d", name[found.end() :]):
        return None
    return found[1]


def _side_of(label: str) -> str | None:
    found = set(_SIDE.findall(_name(label).lower()))
    return found.pop() if len(found) == 1 else None


def check_prices(
    before: Source, one: Edge, behind: Source, other: Edge, day: float, *, beginnings: bool = False
) -> None:
    """Refuse files whose prices do not fit together.

    Honest ones may be far apart: by a factor of two at once, by ten times what the days between them usually bring, or by a split
    (a whole number, within a few days).

    Args:
        before: the one file.
        one: its last bar, or its first where ``beginnings`` says so: then splits may lie between.
        behind: the file that follows.
        other: its first bar.
        day: what prices move in a day.
        beginnings: whether both are first bars.

    Raises:
        InputError: naming both, what differs, and what to do.
    """
    if not (one.price > 0 and other.price > 0 and math.isfinite(one.price * other.price)):
        return
    jump = abs(math.log(other.price) - math.log(one.price))
    days = max(1.0, (other.time - one.time) / DAY)
    if jump <= max(MANY_SPLITS if beginnings else USUAL_JUMP, MOST_DEVIATIONS * day * math.sqrt(days)):
        return
    times = math.exp(jump)
    if not beginnings and days <= SPLIT_DAYS and any(abs(times / whole - 1) <= NEAR for whole in SPLITS):
        return
    way = "higher" if other.price > one.price else "lower"
    raise InputError(
        f"{before.label} and {behind.label} are no one data set: their prices do not meet, {one.price:g} at {iso(one.time)} in the one "
        f"and {other.price:g} at {iso(other.time)} in the other, {times:.3g} times {way}: run them apart, or leave one out"
    )
