"""Files without a header: which column is which, told by what bars must satisfy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from barloom.bars.schema import POSITIONS_EXAMPLE
from barloom.bars.sources.dialects import Dialect, Shape, by_shape, is_date, order_of
from barloom.errors import InputError

ORDERS = ("ohlc", "ochl", "olhc")
NAME = {"o": "open", "h": "high", "l": "low", "c": "close"}
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|([01]\d|2[0-3])[0-5]\d[0-5]\d")
SYMBOL = re.compile(r"[A-Za-z^][\w./:^=-]*")


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
    decimal_comma: bool,
    newest_first: bool,
    known: Dialect | None,
) -> Guess:
    """The columns of the first rows: a symbol or none, the time, four prices in the only order that fits, a volume.

    An order fits where every high is the highest of its bar and every low the lowest; of several that fit, the one whose
    opens lie nearest to the closes before. The columns of a vendor who was named are taken as they are.

    Raises:
        InputError: no order of columns fits, two fit equally well, or the rows are not those of the vendor.
    """
    width = len(rows[0])
    rows = [row for row in rows if len(row) == width]
    at = 1 if all(SYMBOL.fullmatch(row[0].strip()) for row in rows) else 0
    symbol = "1" if at else ""
    clock = at + 1 < width and all(is_date(row[at]) and CLOCK.fullmatch(row[at + 1].strip()) for row in rows)
    time = f"{at + 1}+{at + 2}" if clock else str(at + 1)
    if known is not None:
        fits = known.like or known.told_by
        if not fits(Shape(separator, rows, order_of(known), clock, bool(symbol))):
            raise InputError(f"{label} is no file of --input-format {known.name}: leave the option out")
        return Guess(dict(known.columns), known, symbol)
    at += 2 if clock else 1
    table = _numbers(rows, at, decimal_comma)
    if table is None:
        raise InputError(
            f"{label} has no header (its first line is '{shown}'): say which column is which, as in {POSITIONS_EXAMPLE}"
        )
    order = _order(label, shown, table[::-1] if newest_first else table)
    columns = {"time": time, **{NAME[mark]: str(at + place + 1) for place, mark in enumerate(order)}}
    if at + 4 < width and _numbers(rows, at + 4, decimal_comma, 1) is not None:
        columns["volume"] = str(at + 5)
    return Guess(columns, by_shape(Shape(separator, rows, order, clock, bool(symbol))), symbol)


def _numbers(
    rows: Sequence[Sequence[str]], at: int, decimal_comma: bool, count: int = 4
) -> npt.NDArray[np.float64] | None:
    """The cells of ``count`` columns as numbers, None where one is none."""
    try:
        cells = [[cell.replace(",", ".") if decimal_comma else cell for cell in row[at : at + count]] for row in rows]
        table = np.array([[float(cell) for cell in row] for row in cells], dtype=np.float64)
    except ValueError:
        return None
    return table if table.shape[1:] == (count,) and np.isfinite(table).all() else None


def _order(label: str, shown: str, table: npt.NDArray[np.float64]) -> str:
    jumps: dict[str, float] = {}
    for order in ORDERS:
        open_, high, low, close = (table[:, order.index(mark)] for mark in "ohlc")
        if (high >= np.maximum(open_, close)).all() and (low <= np.minimum(open_, close)).all():
            jumps[order] = float(np.abs(open_[1:] - close[:-1]).sum())
    best = sorted(jumps, key=lambda order: jumps[order])
    if len(best) == 1 or (len(best) > 1 and jumps[best[0]] < jumps[best[1]]):
        return best[0]
    why = (
        "several orders of its prices fit"
        if best
        else "no order of its prices makes high the highest and low the lowest"
    )
    raise InputError(
        f"{label} has no header (its first line is '{shown}') and {why}: say which column is which, as in {POSITIONS_EXAMPLE}"
    )
