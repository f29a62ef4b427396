"""The two records of a sweep that has come to its end, and the benchmark record that a walk forward has too."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from barloom import __version__
from barloom.bars.bars import BarsReport
from barloom.engine.orchestrator import available_cores
from barloom.engine.results import AuditCounts
from barloom.jobs.endings import benchmark_path
from barloom.jobs.records import BenchmarkRecord, DatasetSlice, Machine
from barloom.jobs.run import dataset_slice
from barloom.jobs.sweep_record import SweepRecord
from barloom.observe.criteria import Criterion, Facts, judge
from barloom.observe.machine import machine, versions
from barloom.observe.memory import MB
from barloom.observe.profile_files import Profiled
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.runner.plan import Plan
from barloom.sweeps.runner.usage import Usage

if TYPE_CHECKING:
    from barloom.jobs.sweep_folder import SweepFolder
    from barloom.jobs.sweep_work import SweepJob

EFFICIENCY_LIMIT = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a sweep.

    Attributes:
        usage: what it took.
        resumed: sets that were finished before.
        report: what a pass over the bars found.
        best: numbers of the best sets.
        audit: what came of asking again for decisions of those that ran once more; None where none did.
        profile: where one was asked for.
    """

    usage: Usage
    resumed: int
    report: BarsReport | None
    best: list[int]
    audit: AuditCounts | None
    profile: Profiled | None


def table_digest(table: SweepTable) -> str:
    """BLAKE2b of number and checksum of every set."""
    digest = hashlib.blake2b(digest_size=32)
    for number, checksum in zip(table.table["set_id"].to_pylist(), table.table["checksum"].to_pylist(), strict=True):
        digest.update(f"{number} {checksum}\n".encode())
    return digest.hexdigest()


def records_of(
    job: SweepJob, plan: Plan, table: SweepTable, ended: Ended, folder: SweepFolder | None
) -> tuple[SweepRecord, BenchmarkRecord, Path | None]:
    """Both records of a sweep in which at least one set ran.

    Raises:
        InputError: ``--benchmark-out`` is in no folder.
    """
    options = job.options
    if ended.report is None:
        raise RuntimeError("a set that ran has no report of its bars")
    data = dataset_slice(job.bars, job.fine, ended.report, options.reading, **options.part)
    usage = ended.usage
    ended_at = max(datetime.now(UTC), usage.started_at)
    digest = table_digest(table)
    peak = usage.peak()
    efficiency = usage.efficiency() if plan.executor == "local" else None
    job_id = folder.job_id if folder is not None else "memory"
    kept = None if options.kept_sets is None else ended.best[: options.kept_sets]
    files = ["sweep.json", "sweep.parquet", "plan.json", "sweep.log", *(["trades.parquet"] if kept != [] else [])]
    profile = ended.profile
    files += [] if profile is None else [name for name, _ in profile.files]
    record = SweepRecord(
        job_id=job_id,
        started_at=usage.started_at,
        ended_at=ended_at,
        command=list(job.command),
        versions=versions(),
        base=job.base,
        names=list(table.names),
        sets=len(table),
        failed=table.refused,
        resumed=ended.resumed,
        digest=digest,
        rank_by=options.metric,
        min_trades=options.min_trades,
        keep_trades=options.keep_trades,
        best=ended.best,
        kept=kept,
        data=data,
        strategy=job.origin,
        executor=plan.executor,
        batches=plan.batches,
        workers=plan.workers,
        threads=plan.threads,
        seconds=usage.seconds,
        cpu_seconds=usage.cpu_seconds,
        efficiency=efficiency,
        memory_peak_mb=round(peak / MB, 3) if peak is not None else None,
        audit=ended.audit,
        folder="" if folder is None else str(folder.path),
        files=[] if folder is None else files,
    )
    asked = Asked(plan.executor, plan.workers, job.options.max_workers)
    benchmark = benchmark_of(
        record,
        data,
        usage,
        asked,
        trades=_trades(table),
        identical=True if kept and not ended.resumed else None,
        compared=f"{len(kept or [])} best sets, run again, by checksum",
        profile=profile,
    )
    path = None if folder is None else benchmark_path(options.benchmark_out, folder.job_id, folder.benchmarks)
    return record, benchmark, path


def _trades(table: SweepTable) -> int:
    return sum(count or 0 for count in table.table["trades"].to_pylist())


@dataclass(frozen=True, slots=True)
class Asked:
    """The workers: where they run, how many there were, and how many were asked for."""

    executor: str
    workers: int
    asked: int


class Ending(Protocol):
    """What the record of a sweep and that of a walk forward have in common."""

    job_id: str
    started_at: datetime
    ended_at: datetime
    command: list[str]
    digest: str
    seconds: float


def benchmark_of(
    record: Ending,
    data: DatasetSlice,
    usage: Usage,
    asked: Asked,
    *,
    trades: int,
    identical: bool | None,
    compared: str,
    profile: Profiled | None,
) -> BenchmarkRecord:
    """The benchmark record of a sweep or of a walk forward.

    Args:
        record: its other record.
        data: the bars.
        usage: what it took.
        asked: the workers.
        trades: of all sets.
        identical: whether what was run again came out the same, None where nothing was.
        compared: what was run again, in words.
        profile: where one was asked for.
    """
    raw, peak = data.selected_rows * 8 * len(data.columns), usage.peak()
    efficiency = usage.efficiency() if asked.executor == "local" else None
    facts = Facts(
        selected_rows=data.selected_rows,
        seconds=record.seconds,
        ingest_seconds=usage.before,
        peak_bytes=peak,
        raw_bytes=raw,
        speedup=None,
        identical=identical,
        compared=compared,
        retries=None,
        hotspots=None if profile is None else len(profile.report.hotspots),
    )
    return BenchmarkRecord(
        job_id=record.job_id,
        started_at=record.started_at,
        ended_at=record.ended_at,
        command=record.command,
        version=__version__,
        machine=Machine.model_validate(machine()),
        data=data,
        trades_simulated=trades,
        signals=None,
        phase_times=usage.phases(),
        wall_clock_total=record.seconds,
        memory_peak_mb=round(peak / MB, 3) if peak is not None else None,
        raw_bytes=raw,
        memory_ratio=round(peak / raw, 6) if peak is not None and raw else None,
        parallel_efficiency=efficiency if asked.workers > 1 else None,
        digest=record.digest,
        criteria=judge(facts) | _parallel(asked, efficiency),
    )


def _parallel(asked: Asked, efficiency: float | None) -> dict[str, Criterion]:
    """The criteria that only several workers can measure."""
    verdicts: dict[str, Criterion] = {}
    if efficiency is not None and asked.workers > 1:
        why = "processor seconds of the workers / (workers x threads x wall clock): one worker alone was not timed beside them"
        good = efficiency >= EFFICIENCY_LIMIT
        found = Criterion(status="pass" if good else "fail", value=efficiency, limit=EFFICIENCY_LIMIT, why=why)
    else:
        where = "Dask does not tell the processor time" if asked.executor == "dask" else "there was one worker"
        found = Criterion(status="not_applicable", limit=EFFICIENCY_LIMIT, why=where)
    verdicts["SC-005"] = verdicts["SC-011"] = found
    if asked.asked > available_cores():
        why = f"{asked.asked} workers were asked for and {available_cores()} cores are there: one warning"
        verdicts["SC-012"] = Criterion(status="pass", value="once", limit="once", why=why)
    else:
        why = "no more workers were asked for than there are cores"
        verdicts["SC-012"] = Criterion(status="not_applicable", limit="once", why=why)
    return verdicts
