"""Options from a TOML file: the same rules as typed ones, and the command line wins."""

import pytest

from barloom.cli._parser import build_parser
from barloom.cli.config import merged, read_config
from barloom.errors import InputError


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        return read_config(str(path), build_parser().subcommands["run"])

    return read


def test_values_are_read_like_typed_ones(read):
    assert read(
        """
        data = "b.csv"
        data-frac = 0.25
        max_hold = 10
        chunk-rows = "auto"
        deterministic = true
        non_interactive = false
        direction = "LONG"
        start = 2020-01-01
        end = 2021-01-01T12:00:00Z
        ignore-columns = ["a", "b"]
        columns = {time = "Date", open = 2}
        param = {fast = 20, slow = "50"}
        ladder = ["r:1@0.5", "r:2@0.3"]
        slippage = "atr:0.1"
        swap-long = -0.5
        trail = "atr:2"
        ask = "a.csv"
        """
    ) == {
        "data": ["b.csv"],
        "data_frac": 0.25,
        "max_hold": 10,
        "chunk_rows": None,
        "deterministic": True,
        "direction": "long",
        "start": "2020-01-01",
        "end": "2021-01-01T12:00:00+00:00",
        "ignore_columns": ["a", "b"],
        "columns": "time=Date,open=2",
        "param": [("fast", "20"), ("slow", "50")],
        "ladder": "r:1@0.5,r:2@0.3",
        "slippage": "atr:0.1",
        "swap_long": -0.5,
        "trail": "atr:2",
        "ask": "a.csv",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stpo = 'atr:2'", "unknown option 'stpo': did you mean 'stop'?"),
        ("config = 'x.toml'", "unknown option 'config'"),
        ("data-frac = 0", "--data-frac: 0 is not a number above 0 and up to 1"),
        ("data-frac = '0.5'", "data-frac must be a number above 0 and up to 1, not '0.5'"),
        ("data-frac = true", "data-frac must be a number"),
        ("deterministic = 1", "deterministic must be true or false, not 1"),
        ("stop = 2", 'stop must be a text in quotes, not 2: write "2"'),
        ("stop = ['atr:2']", "stop must be one value"),
        ("max-hold = 1\nmax_hold = 2", "'max_hold' is given twice"),
        ("fills = 'pesimistic'", "did you mean pessimistic?"),
        ("stop = ", "is not TOML"),
        ("param = {fast = [1]}", "cannot be [1]"),
        ("slippage = 'pips:1'", "slippage must be a number of at least 0, or atr: and such a number, not 'pips:1'"),
        ("slippage = 'atr:x'", "--slippage: 'atr:x' is not"),
        ("trail = ['atr:2']", "trail must be one value"),
        ("ladder = [[1]]", "cannot be [1]"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_file_named(read, text, said):
    with pytest.raises(InputError) as error:
        read(text)
    assert said in str(error.value) and "settings.toml" in str(error.value)


def test_a_missing_file_is_refused_by_name():
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        read_config("nowhere.toml", build_parser().subcommands["run"])


def test_the_command_line_wins():
    assert merged({"stop": "atr:1"}, {"stop": "atr:2", "target": "r:2"}) == {"stop": "atr:1", "target": "r:2"}


def test_auto_typed_wins_over_a_number_in_the_file():
    assert merged({"chunk_rows": None}, {"chunk_rows": 10}) == {"chunk_rows": None}


def test_strategy_parameters_of_both_are_merged_by_name():
    both = merged({"param": [("fast", "5")]}, {"param": [("fast", "9"), ("slow", "50")]})
    assert dict(both["param"]) == {"fast": "5", "slow": "50"}


def test_what_is_typed_wins_over_what_excludes_it_in_the_file():
    assert merged({"size": 1.0}, {"risk_pct": 1.0}) == {"size": 1.0}
    assert merged({"sample": True}, {"data": "b.csv"}) == {"sample": True}
    assert merged({"spread": 0.0}, {"ask": "a.csv"}) == {"spread": 0.0}


@pytest.mark.parametrize(
    "group",
    [
        {"size": 1.0, "risk_pct": 1.0},
        {"size": 1.0, "notional": 1.0},
        {"size": 1.0, "notional": 1.0, "risk_pct": 1.0},
        {"data": "b.csv", "sample": True},
        {"ask": "a.csv", "spread": 0.1},
        {"ask": "a.csv", "spread_column": "s"},
    ],
)
def test_options_that_exclude_each_other_are_refused(group):
    for typed, config in ((group, {}), ({}, group)):
        with pytest.raises(InputError, match="exclude each other"):
            merged(typed, config)


def test_the_parser_still_exits_by_itself_after_a_file_was_read(read, tmp_path):
    parser = build_parser()
    path = tmp_path / "s.toml"
    path.write_text("data-frac = 3")
    with pytest.raises(InputError):
        read_config(str(path), parser.subcommands["run"])
    with pytest.raises(SystemExit):
        parser.parse_args(["run", "--data-frac", "3"])


def test_the_grid_of_a_file_is_a_table_or_a_list(tmp_path):
    sweep, path = build_parser().subcommands["sweep"], tmp_path / "s.toml"
    path.write_text(
        'where = "fast < slow"\nsample = 5\n[grid]\nfast = [5, 10]\nslow = "20:60:20"\nstop = "atr:1..2:1"\n'
    )
    found = read_config(str(path), sweep)
    assert found == {
        "where": ["fast < slow"],
        "sample": 5,
        "grid": [("fast", "5,10"), ("slow", "20:60:20"), ("stop", "atr:1..2:1")],
    }
    path.write_text('grid = ["fast=5,10"]\nheat_map = ["fast", "slow"]\nwhere = ["fast > 1", "fast < 9"]\n')
    found = read_config(str(path), sweep)
    assert found["grid"] == [("fast", "5,10")] and found["where"] == ["fast > 1", "fast < 9"]
    assert found["heat_map"] == ["fast", "slow"]


def test_grid_names_of_both_are_merged_and_the_typed_values_win():
    typed = {"grid": [("max-hold", "30")], "sample": 5, "data": ["b.csv"]}
    both = merged(typed, {"grid": [("max_hold", "10,20"), ("fast", "5")], "where": ["fast < 9"]}, "sweep")
    assert both["grid"] == [("fast", "5"), ("max-hold", "30")]
    assert both["sample"] == 5 and both["data"] == ["b.csv"], "a sample of sets excludes no data"
    assert both["where"] == ["fast < 9"]
