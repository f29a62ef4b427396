"""Records as runs leave them, for the tests of records and of what is made of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema

from barloom.jobs.records import BacktestJob, BenchmarkRecord
from barloom.observe.criteria import Facts, judge
from barloom.observe.machine import machine
from barloom.rules.parameters import RunParameters
from barloom.schemas import schema_path

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = START + timedelta(seconds=2)
START_NS = 1_500_000_000_000_000_000
SLICE: dict[str, Any] = {
    "path": "bars.csv",
    "content_hash": "abc123",
    "total_rows": 100,
    "selected_rows": 25,
    "fraction": 0.25,
    "portion": 2,
    "first_ts": 1_500_000_000_000_000_000,
    "last_ts": 1_500_001_440_000_000_000,
    "columns": {"timestamp": "int64", "open": "float64", "high": "float64", "low": "float64", "close": "float64"},
}


def valid(path: Path, name: str) -> Any:
    """Content of a file, validated by the JSON Schema of that name in the package."""
    document = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads(schema_path(name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def job(**changes: Any) -> BacktestJob:
    return BacktestJob(**{"job_id": "j", "started_at": START, "parameters": RunParameters(), **changes})


def benchmark(**changes: Any) -> BenchmarkRecord:
    facts = Facts(
        selected_rows=25,
        seconds=2.0,
        ingest_seconds=0.5,
        peak_bytes=100_000_000,
        raw_bytes=1000,
        speedup=None,
        identical=None,
        compared="",
        retries=None,
    )
    fields: dict[str, Any] = {
        "job_id": "j",
        "started_at": START,
        "ended_at": LATER,
        "command": ["barloom", "run", "bars.csv"],
        "version": "0.1.0",
        "machine": machine(),
        "data": SLICE,
        "trades_simulated": 3,
        "signals": 5,
        "phase_times": {"ingest": 0.5, "scan": 0.1, "simulate": 0.1, "write": 0.1},
        "wall_clock_total": 2.0,
        "memory_peak_mb": 100.0,
        "raw_bytes": 1000,
        "memory_ratio": 100_000.0,
        "digest": "00ff",
        "criteria": judge(facts),
    }
    return BenchmarkRecord(**{**fields, **changes})
