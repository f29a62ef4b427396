"""The judge: opens a case as a user would, follows the options that a refusal prints, and compares with the known bars."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import numpy as np

import barloom as bl
from faults.spelling_case import Case

RIGHT, ASKED = "read right", "read right after the option printed"
NEEDLESS, UNSETTLED, WRONG, CRASH = "refused needlessly", "remedy fails", "wrong", "crash"
UNASKED = "read without the question it needs"
FAILURES = (WRONG, CRASH, UNASKED, UNSETTLED, NEEDLESS)
MOST_OPTIONS = 6  # that a message may print; more is no answer

OPTION = re.compile(
    r"--(?P<name>[a-z][a-z-]*[a-z])[ =](?P<rest>\S.*)|\b(?P<keyword>[a-z_]+)=(?P<quoted>'[^']*'|\"[^\"]*\")", re.DOTALL
)
# Options of reading; a message may name others, which do not read a file in another way.
OPTIONS = (
    "date-order", "time-format", "decimal", "thousands", "encoding", "symbol", "columns", "ignore-columns", "time-zone", "stamp",
    "input-format", "on-bad-rows",
)  # fmt: skip
SAME = {",": "comma", ".": "point", "'": "apostrophe", " ": "space"}


class Reading(NamedTuple):
    """Result of one opening: bars, the sentence of a refusal, or an unexpected error."""

    times: np.ndarray | None = None
    prices: np.ndarray | None = None
    refusal: str = ""
    error: str = ""


class Outcome(NamedTuple):
    kind: str
    said: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def failed(self) -> bool:
        return self.kind in FAILURES


def read(path: Path, options: dict[str, str]) -> Reading:
    """Open and draw all bars with options of the command line."""
    try:
        chunks = list(
            bl.open_bars(path, **{name.replace("-", "_"): value for name, value in options.items()}).chunks(1 << 16)
        )  # type: ignore[arg-type]
    except bl.InputError as refusal:
        return Reading(refusal=str(refusal))
    except Exception as error:  # whatever else is raised is a crash, to be counted with the others
        return Reading(error=f"{type(error).__name__}: {error}")
    if not chunks:
        return Reading(np.empty(0, np.int64), np.empty((0, 4)))
    times = np.concatenate([np.asarray(chunk.timestamp) for chunk in chunks])
    sides = [
        np.concatenate([np.asarray(getattr(chunk, side)) for chunk in chunks])
        for side in ("open", "high", "low", "close")
    ]
    return Reading(times, np.stack(sides, axis=1))


def is_truth(case: Case, reading: Reading) -> bool:
    """Compare times exactly and prices bit for bit."""
    if reading.times is None or reading.prices is None:
        return False
    return (
        np.array_equal(reading.times, case.times)
        and reading.prices.tobytes() == np.ascontiguousarray(case.prices).tobytes()
    )


def printed_options(message: str) -> list[tuple[str, str]]:
    """The options of a message as a shell would take them, ``(name, value)``; those of Python, ``name='value'``, too."""
    found: list[tuple[str, str]] = []
    at = 0
    while match := OPTION.search(message, at):
        if match["keyword"]:
            pair = (match["keyword"].replace("_", "-"), match["quoted"][1:-1])
            at = match.end()
        else:
            pair = (match["name"], _value(match["rest"]))
            at = match.start("rest")
        if pair[0] in OPTIONS and pair not in found:
            found.append(pair)
    return found


def _value(rest: str) -> str:
    """The first word of a shell; bare marks of the sentence behind it are taken off, but never all of it."""
    if rest[0] in "'\"" and rest[0] in rest[1:]:
        end = rest.index(rest[0], 1) + 1
        while end < len(rest) and not rest[end].isspace() and rest[end] not in ",.;:)":  # 'O'\\''X' is one word
            quoted = rest[end] in "'\"" and rest[end] in rest[end + 1 :]
            end = rest.index(rest[end], end + 1) + 1 if quoted else end + (2 if rest[end] == "\\" else 1)
        return shlex.split(rest[:end])[0]
    word = rest.split()[0]
    word = word.rstrip(",.;:)") or word[:1]
    try:
        return "".join(shlex.split(word)) or word
    except ValueError:  # an apostrophe
        return word


def judge(case: Case, folder: Path) -> Outcome:
    """Open the case without options, and follow what is printed."""
    path = folder / case.name
    path.write_bytes(case.data)
    try:
        return _judge(case, path)
    finally:
        path.unlink()


def _judge(case: Case, path: Path) -> Outcome:
    first = read(path, {})
    if first.error:
        return Outcome(CRASH, first.error)
    if not first.refusal:
        if not is_truth(case, first):
            return Outcome(WRONG, _difference(case, first))
        # Bars that only an option can choose (one of two symbols) were guessed right; another seed has the other one.
        return Outcome(UNASKED if case.must_ask else RIGHT)
    if case.only_one:
        return Outcome(NEEDLESS, first.refusal)
    return _follow(case, path, first.refusal, {}, case.steps)


def _follow(case: Case, path: Path, said: str, options: dict[str, str], steps: int) -> Outcome:
    """Try what the message prints, the truth's first; where two readings are offered only that of the truth can be right."""
    worst = Outcome(UNSETTLED, said, tuple(options.items()))
    for name, value in _ordered(case, said)[:MOST_OPTIONS]:
        if options.get(name) == value:
            continue
        more = {**options, name: value}
        reading = read(path, more)
        if is_truth(case, reading):
            return Outcome(ASKED, said, tuple(more.items()))
        if reading.error:
            return Outcome(CRASH, f"{reading.error} (after: {said})", tuple(more.items()))
        if reading.refusal and steps > 1:
            outcome = _follow(case, path, reading.refusal, more, steps - 1)
            if outcome.kind in (ASKED, CRASH):
                return outcome
            worst = outcome
    return worst


def _ordered(case: Case, said: str) -> list[tuple[str, str]]:
    """Put the options that are the truth's first; a symbol that the message names stands for the one printed as an example."""
    options = printed_options(said)
    truth = {"date-order": case.times_as.order if case.times_as else "", "symbol": case.symbol}
    if case.numbers:
        truth |= {"decimal": case.numbers.decimal, "thousands": case.numbers.thousands}
    if case.symbol and case.symbol in said and any(name == "symbol" for name, _ in options):
        options.append(("symbol", case.symbol))
    picked = dict.fromkeys(options)
    return sorted(
        picked, key=lambda pair: SAME.get(pair[1], pair[1]) != SAME.get(truth.get(pair[0], ""), truth.get(pair[0]))
    )


def _difference(case: Case, reading: Reading) -> str:
    assert reading.times is not None and reading.prices is not None
    if len(reading.times) != len(case.times):
        return f"{len(reading.times)} bars instead of {len(case.times)}"
    if not np.array_equal(reading.times, case.times):
        at = int(np.flatnonzero(reading.times != case.times)[0])
        return f"bar {at} at {reading.times[at].astype('datetime64[ns]')} instead of {case.times[at].astype('datetime64[ns]')}"
    at = int(np.flatnonzero((reading.prices != case.prices).any(axis=1))[0])
    return f"bar {at} has {reading.prices[at].tolist()} instead of {case.prices[at].tolist()}"
