"""The documentation does what it says: page by page its commands and programs run in order, and print what is shown below them.

The word behind a fence says what the block is:

- ``console``: commands of a shell, one a line, which must end well, or as ``# exit code 2`` says, and print something;
- ``python``: a program, or the file it names in its first line, ``# name.py``; likewise ``toml``;
- ``text``: straight below commands or a program, lines that they print; elsewhere a drawing;
- ``sh``: commands that cannot run on a page. ``ELSEWHERE`` says what runs them.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from barloom.cli._parser import build_parser
from helpers.pages import OF_REAL_BARS, PAGES, READY, REAL, ROOT, Shell, blocks, settled

WORDS = {"console", "python", "toml", "text", "sh"}
# A part of each `sh` block: what runs it.
ELSEWHERE = {
    "-m pip install --quiet . &&": ".ci/run",
    "-m pip install --quiet '.[test]' &&": ".ci/run",
    ".venv/bin/python -m pip install .\n": ".ci/run",
    "barloom bench run --rows": "tests/integration/test_cli_bench.py",
    "python benchmarks/run.py vectorbt": "tests/parity/test_against.py",
    "python benchmarks/gate.py": "tests/integration/test_gate.py",
    "dask worker tcp://": "tests/integration/test_sweep_dask.py",
}
RUN = [page for page in PAGES if any(block.word in {"console", "python"} for block in blocks(page))]
FIRST = ("README.md", "docs/strategies.md", "docs/tutorial.md")
"""Pages that every test run follows; the other ones are for the deep tests."""


@pytest.mark.skipif(os.name != "posix", reason="the commands are a shell's")
@pytest.mark.parametrize(
    "page", [page if page in FIRST else pytest.param(page, marks=pytest.mark.deep) for page in RUN]
)
def test_what_a_page_says_is_so(tmp_path: Path, page: str) -> None:
    shell = Shell(tmp_path)
    READY.get(page, lambda folder: None)(shell.work)
    compared = REAL is not None or page not in OF_REAL_BARS
    said: list[str] = []
    for block in blocks(page):
        if block.word == "console":
            said = [shell.shell(command) for command in block.commands]
            assert all(said), block.text
        elif block.word == "text" and block.joined and compared:
            printed = {settled(line) for output in said for line in output.splitlines()}
            missed = [line for line in block.text.splitlines() if settled(line) not in printed]
            assert said and not missed, "\n".join(["shown and not printed:", *missed, "printed:", *said])
        elif block.name:
            shell.save(block.name, block.text)
        elif block.word == "python":
            said = [shell.program(block.text)]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    for block in blocks(page):
        assert block.word in WORDS, f"```{block.word}\n{block.text}"
        if block.word == "sh":
            assert any(part in block.text for part in ELSEWHERE), f"no test runs\n{block.text}"
            for command in block.commands:
                if command.startswith("barloom "):
                    build_parser().parse_args(shlex.split(command, comments=True)[1:])
        if block.word == "toml":
            assert block.name, f"no command reads\n{block.text}"


def test_what_is_said_to_run_elsewhere_does() -> None:
    texts = [block.text for page in PAGES for block in blocks(page)]
    for part, runner in ELSEWHERE.items():
        assert any(part in text for text in texts) and (ROOT / runner).exists(), part
    assert set(READY) | OF_REAL_BARS <= set(RUN)
