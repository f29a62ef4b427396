"""``runs.csv``: one row a finished job, appended by any number of processes at once."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from barloom.errors import InputError
from barloom.jobs.staged import StagedFile
from barloom.outputs import refuse_other_than_file
from barloom.renaming import sync_folder

LOCKED_BYTE = 2**30
"""Of a summary: far behind its end, so that whoever reads it meanwhile is not kept waiting."""
LOCK_SECONDS = 30.0


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula; None is empty."""
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
