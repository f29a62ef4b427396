"""Questions to the readers: the right bars, or a refusal whose printed remedies work when pasted."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import barloom as bl
from barloom.errors import InputError
from faults.field.files import PRICES, Known
from helpers.chunks import drawn
from helpers.command import run_here
from helpers.remedies import Words, all_work, remedies, sentence


def words_of(options: dict[str, Any]) -> Words:
    """Keywords of ``open_bars`` as words of the command."""
    out: Words = []
    for name, value in options.items():
        if isinstance(value, dict):
            value = ",".join(f"{key}={column}" for key, column in value.items())
        out += ["--" + name.replace("_", "-"), str(value)]
    return out


def asking(path: Path, options: dict[str, Any]) -> Words:
    """The command that shows how a file is read; it counts bad rows and has no option for them."""
    return [
        "data",
        "info",
        str(path),
        *words_of({key: value for key, value in options.items() if key != "on_bad_rows"}),
    ]


def matches(got: dict[str, Any], bars: Known, sides: dict[str, Any] | None = None) -> None:
    """Fail unless these are the bars, to the nanosecond and to the last bit."""
    wanted = [str(np.datetime64(int(value), "ns")) for value in bars.timestamp]
    times = [str(np.datetime64(int(value), "ns")) for value in got["timestamp"]]
    differ = [pair for pair in zip(times, wanted, strict=False) if pair[0] != pair[1]]
    assert not differ, f"{len(differ)} times differ, read and wanted: {differ[0]}"
    assert len(times) == len(wanted)
    for name in PRICES:
        np.testing.assert_array_equal(got[name], bars.column(name), err_msg=name)
    for name, values in (sides or {}).items():
        np.testing.assert_array_equal(got[name], values, err_msg=name)


def reads(path: Path, bars: Known, **options: Any) -> None:
    """Fail unless Python and the command read the file as these bars."""
    matches(drawn(bl.open_bars(path, **options)), bars)
    code, out, err = run_here(*asking(path, options), "--format", "json")
    assert code == 0, f"{shlex.join(asking(path, options))}: {err}"
    facts = json.loads(out)
    assert facts["bars"] == len(bars.times), facts
    ends = [pd.Timestamp(facts[name]).as_unit("ns").value for name in ("first", "last")]
    assert ends == [bars.timestamp[0], bars.timestamp[-1]], facts


def is_read(path: Path, **options: Any) -> dict[str, Any] | None:
    """The bars, or nothing where Python refuses the file."""
    try:
        return drawn(bl.open_bars(path, **options))
    except InputError:
        return None


def refused(words: Sequence[object], *named: str) -> str:
    """The sentence of a command that ends with exit code 2; all that is named must stand in it."""
    code, _, err = run_here(*words)
    assert code == 2, f"exit code {code}, not 2, of barloom {' '.join(map(str, words))}: {err}"
    message = sentence(err)
    before = err.splitlines()[: -len(message.splitlines())]
    assert message.startswith("barloom: error: ") and not any("error" in line for line in before), err
    for name in named:
        assert name in message or shlex.quote(name) in message, f"{name!r} is not in: {message}"
    return message


def file_refused(path: Path, *named: str, **options: Any) -> str:
    """The sentence in which Python and the command both refuse a file."""
    assert is_read(path, **options) is None, "Python reads the file"
    return refused(asking(path, options), *named)


def read_or_asked(path: Path, bars: Known, option: str, value: str, **options: Any) -> None:
    """Right without a word, or asked for this option, with which it is right; never read as other bars."""
    got = is_read(path, **options)
    if got is not None:
        reads(path, bars, **options)
        return
    message = file_refused(path, option, **options)
    all_work(message, asking(path, options))
    reads(path, bars, **options, **{option[2:].replace("-", "_"): value})


def shows(message: str, day: datetime) -> bool:
    """A date in a sentence, in one of the ways that leave no doubt."""
    names = [day.strftime(name) for name in ("%B", "%b")]
    ways = [f"{day:%Y-%m-%d}", *(way for name in names for way in (f"{day.day} {name}", f"{name} {day.day}"))]
    return any(re.search(rf"(?<!\d){way}(?!\d)", message) for way in ways)


def must_ask(path: Path, option: str, readings: dict[str, Known], **options: Any) -> None:
    """Refused by naming one option; each of its values gives another reading, and what is printed works when pasted."""
    message = file_refused(path, option, **options)
    if option == "--date-order":
        for value, bars in readings.items():
            assert any(shows(message, time) for time in bars.times), f"the reading by {value} is not shown: {message}"
    all_work(message, asking(path, options), option)
    for value, bars in readings.items():
        reads(path, bars, **options, **{option[2:].replace("-", "_"): value})


def first_works(message: str, words: Words) -> None:
    """As ``all_work``, of a message that has to print a remedy."""
    if not remedies(message, words):
        pytest.fail(f"no remedy that can be pasted: {message}")
    all_work(message, words)
