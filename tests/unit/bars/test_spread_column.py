"""A column of spreads: found by name or position, in price units or points, in every format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barloom.bars import from_arrays, from_pandas, open_bars
from barloom.errors import InputError
from helpers.chunks import ASKS, drawn

FIRST = 1328054400 * 10**9
MINUTE = 60 * 10**9
CLOSE = 1.5 + np.arange(300) % 7 / 1000
POINTS = np.arange(300) % 5
COLUMNS: dict[str, Any] = {
    "time": FIRST + np.arange(300) * MINUTE,
    "open": CLOSE,
    "high": CLOSE + 0.01,
    "low": CLOSE - 0.01,
    "close": CLOSE,
    "volume": np.ones(300),
    "spread": POINTS * 0.00001,
}


def write_csv(columns: dict[str, Any], path: Path) -> None:
    pd.DataFrame(columns).to_csv(path, index=False)


def write_parquet(columns: dict[str, Any], path: Path) -> None:
    pq.write_table(pa.table(columns), path, row_group_size=70)


def write_file(columns: dict[str, Any], path: Path) -> None:
    table = pa.table(columns)
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=70)


def write_stream(columns: dict[str, Any], path: Path) -> None:
    table = pa.table(columns)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=70)


WRITERS = pytest.mark.parametrize("write", [write_csv, write_parquet, write_file, write_stream])


def check(columns: dict[str, np.ndarray], spread: np.ndarray) -> None:
    for name in ("open", "high", "low", "close"):
        assert columns[f"ask_{name}"].tolist() == (COLUMNS[name] + spread).tolist()


@WRITERS
@pytest.mark.parametrize("name", ["spread", " SPREAD ", "7", 7])
@pytest.mark.parametrize("volume", [False, True])
def test_the_ask_is_the_bid_plus_the_column(
    tmp_path: Path, write: Callable[..., None], name: str | int, volume: bool
) -> None:
    write(COLUMNS, tmp_path / "bars")
    bars = open_bars(tmp_path / "bars", spread_column=name)
    assert bars.has_ask
    check(drawn(bars, 100, history=7, volume=volume), COLUMNS["spread"])


@WRITERS
def test_a_factor_makes_prices_of_points(tmp_path: Path, write: Callable[..., None]) -> None:
    points = {"spread": POINTS, **{name: column for name, column in COLUMNS.items() if name != "spread"}}
    write(points, tmp_path / "bars")
    check(drawn(open_bars(tmp_path / "bars", spread_column="SPREAD*0.00001")), POINTS * 0.00001)
    check(drawn(open_bars(tmp_path / "bars", spread_column="1 * 1e-5")), POINTS * 0.00001)


def test_columns_can_be_chosen_beside_it(tmp_path: Path) -> None:
    write_csv(COLUMNS, tmp_path / "bars")
    named = open_bars(
        tmp_path / "bars", columns="time=time,open=open,high=high,low=low,close=close", spread_column="spread"
    )
    check(drawn(named), COLUMNS["spread"])
    pd.DataFrame(COLUMNS).to_csv(tmp_path / "bare", index=False, header=False)
    placed = open_bars(tmp_path / "bare", columns="time=1,open=2,high=3,low=4,close=5", spread_column=7)
    check(drawn(placed), COLUMNS["spread"])


def test_a_column_that_nobody_asked_for_stays_unexpected(tmp_path: Path) -> None:
    write_csv(COLUMNS, tmp_path / "bars")
    with pytest.raises(InputError, match="unexpected column spread"):
        open_bars(tmp_path / "bars")
    assert not open_bars(tmp_path / "bars", ignore_columns="spread").has_ask


def bad(row: int, value: float) -> dict[str, Any]:
    spread = COLUMNS["spread"].copy()
    spread[row] = value
    return {**COLUMNS, "spread": spread}


@WRITERS
@pytest.mark.parametrize(
    ("value", "kind"),
    [(-0.00001, "crossed"), (-9.0, "crossed"), (np.nan, "not_finite"), (np.inf, "not_finite"), (-np.inf, "not_finite")],
)
def test_a_bad_spread_makes_a_bad_row(tmp_path: Path, write: Callable[..., None], value: float, kind: str) -> None:
    write(bad(130, value), tmp_path / "bars")
    with pytest.raises(InputError, match=rf"1 {kind} \(first: (data )?row 131.*use --on-(bad-rows|crossed) "):
        drawn(open_bars(tmp_path / "bars", spread_column="spread"))
    bars = open_bars(tmp_path / "bars", spread_column="spread", on_bad_rows="drop")
    assert len(drawn(bars, 64)["ask_open"]) == 299
    assert bars.report is not None and bars.report.dropped == {kind: 1}


def test_a_spread_that_is_no_number_is_an_unparsable_price(tmp_path: Path) -> None:
    lines = pd.DataFrame(COLUMNS).to_csv(index=False).splitlines()
    lines[131] = ",".join([*lines[131].split(",")[:-1], "wide"])
    (tmp_path / "bars").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"1 unparsable_price \(first: data row 131"):
        drawn(open_bars(tmp_path / "bars", spread_column="spread"))
    dropped = open_bars(tmp_path / "bars", spread_column="spread", on_bad_rows="drop")
    kept = np.delete(np.arange(300), 130)
    assert drawn(dropped)["ask_low"].tolist() == (COLUMNS["low"] + COLUMNS["spread"])[kept].tolist()
    assert len(drawn(open_bars(tmp_path / "bars", ignore_columns="spread"))["open"]) == 300


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"spread_column": "spraed"}, "--spread-column takes spread from 'spraed', .* did you mean 'spread'"),
        ({"spread_column": "8"}, "--spread-column takes spread from column 8, but .* has columns 1 to 7"),
        ({"spread_column": ""}, "--spread-column is ''"),
        ({"spread_column": "*0.1"}, r"--spread-column is '\*0.1'"),
        ({"spread_column": "spread*"}, "--spread-column is"),
        ({"spread_column": "spread*point"}, r"SPREAD\*0.00001"),
        ({"spread_column": "spread*-1"}, "--spread-column is"),
        ({"spread_column": "spread*0"}, "--spread-column is"),
        ({"spread_column": "spread*inf"}, "--spread-column is"),
        ({"spread_column": "spread", "ignore_columns": "Spread"}, "which --spread-column reads: leave one of them out"),
        (
            {"spread_column": 5, "columns": "time=1,open=2,high=3,low=4,close=5"},
            "spread and close from the same column",
        ),
    ],
)
def test_a_column_that_cannot_be_is_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    write_csv(COLUMNS, tmp_path / "bars.csv")
    with pytest.raises(InputError, match=said):
        open_bars(tmp_path / "bars.csv", **options)


def test_a_column_of_text_is_refused_by_its_type(tmp_path: Path) -> None:
    write_parquet({**COLUMNS, "spread": ["wide"] * 300}, tmp_path / "bars.parquet")
    with pytest.raises(InputError, match=r"column 'spread' of .* has type string, not numbers"):
        open_bars(tmp_path / "bars.parquet", spread_column="spread")


# ---------------------------------------------------------------- in memory


def given() -> dict[str, Any]:
    return {name: COLUMNS[name] for name in ("open", "high", "low", "close")}


def test_an_array_of_spreads_gives_the_same_bars_as_a_file(tmp_path: Path) -> None:
    write_csv(COLUMNS, tmp_path / "bars")
    opened = open_bars(tmp_path / "bars", spread_column="spread")
    bars = from_arrays(COLUMNS["time"], **given(), volume=COLUMNS["volume"], spread=COLUMNS["spread"])
    check(drawn(bars, 100), COLUMNS["spread"])
    drawn(opened)
    assert bars.report == opened.report
    wider = from_arrays(COLUMNS["time"], **given(), spread=COLUMNS["spread"] + 0.1)
    drawn(wider)
    assert wider.report is not None and opened.report is not None
    assert wider.report.content_hash != opened.report.content_hash


@pytest.mark.parametrize(("value", "kind"), [(-1e-9, "crossed"), (np.nan, "not_finite"), (np.inf, "not_finite")])
def test_a_bad_spread_in_an_array_is_refused_at_once(value: float, kind: str) -> None:
    spread = bad(130, value)["spread"]
    with pytest.raises(InputError, match=rf"1 {kind} \(first: row 131.*; ask "):
        from_arrays(COLUMNS["time"], **given(), spread=spread)
    dropped = from_arrays(COLUMNS["time"], **given(), spread=spread, on_bad_rows="drop")
    columns = drawn(dropped, 100, history=5)
    assert len(columns["ask_open"]) == 299
    assert dropped.report is not None and dropped.report.dropped == {kind: 1}


@pytest.mark.parametrize("indexed", [False, True])
def test_a_frame_has_its_spread_by_name(indexed: bool) -> None:
    frame = pd.DataFrame(COLUMNS | {"time": COLUMNS["time"].astype("datetime64[ns]"), "sma": 1.0})
    frame["points"] = POINTS
    if indexed:
        frame = frame.set_index("time")
    check(drawn(from_pandas(frame, spread_column="spread"), volume=True), COLUMNS["spread"])
    check(drawn(from_pandas(frame, spread_column="Points*0.00001")), POINTS * 0.00001)
    assert not from_pandas(frame).has_ask
    with pytest.raises(InputError, match="spread_column takes spread from 'width'"):
        from_pandas(frame, spread_column="width")


def test_chosen_columns_of_a_frame_take_a_spread_too() -> None:
    frame = pd.DataFrame(COLUMNS)
    chosen = {name: name for name in ("time", "open", "high", "low", "close")}
    columns = drawn(from_pandas(frame, columns=chosen, spread_column="spread"))
    check(columns, COLUMNS["spread"])
    assert set(ASKS) < set(columns)
