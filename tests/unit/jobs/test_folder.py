"""A run folder is nobody else's, and nothing in it looks whole before it is."""

import csv
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from barloom.errors import InputError
from barloom.jobs import folder as run_folder
from barloom.jobs.folder import RUN, JobFolder, new_job_id, safe_name
from barloom.jobs.staged import StagedFile
from barloom.jobs.summary import append_row, check_summary
from helpers.waiting import PATIENCE

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "CON", "a:b", "x" * 300, "trailing.", "\u202egnp", "nul\0l", "", "my.py:Class", "ema-cross"],
)
def test_any_strategy_name_makes_a_name_every_platform_takes(name):
    part = safe_name(name)
    assert part and len(part) <= 40 and set(part) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert new_job_id(name, NOW).startswith(f"20260102T030405Z-{part}-")


def test_runs_that_start_at_once_each_get_a_folder_of_their_own(tmp_path, monkeypatch):
    """The same second, the same strategy, and few names to choose from."""
    numbers = iter([*["aaaaaa"] * 5, *(f"{n:06x}" for n in range(1000))])
    monkeypatch.setattr(run_folder.secrets, "token_hex", lambda n: next(numbers))
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: JobFolder.new(tmp_path / "out", RUN, "ema-cross", NOW), range(32)))
    assert len({folder.path for folder in folders}) == 32
    assert all(folder.path.is_dir() for folder in folders)


@pytest.mark.parametrize("below", ["file/out", "file"])
def test_an_output_folder_that_cannot_be_made_is_refused_by_name(tmp_path, below):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="--out"):
        JobFolder.new(tmp_path / below, RUN, "x", NOW)
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.parametrize("taken", ["runs"])
def test_a_file_where_a_folder_must_be_is_refused(tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(InputError, match="--out"):
        JobFolder.new(tmp_path, RUN, "x", NOW)
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_discarded_run_leaves_nothing_that_was_not_there_before(tmp_path):
    JobFolder.new(tmp_path / "new" / "out", RUN, "x", NOW).discard()
    assert list(tmp_path.iterdir()) == []
    kept = JobFolder.new(tmp_path / "out", RUN, "x", NOW)
    JobFolder.new(tmp_path / "out", RUN, "x", NOW).discard()
    assert [path.name for path in (tmp_path / "out" / "runs").iterdir()] == [kept.job_id]


def test_a_staged_file_has_its_name_only_once_it_is_whole(tmp_path):
    path = tmp_path / "run.json"
    file = StagedFile(path, b"{}")
    assert not path.exists()
    file.commit()
    assert path.read_bytes() == b"{}" and [p.name for p in tmp_path.iterdir()] == ["run.json"]


def test_a_discarded_file_leaves_the_old_one_alone(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(b"old")
    StagedFile(path, b"new").discard()
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["run.json"]


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_we_say_so(tmp_path, monkeypatch):
    """Write, fsync the file, rename, fsync the folder, in this order."""
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1])
    StagedFile(tmp_path / "run.json", b"{}").commit()
    assert calls == (["fsync", "replace"] if sys.platform == "win32" else ["fsync", "replace", "fsync"])


def test_a_disk_that_is_full_leaves_no_temporary_file(tmp_path, monkeypatch):

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        StagedFile(tmp_path / "run.json", b"{}")
    assert list(tmp_path.iterdir()) == []


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_are_appended_under_one_header(tmp_path):
    path = tmp_path / "runs.csv"
    for number in range(3):
        append_row(path, {"a": number, "b": None, "c": "x,y"})
    assert rows(path) == [{"a": str(number), "b": "", "c": "x,y"} for number in range(3)]
    assert [p.name for p in tmp_path.iterdir()] == ["runs.csv"]


@pytest.mark.waits
def test_processes_that_append_at_once_lose_no_row_and_write_one_header(tmp_path):
    path = tmp_path / "runs.csv"
    code = (
        "import sys; from pathlib import Path; from barloom.jobs.summary import append_row\n"
        "for n in range(25): append_row(Path(sys.argv[1]), {'who': sys.argv[2], 'n': n})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), str(who)]) for who in range(4)]
    assert [writer.wait(PATIENCE) for writer in writers] == [0] * 4
    assert {(row["who"], row["n"]) for row in rows(path)} == {(str(w), str(n)) for w in range(4) for n in range(25)}
    assert path.read_text().count("who,n") == 1


def test_of_two_that_make_the_file_at_once_one_writes_the_header(tmp_path, monkeypatch):
    """The other comes between the look for the file and its making."""
    path, link = tmp_path / "runs.csv", os.link

    def late(*arguments):
        monkeypatch.setattr(os, "link", link)
        append_row(path, {"a": 1})
        link(*arguments)

    monkeypatch.setattr(os, "link", late)
    append_row(path, {"a": 2})
    assert rows(path) == [{"a": "1"}, {"a": "2"}]


def test_a_row_that_was_cut_short_does_not_swallow_the_next(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("a,b\n1,")
    append_row(path, {"a": 2, "b": 3})
    assert rows(path)[-1] == {"a": "2", "b": "3"}


def test_text_that_a_spreadsheet_would_run_is_defused(tmp_path):
    path = tmp_path / "runs.csv"
    append_row(path, {"a": "=cmd|' /C calc'!A0", "b": -1.5})
    assert rows(path)[0] == {"a": "'=cmd|' /C calc'!A0", "b": "-1.5"}


def test_a_summary_with_other_columns_is_refused_before_any_work(tmp_path):
    path = tmp_path / "runs.csv"
    check_summary(path, ["a", "b"])
    append_row(path, {"a": 1, "b": 2})
    check_summary(path, ["a", "b"])
    with pytest.raises(InputError, match="other columns"):
        check_summary(path, ["a", "c"])
