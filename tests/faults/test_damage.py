"""A file cut short anywhere, with any byte changed or with absurd counts is refused, or gives good bars; never a crash."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from faults.made import KINDS, SEALED, columns, lines, read

BARS = columns(8)
kinds = pytest.mark.parametrize("kind", KINDS)


def path_of(folder: Path, kind: str) -> Path:
    return folder / f"EURUSD.{kind}"


@kinds
def test_the_small_file_itself_is_read(tmp_path: Path, kind: str) -> None:
    path = path_of(tmp_path, kind)
    path.write_bytes(KINDS[kind](BARS))
    assert read(path).same(BARS)


@kinds
def test_f22_every_prefix_is_refused_or_ends_with_a_whole_row(tmp_path: Path, kind: str) -> None:
    """F22: text and MetaTrader history may end after any row, an Arrow stream after any batch, nothing else."""
    path = path_of(tmp_path, kind)
    whole = KINDS[kind](BARS)
    ends = {0, 6, 8} if kind == "arrows" else set(range(9)) if kind in ("csv", "hst") else {8}
    last_cell = {row.rsplit(",", 1)[0].encode() for row in lines(BARS)} if kind == "csv" else set()
    for size in range(len(whole)):
        cut = whole[:size]
        path.write_bytes(cut)
        found = read(path)
        if found.refused is None:
            rows = len(found.bars["timestamp"])
            assert rows in ends, size
            begun = cut.rsplit(b"\n", 1)[-1]
            if begun and begun.rsplit(b",", 1)[0] in last_cell:
                rows -= 1  # its volume may have lost digits: nobody can tell
            for name, values in found.bars.items():
                assert np.array_equal(values[:rows], np.asarray(BARS[name])[:rows]), (size, name)


@kinds
@pytest.mark.parametrize("change", ["zero", "ones", "last-bit"])
def test_f23_every_changed_byte_is_refused_or_gives_good_bars(tmp_path: Path, kind: str, change: str) -> None:
    """F23: what a checksum seals is the same or refused."""
    path = path_of(tmp_path, kind)
    whole = KINDS[kind](BARS)
    for at, old in enumerate(whole):
        new = {"zero": 0, "ones": 0xFF, "last-bit": old ^ 1}[change]
        if new == old:
            continue
        path.write_bytes(whole[:at] + bytes([new]) + whole[at + 1 :])
        found = read(path)
        assert kind not in SEALED or found.refused or found.same(BARS), at


@pytest.mark.parametrize("kind", ["arrow", "arrows", "feather"])
@pytest.mark.parametrize("number", [-1, 2**31, 2**63 - 1])
def test_f24_absurd_numbers_in_arrow_are_refused_in_little_memory(tmp_path: Path, kind: str, number: int) -> None:
    """F24: every eighth of the file in turn says that there are so many of something."""
    path = path_of(tmp_path, kind)
    whole = KINDS[kind](BARS)
    for at in range(0, len(whole) - 8, 8):
        path.write_bytes(whole[:at] + struct.pack("<q", number) + whole[at + 8 :])
        read(path)


@pytest.mark.parametrize("number", [2**31 - 1, 2**63 - 1])
def test_f24_absurd_numbers_in_a_parquet_footer_are_refused(tmp_path: Path, number: int) -> None:
    """F24: rows, sizes, offsets and lengths of lists, each byte of the footer in turn as a number that is far too large."""
    path = path_of(tmp_path, "parquet")
    whole = KINDS["parquet"](BARS)
    size = int.from_bytes(whole[-8:-4], "little")
    body, footer = whole[: -8 - size], whole[-8 - size : -8]
    absurd = varint(2 * number)
    for at in range(len(footer)):
        changed = footer[:at] + absurd + footer[at + 1 :]
        path.write_bytes(body + changed + len(changed).to_bytes(4, "little") + b"PAR1")
        read(path)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
