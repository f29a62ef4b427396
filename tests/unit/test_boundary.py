"""Whatever a user gives to the command line or to Python ends in a sentence, never in an unexpected error."""

from __future__ import annotations

import decimal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import barloom as bl
from barloom.cli._parser import build_parser
from barloom.errors import described, shown
from barloom.indicators import ema
from barloom.strategies import load_strategy
from barloom.threads import refuse_without
from helpers.command import run_here

DIGITS = "9" * 400


class Evil:
    """Object whose conversions to text and numbers all fail."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__
    __float__ = __str__  # type: ignore[assignment]


VALUES: list[Any] = [
    *(int(DIGITS), -int(DIGITS), -1, 0, True, 2**63, -(2**63) - 1, 1.5, float("nan"), float("inf"), 1j),
    *(None, b"x", "", "\0", "a\0b", "\ud800", "x" * 100_000, DIGITS, "1e400", f"atr:{DIGITS}", "\x1b[31m\n\u202e"),
    *([], [1], ["\0"], {}, {"a": 1}, {1: [2]}, {"fast": [int(DIGITS)]}, {"fast": [None]}, {"fast": DIGITS}, {1}, ()),
    *(object(), Evil(), int, lambda: 0, range(3), np.int64(3), np.float64("nan"), np.array([1, 2]), np.array(5)),
    *(pd.NA, pd.NaT, np.datetime64("NaT"), Path("a\0"), Path("x" * 5000), decimal.Decimal("1e999999")),
    *(decimal.Decimal("NaN"), memoryview(b"x"), bytearray(b"x")),
]


@pytest.fixture(scope="module")
def calls() -> list[tuple[Callable[..., Any], dict[str, Any], list[str]]]:
    bars = bl.from_synthetic(1500)
    arrays = dict.fromkeys(("open", "high", "low", "close"), np.ones(9)) | {
        "timestamp": np.arange(9) * 60 + 1_700_000_000
    }
    grid = {"fast": [5], "slow": [50]}
    options = [
        "max_hold",
        "good_for",
        "max_open",
        "chunk_rows",
        "threads",
        "stop",
        "spread",
        "slippage",
        "risk_pct",
        "entry",
    ]
    swept = [
        "grid",
        "where",
        "sample",
        "seed",
        "workers",
        "rank_by",
        "min_trades",
        "max_sets",
        "fine",
        "params",
        "strategy",
    ]
    return [
        (
            bl.run,
            {"bars": bars, "strategy": "ema-cross"},
            ["bars", "strategy", "params", "exits", "fine", "seed", *options],
        ),
        (
            bl.simulate,
            {"bars": bars, "entries": bl.Entries([5], 1)},
            ["bars", "entries", "exits", "costs", "threads", "max_open"],
        ),
        (
            bl.sweep,
            {"bars": bars, "strategy": "ema-cross", "grid": grid},
            [*swept, "max_ram", "keep_trades", "out", *options],
        ),
        (
            bl.walk_forward,
            {"bars": bars, "strategy": "ema-cross", "grid": grid, "train": "1d", "test": "1d"},
            ["train", "test", "step", "anchored", "out", *swept],
        ),
        (bl.from_arrays, arrays, [*arrays, "volume", "spread", "ask"]),
        (bl.from_synthetic, {"rows": 9}, ["rows", "seed"]),
        (bl.open_bars, {"path": "nowhere.csv"}, ["path", "columns", "ignore_columns", "ask", "time_zone", "symbol"]),
        (bars.select, {}, ["fraction", "portion", "start", "end"]),
        (bars.resample, {"timeframe": "1h"}, ["timeframe", "anchor"]),
        (bl.explain, {"run": "nowhere", "trade_id": 0}, ["run", "trade_id"]),
        (bl.Costs, {}, list(bl.Costs.model_fields)),
        (bl.Sizing, {}, list(bl.Sizing.model_fields)),
        (bl.Exits, {}, list(bl.Exits.model_fields)),
        (load_strategy, {"text": "ema-cross"}, ["text", "params"]),
        (ema, {"n": 5}, ["n", "source"]),
    ]


@pytest.mark.filterwarnings("ignore")
def test_every_call_ends_well_or_in_a_sentence(calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed = []
    for function, given, names in calls:
        for name in names:
            for value in VALUES[:: 9 if function in (bl.sweep, bl.walk_forward) else 1]:  # these take their time
                if name == "out" and isinstance(value, str) and value == "":
                    continue
                try:
                    function(**{**given, name: value})
                except bl.InputError as error:
                    if not str(error).isprintable() or len(str(error)) > 2500:
                        failed.append((function.__name__, name, shown(value), "not printable"))
                except Exception as error:
                    failed.append((function.__name__, name, shown(value), described(error)))
    assert failed == []


WORDS = [
    DIGITS,
    f"-{DIGITS}",
    "1e400",
    "nan",
    "-inf",
    "-1",
    "0",
    "",
    "\0",
    "\ud800",
    "x" * 5000,
    "None",
    "a=b",
    "=",
    "1:1",
]
WORDS += [
    f"atr:{DIGITS}",
    f"{DIGITS}GB",
    f"1:{DIGITS}",
    f"fast={DIGITS}",
    f"fast=1:{DIGITS}:1",
    f"{DIGITS}d",
    "\x1b[31m\n\u202e",
    "\u0663",
]
LEAVES = {
    "run": ("run", "bars.arrow", "--strategy", "ema-cross"),
    "sweep": ("sweep", "bars.arrow", "--strategy", "ema-cross", "--grid", "fast=5", "--grid", "slow=50"),
    "walk-forward": ("walk-forward", "bars.arrow", "--grid", "max_hold=5", "--train", "1d", "--test", "1d"),
    "data generate": ("data", "generate", "--rows", "99", "--out", "new.csv", "--force"),
    "data ingest": ("data", "ingest", "bars.arrow", "--out", "new.arrow", "--force"),
    "data check": ("data", "check", "bars.arrow"),
    "data info": ("data", "info", "bars.arrow"),
    "explain": ("explain", "nothing", "0"),
    "bench run": ("bench", "run", "--rows", "10000,10000"),
    "bench compare": ("bench", "compare", "nothing", "nothing"),
}


LONG = ("run", "sweep", "walk-forward")
"""Commands of many options: each takes one odd word here, and every word in a deep test."""


@pytest.mark.cannot_be_pasted  # values of 400 letters, which messages cut
@pytest.mark.parametrize(
    ("leaf", "share"),
    [(leaf, len(WORDS) if leaf in LONG else 1) for leaf in LEAVES]
    + [pytest.param(leaf, 1, marks=pytest.mark.deep) for leaf in LONG],
)
def test_every_option_ends_well_or_in_a_sentence(
    leaf: str, share: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_here("data", "generate", "--rows", 1500, "--out", "bars.arrow")[0] == 0
    failed = []
    for number, action in enumerate(build_parser().leaf(leaf.split())._actions):
        for word in WORDS[number % share :: share] if action.option_strings and action.nargs != 0 else ():
            code, out, err = run_here(*LEAVES[leaf], f"{action.option_strings[-1]}={word}")
            printed = all(letter.isprintable() or letter == "\n" for letter in out + err)
            if code not in (0, 2, 3) or not printed or max(map(len, err.splitlines()), default=0) > 2600:
                failed.append((action.dest, word[:20], code, err[-200:]))
    assert failed == []


@pytest.mark.cannot_be_pasted
def test_no_threads_to_be_had_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_here("data", "generate", "--rows", 1500, "--out", "bars.csv")[0] == 0

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for words in (
        ("run", "bars.csv"),
        ("run", "bars.csv", "--threads", 1),
        ("sweep", "bars.csv", "--grid", "max_hold=5"),
        ("data", "ingest", "bars.csv", "--out", "new.arrow"),
    ):
        refuse_without.cache_clear()
        code, out, err = run_here(*words)
        assert code == 2 and out == "" and "no more threads can be started" in err and err.count("\n") == 1
    refuse_without.cache_clear()


def test_names_out_of_files_are_printed_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may hold anything: colours, line ends, marks that turn the direction, rich's markup."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "a\x1b[31mred.csv",
        "new\nline.csv",
        "turned\u202eback.csv",
        "[bold]marked.csv",
        "c1\x9b31m.csv",
        ":smile:.csv",
    ):
        for words in (
            ("data", "generate", "--rows", 1500, "--out", name),
            ("data", "info", name),
            ("data", "check", name),
            ("run", name),
        ):
            for more in ((), ("--format", "json")):
                if more and words[1] == "generate":
                    continue
                code, out, err = run_here(*words, *more, "--log-file", "log")
                text = out + err + (tmp_path / "log").read_text(encoding="utf-8")
                assert all(letter.isprintable() or letter == "\n" for letter in text), (code, words)
                assert "new\nline" not in text
                (tmp_path / "log").unlink()
