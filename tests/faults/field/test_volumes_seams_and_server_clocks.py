"""Cases from the field: odd volumes in a file and its store, a bar that two files hold, and epochs of a server's clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from barloom.bars.zones import Zone
from helpers.command import run_here
from helpers.weeks import market, write

RUN = ("--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive", "--format", "json")
WEEKS = market("2024-02-04", "2024-04-20")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*words: str) -> dict[str, object]:
    code, told, said = run_here("run", *words, *RUN)
    assert code == 0, said
    record: dict[str, object] = json.loads(told)
    return record


@pytest.mark.parametrize("odd", ["", "n/a", "-1000"])
@pytest.mark.parametrize("drop", [(), ("--on-bad-rows", "drop")])
def test_a_store_gives_the_trades_of_its_file_whatever_the_volumes(here: Path, odd: str, drop: tuple[str, ...]) -> None:
    path = write(here / "v.csv", WEEKS, "z", volume="1000")
    lines = path.read_text().splitlines()
    lines[20::9] = [line.rpartition(",")[0] + "," + odd for line in lines[20::9]]
    path.write_text("\n".join(lines) + "\n")
    assert json.loads(run_here("data", "check", "v.csv", "--format", "json")[1])["verdict"] == "warnings"
    code, told, said = run_here("data", "ingest", "v.csv", *drop, "--out", "v.arrow")
    assert code == 0 and "the volume is unknown" in said and f"{len(WEEKS):,} bars" in told
    assert ran("v.csv", *drop)["digest"] == ran("v.arrow")["digest"]


@pytest.mark.parametrize("style", ["z", "naive", "epoch"])
def test_a_bar_that_two_files_hold_is_taken_once_and_said(here: Path, style: str) -> None:
    lines = write(here / "all.csv", WEEKS[:200], style).read_text().splitlines()
    for name, part in (("jan.csv", lines[1:102]), ("feb.csv", lines[101:])):
        (here / name).write_text("\n".join([lines[0], *part]) + "\n")
    assert ran("jan.csv", "feb.csv")["digest"] == ran("all.csv")["digest"]
    assert "1 bar that two files hold is taken once" in run_here("run", "jan.csv", "feb.csv", *RUN)[2]


@pytest.mark.parametrize("style", ["epoch", "z", "naive"])
def test_the_advice_of_a_check_on_a_servers_clock_can_be_followed(here: Path, style: str) -> None:
    server = "America/New_York+7h"
    write(here / "mt5.csv", Zone.parse(server).to_wall(WEEKS), style)
    told = run_here("data", "check", "mt5.csv")[1]
    assert "a run asks first" in told and f"give --time-zone {server}" in told
    again = json.loads(run_here("data", "check", "mt5.csv", "--time-zone", server, "--format", "json")[1])
    assert again["verdict"] == "clean"
    write(here / "utc.csv", WEEKS, "z")
    assert ran("mt5.csv", "--time-zone", server)["digest"] == ran("utc.csv")["digest"]
