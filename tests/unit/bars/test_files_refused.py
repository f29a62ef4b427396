"""Files without bars are refused in one sentence that names the file and the remedy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from barloom.bars import open_bars
from barloom.errors import InputError


def refused(path: object) -> str:
    with pytest.raises(InputError) as caught:
        for _ in open_bars(path).chunks(100):  # type: ignore[arg-type]
            pass
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000
    return message


def test_a_missing_file_names_the_nearest_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "EURUSD.csv").write_text("x")
    message = refused(tmp_path / "EURUSB.csv")
    assert "does not exist" in message and "EURUSD.csv" in message
    assert "no folder" in refused(tmp_path / "nowhere" / "EURUSD.csv")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="devices and FIFOs of this kind are POSIX")
def test_devices_and_pipes_are_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero"):
        assert "not a regular file" in refused(path)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "loop" in refused(loop)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom file modes bind")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "EURUSD.csv"
    path.write_text("x")
    path.chmod(0)
    assert "permission denied" in refused(path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_impossible_names_are_refused(name: str) -> None:
    assert refused(name)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"timestamp,open,high,low,close\n", "has a header and no bars"),
        (b"timestamp,open,high,low,close", "has a header and no bars"),
        (b"timestamp,open,high,low,close\r\n\r\n", "has a header and no bars"),
        ("timestamp,open,high,low,close\n2012,1,1,1,1\n".encode("utf-16"), "'2012' as time in data row 1"),
        ("timestamp,open,high,low,close\n2012-02-01,1,1,1,1\n".encode("utf-16")[:-1], "cannot be read"),
        ("timestamp,open,high,low,close\n2012,1,1,1,1\n".encode("utf-16-le"), "'2012' as time in data row 1"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "not a file of bars"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a file of bars"),
        (b"PAR1" + bytes(100), "Parquet"),
        (b"ARROW1\0\0" + bytes(100), "Arrow"),
        (b"\xff\xff\xff\xff\x10\0\0\0" + bytes(100), "Arrow"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "zstd"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "no column for"),
        (b'{"open": [1, 2]}\n', "no column for"),
        (b"just some text\n", "no column for"),
        (b"timestamp,open,high,low,close\r2012-02-01,1,1,1,1\r", "carriage returns alone"),
        (b"timestamp,open,high,low,close\nsoon,1,1,1,1\n", "'soon' as time in data row 1"),
        (b"timestamp,open,high,low,close\n20120231 000000,1,1,1,1\n", "'20120231 000000' as time"),
        (b"timestamp,open,high,low,close\n" + b"\0" * 10_000, "as time in data row 1"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".dat"])
def test_something_else_is_refused_whatever_its_name(tmp_path: Path, content: bytes, said: str, suffix: str) -> None:
    path = tmp_path / f"bars{suffix}"
    path.write_bytes(content)
    message = refused(path)
    assert message.startswith(str(path)) and (
        said in message or "not a file of bars" in message or "no text" in message
    )


def test_gzip_of_something_that_is_no_text_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "bars.gz"
    path.write_bytes(gzip.compress(b"PAR1" + bytes(1000)))
    assert "holds no text" in refused(path)


def test_the_on_bad_rows_option_is_one_of_two(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("time,open,high,low,close\n2012-02-01,1,1,1,1\n")
    with pytest.raises(InputError, match="did you mean 'drop'"):
        open_bars(path, on_bad_rows="drops")  # type: ignore[arg-type]
