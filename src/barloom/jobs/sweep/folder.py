"""The folder of a sweep: its plan, the finished parts, and its table; complete only when ``sweep.json`` exists.

A part is committed as the files of a run are: staged, synced, renamed. So a sweep that is killed at any moment keeps what was finished,
and the same command goes on with the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from barloom import __version__
from barloom.bars.bars import BarsReport
from barloom.bars.reading import Reading
from barloom.errors import InputError
from barloom.jobs.folder import SWEEP, JobFolder, safe_name
from barloom.jobs.records import BenchmarkRecord, Record
from barloom.jobs.staged import StagedFile
from barloom.observe import profile_files as profiled
from barloom.renaming import replace, sync_folder
from barloom.rules.parameters import RunParameters
from barloom.sweeps.runner.shared import forget
from barloom.sweeps.runner.tasks import SET_ID, TASK_SCHEMA, TaskResult

PART = re.compile(r"(\d+)-(\d+)\.parquet")
GROUP_ROWS = 16_384  # sets in a row group of the table
_PART_KEY = b"barloom.part"
_REPORT: TypeAdapter[BarsReport | None] = TypeAdapter(BarsReport | None)
log = logging.getLogger(__name__)


class FileStamp(Record):
    """A file as it was when the sweep began; the time of its last change in nanoseconds."""

    path: Path
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The stamp of an existing file.

        Raises:
            InputError: it cannot be looked at.
        """
        try:
            found = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path") from None
        return cls(path=path.absolute(), size=found.st_size, changed_ns=found.st_mtime_ns)


class SweepPlan(Record):
    """``plan.json``: facts that tell this sweep from others, and that must not change while it runs.

    Attributes:
        base: the options that all sets share; nothing that never changes a result.
        names: of the grid.
        sets: BLAKE2b of the values of all sets, or of what makes them where a search asks for them.
        data: label of the bars; reading, fraction, portion, start, end: how they are read and selected.
        bars: content hash of bars in memory; None for those of files.
        all_trades: whether every set keeps its trades.
        files: those that the bars are read from. strategy: SHA-256 of the strategy's file. version: of barloom.
    """

    base: RunParameters
    names: tuple[str, ...]
    sets: str
    data: str
    reading: Reading
    fraction: float = 1.0
    portion: int = 1
    start: str | None = None
    end: str | None = None
    bars: str | None = None
    all_trades: bool = False
    files: tuple[FileStamp, ...] = ()
    strategy: str | None = None
    version: str = __version__

    @property
    def digest(self) -> str:
        """BLAKE2b of the facts that tell this sweep from others: the same command has the same hash."""
        same = self.model_copy(update={"files": (), "strategy": None, "version": ""})
        return hashlib.blake2b(same.model_dump_json().encode(), digest_size=16).hexdigest()


def sets_digest(sets: Any) -> str:
    """BLAKE2b of values that JSON can hold."""
    return hashlib.blake2b(TypeAdapter(Any).dump_json(sets), digest_size=16).hexdigest()


class SweepFolder(JobFolder):
    """``OUT/sweeps/<strategy>-<8 digits of the plan>/``: the same command continues in it; it is locked for others until closed."""

    def __init__(self, out: Path, plan: SweepPlan) -> None:
        """Make the folder, or continue with the one that the same command began.

        Raises:
            InputError: it cannot be written, another process is at work in it, or what it was begun with has changed.
        """
        strategy = plan.base.strategy
        super().__init__(out, SWEEP, strategy, f"{safe_name(strategy.rpartition(':')[2])}-{plan.digest[:8]}")
        self._parts = self.path / "parts"
        self._lock: IO[bytes] | None = None
        self._new = not self.path.exists()
        try:
            self._make(self.home)
            self._parts.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.path / "lock")
            self._begin(plan)
        except OSError as error:
            self.close()
            raise InputError(f"cannot write to --out {out}: {error.strerror or error}; name another folder") from None
        except BaseException:
            self.close()
            raise

    def _begin(self, plan: SweepPlan) -> None:
        """Compare with the existing plan, or write it; remove files that a killed process left half done."""
        file = self.path / "plan.json"
        for folder in (self.path, self._parts):
            for path in folder.glob(".*.tmp"):
                path.unlink()
        forget(self.path)
        if not file.exists():
            StagedFile(file, plan.to_json()).commit()
            return
        over = f"move {self.path} away to start over, or choose another --out"
        try:
            before = SweepPlan.model_validate_json(file.read_bytes())
        except ValidationError:
            raise InputError(f"{file} is no plan of this version of barloom: {over}") from None
        if before.version != plan.version:
            raise InputError(
                f"{self.path} was begun by barloom {before.version} and this is {plan.version}: "
                f"go on with that version, or {over}"
            )
        if before.digest != plan.digest:
            raise InputError(f"{self.path} holds another sweep: {over}")
        for then, now in zip(before.files, plan.files, strict=False):
            if then != now:
                raise InputError(
                    f"{now.path} was changed since the sweep in {self.path} was begun: put it back as it was, or {over}"
                )
        if before.files != plan.files or before.strategy != plan.strategy:
            what = "the strategy" if before.files == plan.files else "what the data is read from"
            raise InputError(
                f"{what} was changed since the sweep in {self.path} was begun: put it back as it was, or {over}"
            )

    # ------------------------------------------------------------ parts

    def finished(self) -> Iterator[TaskResult]:
        """The existing parts, in the order of their sets; a part that cannot be read counts as missing.

        Raises:
            InputError: they are of different bars.
        """
        content_hash = None
        for first, last, path in sorted(
            (int(found[1]), int(found[2]), path)
            for path in self._parts.iterdir()
            if (found := PART.fullmatch(path.name))
        ):
            result = _read_part(path, first, last)
            if result is None:
                log.warning("%s cannot be read: its sets run again", path)
                path.unlink()
                continue
            if result.report is not None:
                if content_hash not in (None, result.report.content_hash):
                    raise self.other_bars()
                content_hash = result.report.content_hash
            yield result

    def sets_kept(self) -> int:
        """Number of sets in the existing parts."""
        found = (PART.fullmatch(path.name) for path in self._parts.iterdir())
        return sum(int(part[2]) - int(part[1]) + 1 for part in found if part)

    def other_bars(self) -> InputError:
        """The error for bars that differ from those of the finished sets."""
        return InputError(
            f"the bars are not those that the finished sets in {self.path} were run on: put the data back as it was, "
            "or move that folder away to start over"
        )

    def save(self, result: TaskResult) -> None:
        """Commit the result of a task: its trades first, then the part that makes them count."""
        name = f"{result.set_ids[0]}-{result.set_ids[-1]}"
        if result.trades is not None:
            self._commit_table(self._parts / f"{name}.trades", result.trades)
        facts = {
            "report": _REPORT.dump_python(result.report, mode="json"),
            "seconds": result.seconds,
            "cpu_seconds": result.cpu_seconds,
            "peak_rss": result.peak_rss,
            "broken": result.broken,
        }
        table = result.table.replace_schema_metadata({_PART_KEY: TypeAdapter(Any).dump_json(facts)})
        self._commit_table(self._parts / f"{name}.parquet", table)

    def trades_of(self, result: TaskResult) -> pa.Table | None:
        """The trades that were kept with a part; None if there are none."""
        path = self._parts / f"{result.set_ids[0]}-{result.set_ids[-1]}.trades"
        return pq.read_table(pa.BufferReader(path.read_bytes())) if path.exists() else None

    def forget_parts(self) -> None:
        """Remove every part."""
        for path in self._parts.iterdir():
            path.unlink()

    # ------------------------------------------------------------ the end

    def finish(
        self,
        table: pa.Table,
        trades: Iterator[pa.Table],
        record: bytes,
        benchmark: BenchmarkRecord,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Commit the table, the kept trades, the profile, the benchmark record, and last the record that marks the sweep as complete."""
        self.record.unlink(missing_ok=True)
        for name in (profiled.JSON, profiled.PAGE):
            (self.path / name).unlink(missing_ok=True)

        def write() -> None:
            self._commit_table(self.path / "sweep.parquet", table)
            self._commit_trades(trades)

        self.commit(record, benchmark, files, write)

    def _commit_trades(self, trades: Iterator[pa.Table]) -> None:
        kept = self.path / "trades.parquet"
        kept.unlink(missing_ok=True)
        first = next(trades, None)
        if first is None:
            return
        part = kept.with_name(".trades.parquet.tmp")
        try:
            with open(part, "wb") as file:
                with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
                    writer.write_table(first)
                    for more in trades:
                        writer.write_table(more)
                file.flush()
                os.fsync(file.fileno())
            replace(part, kept)
            sync_folder(self.path)
        finally:
            part.unlink(missing_ok=True)

    def _commit_table(self, path: Path, table: pa.Table) -> None:
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd", row_group_size=GROUP_ROWS, write_page_checksum=True)
        file = StagedFile(path, out.getvalue())
        try:
            file.commit()
        finally:
            file.discard()

    @property
    def trades(self) -> pa.Table | None:
        """The trades that were kept; None if there are none."""
        path = self.path / "trades.parquet"
        return pq.read_table(path) if path.exists() else None

    def abandon(self) -> None:
        """Remove the folder if it is new and holds nothing finished, with the folders that were made for it."""
        if not self._new or any(self._parts.iterdir()):
            return
        self.close()
        for path in (*self.path.glob("*.json"), self.log, self.path / "lock"):
            path.unlink(missing_ok=True)
        for folder in (self._parts, self.path, *reversed(self._made)):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def close(self) -> None:
        """Unlock it for other processes."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _read_part(path: Path, first: int, last: int) -> TaskResult | None:
    """A part as it was saved; None if it is not complete."""
    try:
        table = pq.read_table(pa.BufferReader(path.read_bytes()), page_checksum_verification=True)
        facts = TypeAdapter(dict[str, Any]).validate_json((table.schema.metadata or {})[_PART_KEY])
        report = _REPORT.validate_python(facts["report"])
        ids: Sequence[int] = table[SET_ID].to_pylist()
        if list(ids) != list(range(first, last + 1)):
            return None
        return TaskResult(
            set_ids=tuple(ids),
            table=table.replace_schema_metadata(None).cast(TASK_SCHEMA),
            report=report,
            seconds=float(facts["seconds"]),
            cpu_seconds=float(facts["cpu_seconds"]),
            peak_rss=facts["peak_rss"],
            trades=None,
            broken={int(number): str(details) for number, details in facts["broken"].items()},
        )
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError):
        return None


def _locked(path: Path) -> IO[bytes]:
    """An open file that no other process has locked; the lock ends with the process.

    Raises:
        InputError: another process has it.
    """
    file = open(path, "ab")  # noqa: SIM115
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise InputError(
            f"another process is at work on this sweep in {path.parent}: wait for it, or choose another --out"
        ) from None
    return file
