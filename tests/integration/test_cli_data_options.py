"""Every option that says how bars are read, through the command line: it changes what it says, or is refused."""

import json

import pytest

from barloom.bars import open_bars
from helpers.bar_files import ask_bars, minute_bars, spreads, write
from helpers.chunks import drawn
from helpers.command import call

ROWS = 12_000


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    bars = minute_bars(ROWS, 9)
    write(folder / "EURUSD.csv", bars)
    write(folder / "EURUSD-ask.csv", ask_bars(bars, spreads(bars)))
    write(folder / "EURUSD-spread.csv", {**bars, "spread": spreads(bars)})
    return folder


def record(folder, *words):
    common = ["--strategy", "ema-cross", "--param", "fast=3", "--param", "slow=8", "--non-interactive"]
    done = call("run", *words, *common, "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("anchor", [[], ["--anchor", "17:00 America/New_York"]])
def test_timeframe_and_anchor_make_longer_bars(market, anchor):
    long = drawn(open_bars(market / "EURUSD.csv").resample("4h", *anchor[1:]))
    write(market / "long.parquet", long)
    made = record(market, "EURUSD.csv", "--timeframe", "4h", *anchor)
    assert made["digest"] == record(market, "long.parquet")["digest"]
    assert made["data"]["selected_rows"] == len(long["open"]) < ROWS / 100
    assert made["data"]["reading"]["timeframe"] == "4h"


def test_the_sample_can_be_had_in_longer_bars(tmp_path):
    made = record(tmp_path, "--sample", "--timeframe", "1h")
    assert 5_000 < made["data"]["selected_rows"] < 10_000


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--timeframe", "7x"], "7x"),
        (["--anchor", "17:00 America/New_York"], "--timeframe"),
        (["--timeframe", "1h", "--anchor", "25:00 Mars"], "25:00 Mars"),
    ],
)
def test_a_timeframe_that_cannot_be_is_refused(market, words, named):
    said = call("run", "EURUSD.csv", *words, "--non-interactive", "--out", "refused", cwd=market)
    assert said.returncode == 2 and named in said.stderr and said.stderr.count("\n") == 1
    assert not (market / "refused").exists()


def test_check_finds_what_was_planted_and_names_the_next_command(market):
    assert json.loads(call("data", "check", "EURUSD.csv", "--format", "json", cwd=market).stdout)["verdict"] == "clean"
    lines = (market / "EURUSD.csv").read_text().splitlines()
    (market / "dirty.csv").write_text("\n".join([*lines[:500], lines[400], *lines[500:]]) + "\n")
    found = call("data", "check", "dirty.csv", cwd=market)
    assert found.returncode == 0, found.stderr
    assert "barloom data ingest dirty.csv" in found.stdout and "--on-bad-rows drop" in found.stdout
    report = json.loads(call("data", "check", "dirty.csv", "--format", "json", cwd=market).stdout)
    assert report["verdict"] == "bad rows" and report["rows"] == ROWS + 1


def test_check_takes_a_store_several_files_columns_and_ask_prices(market):
    assert call("data", "ingest", "EURUSD.csv", "--out", "EURUSD.arrow", "--force", cwd=market).returncode == 0
    lines = (market / "EURUSD.csv").read_text().splitlines()
    (market / "half-1.csv").write_text("\n".join(lines[:5000]) + "\n")
    (market / "half-2.csv").write_text("\n".join([lines[0], *lines[5000:]]) + "\n")
    for words in (
        ["EURUSD.arrow"],
        ["half-2.csv", "half-1.csv"],
        ["half-?.csv"],
        ["EURUSD.csv", "--ask", "EURUSD-ask.csv"],
        ["EURUSD-spread.csv", "--spread-column", "spread"],
        ["EURUSD-spread.csv", "--ignore-columns", "spread"],
        ["EURUSD-spread.csv", "--columns", "time=1,open=2,high=3,low=4,close=5"],
    ):
        found = call("data", "check", *words, "--format", "json", cwd=market)
        assert found.returncode == 0, (words, found.stderr)
        assert json.loads(found.stdout)["bars"] == ROWS, words
    refused = call("data", "check", "EURUSD-spread.csv", cwd=market)
    assert refused.returncode == 2 and "--ignore-columns spread" in refused.stderr
    crossed = call("data", "check", "EURUSD-ask.csv", "--ask", "EURUSD.csv", "--format", "json", cwd=market)
    assert json.loads(crossed.stdout)["verdict"] != "clean"


def test_spikes_are_left_out_where_that_is_asked_for(market):
    lines = (market / "EURUSD.csv").read_text().splitlines()
    time, *prices = lines[600].split(",")
    spike = ",".join([time, *(repr(float(price) * 10) for price in prices)])
    (market / "spike.csv").write_text("\n".join([*lines[:600], spike, *lines[601:]]) + "\n")
    (market / "without.csv").write_text("\n".join([*lines[:600], *lines[601:]]) + "\n")
    kept, dropped = record(market, "spike.csv"), record(market, "spike.csv", "--drop-spikes")
    without = record(market, "without.csv")
    assert kept["data"]["selected_rows"] == ROWS and kept["digest"] != without["digest"]
    assert dropped["digest"] == without["digest"]
    assert dropped["data"]["content_hash"] == without["data"]["content_hash"]
    for name, words in (("spike", ["--drop-spikes"]), ("without", [])):
        made = call("data", "ingest", f"{name}.csv", "--out", f"{name}.arrow", *words, cwd=market)
        assert made.returncode == 0, made.stderr
    stores = [open_bars(market / f"{name}.arrow").source.facts for name in ("spike", "without")]
    assert stores[0].content_hash == stores[1].content_hash and stores[0].rows == ROWS - 1
    again = call("data", "ingest", "spike.csv", "--out", "spike.arrow", cwd=market)
    assert again.returncode == 2 and "other options" in again.stderr
    whole = call("data", "ingest", "spike.csv", "--out", "spiked.arrow", cwd=market)
    assert whole.returncode == 0, whole.stderr
    assert record(market, "spiked.arrow", "--drop-spikes")["digest"] == without["digest"]


def test_a_limit_on_memory_is_kept_or_refused_before_anything_starts(market):
    limited = record(market, "EURUSD.csv", "--max-ram", "400MB")
    assert limited["digest"] == record(market, "EURUSD.csv")["digest"]
    said = call("run", "EURUSD.csv", "--max-ram", "1MB", "--non-interactive", "--out", "none", cwd=market)
    assert said.returncode == 2 and "--max-ram" in said.stderr and said.stderr.count("\n") == 1
    assert not (market / "none").exists()
