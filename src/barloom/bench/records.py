"""Record written by ``barloom bench run`` and read by ``compare``; validated when written and when read."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from barloom.errors import InputError
from barloom.jobs.records import Count, Machine, Record, Seconds, UtcTime


class Measurement(Record):
    """One work: every time it took, in the order of the repeats, and what its answer was checked against.

    Attributes:
        section: what it belongs to; ``name`` says the rest, and with ``rows`` tells measurements apart.
        rows: bars that were generated for it.
        bars: bars that one call passes.
        seconds: of each counted repeat.
        checked: what the answer equalled before anything was timed.
    """

    section: str = Field(min_length=1)
    name: str = Field(min_length=1)
    rows: int = Field(ge=1)
    bars: Count
    seconds: tuple[Seconds, ...] = Field(min_length=1)
    median: Seconds
    lowest: Seconds
    highest: Seconds
    checked: str = Field(min_length=1)

    @classmethod
    def of(cls, section: str, name: str, rows: int, bars: int, seconds: list[float], checked: str) -> Self:
        """A measurement with its median and spread."""
        return cls(
            section=section,
            name=name,
            rows=rows,
            bars=bars,
            seconds=tuple(seconds),
            median=statistics.median(seconds),
            lowest=min(seconds),
            highest=max(seconds),
            checked=checked,
        )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        found = statistics.median(self.seconds), min(self.seconds), max(self.seconds)
        if found != (self.median, self.lowest, self.highest):
            raise ValueError("median, lowest and highest are not those of the seconds")
        return self

    @property
    def key(self) -> tuple[str, str, int]:
        """Key by which two records of the same measurement are matched."""
        return self.section, self.name, self.rows

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile of the times."""
        if len(self.seconds) == 1:
            return self.seconds[0], self.seconds[0]
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


class BenchRecord(Record):
    """Record of one ``barloom bench run``: the measurements of its sections."""

    kind: Literal["barloom bench"] = "barloom bench"
    started_at: UtcTime
    ended_at: UtcTime
    versions: dict[str, str]
    machine: Machine
    repeats: int = Field(ge=1)
    threads: int = Field(ge=1)
    measurements: tuple[Measurement, ...]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if not self.measurements:
            raise ValueError("nothing was measured")
        if self.ended_at < self.started_at:
            raise ValueError("the benchmark ended before it started")
        if len({measured.key for measured in self.measurements}) != len(self.measurements):
            raise ValueError("two measurements have one section, name and number of rows")
        return self


def read_bench(path: Path) -> BenchRecord:
    """Read the record in a file.

    Raises:
        InputError: it cannot be read, or is no such record.
    """
    try:
        return BenchRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}; name a record of 'barloom bench run'"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise InputError(f"{path} is no record of 'barloom bench run --out': {where}: {first['msg']}") from None
