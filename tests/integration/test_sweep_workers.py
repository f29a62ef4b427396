"""Results, their order and checksums depend neither on workers nor on how the sets are cut into batches."""

from __future__ import annotations

import json
import sys

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.writer import write_bars
from barloom.engine import orchestrator
from barloom.engine.orchestrator import available_cores
from barloom.errors import InputError
from barloom.jobs.records import BenchmarkRecord
from barloom.jobs.sweep.job import plan_sweep, sweep_job
from barloom.jobs.sweep.records import SweepRecord
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner import plan as planning
from barloom.sweeps.runner.session import SweepSession
from helpers.sweeping import GRID, made_bars, strategy_file, swept


def written(outcome):
    return (outcome.folder / "sweep.parquet").read_bytes()


@pytest.mark.parametrize("suffix", [".arrow", ".csv"])
def test_workers_and_batches_never_change_a_byte(tmp_path, monkeypatch, suffix):
    path = made_bars(tmp_path, suffix=suffix)
    one = swept(path, out=tmp_path / "one")
    monkeypatch.setattr(planning, "MOST_SETS", 5)
    two = swept(path, out=tmp_path / "two", max_workers=2)
    monkeypatch.setattr(planning, "MOST_SETS", 1)
    three = swept(path, out=tmp_path / "three")
    assert written(one) == written(two) == written(three)
    assert one.record.digest == two.record.digest == three.record.digest
    assert one.record.best == two.record.best and one.trades.num_rows == two.trades.num_rows
    assert sorted(one.folder.iterdir())[0].parent.name == two.folder.name


def test_every_row_is_the_single_run_with_its_values(tmp_path):
    path = made_bars(tmp_path)
    done = swept(path, data_frac=0.5, portion=2)
    rows = done.table.records()
    assert [row["set_id"] for row in rows] == list(range(12))
    for row in rows[::5]:
        alone = orchestrator.run(
            open_bars(path).select(fraction=0.5, portion=2),
            RunParameters(strategy="ema-cross", params={"fast": row["fast"], "slow": row["slow"]}, stop=row["stop"]),
        )
        assert row["checksum"] == alone.checksum and row["net_pnl"] == alone.metrics.net_pnl


def test_bars_in_memory_go_through_workers_too():
    base = RunParameters(strategy="ema-cross")
    grid = Grid.of(GRID, base)
    digests = {
        sweep_job(from_synthetic(3000, 3), base, grid, SweepOptions(out=None, max_workers=count)).record.digest
        for count in (1, 2)
    }
    assert len(digests) == 1


def test_the_records_say_what_was_done(tmp_path):
    path = made_bars(tmp_path)
    seen = []
    base = RunParameters(strategy="ema-cross")
    done = sweep_job(
        open_bars(path),
        base,
        Grid.of(GRID, base),
        SweepOptions(out=tmp_path / "out", max_workers=available_cores() + 5, min_trades=1),
        command=["barloom", "sweep", str(path)],
        reading_known=True,
        on_plan=seen.append,
        on_progress=seen.append,
    )
    record = SweepRecord.model_validate_json((done.folder / "sweep.json").read_bytes())
    assert (
        record == done.record
        and record.sets == 12
        and record.failed == 0
        and record.best == done.table.best("sharpe", 1, 10)
    )
    assert record.data.selected_rows == 3000 and record.kept == record.best and record.workers == available_cores()
    benchmark = BenchmarkRecord.model_validate_json((done.folder / "benchmark.json").read_bytes())
    assert benchmark.criteria["worker_cap"].status == "pass" and benchmark.signals is None
    assert "parallel_efficiency" in benchmark.criteria and benchmark.criteria["runs_identical"].status == "pass"
    assert len((tmp_path / "out" / "runs.csv").read_text().splitlines()) == 2
    plan, first, *_, last = seen
    assert (plan.sets, plan.finished, plan.bars) == (12, 0, 3000)
    assert (first.sets, first.new_sets) == (0, 0) and (last.sets, last.total_sets, last.failed) == (12, 12, 0)
    assert json.loads((done.folder / "plan.json").read_text())["names"] == list(GRID)


def test_a_plan_alone_leaves_nothing(tmp_path):
    path = made_bars(tmp_path, suffix=".csv")
    base = RunParameters(strategy="ema-cross")
    options = SweepOptions(out=tmp_path / "out", max_workers=2)
    plan = plan_sweep(open_bars(path), base, Grid.of(GRID, base), options, reading_known=True)
    assert (plan.sets, plan.bars, plan.signal_sets) == (12, 3000, 6) and plan.seconds is not None
    assert sorted(tmp_path.iterdir()) == [path]
    swept(path, out=tmp_path / "out")
    before = sorted((tmp_path / "out").rglob("*"))
    assert plan_sweep(open_bars(path), base, Grid.of(GRID, base), options, reading_known=True).finished == 12
    assert sorted((tmp_path / "out").rglob("*")) == before


def test_memory_is_planned_or_refused(tmp_path):
    path = made_bars(tmp_path)
    assert swept(path, max_ram="8GB").table.refused == 0
    with pytest.raises(InputError, match="--max-ram 20MB is too little"):
        swept(path, max_ram="20MB", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bars_that_cannot_be_read_end_the_sweep_with_one_sentence(tmp_path):
    path = made_bars(tmp_path, suffix=".csv")
    with open(path, "a") as file:
        file.write("2031-01-01T00:00:00Z,1,0.5,2,1,1\n")
    for workers in (1, 2):
        with pytest.raises(InputError, match="1 bad row"):
            swept(path, out=tmp_path / "out", max_workers=workers)
    assert not (tmp_path / "out").exists()


def test_a_strategy_that_fails_for_a_set_is_recorded_by_any_number_of_workers(tmp_path):
    path = made_bars(tmp_path)
    strategy = f"{strategy_file(tmp_path)}:Odd"
    for workers in (1, 2):
        errors = swept(path, {"fast": [6, 7, 10]}, strategy, max_workers=workers).table.table["error"].to_pylist()
        assert errors[0] is None and "seven" in errors[1] and errors[2] is None


@pytest.mark.skipif(
    sys.platform == "win32" or available_cores() < 2, reason="needs a second worker that a signal can kill"
)
def test_sets_that_kill_their_workers_are_recorded_and_the_sweep_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "MOST_SETS", 1)
    monkeypatch.setattr("barloom.jobs.sweep.preparation.measure", lambda *sets, **options: None)
    path = made_bars(tmp_path)
    done = swept(path, {"fast": [6, 8, 10]}, f"{strategy_file(tmp_path)}:Odd", max_workers=2, out=tmp_path / "out")
    first, second, third = done.table.table["error"].to_pylist()
    assert first is None and third is None
    assert second.startswith("strategy ") and second.endswith(":Odd: its worker died twice (exit code -9)")
    assert done.record.failed == 1 and not (done.folder / "parts" / "1-1.parquet").exists()


def test_windows_of_the_same_bars_share_workers_and_store(tmp_path):
    path = made_bars(tmp_path, suffix=".csv")
    base = RunParameters(strategy="ema-cross")
    times = next(open_bars(path).chunks(3000)).timestamp
    windows = [(int(times[0]), int(times[1500])), (int(times[1000]), None)]
    sets = [(5,), (10,), (15,)]
    found = []
    for workers in (1, 2):
        with SweepSession(
            open_bars(path), base, SweepOptions(out=None, max_workers=workers), reading_known=True
        ) as session:
            found.append([session.sweep(["fast"], sets, start=first, end=last).table for first, last in windows])
            assert session.report.selected_rows == 2000
            assert session.bars.bars_at_hand() == 3000
    assert [table.drop_columns([]).to_pylist() for table in found[0]] == [table.to_pylist() for table in found[1]]
    alone = orchestrator.run(
        open_bars(path).select(end=windows[0][1]), RunParameters(strategy="ema-cross", params={"fast": 10})
    )
    assert found[0][0]["checksum"][1].as_py() == alone.checksum


def test_a_benchmark_record_with_no_place_is_refused_before_any_set_runs(tmp_path):
    path = made_bars(tmp_path)
    with pytest.raises(InputError, match="--benchmark-out"):
        swept(path, out=tmp_path / "out", benchmark_out=tmp_path / "nowhere" / "record.json")
    assert not (tmp_path / "out").exists()


def test_finer_bars_reach_workers_as_they_are_read_here(tmp_path):
    """Times of both files are those of a clock two hours ahead: the store of the bars is in UTC, the finer file is not."""
    fine = made_bars(tmp_path, 6000, ".csv")
    coarse = tmp_path / "coarse.csv"
    write_bars(open_bars(fine).resample("15m"), coarse)
    for path in (fine, coarse):
        path.write_text(path.read_text().replace("Z,", ","))
    done = [
        swept(coarse, {"fast": [5, 8], "slow": [12]}, fine=fine, time_zone="+02:00", max_workers=workers)
        for workers in (1, 2)
    ]
    assert done[0].record.digest == done[1].record.digest and done[0].record.data.finer is not None
    assert done[0].table.refused == 0
