"""``data ingest`` as a user meets it: a store that runs like its source, told apart by hash, and never half there."""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from barloom.bars import from_synthetic, open_bars
from barloom.bars.sources import csv as text_bars
from barloom.bars.writer import write_bars
from helpers.bar_files import ask_bars, minute_bars, spreads, write
from helpers.command import call, environment, run_here
from helpers.waiting import HOLD, ended, held, wait_for

ROWS = 20_000
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


@pytest.fixture
def market(tmp_path):
    """A year in two files and in one, and the ask beside it."""
    bars = minute_bars(ROWS, 5)
    write(tmp_path / "EURUSD-bid.csv", bars)
    write(tmp_path / "EURUSD-ask.csv", ask_bars(bars, spreads(bars)))
    for name, part in (("1", slice(0, 7000)), ("2", slice(7000, None))):
        write(tmp_path / f"part-{name}.csv", {column: values[part] for column, values in bars.items()})
    return tmp_path


def record(folder, *words):
    done = call("run", *words, "--strategy", "ema-cross", "--non-interactive", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("store", ["EURUSD.arrow", "EURUSD.parquet"])
def test_a_store_gives_the_trades_of_its_source_and_its_facts_are_in_the_record(market, store):
    made = call("data", "ingest", "EURUSD-bid.csv", "--out", store, "--format", "json", cwd=market)
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["already_ingested"] is False and facts["rows"] == ROWS and facts["price_side"] == "bid"
    stored, parsed = record(market, store), record(market, "EURUSD-bid.csv")
    assert stored["digest"] == parsed["digest"]
    assert stored["data"]["content_hash"] == parsed["data"]["content_hash"] == facts["content_hash"]
    kept = stored["data"]["store"]
    assert kept["sources"][0]["sha256"] == hashlib.sha256((market / "EURUSD-bid.csv").read_bytes()).hexdigest()
    assert kept["reading"] == {"on_bad_rows": "error"} and parsed["data"]["store"] is None
    folder = market / "results" / "runs" / stored["job_id"]
    assert call("explain", folder, 3, cwd=market).returncode == 0


def test_a_run_on_a_store_parses_nothing(market, monkeypatch):
    monkeypatch.chdir(market)
    assert run_here("data", "ingest", "EURUSD-bid.csv", "--out", "store.arrow")[0] == 0

    def never(*_, **__):
        raise AssertionError("text was parsed")

    for name in ("_parse", "_columns", "total_rows"):
        monkeypatch.setattr(text_bars.CsvSource, name, never)
    assert run_here("run", "store.arrow", "--strategy", "ema-cross", "--non-interactive")[0] == 0


def test_bid_and_ask_stores_pair_up_like_their_sources(market):
    for side in ("bid", "ask"):
        assert call("data", "ingest", f"EURUSD-{side}.csv", "--out", f"{side}.arrow", cwd=market).returncode == 0
    stored = record(market, "bid.arrow", "--ask", "ask.arrow")
    assert stored["digest"] == record(market, "EURUSD-bid.csv", "--ask", "EURUSD-ask.csv")["digest"]


@pytest.mark.parametrize("store", ["both.arrow", "both.parquet"])
def test_a_bid_and_an_ask_file_become_one_store_that_runs_like_them(market, store):
    files = ("EURUSD-bid.csv", "--ask", "EURUSD-ask.csv")
    made = call("data", "ingest", *files, "--out", store, "--format", "json", cwd=market)
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["price_side"] == "bid and ask" and facts["columns"]["ask_close"] == "float64"
    assert [file["name"] for file in facts["sources"]] == ["EURUSD-bid.csv", "EURUSD-ask.csv"]
    stored, parsed = record(market, store), record(market, *files)
    for name in ("digest", "checksum", "metrics", "bounds"):
        assert stored[name] == parsed[name]
    assert stored["data"]["content_hash"] == parsed["data"]["content_hash"] == facts["content_hash"]
    alone = record(market, store, "--ignore-columns", "ask_open,ask_high,ask_low,ask_close")
    assert alone["digest"] == record(market, "EURUSD-bid.csv")["digest"] != stored["digest"]
    assert call("explain", market / "results" / "runs" / stored["job_id"], 3, cwd=market).returncode == 0

    again = call("data", "ingest", *files, "--out", store, cwd=market)
    assert again.returncode == 0 and "already ingested" in again.stdout
    (market / "EURUSD-ask.csv").write_text((market / "EURUSD-ask.csv").read_text() + "\n")
    other = call("data", "ingest", *files, "--out", store, cwd=market)
    assert other.returncode == 2 and "exists and holds other bars" in other.stderr
    alone = call("data", "ingest", "EURUSD-bid.csv", "--out", store, cwd=market)
    assert alone.returncode == 2 and "exists and holds other bars" in alone.stderr
    itself = call("data", "ingest", *files[:2], store, "--out", store, "--force", cwd=market)
    assert itself.returncode == 2 and "is the file that is read" in itself.stderr


def test_the_spreads_of_a_column_become_the_ask_of_the_store(market):
    lines = (market / "EURUSD-bid.csv").read_text().splitlines()
    points = [f"{line},{number % 7}" for number, line in enumerate(lines[1:])]
    (market / "spread.csv").write_text("\n".join([f"{lines[0]},points", *points]) + "\n")
    words = ("spread.csv", "--spread-column", "points*0.00001")
    assert call("data", "ingest", *words, "--out", "spread.arrow", cwd=market).returncode == 0
    stored, parsed = record(market, "spread.arrow"), record(market, *words)
    assert stored["digest"] == parsed["digest"] and stored["metrics"] == parsed["metrics"]
    assert stored["metrics"] != record(market, "EURUSD-bid.csv")["metrics"]


def test_files_and_patterns_become_one_store_that_names_them_all(market):
    made = call("data", "ingest", "part-2.csv", "part-1.csv", "--out", "listed.arrow", cwd=market)
    assert made.returncode == 0, made.stderr
    assert f"{ROWS:,} bars" in made.stdout
    assert call("data", "ingest", "part-*.csv", "--out", "pattern.arrow", cwd=market).returncode == 0
    facts = [open_bars(market / name).source.facts for name in ("listed.arrow", "pattern.arrow")]
    assert [file.name for file in facts[0].sources] == ["part-1.csv", "part-2.csv"]
    assert facts[0] == facts[1]
    assert record(market, "listed.arrow")["digest"] == record(market, "EURUSD-bid.csv")["digest"]


def test_run_takes_several_files_wherever_they_are_named(market):
    whole = record(market, "EURUSD-bid.csv")["digest"]
    assert record(market, "part-2.csv", "part-1.csv")["digest"] == whole
    assert record(market, "--data", "part-1.csv", "--data", "part-2.csv")["digest"] == whole
    (market / "two.toml").write_text('data = ["part-1.csv", "part-2.csv"]\n')
    assert record(market, "--config", "two.toml")["digest"] == whole
    (market / "one.toml").write_text('data = "part-1.csv"\n')
    assert record(market, "--config", "one.toml", "EURUSD-bid.csv")["digest"] == whole
    common = ["--strategy", "ema-cross", "--non-interactive", "--format", "json"]
    last = call("run", *common, "part-1.csv", "part-2.csv", cwd=market)
    assert json.loads(last.stdout)["digest"] == whole
    both = call("run", "part-1.csv", "--data", "part-2.csv", cwd=market)
    assert both.returncode == 2 and "give one of them" in both.stderr


def test_an_unchanged_source_is_left_alone_and_a_changed_one_is_refused(market):
    words = ["data", "ingest", "EURUSD-bid.csv", "--out", "store.arrow"]
    assert call(*words, cwd=market).returncode == 0
    before = (market / "store.arrow").stat()
    again = call(*words, cwd=market)
    assert again.returncode == 0 and "already ingested" in again.stdout
    said = json.loads(call(*words, "--format", "json", cwd=market).stdout)
    assert said["already_ingested"] is True and said["rows"] == ROWS
    assert (market / "store.arrow").stat().st_mtime_ns == before.st_mtime_ns
    with open(market / "EURUSD-bid.csv", "a") as file:
        file.write("2040-01-02T00:00:00Z,1.1,1.1,1.1,1.1\n")
    changed = call(*words, cwd=market)
    assert changed.returncode == 2 and "--force" in changed.stderr and changed.stderr.count("\n") == 1
    assert (market / "store.arrow").stat().st_mtime_ns == before.st_mtime_ns
    forced = call(*words, "--force", cwd=market)
    assert forced.returncode == 0 and f"{ROWS + 1:,} bars" in forced.stdout


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["absent.csv", "--out", "s.arrow"], "absent.csv"),
        (["EURUSD-bid.csv", "--out", "s.csv"], ".arrow"),
        (["EURUSD-bid.csv", "--out", "nowhere/s.arrow"], "nowhere"),
        (["EURUSD-bid.csv"], "--out"),
        (["--out", "s.arrow"], "FILE"),
        (["EURUSD-bid.csv", "part-1.csv", "--out", "s.arrow"], "EURUSD-bid.csv"),
        (["bad.csv", "--out", "s.arrow"], "--on-bad-rows drop"),
    ],
)
def test_what_cannot_be_ingested_is_refused_in_one_line_and_leaves_nothing(market, words, named):
    lines = (market / "EURUSD-bid.csv").read_text().splitlines()
    (market / "bad.csv").write_text("\n".join([*lines[:50], lines[40], *lines[50:]]) + "\n")
    before = sorted(path.name for path in market.iterdir())
    said = call("data", "ingest", *words, cwd=market)
    assert said.returncode == 2 and named in said.stderr and said.stderr.count("\n") <= 2
    assert sorted(path.name for path in market.iterdir()) == before


def test_bad_rows_can_be_dropped_and_info_tells_of_them(market):
    lines = (market / "EURUSD-bid.csv").read_text().splitlines()
    (market / "bad.csv").write_text("\n".join([*lines[:50], lines[40], *lines[50:]]) + "\n")
    made = call("data", "ingest", "bad.csv", "--out", "s.arrow", "--on-bad-rows", "drop", cwd=market)
    assert made.returncode == 0 and "dropped 1 " in made.stdout
    told = call("data", "info", "s.arrow", cwd=market).stdout
    assert f"{ROWS:,}" in told and "dropped at ingest" in told and "bad.csv" in told
    facts = json.loads(call("data", "info", "s.arrow", "--format", "json", cwd=market).stdout)
    assert facts["store"]["total_rows"] == ROWS + 1 and facts["bad_rows"] == {}


def test_info_tells_the_gaps_and_the_side_of_any_file(market):
    facts = json.loads(call("data", "info", "EURUSD-bid.csv", "--format", "json", cwd=market).stdout)
    assert facts["gaps"] > 0 and facts["longest_gap_seconds"] > 86_400 and facts["price_side"] == "bid"
    several = call("data", "info", "part-*.csv", cwd=market)
    assert several.returncode == 2 and "one file" in several.stderr


# The command, held at the second batch of bars that it writes.
HELD = (
    HOLD
    + """
import sys
from barloom.bars import writer
from barloom.cli.main import entry

record, seen = writer._record, []


def held(chunk, schema):
    seen.append(chunk.base)
    if len(seen) > 1:
        hold(Path.cwd())
    return record(chunk, schema)


writer._record = held
entry()
"""
)


@posix
@pytest.mark.waits
@pytest.mark.parametrize("number", [9, signal.SIGINT, signal.SIGTERM])
def test_an_ingest_that_is_stopped_leaves_the_old_store_and_no_new_one(tmp_path, number):
    write_bars(from_synthetic(400_000, 3), tmp_path / "bars.csv")
    write_bars(from_synthetic(100, 3), tmp_path / "old.csv")
    assert call("data", "ingest", "old.csv", "--out", "old.arrow", cwd=tmp_path).returncode == 0
    before = (tmp_path / "old.arrow").read_bytes()
    for out, words in (("new.arrow", []), ("old.arrow", ["--force"])):
        going = subprocess.Popen(
            [sys.executable, "-c", HELD, "data", "ingest", "bars.csv", "--out", out, *words],
            cwd=tmp_path,
            env=environment(),
            stderr=subprocess.PIPE,
        )
        wait_for(lambda: held(tmp_path), going)
        assert any(path.stat().st_size > 0 for path in tmp_path.glob(".*.part"))
        going.send_signal(number)
        _, said = ended(going)
        for path in tmp_path.glob("held-*"):
            path.unlink()
        if number == 9:
            assert going.returncode == -number
            for path in tmp_path.glob(".*.part"):
                path.unlink()
        else:
            assert going.returncode == 130 and b"Traceback" not in said
        assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv", "old.arrow", "old.csv"]
        assert (tmp_path / "old.arrow").read_bytes() == before
