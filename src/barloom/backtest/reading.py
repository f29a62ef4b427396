"""How the bars of a run are read: kept in its record, so that the same bars can be opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from barloom.bars.bars import Bars, open_bars


class Reading(BaseModel):
    """Options that say how a file of bars is read; each field is the command-line option of that name.

    Attributes:
        columns, ignore_columns, on_bad_rows: as in ``open_bars``.
        ask: file of ask bars of the same times.
        spread_column: column with the spread of each bar.
        fine: file of finer bars, which decide trades that a bar leaves open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: str | None = None
    ignore_columns: tuple[str, ...] = ()
    on_bad_rows: Literal["error", "drop"] = "error"
    ask: Path | None = None
    spread_column: str | None = None
    fine: Path | None = None

    def open(self, path: Path) -> Bars:
        """The bars of a file.

        Raises:
            InputError: see ``open_bars``.
        """
        return open_bars(
            path,
            columns=self.columns,
            ignore_columns=self.ignore_columns,
            on_bad_rows=self.on_bad_rows,
            ask=self.ask,
            spread_column=self.spread_column,
        )

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
