"""Bars of any number, from any source: opened lazily, selected, and drawn chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

from barloom.bars.chunk import Chunk
from barloom.bars.intake import Intake, Tally
from barloom.bars.refusals import notes_of, refused_rows, share_dropped
from barloom.bars.schema import PRICES, ColumnOptions
from barloom.bars.slicing import Selection, make_selection
from barloom.bars.sources.base import Batches, RowBatch, Source, cut
from barloom.bars.times import FIRST_TIME, LAST_TIME, iso
from barloom.bars.watch import Watch, say
from barloom.boundary import FLAG, NUMBER, TEXT, speaking_python, takes, unusable, whole
from barloom.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

OnBadRows = Literal["error", "drop", "drop:any"]
ON_BAD_ROWS = ("error", "drop", "drop:any")
OnCrossed = Literal["error", "drop", "widen"]
SharedRows = Literal["first", "last", "error"]
Volume = bool | Literal["any"]
Chunks = Generator[Chunk, None, None]
HASHED_AT_ONCE = 1 << 22  # rows of an array hashed between two returns to Python, so that Ctrl-C works


@dataclass(frozen=True, slots=True)
class BarsReport:
    """What one whole pass over the bars found."""

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
    """What was loaded: column -> dtype."""
    notes: tuple[str, ...] = ()
    """What was found beside, one sentence each: the share that bad rows took, a clock that fits few weeks, quotes that were raised."""
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
        """What a user knows the bars by: the path of their file, ``memory`` or ``synthetic``."""
        return self.source.label

    @property
    def has_volume(self) -> bool:
        """Whether chunks can carry the volume."""
        return self.source.has_volume

    @property
    def has_ask(self) -> bool:
        """Whether chunks carry ask prices beside the bid prices."""
        return self.source.has_ask

    @property
    def taken_for(self) -> str:
        """What the bars were taken for, as a sentence for people; empty where nothing had to be told."""
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


# ---------------------------------------------------------------- opening


@takes(
    on_bad_rows=TEXT,
    drop_spikes=FLAG,
    input_format=TEXT.optional,
    time_zone=TEXT.optional,
    symbol=TEXT.optional,
)
@unusable("open_bars()")
def open_bars(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    columns: str | Mapping[str, str | int] | None = None,
    ignore_columns: str | Iterable[str] = (),
    ask: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
    spread_column: str | int | None = None,
    on_bad_rows: OnBadRows = "error",
    input_format: str | None = None,
    time_zone: str | None = None,
    stamp: str | None = None,
    symbol: str | None = None,
    date_order: str | None = None,
    time_format: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    drop_spikes: bool = False,
    on_crossed: OnCrossed = "error",
    shared_bars: SharedRows | None = None,
    odd_times: Literal["error", "keep"] = "error",
) -> Bars:
    """Open a file of bars: text (plain, ``.gz``, ``.zip``, ``.zst``), Parquet, Arrow IPC and others, told apart by content.

    Args:
        path: the file; or several, also a pattern such as ``EURUSD-*.csv``, that follow one another in time, in any order.
        columns: ``time=Date,open=O,...`` (or a mapping): names, or positions from 1, of the columns to read; others are
            left unread.
        ignore_columns: names of columns to leave unread where ``columns`` is not given; ``ask_open`` to ``ask_close`` are read otherwise.
        ask: a file of the ask prices of these bars, read with the same options. Bars are paired by their times: a bar
            without an ask bar is a bad row (``no_ask``), and so is one whose ask bar is bad (``bad_ask``) or below it
            in open, high, low or close (``crossed``).
        spread_column: name or position of a column that holds the spread of each bar in price units, added to all four
            prices; ``SPREAD*0.00001`` where it holds points. A negative one makes a bad row (``crossed``).
        on_bad_rows: ``error`` refuses a file with bad rows, saying which; ``drop`` leaves them out and counts them in
            ``report``, and refuses where they take more than 1% of the rows or of the time; ``drop:any`` takes any share.
        input_format: name of a format or vendor, where content does not tell it.
        time_zone: clock of naive times: ``EST`` (UTC-5 all year), ``+02:00``, ``America/New_York``,
            ``America/New_York+7h``; else that of the vendor, else UTC. A time that the clock never showed, or showed
            twice, makes a bad row (``unparsable_time``). Times that claim to be UTC (epochs, ``Z``) are corrected by it.
        stamp: ``close`` where bars are stamped by the time they close: each is moved back by the most common step.
        symbol: the one to read of a file that holds several; ``*`` takes the rows of all for one instrument.
        date_order: ``dmy``, ``mdy`` or ``ymd``, where no cell of a file proves the order of its dates.
        time_format: how times are written, ``%d-%b-%y %H:%M`` or the like, or ``epoch``, ``epoch-s``, ``epoch-ms``,
            ``epoch-us``, ``epoch-ns``, ``excel``.
        decimal: the decimal mark of prices, ``point`` or ``comma``, where no cell proves it.
        thousands: the mark of thousands, ``comma``, ``point``, ``space``, ``apostrophe`` or ``none``.
        encoding: of a text that is not UTF-8, as Python calls it: ``gbk``, ``shift_jis``, ``cp1251``.
        drop_spikes: leave out bars whose price is far off and comes back (the spikes of ``check_bars``), counted in
            ``report``; the first drawing is then led by a pass that looks for them.
        on_crossed: what becomes of a bar whose ask is below its bid in open, high, low or close: ``error`` makes it a bad row,
            ``drop`` leaves it out whatever ``on_bad_rows`` says, ``widen`` raises each ask price that is below the bid price of
            its kind to it, so that the spread there is zero, and leaves the other prices as they are. Counted in ``report``.
        shared_bars: which bars are taken where a file reaches into the next one: those of the ``first`` or of the ``last`` file;
            ``error`` refuses such files. Unless it is given, bars that both hold with the same prices are taken once.
        odd_times: ``keep`` takes times that no bar has (in the future, or steps such as 7 s), which are refused otherwise.

    Raises:
        InputError: a file is missing, unreadable, of another kind, lacks a column or holds several symbols.

    Examples:
        >>> import pandas as pd
        >>> import barloom as bl
        >>> days = pd.date_range("2024-01-01", periods=3, name="time")
        >>> frame = pd.DataFrame({"open": [5, 6, 7], "high": [7, 8, 8], "low": [5, 5, 6], "close": [6, 7, 8]}, days)
        >>> frame.to_csv("bars.csv")
        >>> bars = bl.open_bars("bars.csv")
        >>> next(bars.chunks(10)).close.tolist()
        [6.0, 7.0, 8.0]
    """
    from barloom.bars.sources.joined import open_joined
    from barloom.bars.sources.pair import PairSource
    from barloom.bars.sources.registry import open_source

    if ask is not None and spread_column is not None:
        raise InputError("--ask and --spread-column both give ask prices: leave one of them out")
    options = ColumnOptions.parse(
        columns,
        ignore_columns,
        spread_column,
        input_format=input_format,
        time_zone=time_zone,
        stamp=stamp,
        symbol=symbol,
        date_order=date_order,
        time_format=time_format,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
    )
    _check_choice("--on-crossed", on_crossed, ("error", "drop", "widen"))
    _check_choice("--shared-bars", shared_bars, (None, "first", "last", "error"))
    _check_choice("--odd-times", odd_times, ("error", "keep"))
    source = open_joined(path, lambda one: open_source(one, options), shared_bars)
    if ask is not None:
        if source.has_ask:
            raise InputError(f"{source.label} has ask prices of its own: leave --ask out")
        source = PairSource(source, open_joined(ask, lambda one: open_source(one, options), shared_bars))
    if on_crossed != "error" and not source.has_ask:
        raise InputError(f"--on-crossed is about ask prices, and {source.label} has none: leave it out, or give --ask")
    if drop_spikes:
        from barloom.bars.sources.despiked import DespikedSource

        source = DespikedSource(source)
    source.odd_times_kept = odd_times == "keep"
    source.widens = on_crossed == "widen"
    source.forgiven = ("crossed",) if on_crossed == "drop" else ()
    return Bars(source, on_bad_rows=on_bad_rows)


def _check_choice(option: str, value: object, known: Sequence[str | None]) -> None:
    if value not in known:
        raise InputError(f"{option} is '{value}': {nearest(str(value), [name for name in known if name])}")


@takes(on_bad_rows=TEXT)
def from_arrays(
    timestamp: npt.ArrayLike,
    open: npt.ArrayLike,
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    volume: npt.ArrayLike | None = None,
    *,
    spread: npt.ArrayLike | None = None,
    ask: Sequence[npt.ArrayLike] | None = None,
    on_bad_rows: OnBadRows = "error",
) -> Bars:
    """Bars held in arrays, one entry a bar; contiguous float64 prices and nanosecond times are never copied.

    The arrays are checked here, once: do not change them while the bars are in use.

    Args:
        timestamp: datetime64 of any unit, or integers, UTC, increasing: seconds up to 1e11, milliseconds up to 1e14, microseconds up to
            1e17 and nanoseconds beyond, told by the largest.
        open: prices, positive and finite.
        high: at least open and close.
        low: at most open and close.
        close: as open.
        volume: finite, not negative; optional.
        spread: ask price less bid price of each bar, in price units, finite and not negative; optional.
        ask: open, high, low and close of the ask side, none below its bid; optional, in place of ``spread``.
        on_bad_rows: as in ``open_bars``.

    Raises:
        InputError: lengths or types do not fit, there is no bar, or a row is bad.

    Examples:
        >>> import barloom as bl
        >>> times = [1704067200, 1704067260, 1704067320]  # seconds
        >>> bars = bl.from_arrays(times, open=[5, 6, 7], high=[7, 8, 8], low=[5, 5, 6], close=[6, 7, 8])
        >>> next(bars.chunks(10)).high.tolist()
        [7.0, 8.0, 8.0]
    """
    from barloom.bars.sources.memory import MemorySource

    with unusable("from_arrays()"), speaking_python():
        return _checked(MemorySource.of_arrays(timestamp, open, high, low, close, volume, spread, ask), on_bad_rows)


@takes(spread_column=TEXT.optional, on_bad_rows=TEXT)
def from_pandas(
    frame: pd.DataFrame,
    *,
    columns: str | Mapping[str, str | int] | None = None,
    spread_column: str | None = None,
    on_bad_rows: OnBadRows = "error",
) -> Bars:
    """Bars of a data frame: times from its DatetimeIndex or a time column, prices by their usual names.

    Time zones are converted to UTC; naive times are UTC. The newest bars may come first. Columns of two levels, prices and
    one ticker, are those of yfinance. Other columns are left alone.

    Args:
        frame: the bars, one a row.
        columns: field -> name or position, as in ``open_bars``; the time may be left out where the index holds it, and the
            index may be called by its name.
        spread_column: that of ``open_bars``, by name.
        on_bad_rows: as in ``open_bars``.

    Raises:
        InputError: a column is missing, its type does not fit, there is no bar, or a row is bad.

    Examples:
        >>> import pandas as pd
        >>> import barloom as bl
        >>> days = pd.date_range("2024-01-01", periods=3, name="time")
        >>> frame = pd.DataFrame({"open": [5, 6, 7], "high": [7, 8, 8], "low": [5, 5, 6], "close": [6, 7, 8]}, days)
        >>> bars = bl.from_pandas(frame)
        >>> next(bars.chunks(10)).close.tolist()
        [6.0, 7.0, 8.0]
    """
    from barloom.bars.sources.frames import frame_source

    with unusable("from_pandas()"), speaking_python():
        return _checked(frame_source(frame, columns, spread_column), on_bad_rows)


def _checked(source: Source, on_bad_rows: OnBadRows) -> Bars:
    """Bars in memory, refused at once where they are bad."""
    bars = Bars(source, on_bad_rows=on_bad_rows)
    if on_bad_rows == "error" and source.clean_arrays() is None:
        for _ in bars.chunks(1 << 16, volume="any" if source.has_volume else False):
            pass
    return bars


@takes(rows=whole(1), seed=whole(0))
def from_synthetic(rows: int, seed: int = 0) -> Bars:
    """Seeded bars that look like FX, streamed: the same seed gives the same bytes on every platform.

    Raises:
        InputError: rows < 1 or seed < 0.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000, seed=7)
        >>> [round(float(price), 5) for price in next(bars.chunks(3)).close]
        [1.09997, 1.09996, 1.09996]
    """
    from barloom.bars.synthetic import SyntheticSource

    return Bars(SyntheticSource(rows, seed))


__all__ = ["Bars", "BarsReport", "from_arrays", "from_pandas", "from_synthetic", "open_bars"]
