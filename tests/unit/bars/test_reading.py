"""Finer bars are opened with the options of the bars, as far as these apply to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from barloom.bars import open_bars
from barloom.bars.reading import Reading
from barloom.bars.store import ingest
from barloom.errors import InputError
from helpers.bar_files import finer_bars, minute_bars, write
from helpers.chunks import drawn

HOUR = 3600 * 10**9


def text(path: Path, header: str, separator: str = ",", more: str = "") -> Path:
    """Finer bars whose times say no zone."""
    bars = finer_bars(minute_bars(50, 3))
    times = bars["timestamp"].astype("datetime64[ns]").astype("datetime64[s]")
    rows = zip(times, *(bars[name].tolist() for name in ("open", "high", "low", "close")), strict=True)
    path.write_text("".join(separator.join(map(str, row)) + more + "\n" for row in [tuple(header.split(",")), *rows]))
    return path


def expected() -> np.ndarray:
    return finer_bars(minute_bars(50, 3))["timestamp"]


def test_the_clock_of_the_bars_is_that_of_the_finer_ones(tmp_path: Path) -> None:
    fine = text(tmp_path / "fine.csv", "time,open,high,low,close")
    found = Reading(fine=fine, time_zone="EST").open_fine()
    assert found is not None
    np.testing.assert_array_equal(drawn(found)["timestamp"], expected() + 5 * HOUR)
    plain = Reading(fine=fine).open_fine()
    assert plain is not None
    np.testing.assert_array_equal(drawn(plain)["timestamp"], expected())
    assert Reading().open_fine() is None


def test_columns_stamp_and_spread_too(tmp_path: Path) -> None:
    fine = text(tmp_path / "fine.csv", "when,o,h,l,c", ";")
    found = Reading(fine=fine, columns="time=when,open=o,high=h,low=l,close=c", stamp="close").open_fine()
    assert found is not None
    np.testing.assert_array_equal(drawn(found)["timestamp"], expected() - 15 * 10**9)


def test_times_that_say_their_zone_and_a_missing_spread_are_no_fault(tmp_path: Path) -> None:
    """The bars have a clock and a column of spreads that the finer ones do not have."""
    fine = write(tmp_path / "fine.parquet", finer_bars(minute_bars(50, 3)))
    found = Reading(fine=fine, time_zone="EST", spread_column="spread").open_fine()
    assert found is not None and not found.has_ask
    np.testing.assert_array_equal(drawn(found)["timestamp"], expected())


def test_a_store_gets_no_options(tmp_path: Path) -> None:
    fine = text(tmp_path / "fine.csv", "time,open,high,low,close")
    ingest(open_bars(fine), [fine], tmp_path / "fine.arrow")
    asked = Reading(
        fine=tmp_path / "fine.arrow",
        columns="time=1,open=2,high=3,low=4,close=5",
        input_format="histdata",
        time_zone="EST",
    )
    found = asked.open_fine()
    assert found is not None
    np.testing.assert_array_equal(drawn(found)["timestamp"], expected())


def test_options_that_do_not_fit_are_refused_with_the_way_out(tmp_path: Path) -> None:
    fine = text(tmp_path / "fine.csv", "time,open,high,low,close")
    with pytest.raises(
        InputError, match=r"no file of --input-format bitfinex.*--fine is read with the --input-format, --time-zone of"
    ):
        Reading(fine=fine, input_format="bitfinex", time_zone="EST").open_fine()
    with pytest.raises(InputError, match=r"gone\.csv does not exist"):
        Reading(fine=tmp_path / "gone.csv", time_zone="EST").open_fine()
