"""One decision on odd volumes, whoever reads: a store gives the bars and the trades of its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import barloom as bl
from faults.field.asked import reads
from faults.field.files import HEADER, ISO_DAY, cells, save, text, walk, weekdays
from helpers.chunks import drawn
from helpers.command import run_here
from helpers.remedies import pasted_commands

DAYS = walk(weekdays("2021-01-04", 215))
RULE = ["--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive", "--format", "json"]

NUMBERS = {"12.3K": 12_300.0, "1.2M": 1_200_000.0, "3B": 3e9, "1000": 1000.0, "0": 0.0, "4.5k": 4_500.0, "1e3": 1000.0}
UNKNOWN = ["", "-", "nan", "N/A", "--"]
WRONG = ["-5", "inf", "lots"]


def with_volumes(odd: str, every: int = 9, usual: str = "1000") -> Path:
    rows = [[*row, odd if number % every == every - 1 else usual] for number, row in enumerate(cells(DAYS, ISO_DAY))]
    return save("v.csv", text(rows, [*HEADER, "Volume"]))


def ran(path: str, *words: str) -> tuple[int, dict, str]:
    code, out, err = run_here("run", path, *words, *RULE)
    return code, json.loads(out) if code == 0 else {}, err


@pytest.mark.parametrize("bad_rows", ["error", "drop", "drop:any"])
@pytest.mark.parametrize("odd", [*UNKNOWN, *WRONG, "12.3K", "0"])
def test_a_store_gives_the_trades_of_its_file(odd, bad_rows):
    """One row in nine has an odd volume: both are refused, or both are read, and then they are the same."""
    path = with_volumes(odd)
    code, record, said = ran(path.name, "--on-bad-rows", bad_rows)
    ingested, _, stopped = run_here("data", "ingest", path, "--on-bad-rows", bad_rows, "--out", "v.arrow")
    assert code == ingested, f"run: {said or 'read'}; ingest: {stopped or 'read'}"
    if odd not in WRONG or bad_rows == "drop:any":
        assert code == 0, said
    if code == 0:
        code, stored, said = ran("v.arrow")
        assert code == 0, said
        assert (stored["digest"], stored["data"]["selected_rows"]) == (
            record["digest"],
            record["data"]["selected_rows"],
        )
        file, store = (
            drawn(bl.open_bars(path, on_bad_rows=bad_rows), volume="any"),
            drawn(bl.open_bars("v.arrow"), volume="any"),
        )
        for name, values in file.items():
            np.testing.assert_array_equal(store[name], values, err_msg=name)


@pytest.mark.parametrize("odd", UNKNOWN)
def test_a_volume_that_is_not_known_takes_no_bar_away(odd):
    path = with_volumes(odd)
    reads(path, DAYS)
    volume = drawn(bl.open_bars(path), volume="any")["volume"]
    assert [row for row in range(215) if volume[row] != 1000] == list(range(8, 215, 9))


@pytest.mark.parametrize(("spelled", "value"), NUMBERS.items())
@pytest.mark.parametrize("every", [1, 9], ids=["all", "some"])
def test_volumes_in_thousands_millions_and_billions(spelled, value, every):
    path = with_volumes(spelled, every)
    reads(path, DAYS)
    volume = drawn(bl.open_bars(path), volume="any")["volume"]
    assert [volume[row] for row in range(every - 1, 215, every)] == [value] * len(range(every - 1, 215, every))


@pytest.mark.parametrize("odd", [*UNKNOWN, *WRONG, "12.3K"])
@pytest.mark.parametrize("every", [1, 9], ids=["all", "some"])
def test_what_the_check_calls_usable_its_own_command_ingests(odd, every):
    path = with_volumes(odd, every)
    code, out, err = run_here("data", "check", path)
    assert code == 0, err
    commands, _ = pasted_commands(out)
    if every == 1 and odd not in WRONG:
        assert "no good bar" not in out and commands
    for command in commands:
        code, _, err = run_here(*command)
        assert code == 0, f"{out}\npasted: {command}\n{err}"
    if commands:
        verdict = json.loads(run_here("data", "check", path, "--format", "json")[1])["verdict"]
        code, _, err = ran(path.name)
        assert (code == 0) == (verdict != "bad rows"), f"check says {verdict}, the run: {err or 'read'}"


@pytest.mark.parametrize("odd", WRONG)
def test_check_run_and_ingest_agree_on_a_wrong_volume(odd):
    path = with_volumes(odd)
    errors = json.loads(run_here("data", "check", path, "--format", "json")[1])["verdict"] == "bad rows"
    run_code = ran(path.name)[0]
    ingest_code = run_here("data", "ingest", path, "--out", "v.arrow")[0]
    assert (run_code == 2, ingest_code == 2) == (errors, errors)
