"""The table of a sweep: its columns, its order and what people see of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barloom.engine.metrics import LOWER_IS_BETTER
from barloom.errors import InputError
from barloom.sweeps.analysis.table import METRICS, RESERVED, SweepTable, metric_of, typed_column
from barloom.sweeps.runner.set_rows import SCHEMA
from helpers.sweeps import results_of


def table_of(*rows: dict[str, Any], names: tuple[str, ...] = ("fast",)) -> SweepTable:
    return SweepTable.made(names, [(place,) * len(names) for place in range(len(rows))], results_of(rows))


def ids(table: SweepTable) -> list[int]:
    return table.table["set_id"].to_pylist()


def test_columns_are_the_set_its_values_and_the_results() -> None:
    rows = [{"net_pnl": 3.0}, {"error": "no"}, {"net_pnl": 1.0}]
    values = [(5, "atr:1"), (5, "atr:2"), (10, "atr:1")]
    table = SweepTable.made(("fast", "stop"), values, results_of(rows).take([2, 0, 1]))
    assert table.table.column_names == ["set_id", "fast", "stop", *SCHEMA.names]
    assert ids(table) == [0, 1, 2]
    assert table.table["fast"].to_pylist() == [5, 5, 10]
    assert table.table["net_pnl"].to_pylist() == [3.0, None, 1.0]
    assert (len(table), table.refused) == (3, 1)


def test_a_parameter_called_like_a_metric_keeps_its_own_column() -> None:
    table = table_of({"trades": 7}, {"trades": 8}, names=("trades", "error"))
    assert table.table["param.trades"].to_pylist() == [0, 1]
    assert table.table["trades"].to_pylist() == [7, 8]
    assert table.parameters(1) == {"trades": 1, "error": 1}
    assert set(SCHEMA.names) <= RESERVED


def test_sets_that_are_not_done_are_not_there() -> None:
    table = SweepTable.made(("fast",), [(1,), (2,), (3,)], results_of([{}, {}], set_ids=[2, 0]))
    assert ids(table) == [0, 2]
    assert table.table["fast"].to_pylist() == [1, 3]


@pytest.mark.parametrize(
    ("values", "kind", "column"),
    [
        ([5, 10], pa.int64(), [5, 10]),
        ([5, None], pa.int64(), [5, None]),
        ([5, 0.5], pa.float64(), [5.0, 0.5]),
        ([Decimal("0.3"), 1], pa.float64(), [0.3, 1.0]),
        ([True, False], pa.bool_(), [True, False]),
        ([True, 1], pa.string(), ["true", "1"]),
        (["atr:1", "none"], pa.string(), ["atr:1", "none"]),
        (["atr:1", 2, 0.25], pa.string(), ["atr:1", "2", "0.25"]),
        ([2**70, 1], pa.string(), [str(2**70), "1"]),
        ([None, None], pa.string(), [None, None]),
    ],
)
def test_columns_take_the_type_of_their_values(values: list[Any], kind: pa.DataType, column: list[Any]) -> None:
    made = typed_column(values)
    assert made.type == kind
    assert made.to_pylist() == column


def test_the_best_comes_first_and_equal_sets_keep_their_order() -> None:
    table = table_of({"sharpe": 1.0}, {"sharpe": 2.0}, {"sharpe": -1.0}, {"sharpe": 2.0})
    assert ids(table.ranked()) == [1, 3, 0, 2]
    assert table.best(count=3) == [1, 3, 0]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_ranks(metric: str) -> None:
    table = table_of({metric: 1}, {metric: 3}, {metric: 2})
    assert ids(table.ranked(metric)) == ([0, 2, 1] if metric in LOWER_IS_BETTER else [1, 2, 0])


def test_sets_without_value_too_few_trades_or_an_error_come_last() -> None:
    rows = [
        {"error": "refused"},
        {"sharpe": 9.0, "trades": 2},
        {"sharpe": None, "trades": 50},
        {"sharpe": -3.0, "trades": 50},
        {"sharpe": 1.0, "trades": 30},
    ]
    table = table_of(*rows)
    ranking = table.ranking("sharpe", min_trades=30)
    assert ids(table.take(ranking.places)) == [4, 3, 2, 1, 0]
    assert ranking.ranked == 2
    assert table.best("sharpe", min_trades=30, count=9) == [4, 3]
    assert table.best("sharpe", min_trades=51) == []


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'sharp' is no metric to rank by: did you mean 'sharpe'\?"):
        table_of({}).ranked("sharp")
    assert metric_of("Net-PnL") == "net_pnl"


def test_numbers_and_distances_of_an_axis_go_up() -> None:
    stops = ["atr:10", "none", "atr:2", "pct:1", "ATR:2.5", "none"]
    table = SweepTable.made(
        ("stop", "fast", "word"), list(zip(stops, [3, 1, None, 1, 2, 3], "cbacba", strict=True)), results_of([{}] * 6)
    )
    assert table.axis("stop") == ["atr:2", "ATR:2.5", "atr:10", "none", "pct:1"]
    assert table.axis("fast") == [None, 1, 2, 3]
    assert table.axis("word") == ["c", "b", "a"]
    assert table.ranked().take([5, 4, 3, 2, 1, 0]).axis("word") == ["c", "b", "a"]
    with pytest.raises(InputError, match="'slow' is not in the grid"):
        table.axis("slow")


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    table = table_of({"sharpe": 1.0, "return_sums": [0.5]}, {"error": "no"})
    path = tmp_path / "sweep.parquet"
    pq.write_table(table.table, path)
    read = SweepTable.read(path)
    assert read.names == ("fast",)
    assert read.table.equals(table.table)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"set_id": [1]}), path)
    with pytest.raises(InputError, match=r"other\.parquet is not the table of a sweep"):
        SweepTable.read(path)
    path.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"cannot read .*other\.parquet"):
        SweepTable.read(path)
    with pytest.raises(InputError, match=r"cannot read .*none\.parquet"):
        SweepTable.read(tmp_path / "none.parquet")


def test_people_see_the_ranked_sets_with_the_metric_first() -> None:
    rows = [{"net_pnl": -1234.5, "trades": 1200, "win_rate": 0.25}, {"net_pnl": 2.0, "trades": 1}, {"error": "no"}]
    header, cells = table_of(*rows).shown("net-pnl")
    assert header == ["set_id", "fast", "net_pnl", "trades", "win_rate", "profit_factor", "sharpe", "max_drawdown_pct"]
    assert cells == [
        ["1", "1", "2.00", "1", "0.0%", "-", "-", "0.00%"],
        ["0", "0", "-1,234.50", "1,200", "25.0%", "-", "-", "0.00%"],
    ]
    assert len(table_of(*rows).shown("net-pnl", count=1)[1]) == 1
    assert len(table_of(*rows).shown("net-pnl", min_trades=2, count=None)[1]) == 1


def test_records_are_plain_and_without_lists() -> None:
    record = table_of({"sharpe": 1.5, "return_sums": [0.1]}).records()[0]
    assert record["sharpe"] == 1.5
    assert record["set_id"] == 0
    assert "return_sums" not in record
    frame = table_of({"sharpe": 1.5}, {"error": "no"}).to_pandas()
    assert list(frame["error"].isna()) == [True, False]
    assert "return_sums" not in frame


def test_a_sweep_without_sets_has_nothing_best() -> None:
    table = SweepTable.made(("fast",), [], results_of([]))
    assert table.best() == []
    assert table.shown()[1] == []
