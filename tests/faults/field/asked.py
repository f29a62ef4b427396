"""Questions to the readers: the right bars, or a refusal whose printed remedies work when pasted."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
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

Words = list[str]

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+""")
LEAVE_OUT = re.compile(r"leave (?:out )?(--[a-z][a-z-]+)(?: \S+)?(?: out)?(?=[\s,;.]|$)")
COMMAND = re.compile(r"(?<![\w-])barloom (?=data |run |check |sweep )")
FLAGS = {"--force", "--drop-spikes", "--non-interactive", "--sample", "--deterministic"}
PROSE = set(
    """a again alone an and are as asks at both by can cannot change changes chooses does for from gives given has here if in
    is it leaves likewise may must named names needs not of on once or out reads says say settles takes tells that the there
    to too twice wants was which with works""".split()  # noqa: SIM905
)
META = set("|&;<>()$`*?[]#~!{}")


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
    lines = err.splitlines()
    at = max((at for at, line in enumerate(lines) if line.startswith("barloom: error: ")), default=None)
    assert at is not None and not any("error" in line for line in lines[:at]), err
    message = "\n".join(lines[at:])  # a question has the commands that go on below it
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


# Remedies


def option_value(rest: str) -> tuple[str, int] | None:
    """The value behind an option in a sentence, as a shell reads it, and where it ends; nothing where prose goes on."""
    found = re.match(r"[ =]" + WORD.pattern, rest)
    if found is None:
        return None
    raw = found.group()[1:]
    bare = raw.rstrip(",.;:)") if raw[-1] not in "'\"" else raw
    raw = bare or raw[0]
    if raw in PROSE or raw.startswith("--") or raw == "(":
        return None
    unquoted = re.sub(r"""'[^']*'|"[^"]*"|\\.""", "", raw)
    assert not META & set(unquoted), f"a shell does not take {raw} as a value: {rest!r}"
    (value,) = shlex.split(raw)
    return value, 1 + len(raw)


def pasted_options(text: str) -> Iterator[Words]:
    """Options with their values in a sentence; those that stand side by side are one remedy."""
    together: Words = []
    end = -1
    for found in OPTION.finditer(text):
        if found.start() < end:
            continue
        option = found.group()
        value = None if option in FLAGS else option_value(text[found.end() :])
        if value is None and option not in FLAGS:
            continue
        if together and text[end : found.start()].strip():
            yield together
            together = []
        together += [option] if value is None else [option, value[0]]
        end = found.end() + (0 if value is None else value[1])
    if together:
        yield together


def pasted_commands(text: str) -> tuple[list[Words], str]:
    """Whole commands in a text, without their first word, and the text without them."""
    commands, rest, end = [], [], 0
    for found in COMMAND.finditer(text):
        if found.start() < end:
            continue
        rest.append(text[end : found.start()])
        words: Words = []
        end = found.end()
        awaits = False
        for word in WORD.finditer(text, found.end()):
            if "\n" in text[end : word.start()]:
                break
            raw = word.group()
            bare = raw if raw[-1] in "'\"" else raw.rstrip(",.;:)")
            (value,) = shlex.split(bare) or [""]
            known = value.startswith("--") or value in {"data", "info", "check", "ingest", "run", "sweep"}
            if not (awaits or known or Path(value).exists()):
                break
            words.append(value)
            end = word.start() + len(bare)
            awaits = value.startswith("--") and value not in FLAGS
            if bare != raw:
                break
        commands.append(words)
    return commands, " ".join([*rest, text[end:]])


def without(words: Words, option: str) -> Words:
    """A command without an option and its value."""
    out, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word == option:
            skip = word not in FLAGS
        else:
            out.append(word)
    return out


def remedies(text: str, words: Words) -> list[Words]:
    """The commands that a text says go on: those it prints whole, and the one that was refused with what it prints."""
    commands, rest = pasted_commands(text)
    for found in LEAVE_OUT.finditer(rest):
        if found.group(1) in words:
            commands.append(without(words, found.group(1)))
    rest = LEAVE_OUT.sub(" ", rest) if any(found.group(1) in words for found in LEAVE_OUT.finditer(rest)) else rest
    given = dict(zip(words, [*words[1:], ""], strict=True))
    for options in pasted_options(rest):
        if given.get(options[0]) == options[-1] and len(options) == 2:
            if re.search(r"leave (the option|it) out", rest):
                commands.append(without(words, options[0]))
            continue  # what was given is told again
        changed = words
        for option in options:
            changed = without(changed, option) if option.startswith("--") else changed
        commands.append([*changed, *options])
    return [command for number, command in enumerate(commands) if command not in commands[:number]]


def tried(command: Words) -> tuple[int, str]:
    """Exit code and last line of a command whose files are taken away again: the next one finds the folder as it was."""
    before = set(Path().iterdir())
    code, _, err = run_here(*command)
    for made in set(Path().iterdir()) - before:
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()
    return code, (err.splitlines() or [""])[-1]


def works(command: Words, refused_one: Words, before: str, steps: int = 3) -> str:
    """Nothing where a command goes well, at once or after what it asks for next; else what it says.

    A question about the very options that were pasted is no better state, nor is the same sentence again.
    """
    code, message = tried(command)
    if code == 0:
        return ""
    pasted = {word for word in command if word.startswith("--")} - {
        word for word in refused_one if word.startswith("--")
    }
    if code != 2 or message == before or pasted & set(OPTION.findall(message)) or not steps:
        return message
    return min(
        (works(each, command, message, steps - 1) for each in remedies(message, command)), key=len, default=message
    )


def all_work(message: str, words: Words, option: str | None = None) -> None:
    """Paste each remedy of a message; with ``option``, at least one has to be printed with a value for it."""
    found = remedies(message, words)
    for command in found:
        said = works(command, words, message)
        assert not said, f"{message}\npasted: barloom {shlex.join(command)}\n{said}"
    if option is not None:
        given = [command for command in found if option in command]
        assert given, f"{option} is not printed with a value that can be pasted: {message}"


def first_works(message: str, words: Words) -> None:
    """As ``all_work``, of a message that has to print a remedy."""
    if not remedies(message, words):
        pytest.fail(f"no remedy that can be pasted: {message}")
    all_work(message, words)
