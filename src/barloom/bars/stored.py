"""Layout of a store's facts in its file: text preceded by a hash of it, found in the footer without NumPy, Arrow or pydantic."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from barloom.errors import InputError

KEY = b"barloom"
"""The metadata key of an Arrow schema or a Parquet footer under which the facts are."""
FORMAT = 1
MAGICS = {"Arrow IPC": b"ARROW1", "Parquet": b"PAR1"}
"""Last bytes of the files of a format, after the length of their footer."""
_HEAD, _BETWEEN = '{"check":"', '","facts":'
_CHECK = 32  # hexadecimal digits
STORE_SAYS = re.compile(f"{re.escape(_HEAD)}[0-9a-f]{{{_CHECK}}}{re.escape(_BETWEEN)}{{".encode())
"""Pattern of the first bytes of the facts of every store."""
_TAIL = 16
_LONGEST_FOOTER = 1 << 28


def signed(body: str) -> bytes:
    """Facts as JSON, behind a hash of them."""
    return f"{_HEAD}{_check(body)}{_BETWEEN}{body}}}".encode()


def verified(text: bytes, path: Path) -> dict[str, Any]:
    """The facts in a text that ``signed`` made.

    Raises:
        InputError: they are damaged, or a later barloom wrote them.
    """
    try:
        said = text.decode().rstrip()
        start = len(_HEAD) + _CHECK + len(_BETWEEN)
        body = said[start:-1]
        whole = said.startswith(_HEAD) and said[start - len(_BETWEEN) : start] == _BETWEEN and said.endswith("}")
        found = json.loads(body) if whole and said[len(_HEAD) : len(_HEAD) + _CHECK] == _check(body) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(damaged(path))
    if found.get("format") != FORMAT:
        raise InputError(f"{path} was written by barloom {found.get('version')}: read it with that version or later")
    return found


def damaged(path: Path) -> str:
    """Message for a store whose facts are not as they were written."""
    return f"{path} is damaged: what it says of its own bars does not add up; ingest them again"


def _check(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=_CHECK // 2).hexdigest()


def read_stored(path: Path) -> tuple[dict[str, Any], str] | None:
    """The facts of a store and its format, from the last bytes of the file alone; None for any other file.

    Raises:
        InputError: they are damaged, or a later barloom wrote them.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _TAIL))
            kind, length = _footer(file.read(_TAIL))
            if not kind or length > min(size, _LONGEST_FOOTER):
                return None
            file.seek(size - length)
            footer = file.read(length)
    except (OSError, ValueError):
        return None
    begin = footer.find(_HEAD.encode())
    if begin < 0:
        return None
    behind = footer[begin:].decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(behind)
    except ValueError:
        return None  # who reads the whole footer says what is wrong with it
    found = verified(behind[:end].encode(), path)
    return (found, kind) if found.get("size_bytes") == size else None


def _footer(tail: bytes) -> tuple[str, int]:
    """The format that the last bytes of a file belong to, and the length of its footer including these bytes."""
    for kind, magic in MAGICS.items():
        if tail.endswith(magic) and len(tail) >= len(magic) + 4:
            length = int.from_bytes(tail[-len(magic) - 4 : -len(magic)], "little")
            return kind, length + len(magic) + 4
    return "", 0
