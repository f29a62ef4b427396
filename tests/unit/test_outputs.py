"""Files are written to new names, or over what barloom made itself; everything else stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from barloom.errors import InputError
from barloom.outputs import Output, is_json_with, look, new_part, open_log, put_new, remove_parts

waits = pytest.mark.waits
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and links of POSIX")


def staged(folder: Path, text: str = "new") -> Path:
    part = folder / ".part"
    part.write_text(text)
    return part


def occupy(path: Path, how: str) -> None:
    """Put something in the way."""
    if how == "file":
        path.write_text("mine")
    elif how == "empty file":
        path.touch()
    elif how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "device":
        path.symlink_to("/dev/null")
    elif how == "link to ours":
        (path.parent / "theirs").write_text('{"a": 1}')
        path.symlink_to(path.parent / "theirs")
    elif how == "link to a link":
        (path.parent / "next").symlink_to(path.parent / "gone")
        path.symlink_to(path.parent / "next")
    elif how == "hard link":
        (path.parent / "theirs").write_text("mine")
        os.link(path.parent / "theirs", path)


@POSIX
@pytest.mark.parametrize(
    "how", ["file", "empty file", "folder", "pipe", "device", "link to ours", "link to a link", "hard link"]
)
@pytest.mark.parametrize("replaces", [False, True])
def test_what_is_there_is_neither_replaced_nor_opened(tmp_path: Path, how: str, replaces: bool) -> None:
    path = tmp_path / "out"
    occupy(path, how)
    before = os.lstat(path)
    output = Output(path, "--out", ours=is_json_with("a") if replaces else None, kind="a document")
    for attempt in (output.check, lambda: output.take(staged(tmp_path))):
        with pytest.raises(InputError, match=f"--out {path}"):
            attempt()
    after = os.lstat(path)
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)


def test_ours_is_replaced_and_a_new_name_taken(tmp_path: Path) -> None:
    path = tmp_path / "out"
    output = Output(path, "--out", ours=is_json_with("a", "b"), kind="a document")
    output.take(staged(tmp_path, '{"a": 1, "b": 2}'))
    output.take(staged(tmp_path, "again"))
    assert path.read_text() == "again" and not (tmp_path / ".part").exists()
    with pytest.raises(InputError, match="is not a document"):
        output.take(staged(tmp_path))
    assert path.read_text() == "again"


@POSIX
def test_a_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    output = Output(tmp_path / "link" / "out", "--out")
    output.check()
    output.take(staged(tmp_path))
    assert (tmp_path / "real" / "out").read_text() == "new"


@pytest.mark.parametrize("links", [True, False])
def test_of_two_that_take_a_name_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def refuse(*names: object) -> None:
        raise PermissionError(1, "no second names here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    put_new(staged(tmp_path, "first"), tmp_path / "out")
    with pytest.raises(FileExistsError):
        put_new(staged(tmp_path, "second"), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "first"


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for attempt in (Output(path, "--out").check, lambda: open_log(path, "--log-file")):
        with pytest.raises(InputError, match=r"NUL|no name"):
            attempt()


# ---------------------------------------------------------------- logs


def test_a_log_is_begun_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "barloom.log"
    for text in ("one", "two"):
        with open_log(path, "--log-file") as log:
            log.write(f"{text}\n")
    assert path.read_text() == "# log of barloom\none\ntwo\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mine",
        "# log of barloom's neighbour\n",
        "\n# log of barloom\n",
        "2026-01-02 03:04:05,678 INFO barloom_bot: started\n",
        "timestamp,open,high,low,close\n",
    ],
)
def test_another_file_is_no_log(tmp_path: Path, text: str) -> None:
    path = tmp_path / "barloom.log"
    path.write_text(text)
    with pytest.raises(InputError, match="no log of barloom"):
        open_log(path, "--log-file")
    assert path.read_text() == text


@POSIX
@pytest.mark.parametrize("how", ["folder", "pipe", "device", "link to ours", "link to a link"])
def test_a_log_is_a_plain_file(tmp_path: Path, how: str) -> None:
    occupy(tmp_path / "log", how)
    with pytest.raises(InputError, match="--log-file"):
        open_log(tmp_path / "log", "--log-file")


@POSIX
def test_a_link_to_a_log_is_refused(tmp_path: Path) -> None:
    open_log(tmp_path / "log", "--log-file").close()
    (tmp_path / "link").symlink_to(tmp_path / "log")
    with pytest.raises(InputError, match="is a link"):
        open_log(tmp_path / "link", "--log-file")


# ---------------------------------------------------------------- parts


KILLED = """
import os, signal, sys
from pathlib import Path
from barloom.outputs import new_part
file, part = new_part(Path(sys.argv[1]))
file.write(b"half")
file.flush()
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
print(part.name, flush=True)
sys.stdin.readline()
"""


@POSIX
@waits
def test_parts_of_the_killed_are_removed_and_those_at_work_stay(tmp_path: Path) -> None:
    for name in ("a.arrow", "new\nline.csv", "b.parquet"):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name), "kill"], check=False)
    assert len(list(tmp_path.iterdir())) == 3
    at_work = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "a.arrow"), "wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert at_work.stdout is not None
    working = at_work.stdout.readline().strip()
    mine = tmp_path / ".a.arrow.part"
    mine.write_text("mine")
    (tmp_path / ".b.barloom-01234567.part").symlink_to(mine)
    assert len(remove_parts(tmp_path)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [".a.arrow.part", ".b.barloom-01234567.part", working]
    )
    at_work.communicate("\n")
    assert [path.name for path in remove_parts(tmp_path)] == [working]


def test_a_part_that_is_open_is_nobodys_to_remove(tmp_path: Path) -> None:
    file, part = new_part(tmp_path / "a.arrow")
    assert remove_parts(tmp_path) == [] and look(part) is not None
    file.close()
    assert remove_parts(tmp_path) == [part] and look(part) is None
