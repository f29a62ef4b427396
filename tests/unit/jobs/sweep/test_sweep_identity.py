"""Identity of a sweep or a store: each option is changed alone, for every field there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars import store as stores
from barloom.bars.reading import Reading
from barloom.bars.store import ingest
from barloom.bars.writer import write_bars
from barloom.errors import InputError
from barloom.jobs.sweep.folder import FileStamp, SweepFolder, SweepPlan
from barloom.jobs.sweep.request import SweepRequest
from barloom.options import reading_keys
from barloom.rules.parameters import RunParameters
from barloom.sweeps.analysis.ranking import RankedSearch
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions

GRID = {"fast": [5, 6]}
OF_READING: dict[str, Any] = {
    "columns": "time=1,open=2,high=3,low=4,close=5",
    "ignore_columns": ("volume",),
    "on_bad_rows": "drop",
    "on_crossed": "drop",
    "shared_bars": "first",
    "odd_times": "keep",
    **{"date_order": "dmy", "time_format": "epoch", "decimal": "comma", "thousands": "comma", "encoding": "cp1252"},
    "drop_spikes": True,
    "ask": "ask.csv",
    "spread_column": "volume",
    "fine": "fine.csv",
    "input_format": "metatrader",
    "time_zone": "America/New_York",
    "stamp": "close",
    "symbol": "EURUSD",
    "timeframe": "5m",
    "anchor": "17:00 America/New_York",
}
"""Another value for every option of reading."""
OF_OPTIONS: dict[str, Any] = {
    **{"data_frac": 0.5, "portion": 2, "start": "2015-01-05", "end": "2015-01-06", "keep_trades": "all"},
}
"""Another value for every option of a sweep that makes another one of it."""
WITHOUT_A_TRACE = {
    *("memory_threshold_mb", "max_ram", "benchmark_out", "max_workers", "executor", "scheduler", "max_sets"),
    *("profile", "profile_html", "out", "rank_by", "min_trades"),
}
"""Options of a sweep that change no row of its table: the same sweep goes on with others. A search ranks by two of them, see below."""
OF_RUNS: dict[str, Any] = {
    **{"strategy": "zscore-reversion", "params": {"slow": 30}, "direction": "long", "stop": "atr:2", "target": "r:2"},
    **{
        "trail": "atr:2",
        "trail_activation": "r:1",
        "breakeven": "r:1",
        "breakeven_offset": "pips:1",
        "ladder": "r:1@0.5",
    },
    **{
        "max_hold": 9,
        "daily_close": "20:00",
        "friday_close": "20:00",
        "gap_close": "5h",
        "session_zone": "Europe/London",
    },
    **{"entry": "limit", "entry_offset": "atr:1", "good_for": 3, "fills": "optimistic", "intrabar": "ohlc", "seed": 5},
    **{"position": "overlap", "max_open": 3, "spread": 0.1, "slippage": 0.1, "commission": 0.1, "leverage": 30.0},
    **{"commission_per_trade": 1.0, "commission_pct": 0.1, "swap_long": 0.1, "swap_short": 0.1, "balance": 5.0},
    **{"risk_pct": 1.0, "size": 2.0, "notional": 9.0, "lot_step": 0.1, "min_lots": 0.1, "max_lots": 9.0},
    **{"contract_size": 10.0, "conversion": 2.0},
}
"""Another value for every option of a run that all sets share."""
NEVER_CHANGE = {"chunk_rows", "threads"}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("bars.csv", "ask.csv", "fine.csv", "other.csv")):
        write_bars(from_synthetic(3000, 3 + number), Path(name))
    return tmp_path / "bars.csv"


def identity(
    files: Path, *, data: str | None = None, grid: Any = None, base: Any = None, search: Any = None, **options: Any
) -> SweepPlan:
    """The identity of a sweep with these options; its bars are opened plainly, as how they are read is told by the options alone."""
    asked = SweepOptions(**{"out": None, **options})
    parameters = RunParameters(**{"strategy": "ema-cross", **(base or {})})
    sets = Grid.of(grid or GRID, parameters)
    chosen = None if search is None else RankedSearch(sets, "tpe", 5, *search)
    made = SweepRequest.__new__(SweepRequest)
    made.bars, made.base, made.grid, made.options = open_bars(data or files), parameters, sets, asked
    made.names, made.sets, made.search, made.origin = sets.names, list(sets.sets(100)), chosen, None
    made.reading_known = True
    return made.identity()


def test_every_option_there_is_stands_in_one_of_the_lists() -> None:
    """A new option has to be put where it belongs: it makes another sweep, or it never changes a row."""
    assert set(OF_READING) == set(Reading.model_fields)
    assert set(OF_OPTIONS) | WITHOUT_A_TRACE == set(SweepOptions.model_fields) - set(Reading.model_fields)
    assert set(OF_RUNS) | NEVER_CHANGE == set(RunParameters.model_fields)
    assert set(reading_keys("data ingest")) == set(Reading.model_fields) - {"fine", "timeframe", "anchor"}, (
        "what a store is read with"
    )


@pytest.mark.parametrize("name", [*OF_READING, *OF_OPTIONS])
def test_another_value_of_an_option_makes_another_sweep(files: Path, name: str) -> None:
    value = (OF_READING | OF_OPTIONS)[name]
    assert value != SweepOptions.model_fields[name].default
    assert identity(files, **{name: value}).digest != identity(files).digest


@pytest.mark.parametrize("name", OF_RUNS)
def test_another_value_that_all_sets_share_makes_another_sweep(files: Path, name: str) -> None:
    value = OF_RUNS[name]
    assert value != RunParameters.model_fields[name].default
    grid = {"swap_long": [0.5, 0.6]}  # of every strategy
    assert identity(files, grid=grid, base={name: value}).digest != identity(files, grid=grid).digest


def test_other_data_and_other_sets_make_another_sweep(files: Path) -> None:
    first = identity(files).digest
    assert identity(files, data="other.csv").digest != first
    for grid in ({"fast": [5, 7]}, {"fast": [5]}, {"slow": [5, 6]}, {"fast": [5, 6], "slow": [20]}):
        assert identity(files, grid=grid).digest != first
    searched = identity(files, search=("sharpe", 0))
    assert searched.digest != first
    assert identity(files, search=("sharpe", 0), rank_by="net-pnl").digest != searched.digest
    assert identity(files, search=("sharpe", 0), min_trades=3).digest != searched.digest


@pytest.mark.parametrize("name", sorted(NEVER_CHANGE))
def test_what_never_changes_a_result_makes_no_other_sweep(files: Path, name: str) -> None:
    assert identity(files, base={name: 2}).digest == identity(files).digest


OF_PLAN: dict[str, Any] = {
    **{
        "base": RunParameters(balance=5.0),
        "names": ("slow",),
        "sets": "00",
        "data": "other.csv",
        "reading": Reading(stamp="close"),
    },
    **{"fraction": 0.5, "portion": 2, "start": "2015", "end": "2016", "bars": "00", "all_trades": True},
}
CHECKED: dict[str, Any] = {
    "files": (FileStamp(path=Path("bars.csv"), size=1, changed_ns=1),),
    "strategy": "00",
    "version": "0.0.0",
}
"""Fields that do not name the folder, but must be the same as when the sweep was begun."""


def plan(**changes: Any) -> SweepPlan:
    fields = {"base": RunParameters(), "names": ("fast",), "sets": "ff", "data": "bars.csv", "reading": Reading()}
    return SweepPlan(**{**fields, **changes})


def test_every_field_of_a_plan_tells_sweeps_apart(tmp_path: Path) -> None:
    assert set(OF_PLAN) | set(CHECKED) == set(SweepPlan.model_fields)
    for name, value in OF_PLAN.items():
        assert plan(**{name: value}).digest != plan().digest, name
    for name, value in CHECKED.items():
        assert plan(**{name: value}).digest == plan().digest, name
        SweepFolder(tmp_path / name, plan()).close()
        with pytest.raises(InputError, match=r"was changed since|was begun by barloom"):
            SweepFolder(tmp_path / name, plan(**{name: value}))


def test_every_field_of_a_stores_identity_makes_another_store(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other files, each option they are read with, and another version: none is taken for the store that is there."""
    out = Path("store.arrow")
    bars = open_bars(files)
    assert not ingest(bars, [files], out).already and ingest(bars, [files], out).already
    for name in reading_keys("data ingest"):
        with pytest.raises(InputError, match="holds other bars, or the same read with other options"):
            ingest(bars, [files], out, reading={name: str(OF_READING[name])})
    for sources in ([Path("other.csv")], [files, Path("other.csv")]):
        with pytest.raises(InputError, match="holds other bars"):
            ingest(bars, sources, out)
    text = files.read_text()
    files.write_text(text.replace("2015-01-05T00:00:00Z", "2015-01-05T00:00:01Z"))
    with pytest.raises(InputError, match="holds other bars"):
        ingest(bars, [files], out)
    files.write_text(text)
    monkeypatch.setattr(stores, "__version__", "0.0.0")
    with pytest.raises(InputError, match="holds other bars"):
        ingest(bars, [files], out)
