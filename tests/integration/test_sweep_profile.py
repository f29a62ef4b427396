"""``--profile`` of sweeps and walk forwards: all processes in one report, and nothing else changed."""

import json

import pyarrow.parquet as pq
import pytest

from barloom.observe.profiling import ProfilingReport
from helpers.command import call, run_here
from helpers.recorded import valid

ROWS = 20_000
GRID = ("--strategy", "ema-cross", "--grid", "fast=5:15:5", "--grid", "slow=20,50", "--keep-trades", "none")
WALK = (*GRID[:-2], "--train", "1w", "--test", "1w")


@pytest.fixture(scope="module")
def plain(bars, tmp_path_factory):
    """The folder of a sweep that was not profiled."""
    return swept(bars, tmp_path_factory.mktemp("plain"))[0]


def swept(bars, cwd, *more):
    """The folder of a sweep, and its ``sweep.json``."""
    said = call("sweep", bars, *GRID, *more, "--format", "json", cwd=cwd)
    assert said.returncode == 0, said.stderr
    (folder,) = (cwd / "results" / "sweeps").iterdir()
    return folder, json.loads(said.stdout)["sweep"]


def report_of(folder):
    report = ProfilingReport.model_validate(valid(folder / "profile.json", "profile"))
    assert report.job_id == folder.name and report.status == "complete"
    steps = sum(cost.seconds for cost in report.phases.values())
    twice = sum(overlap.seconds * (len(overlap.phases) - 1) for overlap in report.overlaps)
    whole = report.wall_clock_total + report.worker_seconds
    assert steps - twice + report.outside_seconds == pytest.approx(whole, rel=1e-6)
    assert all(cost.seconds > 0 for cost in report.phases.values())
    return report


def hotspots_of(folder):
    return valid(folder / "benchmark.json", "benchmark")["criteria"]["hotspots"]


def test_a_profiled_sweep_gives_the_same_table_and_its_profile(bars, plain, tmp_path):
    folder, record = swept(bars, tmp_path, "--profile-html")
    assert record["files"][-2:] == ["profile.json", "profile.html"]
    assert pq.read_table(folder / "sweep.parquet").equals(pq.read_table(plain / "sweep.parquet"))
    report = report_of(folder)
    assert report.workers == 0 and report.worker_seconds == 0.0
    assert report.kernels["simulation.Simulator.pass_chunk"].bars >= 6 * ROWS
    assert hotspots_of(folder)["status"] == "pass" and hotspots_of(folder)["value"] == len(report.hotspots)
    assert "pass_chunk" in (folder / "profile.html").read_text(encoding="utf-8")


def test_a_sweep_without_it_has_none(plain):
    assert not list(plain.glob("profile.*")) and hotspots_of(plain)["status"] == "not_applicable"


def test_what_workers_do_is_in_the_profile(bars, tmp_path):
    """The process that gives the sets out runs one of six again: the kernels' other bars are the workers'."""
    folder, _ = swept(bars, tmp_path, "--profile-html", "--max-workers", 2)
    report = report_of(folder)
    assert report.workers == 2 and report.worker_seconds > 0.0
    assert report.kernels["simulation.Simulator.pass_chunk"].bars >= 6 * ROWS
    assert not any(spot.function.endswith("poll") for spot in report.hotspots)
    (main,) = (thread for thread in report.threads if thread.name == "main")
    assert main.count >= 3 and main.waiting_seconds > 0.0
    assert "2 workers were at sets" in (folder / "profile.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_walk_forward_is_profiled_over_all_its_windows(bars, tmp_path, workers):
    words = ("walk-forward", bars, *WALK, "--profile", "--max-workers", workers, "--format", "json")
    said = call(*words, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    (folder,) = (tmp_path / "results" / "walk-forward").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == sorted(document["files"])
    report = report_of(folder)
    assert report.workers == (2 if workers == 2 else 0)
    windows = len(document["windows"])
    assert report.kernels["simulation.Simulator.pass_chunk"].calls >= 2 * windows
    assert hotspots_of(folder)["status"] == "pass"


def test_a_finished_sweep_has_nothing_left_to_measure(bars, plain):
    said = call("sweep", bars, *GRID, "--profile", cwd=plain.parents[2])
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert "nothing left to measure for profile.json: move that folder away" in said.stderr


def test_a_profiled_sweep_that_is_finished_is_shown_again(bars, tmp_path):
    swept(bars, tmp_path, "--profile")
    said = call("sweep", bars, *GRID, "--profile", cwd=tmp_path)
    assert said.returncode == 0 and "nothing was run" in said.stdout and "profile.json" in said.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--profile", "--plan"), "--profile measures a sweep, and --plan runs none"),
        (
            ("--profile", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"),
            "--profile does not go with a scheduler",
        ),
        (
            ("--profile-html", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"),
            "--profile-html does not go with",
        ),
    ],
)
def test_where_nothing_could_be_measured_it_is_refused(bars, tmp_path, monkeypatch, more, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_here("sweep", bars, *GRID, *more)
    assert code == 2 and out == "" and err.count("\n") == 1 and said in err
    assert list(tmp_path.iterdir()) == []
