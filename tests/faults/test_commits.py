"""Whatever is committed is written and synced under another name, then renamed, then its folder is synced, in this order.

A kill shows nothing of it, since what the system holds survives the process: the order of the calls is looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars
from helpers.command import run_here

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced on Windows")
pytestmark = posix
WRITTEN_AS_IT_GOES = {".log", ".lock"}
"""Logs, which are no results, and locks, which hold nothing."""


class Calls:
    """The calls that make files last, in their order: what was synced, by number of the file and as it was then; what got which name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, Any]] = []
        sync = os.fsync

        def fsync(handle: int) -> None:
            sync(handle)
            self.events.append(("sync", state(os.fstat(handle))))

        monkeypatch.setattr(os, "fsync", fsync)
        for name in ("replace", "rename", "link"):
            self._watch(monkeypatch, name, getattr(os, name))

    def _watch(self, monkeypatch: pytest.MonkeyPatch, name: str, real: Callable[..., None]) -> None:
        def watched(source: Any, target: Any, **more: Any) -> None:
            was = state(os.stat(source))
            real(source, target, **more)
            self.events.append((name, (was, Path(target).resolve())))

        monkeypatch.setattr(os, name, watched)

    def named(self, path: Path) -> int:
        """The place of the call that gave a file its name last."""
        found = [
            place
            for place, (kind, what) in enumerate(self.events)
            if kind in ("replace", "rename", "link") and what[1] == path.resolve()
        ]
        assert found, f"{path} was never renamed into its place"
        return found[-1]

    def synced(self, what: tuple[int, ...], start: int, stop: int) -> bool:
        """True if a file in its final state, or a folder, was synced between two places."""
        return any(kind == "sync" and found[: len(what)] == what for kind, found in self.events[start:stop])

    def check(self, path: Path) -> int:
        """See to it that a file was committed; the place of its name."""
        at = self.named(path)
        was = self.events[at][1][0]
        assert self.synced(was, 0, at), f"{path} was renamed before it was synced, or written to since"
        folder = os.stat(path.parent)
        assert self.synced((folder.st_dev, folder.st_ino), at, len(self.events)), (
            f"the folder of {path} was not synced after it"
        )
        return at


def state(found: os.stat_result) -> tuple[int, ...]:
    """A file, its size and the time of its last change: what is written after a sync has another one."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    write_bars(from_synthetic(20_000, 1), tmp_path / "bars.csv")
    monkeypatch.chdir(tmp_path)
    return Calls(monkeypatch)


def committed(folder: Path) -> Iterator[Path]:
    """Every file below a folder that is a result."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in WRITTEN_AS_IT_GOES and path.name not in ("lock", "runs.csv"):
            yield path


def done(*words: object) -> None:
    code, _, err = run_here(*words)
    assert code == 0, err


GRID = ("--strategy", "ema-cross", "--grid", "fast=5,8", "--grid", "slow=20,30")
JOBS: dict[str, tuple[tuple[str, ...], set[str], str]] = {
    "run": (
        ("run", "bars.csv", "--profile-html", "--deterministic"),
        {"run.json", "trades.parquet", "equity.parquet", "profile.json", "profile.html", "benchmark.json"},
        "runs/*/run.json",
    ),
    "sweep": (
        ("sweep", "bars.csv", *GRID, "--profile-html", "--heat-map", "fast,slow"),
        {
            "sweep.json",
            "sweep.parquet",
            "trades.parquet",
            "plan.json",
            "benchmark.json",
            "profile.json",
            "profile.html",
            "sweep.html",
            "heat-map-fast-slow.png",
        },
        "sweeps/*/sweep.json",
    ),
    "sweep of all trades": (
        ("sweep", "bars.csv", *GRID, "--keep-trades", "all"),
        {
            "sweep.json",
            "sweep.parquet",
            "benchmark.json",
            "trades.parquet",
            "plan.json",
            "sweep.html",
            "0-3.parquet",
            "0-3.trades",
        },
        "sweeps/*/sweep.json",
    ),
    "walk-forward": (
        ("walk-forward", "bars.csv", *GRID, "--train", "1w", "--test", "3d", "--profile-html"),
        {"walk-forward.json", "benchmark.json", "trades.parquet", "equity.parquet", "profile.json", "profile.html"},
        "walk-forward/*/walk-forward.json",
    ),
}
AFTER = {"sweep.html", "heat-map-fast-slow.png"}
"""Pages that are drawn from what is whole already."""


@pytest.mark.parametrize("job", JOBS)
def test_the_files_of_a_job_are_synced_named_and_their_folders_synced(calls: Calls, tmp_path: Path, job: str) -> None:
    words, names, whole = JOBS[job]
    done(*words, "--out", "out")
    found = list(committed(tmp_path / "out"))
    assert {path.name for path in found} >= names
    places = {path: calls.check(path) for path in found}
    (last,) = (tmp_path / "out").glob(whole)
    before = [path for path in found if path != last and path.name not in AFTER]
    assert all(places[path] < places[last] for path in before), "what makes a job whole is named last"
    for path in before:
        folder = os.stat(path.parent)
        assert calls.synced((folder.st_dev, folder.st_ino), places[path], places[last]), (
            f"{path} lasts before the job is whole"
        )


def test_rows_of_the_summary_last(calls: Calls, tmp_path: Path) -> None:
    """The header is committed, and each row is synced once it is there."""
    for _ in range(2):
        done("run", "bars.csv", "--out", "out")
        summary = tmp_path / "out" / "runs.csv"
        at = calls.named(summary)
        assert calls.synced(calls.events[at][1][0][:3], 0, at), "the header was synced before it had its name"
        folder = os.stat(summary.parent)
        assert calls.synced((folder.st_dev, folder.st_ino), at, len(calls.events))
        assert calls.synced(state(os.stat(summary)), at, len(calls.events)), "the last row was synced as it is"
        (whole, *_) = sorted((tmp_path / "out").glob("runs/*/run.json"), key=calls.named, reverse=True)
        row = next(k for k, event in enumerate(calls.events) if event == ("sync", state(os.stat(summary))))
        assert row < calls.named(whole), "a run that is whole has its row"


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_a_store_is_synced_before_it_has_its_name(calls: Calls, tmp_path: Path, suffix: str) -> None:
    done("data", "ingest", "bars.csv", "--out", f"store{suffix}")
    calls.check(tmp_path / f"store{suffix}")


@pytest.mark.parametrize("suffix", [".csv", ".arrow", ".parquet"])
def test_generated_bars_are_synced_before_they_have_their_name(calls: Calls, tmp_path: Path, suffix: str) -> None:
    done("data", "generate", "--rows", "500", "--out", f"made{suffix}")
    calls.check(tmp_path / f"made{suffix}")


def test_records_that_go_elsewhere_and_of_benchmarks_are_committed_too(calls: Calls, tmp_path: Path) -> None:
    done("run", "bars.csv", "--out", "out", "--benchmark-out", "elsewhere.json")
    calls.check(tmp_path / "elsewhere.json")
    done("bench", "run", "--rows", "10000", "--section", "slice", "--repeats", "3", "--out", "measured.json")
    calls.check(tmp_path / "measured.json")


def test_the_trades_that_an_interrupted_run_keeps_are_committed(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from barloom.observe import progress

    seen: list[int] = []

    def interrupted(self: Any, step: Any) -> None:
        seen.append(step.trades)
        if step.trades > 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressReport, "__call__", interrupted)
    code, _, _ = run_here("run", "bars.csv", "--out", "out", "--chunk-rows", "500", "--batch-rows", "10")
    assert code == 130
    (kept,) = (tmp_path / "out").glob("runs/*/trades.partial.parquet")
    for path in committed(tmp_path / "out"):
        calls.check(path)
    assert kept.exists()
