"""The record of a finished sweep."""

from __future__ import annotations

from barloom.engine.results import AuditCounts
from barloom.jobs.records import Count, Digest, Record, Seconds, UtcTime
from barloom.jobs.records import DatasetSlice as DatasetSlice
from barloom.rules.parameters import RunParameters
from barloom.strategies.base import StrategyOrigin


class SweepRecord(Record):
    """``sweep.json``: its presence means that the sweep is whole.

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
