"""Frames of pandas as bars: times in the index or in a column, columns by their names, of one ticker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from barloom.bars.column_names import ALIASES, LAST
from barloom.bars.columns import resolve, several
from barloom.bars.schema import ASKS, FIELDS, PRICES, ColumnOptions, parse_columns, plain
from barloom.bars.sources.csv_layout import is_falling
from barloom.bars.sources.memory import MemorySource, frame_column, frame_times
from barloom.bars.spread import SpreadColumn
from barloom.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

INDEX = "the index"


def frame_source(
    frame: pd.DataFrame, columns: str | Mapping[str, str | int] | None, spread_column: str | None
) -> MemorySource:
    """The source of a frame's columns.

    Raises:
        InputError: it is no frame, lacks a column, holds several tickers, or a type does not fit.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"from_pandas takes a DataFrame of pandas, not {type(frame).__module__}.{type(frame).__name__}"
        )
    frame = _of_one_ticker(frame)
    dated = isinstance(frame.index, pd.DatetimeIndex)
    names = [str(name) for name in frame.columns]
    chosen = _chosen(frame, names, columns, dated)
    spread = None if spread_column is None else SpreadColumn.parse(spread_column)
    options = ColumnOptions(chosen, spread=spread)
    if dated:
        names.append(INDEX)
    if chosen is None:
        options = replace(options, ignored=_left_alone(names, options, dated))
        if dated:
            names[-1] = "timestamp"
    layout = resolve("the frame", names, options)
    at = layout.index["time"]
    times = frame_times(frame.index if dated and at == len(names) - 1 else frame.iloc[:, at])
    values: dict[str, Any] = {}
    for name in (*FIELDS[1:], "spread", *ASKS):
        if name in layout.index:
            values[name] = frame_column(frame.iloc[:, layout.index[name]])
    if "spread" in values:
        values["spread"] = values["spread"] * layout.spread_factor
    turned = is_falling(np.asarray(times).view(np.int64) if np.asarray(times).dtype.kind == "M" else np.asarray(times))
    if turned:
        times = np.asarray(times)[::-1]
        values = {name: column[::-1] for name, column in values.items()}
    ask = tuple(values.pop(name) for name in ASKS) if ASKS[0] in values else None
    open_, high, low, close = (values[name] for name in PRICES)
    source = MemorySource.of_arrays(times, open_, high, low, close, values.get("volume"), values.get("spread"), ask)
    if turned:
        source.taken_for = "a frame with the newest bars first, read backwards"
    return source


def _of_one_ticker(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose columns have two levels, prices and tickers, as one of its only ticker."""
    import pandas as pd

    if not isinstance(frame.columns, pd.MultiIndex):
        return frame
    levels = range(frame.columns.nlevels)

    def known(level: int) -> int:
        return sum(plain(str(name)) in ALIASES for name in set(frame.columns.get_level_values(level)))

    prices = max(levels, key=known)
    others = [level for level in levels if level != prices]
    tickers = list(dict.fromkeys(" ".join(str(column[level]) for level in others).strip() for column in frame.columns))
    present = [ticker for ticker in tickers if ticker]
    if len(present) > 1:
        raise InputError(
            several("the frame", "", present).split(":")[0]
            + f": give the columns of one, as in frame.xs({present[0]!r}, axis=1, level={others[0]})"
        )
    flat = frame.copy(deep=False)
    flat.columns = pd.Index([column[prices] for column in frame.columns])
    return flat


def _chosen(
    frame: pd.DataFrame, names: list[str], columns: str | Mapping[str, str | int] | None, dated: bool
) -> dict[str, str] | None:
    """The columns that are named, the index for the time where it holds times and no column is named for it."""
    if columns is None:
        return None
    if not dated:
        return parse_columns(columns)
    given: dict[str, str | int] = (
        dict(columns)
        if isinstance(columns, Mapping)
        else dict(part.partition("=")[::2] for part in str(columns).split(","))
    )
    time = next((name for name in given if plain(str(name)) in ("time", "timestamp", "date", "datetime")), None)
    if time is None:
        given["time"] = INDEX
    elif str(given[time]) not in names and plain(str(given[time])) in (plain(str(frame.index.name)), "index"):
        given[time] = INDEX
    return parse_columns(given)


def _left_alone(names: list[str], options: ColumnOptions, dated: bool) -> tuple[str, ...]:
    """Columns that the bars do not need: they are left alone, times too where the index has them."""
    read = None if options.spread is None else plain(options.spread.name)
    own = {*ASKS} if {*ASKS} <= {plain(name) for name in names} else set()
    kept = []
    for name in names[:-1] if dated else names:
        field = ALIASES.get(plain(name)) or ("close" if plain(name) in LAST else None)
        if plain(name) != read and plain(name) not in own and (field is None or (dated and field == "time")):
            kept.append(name)
    return tuple(kept)
