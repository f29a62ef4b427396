"""Output of results: stdout is for barloom alone. Anything that a strategy prints, in any way, goes to stderr."""

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
    """Allow the process's streams to be moved, because the process belongs to the command."""
    global _allowed
    _allowed = True


def keep_apart() -> None:
    """Keep stdout for results: from here on all other output, of threads, libraries and processes too, goes to stderr."""
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
    """Stream that results are written to."""
    return sys.stdout if _own is None else _own


def write(text: str) -> None:
    """Write a part of the result."""
    stream().write(text)


def line(text: str) -> None:
    """Write a line of the result; names in it cannot break the line."""
    write(sentence(text) + "\n")


def document(text: str) -> None:
    """Write a JSON document; unprintable characters are escaped as in JSON."""
    if not text.isascii():
        text = "".join(
            letter if letter.isprintable() or letter in "\n\r\t" else json.dumps(letter)[1:-1] for letter in text
        )
    write(text if text.endswith("\n") else f"{text}\n")


def flush() -> None:
    """Flush the output here, where a closed pipe or a full disk can still be reported."""
    stream().flush()


def silence() -> None:
    """Point stdout at the null device, so that the interpreter's last flush does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream().fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(nowhere)
