"""The two records of a finished sweep."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from barloom.bars.bars import BarsReport
from barloom.engine.orchestrator import available_cores
from barloom.engine.results import AuditCounts
from barloom.jobs.benchmark import JobFacts, Results, benchmark_record
from barloom.jobs.records import BenchmarkRecord, Count, DatasetSlice, Digest, Record, Seconds, UtcTime, dataset_slice
from barloom.observe.criteria import WorkerFacts
from barloom.observe.machine import versions
from barloom.observe.profile_files import Profiled
from barloom.rules.parameters import RunParameters
from barloom.strategies.base import StrategyOrigin
from barloom.sweeps.analysis.table import SweepTable
from barloom.sweeps.options import SweepOptions
from barloom.sweeps.runner.plan import Plan
from barloom.sweeps.runner.usage import Usage

if TYPE_CHECKING:
    from barloom.jobs.sweep.folder import SweepFolder
    from barloom.jobs.sweep.work import SweepJob


class SweepRecord(Record):
    """``sweep.json``: its presence means that the sweep is complete.

    Attributes:
        base: the options that all sets share. names: of the grid. axes: their values, as text where a search chose them.
        sets, failed: sets in the table, and how many of them could not be run.
        resumed: sets that were there already when the last process began.
        digest: BLAKE2b of the checksums of all sets in their order.
        batches, workers, threads: how the work was cut. seconds, cpu_seconds: of the last process, and of all its workers' threads.
        efficiency: cpu_seconds / (workers x threads x seconds in which sets ran); None where that cannot be told.
        audit: what came of asking again for decisions of the best sets.
        memory_peak_mb: this process and its workers together, at most. kept: sets whose trades are in ``trades.parquet``.
    """

    job_id: str
    status: str = "complete"
    started_at: UtcTime
    ended_at: UtcTime
    command: list[str]
    versions: dict[str, str]
    base: RunParameters
    names: list[str]
    sets: Count
    failed: Count
    resumed: Count
    digest: Digest
    rank_by: str
    min_trades: int
    keep_trades: str
    best: list[int]
    kept: list[int] | None
    data: DatasetSlice
    strategy: StrategyOrigin | None
    executor: str
    batches: Count
    workers: int
    threads: int
    seconds: Seconds
    cpu_seconds: Seconds
    efficiency: float | None
    memory_peak_mb: float | None
    audit: AuditCounts | None = None
    folder: str
    files: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Results of a finished sweep.

    Attributes:
        usage: resources used.
        resumed: sets that were finished before.
        report: report of a pass over the bars.
        best: numbers of the best sets.
        audit: audit of the sets that ran once more; None if none did.
        profile: the profile, if one was asked for.
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


def facts_of(usage: Usage, job_id: str, command: Sequence[str], trades: int, seconds: float | None = None) -> JobFacts:
    """Facts about a sweep or a walk-forward until now."""
    return JobFacts(
        job_id=job_id,
        started_at=usage.started_at,
        command=command,
        seconds=usage.seconds if seconds is None else seconds,
        trades=trades,
        phases=usage.phases(),
        peak=usage.peak(),
    )


def records_of(
    job: SweepJob, plan: Plan, table: SweepTable, ended: Ended, folder: SweepFolder | None
) -> tuple[SweepRecord, BenchmarkRecord]:
    """Both records of a sweep in which at least one set ran."""
    if ended.report is None:
        raise RuntimeError("a set that ran has no report of its bars")
    asked, options = job.request, job.request.options
    data = dataset_slice(asked.bars, asked.fine, ended.report, options.reading, **options.part)
    usage = ended.usage
    facts = facts_of(usage, "memory" if folder is None else folder.job_id, job.command, _trades(table))
    kept = None if options.kept_sets is None else ended.best[: options.kept_sets]
    record = _record(job, plan, table, ended, facts, data, kept, folder)
    results = Results(
        data=data,
        digest=record.digest,
        ended_at=record.ended_at,
        ingest_seconds=usage.before,
        identical=True if kept and not ended.resumed else None,
        compared=f"{len(kept or [])} best sets, run again, by checksum",
        hotspots=None if ended.profile is None else len(ended.profile.report.hotspots),
        workers=worker_facts(job.request.options, plan.workers, usage),
    )
    return record, benchmark_record(facts, results)


def _record(
    job: SweepJob,
    plan: Plan,
    table: SweepTable,
    ended: Ended,
    facts: JobFacts,
    data: DatasetSlice,
    kept: list[int] | None,
    folder: SweepFolder | None,
) -> SweepRecord:
    files = [
        "sweep.json",
        "sweep.parquet",
        "plan.json",
        "benchmark.json",
        "sweep.log",
        *(["trades.parquet"] if kept != [] else []),
    ]
    files += [] if ended.profile is None else [name for name, _ in ended.profile.files]
    return SweepRecord(
        job_id=facts.job_id,
        started_at=facts.started_at,
        ended_at=max(datetime.now(UTC), facts.started_at),
        command=list(job.command),
        versions=versions(),
        base=job.request.base,
        names=list(table.names),
        sets=len(table),
        failed=table.refused,
        resumed=ended.resumed,
        digest=table_digest(table),
        rank_by=job.request.options.metric,
        min_trades=job.request.options.min_trades,
        keep_trades=job.request.options.keep_trades,
        best=ended.best,
        kept=kept,
        data=data,
        strategy=job.request.origin,
        executor=plan.executor,
        batches=plan.batches,
        workers=plan.workers,
        threads=plan.threads,
        seconds=facts.seconds,
        cpu_seconds=ended.usage.cpu_seconds,
        efficiency=ended.usage.efficiency() if plan.executor == "local" else None,
        memory_peak_mb=facts.peak_mb,
        audit=ended.audit,
        folder="" if folder is None else str(folder.path),
        files=[] if folder is None else files,
    )


def _trades(table: SweepTable) -> int:
    return sum(count or 0 for count in table.table["trades"].to_pylist())


def worker_facts(options: SweepOptions, workers: int, usage: Usage) -> WorkerFacts:
    """Facts about the workers of a sweep or a walk-forward; with their efficiency if there were several and they report it."""
    told = options.executor == "local" and workers > 1
    return WorkerFacts(
        executor=options.executor,
        workers=workers,
        asked=options.max_workers,
        cores=available_cores(),
        efficiency=usage.efficiency() if told else None,
    )
