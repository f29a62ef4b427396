"""``barloom walk-forward`` as a process: the windows, the joined account, the files, and what it refuses."""

import json

import pyarrow.parquet as pq
import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from barloom.jobs.records import BenchmarkRecord
from barloom.jobs.walk_forward import WalkForwardRecord
from helpers.command import call, run_here
from helpers.recorded import valid

GRID = ("--strategy", "ema-cross", "--grid", "fast=5,15", "--grid", "slow=20,50")
ROWS = 40_000
SPANS = ("--train", "2w", "--test", "1w")


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    write_bars(from_synthetic(ROWS, 5), path)
    return path


@pytest.fixture(scope="module")
def made(bars, tmp_path_factory):
    cwd = tmp_path_factory.mktemp("made")
    said = call("walk-forward", bars, *GRID, *SPANS, "--format", "json", cwd=cwd)
    assert said.returncode == 0, said.stderr
    return cwd, json.loads(said.stdout)


def test_the_folder_holds_the_record_and_what_was_traded_out_of_sample(made):
    cwd, document = made
    (folder,) = (cwd / "results" / "walk-forward").iterdir()
    record = WalkForwardRecord.model_validate_json((folder / "walk-forward.json").read_bytes())
    assert record.model_dump(mode="json") == document and record.job_id == folder.name
    assert sorted(path.name for path in folder.iterdir()) == sorted(record.files)
    benchmark = BenchmarkRecord.model_validate(valid(folder / "benchmark.json", "benchmark"))
    assert benchmark.digest == record.digest and benchmark.data.selected_rows == ROWS
    assert benchmark.trades_simulated > record.summary.trades and min(benchmark.phase_times.values()) > 0.0
    assert (cwd / "results" / "runs.csv").read_text().splitlines()[1].startswith(folder.name)
    trades, equity = (pq.read_table(folder / f"{name}.parquet") for name in ("trades", "equity"))
    assert trades.num_rows == record.summary.trades > 0
    assert set(trades["window"].to_pylist()) == {window.window for window in record.windows}
    assert equity["equity"][-1].as_py() == record.windows[-1].end_balance
    assert record.windows[-1].end_balance == pytest.approx(10_000.0 + record.summary.net_pnl)


def test_text_has_a_row_a_window_and_the_joined_account(made, bars, tmp_path):
    said = call("walk-forward", bars, *GRID, *SPANS, "--step", "1w", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0].split()[:5] == ["no.", "train", "test", "fast", "slow"]
    windows = made[1]["windows"]
    assert [line.split()[0] for line in lines[1 : 1 + len(windows)]] == [str(one["window"]) for one in windows]
    assert f"{made[1]['summary']['net_pnl']:+,.2f}" in said.stdout
    assert "(cut)" in lines[len(windows)] and "efficiency" in said.stdout


def test_a_slice_of_the_data_and_options_of_a_file(bars, tmp_path):
    (tmp_path / "walk.toml").write_text(
        'train = "1w"\ntest = "1w"\nanchored = true\nstrategy = "ema-cross"\ngrid = {fast = [5, 9]}\nrank_by = "net_pnl"\n'
    )
    part = ("--start", "2015-01-12", "--end", "2015-01-31")
    to = ("--benchmark-out", "mine.json")
    said = call("walk-forward", bars, "--config", "walk.toml", *part, *to, "--format", "json", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    assert document["anchored"] and document["rank_by"] == "net_pnl"
    assert {window["train_start"] for window in document["windows"]} == {"2015-01-12T00:00:00Z"}
    assert document["windows"][-1]["test_end"] <= "2015-01-31T00:00:00Z"
    data = valid(tmp_path / "mine.json", "benchmark")["data"]
    assert data["start"] == "2015-01-12" and 0 < data["selected_rows"] < ROWS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*GRID, "--test", "1w"), "--train is missing"),
        ((*GRID, "--train", "1w"), "--test is missing"),
        ((*GRID, "--train", "soon", "--test", "1w"), "--train is 'soon'"),
        ((*GRID, "--train", "2y", "--test", "1w"), "shorter than --train 2y"),
        ((*GRID, "--train", "1w", "--test", "2w", "--step", "1w"), "tested twice"),
        (("--train", "1w", "--test", "1w"), "a sweep needs a grid"),
        (("--train", "1w", "--test", "1w", "--grid", "fst=1,2"), "did you mean 'fast'"),
        ((*GRID, *SPANS, "--where", "fast"), "no comparison"),
        ((*GRID, *SPANS, "--max-sets", "3"), "above --max-sets, which is 3"),
        ((*GRID, *SPANS, "--rank-by", "luck"), "'luck' is no metric"),
        ((*GRID, *SPANS, "--keep-trades", "all"), "unknown option '--keep-trades'"),
    ],
)
def test_what_cannot_be_walked_is_refused_in_one_sentence(bars, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_here("walk-forward", bars, "--strategy", "ema-cross", *words)
    assert code == 2 and out == ""
    assert err.startswith("barloom: error: ") and err.count("\n") == 1 and said in err
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_is_refused(bars, tmp_path):
    (tmp_path / "taken").write_text("a file")
    said = call("walk-forward", bars, *GRID, *SPANS, "--out", "taken", cwd=tmp_path)
    assert said.returncode == 2 and "--out taken" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
