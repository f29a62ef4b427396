"""Layouts: separators, quotes, names, columns beside the prices, and what kind of lines there are around the bars."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass, field
from random import Random

import numpy as np

from faults.spelling_bars import STEPS, Bars
from faults.spelling_numbers import Numbers
from faults.spelling_rules import Verdict
from faults.spelling_times import Times
from faults.spelling_words import (
    CLOSE_TIME,
    LONG_PRICES,
    ODD_SYMBOLS,
    ONE_TIME,
    OPEN_TIME,
    PRICES,
    SCRIPTS,
    SYMBOL_VALUES,
    SYMBOLS,
    TWO_TIMES,
    UNKNOWN,
    VOLUMES,
)


@dataclass
class Layout:
    """Layout of rows. ``columns`` is the kind of each cell: time, clock, open, ..., volume, symbol, index, ..."""

    separator: str
    quoting: str  # none, needed, all, prices
    names: str  # usual, angles, long, script, none
    columns: list[str]
    titles: dict[str, str]
    times: Times
    decimal: str = "."
    volume: str = "whole"
    symbols: str = ""  # one, two
    pair: tuple[str, str] = ("", "")
    symbol: str = ""  # the one that is the truth, of two
    extras: list[str] = field(default_factory=list)
    before_next: datetime.timedelta = datetime.timedelta()  # how long before the next open a close time stands
    trailing: bool = False
    blank_after: bool = False
    newest_first: bool = False
    comments: bool = False
    footer: bool = False
    noise: bool = False
    line_end: str = "\n"
    encoding: str = "utf-8"
    packing: str = "plain"

    @property
    def time_at(self) -> list[int]:
        return [self.columns.index(name) for name in ("time", "clock") if name in self.columns]

    @property
    def price_at(self) -> list[int]:
        return [self.columns.index(name) for name in ("open", "high", "low", "close")]

    def header(self) -> list[str]:
        return [] if self.names == "none" else [self.titles[column] for column in self.columns]

    def row(self, random: Random, number: int, times: list[str], prices: list[str], bars: Bars) -> list[str]:
        """The cells of a bar."""
        cells = dict(zip(("time", "clock"), times, strict=False))
        cells.update(zip(("open", "high", "low", "close"), prices, strict=True))
        cells["index"] = str(number)
        cells["symbol"] = self.symbol or self.pair[0]
        cells["adjusted"] = prices[2]  # any price but the close
        if "close_time" in self.columns:
            cells["close_time"] = self.times.write(bars.times[number] + STEPS[bars.grid] - self.before_next)[0]
        if "volume" in self.columns:
            cells["volume"] = self._volume(random).replace(".", self.decimal)
        cells["unknown"] = str(random.randint(1, 9))
        return [cells[column] for column in self.columns]

    def _volume(self, random: Random) -> str:
        number = random.randint(1, 9_000)
        if self.volume == "letters":
            return f"{number / 100:.1f}{random.choice('KKMB')}"
        if self.volume == "dashes":
            return "-"
        if self.volume == "empty":
            return ""
        return str(number)

    def other(self, row: list[str], prices: list[str]) -> list[str]:
        """The row of the second instrument at the same time, at these prices."""
        cells = list(row)
        for place, price in zip(self.price_at, prices, strict=True):
            cells[place] = price
        cells[self.columns.index("symbol")] = next(name for name in self.pair if name != self.symbol)
        return cells

    def judge(self) -> list[Verdict]:
        """Judge names, columns and lines around, the order of prices without a header left out."""
        found = [Verdict("packed" if self.packing != "plain" else "encoding by mark"), Verdict("lines around")]
        if self.names == "long":
            found.append(Verdict(option="columns"))
        elif self.names != "none":
            found.append(Verdict("names in other scripts" if self.names == "script" else "usual names"))
        if self.newest_first:
            found.append(Verdict("newest first"))
        if self.symbols:
            odd = self.titles["symbol"].strip() in ODD_SYMBOLS
            one = Verdict(option="ignore-columns") if odd else Verdict("one symbol")
            found.append(one if self.symbols == "one" else Verdict(option="symbol"))
        if "close_time" in self.columns:
            found.append(Verdict("open and close time"))
        if "index" in self.columns or self.trailing:
            found.append(Verdict("columns without a name"))
        if "unknown" in self.columns:
            found.append(Verdict(option="ignore-columns"))
        return found


def choose_layout(random: Random, bars: Bars, times: Times, numbers: Numbers) -> Layout:
    """A layout in which these times and numbers can be written, and which no vendor has."""
    separator = random.choice(",,,,;;\t|")
    two = bool(times.clock) and times.join == "columns"
    names = random.choices(("usual", "angles", "long", "script", "none"), (62, 12, 4, 8, 14))[0]
    if names == "none" and not _headerless_fits(separator, times):
        names = "usual"
    if names == "script" and two:
        names = "usual"
    layout = Layout(separator, _quoting(random, separator, numbers), names, [], {}, times, decimal=numbers.decimal)
    layout.columns = ["time", *(["clock"] if two else []), "open", "high", "low", "close"]
    _name(random, layout, intraday=bool(times.clock))
    if names != "none":
        _extras(random, layout, bars, times)
    if names == "none" or random.random() < 0.5:
        layout.columns.append("volume")
        layout.titles["volume"] = layout.titles.get("volume", "volume")
        if names != "none":
            layout.volume = random.choice(("whole", "whole", "letters", "dashes", "empty"))
    layout.newest_first = random.random() < 0.15
    layout.comments, layout.footer = random.random() < 0.08, random.random() < 0.12
    layout.noise = random.random() < 0.05 and layout.symbols != "two"
    layout.blank_after = separator == "," and layout.quoting == "none" and random.random() < 0.08
    layout.line_end = random.choice(("\n", "\n", "\r\n"))
    if names != "script":
        layout.encoding = random.choice(("utf-8",) * 6 + ("utf-8-sig", "utf-16"))
    layout.packing = random.choice(("plain",) * 9 + ("gzip", "zip", "zip-text", "zip-mac", "zip-readme"))
    return layout


def _headerless_fits(separator: str, times: Times) -> bool:
    """Leave out what is the layout of HistData, NinjaTrader, MetaTrader or MetaStock, whose clocks are others."""
    if times.kind == "digits" or times.clock in ("HHMM", "HHMMSS", "hmm", "hmmss"):
        return False
    return not (times.kind == "numbers" and times.mark == "." and times.order == "ymd") and times.kind != "excel"


def _quoting(random: Random, separator: str, numbers: Numbers) -> str:
    if separator != ",":
        return random.choice(("none", "none", "all", "prices"))
    if numbers.thousands == ".":
        return random.choice(("all", "prices"))  # a bare 1.002 beside commas is 1 and two thousandths
    if "," in (numbers.decimal, numbers.thousands):
        return random.choice(("needed", "all", "prices"))
    return random.choice(("none", "none", "needed", "all", "prices"))


def _name(random: Random, layout: Layout, *, intraday: bool) -> None:
    columns, titles = layout.columns, layout.titles
    if layout.names == "script":
        script, encodings = random.choice(SCRIPTS)
        titles.update(zip(("time", "open", "high", "low", "close", "volume"), script, strict=True))
        layout.encoding = random.choice(encodings)
        return
    prices = random.choice(LONG_PRICES if layout.names == "long" else PRICES)
    titles.update(zip(("open", "high", "low", "close"), prices, strict=True))
    if "clock" in columns:
        titles["time"], titles["clock"] = random.choice(TWO_TIMES)
    else:
        titles["time"] = random.choice(ONE_TIME["time" if intraday else "day"])
    titles["volume"] = random.choice(VOLUMES)
    if layout.names == "angles":
        titles.update(
            zip(
                ("open", "high", "low", "close", "volume"),
                ("<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"),
                strict=True,
            )
        )
        titles["time"], titles["clock"] = (
            "<DATE>" if "clock" in columns else random.choice(("<DATE>", "<TIME>")),
            "<TIME>",
        )
    elif random.random() < 0.12:  # JForex and NSE write names so
        for column in titles:
            titles[column] += " "


def _extras(random: Random, layout: Layout, bars: Bars, times: Times) -> None:
    columns, titles = layout.columns, layout.titles
    if random.random() < 0.18:
        layout.symbols = "one" if random.random() < 0.6 else "two"
        layout.pair = random.choice(SYMBOL_VALUES)
        layout.symbol = random.choice(layout.pair) if layout.symbols == "two" else layout.pair[0]
        columns.insert(random.choice((0, 1, len(columns))), "symbol")
        titles["symbol"] = random.choice((*SYMBOLS, *ODD_SYMBOLS))
    if random.random() < 0.06:
        columns.insert(0, "index")
        titles["index"] = ""
        layout.extras.append("index")
    elif random.random() < 0.06:
        layout.trailing = True
        layout.extras.append("trailing")
    if random.random() < 0.05:
        columns.append("adjusted")
        titles["adjusted"] = "Adj Close"
        layout.extras.append("adjusted")
    if random.random() < 0.04:
        columns.append("unknown")
        titles["unknown"] = random.choice(UNKNOWN)
        layout.extras.append("unknown")
    if _tells_seconds(times) and bars.grid in ("minute", "five", "hour", "day") and random.random() < 0.15:
        fine = times.clock == "HH:MM:SS.fff" or times.digits in ("ms", "us", "ns")
        layout.before_next = datetime.timedelta(milliseconds=random.choice((0, 1 if fine else 1_000)))
        titles["time"] = random.choice(OPEN_TIME)
        titles["close_time"] = CLOSE_TIME[titles["time"]]
        columns.append("close_time")
        layout.extras.append("close_time")


def _tells_seconds(times: Times) -> bool:
    """Tell if a cell of one column says the second, so that a close a second before the next open can be written."""
    return times.kind == "epoch" or (":MM:SS" in times.clock and times.join != "columns")


def judge_headerless(truth: np.ndarray) -> Verdict:
    """Judge if the bars tell the order of their prices: the fit of opens to the closes before, by each order that is possible."""
    fits = []
    for order in itertools.permutations(range(4)):
        first, high, low, last = (truth[:, place] for place in order)
        if (high >= np.maximum(first, last)).all() and (low <= np.minimum(first, last)).all():
            fits.append((float(np.abs(first[1:] - last[:-1]).sum()), order))
    fits.sort()
    mine = fits[0][1] == (0, 1, 2, 3)
    if mine and (len(fits) == 1 or fits[1][0] > 2 * fits[0][0]):
        return Verdict("bars tell the order")
    return Verdict(option="columns")
