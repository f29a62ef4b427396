"""The records a run leaves, validated on the way in and out.

Money, prices and bars are plain numbers, times are as said at each; MB are 10**6 bytes.
A number that cannot be told (no trade, nothing to compare with) is null, never NaN.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from barloom.bars.bars import Bars, BarsReport
from barloom.bars.facts import StoreFacts
from barloom.bars.reading import Reading
from barloom.bars.span import Span
from barloom.engine.metrics import Metrics
from barloom.engine.outcome import Bounds
from barloom.engine.results import AuditCounts, SelfCheck
from barloom.observe.clock import PHASES as PHASES
from barloom.observe.criteria import Criterion
from barloom.rules.parameters import RunParameters
from barloom.strategies.base import StrategyOrigin

NOT_IN_A_FILE = ("memory", "synthetic")
"""Labels of bars that are not in a file."""
Status = Literal["created", "running", "complete", "failed"]
NEXT: dict[str, tuple[str, ...]] = {"created": ("running", "failed"), "running": ("complete", "failed")}
"""The states that a job can go to from each state; complete and failed are final."""


class Record(BaseModel):
    """A record that is frozen, has no other fields, and equals itself after a round trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", revalidate_instances="always")

    def to_json(self) -> bytes:
        """The record as JSON, parsed again and compared before it is returned.

        Raises:
            ValueError: the parsed record differs.
        """
        text = self.model_dump_json(indent=2)
        if type(self).model_validate_json(text).model_dump_json(indent=2) != text:
            raise ValueError(f"the {type(self).__name__} does not come back from its own JSON as it went")
        return text.encode("utf-8") + b"\n"


UtcTime = Annotated[AwareDatetime, AfterValidator(lambda time: time.astimezone(UTC))]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]+$")]
Fraction = Annotated[float, Field(gt=0.0, le=1.0)]


def _of_phases(times: dict[str, float]) -> dict[str, float]:
    if set(times) != set(PHASES):
        raise ValueError(f"the phases are {', '.join(PHASES)}, not {', '.join(times)}")
    return times


PhaseTimes = Annotated[dict[str, Seconds], AfterValidator(_of_phases)]


class Machine(Record):
    """Facts of the machine; memory in bytes, ``openmp_threads`` 0 without OpenMP."""

    system: str
    architecture: str
    processor: str
    cores: int = Field(ge=1)
    usable_cores: int = Field(ge=1)
    memory_bytes: int | None
    openmp_threads: int | None
    byte_order: Literal["little", "big"]


class Counts(Record):
    """Counts of signals: accepted + rejected (by reason) = signals. A signal with a ladder counts once, whatever its parts."""

    signals: Count
    accepted: Count
    rejected: dict[str, Count]

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if self.accepted + sum(self.rejected.values()) != self.signals:
            raise ValueError("accepted and rejected signals do not add up to the signals")
        return self


class FinerBars(Record):
    """The file of finer bars used for ``drilldown``: its size, first and last open times (nanoseconds UTC) and the step of its bars.

    Of several files the first, and the size of all.
    """

    path: Path
    size_bytes: Count
    first_ts: int
    last_ts: int
    step_ns: int | None

    @classmethod
    def of(cls, bars: Bars) -> FinerBars:
        """The facts of a file of finer bars.

        Raises:
            InputError: it cannot be read.
        """
        paths = bars.source.paths or (Path(bars.label),)
        size = sum(path.stat().st_size for path in paths)
        span = Span.of(bars)
        return cls(path=paths[0].absolute(), size_bytes=size, first_ts=span.first, last_ts=span.last, step_ns=span.step)


class DatasetSlice(Record):
    """The bars of a run: the selected rows, the first and last time, and a hash of their content.

    ``path`` is as it was typed and ``file`` the same from the root, None for bars in no file and for several files, which are
    ``files``; ``reading`` says how it was read,
    ``finer`` which bars decided what they leave open, ``store`` what a store says of itself and where its bars come from,
    ``taken_for`` what the file was taken for, ``notes`` what was found beside, such as the share that bad rows took or a clock that few
    weeks fit.
    ``first_ts`` and ``last_ts`` are open times in nanoseconds UTC; ``columns`` maps what was loaded to its dtype.
    """

    path: str
    file: Path | None = None
    files: tuple[Path, ...] = ()
    reading: Reading = Field(default_factory=Reading)
    finer: FinerBars | None = None
    store: StoreFacts | None = None
    taken_for: str = ""
    content_hash: str
    total_rows: Count
    selected_rows: int = Field(gt=0)
    fraction: Fraction = 1.0
    portion: int = Field(default=1, ge=1)
    start: str | None = None
    end: str | None = None
    first_ts: int
    last_ts: int
    columns: dict[str, str]
    dropped: dict[str, Count] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.selected_rows > self.total_rows:
            raise ValueError("more rows selected than there are")
        if self.first_ts > self.last_ts:
            raise ValueError("the first time is after the last")
        return self


def dataset_slice(bars: Bars, fine: Bars | None, report: BarsReport, reading: Reading, **part: Any) -> DatasetSlice:
    """The record of the bars used: the report of a pass, the options they were read with, and the selection."""
    files = tuple(path.absolute() for path in bars.source.paths)
    return DatasetSlice(
        path=bars.label,
        file=None if bars.label in NOT_IN_A_FILE or files else Path(bars.label).absolute(),
        files=files,
        reading=reading.kept(),
        finer=None if fine is None else FinerBars.of(fine),
        store=bars.source.facts,
        taken_for=bars.taken_for,
        content_hash=report.content_hash,
        total_rows=report.total_rows,
        selected_rows=report.selected_rows,
        first_ts=report.first_ts,
        last_ts=report.last_ts,
        columns=report.columns,
        dropped=report.dropped,
        notes=report.notes,
        **part,
    )


class BacktestJob(Record):
    """One run as a job: its options, its times and its state."""

    job_id: str = Field(min_length=1)
    status: Status = "created"
    started_at: UtcTime
    ended_at: UtcTime | None = None
    parameters: RunParameters
    fraction: Fraction = 1.0
    portion: int = Field(default=1, ge=1)
    deterministic: bool = False
    workers: int = Field(default=1, ge=1)
    error: str | None = None

    @model_validator(mode="after")
    def _ended_after_started(self) -> Self:
        if (self.ended_at is not None) != (self.status in {"complete", "failed"}):
            raise ValueError(f"a job that is {self.status} has {'an' if self.ended_at else 'no'} end time")
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise ValueError("the job ended before it started")
        return self

    def become(self, status: Status, *, at: datetime | None = None, error: str | None = None) -> BacktestJob:
        """The job in its next state.

        Args:
            status: created > running > complete, or failed from either of the first two.
            at: end time of a job that is complete or failed; a clock set back does not move it before the start.
            error: what made it fail.

        Raises:
            ValueError: a state that cannot follow, or no end time where one is due.
        """
        if status not in NEXT.get(self.status, ()):
            raise ValueError(f"a job that is {self.status} cannot become {status}")
        ended = max(at, self.started_at) if at is not None else None
        fields = {name: getattr(self, name) for name in BacktestJob.model_fields}
        return BacktestJob(**{**fields, "status": status, "ended_at": ended, "error": error})


class RunRecord(BacktestJob):
    """``run.json``: a complete job with all its results."""

    digest: Digest
    checksum: Digest
    metrics: Metrics
    bounds: Bounds | None
    counts: Counts
    data: DatasetSlice
    strategy: StrategyOrigin | None
    command: list[str]
    versions: dict[str, str]
    phase_times: PhaseTimes
    wall_clock_total: Seconds
    memory_peak_mb: float | None
    self_check: SelfCheck | None
    audit: AuditCounts | None = None
    folder: str
    files: list[str]


class BenchmarkRecord(Record):
    """``benchmark.json``: cost of a run, a sweep or a walk-forward, and one verdict for each criterion.

    Only a run counts signals. Phases are added up over threads and workers. What failed leaves one too, with ``error`` and as much as was
    known by then: ``data`` and ``digest`` are None.
    """

    job_id: str = Field(min_length=1)
    status: Literal["complete", "failed"] = "complete"
    error: str | None = None
    started_at: UtcTime
    ended_at: UtcTime
    command: list[str]
    version: str
    machine: Machine
    data: DatasetSlice | None
    trades_simulated: Count
    signals: Count | None
    phase_times: PhaseTimes
    wall_clock_total: Seconds
    memory_peak_mb: float | None = Field(ge=0.0)
    raw_bytes: Count
    memory_ratio: float | None = Field(ge=0.0)
    parallel_efficiency: float | None = Field(default=None, ge=0.0)
    speedup_vs_baseline: float | None = Field(default=None, ge=0.0)
    digest: Digest | None
    criteria: dict[str, Criterion]

    @model_validator(mode="after")
    def _ended_after_started(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("the run ended before it started")
        return self

    @model_validator(mode="after")
    def _whole_or_failed(self) -> Self:
        if self.status == "complete" and (self.data is None or self.digest is None or self.error is not None):
            raise ValueError("a complete run has data and a digest, and no error")
        if self.status == "failed" and self.error is None:
            raise ValueError("a failed run has an error")
        return self

    def summary_row(self, strategy: str) -> dict[str, Any]:
        """The row of ``runs.csv``: column names and cells, always in this order.

        Raises:
            ValueError: the run failed: the summary is of those that were finished.
        """
        if self.data is None:
            raise ValueError("a failed run has no row in the summary")
        failed = [name for name, verdict in self.criteria.items() if verdict.status == "fail"]
        return {
            "job_id": self.job_id,
            "started_at": self.started_at.isoformat(),
            "version": self.version,
            "strategy": strategy,
            "data": self.data.path,
            "content_hash": self.data.content_hash,
            "selected_rows": self.data.selected_rows,
            "signals": self.signals,
            "trades": self.trades_simulated,
            "wall_clock_total": round(self.wall_clock_total, 6),
            **{f"{name}_seconds": round(self.phase_times.get(name, 0.0), 6) for name in PHASES},
            "memory_peak_mb": self.memory_peak_mb,
            "digest": self.digest,
            "failed_criteria": " ".join(failed),
        }


SUMMARY_COLUMNS = (
    *("job_id", "started_at", "version", "strategy", "data", "content_hash", "selected_rows", "signals", "trades"),
    *("wall_clock_total", *(f"{name}_seconds" for name in PHASES), "memory_peak_mb", "digest", "failed_criteria"),
)


def read_run(path: Path) -> RunRecord:
    """The record of a finished run, from its ``run.json``.

    Raises:
        OSError: it cannot be read.
        pydantic.ValidationError: it is no such record.
    """
    return RunRecord.model_validate_json(path.read_bytes())
