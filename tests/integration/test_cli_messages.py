"""``-v``, ``-q`` and ``--log-file`` of every command."""

import json

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from barloom.cli._parser import build_parser
from helpers.command import call, run_here

HISTDATA = "2012.02.01,00:00,1.5,1.51,1.49,1.505,0\n2012.02.01,00:01,1.505,1.52,1.5,1.515,0\n"


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    write_bars(from_synthetic(30_000, 1), path)
    return path


def test_every_command_takes_them():
    leaves = build_parser().leaves()
    assert len(leaves) >= 10
    for leaf in leaves:
        assert {"--verbose", "--quiet", "--log-file"} <= set(leaf.options())


def test_quiet_says_nothing_but_errors(bars, tmp_path):
    words = ("run", bars, "--strategy", "ema-cross", "--chunk-rows", "2000", "--log-frequency", "1")
    loud = call(*words, "--memory-threshold-mb", "1", cwd=tmp_path)
    assert "bars:" in loud.stderr and "threshold" in loud.stderr
    still = call(*words, "--memory-threshold-mb", "1", "-q", cwd=tmp_path)
    assert still.returncode == 0 and still.stderr == "" and "net PnL" in still.stdout
    refused = call("run", "none.csv", "-q", cwd=tmp_path)
    assert refused.returncode == 2 and refused.stderr.startswith("barloom: error: ")


def test_quiet_does_not_say_what_a_file_was_taken_for(tmp_path):
    path = tmp_path / "DAT_MT.csv"
    path.write_text(HISTDATA)
    assert "is taken for" in run_here("data", "check", path)[2]
    assert run_here("data", "check", path, "--quiet")[2] == ""


def test_verbose_says_what_is_done_and_stdout_is_the_same(bars, tmp_path):
    words = ("run", bars, "--strategy", "ema-cross", "--format", "json")
    usual, verbose = call(*words, cwd=tmp_path), call(*words, "-v", cwd=tmp_path)
    assert "digest" not in usual.stderr and "digest" in verbose.stderr and "seconds: ingest" in verbose.stderr
    assert json.loads(verbose.stdout)["digest"] == json.loads(usual.stdout)["digest"]
    assert all(line.startswith("barloom: ") for line in verbose.stderr.splitlines())


def test_verbose_and_quiet_exclude_each_other(bars):
    code, _, said = run_here("run", bars, "-v", "-q")
    assert code == 2 and "--verbose and --quiet exclude each other" in said


def test_the_log_file_has_everything_and_is_gone_on_with(bars, tmp_path):
    log = tmp_path / "my.log"
    for _ in range(2):
        said = call("run", bars, "--strategy", "ema-cross", "-q", "--log-file", log, cwd=tmp_path)
        assert said.returncode == 0 and said.stderr == ""
    text = log.read_text(encoding="utf-8")
    assert text.count("digest") == 2 and text.count("done in") == 2 and f"run {bars}" in text


@pytest.mark.parametrize("words", [("info",), ("strategies", "list"), ("data", "info", "none.csv")])
def test_commands_that_load_little_log_too(words, tmp_path):
    log = tmp_path / "my.log"
    code, _, said = run_here(*words, "--log-file", log)
    text = log.read_text(encoding="utf-8")
    assert " ".join(words) in text
    assert ("done in" in text) == (code == 0) and ("ERROR" in text) == (code != 0)
    assert code == 0 or said.removeprefix("barloom: error: ").strip() in text


def test_an_unexpected_error_has_its_traceback_in_the_log_file(tmp_path, monkeypatch):
    from barloom.cli import info

    def broken():
        raise RuntimeError("out of luck")

    monkeypatch.setattr(info, "machine", broken)
    code, _, said = run_here("info", "--log-file", tmp_path / "my.log")
    text = (tmp_path / "my.log").read_text(encoding="utf-8")
    assert code == 4 and "Traceback" in text and "out of luck" in text and "Traceback" not in said


def test_a_log_file_that_is_something_else_is_left_alone(bars, tmp_path):
    """A slip of the pen must not write into the bars."""
    precious = tmp_path / "bars.csv"
    precious.write_text("time,open,high,low,close\n")
    code, _, said = run_here("info", "--log-file", precious)
    assert code == 2 and "no log of barloom" in said and precious.read_text() == "time,open,high,low,close\n"
    code, _, said = run_here("info", "--log-file", tmp_path / "none" / "my.log")
    assert code == 2 and "my.log" in said and "name a file" in said


def test_they_can_stand_in_a_config_file_and_what_is_typed_wins(bars, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        'strategy = "ema-cross"\nquiet = true\nlog-file = "config.log"\nchunk-rows = 2000\nlog-frequency = 1\n'
    )
    said = call("run", bars, "--config", config, cwd=tmp_path)
    assert said.returncode == 0 and said.stderr == ""
    assert "digest" in (tmp_path / "config.log").read_text(encoding="utf-8")
    said = call("run", bars, "--config", config, "-v", "--log-file", "typed.log", cwd=tmp_path)
    assert said.returncode == 0 and "digest" in said.stderr and (tmp_path / "typed.log").exists()


def test_nothing_is_left_of_the_messages_of_a_command(bars):
    import logging

    before = logging.getLogger("barloom").level, list(logging.getLogger("barloom").handlers)
    run_here("info", "-v")
    run_here("data", "info", "none.csv", "-q")
    assert (logging.getLogger("barloom").level, logging.getLogger("barloom").handlers) == before
