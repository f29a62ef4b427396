"""Every criterion has a verdict, with its value, limit and reason (FR-014)."""

import dataclasses

import pytest

from barloom.observe.criteria import Facts, judge
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


def test_every_criterion_is_there_in_order():
    assert list(judge(FACTS)) == [f"SC-{number:03d}" for number in range(1, 13)]


def test_what_one_run_cannot_measure_says_why():
    absent = {name: found for name, found in judge(FACTS).items() if found.status == "not_applicable"}
    assert set(absent) == {"SC-004", "SC-005", "SC-008", "SC-011", "SC-012"}
    assert all(found.why and found.value is None for found in absent.values())


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [
        ("SC-001", {}, "pass"),
        ("SC-008", {"hotspots": 10}, "pass"),
        ("SC-008", {"hotspots": 9}, "fail"),
        ("SC-001", {"seconds": 1200.1}, "fail"),
        ("SC-001", {"selected_rows": 6_899_999}, "not_applicable"),
        ("SC-002", {}, "pass"),
        ("SC-002", {"speedup": 9.9}, "fail"),
        ("SC-002", {"speedup": None}, "not_applicable"),
        ("SC-003", {"ingest_seconds": 60.0}, "pass"),
        ("SC-003", {"ingest_seconds": 6.1, "selected_rows": 1_000_000}, "fail"),
        ("SC-003", {"selected_rows": 999_999}, "not_applicable"),
        ("SC-006", {}, "pass"),
        ("SC-006", {"identical": False}, "fail"),
        ("SC-006", {"identical": None}, "not_applicable"),
        ("SC-007", {}, "pass"),
        ("SC-009", {"peak_bytes": 300 * MB}, "pass"),
        ("SC-009", {"peak_bytes": 301 * MB}, "fail"),
        ("SC-009", {"peak_bytes": 299 * MB, "raw_bytes": 10 * MB}, "pass"),
        ("SC-009", {"peak_bytes": None}, "not_applicable"),
        ("SC-010", {"retries": 2}, "pass"),
        ("SC-010", {"retries": None}, "not_applicable"),
    ],
)
def test_verdicts(name, changes, status):
    assert verdict(name, **changes).status == status


def test_what_was_compared_is_told():
    assert "2,000 bars" in verdict("SC-006").why
