"""A store knows its own bars: damaged, it is refused or gives the same times and prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from barloom.bars import open_bars
from barloom.bars.store import ingest
from faults.made import NAMES, as_csv, columns, every, read

BARS = columns(8)


@pytest.fixture(params=["arrow", "parquet"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    source = tmp_path / "EURUSD.csv"
    source.write_bytes(as_csv(BARS))
    path = tmp_path / f"EURUSD.{request.param}"
    ingest(open_bars(source), [source], path)
    assert read(path).same(BARS)
    return path


def test_a_store_cut_short_is_refused(store: Path) -> None:
    whole = store.read_bytes()
    for size in [*range(0, len(whole), 13 if every() else 97), *range(len(whole) - 20, len(whole))]:
        store.write_bytes(whole[:size])
        assert read(store).refused, size


def test_a_changed_store_is_refused_or_has_the_same_times_and_prices(store: Path) -> None:
    """Its hash covers what trades depend on. The volume of an Arrow store has no seal."""
    whole = store.read_bytes()
    refused = 0
    for at in range(0, len(whole), 5 if every() else 31):
        store.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = read(store)
        refused += found.refused is not None
        for name in NAMES[:5] if found.refused is None else ():
            assert found.bars[name].tolist() == BARS[name].tolist(), (at, name)
    assert refused > len(whole) // (5 if every() else 31) // 10
