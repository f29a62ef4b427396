"""A sweep or a walk forward that crashed or was interrupted leaves a benchmark record that says so."""

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from barloom.errors import BarloomError
from barloom.jobs.records import BenchmarkRecord
from barloom.jobs.sweep import work
from barloom.jobs.walk_forward import walk_forward_job
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import Grid
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.walk_forward import walk_forward
from barloom.sweeps.walk_forward.walk import Walk
from barloom.sweeps.walk_forward.windows import CalendarSpan
from helpers.command import call
from helpers.recorded import valid
from helpers.sweeping import made_bars, swept

AHEAD = """
import numpy as np

import barloom as bl
from barloom.strategies.ema_cross import EmaCross


class Ahead(EmaCross):
    name = "ahead"

    def signals(self, window):
        # How the bars are cut decides where these are.
        bars = np.linspace(window.start, len(window) - 2, 20).astype(int)
        return bl.Entries(bars, 1, stop=0.001 * self.params.fast, target=1.0)
"""


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.arrow"
    write_bars(from_synthetic(30_000, 3), path)
    return path


def failed(out):
    """The one record there, of something that came to no end."""
    (path,) = out.glob("*/*/benchmark.json")
    record = BenchmarkRecord.model_validate(valid(path, "benchmark"))
    assert record.status == "failed" and record.data is None and record.digest is None
    assert {verdict.status for verdict in record.criteria.values()} == {"not_applicable"}
    assert not (out / "runs.csv").exists()
    return record


def crash(*arguments, **named):
    raise RuntimeError("out of luck")


def walk(bars, out, **more):
    base = RunParameters(strategy="ema-cross")
    options = SweepOptions(out=out)
    spans = [CalendarSpan.parse("1w", name) for name in ("train", "test", "step")]
    grid = Grid.of({"fast": [5, 15], "slow": [20, 50]}, base)
    walked = Walk.of(grid, base, options, *spans)
    return walk_forward_job(options.reading.open(bars), walked, options, reading_known=True, **more)


def test_a_sweep_whose_trades_depend_on_the_chunks_leaves_a_record(bars, tmp_path):
    (tmp_path / "ahead.py").write_text(AHEAD, encoding="utf-8")
    said = call("sweep", bars, "--strategy", "ahead.py:Ahead", "--grid", "fast=5,6", cwd=tmp_path)
    assert said.returncode == 3, said.stderr
    record = failed(tmp_path / "results")
    assert record.error.startswith("FidelityError: strategy") and "looks ahead" in record.error


def test_a_crashed_sweep_leaves_a_record_that_the_finished_one_takes_the_place_of(tmp_path, monkeypatch):
    path, out = made_bars(tmp_path), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(work, "records_of", crash)
        with pytest.raises(BarloomError, match=r"out of luck; the traceback is in .*sweep\.log"):
            swept(path, out=out)
    record = failed(out)
    assert record.error == "RuntimeError: out of luck" and record.trades_simulated > 0
    done = swept(path, out=out)
    assert done.record.resumed == 12 and done.record.job_id == record.job_id
    assert valid(done.folder / "benchmark.json", "benchmark")["status"] == "complete"
    assert len((out / "runs.csv").read_text().splitlines()) == 2


def test_a_crashed_walk_forward_leaves_a_record_and_its_log(bars, tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setattr(walk_forward, "run_after", crash)
    with pytest.raises(BarloomError, match=r"out of luck; the traceback is in .*walk-forward\.log"):
        walk(bars, out)
    record = failed(out)
    (folder,) = (out / "walk-forward").iterdir()
    assert record.job_id == folder.name and record.trades_simulated > 0 and record.phase_times["simulate"] > 0.0
    assert sorted(path.name for path in folder.iterdir()) == ["benchmark.json", "walk-forward.log"]
    assert "RuntimeError: out of luck" in (folder / "walk-forward.log").read_text(encoding="utf-8")


def test_an_interrupted_walk_forward_leaves_its_record_alone(bars, tmp_path):
    out = tmp_path / "out"

    def interrupt(step):
        if step.sets > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="nothing is left of it but its benchmark record"):
        walk(bars, out, on_progress=interrupt)
    assert failed(out).error == "interrupted"
    (folder,) = out.glob("*/*")
    assert sorted(path.name for path in folder.iterdir()) == ["benchmark.json", "walk-forward.log"]


def test_what_is_interrupted_before_any_set_ran_leaves_nothing(bars, tmp_path):
    with pytest.raises(KeyboardInterrupt, match=r"nothing is left of it$"):
        walk(bars, tmp_path / "out", on_progress=lambda step: (_ for _ in ()).throw(KeyboardInterrupt))
    assert list(tmp_path.iterdir()) == []
