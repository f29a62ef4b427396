"""Every command that a question or a check prints works when it is pasted, and leaves things better."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from barloom.bars.zones import Zone
from helpers.command import run_here
from helpers.weeks import MINUTE, market, write

HOUR = 60 * MINUTE
WEEKS = market("2024-02-04", "2024-05-20")
RUN = ("--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive")


def edited(path: Path, rows: range | tuple[int, ...], column: int, text: str) -> Path:
    lines = [line.split(",") for line in path.read_text().splitlines()]
    for row in rows:
        lines[row + 1][column] = text
    path.write_text("\n".join(map(",".join, lines)) + "\n")
    return path


def wrong_clock(folder: Path) -> list[str]:
    return [str(write(folder / "of a server.csv", Zone.parse("America/New_York+7h").to_wall(WEEKS), "epoch"))]


def histdata(folder: Path) -> list[str]:
    return [str(write(folder / "DAT_ASCII.csv", Zone.parse("America/New_York").to_wall(WEEKS), "histdata"))]


def few_bad(folder: Path) -> list[str]:
    return [str(edited(write(folder / "few.csv", WEEKS, "z"), (4, 9), 1, "-1"))]


def many_bad(folder: Path) -> list[str]:
    return [str(edited(write(folder / "many.csv", WEEKS, "z"), range(0, 1000, 20), 1, "-1"))]


def pair(folder: Path) -> list[str]:
    bid = write(folder / "bid.csv", WEEKS, "z")
    ask = edited(write(folder / "ask.csv", WEEKS, "z"), (), 0, "")
    rows = [line.split(",") for line in bid.read_text().splitlines()]
    for row in rows[5:400:20]:
        row[2] = f"{float(row[2]) + 0.001:.5f}"
    bid.write_text("\n".join(map(",".join, rows)) + "\n")
    return [str(bid), "--ask", str(ask)]


def pair_and_bad(folder: Path) -> list[str]:
    words = pair(folder)
    edited(Path(words[0]), range(1, 1000, 20), 3, "-1")
    return words


def shared(folder: Path) -> list[str]:
    header, *rows = write(folder / "all.csv", WEEKS, "z").read_text().splitlines()
    other = rows[500].split(",")[0] + ",1.11,1.12,1.09,1.1"
    for name, part in (("one.csv", rows[:501]), ("two.csv", [other, *rows[501:]])):
        (folder / name).write_text("\n".join([header, *part]) + "\n")
    return [str(folder / "one.csv"), str(folder / "two.csv")]


def odd_step(folder: Path) -> list[str]:
    return [str(write(folder / "odd.csv", np.arange(500) * 7 * 10**9 + int(WEEKS[0]), "z"))]


ASKED: tuple[Callable[[Path], list[str]], ...] = (
    wrong_clock, histdata, few_bad, many_bad, pair, pair_and_bad, shared, odd_step,
)  # fmt: skip


def printed(text: str) -> list[list[str]]:
    """The commands of a text, without the program's name."""
    found = [line.strip().removeprefix("command").strip() for line in text.splitlines()]
    return [
        shlex.split(line)[1:] for line in found if line.startswith("barloom data ") or line.startswith("barloom run ")
    ]


@pytest.mark.parametrize("make", ASKED, ids=[make.__name__ for make in ASKED])
@pytest.mark.parametrize("command", ["run", "ingest"])
def test_what_a_question_prints_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], list[str]], command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = make(tmp_path)
    words = ["run", *files, *RUN] if command == "run" else ["data", "ingest", *files, "--out", "store.arrow"]
    code, _, said = run_here(*words)
    commands = printed(said)
    assert code == 2 and commands, said
    assert not (tmp_path / "store.arrow").exists() and not list(tmp_path.glob("results/runs/*"))
    for pasted in commands:
        again, _, more = run_here(*pasted, *(["--force"] if command == "ingest" else []))
        assert again == 0, (pasted, more)


@pytest.mark.parametrize("make", [*ASKED[:-1], *ASKED[-1:]], ids=[make.__name__ for make in ASKED])
def test_what_a_check_prints_is_taken_and_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], list[str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = make(tmp_path)
    code, told, said = run_here("data", "check", *files)
    if make is shared:
        assert code == 2 and printed(said)
        return
    commands = printed(told)
    if make is odd_step:
        assert "a run asks first" in told and not commands
        return
    (pasted,) = commands
    again, _, more = run_here(*pasted)
    assert again == 0, more
    store = pasted[pasted.index("--out") + 1]
    checked = json.loads(run_here("data", "check", store, "--format", "json")[1])
    assert checked["verdict"] in ("clean", "warnings", "not judged")
    (following,) = printed(run_here("data", "check", store)[1])
    assert following[0] == "run" and run_here(*following, "--non-interactive")[0] == 0


def test_a_check_never_names_a_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "bars.csv", WEEKS, "z")
    for name in ("bars.arrow", "bars-2.arrow"):
        (pasted,) = printed(run_here("data", "check", path)[1])
        assert pasted[pasted.index("--out") + 1] == name
        assert run_here(*pasted)[0] == 0
    assert (tmp_path / "bars-2.arrow").exists()


def test_a_sweep_and_a_walk_forward_ask_before_they_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = wrong_clock(tmp_path)
    for words in (
        ["sweep", *files, "--strategy", "ema-cross", "--grid", "fast=3,4", "--grid", "slow=8"],
        [
            "walk-forward",
            *files,
            "--strategy",
            "ema-cross",
            "--grid",
            "fast=3,4",
            "--grid",
            "slow=8",
            "--train",
            "30d",
            "--test",
            "10d",
        ],
    ):
        code, _, said = run_here(*words)
        assert code == 2 and "--time-zone America/New_York+7h" in said, said
        choices = [shlex.split(line.strip())[1:] for line in said.splitlines() if line.startswith("  barloom ")]
        assert len(choices) == 2
        assert run_here(*choices[0])[0] == 0


def test_parquet_without_facts_is_asked_about_by_a_sweep_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars are shared as they are: no store is written that would tell."""
    monkeypatch.chdir(tmp_path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    walls = Zone.parse("America/New_York+7h").to_wall(WEEKS)
    ones = 1 + np.arange(len(walls)) * 1e-6
    table = {name: ones for name in ("open", "high", "low", "close")}
    pq.write_table(pa.table({"time": pa.array(walls, pa.timestamp("ns", "UTC")), **table}), tmp_path / "bars.parquet")
    code, _, said = run_here(
        "sweep", "bars.parquet", "--strategy", "ema-cross", "--grid", "fast=3,4", "--grid", "slow=8"
    )
    assert code == 2 and "100% do" in said
