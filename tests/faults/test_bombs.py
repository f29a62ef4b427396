"""Small files that unfold into huge ones are refused early and in little memory (F25)."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from faults.made import as_csv, columns
from helpers.command import environment

HEAD = as_csv(columns())
SIZE = 1 << 30
BLOCK = 1 << 22

# What is read, then the peak of a process that reads it: the sentence, and the growth of its peak in bytes.
READS = """
import sys
from barloom.bars import open_bars
from barloom.errors import InputError
from barloom.observe.memory import peak_rss
import pyarrow.csv
before = peak_rss()
try:
    for _ in open_bars(sys.argv[1], on_bad_rows=sys.argv[2]).chunks(1000):
        pass
    print("read")
except InputError as error:
    print(error)
print(peak_rss() - before)
"""


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


@pytest.mark.parametrize("pack", [gzipped, zstd, zipped])
@pytest.mark.parametrize(
    "content", [b"\n", b"0", b"2012-02-01T00:00:00Z,1,1,1,1,1\n"], ids=["empty lines", "one line", "one row"]
)
def test_f25_a_bomb_is_refused_in_little_memory(tmp_path: Path, pack: object, content: bytes) -> None:
    """F25: 1 GB (a zip of 64 MB, which takes longer to make) in at most some MB."""
    path = tmp_path / "bars"
    block = content * (BLOCK // len(content))
    path.write_bytes(pack(block, (SIZE if pack is not zipped else 1 << 26) // BLOCK))  # type: ignore[operator]
    assert path.stat().st_size < 20_000_000
    done = subprocess.run(
        [sys.executable, "-c", READS, path, "drop"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said, grown = done.stdout.splitlines()
    assert str(path) in said and ("longer than 1 MB" in said or "times its size" in said), said
    assert int(grown) < 200_000_000


@pytest.mark.parametrize("pack", [gzipped, zstd, zipped])
def test_f25_bars_that_pack_well_are_no_bomb(tmp_path: Path, pack: object) -> None:
    """F25: 20 MB of a price that never moves, as well packed as bars can be."""
    path = tmp_path / "bars"
    times = np.datetime64("2013-01-01T00:00:00") + np.arange(600_000) * np.timedelta64(60, "s")
    text = "".join(f"{time}Z,1,1,1,1,0\n" for time in np.datetime_as_string(times)).encode()
    assert len(text) > 1 << 24
    path.write_bytes(pack(text, 1))  # type: ignore[operator]
    done = subprocess.run(
        [sys.executable, "-c", READS, path, "drop"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("read"), done.stdout


def test_f25_a_gzip_that_never_ends_its_window_is_still_gzip(tmp_path: Path) -> None:
    """F25: what is stored without packing has a ratio of one."""
    path = tmp_path / "bars"
    packer = zlib.compressobj(0, wbits=31)
    path.write_bytes(packer.compress(HEAD) + packer.flush())
    done = subprocess.run(
        [sys.executable, "-c", READS, path, "error"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("read"), done.stdout
