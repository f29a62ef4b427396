"""Bars for many processes: the same bars, read once, and nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest

from barloom.bars import from_arrays, from_pandas, from_synthetic, open_bars
from barloom.bars.reading import Reading
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from barloom.sweeps.runner.shared import readable, window
from helpers.sweeping import made_bars

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume", "ask_open", "ask_high", "ask_low", "ask_close")


def drawn(bars, volume=True):
    parts: dict[str, list] = {}
    for chunk in bars.chunks(700, volume=volume and bars.has_volume):
        for name in COLUMNS:
            values = getattr(chunk, name)
            if values is not None:
                parts.setdefault(name, []).append(values.copy())
    return {name: np.concatenate(values).tobytes() for name, values in parts.items()}


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_a_store_is_opened_as_it_is(tmp_path, suffix):
    path = made_bars(tmp_path, suffix=suffix)
    with readable(open_bars(path), Reading(), processes=True, folder=tmp_path) as found:
        assert found.shared.paths == (path,)
        assert drawn(found.shared.open()) == drawn(open_bars(path))
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_read_once_and_its_store_goes_away(tmp_path):
    path = made_bars(tmp_path, suffix=".csv")
    bars = open_bars(path).select(fraction=0.5, portion=2)
    with readable(bars, Reading(), processes=False, folder=tmp_path) as found:
        (store,) = found.shared.paths
        assert store.parent == tmp_path and store != path
        assert found.bars.bars_at_hand() == 1500
        assert drawn(found.bars) == drawn(found.shared.open()) == drawn(open_bars(path).select(fraction=0.5, portion=2))
        for _ in found.bars.chunks(5000, volume=True):
            pass
        assert found.bars.report.content_hash == bars.report.content_hash
    assert list(tmp_path.iterdir()) == [path]


def test_bars_with_an_ask_side_keep_it(tmp_path):
    chunk = next(from_synthetic(2000, 5).chunks(4096, volume=True))
    spread = np.linspace(0.0, 0.01, 2000)
    bars = from_arrays(chunk.timestamp, chunk.open, chunk.high, chunk.low, chunk.close, chunk.volume, spread=spread)
    with readable(bars, None, processes=True) as found:
        assert len(found.shared.paths) == 1 and found.shared.reading.ask is not None
        assert drawn(found.shared.open()) == drawn(bars)
        kept = found.shared.paths[0].parent
    assert not kept.exists()


def test_resampled_bars_are_stored_as_the_longer_ones(tmp_path):
    path = made_bars(tmp_path)
    bars = open_bars(path).resample("15m")
    with readable(bars, Reading(timeframe="15m"), processes=True, folder=tmp_path) as found:
        assert drawn(found.shared.open()) == drawn(bars)
        assert found.shared.reading.timeframe is None


def test_bars_in_memory_stay_there_for_this_process(tmp_path):
    bars = from_pandas(made_frame())
    with readable(bars, None, processes=False) as found:
        assert found.bars is bars and found.shared is None


def made_frame():
    chunk = next(from_synthetic(500, 2).chunks(500, volume=True))
    import pandas as pd

    names = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({name: getattr(chunk, name) for name in names}, index=pd.to_datetime(chunk.timestamp))


def test_a_file_opened_nobody_knows_how_is_not_opened_again_by_its_name(tmp_path):
    path = made_bars(tmp_path)
    bars = open_bars(path, columns="time=timestamp,open=open,high=high,low=low,close=close")
    with readable(bars, None, processes=True, folder=tmp_path) as found:
        assert found.shared.paths != (path,)
        assert drawn(found.shared.open()) == drawn(bars)


def test_other_machines_need_a_store(tmp_path):
    path = made_bars(tmp_path, suffix=".csv")
    with (
        pytest.raises(InputError, match="barloom data ingest"),
        readable(open_bars(path), Reading(), processes=True, elsewhere=True),
    ):
        pass
    store = made_bars(tmp_path)
    longer = open_bars(store).resample("1h")
    with readable(longer, Reading(timeframe="1h"), processes=True, elsewhere=True) as found:
        assert drawn(found.shared.open()) == drawn(longer)


def test_a_window_of_longer_bars_is_one_of_rows(tmp_path):
    bars = open_bars(made_bars(tmp_path)).resample("1h")
    times = np.frombuffer(drawn(bars)["timestamp"], np.int64)
    part = np.frombuffer(drawn(window(bars, int(times[3]), int(times[9])))["timestamp"], np.int64)
    assert part.tolist() == times[3:9].tolist()
    assert window(bars, None, None) is bars


def test_a_selection_that_is_refused_leaves_nothing(tmp_path):
    path = tmp_path / "bad.csv"
    write_bars(from_synthetic(100, 1), path)
    with open(path, "a") as file:
        file.write("2031-01-01T00:00:00Z,1,0.5,2,1,1\n")
    with (
        pytest.raises(InputError, match="bad row"),
        readable(open_bars(path), Reading(), processes=True, folder=tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == [path]
