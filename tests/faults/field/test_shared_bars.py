"""A bar that two files share is taken once or asked for, by ``--shared-bars``."""

from __future__ import annotations

from pathlib import Path

import pytest

import barloom as bl
from barloom.errors import InputError
from faults.field.asked import first_works, matches, refused
from faults.field.files import Known, cells, minutes, save, spelled, text, walk
from helpers.chunks import drawn
from helpers.command import run_here

WHOLE = walk(minutes("2024-03-04T00:00", 200, 60))
RULE = ["--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive"]
SPELLINGS = [
    (spelled("%Y-%m-%d %H:%M"), ",", "csv"),
    (spelled("%d.%m.%Y %H:%M"), ";", "txt"),
    (spelled("%Y%m%d%H%M"), "\t", "tsv"),
]


def files(parts: list[Known], spelling=0) -> list[Path]:
    spell, separator, ending = SPELLINGS[spelling]
    names = ["jan", "feb", "mar"]
    return [
        save(f"{name}.{ending}", text(cells(bars, spell), ["date", "open", "high", "low", "close"], separator))
        for name, bars in zip(names, parts, strict=False)
    ]


def changed(bars: Known, row: int) -> Known:
    """One bar with other prices."""
    prices = list(bars.prices)
    prices[row] = tuple(price + 1 for price in prices[row])
    return Known(bars.times, prices)


@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
@pytest.mark.parametrize("cut", [((0, 101), (100, 200)), ((0, 101), (100, 151), (150, 200)), ((0, 103), (100, 200))],
                         ids=["one", "two seams", "three bars"])  # fmt: skip
def test_shared_bars_of_the_same_prices_are_taken_once(cut, spelling):
    paths = files([WHOLE.part(slice(*rows)) for rows in cut], spelling)
    words = ["run", *map(str, paths), *RULE]
    code, _, _err = run_here(*words)
    if code != 0:
        assert code == 2
        first_works(refused(words, "--shared-bars", str(paths[0]), str(paths[1])), words)
    else:
        matches(drawn(bl.open_bars(paths)), WHOLE)
    for which in ("first", "last"):
        matches(drawn(bl.open_bars(paths[::-1], shared_bars=which)), WHOLE)
        assert run_here(*words, "--shared-bars", which)[0] == 0


@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
@pytest.mark.parametrize("shared", [1, 3])
def test_shared_bars_of_other_prices_are_asked_for(shared, spelling):
    later = WHOLE.part(slice(100, 200))
    for row in range(shared):
        later = changed(later, row)
    paths = files([WHOLE.part(slice(0, 100 + shared)), later], spelling)
    words = ["run", *map(str, paths), *RULE]
    first_works(refused(words, "--shared-bars", str(paths[0]), str(paths[1])), words)
    matches(drawn(bl.open_bars(paths, shared_bars="first")), WHOLE)
    last = Known(WHOLE.times, [*WHOLE.prices[:100], *later.prices])
    matches(drawn(bl.open_bars(paths, shared_bars="last")), last)


@pytest.mark.parametrize("bad_rows", ["error", "drop"])
def test_error_takes_none(bad_rows):
    """A bar that two files share is no bad row: dropping does not take it away in silence."""
    paths = files([WHOLE.part(slice(0, 101)), changed(WHOLE.part(slice(100, 200)), 0)])
    for option in ({}, {"shared_bars": "error"}):
        with pytest.raises(InputError, match=r"jan\.csv"):
            drawn(bl.open_bars(paths, on_bad_rows=bad_rows, **option))


@pytest.mark.parametrize("command", [["check"], ["ingest", "--out", "both.arrow"]])
def test_every_command_has_the_option(command):
    paths = files([WHOLE.part(slice(0, 101)), changed(WHOLE.part(slice(100, 200)), 0)])
    words = ["data", command[0], *map(str, paths), *command[1:]]
    first_works(refused(words, "--shared-bars"), words)
    code, _, err = run_here(*words, "--shared-bars", "last")
    assert code == 0, err


def test_a_file_inside_another_is_no_seam():
    """Ten bars in the middle of the other file, of other prices: refused, by name."""
    inner = WHOLE.part(slice(50, 60))
    for row in range(10):
        inner = changed(inner, row)
    paths = files([WHOLE, inner])
    refused(["run", *map(str, paths), *RULE], "jan.csv", "feb.csv")


@pytest.mark.parametrize("which", ["both", "", "FIRST "])
def test_another_word_is_refused(which):
    paths = files([WHOLE.part(slice(0, 101)), WHOLE.part(slice(100, 200))])
    refused(["run", *map(str, paths), *RULE, "--shared-bars", which], "--shared-bars", "first", "last", "error")
