"""A store gives the bars of its file, whatever was done to cells of the file: every kind of file, damaged where it is text."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from barloom.bars.opening import open_bars
from barloom.bars.store import ingest
from barloom.errors import InputError
from faults.made import KINDS, columns

BARS = columns(40)
TEXTS = [name for name, kind in KINDS.items() if kind.separator]
ODD = ("", "-", "n/a", "12.3K", "-5", "abc", "1e400", "nan", "0")
ROUNDS = 4


def drawn(path: Path, on_bad_rows: str) -> list[bytes] | str:
    """The columns of a file's bars as bytes, or the sentence that refused it."""
    try:
        bars = open_bars(path, on_bad_rows=on_bad_rows)
        parts = [
            [
                column[chunk.history :].copy()
                for column in (chunk.timestamp, chunk.open, chunk.high, chunk.low, chunk.close)
            ]
            + ([chunk.volume[chunk.history :].copy()] if chunk.volume is not None else [])
            for chunk in bars.chunks(7, volume="any" if bars.has_volume else False)
        ]
    except InputError as error:
        return str(error)
    return [np.concatenate(column).tobytes() for column in zip(*parts, strict=True)]


def stored(path: Path, on_bad_rows: str) -> list[bytes] | str:
    """The same by way of a store."""
    store = path.parent / "made.arrow"
    store.unlink(missing_ok=True)
    try:
        ingest(open_bars(path, on_bad_rows=on_bad_rows), [path], store)
    except InputError as error:
        return str(error)
    return drawn(store, "error")


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_gives_the_bars_of_its_file(tmp_path: Path, kind: str) -> None:
    path = KINDS[kind].path(tmp_path)
    path.write_bytes(KINDS[kind].make(BARS))
    found = drawn(path, "error")
    assert not isinstance(found, str) and found == stored(path, "error")


@pytest.mark.parametrize("kind", TEXTS)
def test_a_store_gives_the_bars_of_its_damaged_file(tmp_path: Path, kind: str) -> None:
    told = KINDS[kind]
    path, random = told.path(tmp_path), Random(kind)
    encoding = "utf-16" if kind == "utf-16" else "utf-8"
    lines = told.make(BARS).decode(encoding).splitlines()
    read = 0
    for _ in range(ROUNDS):
        damaged = list(lines)
        for row in random.sample(range(1 if told.headless else 2, len(lines)), random.randint(1, 4)):
            cells = damaged[row].split(told.separator)
            cells[random.randrange(len(cells))] = random.choice(ODD)
            damaged[row] = told.separator.join(cells)
        path.write_bytes("\n".join([*damaged, ""]).encode(encoding))
        for on_bad_rows in ("error", "drop:any"):
            found, again = drawn(path, on_bad_rows), stored(path, on_bad_rows)
            assert isinstance(found, str) == isinstance(again, str), (found, again)
            if not isinstance(found, str):
                assert found == again
                read += 1
    assert read  # at least some of the damaged files are read
