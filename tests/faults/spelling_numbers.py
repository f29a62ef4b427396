"""Spellings of prices: marks, groups, currencies; and the judge of what else their cells could mean."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from faults.spelling_bars import Market, plain
from faults.spelling_rules import Verdict

NO_BREAK, NARROW = "\u00a0", "\u202f"
BEFORE = ("$", "€", "£", "¥", "₹", "$ ", "USD ", "EUR ")
AFTER = (" €", "€", " USD", " EUR", f"{NO_BREAK}€")


@dataclass(frozen=True)
class Numbers:
    """A style of prices; ``short`` leaves zeros at the end of the decimals out."""

    decimal: str = "."
    thousands: str = ""
    indian: bool = False
    before: str = ""
    after: str = ""
    short: bool = False

    def write(self, ticks: int, digits: int) -> str:
        whole, _, part = plain(ticks, digits).partition(".")
        if self.short:
            part = part.rstrip("0")
        text = self._grouped(whole) + (self.decimal + part if part else "")
        return f"{self.before}{text}{self.after}"

    def _grouped(self, whole: str) -> str:
        if not self.thousands or len(whole) <= 3:
            return whole
        size, head, groups = 2 if self.indian else 3, whole[:-3], [whole[-3:]]
        while head:
            groups.insert(0, head[-size:])
            head = head[:-size]
        return self.thousands.join(groups)

    def parse(self, text: str) -> float:
        """The price of a cell, by this style and nothing else."""
        text = text.removeprefix(self.before) if self.before else text
        text = text.removesuffix(self.after) if self.after else text
        if self.thousands:
            text = text.replace(self.thousands, "")
        return float(text.replace(self.decimal, "."))


def choose_numbers(random: Random, market: Market) -> Numbers:
    """A style: half of the time the plain one."""
    short = random.random() < 0.3
    if random.random() < 0.4:
        return Numbers(short=short)
    decimal = random.choice(".,")
    marks = {".": (",", ",", " ", "'", NO_BREAK, NARROW), ",": (".", ".", " ", "'", NO_BREAK, NARROW)}[decimal]
    thousands = random.choice(marks) if random.random() < 0.6 else ""
    before = random.choice(BEFORE) if random.random() < 0.12 else ""
    after = random.choice(AFTER) if not before and random.random() < 0.08 else ""
    indian = thousands == "," and random.random() < (0.5 if market.name in ("lakh", "million") else 0.1)
    return Numbers(decimal, thousands, indian, before, after, short)


def _reading(decimal: str, thousands: str) -> tuple[str, str, re.Pattern[str]]:
    mark = re.escape(thousands)
    grouped = rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|[1-9]\d?(?:{mark}\d\d)+{mark}\d{{3}}|" if thousands else ""
    return decimal, thousands, re.compile(rf"(?:{grouped}\d+)(?:{re.escape(decimal)}\d+)?")


READINGS = [_reading(decimal, other) for decimal, other in ((".", ""), (",", ""), (".", ","), (",", "."))]


def judge_numbers(numbers: Numbers, cells: Sequence[str], truth: Sequence[float], *, bare_points: bool) -> Verdict:
    """Judge the price cells of a file, row by row; ``bare_points`` says that commas separate and no price is in quotes."""
    if all(cell.isdigit() for cell in cells):
        return Verdict("no mark")
    bodies = [cell.removeprefix(numbers.before).removesuffix(numbers.after) for cell in cells]
    others = []
    for decimal, thousands, shape in READINGS:
        values = []
        for body in bodies:
            if not shape.fullmatch(body):
                break
            values.append(float((body.replace(thousands, "") if thousands else body).replace(decimal, ".")))
        else:
            if values != list(truth):
                others.append(values)
    if not others:  # blanks and apostrophes fit no reading but their own, and prove the other mark
        return Verdict("marks say it")
    if bare_points and numbers.decimal == ".":
        return Verdict("point beside commas")
    if not _leaps(truth) and all(_leaps(values) for values in others):
        return Verdict("no leap of a thousand")
    return Verdict(option="decimal")


def _leaps(values: Sequence[float]) -> bool:
    return any(not 0.01 < two / one < 100 for one, two in itertools.pairwise(values))
