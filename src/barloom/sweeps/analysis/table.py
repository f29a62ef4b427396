"""Table of a sweep: one row per parameter set, ordered by a metric."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from barloom.engine.metrics import LOWER_IS_BETTER, OF_TRADES, Metrics
from barloom.errors import InputError, nearest
from barloom.observe.figures import figure

if TYPE_CHECKING:
    import pandas as pd

METRICS = tuple(Metrics.model_fields)
"""The names that a sweep can be ranked by."""
SHOWN = ("trades", "net_pnl", "win_rate", "profit_factor", "sharpe", "max_drawdown_pct")
"""Metrics shown in the printed table; the one used for ranking comes first."""
WHOLE_NUMBERS = frozenset(name for name, field in Metrics.model_fields.items() if field.annotation is int)
PERIODS = ("return_counts", "return_sums", "return_squares")
"""Columns used only for the statistics of overfitting: one list per set."""
RESERVED = frozenset({"set_id", *METRICS, "checksum", "error", "days", "skewness", "kurtosis", *PERIODS})
_NAMES_KEY = b"barloom.names"
_DISTANCE = re.compile(r"([a-z]+):(\d*\.?\d+(?:e[+-]?\d+)?)\Z", re.IGNORECASE)


def metric_of(text: str) -> str:
    """The name of a metric, written with hyphens or underscores.

    Raises:
        InputError: there is no such metric.
    """
    name = text.strip().lower().replace("-", "_")
    if name not in METRICS:
        raise InputError(f"'{text}' is no metric to rank by: {nearest(name, METRICS)}")
    return name


def column_of(name: str) -> str:
    """The column of a grid name: the name, or ``param.NAME`` if a metric or another column has the same name."""
    return f"param.{name}" if name in RESERVED else name


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the sets by a metric.

    Attributes:
        places: rows of the table, the best first; those that are not ranked follow.
        ranked: how many of them have the metric and enough trades.
    """

    places: np.ndarray[Any, np.dtype[np.int64]]
    ranked: int


@dataclass(frozen=True, slots=True)
class SweepTable:
    """Table with one row per parameter set.

    Attributes:
        names: the names of the grid, in its order.
        table: ``set_id``; a column a grid name (``column_of``), of whole numbers, decimals, true and false, or text; the metrics;
            ``checksum``; ``error``, which says why a set was not run; and what ``overfitting`` needs.
    """

    names: tuple[str, ...]
    table: pa.Table

    @classmethod
    def made(
        cls,
        names: Sequence[str],
        values: Sequence[Sequence[Any]] | Mapping[int, Sequence[Any]],
        results: pa.Table,
    ) -> SweepTable:
        """The table of sets and their results.

        Args:
            names: the names of the grid.
            values: the values of a set by its ``set_id``.
            results: ``set_id`` and the columns of a batch, a row a set that is done, in any order.
        """
        results = results.combine_chunks()
        results = results.take(pc.sort_indices(results["set_id"]))
        ids = results["set_id"].to_pylist()
        columns: dict[str, Any] = {"set_id": results["set_id"]}
        for place, name in enumerate(names):
            columns[column_of(name)] = typed_column([values[number][place] for number in ids])
        columns |= {name: results[name] for name in results.column_names if name != "set_id"}
        metadata = {_NAMES_KEY: json.dumps(list(names)).encode()}
        return cls(tuple(names), pa.table(columns).replace_schema_metadata(metadata))

    @classmethod
    def of(cls, table: pa.Table, origin: str = "the table") -> SweepTable:
        """The same table, after ``table`` was written to a file and read back.

        Raises:
            InputError: it is not the table of a sweep.
        """
        metadata = table.schema.metadata or {}
        if _NAMES_KEY not in metadata or "set_id" not in table.column_names:
            raise InputError(f"{origin} is not the table of a sweep: name the sweep.parquet of a sweep's folder")
        return cls(tuple(json.loads(metadata[_NAMES_KEY])), table)

    @classmethod
    def read(cls, path: Path) -> SweepTable:
        """The table of a ``sweep.parquet``.

        Raises:
            InputError: it cannot be read, or is not the table of a sweep.
        """
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"cannot read {path}: {error}") from None
        return cls.of(table, str(path))

    def __len__(self) -> int:
        """Number of sets."""
        return int(self.table.num_rows)

    @property
    def refused(self) -> int:
        """Number of sets that could not be run."""
        return len(self) - int(self.table["error"].null_count)

    def numbers(self, metric: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A metric of every set as numbers; NaN if it is missing, or needs a trade and the set made none."""
        column = pc.cast(self.table[metric], pa.float64())
        if metric in OF_TRADES:
            # Without a trade they are all 0.
            column = pc.if_else(pc.and_(pc.equal(self.table["trades"], 0), pc.equal(column, 0.0)), None, column)
        return np.array(pc.fill_null(column, np.nan).to_numpy(), dtype=np.float64)

    def ranking(self, by: str = "sharpe", min_trades: int = 0) -> Ranking:
        """The order of the sets by a metric.

        Drawdowns and losses go up, everything else goes down; equal values by ``set_id``. Sets without a value, which are also those that
        made no trade unless trades or what is left are counted, follow, then those with
        fewer than ``min_trades`` trades, then those that could not be run.

        Raises:
            InputError: there is no such metric.
        """
        metric = metric_of(by)
        values = self.numbers(metric)
        group = np.where(np.isnan(values), 1, 0)
        group[self.numbers("trades") < min_trades] = 2
        group[~np.asarray(self.table["error"].is_null())] = 3
        key = np.nan_to_num(values if metric in LOWER_IS_BETTER else -values)
        places = np.lexsort((self.table["set_id"].to_numpy(), key, group))
        return Ranking(places.astype(np.int64), int((group == 0).sum()))

    def take(self, places: Any) -> SweepTable:
        """These rows, in this order."""
        return SweepTable(self.names, self.table.take(pa.array(places, pa.int64())))

    def ranked(self, by: str = "sharpe", min_trades: int = 0) -> SweepTable:
        """All sets in the order of ``ranking``.

        Raises:
            InputError: there is no such metric.
        """
        return self.take(self.ranking(by, min_trades).places)

    def best(self, by: str = "sharpe", min_trades: int = 0, count: int = 1) -> list[int]:
        """The ``set_id`` of the best sets, at most ``count``; sets without the metric or with too few trades are excluded.

        Raises:
            InputError: there is no such metric.
        """
        ranking = self.ranking(by, min_trades)
        chosen = ranking.places[: min(count, ranking.ranked)]
        return [int(number) for number in self.table["set_id"].to_numpy()[chosen]]

    def record(self, set_id: int) -> dict[str, Any]:
        """One set as plain values, as in ``records``.

        Raises:
            KeyError: there is no such set.
        """
        places = np.flatnonzero(self.table["set_id"].to_numpy() == set_id)
        if not len(places):
            raise KeyError(set_id)
        return self.take(places).records()[0]

    def parameters(self, set_id: int) -> dict[str, Any]:
        """The grid values of one set by their names.

        Raises:
            KeyError: there is no such set.
        """
        row = self.record(set_id)
        return {name: row[column_of(name)] for name in self.names}

    def records(self, count: int | None = None) -> list[dict[str, Any]]:
        """The first ``count`` rows, or all, as plain values for JSON, without the lists of the periods."""
        head = self.table if count is None else self.table.slice(0, count)
        rows: list[dict[str, Any]] = head.drop_columns(self._lists).to_pylist()
        return rows

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a frame, without the lists of the periods."""
        return self.table.drop_columns(self._lists).to_pandas()

    @property
    def _lists(self) -> list[str]:
        return [name for name in PERIODS if name in self.table.column_names]

    def axis(self, name: str) -> list[Any]:
        """The values of a grid name that occur in the table, each once, in order.

        Numbers go up, and so do distances of one unit; other words come as the sets bring them. None is the first.

        Raises:
            InputError: the grid has no such name.
        """
        if name not in self.names:
            raise InputError(f"'{name}' is not in the grid: {nearest(name, self.names)}")
        by_id = self.table[column_of(name)].take(pc.sort_indices(self.table["set_id"]))
        values = [value for value in pc.unique(by_id).to_pylist() if value is not None]
        first = {value: place for place, value in enumerate(values)}
        if not values or not isinstance(values[0], str):
            values.sort()
        else:
            units: dict[str, int] = {}
            for value in values:
                units.setdefault(distance_of(value)[0], len(units))
            values.sort(key=lambda value: (units[distance_of(value)[0]], distance_of(value)[1], first[value]))
        return ([None] if by_id.null_count else []) + values

    def shown(
        self, by: str = "sharpe", min_trades: int = 0, count: int | None = 10
    ) -> tuple[list[str], list[list[str]]]:
        """Header and rows for printing: the best ``count`` ranked sets, or all of them.

        Raises:
            InputError: there is no such metric.
        """
        metric = metric_of(by)
        ranking = self.ranking(metric, min_trades)
        rows = self.take(ranking.places[: ranking.ranked if count is None else min(count, ranking.ranked)]).records()
        metrics = [metric, *(name for name in SHOWN if name != metric)]
        header = ["set_id", *map(column_of, self.names), *metrics]
        return header, [[cell(name, row[name]) for name in header] for row in map(dashed, rows)]


def distance_of(text: str) -> tuple[str, float]:
    """Unit and amount of a distance; no unit and 0 for any other word."""
    found = _DISTANCE.match(text)
    return (found[1].lower(), float(found[2])) if found else ("", 0.0)


def dashed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the metrics that mean nothing if a set made no trade."""
    idle = row["trades"] == 0
    return {name: None if idle and value == 0 and name in OF_TRADES else value for name, value in row.items()}


def cell(name: str, value: Any) -> str:
    """A value of a column for printing; a dash if there is none."""
    if value is None or value != value:
        return "-"
    if name == "win_rate":
        return f"{100 * value:.1f}%"
    if name in WHOLE_NUMBERS and float(value).is_integer():
        return figure(value, ",.0f")
    if name in METRICS:
        return figure(value, unit="%" if name.endswith("_pct") else "")
    return text_of(value)


def text_of(value: Any) -> str:
    """A grid value as written by the user: ``true`` and ``false``, ``none``, decimals without needless digits."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def typed_column(values: Sequence[Any]) -> pa.Array:
    """A column of the type that fits all values: booleans, whole numbers, decimals, or else text."""
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, (bool, np.bool_)) for value in there):
        return pa.array([None if value is None else bool(value) for value in values], pa.bool_())
    numbers = not any(isinstance(value, (bool, np.bool_)) for value in there)
    if there and numbers and all(isinstance(value, Integral) for value in there):
        if all(-(2**63) <= value < 2**63 for value in there):
            return pa.array([None if value is None else int(value) for value in values], pa.int64())
    elif there and numbers and all(isinstance(value, (Real, Decimal)) for value in there):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else _word(value) for value in values], pa.string())


def _word(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)
