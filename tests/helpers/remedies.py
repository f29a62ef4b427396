"""Remedies that a refusal prints: found in its words, pasted, and judged by what comes of them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from helpers.command import ended_here

Words = list[str]

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+""")
LEAVE_OUT = re.compile(r"leave (?:out )?(--[a-z][a-z-]+)(?: \S+)?(?: out)?(?=[\s,;.]|$)")
SUBJECT = re.compile(r"barloom: error: (--[a-z][a-z-]+)")
COMMAND = re.compile(r"(?<![\w-])barloom (?=data |run |check |sweep )")
FLAGS = {"--force", "--drop-spikes", "--non-interactive", "--sample", "--deterministic"}
PROSE = set(
    """a again alone begin an and are as asks at both by can cannot change changes chooses does exclude for from gives given has here if
    in is it leaves likewise may must named names needs not of on once or out reads says say settles takes tells that the there
    to too twice wants was which with works""".split()  # noqa: SIM905
)
META = set("|&;<>()$`*?[]#~!{}")


def option_value(rest: str) -> tuple[str, int] | None:
    """The value behind an option in a sentence, as a shell reads it, and where it ends; nothing where prose goes on."""
    found = re.match(r"[ =]" + WORD.pattern, rest)
    if found is None:
        return None
    raw = found.group()[1:]
    bare = raw.rstrip(",.;:)") if raw[-1] not in "'\"" else raw
    raw = bare or raw[0]
    if raw in PROSE or raw.startswith("--") or raw in ("(", "(see"):
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
        if found.start() < end or text[found.start() - 1] in "'\"":
            continue
        option = found.group()
        behind = text[found.end() :]
        value = option_value(behind) if option not in FLAGS or re.match(r" \d", behind) else None
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
        if skip or word.startswith(f"{option}="):
            skip = False
        elif word == option:
            skip = word not in FLAGS
        else:
            out.append(word)
    return out


def remedies(text: str, words: Words) -> list[Words]:
    """The commands that a text says go on: those it prints whole, and the one that was refused with what it prints."""
    commands, rest = pasted_commands(text)
    shorter = [without(words, found.group(1)) for found in LEAVE_OUT.finditer(rest)]
    shorter = [command for command in shorter if command != words]
    if shorter:
        commands += shorter
        rest = LEAVE_OUT.sub(" ", rest)
    given = dict(zip(words, [*words[1:], ""], strict=True)) | {
        word.partition("=")[0]: word.partition("=")[2] for word in words if word.startswith("--") and "=" in word
    }
    subject = SUBJECT.match(rest)
    if subject and subject.group(1) in given:
        rest = rest[subject.end() :]  # a sentence that begins with what was given
    for options in pasted_options(rest):
        if given.get(options[0]) == options[-1] and len(options) == 2:
            if re.search(r"leave (the option|it) out", rest):
                commands.append(without(words, options[0]))
            continue  # what was given is told again
        changed = words
        for option in options:
            changed = without(changed, option) if option.startswith("--") else changed
        commands.append([*changed, *options])
    return [
        command
        for number, command in enumerate(commands)
        if command not in commands[:number] and sorted(command) != sorted(words)
    ]


def tried(command: Words) -> tuple[int, str]:
    """Exit code and sentence of a command whose files are taken away again: the next one finds the folder as it was."""
    before = set(Path().iterdir())
    code, _, err = ended_here(*command)
    for made in set(Path().iterdir()) - before:
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()
    return code, sentence(err)


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
    asked = set(OPTION.findall(message.partition("\n")[0]))
    if code != 2 or message == before or pasted & asked or not steps:
        return message or f"exit code {code}"
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


def sentence(said: str) -> str:
    """The refusal in what a command said, with the commands that a question prints below it."""
    lines = said.splitlines()
    at = max((at for at, line in enumerate(lines) if line.startswith("barloom: error: ")), default=0)
    return "\n".join(lines[at:])
