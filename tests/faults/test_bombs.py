"""Small files that unfold into huge ones are refused early and in little memory."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from faults.made import as_csv, columns
from helpers.command import environment
from helpers.waiting import PATIENCE

HEAD = as_csv(columns())
SIZE = 1 << 30
BLOCK = 1 << 22

# What reading each of some files comes to, "read" or the sentence, and then the growth of the peak of the process in bytes.
READS = """
import sys
from barloom.bars import open_bars
from barloom.errors import InputError
from barloom.observe.memory import peak_rss
import pyarrow.csv
before = peak_rss()
for path in sys.argv[1:]:
    try:
        for _ in open_bars(path, on_bad_rows="drop").chunks(1000):
            pass
        print("read")
    except InputError as error:
        print(error)
print(peak_rss() - before)
"""


def outcomes(paths: list[Path]) -> tuple[list[str], int]:
    """Results of reading the files in a process of its own, and the growth of its peak memory."""
    done = subprocess.run(
        [sys.executable, "-c", READS, *paths],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    *said, grown = done.stdout.splitlines()
    return said, int(grown)


def zipped(content: bytes, times: int) -> bytes:
    """A zip whose one member is ``content`` many times over."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bars.csv", "w") as member:
        member.write(HEAD)
        for _ in range(times):
            member.write(content)
    return out.getvalue()


def gzipped(content: bytes, times: int) -> bytes:
    """Members one after another, which is a gzip file of them all."""
    return gzip.compress(HEAD) + gzip.compress(content, 9) * times


def zstd(content: bytes, times: int) -> bytes:
    """Frames one after another."""
    codec = pa.Codec("zstd")
    return bytes(codec.compress(HEAD, asbytes=True) + codec.compress(content, asbytes=True) * times)


ROWS = b"2012-02-01T00:00:00Z,1,1,1,1,1\n2012-02-01T00:01:00Z,1,1,1,1,1\n"
CONTENTS = {"empty lines": b"\n", "one line": b"0", "two rows": ROWS}


@pytest.mark.parametrize("pack", [gzipped, zstd, zipped])
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, pack: Callable[[bytes, int], bytes]) -> None:
    """1 GB (a zip of 64 MB, which takes longer to make) in at most some MB."""
    paths = []
    for name, content in CONTENTS.items():
        paths.append(tmp_path / name)
        block = content * (BLOCK // len(content))
        paths[-1].write_bytes(pack(block, (SIZE if pack is not zipped else 1 << 26) // BLOCK))
        assert paths[-1].stat().st_size < 20_000_000
    said, grown = outcomes(paths)
    for path, sentence in zip(paths, said, strict=True):
        assert str(path) in sentence and ("longer than 1 MB" in sentence or "times its size" in sentence), sentence
    assert grown < 200_000_000


def test_bars_that_pack_well_are_no_bomb(tmp_path: Path) -> None:
    """20 MB of a price that never moves, as well packed as bars can be; and what is stored without packing."""
    times = np.datetime64("2013-01-01T00:00:00") + np.arange(600_000) * np.timedelta64(60, "s")
    text = "".join(f"{time}Z,1,1,1,1,0\n" for time in np.datetime_as_string(times)).encode()
    assert len(text) > 1 << 24
    stored = zlib.compressobj(0, wbits=31)
    packed = {pack.__name__: pack(text, 1) for pack in (gzipped, zstd, zipped)}
    packed["stored"] = stored.compress(HEAD) + stored.flush()
    for name, content in packed.items():
        (tmp_path / name).write_bytes(content)
    assert outcomes([tmp_path / name for name in packed])[0] == ["read"] * 4
