"""The options that say what a file is, through the command line: each moves or picks what it says, or is refused."""

import json

import pytest

from helpers.command import run_here


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"2020-01-06 17:{minute:02d}:00", 1.1 + 0.001 * (minute % 7)) for minute in range(60)]
    bars = [f"{time},{price},{price + 0.001},{price - 0.001},{price}" for time, price in rows]
    (tmp_path / "naive.csv").write_text("\n".join(["time,open,high,low,close", *bars]) + "\n")
    hist = []
    for (time, opened), (_, closed) in zip(rows, [*rows[1:], rows[0]], strict=True):
        high, low = max(opened, closed) + 0.0005, min(opened, closed) - 0.0004
        stamp = time[:10].replace("-", "") + " " + time[11:].replace(":", "")
        hist.append(f"{stamp};{opened:.5f};{high:.5f};{low:.5f};{closed:.5f};0")
    (tmp_path / "DAT_ASCII_EURUSD_M1_202001.csv").write_text("\n".join(hist) + "\n")
    return tmp_path


def info(name, *words):
    code, said, error = run_here("data", "info", name, "--format", "json", *words)
    assert code == 0, error
    return json.loads(said)


def stored(name, *words):
    code, said, error = run_here("data", "ingest", name, "--out", "s.arrow", "--force", "--format", "json", *words)
    assert code == 0, error
    return json.loads(said)["first_ts"], error


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ([], "2020-01-06T17:00:00Z"),
        (["--time-zone", "America/New_York"], "2020-01-06T22:00:00Z"),
        (["--stamp", "close"], "2020-01-06T16:59:00Z"),
    ],
)
def test_zone_and_stamp_move_the_times(folder, words, first):
    assert info("naive.csv", *words)["first"] == first
    stored("naive.csv", *words)
    facts = info("s.arrow")
    assert facts["first"] == first
    assert facts["store"]["time_zone"] == (words[1] if "--time-zone" in words else "UTC")


def test_a_vendors_file_is_said_aloud_and_its_zone_can_be_changed(folder):
    name = "DAT_ASCII_EURUSD_M1_202001.csv"
    assert info(name)["first"] == "2020-01-06T22:00:00Z"
    assert "is taken for" in stored(name)[1]
    assert info(name, "--time-zone", "UTC")["first"] == "2020-01-06T17:00:00Z"
    words = ["--strategy", "ema-cross", "--param", "fast=2", "--param", "slow=5", "--non-interactive"]
    code, _, error = run_here("run", name, *words, "--format", "json")
    assert code == 0 and "is taken for" in error


@pytest.mark.parametrize("words", [["--input-format", "nonsense"], ["--time-zone", "Mars/City"]])
def test_what_is_not_known_is_refused_by_name(folder, words):
    for command in (
        ["run", "naive.csv", "--non-interactive"],
        ["data", "check", "naive.csv"],
        ["data", "info", "naive.csv"],
    ):
        code, _, error = run_here(*command, *words)
        assert code == 2 and words[1] in error


def test_one_of_several_symbols_is_picked(folder):
    rows = [
        f"{ticker},10,{price},{price},{price + 1},{price - 1},{1577836800000000000 + minute * 60_000_000_000},5"
        for minute in range(30)
        for ticker, price in (("AAA", 10.0 + minute % 3), ("BBB", 50.0 + minute % 5))
    ]
    header = "ticker,volume,open,close,high,low,window_start,transactions"
    (folder / "day.csv").write_text("\n".join([header, *rows]) + "\n")
    code, _, error = run_here("data", "info", "day.csv")
    assert code == 2 and "AAA" in error and "BBB" in error and "--symbol" in error
    found = info("day.csv", "--symbol", "BBB")
    assert found["bars"] == 30
    stored("day.csv", "--symbol", "BBB")
    facts = info("s.arrow")
    assert facts["bars"] == 30 and facts["store"]["symbol"] == "BBB" and facts["content_hash"] == found["content_hash"]
