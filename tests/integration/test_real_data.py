"""Real files go through check, ingest, info and run: every one, the pairs of bid and ask, and the years of one market as one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from helpers.command import run_here

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        "BARLOOM_DATA" not in os.environ,
        reason="BARLOOM_DATA names no folder of real bars; they are not part of the project",
    ),
]
DATA = Path(os.environ.get("BARLOOM_DATA", "."))
# File: bars, verdict, and how many of each kind of error and warning the check finds.
FILES: dict[str, tuple[int, str, dict[str, int]]] = {
    "bitfinex_BTCUSD_1m_2015.csv.gz": (366_710, "warnings", {"spike": 55, "hole": 5}),
    "bitfinex_BTCUSD_1m_2016.csv.gz": (
        293_230,
        "warnings",
        {"spike": 10, "zero_range": 183, "stale": 19, "hole": 8},
    ),
    "fxcm_gbpusd-m1-ask-2012.csv.gz": (30_117, "clean", {}),
    "fxcm_gbpusd-m1-bid-2012.csv.gz": (30_117, "clean", {}),
    "fxcm_usdjpy-m1-ask-2013.csv.gz": (28_761, "clean", {}),
    "fxcm_usdjpy-m1-bid-2013.csv.gz": (28_761, "clean", {}),
}
PAIRS = {"gbpusd-m1-{}-2012": (30_117, 1203), "usdjpy-m1-{}-2013": (28_761, 2144)}


def said(*words: object) -> dict[str, Any]:
    """JSON output of a command."""
    code, out, err = run_here(*words, "--format", "json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def ran(*words: object, out: Path) -> dict[str, Any]:
    return said("run", *words, "--strategy", "ema-cross", "--non-interactive", "--out", out)


def test_no_file_is_left_out() -> None:
    assert sorted(path.name for path in DATA.glob("*.csv.gz")) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_checked_ingested_described_and_run(tmp_path: Path, name: str) -> None:
    bars, verdict, kinds = FILES[name]
    checked = said("data", "check", DATA / name)
    assert (checked["bars"], checked["rows"], checked["verdict"]) == (bars, bars, verdict)
    assert {one["kind"]: one["count"] for one in checked["findings"] if one["severity"] != "note"} == kinds

    store = tmp_path / "store.arrow"
    facts = said("data", "ingest", DATA / name, "--out", store)
    assert facts["rows"] == bars and facts["timeframe_seconds"] == 60.0 and not facts["already_ingested"]
    assert facts["price_side"] == next((side for side in ("bid", "ask") if side in name), None)
    assert said("data", "ingest", DATA / name, "--out", store)["already_ingested"]
    described = said("data", "info", store)
    assert described["content_hash"] == facts["content_hash"] == said("data", "info", DATA / name)["content_hash"]
    assert described["gaps"] == facts["gaps"] and described["store"]["sources"][0]["name"] == name

    stored, parsed = ran(store, out=tmp_path), ran(DATA / name, out=tmp_path)
    assert stored["digest"] == parsed["digest"] and stored["metrics"] == parsed["metrics"]
    assert stored["counts"]["accepted"] > 100


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
@pytest.mark.parametrize("pair", PAIRS)
def test_a_bid_and_an_ask_file_become_one_store(tmp_path: Path, pair: str, suffix: str) -> None:
    rows, crossed = PAIRS[pair]
    bid, ask = (DATA / f"fxcm_{pair.format(side)}.csv.gz" for side in ("bid", "ask"))
    store = tmp_path / f"both.{suffix}"
    words = (bid, "--ask", ask, "--on-crossed", "drop")
    code, out, err = run_here("data", "ingest", *words[:3], "--out", store)
    assert (code, out) == (2, "") and f"{crossed} crossed" in err and not store.exists()
    facts = said("data", "ingest", *words, "--out", store)
    assert (facts["total_rows"], facts["rows"], facts["dropped"]) == (rows, rows - crossed, {"crossed": crossed})
    assert facts["price_side"] == "bid and ask" and len(facts["sources"]) == 2
    checked = said("data", "check", bid, "--ask", ask)
    assert {one["kind"]: one["count"] for one in checked["findings"] if one["severity"] == "error"} == {
        "crossed": crossed
    }
    stored, parsed = ran(store, out=tmp_path), ran(*words, out=tmp_path)
    for name in ("digest", "checksum", "metrics", "bounds", "counts"):
        assert stored[name] == parsed[name], name
    assert stored["digest"] != ran(bid, out=tmp_path)["digest"]


def test_two_years_are_one_data_set(tmp_path: Path) -> None:
    store = tmp_path / "BTCUSD.arrow"
    facts = said("data", "ingest", DATA / "bitfinex_*.csv.gz", "--out", store)
    assert facts["rows"] == 366_710 + 293_230 and len(facts["sources"]) == 2
    hourly = ("--timeframe", "1h")
    stored, parsed = ran(store, *hourly, out=tmp_path), ran(DATA / "bitfinex_*.csv.gz", *hourly, out=tmp_path)
    assert stored["digest"] == parsed["digest"] and stored["data"]["content_hash"] == parsed["data"]["content_hash"]
