"""The two records of a sweep that has come to its end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from barloom import __version__
from barloom.backtest.job import benchmark_path, dataset_slice
from barloom.backtest.orchestrator import available_cores
from barloom.backtest.records import BenchmarkRecord, DatasetSlice, Machine
from barloom.backtest.sweep.planning import Plan
from barloom.backtest.sweep.records import SweepRecord
from barloom.backtest.sweep.table import SweepTable
from barloom.bars.bars import BarsReport
from barloom.errors import InputError
from barloom.observe.criteria import Criterion, Facts, judge
from barloom.observe.machine import machine, versions
from barloom.observe.memory import MB, peak_rss

if TYPE_CHECKING:
    from barloom.backtest.sweep.folder import SweepFolder
    from barloom.backtest.sweep.work import SweepJob

EFFICIENCY_LIMIT = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was measured.

    Attributes:
        seconds: wall clock of this process' part of the sweep. working: of that, while sets ran. writing: after them.
        cpu_seconds: of all workers in ``working``.
        resumed: sets that were finished before.
        peaks: largest resident sets of the workers' processes, a value a batch, bytes.
        report: what a pass over the bars found; None where every set was refused.
        best: numbers of the best sets.
    """

    started_at: datetime
    seconds: float
    working: float
    writing: float
    cpu_seconds: float
    resumed: int
    peaks: list[int]
    report: BarsReport | None
    best: list[int]


def table_digest(table: SweepTable) -> str:
    """BLAKE2b of number and checksum of every set."""
    digest = hashlib.blake2b(digest_size=32)
    for number, checksum in zip(table.table["set_id"].to_pylist(), table.table["checksum"].to_pylist(), strict=True):
        digest.update(f"{number} {checksum}\n".encode())
    return digest.hexdigest()


def records_of(
    job: SweepJob, plan: Plan, table: SweepTable, ended: Ended, folder: SweepFolder | None
) -> tuple[SweepRecord, BenchmarkRecord, Path | None]:
    """Both records.

    Raises:
        InputError: no set could be run, so that there is nothing to record.
    """
    options = job.options
    if ended.report is None:
        said = next((error for error in table.table["error"].to_pylist() if error), "no set ran")
        raise InputError(f"every set of the grid was refused; the first: {said}")
    data = dataset_slice(job.bars, job.fine, ended.report, options.reading, **options.part)
    ended_at = max(datetime.now(UTC), ended.started_at)
    digest = table_digest(table)
    peak = _peak(plan, ended)
    spent = plan.workers * plan.threads * ended.working
    efficiency = round(ended.cpu_seconds / spent, 4) if spent > 0 and plan.executor == "local" and ended.peaks else None
    job_id = folder.job_id if folder is not None else "memory"
    kept = None if options.kept_sets is None else ended.best[: options.kept_sets]
    files = ["sweep.json", "sweep.parquet", "plan.json", "sweep.log", *(["trades.parquet"] if kept != [] else [])]
    record = SweepRecord(
        job_id=job_id,
        started_at=ended.started_at,
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
        seconds=ended.seconds,
        cpu_seconds=ended.cpu_seconds,
        efficiency=efficiency,
        memory_peak_mb=round(peak / MB, 3) if peak is not None else None,
        folder="" if folder is None else str(folder.path),
        files=[] if folder is None else files,
    )
    benchmark = _benchmark(record, data, ended, efficiency, peak, _trades(table), job.options.max_workers)
    path = None if folder is None else benchmark_path(options.benchmark_out, folder.job_id, folder.benchmarks)
    return record, benchmark, path


def _trades(table: SweepTable) -> int:
    return sum(count or 0 for count in table.table["trades"].to_pylist())


def _peak(plan: Plan, ended: Ended) -> int | None:
    """Bytes of this process and its workers together, at most."""
    own = peak_rss()
    if own is None or plan.executor != "local" or plan.workers == 1:
        return own
    return own + plan.workers * max(ended.peaks, default=0)


def _benchmark(
    record: SweepRecord,
    data: DatasetSlice,
    ended: Ended,
    efficiency: float | None,
    peak: int | None,
    trades: int,
    asked: int,
) -> BenchmarkRecord:
    raw = data.selected_rows * 8 * len(data.columns)
    before = max(ended.seconds - ended.working - ended.writing, 0.0)
    facts = Facts(
        selected_rows=data.selected_rows,
        seconds=ended.seconds,
        ingest_seconds=before,
        peak_bytes=peak,
        raw_bytes=raw,
        speedup=None,
        identical=True if record.kept and not record.resumed else None,
        compared=f"{len(record.kept or [])} best sets, run again, by checksum",
        retries=None,
    )
    criteria = judge(facts) | _parallel(record, efficiency, asked)
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
        # Signals are made and trades followed batch by batch, on several workers: they are one phase here.
        phase_times={"ingest": before, "scan": 0.0, "simulate": ended.working, "write": ended.writing},
        wall_clock_total=ended.seconds,
        memory_peak_mb=record.memory_peak_mb,
        raw_bytes=raw,
        memory_ratio=round(peak / raw, 6) if peak is not None and raw else None,
        parallel_efficiency=efficiency if record.workers > 1 else None,
        digest=record.digest,
        criteria=criteria,
    )


def _parallel(record: SweepRecord, efficiency: float | None, asked: int) -> dict[str, Criterion]:
    """The criteria that only a sweep can measure."""
    verdicts: dict[str, Criterion] = {}
    if efficiency is not None and record.workers > 1:
        why = "processor seconds of the workers / (workers x threads x wall clock): one worker alone was not timed beside them"
        good = efficiency >= EFFICIENCY_LIMIT
        found = Criterion(status="pass" if good else "fail", value=efficiency, limit=EFFICIENCY_LIMIT, why=why)
    else:
        where = "Dask does not tell the processor time" if record.executor == "dask" else "the sweep had one worker"
        found = Criterion(status="not_applicable", limit=EFFICIENCY_LIMIT, why=where)
    verdicts["SC-005"] = verdicts["SC-011"] = found
    if asked > available_cores():
        why = f"{asked} workers were asked for and {available_cores()} cores are there: one warning"
        verdicts["SC-012"] = Criterion(status="pass", value="once", limit="once", why=why)
    else:
        why = "no more workers were asked for than there are cores"
        verdicts["SC-012"] = Criterion(status="not_applicable", limit="once", why=why)
    return verdicts
