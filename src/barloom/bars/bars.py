"""Bars of any number, from any source: opened lazily, selected, and drawn chunk by chunk."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from barloom.bars.chunk import Chunk
from barloom.bars.intake import Intake, Tally
from barloom.bars.refusals import notes_of, refused_rows, share_dropped
from barloom.bars.schema import PRICES
from barloom.bars.slicing import Selection, make_selection
from barloom.bars.sources.base import Batches, RowBatch, Source, cut
from barloom.bars.times import FIRST_TIME, LAST_TIME, iso
from barloom.bars.watch import Watch, say
from barloom.boundary import NUMBER, TEXT, takes, unusable
from barloom.errors import InputError, nearest

OnBadRows = Literal["error", "drop", "drop:any"]
ON_BAD_ROWS = ("error", "drop", "drop:any")
Volume = bool | Literal["any"]
Chunks = Generator[Chunk, None, None]
HASHED_AT_ONCE = 1 << 22  # rows of an array hashed between two returns to Python, so that Ctrl-C works


@dataclass(frozen=True, slots=True)
class BarsReport:
    """Findings of one whole pass over the bars."""

    total_rows: int
    """All rows of the source, good and bad, inside and outside the selection."""
    selected_rows: int
    """Good rows of the selection: the bars."""
    first_ts: int
    """Time of the first bar, nanoseconds UTC."""
    last_ts: int
    dropped: dict[str, int]
    """Bad rows of the selection by kind."""
    content_hash: str
    """Hash of the bars' times and prices, ask prices included where there are any: the same from any source."""
    columns: dict[str, str]
    """The columns that were loaded, each with its dtype."""
    notes: tuple[str, ...] = ()
    """Other findings, one sentence each: the share that bad rows took, a clock that fits few weeks, quotes that were raised."""
    odd_volumes: int = 0
    """Bars whose volume is missing, infinite or negative, where volumes were read: kept, with an unknown volume."""


class Bars:
    """Bars of a source, or of a selection of its rows; nothing is read until chunks are drawn.

    ``report`` is None until a pass was drawn to its end.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> bars.label, bars.has_volume, bars.has_ask
        ('synthetic', True, False)
        >>> bars.report is None
        True
        >>> sum(chunk.rows for chunk in bars.chunks(300))
        1000
        >>> bars.report.selected_rows, bars.report.content_hash[:8]
        (1000, '30ecdfe4')
    """

    def __init__(self, source: Source, selection: Selection | None = None, on_bad_rows: OnBadRows = "error") -> None:
        if on_bad_rows not in ON_BAD_ROWS:
            raise InputError(f"--on-bad-rows is '{on_bad_rows}': {nearest(str(on_bad_rows), ON_BAD_ROWS)}")
        self.source = source
        self.selection = selection or Selection()
        self.on_bad_rows: OnBadRows = on_bad_rows
        self.report: BarsReport | None = None

    @property
    def label(self) -> str:
        """The name that users see: the path of their file, ``memory`` or ``synthetic``."""
        return self.source.label

    @property
    def has_volume(self) -> bool:
        """True if chunks can carry the volume."""
        return self.source.has_volume

    @property
    def has_ask(self) -> bool:
        """True if chunks carry ask prices beside the bid prices."""
        return self.source.has_ask

    @property
    def taken_for(self) -> str:
        """The format the bars were read as, in a sentence for people; empty if nothing had to be told."""
        told = f"{self.label} is taken for {self.source.taken_for}" if self.source.taken_for else ""
        corrected = self.source.corrected
        return f"{told}; {corrected}" if told and corrected else f"{self.label}: {corrected}" if corrected else told

    def __repr__(self) -> str:
        part = "" if self.selection.whole else f", {self.selection}"
        return f"Bars({self.label!r}{part})"

    @takes(portion=NUMBER)
    @unusable("select()")
    def select(self, *, fraction: float = 1.0, portion: int = 1, start: Any = None, end: Any = None) -> Bars:
        """A part of these bars: the rows of a portion first, bad rows counted too, and of those a range of times.

        A fraction has ceil(1 / fraction) portions, numbered from 1, which cover every row exactly once; the last one
        takes what is left (0.3: three of 30% and one of 10%). Start and end (exclusive) are ISO text, datetimes or
        integer nanoseconds; naive is UTC. Rows before the start are passed over; at the first row at or past the end
        the pass ends.

        Raises:
            InputError: a value is out of range, or a selection was made already.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(1_000)
            >>> morning = bars.select(start="2015-01-05 06:00", end="2015-01-05 12:00")
            >>> bl.run(morning, "ema-cross").report.selected_rows
            359
            >>> second = bars.select(fraction=0.25, portion=2)
            >>> bl.run(second, "ema-cross").report.selected_rows
            250
        """
        if not self.selection.whole:
            raise InputError(f"{self.label} is a selection already: select once, from the bars as opened")
        return Bars(self.source, make_selection(fraction, portion, start, end), self.on_bad_rows)

    @takes(timeframe=TEXT, anchor=TEXT.optional)
    def resample(self, timeframe: str, anchor: str | None = None) -> Bars:
        """Longer bars made of these while they are drawn, labelled by when they begin.

        Open first, high highest, low lowest, close last, volume summed, ask prices likewise; spans without a row give no bar. A
        selection chooses rows of these bars, whether it is made before or after: portions cover every row once, and a bar that an
        end of the selection cuts holds the selected rows alone.

        Args:
            timeframe: a number and ``s``, ``m``, ``h``, ``d`` or ``w``: ``5m``, ``4h``, ``1d``; counted from UTC midnight, weeks
                from Monday.
            anchor: when days begin instead: ``17:00 America/New_York``.

        Raises:
            InputError: no such timeframe or anchor, or the bars are resampled already.

        Examples:
            >>> import barloom as bl
            >>> hours = bl.from_synthetic(1_000).resample("1h")
            >>> chunk = next(hours.chunks(100))
            >>> chunk.rows, round(float(chunk.close[0]), 5)
            (17, 1.10007)
        """
        from barloom.bars.resampling import ResampledBars
        from barloom.bars.timeframes import Timeframe

        if isinstance(self, ResampledBars):
            raise InputError(f"{self.label} is resampled already: resample once, from the bars as opened")
        return ResampledBars(self, Timeframe.parse(timeframe, anchor))

    def bars_at_hand(self) -> int | None:
        """The number of rows of a whole source where it costs nothing to know, else None.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(1_000)
            >>> bars.bars_at_hand()
            1000
            >>> bars.select(start="2015-01-05 06:00").bars_at_hand() is None
            True
        """
        return self.source.rows_at_hand() if self.selection.whole else None

    def chunks(self, chunk_rows: int, *, history: int = 0, volume: Volume = False, threads: int = 2) -> Chunks:
        """Draw the bars in chunks of ``chunk_rows`` (the last may be shorter), led by up to ``history`` earlier bars.

        Closing the iterator ends the threads that read ahead. Chunk size and threads never change a bar.

        Args:
            chunk_rows: new bars in a chunk, at least 1.
            history: bars before a chunk's first new one to lead its arrays.
            volume: whether chunks carry the volume. One that is missing, infinite or negative makes a bad row where it is read
                (True), and is NaN where bars are only passed on (``any``).
            threads: threads that read and parse ahead of the caller.

        Raises:
            InputError: the source cannot be read, holds bad rows (unless ``on_bad_rows`` is ``drop``, and they are at most 1%),
                or has no bar in the selection.
            Question: an InputError that only the user can settle, such as a clock that the bars contradict.

        Examples:
            >>> import barloom as bl
            >>> bars = bl.from_synthetic(1_000)
            >>> [(chunk.base, chunk.rows, len(chunk.close)) for chunk in bars.chunks(400, history=20)]
            [(0, 400, 400), (400, 400, 420), (800, 200, 220)]
            >>> max(float(chunk.high.max()) for chunk in bars.chunks(400))
            1.10795
        """
        if chunk_rows < 1 or history < 0 or threads < 1:
            raise InputError(f"chunk rows {chunk_rows}, history {history}, threads {threads}: at least 1, 0 and 1")
        if volume and not self.has_volume:
            raise InputError(f"{self.label} has no volume column")
        arrays = self.source.clean_arrays()
        if arrays is not None and (not volume or (arrays.volume is not None and not self.source.odd_volumes)):
            return self._views(arrays, chunk_rows, history, bool(volume))
        return self._streamed(chunk_rows, history, volume, threads)

    # ------------------------------------------------------------ the two ways

    def _streamed(self, chunk_rows: int, history: int, volume: Volume, threads: int) -> Chunks:
        source, selection = self.source, self.selection
        start: int = 0
        stop: int | None = None
        if selection.fraction != 1:
            start, stop = selection.rows(source.total_rows())
        at_hand = source.rows_at_hand()
        limit = stop if stop is not None else at_hand
        tally = Tally(selection.start, selection.end, keep_odd_volumes=volume == "any", forgiven=source.forgiven)
        intake = Intake(tally, chunk_rows, history, bool(volume), self.on_bad_rows == "error", self.has_ask)
        watch = Watch(source, tally)
        seen = _Seen(source.batches(start, stop, volume=bool(volume), threads=threads), watch)
        with closing(seen.batches()) as batches:
            yield from intake.chunks(batches, None if limit is None else limit - start)
        if intake.strict and tally.refused:
            raise refused_rows(source, tally, intake.kept, watch.step())
        if not intake.kept:
            raise InputError(self._no_bars(tally))
        notes = [*share_dropped(source, tally, intake.kept, watch.step(), self.on_bad_rows), *watch.judge()]
        total = at_hand
        if total is None:
            total = source.total_rows() if stop is not None or tally.finished else seen.stop
        known = tally.content_hash(intake.kept, self.has_ask)
        left_out = source.left_out(start, stop, selection.start, selection.end)
        # A store keeps bars of unknown volume, which are bad rows to who reads volumes.
        unread = source.facts.odd_volumes if source.facts is not None and volume is True else 0
        if selection.whole and not 0 < tally.bad <= unread:
            source.confirm(known)
        notes += notes_of(tally, watch.widened, left_out, intake.kept)
        if source.asks:  # who does not want to be asked is told by the report
            say(self.label, notes)
        self._report(
            total, intake.kept, intake.first_time, intake.last_time, tally.by_kind() | left_out, known, bool(volume), notes,
            tally.odd_volumes,
        )  # fmt: skip

    def _views(self, arrays: RowBatch, chunk_rows: int, history: int, volume: bool) -> Chunks:
        total = len(arrays)
        first, stop = self.selection.rows(total)
        times = arrays.timestamp[first:stop]
        if self.selection.end != LAST_TIME:
            stop = first + int(times.searchsorted(self.selection.end))
        if self.selection.start != FIRST_TIME:
            first += int(times.searchsorted(self.selection.start))
        rows = stop - first
        if rows <= 0:
            raise InputError(self._no_bars(Tally()))
        for base in range(0, rows, chunk_rows):
            lead = min(history, base)
            last = base + chunk_rows >= rows
            after = first + min(base + chunk_rows, rows)
            part = slice(first + base - lead, after)
            asks = (None, None, None, None) if arrays.ask is None else cut(arrays.ask, part)
            yield Chunk(
                base,
                lead,
                min(chunk_rows, rows - base),
                last,
                arrays.timestamp[part],
                arrays.open[part],
                arrays.high[part],
                arrays.low[part],
                arrays.close[part],
                arrays.volume[part] if volume and arrays.volume is not None else None,
                None if last else int(arrays.timestamp[after]),
                *asks,
            )
        known = self.source.whole_hash() if rows == total else None
        if known is None:
            tally = Tally()
            for at in range(first, stop, HASHED_AT_ONCE):
                tally.check(arrays.between(at, min(at + HASHED_AT_ONCE, stop)))
            known = tally.content_hash(rows, self.has_ask)
        watch = Watch(self.source, Tally())
        if not self.source.judged:
            watch.look(arrays.timestamp[first:stop])
        notes = watch.judge()
        if self.source.asks:  # who does not want to be asked is told by the report
            say(self.label, notes)
        self._report(
            total, rows, int(arrays.timestamp[first]), int(arrays.timestamp[stop - 1]), {}, known, volume, notes
        )

    # ------------------------------------------------------------ what a pass says

    def _report(
        self, total: int, kept: int, first: int, last: int, dropped: dict[str, int], content_hash: str, volume: bool,
        notes: Sequence[str], odd_volumes: int = 0,
    ) -> None:  # fmt: skip
        columns = {"timestamp": "int64", **dict.fromkeys(PRICES, "float64")}
        if volume:
            columns["volume"] = "float64"
        if self.has_ask:
            columns |= {f"ask_{name}": "float64" for name in PRICES}
        self.report = BarsReport(
            total, kept, first, last, dropped, content_hash, columns, tuple(notes), odd_volumes=odd_volumes
        )

    def _no_bars(self, tally: Tally) -> str:
        if tally.bad:
            counts = ", ".join(f"{count} {kind}" for kind, count in tally.by_kind().items())
            return f"{self.label} has no good bar in the selection: {counts}"
        selection = self.selection
        if selection.start == FIRST_TIME and selection.end == LAST_TIME:
            part = (
                ""
                if selection.fraction == 1
                else f" in portion {selection.portion} of fraction {float(selection.fraction)}"
            )
            return f"{self.label} has no bars{part}"
        since = "" if selection.start == FIRST_TIME else f" from {iso(selection.start)}"
        until = "" if selection.end == LAST_TIME else f" before {iso(selection.end)}"
        return f"{self.label} has no bars{since}{until}: choose times that the data covers"


class _Seen:
    """Batches passed on and looked at, remembering how far they went."""

    def __init__(self, drawn: Batches, watch: Watch) -> None:
        self.drawn, self.watch = drawn, watch
        self.stop = 0

    def batches(self) -> Batches:
        with closing(self.drawn):
            for batch in self.drawn:
                self.stop = batch.first_row + len(batch)
                self.watch.take(batch)
                yield batch
