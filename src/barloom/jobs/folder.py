"""The folder of a job: made exclusively, committed file by file, and whole only when its record is there.

A file is staged under a temporary name in its final folder, flushed and fsynced, and then renamed; then the folder is
synced. A job that is killed at any moment leaves nothing that looks finished.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from barloom.errors import InputError
from barloom.jobs.benchmark import JobFacts, StagedCopy, benchmark_record, copy_path
from barloom.jobs.records import SUMMARY_COLUMNS, BenchmarkRecord
from barloom.jobs.staged import StagedFile
from barloom.jobs.summary import append_row, check_summary

MKDIR_TRIES = 100


def safe_name(text: str, limit: int = 40) -> str:
    """A part of a file name that every platform takes: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-") or "run"


def new_job_id(strategy: str, now: datetime) -> str:
    """UTC time, strategy and six random hexadecimal digits: ``20260102T030405Z-ema-cross-1a2b3c``."""
    return f"{now:%Y%m%dT%H%M%SZ}-{safe_name(strategy)}-{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        name: as it is called in a sentence.
        home: the folder below ``--out`` that holds the folders of such jobs.
        record: the file whose presence means that a folder is whole.
        log: the file that holds what was logged.
    """

    name: str
    home: str
    record: str
    log: str


RUN = JobKind("run", "runs", "run.json", "run.log")
SWEEP = JobKind("sweep", "sweeps", "sweep.json", "sweep.log")
WALK_FORWARD = JobKind("walk forward", "walk-forward", "walk-forward.json", "walk-forward.log")


class JobFolder:
    """``OUT/<home>/<job_id>/``, ours alone.

    Attributes:
        kind: of the job.
        job_id: the folder's name.
        home: the folder it lies in.
        runs: ``OUT/runs.csv``, a row a finished job.
    """

    def __init__(self, out: Path, kind: JobKind, strategy: str, job_id: str = "") -> None:
        """Name the folder, which is not made yet.

        Raises:
            InputError: ``runs.csv`` has other columns, or cannot be read.
        """
        self.kind = kind
        self.job_id = job_id
        self.home, self.runs = out / kind.home, out / "runs.csv"
        self._strategy = strategy
        self._made: list[Path] = []
        self._copy: Path | None = None
        check_summary(self.runs, SUMMARY_COLUMNS)

    @classmethod
    def new(cls, out: Path, kind: JobKind, strategy: str, now: datetime) -> JobFolder:
        """Make a folder under a name that no other job has.

        Args:
            out: the output folder; made if it is not there.
            kind: of the job.
            strategy: a part of the name.
            now: the time in the name, UTC.

        Raises:
            InputError: the output folder cannot be written.
        """
        folder = cls(out, kind, strategy)
        try:
            folder._claim(strategy, now)
            # Root may make folders where it may not write: find out now.
            StagedFile(folder.record, b"").discard()
        except OSError as error:
            folder.discard()
            raise InputError(f"cannot write to --out {out}: {error.strerror or error}; name another folder") from None
        return folder

    def _claim(self, strategy: str, now: datetime) -> None:
        for attempt in range(MKDIR_TRIES):
            name = new_job_id(strategy, now)
            path = self.home / name
            try:
                self._make(self.home)
                path.mkdir()
            except (FileExistsError, FileNotFoundError) as error:
                # Another job has the name, or has just removed the empty folder above; nothing else is worth a try.
                taken = error.filename == str(path) or isinstance(error, FileNotFoundError)
                if not taken or attempt == MKDIR_TRIES - 1:
                    raise
                continue
            self.job_id = name
            return

    def _make(self, folder: Path) -> None:
        """Make a folder and those above it, remembering which were new."""
        for parent in reversed([folder, *folder.parents]):
            if not parent.is_dir():
                parent.mkdir(exist_ok=True)
                self._made.append(parent)

    @property
    def path(self) -> Path:
        """The folder."""
        return self.home / self.job_id

    @property
    def record(self) -> Path:
        """The record that makes it whole."""
        return self.path / self.kind.record

    @property
    def log(self) -> Path:
        """The log of the job."""
        return self.path / self.kind.log

    @property
    def whole(self) -> bool:
        """True once the job is finished: its record is there."""
        return self.record.exists()

    @property
    def benchmark(self) -> Path:
        """The benchmark record."""
        return self.path / "benchmark.json"

    def copy_record_to(self, asked: Path | None) -> None:
        """Have a copy of the benchmark record left where ``--benchmark-out`` asks for it.

        Raises:
            InputError: see ``benchmark.copy_path``.
        """
        self._copy = copy_path(asked, self.job_id)

    def stage(self, name: str, content: bytes) -> StagedFile:
        """Write a file of the folder under a temporary name; see ``StagedFile``."""
        return StagedFile(self.path / name, content)

    def commit(
        self,
        record: bytes,
        benchmark: BenchmarkRecord,
        files: Sequence[tuple[str, bytes]] = (),
        write: Callable[[], None] | None = None,
    ) -> None:
        """Put everything on the disk under temporary names, then name it; the record that makes the folder whole last of all.

        Args:
            record: the content of that record.
            benchmark: the benchmark record.
            files: names and contents of other files.
            write: commits files of its own, once the rest is staged.
        """
        staged: list[StagedFile] = []
        try:
            staged.append(self.stage(self.kind.record, record))
            staged.append(self.stage(self.benchmark.name, benchmark.to_json()))
            if self._copy is not None:
                staged.append(StagedCopy(self._copy, benchmark.to_json(), self.benchmark))
            staged += [self.stage(name, content) for name, content in files]
            if write is not None:
                write()
            for file in staged[1:]:
                file.commit()
            append_row(self.runs, benchmark.summary_row(self._strategy))
            staged[0].commit()
        finally:
            for file in staged:
                file.discard()

    def leave_failed(self, facts: JobFacts, error: str) -> None:
        """Write the benchmark record of a job that failed, and its copy, where that can be done."""
        content = benchmark_record(facts, None, error).to_json()
        with contextlib.suppress(OSError):
            self.stage(self.benchmark.name, content).commit()
        if self._copy is not None:
            with contextlib.suppress(OSError):
                staged = StagedCopy(self._copy, content, self.benchmark)
                try:
                    staged.commit()
                finally:
                    staged.discard()

    def discard(self) -> None:
        """Remove the folder with all in it, and the folders above that were made for it and are empty."""
        if self.job_id:
            shutil.rmtree(self.path, ignore_errors=True)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()
