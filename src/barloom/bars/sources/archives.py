"""Zips of bars: which of the files in one holds them; and workbooks, which are named as such."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from barloom.bars.sources.csv_top import find_top, is_row, split
from barloom.bars.sources.encodings import is_utf8, told_encoding
from barloom.errors import InputError

LISTED = 5  # names in a message
LOOKED = 1 << 14  # bytes of a file in a zip that are looked at
MOST = 200  # files of a zip that are looked at
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NOT_BARS = (".ds_store", "thumbs.db", "desktop.ini")


def workbook(head: bytes) -> str | None:
    """The kind of workbook that a file is, by its first bytes; None for anything else."""
    if head.startswith(OLD_WORKBOOK):
        return "an Excel workbook (.xls)"
    if head.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]:
            return "an OpenDocument workbook (.ods)"
        if b"[Content_Types].xml" in head[:4096] or b"xl/" in head[26:64] or b"_rels/.rels" in head[:200]:
            return "an Excel workbook (.xlsx)"
        if b"Index/" in head[26:64] and b".iwa" in head[:4096]:
            return "a Numbers workbook"
    return None


def bars_in(archive: zipfile.ZipFile, path: Path) -> str:
    """The file of bars in a zip: the only one, or the only one that holds rows of bars.

    Raises:
        InputError: there are several, or none.
    """
    names = [name for name in archive.namelist() if not name.endswith("/") and not _is_company(name)]
    if len(names) == 1:
        return names[0]
    if any(name.startswith("xl/") for name in names) or "[Content_Types].xml" in names:
        raise InputError(f"{path} is an Excel workbook (.xlsx): save the sheet of bars as CSV")
    holding = [name for name in names[:MOST] if _holds_rows(archive, name)]
    if len(holding) == 1:
        return holding[0]
    shown = holding or names
    listed = ", ".join(shown[:LISTED]) + (", ..." if len(shown) > LISTED else "")
    if not shown:
        raise InputError(f"{path} holds no file: give a zip with a file of bars in it")
    raise InputError(
        f"{path} holds {len(shown)} files{' of bars' if holding else ''} ({listed}){'' if holding else ', none of which has rows of bars'}: "
        + ("unpack it, and give those of one data set together" if holding else "give a zip with a file of bars in it")
    )


def _is_company(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in NOT_BARS


def _holds_rows(archive: zipfile.ZipFile, name: str) -> bool:
    """Tell if a file in a zip begins like rows of bars."""
    try:
        with archive.open(name) as file:
            head = file.read(LOOKED)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return False
    encoding = told_encoding(head)
    if encoding is not None:
        head = head.decode(encoding, "replace").encode()
    elif not is_utf8(head) and b"\0" in head:
        return False
    try:
        top = find_top(name, head)
    except InputError:
        return False
    return is_row(split(top.first_row, top.separator))
