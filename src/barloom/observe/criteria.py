"""Measured criteria of a run: a verdict for each, with its value, its limit and the reason in words.

A criterion that the run did not measure is not applicable, and its ``why`` says what would measure it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from barloom.observe.memory import MB

SECONDS_LIMIT = 1200.0
SECONDS_FROM_ROWS = 6_900_000
SPEEDUP_LIMIT = 10.0
INGEST_LIMIT = 60.0
INGEST_ROWS = 10_000_000
INGEST_FROM_ROWS = 1_000_000
PEAK_LIMIT_MB = 300.0
RATIO_LIMIT = 1.5
RATIO_FROM_MB = 200.0
RETRIES_LIMIT = 2
HOTSPOTS_LIMIT = 10
EFFICIENCY_LIMIT = 0.7

IDS = {
    "full_run_time": "SC-001",
    "speedup": "SC-002",
    "load_time": "SC-003",
    "indicator_reuse": "SC-004",
    "parallel_efficiency": "SC-005, SC-011",
    "runs_identical": "SC-006",
    "record_valid": "SC-007",
    "hotspots": "SC-008",
    "memory_within_limit": "SC-009",
    "prompts": "SC-010",
    "worker_cap": "SC-012",
}
"""Names of the criteria, in the order of a record, and the ids its ``id`` fields hold."""

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Criterion(BaseModel):
    """Verdict on one criterion.

    Attributes:
        id: row of the requirements it answers.
        status: pass, fail or not applicable.
        value: measured value; None when not applicable.
        limit: limit the value is held to.
        why: what the value is, or the reason why there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    status: Literal["pass", "fail", "not_applicable"]
    value: Finite | str | None = None
    limit: Finite | str | None = None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """Measurements of the workers of a sweep or walk forward.

    Attributes:
        executor: ``local`` or ``dask``.
        workers: workers that ran.
        asked: workers the user asked for.
        cores: cores available to this process.
        efficiency: processor seconds of the workers / (workers x threads x wall clock); None where the executor does not tell.
    """

    executor: str
    workers: int
    asked: int
    cores: int
    efficiency: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Measurements of a run that the criteria need.

    Attributes:
        selected_rows: bars of the run.
        seconds: wall clock of the whole run.
        ingest_seconds: part of it spent reading and slicing.
        peak_bytes: peak resident memory, None where the platform does not tell.
        raw_bytes: rows x 8 x columns.
        speedup: speed relative to the reference simulator, None where they were not compared.
        identical: True when a repeated run gave the same result, None where nothing was repeated.
        compared: description of the repeated run.
        retries: largest number of times one question was asked again, None where nothing was asked.
        hotspots: functions the profile names, None where the run was not profiled.
        workers: workers of a sweep or walk forward, None for a single run.
    """

    selected_rows: int
    seconds: float
    ingest_seconds: float
    peak_bytes: int | None
    raw_bytes: int
    speedup: float | None
    identical: bool | None
    compared: str
    retries: int | None
    hotspots: int | None = None
    workers: WorkerFacts | None = None


def judge(facts: Facts) -> dict[str, Criterion]:
    """Return the verdict on each criterion, by its name in ``IDS``."""
    verdicts = {
        "full_run_time": _full_run_time(facts),
        "speedup": _speedup(facts),
        "load_time": _load_time(facts),
        "indicator_reuse": _absent("one parameter set uses each indicator once: sweeps measure this"),
        "parallel_efficiency": _parallel_efficiency(facts.workers),
        "runs_identical": _runs_identical(facts),
        # A record that fails this is never written: BenchmarkRecord.to_json raises.
        "record_valid": _verdict(True, "valid", "valid", "read back from its own JSON before it was written"),
        "hotspots": _hotspots(facts),
        "memory_within_limit": _memory(facts),
        "prompts": _prompts(facts),
        "worker_cap": _worker_cap(facts.workers),
    }
    return _with_ids(verdicts)


def unjudged(why: str) -> dict[str, Criterion]:
    """Return the criteria of a run that did not end, none of them applicable."""
    return _with_ids(dict.fromkeys(IDS, _absent(why)))


def _with_ids(verdicts: dict[str, Criterion]) -> dict[str, Criterion]:
    return {name: verdicts[name].model_copy(update={"id": number}) for name, number in IDS.items()}


def _verdict(good: bool, value: float | str, limit: float | str, why: str) -> Criterion:
    return Criterion(status="pass" if good else "fail", value=value, limit=limit, why=why)


def _absent(why: str, limit: float | str | None = None) -> Criterion:
    return Criterion(status="not_applicable", limit=limit, why=why)


def _full_run_time(facts: Facts) -> Criterion:
    if facts.selected_rows < SECONDS_FROM_ROWS:
        return _absent(f"judged from {SECONDS_FROM_ROWS:,} bars", SECONDS_LIMIT)
    good = facts.seconds <= SECONDS_LIMIT
    return _verdict(good, facts.seconds, SECONDS_LIMIT, "wall clock of the run in seconds")


def _speedup(facts: Facts) -> Criterion:
    if facts.speedup is None:
        return _absent("not compared with the reference simulator in this run", SPEEDUP_LIMIT)
    why = "times the reference simulator's speed on the same entries"
    return _verdict(facts.speedup >= SPEEDUP_LIMIT, facts.speedup, SPEEDUP_LIMIT, why)


def _load_time(facts: Facts) -> Criterion:
    if facts.selected_rows < INGEST_FROM_ROWS:
        return _absent(f"judged from {INGEST_FROM_ROWS:,} bars", INGEST_LIMIT)
    seconds = facts.ingest_seconds * INGEST_ROWS / facts.selected_rows
    return _verdict(seconds <= INGEST_LIMIT, seconds, INGEST_LIMIT, "seconds to load and slice, at 10M bars")


def _parallel_efficiency(workers: WorkerFacts | None) -> Criterion:
    if workers is None:
        return _absent("one parameter set runs in one worker: sweeps measure this", EFFICIENCY_LIMIT)
    if workers.efficiency is None or workers.workers == 1:
        dask = workers.executor == "dask"
        return _absent("Dask does not tell the processor time" if dask else "there was one worker", EFFICIENCY_LIMIT)
    why = "processor seconds of the workers / (workers x threads x wall clock): one worker alone was not timed beside them"
    return _verdict(workers.efficiency >= EFFICIENCY_LIMIT, workers.efficiency, EFFICIENCY_LIMIT, why)


def _runs_identical(facts: Facts) -> Criterion:
    if facts.identical is None:
        return _absent("nothing was run twice: --deterministic does", "identical")
    value = "identical" if facts.identical else "different"
    return _verdict(facts.identical, value, "identical", f"compared: {facts.compared}")


def _hotspots(facts: Facts) -> Criterion:
    if facts.hotspots is None:
        return _absent("this run was not profiled: --profile does", HOTSPOTS_LIMIT)
    return _verdict(facts.hotspots >= HOTSPOTS_LIMIT, facts.hotspots, HOTSPOTS_LIMIT, "hotspots of profile.json")


def _memory(facts: Facts) -> Criterion:
    if facts.peak_bytes is None:
        return _absent("this platform does not tell peak memory", PEAK_LIMIT_MB)
    peak, raw = facts.peak_bytes / MB, facts.raw_bytes / MB
    good = peak <= PEAK_LIMIT_MB and (raw <= RATIO_FROM_MB or peak <= RATIO_LIMIT * raw)
    ratio = f"{peak / raw:.2f} x raw bytes, at most {RATIO_LIMIT:g} x above {RATIO_FROM_MB:g} MB raw"
    return _verdict(good, round(peak, 1), PEAK_LIMIT_MB, f"peak resident memory of the process in MB; {ratio}")


def _prompts(facts: Facts) -> Criterion:
    if facts.retries is None:
        return _absent("nothing was asked", RETRIES_LIMIT)
    why = "largest number of times one question was asked again"
    return _verdict(facts.retries <= RETRIES_LIMIT, facts.retries, RETRIES_LIMIT, why)


def _worker_cap(workers: WorkerFacts | None) -> Criterion:
    if workers is None:
        return _absent("no number of workers was asked for: sweeps measure this")
    if workers.asked <= workers.cores:
        return _absent("no more workers were asked for than there are cores", "once")
    why = f"{workers.asked} workers were asked for and {workers.cores} cores are there: one warning"
    return _verdict(True, "once", "once", why)
