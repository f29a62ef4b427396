"""Runs over longer bars than the file holds: as over a file of those bars, with finer bars and their record too."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import barloom as bl
from barloom.bars import from_synthetic, open_bars
from barloom.bars.reading import Reading
from barloom.errors import InputError
from barloom.explanation.explain import explain
from barloom.jobs.run import JobOptions, JobOutcome, run_job
from barloom.rules.parameters import RunParameters
from helpers.bar_files import write, write_market
from helpers.chunks import drawn
from helpers.command import call

CROSS = RunParameters(strategy="ema-cross", params={"fast": 3, "slow": 8}, stop="atr:1", target="r:1")


def job(folder: Path, data: Path | None, parameters: RunParameters = CROSS, **options: object) -> JobOutcome:
    given = JobOptions(out=folder / "results", **options)  # type: ignore[arg-type]
    bars = given.resampled(from_synthetic(20_000, parameters.seed)) if data is None else given.open(data)
    return run_job(bars, parameters, given, command=["barloom", "run"])


@pytest.fixture
def market(tmp_path: Path) -> Path:
    write_market(tmp_path)
    return tmp_path


def test_a_run_over_longer_bars_is_one_over_a_file_of_them(market: Path) -> None:
    long = write(market / "EURUSD-15m.parquet", drawn(open_bars(market / "EURUSD.csv").resample("15m")))
    made = job(market, market / "EURUSD.csv", timeframe="15m").run
    held = job(market, long).run
    assert made.counts.accepted > 20
    assert (made.digest, made.metrics, made.bounds) == (held.digest, held.metrics, held.bounds)
    assert made.data.content_hash == held.data.content_hash
    assert (made.data.total_rows, made.data.selected_rows) == (20_000, held.data.selected_rows)


def test_the_file_itself_shows_what_happened_inside_its_longer_bars(market: Path) -> None:
    """Minutes decide what hours leave open, for the made bars as for the held ones."""
    bars = open_bars(market / "EURUSD.csv")
    long = write(market / "EURUSD-1h.parquet", drawn(bars.resample("1h")))
    options = {"strategy": "ema-cross", "params": {"fast": 2, "slow": 4}, "stop": "atr:0.3", "target": "r:1"}
    made = bl.run(bars.resample("1h"), fine=bars, **options)
    held = bl.run(open_bars(long), fine=bars, **options)
    blind = bl.run(open_bars(long), **options)
    assert made.digest == held.digest
    assert made.digest != blind.digest


@pytest.mark.parametrize("intrabar", [None, "drilldown"])
def test_a_trade_of_longer_bars_is_explained(market: Path, intrabar: str | None) -> None:
    fine = market / "EURUSD-15s.parquet" if intrabar else None
    done = job(market, market / "EURUSD.csv", timeframe="1h", anchor="17:00 America/New_York", fine=fine)
    assert done.run.data.reading.timeframe == "1h"
    assert done.run.data.reading.anchor == "17:00 America/New_York"
    rows = pq.read_table(done.folder / "trades.parquet").num_rows
    assert rows > 5
    for trade in (0, rows - 1):
        assert explain(done.folder, trade).trade_id == trade


def test_a_trade_of_longer_bars_of_the_sample_is_explained(tmp_path: Path) -> None:
    done = job(tmp_path, None, timeframe="30m")
    assert explain(done.folder, 0).trade_id == 0


def test_portions_of_longer_bars_are_portions_of_the_file(market: Path) -> None:
    done = job(market, market / "EURUSD.csv", timeframe="15m", data_frac=0.5, portion=2, deterministic=True).run
    half = drawn(open_bars(market / "EURUSD.csv").select(fraction=0.5, portion=2))["timestamp"]
    assert half[0] - 15 * 60 * 10**9 < done.data.first_ts <= half[0]
    assert done.data.total_rows == 20_000


def test_an_anchor_without_a_timeframe_is_refused(market: Path) -> None:
    with pytest.raises(InputError, match="give --timeframe as well"):
        Reading(anchor="17:00 America/New_York").open(market / "EURUSD.csv")


def test_the_command_says_what_bars_it_ran_over(market: Path) -> None:
    words = ["run", "EURUSD.csv", "--strategy", "ema-cross", "--timeframe", "1h", "--anchor", "17:00 America/New_York"]
    done = call(*words, "--non-interactive", cwd=market)
    assert done.returncode == 0, done.stderr
    bars = len(drawn(open_bars(market / "EURUSD.csv").resample("1h", "17:00 America/New_York"))["open"])
    assert f"{bars:,} of 1h (17:00 America/New_York), made of rows of 20,000" in " ".join(done.stdout.split())
    sample = call("run", "--sample", "--timeframe", "1d", "--strategy", "ema-cross", "--non-interactive", cwd=market)
    assert sample.returncode == 0, sample.stderr
    assert "of 1d, made of rows of 500,000" in sample.stdout


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--timeframe", "30s"], "the bars of EURUSD.csv are 60 s apart"),
        (["--timeframe", "5min"], "--timeframe '5min': give a number"),
        (["--anchor", "17:00"], "give --timeframe as well"),
        (["--timeframe", "1d", "--anchor", "17:00 Mars/Olympus"], "'Mars/Olympus' is no time zone"),
    ],
)
def test_the_command_refuses_what_cannot_be_made(market: Path, words: list[str], match: str) -> None:
    done = call("run", "EURUSD.csv", *words, "--non-interactive", cwd=market)
    assert done.returncode == 2
    assert match in done.stderr
    assert not list((market / "results").glob("runs/*"))
