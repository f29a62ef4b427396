"""Files that change, vanish or are none, names that are no names, and folders that many write to at once."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from barloom.bars import open_bars
from barloom.bars.sources import text as text_module
from barloom.errors import InputError
from barloom.jobs.records import SUMMARY_COLUMNS
from faults.made import KINDS, columns, every, read, table
from faults.vendors import TEXT
from helpers.command import environment, run_here
from helpers.waiting import ended

posix = pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of this kind are POSIX")
ROWS = 60


def appended(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(b"\n")


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


CHANGES: dict[str, Callable[[Path], None]] = {
    "shrinks": lambda path: os.truncate(path, path.stat().st_size // 2),
    "is emptied": lambda path: os.truncate(path, 0),
    "grows": appended,
    "is replaced": replaced,
    "vanishes": Path.unlink,
}


@posix
@pytest.mark.parametrize(
    ("kind", "change", "seen"),
    [
        (kind, change, seen)
        for kind in KINDS
        for change in CHANGES
        for seen in (0, 1, 5)
        # Vendors of text share one reader, but for those with the newest bars first.
        if every() or kind not in TEXT or kind == "cryptodatadownload" or (change, seen) == ("is replaced", 1)
    ],
)
def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, change: str, seen: int
) -> None:
    """Before the first chunk and after some, never a crash, never bars of both."""
    monkeypatch.setattr(text_module, "PIECE", 200)
    path = KINDS[kind].path(tmp_path)
    path.write_bytes(KINDS[kind].make(columns(ROWS)))
    chunks = open_bars(path).chunks(2, threads=1)
    for _ in range(seen):
        next(chunks)
    CHANGES[change](path)
    with pytest.raises(InputError) as caught:
        for _ in chunks:
            pass
    assert (
        "changed" in str(caught.value) or "does not exist" in str(caught.value) or "became shorter" in str(caught.value)
    )


@posix
@pytest.mark.parametrize("option", ["data", "ask", "fine"])
def test_what_is_no_file_is_refused_wherever_a_file_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """At once, without waiting for a writer; and nothing is left."""
    monkeypatch.chdir(tmp_path)
    Path("bars.csv").write_bytes(KINDS["csv"].make(columns(ROWS)))
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    Path("folder").mkdir()
    before = sorted(os.listdir())
    for name in ("pipe", "loop", "folder", "/dev/zero", "/dev/full", "/dev/null", "bars.csv/inside"):
        words = [name] if option == "data" else ["bars.csv", f"--{option}", name]
        code, out, err = run_here("run", *words, "--strategy", "ema-cross", "--non-interactive")
        assert code == 2 and out == "" and err.count("\n") == 1 and name.split("/")[-1] in err, (name, err)
    assert sorted(os.listdir()) == before


NAMES = [
    "../x", "/etc/x", "CON", "a:b", "x" * 300, "trailing.", "\u202egnp.csv", "nul\0l", "", " ", "new\nline", "esc\x1b[2J", "-", "~",
    "$HOME", "`id`", "a\tb", "\ud800", "%s%n", "{0}", "file:///etc/passwd", "\\\\server\\share",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=map(ascii, NAMES))
def test_a_name_that_is_none_is_refused_in_one_printable_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As data, and as the name of the strategy; nothing appears, in the folder or above it."""
    folder = tmp_path / "inside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("bars.csv").write_bytes(KINDS["csv"].make(columns(ROWS)))
    for words in ([f"--data={name}"], ["bars.csv", f"--strategy={name}"]):
        code, out, err = run_here("run", *words, "--non-interactive")
        assert code == 2 and out == "" and err.count("\n") == 1 and err[:-1].isprintable(), ascii(err)
    assert os.listdir() == ["bars.csv"] and os.listdir(tmp_path) == ["inside"]


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.path, "w")


@pytest.mark.parametrize("name", ["arrow.py_extension_type", "pandas.period", "arrow.opaque"])
@pytest.mark.parametrize("form", ["file", "stream", "parquet"])
def test_nothing_in_a_file_is_unpickled(tmp_path: Path, name: str, form: str) -> None:
    """Extension types with a payload, which some versions of pyarrow ran."""
    path, sprung = tmp_path / "bars", tmp_path / "sprung"
    whole = table(columns(6))
    payload = {"ARROW:extension:name": name, "ARROW:extension:metadata": pickle.dumps(Trap(str(sprung)))}
    trapped = pa.schema(
        [field.with_metadata(payload) for field in whole.schema], {b"pandas": payload["ARROW:extension:metadata"]}
    )
    whole = whole.cast(trapped)
    if form == "parquet":
        pa.parquet.write_table(whole, path)
    else:
        with (pa.ipc.new_file if form == "file" else pa.ipc.new_stream)(path, whole.schema) as writer:
            writer.write_table(whole)
    read(path)
    assert not sprung.exists()


def test_pickles_and_arrays_of_objects_are_no_bars(tmp_path: Path) -> None:
    path, sprung = tmp_path / "bars", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(str(sprung))))
    assert read(path).refused
    with open(path, "wb") as file:
        np.save(file, np.array([Trap(str(sprung))], dtype=object), allow_pickle=True)
    assert read(path).refused
    assert not sprung.exists()


# Each process makes a hundred runs' folders under one name in one second, and adds a row for each.
CLAIMS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from barloom.jobs.folder import RUN, JobFolder
from barloom.jobs.records import SUMMARY_COLUMNS
from barloom.jobs.summary import append_row
out = Path(sys.argv[1])
for _ in range(100):
    folder = JobFolder.new(out, RUN, "ema-cross", datetime(2026, 1, 2, tzinfo=UTC))
    append_row(folder.runs, dict.fromkeys(SUMMARY_COLUMNS, "") | {"job_id": folder.job_id})
    print(folder.job_id)
"""


@pytest.mark.waits
def test_eight_processes_make_a_hundred_runs_each_in_one_second_of_one_folder(tmp_path: Path) -> None:
    """Each has a folder of its own, and the summary a whole row for each."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMS, tmp_path / "out"], env=environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    said = [ended(process)[0].split() for process in started]
    assert [process.returncode for process in started] == [0] * 8
    names = [name for one in said for name in one]
    assert len(names) == len(set(names)) == 800
    assert {path.name for path in (tmp_path / "out" / "runs").iterdir()} == set(names)
    header, *rows = (tmp_path / "out" / "runs.csv").read_text().splitlines()
    assert header == ",".join(SUMMARY_COLUMNS)
    assert sorted(dict(zip(SUMMARY_COLUMNS, row.split(","), strict=True))["job_id"] for row in rows) == sorted(names)
