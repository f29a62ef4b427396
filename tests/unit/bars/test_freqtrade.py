"""freqtrade's files: feather as it is written, and JSON however it is spaced, packed or cut."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather

from barloom.bars import Bars, open_bars
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources import freqtrade_json
from barloom.bars.sources.files import read_head
from barloom.bars.sources.freqtrade_json import FreqtradeJsonSource
from barloom.errors import InputError
from helpers.chunks import drawn

FIRST = 1_700_000_040_000
NAMES = ("timestamp", "open", "high", "low", "close", "volume")


def rows(count: int) -> list[list[Any]]:
    return [
        [FIRST + 60_000 * n, 37_000.5 + n / 8, 37_010.25 + n, 36_000.1, 37_001.0 + n / 3, n / 7] for n in range(count)
    ]


SPACINGS: dict[str, Callable[[list[Any]], str]] = {
    "tight": lambda bars: json.dumps(bars, separators=(",", ":")),
    "spaced": json.dumps,
    "indented": lambda bars: json.dumps(bars, indent=2) + "\n",
    "a bar a line": lambda bars: "[\r\n" + ",\r\n".join(map(json.dumps, bars)) + "\r\n]\r\n",
}


def opened(path: Path, columns: str | None = None, **options: Any) -> Bars:
    head = read_head(path)
    assert freqtrade_json.recognises(head, path)
    said = replace(ColumnOptions.parse(columns), **options)
    source = FreqtradeJsonSource(path, head, said)
    source.set_clock(said)
    return Bars(source)


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("name", ["BTC_USDT-1m.json", "BTC_USDT-1m.json.gz"])
def test_every_bar_of_json_is_read(tmp_path: Path, spacing: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = rows(300)
    path = write(tmp_path / name, SPACINGS[spacing](bars))
    for piece in (97, 1000, 1 << 20):
        monkeypatch.setattr(freqtrade_json, "PIECE", piece)
        source = opened(path).source
        assert source.total_rows() == 300
        found = drawn(opened(path), 64, volume=True)
        assert found["timestamp"].tolist() == [bar[0] * 10**6 for bar in bars]
        for at, column in enumerate(NAMES[1:], 1):
            assert found[column].tolist() == [bar[at] for bar in bars], column
        batches = list(source.batches(40, 250, volume=False, threads=1))
        assert batches[0].first_row == 40
        assert np.concatenate([batch.close for batch in batches]).tolist() == [bar[4] for bar in bars[40:250]]
    assert source.taken_for == "freqtrade JSON: epochs, UTC, stamped by open, trade prices; --stamp changes that"


def test_one_bar_is_a_list(tmp_path: Path) -> None:
    assert drawn(opened(write(tmp_path / "a.json", json.dumps(rows(1)))))["open"].tolist() == [37_000.5]


def test_a_stamp_by_close_is_stepped_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps(rows(5)))
    assert drawn(opened(path, stamp="close"))["timestamp"].tolist() == [bar[0] * 10**6 - 60 * 10**9 for bar in rows(5)]


def test_a_missing_price_is_a_bad_row(tmp_path: Path) -> None:
    bars = rows(9)
    bars[4][2] = None
    path = write(tmp_path / "a.json", json.dumps(bars))
    with pytest.raises(InputError, match=r"a\.json: 1 bad row: 1 \w+ \(first: row 5, 2023-11-14T22:18:00Z"):
        drawn(opened(path))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda bars: [*bars, [*bars[-1], 1.0]], "what is no bar among bars 10 to 10"),
        (lambda bars: [*bars, bars[-1][:5]], "what is no bar among bars 10 to 10"),
        (lambda bars: [*bars, []], "what is no bar among bars 10 to 10"),
        (lambda bars: [*bars, [bars]], "is no list of bars from bar [19] on"),
        (lambda bars: [*bars, 7, bars[-1]], "is no list of bars from bar [19] on"),
        (lambda bars: [*bars, ["2023-11-14", 1, 1, 1, 1, 1]], "what is no bar among"),
    ],
)
def test_what_is_no_bar_is_refused(tmp_path: Path, damage: Callable[[list[Any]], list[Any]], says: str) -> None:
    path = write(tmp_path / "a.json", json.dumps(damage(rows(9))))
    with pytest.raises(InputError, match=says):
        drawn(opened(path))


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_json_cut_anywhere_is_refused(tmp_path: Path, name: str) -> None:
    whole = write(tmp_path / name, json.dumps(rows(4))).read_bytes()
    for length in range(60, len(whole)):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cut short|no list of bars"):
            drawn(Bars(FreqtradeJsonSource(tmp_path / name, read_head(tmp_path / name), ColumnOptions())))


@pytest.mark.parametrize("text", ["time,open,high,low,close\n", "[]", '[["a", 1]]', "[1, 2]", '{"a": [[1]]}', "[["])
def test_other_text_is_not_taken_for_it(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "a.json", text)
    assert not freqtrade_json.recognises(read_head(path), path)


@pytest.mark.parametrize("compression", ["lz4", "zstd", "uncompressed"])
def test_feather_is_read_as_it_is(tmp_path: Path, compression: str) -> None:
    columns = list(zip(*rows(200), strict=True))
    times = pa.array(columns[0]).cast(pa.timestamp("ms", tz="UTC"))
    table = pa.table({"date": times, **dict(zip(NAMES[1:], map(list, columns[1:]), strict=True))})
    path = tmp_path / "BTC_USDT-1m.feather"
    feather.write_feather(table, str(path), compression=compression)
    found = drawn(open_bars(path), 50, volume=True)
    assert found["timestamp"].tolist() == [time * 10**6 for time in columns[0]]
    for at, column in enumerate(NAMES[1:], 1):
        assert found[column].tolist() == list(columns[at]), column
