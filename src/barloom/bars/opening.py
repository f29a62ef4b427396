"""Ways to open bars: files, arrays, frames, and made-up ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy.typing as npt

from barloom.bars.bars import Bars, OnBadRows
from barloom.bars.schema import ColumnOptions
from barloom.bars.sources.base import Source
from barloom.boundary import FLAG, TEXT, speaking_python, takes, unusable, whole
from barloom.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

OnCrossed = Literal["error", "drop", "widen"]
SharedRows = Literal["first", "last", "error"]


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
