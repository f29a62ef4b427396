"""Every criterion has a verdict, with its value, limit and reason."""

import dataclasses

import pytest

from barloom.observe.criteria import IDS, Facts, WorkerFacts, judge, unjudged
from barloom.observe.memory import MB

FACTS = Facts(
    selected_rows=10_000_000,
    seconds=2.0,
    ingest_seconds=1.0,
    peak_bytes=180 * MB,
    raw_bytes=400 * MB,
    speedup=1500.0,
    identical=True,
    compared="2,000 bars",
    retries=1,
)


def verdict(name, **changes):
    return judge(dataclasses.replace(FACTS, **changes))[name]


WORKERS = WorkerFacts(executor="local", workers=2, asked=2, cores=4, efficiency=0.9)


def test_every_criterion_is_there_in_order_with_its_id():
    for found in (judge(FACTS), unjudged("it came to no end")):
        assert {name: criterion.id for name, criterion in found.items()} == IDS
    numbers = [number for ids in IDS.values() for number in ids.split(", ")]
    assert sorted(numbers) == [f"SC-{number:03d}" for number in range(1, 13)]


def test_what_one_run_cannot_measure_says_why():
    absent = {name: found for name, found in judge(FACTS).items() if found.status == "not_applicable"}
    assert set(absent) == {"indicator_reuse", "parallel_efficiency", "hotspots", "worker_cap"}
    assert all(found.why and found.value is None for found in absent.values())


@pytest.mark.parametrize(
    ("changes", "efficient", "capped"),
    [
        ({}, "pass", "not_applicable"),
        ({"efficiency": 0.69}, "fail", "not_applicable"),
        ({"efficiency": None, "executor": "dask"}, "not_applicable", "not_applicable"),
        ({"workers": 1}, "not_applicable", "not_applicable"),
        ({"asked": 5}, "pass", "pass"),
    ],
)
def test_workers_are_judged_by_their_efficiency_and_their_cap(changes, efficient, capped):
    found = judge(dataclasses.replace(FACTS, workers=dataclasses.replace(WORKERS, **changes)))
    assert (found["parallel_efficiency"].status, found["worker_cap"].status) == (efficient, capped)


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [
        ("full_run_time", {}, "pass"),
        ("hotspots", {"hotspots": 10}, "pass"),
        ("hotspots", {"hotspots": 9}, "fail"),
        ("full_run_time", {"seconds": 1200.1}, "fail"),
        ("full_run_time", {"selected_rows": 6_899_999}, "not_applicable"),
        ("speedup", {}, "pass"),
        ("speedup", {"speedup": 9.9}, "fail"),
        ("speedup", {"speedup": None}, "not_applicable"),
        ("load_time", {"ingest_seconds": 60.0}, "pass"),
        ("load_time", {"ingest_seconds": 6.1, "selected_rows": 1_000_000}, "fail"),
        ("load_time", {"selected_rows": 999_999}, "not_applicable"),
        ("runs_identical", {}, "pass"),
        ("runs_identical", {"identical": False}, "fail"),
        ("runs_identical", {"identical": None}, "not_applicable"),
        ("record_valid", {}, "pass"),
        ("memory_within_limit", {"peak_bytes": 300 * MB}, "pass"),
        ("memory_within_limit", {"peak_bytes": 301 * MB}, "fail"),
        ("memory_within_limit", {"peak_bytes": 299 * MB, "raw_bytes": 10 * MB}, "pass"),
        ("memory_within_limit", {"peak_bytes": None}, "not_applicable"),
        ("prompts", {"retries": 2}, "pass"),
        ("prompts", {"retries": None}, "not_applicable"),
    ],
)
def test_verdicts(name, changes, status):
    assert verdict(name, **changes).status == status


def test_what_was_compared_is_told():
    assert "2,000 bars" in verdict("runs_identical").why
