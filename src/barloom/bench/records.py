"""What ``barloom bench run`` leaves, and what ``compare`` reads: validated on the way in and out."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

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
        """What two records have in common where they measured the same."""
        return self.section, self.name, self.rows

    @property
    def quartiles(self) -> tuple[float, float]:
        """Times that a quarter of the repeats were under, and over."""
        if len(self.seconds) == 1:
            return self.seconds[0], self.seconds[0]
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high


class Against(Record):
    """One work by barloom and by a peer, in turn: every time of both, and what their answers had in common.

    Attributes:
        peer, version: the other engine.
        name: the work.
        rows: bars that it takes; a slow peer is given the first of them.
        bars: the same, times the sets where there are some.
        our_seconds, their_seconds: of each counted repeat.
        ratio: median over the repeats of their time over ours: how many times as fast barloom is.
        lowest, highest: the least and the greatest of those ratios.
        compared: what was found the same before anything was timed.
        differs: what was not compared, and why; None where all of it was.
    """

    peer: str = Field(min_length=1)
    version: str = Field(min_length=1)
    name: str = Field(min_length=1)
    rows: int = Field(ge=1)
    bars: Count
    our_seconds: tuple[Seconds, ...] = Field(min_length=1)
    their_seconds: tuple[Seconds, ...] = Field(min_length=1)
    ratio: float = Field(gt=0.0)
    lowest: float = Field(gt=0.0)
    highest: float = Field(gt=0.0)
    compared: str = Field(min_length=1)
    differs: str | None

    @classmethod
    def of(cls, *, our_seconds: Sequence[float], their_seconds: Sequence[float], **rest: Any) -> Self:
        """A comparison with its ratios.

        Raises:
            InputError: the clock saw no time pass.
        """
        if min(*our_seconds, *their_seconds) <= 0.0:
            raise InputError(f"{rest['name']} took no time: measure it with more --rows")
        ratio, lowest, highest = _ratios(our_seconds, their_seconds)
        return cls(
            our_seconds=tuple(our_seconds),
            their_seconds=tuple(their_seconds),
            ratio=ratio,
            lowest=lowest,
            highest=highest,
            **rest,
        )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.our_seconds) != len(self.their_seconds) or min(self.our_seconds) <= 0.0:
            raise ValueError("the seconds of both are not of the same repeats")
        if _ratios(self.our_seconds, self.their_seconds) != (self.ratio, self.lowest, self.highest):
            raise ValueError("ratio, lowest and highest are not those of the seconds")
        return self


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and greatest of the ratios of times taken one after the other."""
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


class BenchRecord(Record):
    """The record of one ``barloom bench run``: the sections that were measured, and the peers beside them."""

    kind: Literal["barloom bench"] = "barloom bench"
    started_at: UtcTime
    ended_at: UtcTime
    versions: dict[str, str]
    machine: Machine
    repeats: int = Field(ge=1)
    threads: int = Field(ge=1)
    measurements: tuple[Measurement, ...]
    against: tuple[Against, ...] = ()

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if not self.measurements and not self.against:
            raise ValueError("nothing was measured")
        if self.ended_at < self.started_at:
            raise ValueError("the benchmark ended before it started")
        if len({measured.key for measured in self.measurements}) != len(self.measurements):
            raise ValueError("two measurements have one section, name and number of rows")
        return self


def read_bench(path: Path) -> BenchRecord:
    """The record in a file.

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
