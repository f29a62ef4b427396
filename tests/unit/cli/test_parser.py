"""The options are refused or taken as the interface page says, with a hint after a typing error."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import barloom
from barloom.cli._parser import build_parser
from barloom.rules.parameters import RunParameters


def refused(capsys, *words):
    with pytest.raises(SystemExit) as ending:
        build_parser().parse_args(list(words))
    assert ending.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("barloom: error: ") and said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--stp", "--stop"), ("--taget", "--target"), ("--data-fraction", "--data-frac"), ("--thread=2", "--threads")],
)
def test_an_unknown_option_is_refused_with_the_nearest(capsys, typed, meant):
    said = refused(capsys, "run", "bars.csv", typed, "1")
    assert typed.partition("=")[0] in said and f"did you mean {meant}?" in said


@pytest.mark.parametrize("option", ["--profiles", "--max-workers"])
def test_options_that_do_nothing_are_refused(capsys, option):
    assert f"unknown option '{option}'" in refused(capsys, "run", "bars.csv", option, "1")


def test_an_abbreviation_is_not_taken(capsys):
    refused(capsys, "run", "bars.csv", "--thr", "2")


def test_a_mistyped_command_is_refused_with_the_nearest(capsys):
    assert "did you mean run?" in refused(capsys, "rnu")
    assert "did you mean generate?" in refused(capsys, "data", "genrate")


@pytest.mark.parametrize("value", ["0", "1.2", "-1", "nan", "inf", "half", "1_0", "", "١"])
def test_a_bad_fraction_is_refused_before_anything_starts(capsys, value):
    said = refused(capsys, "run", "bars.csv", f"--data-frac={value}")
    assert "--data-frac" in said and "above 0 and up to 1" in said


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--portion", "0"),
        ("--portion", "1.5"),
        ("--max-hold", "0"),
        ("--spread", "-0.1"),
        ("--spread", "nan"),
        ("--balance", "0"),
        ("--risk-pct", "101"),
        ("--size", "0"),
        ("--threads", "0"),
        ("--chunk-rows", "many"),
        ("--seed", "-1"),
        ("--batch-rows", "0"),
        ("--log-frequency", "0"),
        ("--max-open", "-1"),
        ("--good-for", "0"),
        ("--slippage", "atr:-1"),
        ("--slippage", "atr:"),
        ("--slippage", "pct:1"),
        ("--slippage", "nan"),
        ("--commission-per-trade", "-1"),
        ("--commission-pct", "nan"),
        ("--swap-long", "inf"),
        ("--swap-short", "much"),
        ("--notional", "0"),
        ("--lot-step", "0"),
        ("--min-lots", "-1"),
        ("--max-lots", "0"),
        ("--contract-size", "0"),
        ("--conversion", "0"),
        ("--leverage", "-30"),
        ("--direction", "up"),
        ("--fills", "pesimistic"),
        ("--param", "fast"),
        ("--ignore-columns", "a,,b"),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_option(capsys, option, value):
    assert option in refused(capsys, "run", "bars.csv", f"{option}={value}")


def test_negative_numbers_are_values_not_options(capsys):
    assert "--spread: -1 is not a number of at least 0" in refused(capsys, "run", "bars.csv", "--spread", "-1")


def test_what_is_not_typed_is_absent():
    assert vars(build_parser().parse_args(["run"])) == {"command": "run"}


def test_values_come_out_typed():
    words = ["--direction", "LONG", "--data-frac", ".25", "--chunk-rows", "auto", "--threads", "2", "--param", "a=1"]
    options = build_parser().parse_args(["run", "b.csv", *words, "--param", "b=x=y"])
    assert options.direction == "long" and options.data_frac == 0.25
    assert options.chunk_rows is None and options.threads == 2
    assert options.param == [("a", "1"), ("b", "x=y")]


def test_slippage_is_a_number_or_a_multiple_of_the_atr():
    for text, value in (("0.00002", 0.00002), ("atr:0.10", "atr:0.1"), ("ATR:1", "atr:1.0")):
        assert build_parser().parse_args(["run", "b.csv", "--slippage", text]).slippage == value


def test_a_swap_that_is_earned_is_a_negative_number():
    assert build_parser().parse_args(["run", "b.csv", "--swap-long", "-0.00001"]).swap_long == -0.00001


MESSAGES = {"verbose", "quiet", "log_file"}
"""Options of every command, which the entry of the command line takes."""


def test_every_option_of_a_run_reaches_a_model():
    from barloom.jobs.run import JobOptions

    run = build_parser().subcommands["run"]
    front = {"data", "data_option", "sample", "param", "config", "format", "non_interactive"} | MESSAGES
    models = set(RunParameters.model_fields) | set(JobOptions.model_fields)
    assert set(run.rows) - front == models - {"params"}


SWEEPING = {"grid", "where", "sample"}
"""Options of both commands that make the grid."""


@pytest.mark.parametrize(
    ("command", "own", "unused"),
    [
        ("sweep", {"search", "trials", "top", "heat_map", "plan"}, set()),
        ("walk-forward", {"train", "test", "step", "anchored"}, {"keep_trades", "max_ram"}),
    ],
)
def test_every_option_of_a_sweep_reaches_a_model_or_the_grid(command, own, unused):
    from barloom.sweeps.options import SweepOptions

    parser = build_parser().subcommands[command]
    front = {"data", "data_option", "param", "config", "format"} | MESSAGES
    models = set(RunParameters.model_fields) | set(SweepOptions.model_fields)
    assert set(parser.rows) - front - SWEEPING - own == models - {"params"} - unused


@pytest.mark.parametrize("command", ["sweep", "walk-forward"])
def test_what_is_not_typed_of_a_sweep_is_absent(command):
    assert vars(build_parser().parse_args([command])) == {"command": command}


def test_options_of_a_sweep_come_out_typed():
    words = ["--grid", "fast=5:50:5", "--grid", "stop=atr:1,atr:2", "--where", "fast < slow", "--sample", "9"]
    options = build_parser().parse_args(["sweep", "b.csv", *words, "--heat-map", "fast, stop"])
    assert options.grid == [("fast", "5:50:5"), ("stop", "atr:1,atr:2")]
    assert options.where == ["fast < slow"] and options.sample == 9 and options.heat_map == ["fast", "stop"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--grid", "fast"), ("--sample", "0"), ("--trials", "none"), ("--top", "-1"), ("--search", "grid")],
)
def test_a_value_of_a_sweep_out_of_range_is_refused_by_the_name_of_its_option(capsys, option, value):
    assert option in refused(capsys, "sweep", "bars.csv", f"{option}={value}")


def test_the_parser_is_made_before_anything_is_built_or_installed(tmp_path):
    """The manual pages are made while the package is built, before its modules are compiled."""
    package = Path(barloom.__file__).parent
    for file in (
        "__init__.py",
        "errors.py",
        "options",
        "cli/__init__.py",
        "cli/_parser.py",
        "cli/_command_parser.py",
        "cli/_help.py",
    ):
        target = tmp_path / "barloom" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (package / file).is_dir() else shutil.copyfile)(package / file, target)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from barloom.cli._parser import build_parser\n"
        "build_parser().format_help()\n"
        "roots = {name.partition('.')[0] for name in sys.modules} - {'barloom', '__main__'}\n"
        "assert roots <= sys.stdlib_module_names, roots - sys.stdlib_module_names"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code, str(tmp_path)], check=True, cwd=tmp_path)
