"""The report of a check: kinds of findings, and what each means."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from barloom.bars.first_rows import SPIKE_DEVIATIONS

Severity = Literal["error", "warning", "note"]
Verdict = Literal["clean", "not judged", "warnings", "asked", "bad rows", "no bars"]
"""``asked``: a run asks something first, see the advice."""

MEANINGS: dict[str, tuple[Severity, str]] = {
    "unparsable_time": ("error", "the time cannot be read"),
    "unparsable_price": ("error", "a price cannot be read"),
    "malformed": ("error", "the row has not the columns of the others"),
    "unsorted": ("error", "the time is before that of an earlier row"),
    "repeated_same": ("error", "time and prices of the row before, again"),
    "repeated_different": ("error", "the time of the row before with other prices"),
    "not_finite": ("error", "a price is missing or infinite"),
    "not_positive": ("error", "a price is zero or negative"),
    "high_low": ("error", "high and low do not span open and close"),
    "no_ask": ("error", "no ask bar of this time"),
    "bad_ask": ("error", "the ask bar is bad"),
    "crossed": ("error", "the ask is below the bid"),
    "shifted_columns": ("error", "the prices stand one column to the left or right of their own; counted above too"),
    "spike": ("warning", f"a price more than {SPIKE_DEVIATIONS:.0f} robust deviations away that comes back"),
    "zero_range": ("warning", "30 or more bars in a row without any range"),
    "stale": ("warning", "5 or more bars in a row that repeat the prices of the one before"),
    "off_grid": ("warning", "the time is not on the grid of the others"),
    "bad_volume": ("warning", "the volume is negative, missing or no number: the bar is kept, its volume is unknown"),
    "hole": ("warning", "bars are missing while the market is open"),
    "odd_times": ("warning", "times that no bar has"),
    "clocks_apart": ("warning", "the clocks of the files do not meet"),
    "daylight_saving": ("warning", "an hour comes twice in autumn: the times look like those of a local clock"),
    "time_zone": ("warning", "the weeks open at 17:00 New York by another clock"),
    "no_volume": ("note", "the volume is zero in every row"),
    "absent": ("note", "single minutes without a bar: nobody traded, or nothing was kept"),
}


class Place(BaseModel):
    """Where a finding shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    """Row of the source, counted from 1."""
    time: str | None
    """ISO, UTC; None where it could not be read."""


class Finding(BaseModel):
    """One kind of fault or oddity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    severity: Severity
    """An error is a row that a run refuses; a warning may spoil a result; a note is worth knowing."""
    count: int
    """Rows; of holes and absent bars the gaps."""
    meaning: str
    first: tuple[Place, ...]
    share_of_rows: float | None = None
    """Of all rows; None of what is no row."""
    share_of_time: float | None = None
    """Of the time in which there are bars or should be; None where it takes none."""


class CheckReport(BaseModel):
    """The findings of a check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    rows: int
    """All rows, good and bad."""
    bars: int
    """Rows that are good bars."""
    first: str | None
    """Time of the first good bar, ISO, UTC; None where there is none."""
    last: str | None
    timeframe_seconds: float | None
    """The most common step; None where bars have no regular one."""
    findings: tuple[Finding, ...]
    """The kinds that were found, errors first."""
    weekends: int
    """Gaps that are weekends, and so on: none of these is a finding."""
    holidays: int
    nightly_closes: int
    market: Literal["always open", "closes", "unknown"]
    clock_fits: dict[str, float]
    """Share of the FX weeks that open at 17:00 New York, by the clock that the times might be of; empty for other markets."""
    not_judged: tuple[str, ...] = ()
    """Things that could not be judged, one sentence each; with one of them, nothing is called clean."""
    verdict: Verdict
    said: str = ""
    """The verdict in words."""
    advice: tuple[str, ...]
    """Advice, one sentence each."""
    options: tuple[str, ...] | None = ()
    """Options that a command has to be given to go on with these rows, as they are typed; None where no option helps."""

    def found(self, kind: str) -> int:
        """The count of one kind, 0 where it was not found."""
        return sum(finding.count for finding in self.findings if finding.kind == kind)
