"""``barloom run`` as a process: what comes out, where it goes, and with which exit code."""

import csv
import json
import math

import pyarrow.parquet as pq
import pytest

from barloom.jobs.records import BenchmarkRecord, read_run
from helpers.command import call, environment

ROWS = 30_000


@pytest.fixture(scope="module")
def made(bars, tmp_path_factory):
    """One run with everything on, its folder and what it said."""
    cwd = tmp_path_factory.mktemp("made")
    said = call("run", bars, "--strategy", "ema-cross", "--format", "json", "--deterministic", cwd=cwd)
    assert said.returncode == 0, said.stderr
    return cwd, said


def runs(cwd, out="results"):
    folder = cwd / out / "runs"
    return sorted(folder.iterdir()) if folder.exists() else []


def refuse_constant(name):
    raise AssertionError(f"{name} is no JSON")


def test_json_is_the_only_thing_on_stdout_and_equals_run_json(made):
    cwd, said = made
    document = json.loads(said.stdout, parse_constant=refuse_constant)
    (folder,) = runs(cwd)
    assert said.stdout == (folder / "run.json").read_text(encoding="utf-8")
    assert {"digest", "checksum", "metrics", "counts", "data", "parameters", "versions"} <= set(document)
    assert document["job_id"] == folder.name and document["status"] == "complete"
    assert document["metrics"]["trades"] == document["counts"]["accepted"] > 0
    assert document["data"]["total_rows"] == ROWS


def test_the_folder_holds_the_files_of_a_run_and_no_other(made):
    (folder,) = runs(made[0])
    record = read_run(folder / "run.json")
    assert sorted(path.name for path in folder.iterdir()) == sorted(record.files)
    trades = pq.read_table(folder / "trades.parquet")
    assert trades.num_rows == record.metrics.trades
    assert math.fsum(trades["net_pnl"].to_pylist()) == pytest.approx(record.metrics.net_pnl)
    assert pq.read_table(folder / "equity.parquet").num_rows >= trades.num_rows


def test_the_benchmark_record_is_valid_and_of_the_same_job(made):
    cwd = made[0]
    (folder,) = runs(cwd)
    benchmark = BenchmarkRecord.model_validate_json((folder / "benchmark.json").read_bytes())
    run = read_run(folder / "run.json")
    assert folder.name == benchmark.job_id == run.job_id
    assert benchmark.digest == run.digest and benchmark.data == run.data
    assert (
        benchmark.criteria["runs_identical"].value == "identical"
        and "two whole runs" in benchmark.criteria["runs_identical"].why
    )
    assert benchmark.raw_bytes == ROWS * 8 * 5


def test_each_run_adds_one_row_to_the_summary(bars, tmp_path):
    for _ in range(2):
        assert call("run", bars, "--strategy", "ema-cross", cwd=tmp_path).returncode == 0
    with open(tmp_path / "results" / "runs.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["job_id"] for row in found} == {folder.name for folder in runs(tmp_path)}
    assert len({row["digest"] for row in found}) == 1


def test_the_table_says_what_a_trader_looks_for(bars, tmp_path):
    said = call("run", bars, "--strategy", "ema-cross", "--out", "o", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    for word in (
        "net PnL",
        "win rate",
        "profit factor",
        "expectancy",
        "max drawdown",
        "Sharpe",
        "exposure",
        "position",
    ):
        assert word in said.stdout
    (folder,) = runs(tmp_path, "o")
    assert str(folder.relative_to(tmp_path)) in said.stdout and "\x1b" not in said.stdout


def test_the_table_fits_a_narrow_terminal(bars, tmp_path):
    said = call("run", bars, "--strategy", "ema-cross", cwd=tmp_path, env=environment(COLUMNS="40"))
    assert max(map(len, said.stdout.splitlines())) <= 40


def test_a_run_without_a_trade_has_a_record_without_nan(bars, tmp_path):
    said = call("run", bars, "--param", "oversold=0", "--param", "stoch_low=0", "--format", "json",
                "--direction", "long", cwd=tmp_path)  # fmt: skip
    document = json.loads(said.stdout, parse_constant=refuse_constant)
    assert document["metrics"]["trades"] == 0 and document["metrics"]["profit_factor"] is None
    text = call("run", bars, "--param", "oversold=0", "--param", "stoch_low=0", "--direction", "long", cwd=tmp_path)
    assert text.returncode == 0 and "nan" not in text.stdout.lower()


def test_progress_goes_to_stderr_every_so_many_trades(bars, tmp_path):
    words = ("run", bars, "--strategy", "ema-cross", "--format", "json", "--chunk-rows", "1000")
    said = call(*words, "--log-frequency", "20", cwd=tmp_path)
    trades = json.loads(said.stdout)["metrics"]["trades"]
    lines = [line for line in said.stderr.splitlines() if " trades, " in line]
    assert 1 < len(lines) <= trades // 20
    assert call(*words, "--log-frequency", "1000000", cwd=tmp_path).stderr == ""


def test_memory_past_the_threshold_is_warned_of_once(bars, tmp_path):
    said = call("run", bars, "--memory-threshold-mb", "1", cwd=tmp_path)
    assert said.returncode == 0 and said.stderr.count("past the threshold of 1 MB") == 1


def test_the_options_that_cut_the_work_do_not_change_the_digest(bars, tmp_path):
    digests = set()
    for extra in ([], ["--chunk-rows", "777"], ["--threads", "1"], ["--batch-rows", "10"]):
        said = call("run", bars, "--strategy", "ema-cross", "--format", "json", *extra, cwd=tmp_path)
        digests.add(json.loads(said.stdout)["digest"])
    assert len(digests) == 1


def test_portions_cover_the_data(bars, tmp_path):
    rows = 0
    for portion in (1, 2, 3, 4):
        said = call("run", bars, "--data-frac", "0.3", "--portion", portion, "--format", "json", cwd=tmp_path)
        rows += json.loads(said.stdout)["data"]["selected_rows"]
    assert rows == ROWS


def test_options_from_a_file_are_those_typed_and_the_typed_ones_win(bars, tmp_path):
    (tmp_path / "s.toml").write_text(
        f'data = "{bars.as_posix()}"\nstrategy = "ema-cross"\nformat = "json"\nspread = 0.0001\nparam = {{fast = 9}}\n'
    )
    filed = json.loads(call("run", "--config", "s.toml", "--spread", "0", cwd=tmp_path).stdout)
    typed = call("run", bars, "--strategy", "ema-cross", "--param", "fast=9", "--format", "json", cwd=tmp_path)
    assert filed["digest"] == json.loads(typed.stdout)["digest"]
    assert filed["parameters"]["spread"] == 0


def test_a_copy_of_the_record_goes_where_benchmark_out_says(bars, tmp_path):
    assert call("run", bars, "--benchmark-out", "mine.json", cwd=tmp_path).returncode == 0
    (folder,) = runs(tmp_path)
    assert (tmp_path / "mine.json").read_bytes() == (folder / "benchmark.json").read_bytes()


def test_the_sample_needs_no_file_and_asks_nothing(tmp_path):
    first = call("run", "--sample", "--format", "json", cwd=tmp_path)
    second = call("run", "--sample", "--format", "json", cwd=tmp_path)
    assert json.loads(first.stdout)["digest"] == json.loads(second.stdout)["digest"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run"], "no data"),
        (["run", "absent.csv"], "absent.csv"),
        (["run", "BARS", "--data-frac", "0"], "--data-frac"),
        (["run", "BARS", "--portion", "2"], "portion"),
        (["run", "BARS", "--start", "yesterday"], "yesterday"),
        (["run", "BARS", "--start", "2001-01-01", "--end", "2001-01-02"], "no bars"),
        (["run", "BARS", "--strategy", "ema-corss"], "ema-cross"),
        (["run", "BARS", "--param", "fats=3"], "'fast'"),
        (["run", "BARS", "--param", "fast=many"], "fast"),
        (["run", "BARS", "--stop", "atr"], "--stop"),
        (["run", "BARS", "--stop", "atr:-1"], "--stop"),
        (["run", "BARS", "--stop", "none"], "--size"),
        (["run", "BARS", "--max-open", "3"], "--position overlap"),
        (["run", "BARS", "--size", "1", "--risk-pct", "1"], "exclude each other"),
        (["run", "BARS", "--sample"], "exclude each other"),
        (["run", "BARS", "--data", "BARS"], "give one of them"),
        (["run", "--sample", "--on-bad-rows", "drop"], "--on-bad-rows"),
        (["run", "BARS", "--benchmark-out", "nowhere/x.json"], "nowhere"),
        (["run", "BARS", "--config", "absent.toml"], "absent.toml"),
        (["run", "BARS", "--ignore-columns", "nope"], "nope"),
        (["run", "BARS", "--stp", "atr:2"], "--stop"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(bars, tmp_path, words, named):
    said = call(*[str(bars) if word == "BARS" else word for word in words], cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr.startswith("barloom: error: ") and said.stderr.count("\n") == 1 and named in said.stderr
    assert said.stdout == "" and list(tmp_path.iterdir()) == []


def test_bad_rows_found_in_the_middle_of_a_run_leave_nothing(bars, tmp_path):
    lines = bars.read_text().splitlines(keepends=True)
    lines[20_000] = lines[20_000].replace("1.", "-1.", 1)
    (tmp_path / "bad.csv").write_text("".join(lines))
    said = call("run", "bad.csv", cwd=tmp_path)
    assert said.returncode == 2 and "bad.csv" in said.stderr and "Traceback" not in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]
    dropped = call("run", "bad.csv", "--on-bad-rows", "drop", "--format", "json", cwd=tmp_path)
    assert sum(json.loads(dropped.stdout)["data"]["dropped"].values()) == 1


MINE = """
import numpy as np
from barloom import Entries, Strategy


class Ahead(Strategy):
    def signals(self, window):
        bars = np.arange(window.start, len(window), 50)
        side = np.where(window.close[-1] > window.close[bars], 1, -1)
        distance = np.full(len(bars), 0.0003)
        return Entries(bars, side, stop=distance, target=distance)


class Broken(Strategy):
    def signals(self, window):
        if window.timestamp[-1] > np.datetime64("2015-01-08", "ns").astype(np.int64):
            raise RuntimeError("my own bug")
        bars = np.flatnonzero(window.timestamp % 3_000_000_000_000 == 0)
        distance = np.full(len(bars), 0.0003)
        return Entries(bars, 1, stop=distance, target=distance)
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    path.chmod(0o644)
    return path


def test_a_strategy_that_looks_ahead_ends_with_3(bars, mine, tmp_path):
    said = call("run", bars, "--strategy", "mine.py:Ahead", cwd=tmp_path)
    assert said.returncode == 3 and "looks ahead" in said.stderr and "Traceback" not in said.stderr
    (folder,) = runs(tmp_path)
    assert not (folder / "run.json").exists() and not (folder / "trades.parquet").exists()
    assert json.loads((folder / "failed.json").read_text())["status"] == "failed"
    assert BenchmarkRecord.model_validate_json((folder / "benchmark.json").read_bytes()).status == "failed"


def test_a_strategy_that_breaks_ends_with_4_and_its_traceback_is_in_the_log(bars, mine, tmp_path):
    said = call("run", bars, "--strategy", "mine.py:Broken", "--chunk-rows", "1000", cwd=tmp_path)
    assert said.returncode == 4 and said.stderr.count("\n") == 1 and "my own bug" in said.stderr
    (folder,) = runs(tmp_path)
    log = (folder / "run.log").read_text()
    assert str(folder.relative_to(tmp_path) / "run.log") in said.stderr
    assert "Traceback" in log and "my own bug" in log and "mine.py" in log
    failed = json.loads((folder / "failed.json").read_text())
    assert failed["status"] == "failed" and "my own bug" in failed["error"]
    assert not (folder / "run.json").exists() and not (folder / "trades.parquet").exists()


def test_two_runs_that_differ_end_with_3(bars, tmp_path):
    """A strategy that is another one each time a run loads it, though copies of it within a run agree."""
    (tmp_path / "odd.py").write_text(
        "import sys\n"
        "import numpy as np\n"
        "from barloom import Entries, Strategy\n"
        "class Odd(Strategy):\n"
        "    name = 'odd'\n"
        "    def signals(self, window):\n"
        "        frame, runs = sys._getframe(), []\n"
        "        while frame is not None:\n"
        "            runs += [frame.f_locals['result']] if frame.f_code.co_name == 'carry_out' and 'result' in frame.f_locals else []\n"
        "            frame = frame.f_back\n"
        "        bars = np.flatnonzero(window.timestamp // 60_000_000_000 % (200 + len(runs)) == 0)\n"
        "        return Entries(bars, 1, stop=np.full(len(bars), 0.0003), target=np.full(len(bars), 0.0003))\n"
    )
    (tmp_path / "odd.py").chmod(0o644)
    assert call("run", bars, "--strategy", "odd.py:Odd", "--out", "once", cwd=tmp_path).returncode == 0
    said = call("run", bars, "--strategy", "odd.py:Odd", "--deterministic", cwd=tmp_path)
    assert said.returncode == 3 and "different trades" in said.stderr
    (folder,) = runs(tmp_path)
    assert not (folder / "run.json").exists() and not (folder / "trades.parquet").exists()
