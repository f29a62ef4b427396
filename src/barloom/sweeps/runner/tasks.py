"""One task of a sweep: parameter sets over bars that its process opens by itself, described by plain values only."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from barloom import __version__
from barloom.bars.bars import Bars, BarsReport
from barloom.engine.orchestrator import Progress
from barloom.engine.results import AuditCounts
from barloom.errors import BarloomError, FidelityError, InputError, described, sentence
from barloom.observe.clock import Clock
from barloom.observe.memory import peak_rss
from barloom.rules.parameters import RunParameters
from barloom.sweeps.grid.grid import parameters_of
from barloom.sweeps.runner.batch import run_batch
from barloom.sweeps.runner.set_rows import SCHEMA
from barloom.sweeps.runner.shared import SharedBars

if TYPE_CHECKING:
    from barloom.observe.profiling import ProfileSums

Value = bool | int | float | str | None
SET_ID = "set_id"
TASK_SCHEMA = SCHEMA.insert(0, pa.field(SET_ID, pa.int64()))
Kind = Literal["input", "fidelity", "died", "unexpected"]


class Task(BaseModel):
    """Parameter sets to run in one batch.

    Attributes:
        version: of the barloom that asks.
        bars: what to open; None where the bars are handed to ``perform``.
        base: the options that all sets share.
        names: of the grid.
        set_ids: numbers of the sets in the sweep.
        values: of each set, by ``names``.
        threads, chunk_rows: never change a result.
        keep_trades: whether the trades come back too.
        audited: decisions of each kind to ask for again of each set of signals; None for a few.
        profile: whether another process that does it measures where its time goes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = __version__
    bars: SharedBars | None = None
    base: RunParameters
    names: tuple[str, ...]
    set_ids: tuple[int, ...]
    values: tuple[tuple[Value, ...], ...]
    threads: int | None = None
    chunk_rows: int | None = None
    keep_trades: bool = False
    audited: int | None = None
    profile: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """Result of a task.

    Attributes:
        table: one row per set, in the order of ``set_ids``: ``set_id`` and the columns of ``run_batch``.
        report: report of the pass over the bars; None if every set was refused before a bar was read.
        seconds, cpu_seconds: wall clock, and of all threads of the process.
        peak_rss: of the process so far, bytes; None if the platform does not provide it.
        trades: with ``set_id`` first; None unless they were kept.
        phases: seconds by phase; empty if a clock was passed in, or the task was done by an earlier process.
        measured: its profile; None unless another process made one.
        broken: sets that were not refused but failed in code, each with its traceback.
        audit: result of the audits; None for a task that an earlier process did.
    """

    set_ids: tuple[int, ...]
    table: pa.Table
    report: BarsReport | None
    seconds: float
    cpu_seconds: float
    peak_rss: int | None
    trades: pa.Table | None
    phases: dict[str, float] = field(default_factory=dict)
    measured: ProfileSums | None = None
    broken: dict[int, str] = field(default_factory=dict)
    audit: AuditCounts | None = None

    @property
    def trades_count(self) -> int:
        """Trades of all sets."""
        return int(pc.sum(self.table["trades"]).as_py() or 0)


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """Failure of a task and its reason.

    Attributes:
        kind: ``input`` and ``fidelity`` are errors of that name; ``died`` is a process that ended, twice; else ``unexpected``.
        message: one sentence.
        details: the traceback, if there is one.
    """

    set_ids: tuple[int, ...]
    kind: Kind
    message: str
    details: str = ""


def perform(
    task: Task,
    bars: Bars | None = None,
    fine: Bars | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
) -> TaskResult:
    """Run the sets of a task.

    A set that is refused, or whose strategy fails, has its sentence in ``error``, and the others go on.

    Args:
        task: what to run.
        bars: in place of ``task.bars``.
        fine: finer bars, where ``bars`` are given.
        on_progress: called after each chunk.
        clock: takes the seconds of each step, in place of ``phases`` of the result.

    Raises:
        InputError: the bars cannot be read, or another version of barloom asks.
        FidelityError: a strategy whose trades depend on how the bars are cut, or an engine that the reference disagrees with.
    """
    started, cpu = time.perf_counter(), time.process_time()
    if task.version != __version__:
        raise InputError(
            f"the sweep is of barloom {task.version} and a worker of it runs {__version__}: install the same version everywhere"
        )
    if bars is None:
        if task.bars is None:
            raise ValueError("a task without bars")
        bars, fine = task.bars.open(), task.bars.open_fine()
    made: dict[int, RunParameters] = {}
    refused: dict[int, str] = {}
    for set_id, values in zip(task.set_ids, task.values, strict=True):
        try:
            made[set_id] = parameters_of(task.base, task.names, values)
        except InputError as error:
            refused[set_id] = str(error)
    own = Clock() if clock is None else clock
    broken: dict[int, str] = {}
    tables, kept, report, audit = _run(task, made, bars, fine, on_progress, own, broken)
    tables.append(errors_table(refused))
    table = pa.concat_tables(tables).sort_by(SET_ID).combine_chunks()
    if list(task.set_ids) != sorted(task.set_ids):
        raise ValueError("the sets of a task are in the order of their numbers")
    trades = pa.concat_tables(kept).sort_by([(SET_ID, "ascending"), ("trade_id", "ascending")]) if kept else None
    return TaskResult(
        set_ids=task.set_ids,
        table=table,
        report=report,
        seconds=time.perf_counter() - started,
        cpu_seconds=time.process_time() - cpu,
        peak_rss=peak_rss(),
        trades=trades,
        phases=own.phases() if clock is None else {},
        broken=broken,
        audit=audit,
    )


def _run(
    task: Task,
    sets: dict[int, RunParameters],
    bars: Bars,
    fine: Bars | None,
    on_progress: Callable[[Progress], None] | None,
    clock: Clock,
    broken: dict[int, str],
) -> tuple[list[pa.Table], list[pa.Table], BarsReport | None, AuditCounts]:
    """Run the sets in one batch; if a set makes it fail, run them one by one, so that it fails alone and is noted in ``broken``."""
    audit = AuditCounts()
    if not sets:
        return [], [], None, audit
    ids = list(sets)
    try:
        batch = run_batch(
            bars,
            list(sets.values()),
            fine=fine,
            threads=task.threads,
            chunk_rows=task.chunk_rows,
            keep_trades=task.keep_trades,
            audited=task.audited,
            on_progress=on_progress,
            clock=clock,
        )
    except (InputError, FidelityError):
        raise
    except Exception as error:
        if len(sets) > 1:
            tables, kept, report = [], [], None
            for set_id, parameters in sets.items():
                table, trades, found, counts = _run(task, {set_id: parameters}, bars, fine, on_progress, clock, broken)
                audit += counts
                tables += table
                kept += trades
                report = report or found
            return tables, kept, report, audit
        said = str(error) if isinstance(error, BarloomError) else f"unexpected: {described(error)}"
        broken[ids[0]] = "" if broken else traceback.format_exc()
        return [errors_table({ids[0]: sentence(said)})], [], None, audit
    broken |= {ids[place]: details for place, details in batch.broken.items()}
    table = batch.table.add_column(0, TASK_SCHEMA.field(0), pa.array(ids, pa.int64()))
    kept = []
    if batch.trades is not None:
        of = pa.array(ids, pa.int64()).take(batch.trades["set"].combine_chunks())
        kept = [batch.trades.drop_columns(["set"]).add_column(0, TASK_SCHEMA.field(0), of)]
    return [table.cast(TASK_SCHEMA)], kept, batch.report, batch.audit


def errors_table(errors: dict[int, str]) -> pa.Table:
    """Rows of sets that could not be run, by number, each with its error message."""
    rows: Sequence[dict[str, Any]] = [{SET_ID: set_id, "error": error} for set_id, error in errors.items()]
    return pa.Table.from_pylist(rows, schema=TASK_SCHEMA)


def nothing_ran(numbers: Sequence[int], errors: Sequence[str], broken: Mapping[int, str], of: str) -> BarloomError:
    """The error of a sweep in which no set could be run: the first reason, with its type.

    Args:
        numbers: of the sets, in their order.
        errors: what is said of each.
        broken: those that failed in code, with their tracebacks.
        of: what the sets are of, in words.
    """
    if numbers[0] in broken:
        return BarloomError(f"every set of {of} failed; the first: {errors[0]}")
    return InputError(f"every set of {of} was refused; the first: {errors[0]}")


def perform_text(text: str) -> TaskResult | TaskFailed:
    """Run a task that came as JSON; an error is returned as a value, since not every error can be sent."""
    task = Task.model_validate_json(text)
    try:
        return _profiled(task) if task.profile else perform(task)
    except InputError as error:
        return TaskFailed(task.set_ids, "input", str(error))
    except FidelityError as error:
        return TaskFailed(task.set_ids, "fidelity", str(error))
    except Exception as error:
        return TaskFailed(task.set_ids, "unexpected", sentence(described(error)), traceback.format_exc())


def _profiled(task: Task) -> TaskResult:
    """Run a task under a profiler of its own."""
    from barloom.observe.profiling import Profiler

    with Profiler() as profiler:
        result = perform(task, clock=profiler.clock)
    return replace(result, phases=profiler.clock.phases(), measured=profiler.measured())
