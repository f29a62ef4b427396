"""A file cut short anywhere, with any byte changed or with absurd counts is refused, or gives good bars; never a crash.

Some places of each file are tried at every run of the tests, and every place of every one with ``BARLOOM_FAULTS=all``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from faults.made import KINDS, NAMES, columns, every, read, some

BARS = columns(8)
ROWS = 8
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
def test_the_small_file_itself_is_read(tmp_path: Path, kind: str) -> None:
    path = KINDS[kind].path(tmp_path)
    path.write_bytes(KINDS[kind].make(BARS))
    assert read(path).same(KINDS[kind].expected(BARS))


@kinds
def test_every_prefix_is_refused_or_ends_with_a_whole_row(tmp_path: Path, kind: str) -> None:
    """Text and MetaTrader history may end after any row, an Arrow stream after any batch, nothing else."""
    told = KINDS[kind]
    path = told.path(tmp_path)
    whole = told.make(BARS)
    ends = {"row": set(range(ROWS + 1)), "batch": {0, 6, ROWS}, "": {ROWS}}[told.ends]
    good = {name: np.asarray(values) for name, values in told.expected(BARS).items() if values is not None}
    for size in some(len(whole), 0, told.places, _row_ends(whole) if told.separator else ()):
        cut = whole[:size]
        path.write_bytes(cut)
        found = read(path)
        if told.headless and b"\n" not in cut:
            continue  # what it is was told by columns that may be missing
        if found.refused is None:
            times = found.bars["timestamp"]
            assert len(times) in ends, size
            at = np.searchsorted(good["timestamp"], times)
            assert np.array_equal(good["timestamp"][at], times), size
            for name, values in found.bars.items():
                expected = good[name][at] if name in good else None
                if name == "volume" and told.ends == "row" and values is not None:
                    # The last cell of a row that is cut may have lost digits: nobody can tell.
                    values, expected = _without(values, cut), _without(expected, cut)
                assert values is expected is None or np.array_equal(values, expected), (size, name)


def _row_ends(whole: bytes) -> Iterable[int]:
    """The places around the end of each row."""
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    return [at + near for at in ends[:1] + ends[-2:] for near in range(-2, 3)]


def _without(values: np.ndarray, cut: bytes) -> np.ndarray:
    """The rows but that of the line which was cut: the last or, where the newest come first, the first."""
    return values if cut.endswith((b"\n", b"\n\0")) else values[1:-1]


@kinds
@pytest.mark.parametrize("change", ["zero", "ones", "last-bit"])
def test_every_changed_byte_is_refused_or_gives_good_bars(tmp_path: Path, kind: str, change: str) -> None:
    """Bytes covered by a checksum are read unchanged or refused."""
    told = KINDS[kind]
    path = told.path(tmp_path)
    whole, expected = told.make(BARS), told.expected(BARS)
    for at in some(len(whole), ["zero", "ones", "last-bit"].index(change), told.places):
        old = whole[at]
        new = {"zero": 0, "ones": 0xFF, "last-bit": old ^ 1}[change]
        if new == old:
            continue
        path.write_bytes(whole[:at] + bytes([new]) + whole[at + 1 :])
        found = read(path)
        if told.sealed and found.refused is None:
            names = NAMES if told.sealed == "all" else NAMES[:5]
            assert all(
                np.array_equal(found.bars[name], expected[name]) for name in names if expected[name] is not None
            ), at


@pytest.mark.parametrize("kind", ["arrow", "arrows", "feather", "store.arrow"])
@pytest.mark.parametrize("number", [-1, 2**31, 2**63 - 1])
def test_absurd_numbers_in_arrow_are_refused_in_little_memory(tmp_path: Path, kind: str, number: int) -> None:
    """Every eighth of the file in turn says that there are so many of something."""
    path = KINDS[kind].path(tmp_path)
    whole = KINDS[kind].make(BARS)
    for at in range(0, len(whole) - 8, 8 if every() else 40):
        path.write_bytes(whole[:at] + struct.pack("<q", number) + whole[at + 8 :])
        read(path)


@pytest.mark.parametrize("number", [2**31 - 1, 2**63 - 1])
def test_absurd_numbers_in_a_parquet_footer_are_refused(tmp_path: Path, number: int) -> None:
    """Rows, sizes, offsets and lengths of lists, each byte of the footer in turn as a number that is far too large."""
    path = KINDS["parquet"].path(tmp_path)
    whole = KINDS["parquet"].make(BARS)
    size = int.from_bytes(whole[-8:-4], "little")
    body, footer = whole[: -8 - size], whole[-8 - size : -8]
    absurd = varint(2 * number)
    for at in range(0, len(footer), 1 if every() else 5):
        changed = footer[:at] + absurd + footer[at + 1 :]
        path.write_bytes(body + changed + len(changed).to_bytes(4, "little") + b"PAR1")
        read(path)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
