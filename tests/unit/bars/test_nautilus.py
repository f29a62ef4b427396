"""nautilus_trader's catalog: whole numbers of 16 or 8 bytes come out as the nearest float64, a bar by its open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barloom.bars import Bars
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import nautilus
from barloom.bars.sources.files import read_head
from barloom.bars.sources.nautilus import NautilusSource, fixed_to_floats
from barloom.bars.zones import Zone
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1_700_000_040 * 10**9
MINUTE = 60 * 10**9
NAMES = ("open", "high", "low", "close", "volume")
BARS = [("1.08701", "1.08755", "1.0869", "1.087", "1000000"), ("37000.12345", "37000.5", "36999", "37000", "0.25")]
EURUSD = "EUR/USD.SIM-1-MINUTE-BID-EXTERNAL"


def fixed(values: Sequence[str], width: int) -> pa.Array:
    scale = {16: 16, 8: 9}[width]
    packed = [int(Decimal(value).scaleb(scale)).to_bytes(width, "little", signed=True) for value in values]
    return pa.array(packed, pa.binary(width))


def write(
    path: Path, width: int = 16, bar_type: str = EURUSD, bars: Sequence[Sequence[str]] = BARS, **said: str
) -> Path:
    columns: dict[str, Any] = {
        name: fixed(column, width) for name, column in zip(NAMES, zip(*bars, strict=True), strict=True)
    }
    times = pa.array([FIRST + MINUTE * n for n in range(1, len(bars) + 1)], pa.uint64())
    metadata = {"bar_type": bar_type, "price_precision": "5", "size_precision": "2"} | said
    table = pa.table({**columns, "ts_event": times, "ts_init": times})
    pq.write_table(table.replace_schema_metadata(metadata), path, row_group_size=3)
    return path


def source(path: Path, **options: Any) -> NautilusSource:
    head = read_head(path)
    assert nautilus.recognises(head, path)
    said = replace(ColumnOptions(), **options)
    found = NautilusSource(path, head, said)
    found.set_clock(said)
    return found


@pytest.mark.parametrize("width", [16, 8])
def test_every_bar_is_read_and_stamped_by_its_open(tmp_path: Path, width: int) -> None:
    bars = [*BARS * 3, BARS[0]]
    found = source(write(tmp_path / "a.parquet", width, bars=bars))
    columns = drawn(Bars(found), 2, volume=True)
    assert columns["timestamp"].tolist() == [FIRST + MINUTE * n for n in range(7)]
    for at, name in enumerate(NAMES):
        assert columns[name].tolist() == [float(bar[at]) for bar in bars], name
    assert found.total_rows() == 7
    assert (
        found.taken_for
        == "nautilus_trader bars, EUR/USD.SIM, 1-minute: epochs, UTC, stamped by close, bid; --stamp changes that"
    )


@pytest.mark.parametrize(
    ("bar_type", "length", "symbol"),
    [
        ("BTCUSDT-PERP.BINANCE-5-MINUTE-LAST-EXTERNAL", 300, "BTCUSDT-PERP.BINANCE"),
        ("ESZ4.XCME-1-HOUR-LAST-INTERNAL@1-MINUTE-EXTERNAL", 3600, "ESZ4.XCME"),
        ("AAPL.XNAS-1-DAY-MID-EXTERNAL", 86_400, "AAPL.XNAS"),
    ],
)
def test_the_type_of_the_bars_tells_their_length(tmp_path: Path, bar_type: str, length: int, symbol: str) -> None:
    found = source(write(tmp_path / "a.parquet", bar_type=bar_type))
    assert drawn(Bars(found))["timestamp"][0] == FIRST + MINUTE - length * 10**9
    assert found.symbol == symbol


def test_a_stamp_by_open_is_left_alone(tmp_path: Path) -> None:
    assert drawn(Bars(source(write(tmp_path / "a.parquet"), stamp="open")))["timestamp"][0] == FIRST + MINUTE


def test_a_zone_corrects_times_that_claim_to_be_utc(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    moved = first_time(source(path, time_zone=Zone.parse("EST"))) - first_time(source(path))
    assert moved == 5 * 3600 * 10**9
    assert "read as those of EST" in source(path, time_zone=Zone.parse("EST")).corrected


def first_time(bars: NautilusSource) -> int:
    return int(next(iter(bars.batches(0, 1, volume=False, threads=1))).timestamp[0])


@pytest.mark.parametrize("bar_type", ["EURUSD.SIM-100-TICK-LAST-EXTERNAL", "EURUSD.SIM-1-MONTH-BID-EXTERNAL", "bars"])
def test_bars_of_no_fixed_length_are_refused(tmp_path: Path, bar_type: str) -> None:
    with pytest.raises(InputError, match="which are no fixed time long"):
        source(write(tmp_path / "a.parquet", bar_type=bar_type))


@pytest.mark.parametrize("digits", ["", "17", "-1", "five"])
def test_a_precision_that_is_none_is_refused(tmp_path: Path, digits: str) -> None:
    with pytest.raises(InputError, match="as price_precision in its metadata, not a number of digits"):
        source(write(tmp_path / "a.parquet", price_precision=digits))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "open", pa.array([1.0, 2.0])), path)
    with pytest.raises(InputError, match=r"column 'open' of .* has type double, which nautilus_trader does not write"):
        source(path)


def test_plain_parquet_is_not_taken_for_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet")
    assert nautilus.recognises(read_head(path), path)
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    assert not nautilus.recognises(read_head(path), path)


@pytest.mark.parametrize(("width", "scale"), [(16, 16), (8, 9)])
@given(data=st.data())
def test_numbers_are_the_nearest_float64(width: int, scale: int, data: st.DataObject) -> None:
    digits = data.draw(st.integers(0, min(scale, 9)))
    units = data.draw(st.lists(st.integers(-(2**53) // 10 ** (9 - digits), 2**53 // 10 ** (9 - digits)), min_size=1))
    texts = [str(Decimal(unit).scaleb(-digits)) for unit in units]
    column = fixed(["0", *texts, "0"], width)[1:-1]
    assert fixed_to_floats(column, digits).tolist() == [float(text) for text in texts]


@pytest.mark.parametrize("width", [16, 8])
def test_more_digits_than_were_said_are_kept(width: int) -> None:
    found = fixed_to_floats(fixed(["1.0870123", "2.5"], width), 2)
    assert np.allclose(found, [1.0870123, 2.5], rtol=1e-15, atol=0)


def test_a_null_is_no_number() -> None:
    column = pa.array([b"\0" * 16, None], pa.binary(16))
    assert fixed_to_floats(column, 5)[0] == 0 and np.isnan(fixed_to_floats(column, 5)[1])
