"""Bars that every process of a sweep can open: files by their paths, or a store written for the time of the sweep."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from barloom.bars.bars import Bars, Chunks, Volume
from barloom.bars.facts import StoreFacts
from barloom.bars.reading import Reading
from barloom.bars.resampling import ResampledBars
from barloom.bars.slicing import Selection
from barloom.bars.sources.arrow import ArrowSource
from barloom.bars.sources.base import Source
from barloom.bars.sources.joined import JoinedSource
from barloom.bars.sources.pair import PairSource
from barloom.bars.sources.parquet import ParquetSource
from barloom.bars.steps import Steps
from barloom.bars.store import facts_of, report_of
from barloom.bars.times import FIRST_TIME, LAST_TIME
from barloom.bars.writer import write_bars
from barloom.errors import InputError

CHUNK_ROWS = 1 << 17
FACTS_ROOM = 6144  # bytes kept free for the facts of a store
PREFIX = ".bars-"


class SharedBars(BaseModel):
    """Files of bars, the options they are read with, and the selection; ``start`` and ``end`` in nanoseconds UTC, end exclusive.

    ``source`` is how the bars were read before they were written to a store: finer bars are still read that way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[Path, ...]
    reading: Reading = Reading()
    source: Reading | None = None
    corrects: bool = False
    """True if the given time zone overrides the one that the times of the bars state."""
    fraction: float = 1.0
    portion: int = 1
    start: int | None = None
    end: int | None = None

    def open(self) -> Bars:
        """The bars.

        Raises:
            InputError: see ``open_bars``.
        """
        bars = self.reading.open(self.paths[0] if len(self.paths) == 1 else self.paths)
        bars.source.judged = True  # as a whole, by the process that shares them
        return bars.select(fraction=self.fraction, portion=self.portion, start=self.start, end=self.end)

    def open_fine(self) -> Bars | None:
        """The finer bars; None if there are none.

        Raises:
            InputError: see ``open_bars``.
        """
        return (self.source or self.reading).open_fine(self.corrects)

    def window(self, start: int | None, end: int | None) -> SharedBars:
        """These bars with ``start <= time < end``."""
        first = self.start if start is None else max(start, FIRST_TIME if self.start is None else self.start)
        last = self.end if end is None else min(end, LAST_TIME if self.end is None else self.end)
        return self.model_copy(update={"start": first, "end": last})


def window(bars: Bars, start: int | None, end: int | None) -> Bars:
    """The bars of a selection with ``start <= time < end``, nanoseconds UTC; resampled bars are made of such rows."""
    if start is None and end is None:
        return bars
    if isinstance(bars, ResampledBars):
        return ResampledBars(window(bars.base, start, end), bars.timeframe)
    made = bars.selection
    first = made.start if start is None else max(made.start, start)
    last = made.end if end is None else min(made.end, end)
    return Bars(bars.source, replace(made, start=first, end=last), bars.on_bad_rows)


@dataclass(frozen=True, slots=True)
class Readable:
    """Bars that can be read any number of times without being parsed again.

    Attributes:
        bars: for this process.
        shared: for any process; None where the bars are in the memory of this one.
    """

    bars: Bars
    shared: SharedBars | None


@contextmanager
def readable(
    bars: Bars, reading: Reading | None, *, processes: bool, elsewhere: bool = False, folder: Path | None = None
) -> Iterator[Readable]:
    """Prepare bars for a sweep: a store or bars in memory are used as they are, others are written to a temporary store.

    Args:
        bars: the selection to sweep over.
        reading: how their files were opened; None where that is not known.
        processes: whether other processes read them too.
        elsewhere: whether those may be on other machines, which see no store written here.
        folder: where the store goes; None for a temporary folder.

    Raises:
        InputError: the bars cannot be read or written, or are in no file that other machines could open.
    """
    shared = _shared(bars, reading, elsewhere)
    if shared is not None:
        _judge(bars)
        yield Readable(bars, shared)
    elif elsewhere:
        raise InputError(
            f"--executor dask opens {bars.label} on every machine, again for each batch: make a store of it "
            "that all of them can see (barloom data ingest), and give that"
        )
    elif not processes and bars.source.clean_arrays() is not None and not isinstance(bars, ResampledBars):
        yield Readable(bars, None)
    else:
        place = Path(tempfile.mkdtemp(prefix="barloom-")) if folder is None else folder
        name = f"{PREFIX}{secrets.token_hex(4)}"
        try:
            paths = _write(bars, place, name)
            ask = paths[1] if len(paths) > 1 else None
            source = None if reading is None else reading.kept()
            stored = SharedBars(
                paths=(paths[0],), reading=Reading(ask=ask), source=source, corrects=bool(bars.source.corrected)
            )
            yield Readable(stored.open(), stored)
        finally:
            forget(place, name)
            if folder is None:
                shutil.rmtree(place, ignore_errors=True)


def _judge(bars: Bars) -> None:
    """Check all the bars once for facts that no part of them shows, such as the clock of a file; a store was checked when written.

    Raises:
        InputError: see ``Bars.chunks``.
    """
    if bars.source.judged or bars.source.facts is not None:
        return
    with contextlib.closing(bars.chunks(CHUNK_ROWS)) as chunks:
        for _ in chunks:
            pass


def forget(folder: Path, name: str = PREFIX) -> None:
    """Remove the temporary stores of a sweep from a folder."""
    for path in folder.glob(f"*{name}*"):
        with contextlib.suppress(OSError):
            path.unlink()


# ---------------------------------------------------------------- bars that are in a store already


def _shared(bars: Bars, reading: Reading | None, elsewhere: bool) -> SharedBars | None:
    """Description with which other processes open the bars as they are; None if that needs parsing or resampling, or is impossible."""
    source = bars.source
    if isinstance(bars, ResampledBars) and not (elsewhere and reading is not None):
        return None
    if reading is None:
        if source.facts is None or isinstance(source, JoinedSource) or bars.on_bad_rows != "error":
            return None
        reading = Reading()
    if not _stored(source):
        return None
    paths = source.paths or (Path(source.label),)
    return SharedBars(
        paths=tuple(path.absolute() for path in paths),
        reading=reading.kept(),
        corrects=bool(bars.source.corrected),
        **_selected(bars.selection),
    )


def _stored(source: Source) -> bool:
    if isinstance(source, PairSource):
        return _stored(source.bid) and _stored(source.ask)
    if isinstance(source, JoinedSource):
        return all(_stored(one) for one in source.sources)
    return isinstance(source, ArrowSource | ParquetSource)


def _selected(selection: Selection) -> dict[str, Any]:
    return {
        "fraction": float(selection.fraction),
        "portion": selection.portion,
        "start": None if selection.start == FIRST_TIME else selection.start,
        "end": None if selection.end == LAST_TIME else selection.end,
    }


# ---------------------------------------------------------------- what is written for the time of a sweep


class _AskSide(Bars):
    """The ask prices of bars as bars of their own; without ``ask``, the bid prices."""

    def __init__(self, under: Bars, ask: bool) -> None:
        super().__init__(under.source, under.selection, under.on_bad_rows)
        self._under = under
        self._ask = ask

    @property
    def has_volume(self) -> bool:
        """True if chunks can carry the volume."""
        return self._under.has_volume and not self._ask

    @property
    def has_ask(self) -> bool:
        """False: the bars have one side only."""
        return False

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: Volume = False, threads: int = 2) -> Chunks:
        """The chunks of the bars with one side only."""
        with contextlib.closing(
            self._under.chunks(chunk_rows, history=history, volume=volume, threads=threads)
        ) as chunks:
            for chunk in chunks:
                side: dict[str, Any] = dict.fromkeys(("ask_open", "ask_high", "ask_low", "ask_close"))
                if self._ask:
                    side |= {
                        "open": chunk.ask_open,
                        "high": chunk.ask_high,
                        "low": chunk.ask_low,
                        "close": chunk.ask_close,
                    }
                yield replace(chunk, **side)


def _write(bars: Bars, folder: Path, name: str) -> Sequence[Path]:
    """Write the bars, and their ask prices beside them if there are any. Returns the paths."""
    path = folder / f"{name}.arrow"
    if not bars.has_ask:
        write_bars(bars, path, tell=lambda steps, size: _facts(bars, steps, size), room=FACTS_ROOM)
        return [path]
    asks = folder / f"{name}-ask.arrow"
    write_bars(_AskSide(bars, ask=False), path)
    write_bars(_AskSide(bars, ask=True), asks)
    return [path, asks]


def _facts(bars: Bars, steps: Steps, size: int) -> StoreFacts:
    """Describe a store that holds the selected rows only."""
    report = report_of(bars)
    return facts_of(report, steps, size, sources=(), total_rows=report.selected_rows)
