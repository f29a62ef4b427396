"""The same command where text, numbers, lines and folders are another way: the same digest, and no traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.bar_files import minute_bars, write
from helpers.command import COMMAND, environment
from helpers.waiting import PATIENCE

ROWS = 5_000
ODD = "Börse & Märkte 株価"

# Python sets the locale of text alone; a program that embeds barloom may set all of it.
IN_LOCALE = """\
import locale, sys
locale.setlocale(locale.LC_ALL, "")
assert locale.localeconv()["decimal_point"] == ","
from barloom.cli.main import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a German locale in Latin-1, made here: numbers with commas, text that is not UTF-8."""
    if not shutil.which("localedef"):
        pytest.skip("no localedef here, which makes locales")
    folder = tmp_path_factory.mktemp("locales")
    words = ["localedef", "--no-archive", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE")]
    made = subprocess.run(words, capture_output=True, text=True, check=False)
    if not (folder / "de_DE" / "LC_CTYPE").is_file():
        pytest.skip(f"localedef makes no German locale here: {made.stderr.strip()}")
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE"}


def settings_of(**changes: str) -> dict[str, str]:
    """The settings of a process whose text is not UTF-8 unless ``changes`` say so."""
    kept = {name: value for name, value in environment().items() if not name.startswith(("LC_", "LANG"))}
    kept.pop("PYTHONIOENCODING")
    return {**kept, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", **changes}


def said(*words: str, cwd: Path, settings: dict[str, str], command: list[str] = COMMAND) -> bytes:
    """Output of the command, which must succeed without messages."""
    done = subprocess.run(
        [*command, *words],
        cwd=cwd,
        env=settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and b"Error" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """A file of bars, and the digest of its run in a plain place."""
    folder = tmp_path_factory.mktemp("plain")
    text = write(folder / "bars.csv", minute_bars(ROWS, 11)).read_bytes()
    printed = said("run", "bars.csv", "--strategy", "ema-cross", "--format", "json", cwd=folder, settings=environment())
    return text, json.loads(printed)["digest"]


def through(folder: Path, settings: dict[str, str], store: str, command: list[str] = COMMAND) -> set[str]:
    """The digests of what a user does with a file: run it, look at a trade, store it, run the store."""
    (folder / "settings.toml").write_text('strategy = "ema-cross"\n# Märkte\n', encoding="utf-8")
    config = ("--config", "settings.toml")
    name = f"{folder.name}.csv"
    shutil.move(folder / "bars.csv", folder / name)
    record = json.loads(said("run", name, *config, "--format", "json", cwd=folder, settings=settings, command=command))
    assert said("explain", record["job_id"], "3", cwd=folder, settings=settings, command=command)
    said("data", "ingest", name, "--out", store, cwd=folder, settings=settings, command=command)
    assert said("run", store, *config, cwd=folder, settings=settings, command=command)
    whole = [json.loads(path.read_bytes()) for path in folder.glob("results/runs/*/run.json")]
    assert len(whole) == 2
    return {record["digest"], *(run["digest"] for run in whole)}


def test_a_folder_with_spaces_and_other_scripts_and_lines_of_windows(tmp_path: Path, plain: tuple[bytes, str]) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "bars.csv").write_bytes(plain[0].replace(b"\n", b"\r\n"))
    assert through(folder, environment(), "ä.arrow") == {plain[1]}


@pytest.mark.skipif(sys.platform != "linux", reason="needs the locale C.UTF-8")
def test_python_without_its_utf8_mode(tmp_path: Path, plain: tuple[bytes, str]) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "bars.csv").write_bytes(plain[0])
    assert through(folder, settings_of(LC_ALL="C.UTF-8"), "ä.arrow") == {plain[1]}


def test_a_locale_of_commas_that_is_not_utf8(tmp_path: Path, plain: tuple[bytes, str], german: dict[str, str]) -> None:
    folder = tmp_path / "Maerkte 1,5"
    folder.mkdir()
    (folder / "bars.csv").write_bytes(plain[0])
    command = [sys.executable, "-c", IN_LOCALE]
    assert through(folder, settings_of(**german), "a b.arrow", command) == {plain[1]}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are UTF-8 whatever the locale")
@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1"])
@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_name_beyond_ascii_is_refused_where_names_are_not_utf8(
    tmp_path: Path, where: str, encoding: str, request: pytest.FixtureRequest
) -> None:
    """No record could hold it, and Arrow would look for another file."""
    place = {"LC_ALL": "C"} if encoding == "ascii" else request.getfixturevalue("german")
    folder = tmp_path / (ODD if where == "folder" else "plain")
    folder.mkdir()
    name = "bars.csv" if where == "folder" else f"{ODD}.csv"
    (folder / name).write_bytes(b"time,open,high,low,close\n")
    settings = {"cwd": folder, "env": settings_of(**place), "stdin": subprocess.DEVNULL, "timeout": PATIENCE}
    words = [*COMMAND, "run", name]
    done = subprocess.run(words, capture_output=True, check=False, **settings)  # type: ignore[call-overload]
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1, done.stderr
    assert f"where names of files are {encoding}: set PYTHONUTF8=1, or rename it".encode() in done.stderr
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/M\xe4rkte.csv", "wb") as file:
        file.write(b"time,open,high,low,close\n")
    settings = {"cwd": tmp_path, "env": environment(), "stdin": subprocess.DEVNULL, "timeout": PATIENCE}
    words = [*COMMAND, "run", b"M\xe4rkte.csv"]
    done = subprocess.run(words, capture_output=True, check=False, **settings)  # type: ignore[call-overload]
    assert done.returncode == 2
    assert (
        done.stderr
        == b"barloom: error: the name 'M\\xe4rkte.csv' cannot be kept where names of files are utf-8: rename it\n"
    )
    assert len(list(tmp_path.iterdir())) == 1
