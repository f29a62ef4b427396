"""Options that the bars of a run are read with, kept in its record so that the same bars can be opened again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from barloom.bars.bars import Bars
from barloom.bars.cells import CELLS
from barloom.bars.opening import open_bars
from barloom.errors import InputError
from barloom.fields import of


class Reading(BaseModel):
    """Options that say how a file of bars is read; each field is the command-line option of that name.

    Attributes:
        columns, ignore_columns, on_bad_rows, on_crossed, shared_bars, odd_times, drop_spikes: as in ``open_bars``.
        ask: file of ask bars of the same times.
        spread_column: column with the spread of each bar.
        fine: file of finer bars, which decide trades that a bar leaves open.
        input_format, time_zone, stamp, symbol, date_order, time_format, decimal, thousands, encoding: as in ``open_bars``; those
            of the bars and of their ask.
        timeframe, anchor: length of the bars to make of those of the file, and when days begin, as in ``Bars.resample``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: str | None = of("columns")
    ignore_columns: tuple[str, ...] = of("ignore_columns")
    on_bad_rows: Literal["error", "drop", "drop:any"] = of("on_bad_rows")
    on_crossed: Literal["error", "drop", "widen"] = of("on_crossed")
    shared_bars: Literal["first", "last", "error"] | None = of("shared_bars")
    odd_times: Literal["error", "keep"] = of("odd_times")
    drop_spikes: bool = of("drop_spikes")
    ask: Path | None = of("ask")
    spread_column: str | None = of("spread_column")
    fine: Path | None = of("fine")
    input_format: str | None = of("input_format")
    time_zone: str | None = of("time_zone")
    stamp: Literal["open", "close"] | None = of("stamp")
    symbol: str | None = of("symbol")
    date_order: Literal["dmy", "mdy", "ymd"] | None = of("date_order")
    time_format: str | None = of("time_format")
    decimal: str | None = of("decimal")
    thousands: str | None = of("thousands")
    encoding: str | None = of("encoding")
    timeframe: str | None = of("timeframe")
    anchor: str | None = of("anchor")

    def open(self, path: Path | Sequence[Path]) -> Bars:
        """The bars of a file, or of several as one data set.

        Raises:
            InputError: see ``open_bars``.
        """
        bars = open_bars(
            path,
            columns=self.columns,
            ignore_columns=self.ignore_columns,
            on_bad_rows=self.on_bad_rows,
            drop_spikes=self.drop_spikes,
            ask=self.ask,
            spread_column=self.spread_column,
            input_format=self.input_format,
            time_zone=self.time_zone,
            stamp=self.stamp,
            symbol=self.symbol,
            **self._cells(),
            on_crossed=self.on_crossed,
            shared_bars=self.shared_bars,
            odd_times=self.odd_times,
        )
        return self.resampled(bars)

    def _cells(self) -> dict[str, str | None]:
        """Options given for the cells."""
        return {name: getattr(self, name) for name in CELLS}

    def resampled(self, bars: Bars) -> Bars:
        """The bars in the timeframe asked for; the bars as they are if none was.

        Raises:
            InputError: no such timeframe or anchor, or an anchor alone.
        """
        if self.timeframe is None:
            if self.anchor is not None:
                raise InputError(
                    f"--anchor '{self.anchor}' says when days of --timeframe begin: give --timeframe as well"
                )
            return bars
        return bars.resample(self.timeframe, self.anchor)

    def open_fine(self, corrects: bool = False) -> Bars | None:
        """The finer bars; None if no file is named. Read with those options of the bars that apply to that file.

        A store needs no options and gets none; a file whose times say their zone gets no time zone unless that of the bars corrects
        such times as well, one without the column of spreads no spread.

        Args:
            corrects: whether the time zone corrects what the times of the bars claim.

        Raises:
            InputError: see ``open_bars``.
        """
        if self.fine is None:
            return None
        said = {
            name: value
            for name in ("columns", "input_format", "stamp", "symbol", "spread_column", "time_zone", *CELLS)
            if (value := getattr(self, name)) is not None
        } | ({"ignore_columns": self.ignore_columns} if self.ignore_columns else {})
        if not said or _is_store(self.fine):
            return open_bars(self.fine, on_bad_rows=self.on_bad_rows, odd_times=self.odd_times)
        refused: InputError | None = None
        for left_out in ((), ("time_zone",), ("spread_column",), ("time_zone", "spread_column")):
            if not said.keys() >= set(left_out):
                continue
            try:
                found = open_bars(
                    self.fine,
                    on_bad_rows=self.on_bad_rows,
                    odd_times=self.odd_times,
                    **{name: value for name, value in said.items() if name not in left_out},
                )
                if corrects or not found.source.corrected:
                    return found
            except InputError as error:
                refused = refused or error
        options = ", ".join("--" + name.replace("_", "-") for name in said)
        raise InputError(
            f"{refused} (--fine is read with the {options} of the bars: where it needs others, make a store of it with data ingest)"
        )

    def kept(self) -> Self:
        """The options with absolute paths, for the record."""
        files = {name: getattr(self, name) for name in ("ask", "fine")}
        return self.model_copy(update={name: path.absolute() for name, path in files.items() if path is not None})


def _is_store(path: Path) -> bool:
    """Check if a file, or every file of a pattern, is a store with facts of its own."""
    try:
        source = open_bars(path).source
    except InputError:
        return False
    return all(one.facts is not None for one in getattr(source, "sources", (source,)))
