"""Completion in a real bash, the scripts of both shells, and the manual pages."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from barloom.cli._parser import build_parser
from helpers.command import call, run_here
from helpers.waiting import PATIENCE

BASH = shutil.which("bash")
MANUAL = Path(__file__).parents[2] / "tools" / "manual.py"


def completed(folder: Path, *words: str) -> set[str]:
    """Completions that bash offers for the last of the words."""
    code, script, _ = run_here("completion", "bash")
    assert code == 0
    (folder / "script").write_text(script, encoding="utf-8")
    typed = " ".join(f"'{word}'" for word in words)
    asked = f"""
        source ./script
        COMP_WORDS=({typed}) COMP_CWORD={len(words) - 1}
        $(complete -p barloom | sed 's/.*-F \\([^ ]*\\).*/\\1/') barloom '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    said = subprocess.run(
        [str(BASH), "--norc", "-c", asked], cwd=folder, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    return set(said.stdout.split())


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["barloom", "walk"], {"walk-forward"}),
        (["barloom", "data", "in"], {"ingest", "info"}),
        (["barloom", "run", "--trail"], {"--trail", "--trail-activation"}),
        (["barloom", "run", "--fills", "op"], {"optimistic"}),
        (["barloom", "run", "--strategy", "ema"], {"ema-cross"}),
        (["barloom", "run", "EUR"], {"EURUSD.csv"}),
        (["barloom", "completion", ""], {"bash", "zsh"}),
    ],
)
def test_bash_completes(tmp_path, words, offered):
    (tmp_path / "EURUSD.csv").touch()
    assert completed(tmp_path, *words) == offered


def test_the_script_of_zsh_knows_the_commands_and_the_strategies(tmp_path):
    said = call("completion", "zsh", cwd=tmp_path)
    assert said.returncode == 0 and said.stdout.startswith("#compdef barloom")
    assert all(f"    {command}:'" in said.stdout for command in build_parser().subcommands)
    assert "(trend-pullback ema-cross zscore-reversion)" in said.stdout


def test_a_shell_that_is_not_known_is_refused(tmp_path):
    code, out, error = run_here("completion", "zhs")
    assert code == 2 and not out and "did you mean zsh?" in error


def test_every_command_has_a_manual_page_with_its_options_and_examples():
    manual = runpy.run_path(str(MANUAL))
    pages = {name: text.replace("\\-", "-") for name, text in manual["manuals"]("9.8.7").items()}
    assert sorted(pages) == sorted(manual["names"]())
    for leaf in build_parser().leaves():
        name = leaf.prog.replace(" ", "-")
        page = pages[f"{name}.1"]
        assert f"{name} - {leaf.command.summary}" in page and "barloom 9.8.7" in page
        assert all(example in page for example in leaf.command.examples)
        for option in leaf.options():
            assert option == "--help" or f"\\fB{option}\\fR" in page, option
        assert f"\\fB{name}\\fR(1)" in pages["barloom.1"]
    assert ".SH EXIT STATUS" in pages["barloom.1"]


def test_examples_stand_near_the_top_of_a_manual_page():
    page = runpy.run_path(str(MANUAL))["manuals"]("9.8.7")["barloom-run.1"]
    headings = [line for line in page.splitlines() if line.startswith(".SH ")]
    assert headings[:4] == [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLES"]
