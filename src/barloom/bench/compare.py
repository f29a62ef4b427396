"""Comparison of two records of ``barloom bench run``, measurement by measurement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from barloom.bench.records import BenchRecord, Measurement
from barloom.errors import InputError
from barloom.jobs.records import Record

Verdict = Literal["slower", "unsure", "faster", "same"]


class Change(Record):
    """One measurement in both records.

    Attributes:
        ratio: median of the new record over that of the old one.
        least, most: the same of quartiles: what the spreads leave open.
        verdict: ``slower``: over the limit, and the spreads do not explain it; ``unsure``: over the limit, but the spreads overlap;
            ``faster``: the other way round; ``same``: neither.
    """

    section: str
    name: str
    rows: int
    old_seconds: float
    new_seconds: float
    ratio: float = Field(gt=0.0)
    least: float = Field(gt=0.0)
    most: float = Field(gt=0.0)
    verdict: Verdict


class Comparison(Record):
    """Result of a comparison; ``regressed`` is True if a measurement is slower than allowed."""

    max_regression: float = Field(ge=0.0)
    changes: tuple[Change, ...] = Field(min_length=1)
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    regressed: bool


def compare(old: BenchRecord, new: BenchRecord, max_regression: float) -> Comparison:
    """Compare the measurements that two records share.

    Args:
        old: what was measured before.
        new: what was measured now, on the same machine.
        max_regression: share by which a median may grow: 0.1 for a tenth.

    Raises:
        InputError: they are of two machines, or share no measurement.
    """
    for name in ("processor", "architecture", "usable_cores", "openmp_threads"):
        was, now = getattr(old.machine, name), getattr(new.machine, name)
        if was != now:
            raise InputError(
                f"the records are of two machines ({name} {was} in OLD, {now} in NEW), whose times do not compare: take both on one"
            )
    if old.threads != new.threads:
        raise InputError(f"OLD was taken with --threads {old.threads}, NEW with {new.threads}: take both with the same")
    before = {measured.key: measured for measured in old.measurements}
    after = {measured.key: measured for measured in new.measurements}
    shared = [key for key in before if key in after]
    if not shared:
        raise InputError("OLD and NEW share no measurement: take both with the same --section and --rows")
    changes = tuple(_judge(before[key], after[key], max_regression) for key in shared)
    return Comparison(
        max_regression=max_regression,
        changes=changes,
        only_old=tuple(_said(measured) for key, measured in before.items() if key not in after),
        only_new=tuple(_said(measured) for key, measured in after.items() if key not in before),
        regressed=any(change.verdict == "slower" for change in changes),
    )


def _judge(old: Measurement, new: Measurement, limit: float) -> Change:
    (old_low, old_high), (new_low, new_high) = old.quartiles, new.quartiles
    if min(old.lowest, new.lowest) <= 0.0:
        raise InputError(f"{_said(old)} took no time in one of the records: measure it with more --rows")
    ratio, least, most = new.median / old.median, new_low / old_high, new_high / old_low
    verdict: Verdict = "same"
    if ratio > 1.0 + limit:
        verdict = "slower" if least > 1.0 else "unsure"
    elif ratio < 1.0 / (1.0 + limit) and most < 1.0:
        verdict = "faster"
    return Change(
        section=old.section,
        name=old.name,
        rows=old.rows,
        old_seconds=old.median,
        new_seconds=new.median,
        ratio=ratio,
        least=least,
        most=most,
        verdict=verdict,
    )


def _said(measured: Measurement) -> str:
    return f"{measured.name} of {measured.rows:,} bars"
