"""``barloom bench`` as a user runs it: a small measurement of everything, and its comparison with itself and with a slower one."""

from __future__ import annotations

import json

import pytest

from barloom.bench.records import BenchRecord, Measurement
from barloom.bench.sections import INDICATORS, SECTIONS
from helpers.command import run_here


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A record of all sections over few bars, what was printed, and what was said."""
    folder = tmp_path_factory.mktemp("bench")
    path = folder / "now.json"
    code, out, err = run_here("bench", "run", "--rows", 10_000, "--repeats", 3, "--threads", 1, "--out", path)
    assert code == 0, err
    return path, out, err


@pytest.mark.deep
def test_a_record_holds_every_section_with_all_of_its_times(measured):
    path, out, err = measured
    record = BenchRecord.model_validate_json(path.read_bytes())
    assert list(dict.fromkeys(one.section for one in record.measurements)) == list(SECTIONS)
    assert all(len(one.seconds) == 3 and min(one.seconds) > 0 for one in record.measurements)
    assert all(one.name in out and one.checked for one in record.measurements)
    names = [one.name for one in record.measurements if one.section == "indicators"]
    assert names == [str(indicator) for indicator in INDICATORS]
    assert "10,000 bars: round 3 of 3" in err


@pytest.mark.deep
def test_a_record_is_not_slower_than_itself(measured):
    path, _, _ = measured
    code, out, _ = run_here("bench", "compare", path, path, "--max-regression", "0%")
    assert code == 0 and "nothing is slower by more than 0%" in out


@pytest.mark.deep
def test_a_slower_work_ends_with_3_and_is_named(measured, tmp_path):
    path, _, _ = measured
    record = BenchRecord.model_validate_json(path.read_bytes())
    slow, *others = record.measurements
    times = [10.0 * max(slow.seconds) for _ in slow.seconds]
    slower = Measurement.of(slow.section, slow.name, slow.rows, slow.bars, times, slow.checked)
    new = tmp_path / "slower.json"
    new.write_bytes(record.model_copy(update={"measurements": (slower, *others)}).to_json())
    code, out, _ = run_here("bench", "compare", path, new, "--max-regression", "10%")
    assert code == 3 and out.splitlines()[-1] == f"slower by more than 10%: {slow.name}"
    code, out, _ = run_here("bench", "compare", path, new, "--format", "json")
    told = json.loads(out)
    assert code == 3 and told["regressed"] is True
    assert [one["name"] for one in told["changes"] if one["verdict"] == "slower"] == [slow.name]


def test_one_section_in_json_and_nothing_else_on_stdout():
    code, out, _ = run_here(
        "bench", "run", "--rows", "10000", "--section", "check", "--repeats", "3", "--format", "json"
    )
    record = BenchRecord.model_validate_json(out)
    assert code == 0 and [one.name for one in record.measurements] == ["check arrow"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--section", "lod"], "'lod' is no section"),
        (["--rows", "100"], "100 is not a whole number of at least 10000"),
        (["--repeats", "1"], "1 is not a whole number of at least 3"),
        (["--out", "nowhere/record.json"], "there is no folder 'nowhere'"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(words, said):
    code, out, err = run_here("bench", "run", *words)
    assert code == 2 and out == "" and said in err and err.count("\n") == 1


@pytest.mark.deep
def test_a_record_is_replaced_only_when_told(measured, tmp_path):
    path, _, _ = measured
    before = path.read_bytes()
    code, _, err = run_here("bench", "run", "--section", "check", "--rows", "10000", "--out", path)
    assert code == 2 and "give --force" in err and path.read_bytes() == before


@pytest.mark.parametrize(
    ("share", "said"), [("10", "is not a share in percent"), ("-1%", "is not a number of at least 0")]
)
@pytest.mark.deep
def test_a_limit_without_its_unit_is_refused(measured, share, said):
    path, _, _ = measured
    code, _, err = run_here("bench", "compare", path, path, f"--max-regression={share}")
    assert code == 2 and said in err


def test_what_is_no_record_is_refused_by_its_name(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    code, _, err = run_here("bench", "compare", tmp_path / "other.json", tmp_path / "other.json")
    assert code == 2 and "other.json is no record of 'barloom bench run --out'" in err
