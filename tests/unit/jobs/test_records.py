"""Records refuse what cannot be, and come back from their JSON as they went."""

import json
from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from barloom.bars.reading import Reading
from barloom.bars.schema import PRICES
from barloom.jobs.records import (
    PHASES,
    SUMMARY_COLUMNS,
    BenchmarkRecord,
    Counts,
    DatasetSlice,
    FinerBars,
)
from barloom.observe.criteria import IDS
from helpers.recorded import LATER, SLICE, START, START_NS, benchmark, job


def test_a_job_goes_from_created_to_running_to_complete():
    done = job().become("running").become("complete", at=LATER)
    assert (done.status, done.ended_at) == ("complete", LATER)


@pytest.mark.parametrize("path", [["failed"], ["running", "failed"]])
def test_a_job_can_fail_until_it_is_complete(path):
    found = job()
    for status in path:
        found = found.become(status, at=LATER if status == "failed" else None, error="why")
    assert (found.status, found.error) == ("failed", "why")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ([], "complete"),
        (["running"], "running"),
        (["running"], "created"),
        (["running", "complete"], "failed"),
        (["failed"], "running"),
    ],
)
def test_a_state_that_cannot_follow_is_refused(path, status):
    found = job()
    for step in path:
        found = found.become(step, at=None if step == "running" else LATER)
    with pytest.raises(ValueError, match="cannot become"):
        found.become(status, at=LATER)


def test_a_clock_that_was_set_back_does_not_end_a_job_before_its_start():
    assert job().become("failed", at=START - timedelta(days=1)).ended_at == START


def test_a_job_that_ended_has_an_end_and_one_that_runs_has_none():
    with pytest.raises(ValidationError, match="has no end time"):
        job().become("running").become("complete")
    with pytest.raises(ValidationError, match="has an end time"):
        job(ended_at=LATER)


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": START - timedelta(seconds=1), "status": "failed"},
        {"workers": 0},
        {"fraction": 0.0},
        {"fraction": 1.01},
        {"fraction": float("nan")},
        {"portion": 0},
        {"job_id": ""},
        {"unknown": 1},
        {"started_at": datetime(2026, 1, 1)},
    ],
)
def test_a_job_that_cannot_be_is_refused(changes):
    with pytest.raises(ValidationError):
        job(**changes)


def test_times_are_kept_in_utc():
    east = START.astimezone(timezone(timedelta(hours=5)))
    assert job(started_at=east).started_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "changes",
    [
        {"selected_rows": 0},
        {"selected_rows": 101},
        {"last_ts": 1_400_000_000_000_000_000},
        {"dropped": {"unsorted": -1}},
        {"fraction": 0},
    ],
)
def test_a_slice_that_cannot_be_is_refused(changes):
    DatasetSlice(**SLICE)
    with pytest.raises(ValidationError):
        DatasetSlice(**{**SLICE, **changes})


def test_a_slice_says_how_it_was_read_and_comes_back_from_its_json(tmp_path):
    times = START_NS + 15_000_000_000 * np.arange(5)
    pq.write_table(pa.table({"timestamp": times, **dict.fromkeys(PRICES, [1.0] * 5)}), tmp_path / "fine.parquet")
    columns = "time=timestamp,open=open,high=high,low=low,close=close"
    reading = Reading(columns=columns, ask="ask.csv", fine=tmp_path / "fine.parquet", on_bad_rows="drop")
    finer = FinerBars.of(reading.open_fine())
    assert (finer.first_ts, finer.last_ts, finer.step_ns) == (START_NS, START_NS + 60_000_000_000, 15_000_000_000)
    found = DatasetSlice(**SLICE, file=tmp_path / "bars.csv", reading=reading.kept(), finer=finer)
    assert found.reading.ask.is_absolute() and found.reading.fine == reading.fine
    assert DatasetSlice.model_validate_json(found.to_json()) == found


def test_signals_are_all_accounted_for():
    Counts(signals=5, accepted=3, rejected={"position": 1, "no_fill": 1})
    with pytest.raises(ValidationError, match="do not add up"):
        Counts(signals=5, accepted=3, rejected={"position": 1})


def test_a_benchmark_record_comes_back_from_its_json_equal():
    record = benchmark()
    again = BenchmarkRecord.model_validate_json(record.to_json())
    assert again == record
    assert list(json.loads(record.to_json())["criteria"]) == list(IDS)


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": START - timedelta(seconds=1)},
        {"phase_times": {"sleep": 1.0}},
        {"phase_times": {"ingest": float("nan")}},
        {"wall_clock_total": float("inf")},
        {"trades_simulated": -1},
        {"digest": "not hexadecimal"},
        {"criteria": {"full_run_time": {"status": "maybe", "why": ""}}},
        {"extra": 1},
        {"data": None},
        {"digest": None},
        {"error": "out of luck"},
        {"status": "failed"},
    ],
)
def test_a_benchmark_record_that_cannot_be_is_refused(changes):
    with pytest.raises(ValidationError):
        benchmark(**changes)


def test_the_summary_row_has_the_columns_the_header_names():
    row = benchmark().summary_row("ema-cross")
    assert tuple(row) == SUMMARY_COLUMNS
    assert {f"{phase}_seconds" for phase in PHASES} <= set(row)


def test_a_failed_run_has_a_record_but_no_row_in_the_summary():
    record = benchmark(status="failed", error="out of luck", data=None, digest=None)
    assert BenchmarkRecord.model_validate_json(record.to_json()) == record
    with pytest.raises(ValueError, match="no row"):
        record.summary_row("ema-cross")
