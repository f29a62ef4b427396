"""How the bars of a run are read: kept in its record, so that the same bars can be opened again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from barloom.bars.bars import Bars, open_bars
from barloom.errors import InputError


class Reading(BaseModel):
    """Options that say how a file of bars is read; each field is the command-line option of that name.

    Attributes:
        columns, ignore_columns, on_bad_rows, drop_spikes: as in ``open_bars``.
        ask: file of ask bars of the same times.
        spread_column: column with the spread of each bar.
        fine: file of finer bars, which decide trades that a bar leaves open.
        input_format, time_zone, stamp, symbol: as in ``open_bars``; those of the bars and of their ask.
        timeframe, anchor: length of the bars to make of those of the file, and when days begin, as in ``Bars.resample``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: str | None = None
    ignore_columns: tuple[str, ...] = ()
    on_bad_rows: Literal["error", "drop"] = "error"
    drop_spikes: bool = False
    ask: Path | None = None
    spread_column: str | None = None
    fine: Path | None = None
    input_format: str | None = None
    time_zone: str | None = None
    stamp: Literal["open", "close"] | None = None
    symbol: str | None = None
    timeframe: str | None = None
    anchor: str | None = None

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
        )
        return self.resampled(bars)

    def resampled(self, bars: Bars) -> Bars:
        """The bars in the timeframe asked for, as they are where none is.

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

    def open_fine(self) -> Bars | None:
        """The finer bars, None where no file is named; bad rows are treated as those of the bars.

        Raises:
            InputError: see ``open_bars``.
        """
        return None if self.fine is None else open_bars(self.fine, on_bad_rows=self.on_bad_rows)

    def kept(self) -> Self:
        """The same for the record: files by their absolute paths."""
        files = {name: getattr(self, name) for name in ("ask", "fine")}
        return self.model_copy(update={name: path.absolute() for name, path in files.items() if path is not None})
