"""Where results go: stdout for barloom alone. What a strategy prints, by whatever way, goes to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TextIO

from barloom.errors import sentence

_own: TextIO | None = None
_allowed = False


def allow() -> None:
    """Say that the process is the command's own, so that its streams may be moved."""
    global _allowed
    _allowed = True


def keep_apart() -> None:
    """Keep stdout for results: from here on whatever else is written to it, by threads, libraries and processes too, goes to stderr."""
    global _own
    if not _allowed or _own is not None:
        return
    try:
        sys.stdout.flush()
        handle = os.dup(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return  # nothing that could be mixed up: stdout is closed, or no file
    _own = open(handle, "w", encoding=sys.stdout.encoding, errors="backslashreplace")  # noqa: SIM115
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def stream() -> TextIO:
    """What results are written to."""
    return sys.stdout if _own is None else _own


def write(text: str) -> None:
    """Write a part of the result."""
    stream().write(text)


def line(text: str) -> None:
    """Write a line of the result, on one line whatever names there are in it."""
    write(sentence(text) + "\n")


def document(text: str) -> None:
    """Write a JSON document; what does not print is escaped in it, as JSON escapes it."""
    if not text.isascii():
        text = "".join(
            letter if letter.isprintable() or letter in "\n\r\t" else json.dumps(letter)[1:-1] for letter in text
        )
    write(text if text.endswith("\n") else f"{text}\n")


def flush() -> None:
    """Write out what waits, here, where a reader that has gone or a full disk can still be told of."""
    stream().flush()


def silence() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream().fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(nowhere)
