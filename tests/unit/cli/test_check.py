"""``data check`` as a user sees it: the table, the JSON and the command it suggests."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from barloom.cli.check import check_command
from barloom.errors import InputError
from helpers.bar_files import minute_bars, write
from helpers.command import run_here


def options(*files: Path, **others: object) -> argparse.Namespace:
    return argparse.Namespace(files=[str(file) for file in files], format="text", **others)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which the path of no test breaks a line."""
    monkeypatch.setenv("COLUMNS", "250")


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """2,000 minutes with a spike, a high below the low, and a row twice."""
    bars = minute_bars(2000, 7)
    for name in ("open", "high", "low", "close"):
        bars[name][500] = 1965.0001
    bars["high"][700] = bars["low"][700] / 2
    bars = {name: values[[*range(900), *range(899, 2000)]] for name, values in bars.items()}
    return write(tmp_path / "EUR USD.csv", bars)


def test_the_table_names_kinds_rows_and_what_to_do(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(options(dirty)) == 0
    text = capsys.readouterr().out
    lines = {words[1]: line for line in text.splitlines() if len(words := line.split()) > 2}
    assert "1" in lines["spike"].split() and "501 (2015-01-05T" in lines["spike"]
    assert "901 (2015-01-05T" in lines["repeated_same"] and "701 (2015-01-05T" in lines["high_low"]
    assert "1,999 of 2,001 rows" in text
    assert f"barloom data ingest '{dirty}' --out 'EUR USD.arrow' --on-bad-rows drop" in text


def test_json_holds_every_count(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = options(dirty)
    asked.format = "json"
    assert check_command(asked) == 0
    told = json.loads(capsys.readouterr().out)
    found = {finding["kind"]: finding["count"] for finding in told["findings"] if finding["severity"] != "note"}
    assert found == {"spike": 1, "high_low": 1, "repeated_same": 1}
    assert (told["verdict"], told["rows"], told["bars"]) == ("bad rows", 2001, 1999)
    assert told["findings"][0]["first"][0]["row"] in (701, 901)


def test_clean_bars_need_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "good.parquet", minute_bars(3000, 7))
    assert check_command(options(path)) == 0
    text = capsys.readouterr().out
    assert "clean: ready to run" in text and "drop" not in text and "advice" not in text


def test_the_suggestion_keeps_the_options_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bars = minute_bars(500, 7)
    bars["close"][5] = -1.0
    path = write(tmp_path / "odd.csv", {**bars, "mid": bars["open"]})
    check_command(options(path, columns="time=1,open=mid,high=3,low=4,close=5"))
    assert (
        "--out odd.arrow --columns time=1,open=mid,high=3,low=4,close=5 --on-bad-rows drop" in capsys.readouterr().out
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv"):
        check_command(options(tmp_path / "none.csv"))


def test_the_command_checks_several_files_as_one(tmp_path: Path) -> None:
    bars = minute_bars(3000, 7)
    first = write(tmp_path / "a.csv", {name: values[:1000] for name, values in bars.items()})
    second = write(tmp_path / "b.csv", {name: values[1500:] for name, values in bars.items()})
    code, told, _ = run_here("data", "check", first, second, "--format", "json")
    report = json.loads(told)
    assert code == 0 and report["rows"] == 2500
    assert [finding["kind"] for finding in report["findings"] if finding["severity"] != "note"] == ["hole"]
    assert run_here("data", "check", tmp_path / "none.csv")[0] == 2


def test_what_the_file_was_taken_for_is_said_on_stderr_as_a_run_says_it(tmp_path: Path) -> None:
    path = tmp_path / "DAT_MT.csv"
    path.write_text("2012.02.01,00:00,1.5,1.51,1.49,1.505,0\n2012.02.01,00:01,1.505,1.52,1.5,1.515,0\n")
    code, told, said = run_here("data", "check", path, "--format", "json")
    assert code == 0 and json.loads(told)["bars"] == 2
    assert said.startswith(f"barloom: {path} is taken for HistData MT: commas, no header") and said.count("\n") == 1
