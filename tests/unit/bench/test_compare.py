"""Two records of a benchmark: what counts as slower, and what is not compared at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from barloom.bench.compare import compare
from barloom.bench.records import BenchRecord, Measurement, read_bench
from barloom.errors import InputError
from barloom.jobs.records import Machine

MACHINE = Machine(
    system="Linux 6",
    architecture="x86_64",
    processor="some processor",
    cores=2,
    usable_cores=2,
    memory_bytes=None,
    openmp_threads=2,
    byte_order="little",
)
STEADY = [1.00, 1.01, 1.02, 1.03, 1.04]


def record(machine=MACHINE, threads=2, rows=10_000, **seconds):
    now = datetime.now(UTC)
    return BenchRecord(
        started_at=now,
        ended_at=now,
        versions={"barloom": "0"},
        machine=machine,
        repeats=5,
        threads=threads,
        measurements=tuple(Measurement.of("any", name, rows, rows, times, "itself") for name, times in seconds.items()),
    )


def scaled(times, by):
    return [by * value for value in times]


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (STEADY, "same"),
        (scaled(STEADY, 1.09), "same"),
        (scaled(STEADY, 1.2), "slower"),
        (scaled(STEADY, 0.8), "faster"),
        # The median is a fifth up, but half of the repeats were as fast as ever: the machine, perhaps.
        ([1.0, 1.02, 1.22, 1.23, 1.24], "unsure"),
    ],
)
def test_a_measurement_is_judged_by_the_ratio_of_medians_and_what_the_spreads_leave_open(new, verdict):
    found = compare(record(work=STEADY), record(work=new), 0.1)
    assert found.changes[0].verdict == verdict
    assert found.regressed == (verdict == "slower")


def test_the_limit_is_the_users():
    new = record(work=scaled(STEADY, 1.2))
    assert compare(record(work=STEADY), new, 0.1).regressed
    assert not compare(record(work=STEADY), new, 0.25).regressed


def test_one_slower_measurement_among_faster_ones_is_a_regression():
    old = record(one=STEADY, other=STEADY)
    found = compare(old, record(one=scaled(STEADY, 0.5), other=scaled(STEADY, 1.5)), 0.1)
    assert [change.verdict for change in found.changes] == ["faster", "slower"] and found.regressed


def test_what_only_one_record_has_is_named_and_not_judged():
    found = compare(record(both=STEADY, gone=STEADY), record(both=STEADY, come=STEADY), 0.1)
    assert [change.name for change in found.changes] == ["both"]
    assert found.only_old == ("gone of 10,000 bars",) and found.only_new == ("come of 10,000 bars",)


def test_records_that_do_not_compare_are_refused_with_the_remedy():
    other = MACHINE.model_copy(update={"processor": "another"})
    with pytest.raises(InputError, match="processor some processor in OLD, another in NEW"):
        compare(record(work=STEADY), record(machine=other, work=STEADY), 0.1)
    with pytest.raises(InputError, match="--threads 2, NEW with 1"):
        compare(record(work=STEADY), record(threads=1, work=STEADY), 0.1)
    with pytest.raises(InputError, match="share no measurement"):
        compare(record(work=STEADY), record(rows=20_000, work=STEADY), 0.1)


def test_a_record_comes_back_from_its_file_and_a_damaged_one_does_not(tmp_path):
    path = tmp_path / "record.json"
    kept = record(work=STEADY)
    path.write_bytes(kept.to_json())
    assert read_bench(path) == kept
    path.write_bytes(kept.to_json().replace(b'"median": 1.02', b'"median": 0.5'))
    with pytest.raises(InputError, match="median, lowest and highest are not those of the seconds"):
        read_bench(path)
    with pytest.raises(InputError, match="cannot read"):
        read_bench(tmp_path / "nowhere.json")
