"""Completion in a real bash, the scripts of both shells, and the manual page."""

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
    """What bash offers for the last of the words."""
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


def test_the_manual_page_has_every_command_option_and_example(tmp_path):
    page = runpy.run_path(str(MANUAL))["manual"]("9.8.7").replace("\\-", "-")
    assert "barloom 9.8.7" in page and ".SH EXIT STATUS" in page
    parser = build_parser()
    for command, below in parser.subcommands.items():
        assert f"\\fBbarloom {command}\\fR" in page
        for option in below.options():
            assert option == "--help" or f"\\fB{option}\\fR" in page, option
    assert "barloom sweep EURUSD.arrow --grid fast=5:50:1" in page
