"""The one place that decides where a file may be written: a new name, or a file that barloom made and may replace.

A file that was there, a link, a pipe or a device is never replaced and never written to. Folders may be links. New names are taken
exclusively, so that of two commands with the same name one is refused; files that are replaced are told by what is in them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from barloom.errors import InputError
from barloom.renaming import replace

LOOKED_AT = 1 << 20
"""Bytes of a file that are read to tell which program made it."""
LOG_BEGINS = "# log of barloom"
"""The first line of every log; a file that starts with it may be appended to."""
_PART = re.compile(r"\..*\.barloom-[0-9a-f]{8}\.part", re.DOTALL)
_KINDS = (
    (stat.S_ISLNK, "is a link"),
    (stat.S_ISDIR, "is a directory"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


class Output:
    """A file to be written under a name that the user gave.

    Args:
        path: the name.
        option: what the user calls it, for messages.
        ours: tells by its content whether a file is of the kind that may be replaced; None where none may be.
        kind: what such a file is, for messages: ``a benchmark record of barloom``.
        remedy: what to do where something else is there.
    """

    def __init__(
        self,
        path: Path,
        option: str,
        *,
        ours: Callable[[Path], bool] | None = None,
        kind: str = "",
        remedy: str = "name another file",
    ) -> None:
        self.path, self.option = path, option
        self._ours, self._kind, self._remedy = ours, kind, remedy

    def check(self) -> None:
        """Refuse a name that cannot be used; nothing is written.

        Raises:
            InputError: there is no such folder, or something is there that may not be replaced.
        """
        refuse_no_name(self.path, self.option)
        try:
            if not self.path.parent.is_dir():
                raise InputError(
                    f"{self.option} {self.path}: there is no folder '{self.path.parent}'; make it or name another file"
                )
            self._free()
        except OSError as error:
            raise InputError(f"{self.option} {self.path}: {error.strerror or error}; name another file") from None

    def _free(self) -> bool:
        """True if the name is free; False for a file that may be replaced."""
        found = look(self.path)
        if found is None:
            return True
        for is_kind, said in _KINDS:
            if is_kind(found.st_mode):
                more = (
                    ": name a file in it"
                    if said == "is a directory"
                    else ", which is not written to: name another file"
                )
                raise InputError(f"{self.option} {self.path} {said}{more}")
        if self._ours is None:
            raise InputError(f"{self.option} {self.path} exists: {self._remedy}")
        if not is_told(self._ours, self.path):
            raise InputError(
                f"{self.option} {self.path} exists and is not {self._kind}: name another file, or move that one away"
            )
        return False

    def take(self, temporary: Path) -> None:
        """Give a finished file its name.

        Raises:
            InputError: something is there that may not be replaced; the temporary file stays.
            OSError: it cannot be renamed.
        """
        if self._free():
            try:
                put_new(temporary, self.path)
            except FileExistsError:
                raise InputError(f"{self.option} {self.path} exists: it was made meanwhile; {self._remedy}") from None
        else:
            replace(temporary, self.path)


def look(path: Path) -> os.stat_result | None:
    """Status of the entry under a name, without following links; None if there is none."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def refuse_other_than_file(path: Path) -> None:
    """Refuse a link, a pipe, a device or a folder in the place of a file that barloom writes.

    Raises:
        InputError: there is one.
    """
    try:
        found = look(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be used: {getattr(error, 'strerror', None) or error}; choose another --out"
        ) from None
    for is_kind, said in _KINDS:
        if found is not None and is_kind(found.st_mode):
            raise InputError(f"{path} {said}, where a file belongs: move it away or choose another --out")


def refuse_no_name(path: Path, option: str) -> None:
    """Refuse text that cannot be the name of a file.

    Raises:
        InputError: it holds a NUL, or is no text here.
    """
    text = str(path)
    try:
        os.fsencode(text)
    except UnicodeError:
        raise InputError(f"{option} {text!r} is no name of a file: give one of letters that can be written") from None
    if "\0" in text:
        raise InputError(f"{option} {text!r} holds a NUL, which no name of a file can: leave it out")


def put_new(temporary: Path, path: Path) -> None:
    """Rename a file to a free name; if two processes do so at once, one is refused.

    Raises:
        FileExistsError: something has it.
    """
    if sys.platform == "win32":
        os.rename(temporary, path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # No second names on this disk: the name is claimed first, then the file put over the claim.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        replace(temporary, path)
        return
    os.unlink(temporary)


def open_log(path: Path, option: str) -> TextIOWrapper:
    """A log to write to: a new one with its first line, or one that barloom began, to be appended to.

    Raises:
        InputError: something else is there.
        OSError: it cannot be opened.
    """
    refuse_no_name(path, option)
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    found = look(path)
    other = f"{option} {path} is there and no log of barloom: name another file"
    if found is None:
        try:
            handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            found = look(path)
        else:
            os.write(handle, f"{LOG_BEGINS}\n".encode())
            return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")
    if found is not None and not stat.S_ISREG(found.st_mode):
        said = next((words for is_kind, words in _KINDS if is_kind(found.st_mode)), "is no file")
        raise InputError(f"{option} {path} {said}, which is not written to: name another file")
    handle = os.open(path, flags)
    try:
        first = os.read(handle, len(LOG_BEGINS) + 2) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        if first.splitlines()[:1] != [LOG_BEGINS.encode()]:
            raise InputError(other)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")
    except BaseException:
        os.close(handle)
        raise


# ---------------------------------------------------------------- files that barloom made


def is_told(ours: Callable[[Path], bool], path: Path) -> bool:
    """Check if a file was made by barloom; only a regular file is opened."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode) and ours(path)
    except (OSError, ValueError):
        return False


def head_and_tail(path: Path) -> tuple[bytes, bytes]:
    """The first and the last megabyte of a file."""
    with open(path, "rb") as file:
        head = file.read(LOOKED_AT)
        file.seek(max(0, os.fstat(file.fileno()).st_size - LOOKED_AT))
        return head, file.read(LOOKED_AT)


def is_json_with(*names: str) -> Callable[[Path], bool]:
    """A check for a JSON document that has all these names."""

    def told(path: Path) -> bool:
        with open(path, "rb") as file:
            if not file.read(64).lstrip().startswith(b"{"):
                return False
        found: Any = json.loads(path.read_bytes())
        return isinstance(found, dict) and found.keys() >= set(names)

    return told


def holds(mark: re.Pattern[bytes]) -> Callable[[Path], bool]:
    """A check for a file that has the mark in its first or last megabyte."""

    def told(path: Path) -> bool:
        return any(mark.search(part) for part in head_and_tail(path))

    return told


# ---------------------------------------------------------------- parts of files in the making


def new_part(path: Path) -> tuple[IO[bytes], Path]:
    """An open temporary file beside ``path``, locked while it is open, and its name.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        part = path.with_name(f".{path.name}.barloom-{secrets.token_hex(4)}.part")
        try:
            file = open(part, "x+b")  # noqa: SIM115
        except FileExistsError:
            continue
        try:
            _lock(file)
            found = look(part)
            # Between its making and its lock, another command may have taken it for one that was left behind.
            if found is not None and (sys.platform == "win32" or os.path.samestat(found, os.fstat(file.fileno()))):
                return file, part
        except BaseException:
            file.close()
            raise
        file.close()


def remove_parts(folder: Path) -> list[Path]:
    """Remove partial files of processes that were killed, those that nobody has locked. Returns the removed ones."""
    removed = []
    try:
        names = [entry.name for entry in os.scandir(folder) if _PART.fullmatch(entry.name)]
    except OSError:
        return []
    for name in names:
        part = folder / name
        with contextlib.suppress(OSError):
            if _left_behind(part):
                os.unlink(part)
                removed.append(part)
    return removed


def _left_behind(part: Path) -> bool:
    found = look(part)
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    if sys.platform == "win32":
        return True  # an open file cannot be removed there
    handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        return _lock(file)


def _lock(file: IO[bytes]) -> bool:
    """Lock a file until it is closed or the process ends. Returns False if another process has it or locking is impossible."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
