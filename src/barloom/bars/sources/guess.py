"""Files without a header: which column is which, told by what bars must satisfy."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.cells import moments
from barloom.bars.cells.moments import is_date, is_time_of_day
from barloom.bars.cells.numbers import COMMA, POINT, number
from barloom.bars.schema import POSITIONS_EXAMPLE
from barloom.bars.sources.dialects import Dialect, Shape, by_shape, order_of
from barloom.bars.times import FIRST_TIME
from barloom.errors import InputError

NAME = {"o": "open", "h": "high", "l": "low", "c": "close"}
SYMBOL = re.compile(r"[A-Za-z^][\w./:^=-]*")
MOST = 12  # columns of numbers among which prices are looked for
USUAL: tuple[tuple[int, ...], ...] = ((0, 1, 2, 3), (0, 2, 3, 1), (0, 2, 1, 3))
"""Where open, high, low and close stand in the orders of vendors: OHLC, OCHL and OLHC."""
MARGIN = 0.8  # of the jumps from close to open: how much better another order has to be
WIDEST = 0.9  # of the largest of four numbers, from it to the least: those of prices lie nearer to each other
LIKELY = 8  # rows from which a column of numbers between low and high is one of prices
SLIPS = 0.01  # share of rows that may break the rule of an order
Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Guess:
    """The columns of a file without a header: field -> position from 1, ``1+2`` for a date and a time of day."""

    columns: dict[str, str]
    dialect: Dialect
    symbol: str


def guess_columns(
    label: str,
    shown: str,
    rows: Sequence[Sequence[str]],
    separator: str,
    known: Dialect | None,
    ignored: Collection[int] = (),
) -> Guess:
    """The columns of the first rows: a symbol or none, the time, four prices in the only order that fits, a volume.

    An order fits where every high is the highest of its bar and every low the lowest; of several that fit, the one whose
    opens lie nearest to the closes before. The columns of a vendor who was named are taken as they are.

    Raises:
        InputError: no order of columns fits, two fit equally well, or the rows are not those of the vendor.
    """
    usual = [len(row) for row in rows]
    width = max(dict.fromkeys(usual), key=usual.count)
    rows = [row for row in rows if len(row) == width]
    at = 1 if all(SYMBOL.fullmatch(row[0].strip()) for row in rows) else 0
    symbol = "1" if at else ""
    clock = at + 5 < width and _most(rows, at, is_date) and _is_clock(rows, at + 1)
    time = f"{at + 1}+{at + 2}" if clock else str(at + 1)
    if known is not None:
        fits = known.like or known.told_by
        if not fits(Shape(separator, rows, order_of(known), clock, bool(symbol))):
            raise InputError(f"{label} is no file of --input-format {known.name}: leave the option out")
        return Guess(dict(known.columns), known, symbol)
    at += 2 if clock else 1
    places = [place for place in range(at, width) if place not in ignored and _half(rows, place)][:MOST]
    if len(places) < 4:
        raise InputError(
            f"{label} has no header (its first line is '{shown}'): say which column is which, as in {POSITIONS_EXAMPLE}"
        )
    backwards = _descends([f"{row[at - 2]} {row[at - 1]}" if clock else row[at - 1] for row in rows[:100]])
    order = _order(label, shown, [table[::-1] if backwards else table for table in _tables(rows, places)], places)
    columns = {"time": time, **{NAME[mark]: str(place + 1) for mark, place in order.items()}}
    left = [place for place in places if place not in order.values()]
    left = _counts(rows, left, order)
    after = [place for place in left if place > max(order.values())] or left
    if after and len(left) <= 8:
        columns["volume"] = str(after[0] + 1)
    marks = "".join(sorted(order, key=lambda mark: order[mark]))
    straight = sorted(order.values()) == list(range(at, at + 4))
    return Guess(columns, by_shape(Shape(separator, rows, marks if straight else "", clock, bool(symbol))), symbol)


def likely_columns(
    rows: Sequence[Sequence[str]], time: int, clock: int | None, known: Mapping[str, int]
) -> dict[str, int]:
    """The columns of prices under names that nobody knows: field -> place, empty where their numbers do not tell.

    Args:
        rows: the first ones.
        time: column of times.
        clock: column of times of day, None without one.
        known: fields whose columns are known by their names; another place for one of them is no answer.
    """
    width = max(map(len, rows), default=0)
    rows = [row for row in rows if len(row) == width]
    others = {time, clock, *(at for name, at in known.items() if name not in NAME.values())}
    places = [at for at in range(width) if at not in others and _half(rows, at)][:MOST]
    if len(places) < len(NAME) or len(rows) < LIKELY:
        return {}
    moments_ = [row[time] if clock is None else f"{row[time]} {row[clock]}" for row in rows[:100]]
    tables = [table[::-1] if _descends(moments_) else table for table in _tables(rows, places)]
    try:
        order = {NAME[mark]: at for mark, at in _order("", "", tables, places).items()}
    except InputError:
        return {}
    return order if all(order.get(name, at) == at for name, at in known.items()) else {}


def _counts(rows: Sequence[Sequence[str]], left: Sequence[int], order: Mapping[str, int]) -> list[int]:
    """The columns that may hold volumes: not those between low and high in every row, as an average price is."""

    def is_price(at: int) -> bool:
        cells = [
            (number(row[order["l"]], POINT), number(row[at], POINT), number(row[order["h"]], POINT)) for row in rows
        ]
        known = [
            (low, value, high)
            for low, value, high in cells
            if low is not None and value is not None and high is not None
        ]
        return len(known) >= LIKELY and all(low <= value <= high for low, value, high in known)

    return [at for at in left if not is_price(at)]


def _most(rows: Sequence[Sequence[str]], at: int, holds: Callable[[str], bool]) -> bool:
    return sum(bool(holds(row[at])) for row in rows) * 10 >= len(rows) * 9


def _is_clock(rows: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at].strip() for row in rows]
    digits = all(cell.isdecimal() for cell in cells)
    return sum(map(is_time_of_day, cells)) * 10 >= len(cells) * 9 and (
        len(set(map(len, cells))) == 1 if digits else any(":" in cell for cell in cells)
    )


def _is_number(cell: str) -> bool:
    return number(cell, POINT) is not None or number(cell, COMMA) is not None


def _half(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Tell if at least half of the cells of a column are numbers."""
    return sum(_is_number(row[at]) for row in rows) * 2 >= len(rows)


def _descends(cells: Sequence[str]) -> bool:
    """Tell if times fall from row to row."""
    import pyarrow as pa

    given = [cell.strip() for cell in cells]
    epochs = [int(cell) for cell in given if re.fullmatch(r"\d{9,19}", cell)]
    if len(epochs) * 2 > len(given):
        times = np.array(epochs, dtype=np.float64)
    else:
        read = [moments.to_ns(pa.array(given), order) for order in (None, *moments.ORDERS)]
        best = max(read, key=lambda found: int((found != FIRST_TIME).sum()))
        times = best[best != FIRST_TIME].astype(np.float64)
    steps = np.diff(times)
    return bool((steps < 0).sum() > 2 * (steps > 0).sum())


def _tables(rows: Sequence[Sequence[str]], places: Sequence[int]) -> list[Table]:
    """The cells of columns as numbers, with a decimal point and with a comma, the better reading first.

    A row with a cell that is none is NaN throughout: it tells nothing, and the rows around it are no neighbours.
    """
    found = []
    for mark in (POINT, COMMA):
        read = [[number(row[at], mark) for at in places] for row in rows]
        nothing = [np.nan] * len(places)
        table = np.array([nothing if None in row else row for row in read], dtype=np.float64).reshape(-1, len(places))
        known = int((~np.isnan(table[:, 0])).sum())
        if known * 2 > len(rows):
            found.append((known, table))
    return [table for _, table in sorted(found, key=lambda item: -item[0])]


def _order(label: str, shown: str, tables: Sequence[Table], places: Sequence[int]) -> dict[str, int]:
    """Which column is which price: field's letter -> column; the reading of the numbers that makes bars of them."""
    several = False
    for table in tables:
        jumps: dict[tuple[int, ...], float] = {}
        for chosen in _nearest_four(table):
            jumps |= _orders(table, chosen)
        if not jumps:  # an average price beside them lies nearer to them than low and high to each other
            jumps |= {order: jump for order, jump in _orders(table, USUAL[0]).items() if order in USUAL}
        best = sorted(jumps, key=lambda order: jumps[order])
        usual = [order for order in best if order in USUAL]
        if usual and jumps[usual[0]] * MARGIN <= jumps[best[0]]:
            best = usual
        if best and (len(best) == 1 or jumps[best[0]] < jumps[best[1]]):
            return dict(zip("ohlc", (places[at] for at in best[0]), strict=True))
        several = several or bool(best)
    why = (
        "several orders of its prices fit"
        if several
        else "no order of its prices makes high the highest and low the lowest"
    )
    raise InputError(
        f"{label} has no header (its first line is '{shown}') and {why}: say which column is which, as in {POSITIONS_EXAMPLE}"
    )


def _nearest_four(table: Table) -> list[tuple[int, ...]]:
    """The four columns whose numbers lie nearest to each other, row by row: those of the prices."""
    count = table.shape[1]
    given, table = table, table[~np.isnan(table[:, 0])]
    size = np.abs(table)
    spreads: dict[tuple[int, ...], float] = {}
    for chosen in itertools.combinations(range(count), 4):
        part = table[:, chosen]
        scale = np.maximum(size[:, chosen].max(axis=1), 1e-300)
        spreads[chosen] = float(np.median((part.max(axis=1) - part.min(axis=1)) / scale))
    least = min(spreads.values())
    if least > WIDEST:
        return []
    first = USUAL[0]
    if spreads[first] <= 1.5 * least + 1e-12 and _orders(given, first):
        return [first]
    return [chosen for chosen, spread in spreads.items() if spread <= 1.5 * least + 1e-12]


def _orders(table: Table, chosen: tuple[int, ...]) -> dict[tuple[int, ...], float]:
    """The orders of four columns that fit, as (open, high, low, close) -> how far opens lie from the closes before."""
    found = {}
    most = SLIPS * len(table)
    for order in itertools.permutations(chosen):
        open_, high, low, close = (table[:, at] for at in order)
        wrong = (high < np.maximum(open_, close)) | (low > np.minimum(open_, close))
        if wrong.sum() <= most:
            found[order] = float(np.nansum(np.abs(open_[1:] - close[:-1])))
    return found
