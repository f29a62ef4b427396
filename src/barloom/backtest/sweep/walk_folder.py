"""A walk forward as a job: the bars made readable once for all windows, and the folder that holds what came of it."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from barloom.backtest.parameters import RunParameters
from barloom.backtest.records import Record, Seconds, UtcTime
from barloom.backtest.run_folder import StagedFile, new_job_id
from barloom.backtest.sweep.loom import Loom
from barloom.backtest.sweep.options import SweepOptions
from barloom.backtest.sweep.walk_forward import Trained, Walk, WalkForward, WalkForwardSummary, WalkStep, walk_forward
from barloom.bars.bars import Bars
from barloom.errors import InputError
from barloom.observe.machine import versions


class WalkForwardRecord(Record):
    """``walk-forward.json``: its presence means that the folder is whole.

    Attributes:
        job_id: the folder's name; empty where nothing was written.
        base: the options that all sets share. names: of the grid. where: its constraints.
        train, test, step, anchored: the windows as they were asked for.
        data: the bars, as they were named.
        windows, summary: what came of them.
        seconds: wall clock.
    """

    job_id: str
    started_at: UtcTime
    ended_at: UtcTime
    command: list[str]
    versions: dict[str, str]
    base: RunParameters
    names: list[str]
    train: str
    test: str
    step: str
    anchored: bool
    rank_by: str
    min_trades: int
    data: str
    start: str | None
    end: str | None
    fraction: float
    portion: int
    windows: list[Trained]
    summary: WalkForwardSummary
    seconds: Seconds
    folder: str | None
    files: list[str]


@dataclass(frozen=True, slots=True)
class WalkOutcome:
    """What a walk forward left: its record, its trades and equity, and its folder where there is one."""

    record: WalkForwardRecord
    result: WalkForward
    folder: Path | None


def walk_forward_job(
    bars: Bars,
    walk: Walk,
    options: SweepOptions,
    *,
    command: Sequence[str] = (),
    reading_known: bool = False,
    on_progress: Callable[[WalkStep], None] | None = None,
) -> WalkOutcome:
    """Run a walk forward and, unless ``options.out`` is None, leave its files in ``OUT/walk-forward/<job>/``.

    The bars are read once into a store where their file is slow to read, and every window is drawn from there.

    Args:
        bars: all the bars of a source; the slice is taken here.
        walk: the grid and the windows.
        options: the slice, the workers, where the files go.
        command: the words of the command line, for the record.
        reading_known: whether ``options`` tell how the files of ``bars`` were opened, so that workers may open them the same way.
        on_progress: told how many sets are done, over all windows.

    Raises:
        InputError: bad data or options, or no room for the files; nothing is left.
        KeyboardInterrupt: with a sentence; nothing is left.
    """
    started_at = datetime.now(UTC)
    prepared = Loom(bars, walk.base, options, reading_known=reading_known)
    windows = walk.windows(prepared.bars)
    folder = None if options.out is None else _Folder(options.out, walk.base.strategy, started_at)
    try:
        with prepared as loom:
            result = walk_forward(loom, walk, windows, on_progress=on_progress)
        record = WalkForwardRecord(
            job_id="" if folder is None else folder.path.name,
            started_at=started_at,
            ended_at=max(datetime.now(UTC), started_at),
            command=list(command),
            versions=versions(),
            base=walk.base,
            names=list(walk.names),
            train=walk.train.text,
            test=walk.test.text,
            step=walk.step.text,
            anchored=walk.anchored,
            rank_by=result.summary.metric,
            min_trades=walk.min_trades,
            data=bars.label,
            start=options.start,
            end=options.end,
            fraction=options.data_frac,
            portion=options.portion,
            windows=list(result.windows),
            summary=result.summary,
            seconds=result.seconds,
            folder=None if folder is None else str(folder.path),
            files=[] if folder is None else [*TABLES, RECORD],
        )
        if folder is not None:
            folder.commit(result, record)
    except OSError as error:
        if folder is not None:
            folder.discard()
        where = error.filename or options.out
        raise InputError(
            f"cannot read or write '{where}': {error.strerror or error}; nothing of this is left"
        ) from error
    except BaseException as error:
        if folder is not None:
            folder.discard()
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt("the walk forward was not finished, nothing is left of it") from None
        raise
    return WalkOutcome(record, result, None if folder is None else folder.path)


TABLES = ("trades.parquet", "equity.parquet")
RECORD = "walk-forward.json"


class _Folder:
    """``OUT/walk-forward/<job>/``, ours alone."""

    def __init__(self, out: Path, strategy: str, now: datetime) -> None:
        self.path = out / "walk-forward" / new_job_id(strategy, now)
        self._made = [folder for folder in (self.path.parent, out) if not folder.exists()]
        try:
            self.path.mkdir(parents=True)
            # Root may make folders where it may not write: find out now.
            StagedFile(self.path / RECORD, b"").discard()
        except OSError as error:
            self.discard()
            raise InputError(f"cannot write to --out {out}: {error.strerror or error}; name another folder") from None

    def commit(self, result: WalkForward, record: WalkForwardRecord) -> None:
        """Write everything under temporary names, then name it, the record last."""
        staged: list[StagedFile] = []
        try:
            for name, table in zip(TABLES, (result.trades_table, result.equity_table), strict=True):
                content = io.BytesIO()
                pq.write_table(table, content)
                staged.append(StagedFile(self.path / name, content.getvalue()))
            staged.append(StagedFile(self.path / RECORD, record.to_json()))
            for file in staged:
                file.commit()
        finally:
            for file in staged:
                file.discard()

    def discard(self) -> None:
        """Remove the folder, and those above that were made for it and are empty."""
        shutil.rmtree(self.path, ignore_errors=True)
        for folder in self._made:
            with contextlib.suppress(OSError):
                folder.rmdir()
