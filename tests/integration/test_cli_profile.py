"""``barloom run --profile`` and ``--profile-html``, and the record of a run that failed."""

import json

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from barloom.jobs.records import BenchmarkRecord, read_run
from barloom.observe.profiling import ProfilingReport
from helpers.command import call
from helpers.recorded import valid

FAILING = """
from barloom.strategies.ema_cross import EmaCross


class Failing(EmaCross):
    name = "failing"
    seen = 0

    def signals(self, window):
        Failing.seen += 1
        if Failing.seen > 3:
            raise RuntimeError("out of luck")
        return super().signals(window)
"""


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    write_bars(from_synthetic(30_000, 1), path)
    return path


def test_a_profile_is_a_file_of_the_run_and_changes_nothing_else(bars, tmp_path):
    plain = call("run", bars, "--strategy", "ema-cross", "--format", "json", cwd=tmp_path)
    said = call("run", bars, "--strategy", "ema-cross", "--format", "json", "--profile-html", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    run = json.loads(said.stdout)
    folder = tmp_path / run["folder"]
    assert run["digest"] == json.loads(plain.stdout)["digest"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(run["files"])
    report = ProfilingReport.model_validate(valid(folder / "profile.json", "profile"))
    assert report.job_id == run["job_id"] and report.status == "complete"
    assert report.wall_clock_total < run["wall_clock_total"]
    assert (folder / "profile.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    verdict = valid(folder / "benchmark.json", "benchmark")["criteria"]["hotspots"]
    assert verdict["status"] == "pass" and verdict["value"] == len(report.hotspots)


def test_without_it_there_is_no_profile(bars, tmp_path):
    said = call("run", bars, "--strategy", "ema-cross", cwd=tmp_path)
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    assert said.returncode == 0 and "profile" not in said.stdout
    assert not list(folder.glob("profile.*")) and "profile.json" not in read_run(folder / "run.json").files


def test_a_crash_leaves_a_benchmark_record_that_says_so(bars, tmp_path):
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    said = call("run", bars, "--strategy", "failing.py:Failing", "--chunk-rows", "5000", cwd=tmp_path)
    assert said.returncode == 4, said.stderr
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    record = BenchmarkRecord.model_validate(valid(folder / "benchmark.json", "benchmark"))
    assert record.status == "failed" and "out of luck" in record.error and record.job_id == folder.name
    assert record.trades_simulated > 0 and record.phase_times["ingest"] > 0 and record.digest is None
    assert not (tmp_path / "results" / "runs.csv").exists()


def test_bad_input_leaves_no_record(tmp_path):
    (tmp_path / "bars.csv").write_text("time,open,high,low,close\n2020-01-01 00:00,1,2,3,4\n", encoding="utf-8")
    assert call("run", "bars.csv", "--profile", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "results").exists()


def test_a_failure_under_the_profiler_is_told_as_without_it(bars, tmp_path):
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    said = call("run", bars, "--strategy", "failing.py:Failing", "--chunk-rows", "5000", "--profile", cwd=tmp_path)
    assert said.returncode == 4 and "out of luck" in said.stderr and "Traceback" not in said.stderr
