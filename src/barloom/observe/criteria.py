"""One verdict for each measured criterion, with the value, the limit and, in words, why (FR-014).

The limits are those of TARGETS; what a single run cannot measure is not applicable and says so.
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

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Criterion(BaseModel):
    """A verdict: pass, fail, or not applicable with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["pass", "fail", "not_applicable"]
    value: Finite | str | None = None
    limit: Finite | str | None = None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run measured, as far as a criterion needs it.

    Attributes:
        selected_rows: bars of the run.
        seconds: wall clock of the whole run.
        ingest_seconds: of that, reading and slicing.
        peak_bytes: peak resident memory, None where the platform does not tell.
        raw_bytes: rows x 8 x columns.
        speedup: times the reference simulator's speed, None where they were not compared.
        identical: whether what was run again came out the same, None where nothing was.
        compared: what was run again, in words.
        retries: most often a question was asked again, None where nothing was asked.
        hotspots: functions that the profile names, None where the run was not profiled.
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


def _verdict(good: bool, value: float | str, limit: float | str, why: str) -> Criterion:
    return Criterion(status="pass" if good else "fail", value=value, limit=limit, why=why)


def _absent(why: str, limit: float | str | None = None) -> Criterion:
    return Criterion(status="not_applicable", limit=limit, why=why)


def _memory(facts: Facts) -> Criterion:
    if facts.peak_bytes is None:
        return _absent("this platform does not tell peak memory", PEAK_LIMIT_MB)
    peak, raw = facts.peak_bytes / MB, facts.raw_bytes / MB
    good = peak <= PEAK_LIMIT_MB and (raw <= RATIO_FROM_MB or peak <= RATIO_LIMIT * raw)
    ratio = f"{peak / raw:.2f} x raw bytes, at most {RATIO_LIMIT:g} x above {RATIO_FROM_MB:g} MB raw"
    return _verdict(good, round(peak, 1), PEAK_LIMIT_MB, f"peak resident memory of the process in MB; {ratio}")


def judge(facts: Facts) -> dict[str, Criterion]:
    """The verdicts, by criterion id."""
    ingest_10m = facts.ingest_seconds * INGEST_ROWS / facts.selected_rows
    return {
        "SC-001": (
            _verdict(facts.seconds <= SECONDS_LIMIT, facts.seconds, SECONDS_LIMIT, "wall clock of the run in seconds")
            if facts.selected_rows >= SECONDS_FROM_ROWS
            else _absent(f"judged from {SECONDS_FROM_ROWS:,} bars", SECONDS_LIMIT)
        ),
        "SC-002": (
            _verdict(
                facts.speedup >= SPEEDUP_LIMIT,
                facts.speedup,
                SPEEDUP_LIMIT,
                "times the reference simulator's speed on the same entries",
            )
            if facts.speedup is not None
            else _absent("not compared with the reference simulator in this run", SPEEDUP_LIMIT)
        ),
        "SC-003": (
            _verdict(ingest_10m <= INGEST_LIMIT, ingest_10m, INGEST_LIMIT, "seconds to load and slice, at 10M bars")
            if facts.selected_rows >= INGEST_FROM_ROWS
            else _absent(f"judged from {INGEST_FROM_ROWS:,} bars", INGEST_LIMIT)
        ),
        "SC-004": _absent("one parameter set uses each indicator once: sweeps measure this"),
        "SC-005": _absent("one parameter set runs in one worker: sweeps measure this"),
        "SC-006": (
            _verdict(
                facts.identical,
                "identical" if facts.identical else "different",
                "identical",
                f"compared: {facts.compared}",
            )
            if facts.identical is not None
            else _absent("nothing was run twice: --deterministic does", "identical")
        ),
        # A record that fails this is never written: BenchmarkRecord.to_json raises.
        "SC-007": _verdict(True, "valid", "valid", "read back from its own JSON before it was written"),
        "SC-008": (
            _verdict(facts.hotspots >= HOTSPOTS_LIMIT, facts.hotspots, HOTSPOTS_LIMIT, "hotspots of profile.json")
            if facts.hotspots is not None
            else _absent("this run was not profiled: --profile does", HOTSPOTS_LIMIT)
        ),
        "SC-009": _memory(facts),
        "SC-010": (
            _verdict(
                facts.retries <= RETRIES_LIMIT, facts.retries, RETRIES_LIMIT, "most often one question was asked again"
            )
            if facts.retries is not None
            else _absent("nothing was asked", RETRIES_LIMIT)
        ),
        "SC-011": _absent("one parameter set runs in one worker: sweeps measure this"),
        "SC-012": _absent("no number of workers was asked for: sweeps measure this"),
    }


def unjudged(why: str) -> dict[str, Criterion]:
    """The verdicts of a run that came to no end."""
    return {f"SC-{number:03d}": _absent(why) for number in range(1, 13)}
