"""The help of a screen, the help of everything, and what is said when nothing or something unknown is typed."""

import pytest

from barloom.cli._parser import build_parser
from barloom.cli.main import main
from barloom.options import COMMANDS, TABLE

LEAVES = [leaf.command.name for leaf in build_parser().leaves()]


def said(capsys, *words):
    """Output of the command on stdout; it must succeed."""
    assert main(list(words)) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def test_the_program_alone_prints_the_short_help(capsys):
    assert said(capsys) == said(capsys, "--help") == said(capsys, "-h")


@pytest.mark.parametrize("word", ["data", "strategies", "bench"])
def test_half_a_command_prints_the_commands_there_are(capsys, word):
    text = said(capsys, word)
    assert text.startswith(f"usage: barloom {word} COMMAND [OPTIONS]\n")
    for command in COMMANDS:
        if command.name.startswith(f"{word} "):
            assert f"  {command.words[1]}  " in text


@pytest.mark.parametrize("leaf", LEAVES)
def test_short_help_has_a_usage_of_one_line_examples_and_common_options(capsys, monkeypatch, leaf):
    monkeypatch.setenv("COLUMNS", "80")
    lines = said(capsys, *leaf.split(), "--help").splitlines()
    assert lines[0].startswith(f"usage: barloom {leaf}") and lines[1] == ""
    assert len(lines) <= 50
    command = next(one for one in COMMANDS if one.name == leaf)
    for example in command.examples[: command.basic]:
        assert f"  {example}" in lines


@pytest.mark.parametrize("leaf", LEAVES)
def test_all_help_has_every_option_and_example(capsys, leaf):
    text = said(capsys, *leaf.split(), "--help-all")
    for row in TABLE:
        assert leaf not in row.commands or row.typed in text
    for command in COMMANDS:
        assert command.name != leaf or all(example in text for example in command.examples)
    assert "--log-file" in text and "--help-all" in text


def test_what_a_trader_sets_is_in_the_short_help_of_a_run_and_what_he_does_not_is_not(capsys):
    text = said(capsys, "run", "-h")
    assert all(f" {option} " in text for option in ("--strategy", "--stop", "--target", "--spread", "--start", "--out"))
    assert not any(option in text for option in ("--batch-rows", "--encoding", "--memory-threshold-mb", "--log-file"))
    assert "barloom run --help-all" in text


@pytest.mark.parametrize(
    ("words", "name", "meant"),
    [
        (["--vresion"], "--vresion", "--version"),
        (["data", "--hlep"], "--hlep", "--help"),
        (["data", "generate", "--ruws", "5"], "--ruws", "--rows"),
        (["data", "ingest", "a.csv", "--uot=b.arrow"], "--uot", "--out"),
        (["explain", "--formt", "json"], "--formt", "--format"),
    ],
)
def test_an_unknown_option_is_named_before_what_is_missing(capsys, words, name, meant):
    assert main(words) == 2
    assert f"unknown option '{name}': did you mean {meant}?" in capsys.readouterr().err


def test_what_is_missing_is_named_where_every_option_is_known(capsys):
    assert main(["data", "generate", "--seed", "5"]) == 2
    assert "the following arguments are required: --rows, --out" in capsys.readouterr().err
