"""Files of other programs are told by their content whatever their names are, and a format that was named is the one used."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from barloom.bars import open_bars
from barloom.bars.sources.registry import FORMATS
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1_700_000_040
PRICES = (1.5, 1.75, 1.25, 1.625)


def hst() -> bytes:
    return struct.pack("<i64s12si64x", 401, b"", b"EURUSD", 1) + struct.pack("<qddddQiQ", FIRST, *PRICES, 3, 2, 0)


def freqtrade() -> bytes:
    return json.dumps([[FIRST * 1000, *PRICES, 3]]).encode()


def nautilus() -> bytes:
    numbers = (*PRICES, 3.0)
    columns = {
        name: pa.array([int(number * 10**9).to_bytes(8, "little")], pa.binary(8))
        for name, number in zip(("open", "high", "low", "close", "volume"), numbers, strict=True)
    }
    time = pa.array([(FIRST + 60) * 10**9], pa.uint64())
    table = pa.table({**columns, "ts_event": time, "ts_init": time})
    said = {"bar_type": "EURUSD.SIM-1-MINUTE-BID-EXTERNAL", "price_precision": "5", "size_precision": "0"}
    out = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(said), out)
    return bytes(out.getvalue())


MADE = {"hst": hst, "freqtrade-json": freqtrade, "nautilus": nautilus}


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("name", ["EURUSD.csv", "bars"])
def test_content_tells_the_format(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(MADE[kind]())
    for said in (None, kind):
        bars = drawn(open_bars(path, input_format=said), volume=True)
        assert {column: values.tolist() for column, values in bars.items()} == {
            "timestamp": [FIRST * 10**9],
            **{column: [value] for column, value in zip(("open", "high", "low", "close"), PRICES, strict=True)},
            "volume": [3.0],
        }
    other = next(other for other in FORMATS if other not in (kind, "parquet"))
    with pytest.raises(InputError, match=f"no file of --input-format {other}"):
        open_bars(path, input_format=other)
