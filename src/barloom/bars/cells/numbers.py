"""Numbers written as text: decimal marks, thousands marks, currency signs; which mark is which, told from the cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POINT, COMMA = ".", ","
LEAP = 100.0  # times that a price is the one before it, or another of its bar, where a mark was misread
SPACES = " \u00a0\u2009\u202f\u2007"
APOSTROPHES = "'\u2019`\u00b4"
SIGNS = r"$€£¥₹₽₩₺฿₫₴₦₱₪₿"
# Codes and short names of currencies that stand beside a price.
CODES = (
    "usdt|usdc|usd|eur|gbp|jpy|chf|aud|cad|nzd|cny|cnh|rmb|inr|rub|brl|mxn|zar|sek|nok|dkk|pln|czk|huf|try|krw|hkd|sgd|"
    "btc|eth|rs\\.?|kr\\.?|zł|us\\$|a\\$|c\\$|r\\$|hk\\$|pts?|p"
)
_MONEY = rf"(?:[{SIGNS}]|(?:{CODES})(?![a-z]))"
BESIDE = re.compile(
    rf"^\s*(?P<sign>[+-]?)\s*{_MONEY}?\s*(?P<minus>[+-]?)(?P<number>[0-9.,'].*?)\s*(?:{_MONEY})?\s*$", re.IGNORECASE
)
GROUPS = r"\d{{1,3}}(?:(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*|(?P<lakh>,)(?:\d{{2}},)+\d{{3}})"
_POINT_GROUPS = GROUPS.format(marks="," + SPACES + APOSTROPHES + "_")
_COMMA_GROUPS = (r"\d{{1,3}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*").format(
    marks="." + SPACES + APOSTROPHES + "_"
)
WITH_POINT = re.compile(rf"(?:\d+|(?![0]+[,.]){_POINT_GROUPS})(?:\.\d*)?|\.\d+")
WITH_COMMA = re.compile(rf"(?:\d+|(?![0]+[,.]){_COMMA_GROUPS})(?:,\d*)?|,\d+")
EXPONENT = re.compile(r"(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+")
MULTIPLES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def bare(cell: str) -> str:
    """A cell without blanks around it, and without a currency beside its number; its sign stays."""
    text = cell.strip()
    if not text or (text[0] in "0123456789" and text[-1] in "0123456789"):
        return text
    if text[0] == "(" and text[-1] == ")":
        return "-" + bare(text[1:-1])
    found = BESIDE.match(text)
    if not found:
        return text
    sign = found["sign"] or found["minus"]
    return ("-" if sign == "-" else "") + found["number"]


def number(cell: str, decimal: str) -> float | None:
    """The number of a cell with that decimal mark, whatever marks its thousands; None where it is none."""
    text = bare(cell)
    sign = -1.0 if text[:1] == "-" else 1.0
    text = text.lstrip("+-") if text[:1] in "+-" else text
    if EXPONENT.fullmatch(text):
        return sign * float(text)
    found = (WITH_POINT if decimal == POINT else WITH_COMMA).fullmatch(text)
    if not found:
        return None
    groups = found.groupdict()
    for mark in (groups.get("mark"), groups.get("lakh")):
        if mark:
            text = text.replace(mark, "")
    return sign * float(text.replace(",", ".") if decimal == COMMA else text)


def is_number(cell: str) -> bool:
    """Tell if a cell is a number in some custom."""
    return number(cell, POINT) is not None or number(cell, COMMA) is not None


def proves(cell: str) -> str | None:
    """The decimal mark that a cell proves, None where it reads the same, or reads, with either."""
    point, comma = number(cell, POINT), number(cell, COMMA)
    if point is None or comma is None:
        return POINT if point is not None else COMMA if comma is not None else None
    return None


class Marks:
    """Evidence on the decimal mark of prices: rows that come piece by piece, and what each mark makes of them."""

    def __init__(self) -> None:
        self.proof: dict[str, tuple[int, str]] = {}
        self.unlike = ""
        self.leaps = {POINT: 0, COMMA: 0}
        self._before: dict[str, float | None] = {POINT: None, COMMA: None}

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Take the price cells of the next rows."""
        for row in rows:
            found: dict[str, list[float]] = {POINT: [], COMMA: []}
            for cell in row:
                point, comma = number(cell, POINT), number(cell, COMMA)
                if point is None and comma is None:
                    continue
                if point is None or comma is None:
                    mark = POINT if comma is None else COMMA
                    count, first = self.proof.get(mark, (0, cell))
                    self.proof[mark] = (count + 1, first)
                    continue
                if point != comma and not self.unlike:
                    self.unlike = cell.strip()
                found[POINT].append(abs(point))
                found[COMMA].append(abs(comma))
            for mark, values in found.items():
                self._leap(mark, values)

    def _leap(self, mark: str, values: list[float]) -> None:
        if not values:
            return
        low, high = min(values), max(values)
        before = self._before[mark]
        if (low > 0 and high > LEAP * low) or (
            before is not None and before > 0 and (high > LEAP * before or before > LEAP * max(low, 1e-300))
        ):
            self.leaps[mark] += 1
        self._before[mark] = values[-1]

    @property
    def proven(self) -> str | None:
        """The mark that some cells prove and none disproves; by far the most, where slips stand among them."""
        ranked = sorted(self.proof.items(), key=lambda item: -item[1][0])
        if not ranked:
            return None
        if len(ranked) == 2 and ranked[1][1][0] * 4 > ranked[0][1][0]:
            return None
        return ranked[0][0]

    def judged(self) -> str | None:
        """The mark after all cells: proven, or the only one with which prices do not leap; a point where no cell differs."""
        if self.proven is not None:
            return self.proven
        if not self.unlike and len(self.proof) < 2:
            return POINT
        smooth = [mark for mark, leaps in self.leaps.items() if not leaps]
        return smooth[0] if len(smooth) == 1 and self.unlike else None


def to_floats(column: Any, decimal: str) -> tuple[Floats, npt.NDArray[np.int64]]:
    """A column of trimmed text as numbers with that decimal mark, and the places of cells that are none (NaN there).

    An empty cell is NaN and no fault of its writing.
    """
    import pyarrow as pa
    from pyarrow import compute

    text = compute.fill_null(column, "")
    plain = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
    if decimal == COMMA:
        plain = r"^[+-]?([0-9]+,?[0-9]*|,[0-9]+)$"
    simple = compute.match_substring_regex(text, plain)
    usual = compute.if_else(simple, text, pa.scalar(None, text.type))
    if decimal == COMMA:
        usual = compute.replace_substring(usual, ",", ".")
    values: Floats = np.array(compute.fill_null(usual.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False))
    grouped = _grouped(text, decimal)
    found = ~np.isnan(grouped)
    values[found] = grouped[found]
    odd = np.flatnonzero(~simple.to_numpy(zero_copy_only=False) & ~found)
    bad: list[int] = []
    known: dict[str, float | None] = {}
    for at, cell in zip(odd.tolist(), text.take(pa.array(odd)).to_pylist(), strict=True):
        if cell not in known:
            known[cell] = number(cell, decimal) if cell else None
            if len(known) > 100_000:
                known = {cell: known[cell]}
        value = known[cell]
        if value is None:
            values[at] = _spelled(cell)
            if (cell and np.isnan(values[at]) and cell.lower() not in ("nan", "+nan", "-nan")) or not cell:
                bad.append(at)
        else:
            values[at] = value
    return values, np.array(bad, dtype=np.int64)


def _grouped(text: Any, decimal: str) -> Floats:
    """The numbers of cells whose thousands have a mark, NaN for the others: all cells of a mark at once."""
    import pyarrow as pa
    from pyarrow import compute

    values: Floats = np.full(len(text), np.nan)
    other, stop = ("," if decimal == POINT else "."), ("\\." if decimal == POINT else ",")
    for mark in (other, " ", "\u00a0", "\u202f", "'", "\u2019"):
        if not compute.any(compute.match_substring(text, mark)).as_py():
            continue
        pattern = f"^[+-]?[1-9][0-9]{{0,2}}({re.escape(mark)}[0-9]{{3}})+({stop}[0-9]*)?$"
        fits = compute.match_substring_regex(text, pattern)
        cells = compute.replace_substring(compute.if_else(fits, text, pa.scalar(None, text.type)), mark, "")
        if decimal == COMMA:
            cells = compute.replace_substring(cells, ",", ".")
        found = np.array(compute.fill_null(cells.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False))
        values = np.where(np.isnan(found), values, found)
    return values


def _spelled(cell: str) -> float:
    """Infinity, as some programs write it; NaN for anything else."""
    return {"inf": np.inf, "+inf": np.inf, "-inf": -np.inf, "infinity": np.inf, "-infinity": -np.inf}.get(
        cell.lower(), np.nan
    )


def to_volumes(column: Any, decimal: str) -> Floats:
    """A column of trimmed text as volumes: 12.3K, 1.2M and 3B are so many; NaN where nothing is known."""
    values, bad = to_floats(column, decimal)
    for at in bad.tolist():
        cell = str(column[at].as_py() or "").strip()
        times = MULTIPLES.get(cell[-1:].lower())
        if times is not None:
            value = number(cell[:-1], decimal)
            values[at] = np.nan if value is None else value * times
    return values
