"""``info``, ``data``, ``strategies`` and ``--version``, and how little they load."""

import json
import re
import subprocess
import sys

import pyarrow as pa
import pytest

import barloom
from barloom._native.chunking import openmp_threads
from barloom.bars import open_bars
from helpers.command import call, environment


def test_the_version_is_that_of_the_package(tmp_path):
    said = call("--version", cwd=tmp_path)
    assert said.stdout == f"barloom {barloom.__version__}\n" and said.returncode == 0


def test_info_tells_versions_machine_and_kernels(tmp_path):
    facts = json.loads(call("info", "--format", "json", cwd=tmp_path).stdout)
    assert facts["versions"]["barloom"] == barloom.__version__
    assert set(facts["versions"]) == {"barloom", "python", "numpy", "pandas", "pyarrow", "pydantic", "rich"}
    assert facts["machine"]["cores"] >= 1 and facts["machine"]["openmp_threads"] is not None
    assert all(facts["kernels"].values())
    text = call("info", cwd=tmp_path).stdout
    assert "OpenMP" in text and barloom.__version__ in text and facts["kernels"]["simulation"] in text


@pytest.mark.parametrize("words", [["--help"], ["info"], ["run", "--help"], ["--version"]])
def test_what_needs_no_numbers_loads_no_libraries(tmp_path, words):
    """Start-up within 0.3 s is won by importing little."""
    code = (
        "import sys\nfrom barloom.cli.main import main\n"
        f"main({words!r})\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'pydantic', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment(), capture_output=True)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_a_run_does_not_load_pandas(tmp_path, suffix):
    """It takes half a second to load; pyarrow does so unasked."""
    code = (
        "import sys\nfrom barloom.cli.main import main\n"
        f"assert main(['data', 'generate', '--rows', '3000', '--out', 'bars{suffix}']) == 0\n"
        f"assert main(['run', 'bars{suffix}']) == 0\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment(), capture_output=True)


def test_a_strategy_may_use_pandas_all_the_same(tmp_path):
    code = (
        "from barloom.cli.lean import load_arrow\nload_arrow()\n"
        "import pyarrow as pa, pandas as pd\n"
        "frame = pa.table({'a': [1, 2]}).to_pandas()\n"
        "assert isinstance(frame, pd.DataFrame)\n"
        "assert pa.Table.from_pandas(frame).column('a').to_pylist() == [1, 2]\n"
        "assert pa.array(pd.Series([1.0, None])).null_count == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment(), capture_output=True)


SURROUNDED = """
import gc, json, os
import numpy as np
import pyarrow as pa
from barloom import Entries, Strategy


class Looks(Strategy):
    def signals(self, window):
        with open("seen.json", "w") as file:
            json.dump([gc.isenabled(), gc.get_freeze_count(), os.environ["OPENBLAS_NUM_THREADS"],
                       os.environ["PYDANTIC_DISABLE_PLUGINS"], pa.default_memory_pool().backend_name], file)
        return Entries(np.arange(0), np.arange(0), stop=0.1)
"""


def test_a_command_starts_lightly_and_collects_garbage_once_it_runs(tmp_path):
    (tmp_path / "looks.py").write_text(SURROUNDED)
    ours = {"OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY", "ARROW_DEFAULT_MEMORY_POOL"}
    kept = {name: value for name, value in environment().items() if name not in ours}
    words = ("run", "--sample", "--strategy", "looks.py:Looks", "--non-interactive")
    said = call(*words, cwd=tmp_path, env=kept)
    assert said.returncode == 0, said.stderr
    collects, frozen, threads, plugins, pool = json.loads((tmp_path / "seen.json").read_text())
    assert collects and frozen > 10_000 and threads == "1" and plugins == "__all__"
    assert pool == "jemalloc" or "jemalloc" not in pa.supported_memory_backends()
    # Who sets it wins; OpenMP says what it was told when it was loaded.
    set_by_them = {"OPENBLAS_NUM_THREADS": "2", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_DISPLAY_ENV": "true"}
    said = call(*words, cwd=tmp_path, env={**kept, **set_by_them})
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen[2] == "2" and seen[4] == "system"
    if sys.platform == "linux" and openmp_threads():
        assert re.search(r"OMP_WAIT_POLICY *= *'PASSIVE'", said.stderr)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_generated_bars_are_the_same_in_every_format_and_can_be_described(tmp_path, suffix):
    path = tmp_path / f"bars{suffix}"
    made = call("data", "generate", "--rows", "3000", "--seed", "5", "--out", path, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    facts = json.loads(call("data", "info", path, "--format", "json", cwd=tmp_path).stdout)
    reference = barloom.from_synthetic(3000, 5)
    for _ in reference.chunks(1000):
        pass
    assert facts["bars"] == 3000 and facts["content_hash"] == reference.report.content_hash
    assert "3,000" in call("data", "info", path, cwd=tmp_path).stdout
    assert open_bars(path).label == str(path)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--rows", "10", "--out", "bars.txt"], ".parquet"),
        (["--rows", "10", "--out", "nowhere/bars.csv"], "nowhere"),
        (["--rows", "10", "--out", "old.csv"], "old.csv exists"),
        (["--rows", "0", "--out", "bars.csv"], "--rows"),
    ],
)
def test_bars_that_cannot_be_written_are_refused(tmp_path, words, named):
    (tmp_path / "old.csv").write_text("mine")
    said = call("data", "generate", *words, cwd=tmp_path)
    assert said.returncode == 2 and named in said.stderr and said.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"] and (tmp_path / "old.csv").read_text() == "mine"


def test_force_replaces_a_file_that_was_generated(tmp_path):
    (tmp_path / "old.csv").write_text("mine")
    refused = call("data", "generate", "--rows", "10", "--out", "old.csv", "--force", cwd=tmp_path)
    assert refused.returncode == 2 and (tmp_path / "old.csv").read_text() == "mine"
    (tmp_path / "old.csv").unlink()
    assert call("data", "generate", "--rows", "20", "--out", "old.csv", cwd=tmp_path).returncode == 0
    said = call("data", "generate", "--rows", "10", "--out", "old.csv", cwd=tmp_path)
    assert said.returncode == 2 and "--force" in said.stderr
    assert call("data", "generate", "--rows", "10", "--out", "old.csv", "--force", cwd=tmp_path).returncode == 0
    assert len((tmp_path / "old.csv").read_text().splitlines()) == 11


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    said = call("data", "info", "absent.csv", cwd=tmp_path)
    assert said.returncode == 2 and "absent.csv" in said.stderr and said.stderr.count("\n") == 1


def test_strategies_are_listed_with_their_rules(tmp_path):
    found = json.loads(call("strategies", "list", "--format", "json", cwd=tmp_path).stdout)
    assert [each["name"] for each in found] == ["trend-pullback", "ema-cross", "zscore-reversion"]
    assert all(each["rules"] for each in found)
    text = call("strategies", "list", cwd=tmp_path).stdout
    assert all(each["name"] in text for each in found)


def test_a_strategy_is_shown_with_its_parameters_defaults_and_meaning(tmp_path):
    found = json.loads(call("strategies", "show", "trend-pullback", "--format", "json", cwd=tmp_path).stdout)
    defaults = {each["name"]: each["default"] for each in found["parameters"]}
    assert (defaults["fast"], defaults["slow"], defaults["oversold"]) == (20, 50, 30.0)
    assert all(each["meaning"] for each in found["parameters"])
    assert "oversold" in call("strategies", "show", "trend-pullback", cwd=tmp_path).stdout


def test_an_unknown_strategy_is_refused_with_the_nearest(tmp_path):
    said = call("strategies", "show", "ema-corss", cwd=tmp_path)
    assert said.returncode == 2 and "ema-cross" in said.stderr


def test_a_file_without_a_header_is_described_once_its_columns_are_named(tmp_path):
    # Bars without a range fit every order of columns.
    (tmp_path / "bare.csv").write_text("1420070400000,1.5,1.5,1.5,1.5,7\n1420070460000,1.5,1.5,1.5,1.5,7\n")
    refused = call("data", "info", "bare.csv", cwd=tmp_path)
    assert refused.returncode == 2 and "--columns" in refused.stderr
    named = call(
        "data", "info", "bare.csv", "--columns", "time=1,open=2,close=3,high=4,low=5", "--format", "json", cwd=tmp_path
    )
    assert named.returncode == 0, named.stderr
    assert json.loads(named.stdout)["bars"] == 2
