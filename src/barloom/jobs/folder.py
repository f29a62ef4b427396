"""The folder of a run: made exclusively, committed file by file, and whole only when ``run.json`` is there.

A file is staged under a temporary name in its final folder, flushed and fsynced, and then renamed; then the folder is
synced. A run that is killed at any moment leaves nothing that looks finished.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from barloom.errors import InputError
from barloom.outputs import Output, refuse_other_than_file
from barloom.renaming import replace, sync_folder

MKDIR_TRIES = 100
LOCKED_BYTE = 2**30
"""Of a summary: far behind its end, so that whoever reads it meanwhile is not kept waiting."""
LOCK_SECONDS = 30.0


def safe_name(text: str, limit: int = 40) -> str:
    """A part of a file name that every platform takes: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-") or "run"


def new_job_id(strategy: str, now: datetime) -> str:
    """UTC time, strategy and six random hexadecimal digits: ``20260102T030405Z-ema-cross-1a2b3c``."""
    return f"{now:%Y%m%dT%H%M%SZ}-{safe_name(strategy)}-{secrets.token_hex(3)}"


class StagedFile:
    """Bytes on the disk under a temporary name, one rename away from their own."""

    def __init__(self, path: Path, content: bytes, output: Output | None = None) -> None:
        """Write the bytes beside ``path`` and sync them.

        Args:
            path: their name.
            content: the bytes.
            output: decides whether the name may be taken; None in a folder that is barloom's own.

        Raises:
            OSError: they cannot be written; nothing is left.
        """
        self.path = path
        self._output = output
        self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            with open(self.temporary, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            self.discard()
            raise

    def commit(self) -> None:
        """Rename to the final name, and sync the folder.

        Raises:
            InputError: the name may not be taken.
        """
        if self._output is None:
            replace(self.temporary, self.path)
        else:
            self._output.take(self.temporary)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        with contextlib.suppress(OSError):
            self.temporary.unlink()


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula (F44); None is empty."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return "" if value is None else value


def _line(cells: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8")


def check_summary(path: Path, columns: Sequence[str]) -> None:
    """Refuse a summary file whose columns are not ours, before any work.

    Raises:
        InputError: it has other columns, or cannot be read.
    """
    refuse_other_than_file(path)
    try:
        with open(path, "rb") as file:
            found = file.readline(1 << 16)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; move it away or choose another --out") from None
    if found != _line(columns):
        raise InputError(f"{path} has other columns than this version writes: move it away or choose another --out")


def _lock(handle: int) -> None:
    """Wait until no other process appends; the lock goes with the handle.

    Windows appends in two steps, to the end and then the bytes: of two runs at once one row would fall on the other.

    Raises:
        OSError: another process has had it for half a minute.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.002)
            else:
                return


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append one row to a CSV file in a single write; a new file gets its header, whole, before any row can follow."""
    if not path.exists():
        header = StagedFile(path, _line(list(row)))
        try:
            # A link never replaces: of two runs that come here at once, one makes the file and both then append.
            os.link(header.temporary, path)
        except FileExistsError:
            pass
        except OSError:
            with contextlib.suppress(FileExistsError), open(path, "xb") as file:
                file.write(_line(list(row)))
        finally:
            header.discard()
        sync_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    try:
        _lock(handle)
        size = os.lseek(handle, 0, os.SEEK_END)
        os.lseek(handle, max(size - 1, 0), os.SEEK_SET)
        # A row that a full disk cut short must not swallow this one.
        torn = size > 0 and os.read(handle, 1) != b"\n"
        line = b"\n" * torn + _line(list(row.values()))
        if os.write(handle, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(handle)
    finally:
        os.close(handle)


class RunFolder:
    """``OUT/runs/<job_id>/``, ours alone.

    Attributes:
        job_id: the folder's name.
        path: the folder.
        benchmarks: ``OUT/benchmarks/``, where the records of all runs are.
    """

    def __init__(self, out: Path, strategy: str, now: datetime) -> None:
        """Make the folder under a name that no other run has.

        Args:
            out: the output folder; made if it is not there.
            strategy: a part of the name.
            now: the time in the name, UTC.

        Raises:
            InputError: the output folder cannot be written.
        """
        self._made: list[Path] = []
        runs, self.benchmarks = out / "runs", out / "benchmarks"
        try:
            self._claim(runs, strategy, now)
            # Root may make folders where it may not write: find out now.
            StagedFile(self.path / "run.json", b"").discard()
        except OSError as error:
            self.discard()
            raise InputError(f"cannot write to --out {out}: {error.strerror or error}; name another folder") from None

    def _claim(self, runs: Path, strategy: str, now: datetime) -> None:
        for attempt in range(MKDIR_TRIES):
            self.job_id = new_job_id(strategy, now)
            try:
                self._make(runs)
                self._make(self.benchmarks)
                (runs / self.job_id).mkdir()
            except (FileExistsError, FileNotFoundError) as error:
                # Another run has the name, or has just removed the empty folder above; nothing else is worth a try.
                taken = error.filename == str(runs / self.job_id) or isinstance(error, FileNotFoundError)
                if not taken or attempt == MKDIR_TRIES - 1:
                    raise
                continue
            self.path = runs / self.job_id
            return

    def _make(self, folder: Path) -> None:
        """Make a folder and those above it, remembering which were new."""
        for parent in reversed([folder, *folder.parents]):
            if not parent.is_dir():
                parent.mkdir(exist_ok=True)
                self._made.append(parent)

    @property
    def whole(self) -> bool:
        """Whether the run is finished: its ``run.json`` is there."""
        return (self.path / "run.json").exists()

    def stage(self, name: str, content: bytes) -> StagedFile:
        """Write a file of the folder under a temporary name; see ``StagedFile``."""
        return StagedFile(self.path / name, content)

    def discard(self) -> None:
        """Remove the folder with all in it, and the folders above that were made for it and are empty."""
        if hasattr(self, "path"):
            shutil.rmtree(self.path, ignore_errors=True)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()
