"""``barloom sweep`` as a process: the plan, the ranking, the files, and what it refuses."""

import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.command import COMMAND, call, environment, run_here
from helpers.sweeping import strategy_file
from helpers.waiting import HOLD, ended, go_on, held, interrupt, wait_for

ROWS = 20_000
GRID = ("--strategy", "ema-cross", "--grid", "fast=5:15:5", "--grid", "slow=20,50", "--where", "fast < slow")


@pytest.fixture(scope="module")
def made(bars, tmp_path_factory):
    """A finished sweep: its folder of results and its document."""
    cwd = tmp_path_factory.mktemp("made")
    said = call("sweep", bars, *GRID, "--format", "json", "--top", 3, cwd=cwd)
    assert said.returncode == 0, said.stderr
    return cwd, said


def folders(cwd):
    sweeps = cwd / "results" / "sweeps"
    return sorted(sweeps.iterdir()) if sweeps.exists() else []


def test_json_is_one_document_and_the_plan_is_on_stderr(made):
    cwd, said = made
    document = json.loads(said.stdout)
    (folder,) = folders(cwd)
    assert document["plan"]["sets"] == document["sweep"]["sets"] == 6
    assert document["sweep"] == json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert document["best"] == document["ranking"][0] and len(document["ranking"]) == 3
    assert document["best"]["sharpe"] >= document["ranking"][1]["sharpe"]
    assert document["stability"]["best"] == document["best"]["set_id"]
    assert document["overfitting"]["tried"] == 6 and not document["already_finished"]
    assert said.stderr.splitlines()[0].split() == ["sets", "6"] and str(folder.name) in said.stderr


def test_the_table_of_the_folder_holds_every_set(made):
    (folder,) = folders(made[0])
    table = pq.read_table(folder / "sweep.parquet")
    assert table["set_id"].to_pylist() == list(range(6))
    assert list(zip(table["fast"].to_pylist(), table["slow"].to_pylist(), strict=True)) == [
        (fast, slow) for fast in (5, 10, 15) for slow in (20, 50)
    ]
    best = json.loads(made[1].stdout)["best"]
    kept = pq.read_table(folder / "trades.parquet")
    assert set(kept["set_id"].to_pylist()) == set(range(6))
    assert kept.filter(kept["set_id"].to_numpy() == best["set_id"]).num_rows == best["trades"]


def test_each_row_is_the_single_run_with_its_values(made, bars, tmp_path):
    for row in json.loads(made[1].stdout)["ranking"][:2]:
        values = ("--param", f"fast={row['fast']}", "--param", f"slow={row['slow']}")
        said = call("run", bars, "--strategy", "ema-cross", *values, "--format", "json", cwd=tmp_path)
        single = json.loads(said.stdout)
        assert row["checksum"] == single["checksum"]
        assert {name: row[name] for name in single["metrics"]} == single["metrics"]


def test_text_has_the_plan_the_ranking_and_what_it_is_worth(bars, tmp_path):
    said = call("sweep", bars, *GRID, "--rank-by", "net-pnl", "--top", 2, cwd=tmp_path)
    assert said.returncode == 0 and "should take" in said.stdout.split("set_id")[0]
    shown = said.stdout.splitlines()
    header = next(number for number, line in enumerate(shown) if line.startswith("set_id"))
    assert shown[header].split()[:4] == ["set_id", "fast", "slow", "net_pnl"]
    assert shown[header + 3].startswith("best set")
    for said_of in ("its neighbours", "sets tried", "backtest overfitting", "took", "sweep.html"):
        assert said_of in said.stdout


def test_plan_stops_before_anything_is_run_or_written(bars, tmp_path):
    said = call("sweep", bars, *GRID, "--plan", cwd=tmp_path)
    assert said.returncode == 0 and said.stdout.splitlines()[0].split() == ["sets", "6"]
    plan = json.loads(call("sweep", bars, *GRID, "--plan", "--format", "json", cwd=tmp_path).stdout)
    assert plan["sets"] == 6 and plan["batches"] >= 1
    assert list(tmp_path.iterdir()) == []


def test_the_same_command_again_shows_what_is_there(made, bars):
    cwd = made[0]
    said = call("sweep", bars, *GRID, cwd=cwd)
    assert said.returncode == 0 and "finished before: nothing was run" in said.stdout
    assert len(folders(cwd)) == 1


def test_a_heat_map_can_be_asked_for_afterwards(made, bars):
    said = call("sweep", bars, *GRID, "--heat-map", "fast,slow", "--format", "json", cwd=made[0])
    assert said.returncode == 0, said.stderr
    page, picture = json.loads(said.stdout)["pages"]
    assert (made[0] / picture).read_bytes().startswith(b"\x89PNG")
    assert "sharpe by slow and fast" in (made[0] / page).read_text(encoding="utf-8")


def test_workers_do_not_change_a_byte_of_the_table(made, bars, tmp_path):
    said = call("sweep", bars, *GRID, "--max-workers", 2, "--keep-trades", "none", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    one, two = (pq.read_table(folders(cwd)[0] / "sweep.parquet") for cwd in (made[0], tmp_path))
    assert one.equals(two)


def test_a_search_and_a_sample_take_some_sets_and_the_same_ones_again(bars, tmp_path):
    wide = ("--strategy", "ema-cross", "--grid", "fast=3:40:1", "--grid", "slow=50:90:1", "--keep-trades", "none")
    for chosen in (("--sample", 5, "--seed", 2), ("--search", "tpe", "--trials", 5, "--seed", 2)):
        rows = []
        for place in ("a", "b"):
            said = call("sweep", bars, *wide, *chosen, "--out", place, "--format", "json", cwd=tmp_path)
            assert said.returncode == 0, said.stderr
            rows.append(json.loads(said.stdout)["ranking"])
        assert rows[0] == rows[1] and len(rows[0]) == 5


def test_options_of_a_file_and_of_the_command_line_are_put_together(bars, tmp_path):
    (tmp_path / "sweep.toml").write_text(
        'strategy = "ema-cross"\nwhere = ["fast < slow", "fast > 1"]\nrank_by = "net_pnl"\n'
        'max-sets = 100\nkeep_trades = "none"\n[grid]\nfast = [5, 10]\nslow = "20:40:20"\nstop = ["atr:1", "atr:2"]\n'
    )
    said = call("sweep", bars, "--config", "sweep.toml", "--grid", "fast=7", "--format", "json", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    assert document["sweep"]["names"] == ["slow", "stop", "fast"] and document["sweep"]["rank_by"] == "net_pnl"
    assert sorted((row["fast"], row["slow"], row["stop"]) for row in document["ranking"]) == [
        (7, slow, stop) for slow in (20, 40) for stop in ("atr:1", "atr:2")
    ]


NO_SCHEDULER = pytest.mark.cannot_be_pasted  # what is printed wants one, and a store that its workers can see

REFUSED = [
    ((), "a sweep needs a grid"),
    (("--grid", "fats=5:50:5"), "did you mean 'fast'"),
    (("--grid", "fast"), "'fast' is not NAME=VALUE"),
    (("--grid", "fast="), "there are no values"),
    (("--grid", "fast=50:5:5"), "--grid fast=50:5:5"),
    (("--grid", "fast=5", "--grid", "fast=6"), "given twice"),
    (("--grid", "fast=1:100000:1", "--grid", "slow=1:100000:1"), "10,000,000,000 sets"),
    (("--grid", "fast=1:100:1", "--max-sets", "99"), "above --max-sets, which is 99"),
    (("--grid", "fast=5:50:5", "--where", "fast"), "no comparison"),
    (("--grid", "fast=5:50:5", "--where", "__import__('os').getcwd() == ''"), "--where"),
    (("--grid", "fast=5:50:5", "--where", "fast > 99"), "no set of the grid fulfils"),
    (("--grid", "stop=atr:1,atr:2", "--stop", "atr:3"), "--stop atr:3 is on the grid as well"),
    (("--grid", "fast=5:50:5", "--param", "fast=9"), "--param fast=9 is on the grid as well"),
    (("--grid", "threads=1,2"), "--threads"),
    (("--grid", "fast=5:50:5", "--rank-by", "sharp"), "did you mean 'sharpe'"),
    (("--grid", "fast=5:50:5", "--keep-trades", "best"), "best:10, all, none"),
    (("--grid", "fast=5:50:5", "--search", "tpe"), "--trials"),
    (("--grid", "fast=5:50:5", "--trials", "9"), "--search"),
    (("--grid", "fast=5:50:5", "--heat-map", "fast,slow"), "'slow' is not in the grid"),
    pytest.param(("--grid", "fast=5:50:5", "--executor", "dask"), "--scheduler", marks=NO_SCHEDULER),
    pytest.param(("--grid", "fast=5:50:5", "--scheduler", "tcp://127.0.0.1:1"), "--executor dask", marks=NO_SCHEDULER),
    (("--grid", "fast=5:50:5", "--max-workers", "0"), "--max-workers"),
    (("--grid", "fast=5:50:5", "--deterministic"), "unknown option '--deterministic'"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_swept_is_refused_in_one_sentence(bars, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_here("sweep", bars, "--strategy", "ema-cross", *words)
    assert code == 2 and out == ""
    assert err.startswith("barloom: error: ") and err.count("\n") == 1 and said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_none_of_whose_sets_ran_ends_with_the_code_of_the_first_reason(bars, tmp_path, monkeypatch, workers):
    monkeypatch.chdir(tmp_path)
    words = ("sweep", bars, "--max-workers", workers, "--strategy")
    code, out, err = run_here(*words, "ema-cross", "--grid", "slow=25000,30000")
    assert code == 2 and "every set of the grid was refused; the first:" in err and "give more bars" in err
    assert "nan" not in (out + err).lower()
    code, _, err = run_here(*words, f"{strategy_file(tmp_path)}:Odd", "--grid", "fast=7", "--grid", "slow=20,50")
    assert code == 4 and "every set of the grid failed; the first:" in err and "RuntimeError: seven" in err


def test_data_is_asked_for_and_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (
        run_here("sweep", "--grid", "stop=atr:1")[2] == "barloom: error: no data: name a CSV, Parquet or Arrow file\n"
    )
    code, _, err = run_here("sweep", "nowhere.csv", "--grid", "stop=atr:1")
    assert code == 2 and "nowhere.csv" in err and list(tmp_path.iterdir()) == []


def test_a_scheduler_that_cannot_be_reached_is_said_and_nothing_is_left(bars, tmp_path):
    write_bars(from_synthetic(1000, 1), tmp_path / "bars.arrow")
    said = call("sweep", "bars.arrow", *GRID, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1", cwd=tmp_path)
    assert said.returncode == 2 and said.stderr.count("\n") == 1
    assert "--scheduler tcp://127.0.0.1:1 cannot be reached" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bars.arrow"]


HELD = (
    HOLD
    + """
from barloom.strategies.ema_cross import EmaCross


class Held(EmaCross):
    name = "held"

    def signals(self, window):
        here = Path(__file__).parent
        if len(list(here.glob("results/sweeps/*/parts/*.parquet"))) >= 2:
            hold(here)
        return super().signals(window)
"""
)


@pytest.mark.waits
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(bars, tmp_path):
    strategy = tmp_path / "held.py"
    strategy.write_text(HELD)
    strategy.chmod(0o644)
    words = ["sweep", str(bars), "--strategy", "held.py:Held", "--grid", "fast=2:41:1", "--grid", "slow=50:90:1"]
    # A search asks for a few sets at a time, so that there are many parts to be interrupted between.
    words += ["--keep-trades", "none", "--search", "tpe", "--trials", "192"]
    started = subprocess.Popen(
        [*COMMAND, *words], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: held(tmp_path), started)
    interrupt(started)
    go_on(tmp_path)
    _, err = ended(started)
    assert started.returncode == 130, err
    assert "the same command goes on" in err
    said = subprocess.run(
        [sys.executable, "-m", "barloom", *words, "--format", "json"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(said.stdout)
    assert document["sweep"]["resumed"] > 0 and document["sweep"]["sets"] == 192
    assert "of them there already" in said.stderr
