"""The store: files of bars read once, checked, and kept so that they are never parsed again."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barloom import __version__
from barloom.bars.bars import Bars, BarsReport
from barloom.bars.facts import PriceSide, SourceFile, StoreFacts
from barloom.bars.sources.base import Source
from barloom.bars.sources.despiked import DespikedSource
from barloom.bars.sources.files import FileSource, read_head, refusal
from barloom.bars.sources.joined import JoinedSource
from barloom.bars.sources.pair import PairSource
from barloom.bars.steps import Steps
from barloom.bars.stored import STORE_SAYS
from barloom.bars.writer import BATCH_ROWS, STORES, write_bars
from barloom.errors import InputError
from barloom.outputs import Output, holds, remove_parts
from barloom.threads import start

BLOCK = 1 << 22  # bytes hashed between two looks at whether to go on
NOTES_ROOM = 4096  # bytes kept free for the notes of the pass
SPARE = 2048  # bytes kept free for the numbers that the facts will hold
_SIDE = re.compile(r"(?<![a-z])(bid|ask|mid)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Ingested:
    """Result of an ingest."""

    facts: StoreFacts
    already: bool
    """True if the store existed already, made of the same bytes in the same way."""


def ingest(
    bars: Bars,
    sources: Sequence[Path],
    out: str | os.PathLike[str],
    *,
    reading: Mapping[str, str] | None = None,
    symbol: str | None = None,
    force: bool = False,
) -> Ingested:
    """Write the bars of files to a store, in one pass; the store appears whole under its name or not at all.

    Args:
        bars: all bars of the sources, as opened.
        sources: the files they come from, in order.
        out: the store, ``.arrow`` or ``.parquet``.
        reading: options the sources are read with; other options make another store.
        symbol: what the bars are the prices of, for the record.
        force: replace ``out`` if it is a store, of whatever bars; another file is refused all the same.

    Raises:
        InputError: bad bars, a source that cannot be read or is ``out`` itself, or a file that must not be replaced.
    """
    target = Path(out)
    output = Output(target, "--out", ours=is_store if force else None, kind="a store that barloom made")
    _refuse(output, sources, force)
    remove_parts(target.parent)
    given = dict(sorted((reading or {}).items()))
    hashed: tuple[SourceFile, ...] | None = None
    if target.exists() and not force:
        hashed = hash_files(sources)
        found = _stored(target)
        if found is not None and (found.sources, found.reading, found.version) == (hashed, given, __version__):
            return Ingested(found, already=True)
        of = "holds other bars, or the same read with other options" if found else "is no store of these bars"
        remedy = ", or give --force to replace it" if is_store(target) else ""
        raise InputError(f"--out {target} exists and {of}: name another file{remedy}")
    with _Hashing(sources) as hashing:
        made: list[StoreFacts] = []

        def tell(steps: Steps, size: int) -> StoreFacts:
            facts = _facts(bars, steps, size, hashing.files(), given, symbol)
            made.append(facts)
            return facts

        write_bars(bars, target, tell=tell, room=_room(bars, sources, given, symbol), output=output)
    return Ingested(made[0], already=False)


def is_store(path: Path) -> bool:
    """Check if a file was written by barloom as a store, even if it is damaged or of another version."""
    return bool(_holds_facts(path))


_holds_facts = holds(STORE_SAYS)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _refuse(output: Output, sources: Sequence[Path], force: bool) -> None:
    target = output.path
    if target.suffix.lower() not in STORES:
        raise InputError(f"--out {target}: a store is a .arrow or .parquet file, choose such a name")
    if any(_same(target, source) for source in sources):
        raise InputError(f"--out {target} is the file that is read: name another file")
    if force or not target.is_file() or target.is_symlink():
        output.check()


def _stored(path: Path) -> StoreFacts | None:
    """The facts of a file if it is a whole store, else None."""
    from barloom.bars.opening import open_bars

    try:
        read_head(path)
        return open_bars(path).source.facts
    except InputError:
        return None


def _room(bars: Bars, sources: Sequence[Path], reading: Mapping[str, str], symbol: str | None) -> int:
    """Number of bytes reserved for the facts, which are known only after the bars are written."""
    named = sum(len(path.name.encode()) * 6 + 128 for path in sources)
    told = sum(6 * (len(name) + len(value)) + 16 for name, value in reading.items()) + 6 * len(symbol or "")
    notes = NOTES_ROOM + 6 * len(bars.source.corrected)
    return SPARE + named + told + notes + 6 * len(taken_for(bars) or "")


def taken_for(bars: Bars) -> str | None:
    """Format that the source was read as, in words; None if the source does not say."""
    found = getattr(bars.source, "taken_for", None)
    return str(found) if found else None


def side_of(sources: Sequence[Path], told: str | None) -> PriceSide | None:
    """The price side as the format or the names of the files have it; None where neither says, or they disagree."""
    sides = {found[0] for path in sources if (found := _SIDE.findall(path.name.lower()))}
    if not sides and told is not None:
        sides = set(_SIDE.findall(told.lower())[:1])
    sides = {side for side in sides if side in ("bid", "ask", "mid")}
    if len(sides) != 1:
        return None
    (side,) = sides
    return "bid" if side == "bid" else "ask" if side == "ask" else "mid"


def _zone(source: Source) -> str:
    """The zone that naive times of the sources are in; UTC if the times state their offset."""
    if isinstance(source, DespikedSource):
        source = source.inner
    if isinstance(source, PairSource):
        source = source.bid
    if isinstance(source, JoinedSource):
        source = source.sources[0]
    return source.read_by.text if isinstance(source, FileSource) else "UTC"


def _facts(
    bars: Bars,
    steps: Steps,
    size: int,
    files: tuple[SourceFile, ...],
    reading: Mapping[str, str],
    symbol: str | None,
) -> StoreFacts:
    told = taken_for(bars)
    if bars.source.corrected:
        told = f"{told}; {bars.source.corrected}" if told else bars.source.corrected
    report = report_of(bars)
    return facts_of(
        report,
        steps,
        size,
        total_rows=report.total_rows,
        dropped=report.dropped,
        notes=report.notes,
        odd_volumes=report.odd_volumes,
        symbol=symbol,
        price_side="bid and ask" if bars.has_ask else side_of([Path(file.name) for file in files], told),
        sources=files,
        reading=dict(reading),
        taken_for=told,
        time_zone=_zone(bars.source),
    )


def report_of(bars: Bars) -> BarsReport:
    """The report of a finished pass over the bars."""
    if bars.report is None:
        raise RuntimeError("a finished pass has no report of its bars")
    return bars.report


def facts_of(report: BarsReport, steps: Steps, size: int, **told: Any) -> StoreFacts:
    """The facts of a store of ``size`` bytes written by a pass over bars; ``told`` are facts that the pass does not settle."""
    return StoreFacts(
        version=__version__,
        timeframe_seconds=steps.seconds,
        rows=report.selected_rows,
        batch_rows=BATCH_ROWS,
        first_ts=report.first_ts,
        last_ts=report.last_ts,
        gaps=steps.gaps,
        longest_gap_seconds=steps.longest_seconds,
        columns=report.columns,
        content_hash=report.content_hash,
        size_bytes=size,
        **told,
    )


# ---------------------------------------------------------------- hashes of files


def hash_files(paths: Sequence[Path], stop: threading.Event | None = None) -> tuple[SourceFile, ...]:
    """Name, size and SHA-256 of files.

    Raises:
        InputError: one cannot be read, or changes meanwhile.
    """
    return tuple(_hash_file(path, stop or threading.Event()) for path in paths)


def _hash_file(path: Path, stop: threading.Event) -> SourceFile:
    digest = hashlib.sha256()
    read_head(path)
    try:
        with open(path, "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            size = 0
            buffer = bytearray(BLOCK)
            view = memoryview(buffer)
            while not stop.is_set() and (read := file.readinto(buffer)):
                digest.update(view[:read])
                size += read
            after = os.fstat(file.fileno())
    except OSError as error:
        raise InputError(refusal(path, error)) from error
    if not stop.is_set() and (before.st_size, before.st_mtime_ns) != (size, after.st_mtime_ns):
        raise InputError(f"{path} changed while it was in use: run again when nothing writes to it")
    return SourceFile(name=path.name, size_bytes=size, sha256=digest.hexdigest())


class _Hashing:
    """Hashes files on a thread of its own while their bars are read; leaving the context ends the thread."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._stop = threading.Event()
        self._found: tuple[SourceFile, ...] = ()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="barloom-hash")

    def __enter__(self) -> _Hashing:
        start(self._thread)
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def files(self) -> tuple[SourceFile, ...]:
        """The files, once all are hashed.

        Raises:
            InputError: see ``hash_files``.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def _work(self) -> None:
        try:
            self._found = hash_files(self._paths, self._stop)
        except Exception as error:
            self._error = error


__all__ = ["Ingested", "hash_files", "ingest", "side_of", "taken_for"]
