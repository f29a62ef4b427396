"""The pages of figures: made by measuring, at a small scale here, and equal to what is made of their records again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from helpers.command import environment
from helpers.waiting import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
DOCS, BENCHMARKS = PROJECT / "docs" / "project", PROJECT / "benchmarks"
PARTS = ("rows", "trades", "holding", "sets", "threads", "chunk", "roofline")
SMALL = ("--scale", "0.001", "--repeats", "1")

pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="needs the benchmarks of the source tree")


def measure(script: str, *words: object, code: int = 0) -> str:
    """Output of a benchmark, or its refusal if that is expected."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{script}.py", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def rows_of(page: Path, table: str) -> list[list[str]]:
    """The cells of each row of a table, without its head."""
    found = re.search(rf"<!-- table: {table} -->\n(.*?)<!-- end -->", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, table
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A page that holds small measurements of every part, with its record."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("resource", reason="the peak memory of processes is read by getrusage")
    folder = tmp_path_factory.mktemp("scaling")
    page, record = folder / "scaling.md", folder / "scaling.json"
    shutil.copy(DOCS / "scaling.md", page)
    measure("scaling", *PARTS, *SMALL, "--record", record, "--write", page)
    return page, record


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.deep
def test_every_row_was_measured_and_names_the_command_that_repeats_it(measured, part):
    page, record = measured
    rows = rows_of(page, part)
    points = json.loads(record.read_text(encoding="utf-8"))["sections"][part]["rows"]
    assert len(rows) == len(points) >= 2
    for row, point in zip(rows, points, strict=True):
        assert row[0] == point["what"] and all(figure > 0.0 for figure in point["figures"])
        at = "" if part == "roofline" else f" --at {point['at']}"
        assert row[-1] == f"`python benchmarks/scaling.py {part}{at} --scale 0.001`"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.deep
def test_every_part_has_a_picture_of_its_points_on_the_page(measured, part):
    page, _ = measured
    picture = page.parent / "pictures" / f"{part}.svg"
    assert f"](pictures/{part}.svg)" in page.read_text(encoding="utf-8")
    text = " ".join(ElementTree.parse(picture).getroot().itertext())
    assert all(row[0] in text for row in rows_of(page, part))
    assert picture.stat().st_size < 100_000


@pytest.mark.deep
def test_the_same_record_gives_the_same_bytes(measured, tmp_path):
    page, record = measured
    again = tmp_path / "scaling.md"
    shutil.copy(DOCS / "scaling.md", again)
    measure("scaling", "--from", record, "--write", again)
    for path in (page, *sorted((page.parent / "pictures").iterdir())):
        assert (tmp_path / path.relative_to(page.parent)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.deep
def test_the_command_of_a_row_repeats_that_row(measured):
    page, _ = measured
    row = rows_of(page, "trades")[1]
    words = row[-1].strip("`").split()[2:]
    out = measure("scaling", *words, "--repeats", 1)
    (again,) = [line for line in out.splitlines() if line.endswith(f"{row[-1]} |")]
    assert again.split("|")[1:3] == [f" {row[0]} ", f" {row[1]} "]


PAGES = {"docs/project/performance.md": "performance", "docs/project/scaling.md": "scaling", "README.md": "performance"}
"""Pages with tables of figures, and the record that each is made of."""


@pytest.mark.parametrize("page", PAGES)
def test_no_figure_of_the_pages_was_typed_by_hand(page, tmp_path):
    name, copy = PAGES[page], tmp_path / Path(page).name
    shutil.copy(PROJECT / page, copy)
    measure({"performance": "run"}.get(name, name), "--from", BENCHMARKS / f"{name}.json", "--write", copy)
    assert copy.read_text(encoding="utf-8") == (PROJECT / page).read_text(encoding="utf-8")


def test_every_figure_of_the_readme_changes_with_the_record(tmp_path):
    """Each row that README shows is doubled in turn: its line changes, and no other one. Outside the table stands no figure of speed."""
    before = PROJECT.joinpath("README.md").read_text(encoding="utf-8")
    page, record = tmp_path / "README.md", tmp_path / "performance.json"
    kept = json.loads((BENCHMARKS / "performance.json").read_text(encoding="utf-8"))
    shown = 0
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import pages
        import readme
    finally:
        sys.path.remove(str(BENCHMARKS))
    for section in kept["sections"].values():
        for row in section["rows"]:
            value = row["value"]
            row["value"] = 2.0 * value
            record.write_text(json.dumps(kept), encoding="utf-8")
            page.write_text(before, encoding="utf-8")
            pages.fill(page, {"readme": readme.table(pages.read(record))})
            after = page.read_text(encoding="utf-8").splitlines()
            changed = [(old, new) for old, new in zip(before.splitlines(), after, strict=True) if old != new]
            assert len(changed) <= 1
            shown += len(changed)
            row["value"] = value
    assert shown == 11, "rows of the record that README shows"
    section = before[before.index("## How fast") : before.index("## More")]
    outside = re.sub(r"<!-- table: readme -->.*?<!-- end -->", "", section, flags=re.DOTALL)
    assert not re.search(r"\d", outside), "figures of speed stand in the table"


def test_a_section_measured_again_replaces_itself_alone(tmp_path):
    page, record = tmp_path / "performance.md", tmp_path / "performance.json"
    shutil.copy(DOCS / "performance.md", page)
    shutil.copy(BENCHMARKS / "performance.json", record)
    before = rows_of(page, "performance")
    measure("run", "simulate", *SMALL, "--record", record, "--write", page)
    after = rows_of(page, "performance")
    assert [row[-1] for row in after] == [row[-1] for row in before]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new[0] for _, new in changed] == ["bl.simulate, 170 overlapping entries over 8,000 bars"]
    assert "0.001 of the bars, to try it out: `simulate`." in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("script", "words", "said"),
    [
        ("scaling", ["holdings"], "unknown part holdings: known are rows trades holding"),
        ("scaling", ["rows", "holding", "--at", "30"], "--at takes whole numbers from 1 on for one part"),
        ("scaling", ["threads", "--at", "4000"], "this machine has"),
        ("scaling", ["rows", "--at", "1000", "--write", "page.md"], "goes without --record and --write"),
        ("scaling", ["--from", "scaling.json"], "--from measures nothing: it needs --write"),
        ("run", ["simulation"], "unknown section simulation: known are start csv"),
        ("run", ["--from", "performance.json"], "--from measures nothing: it needs --write"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_measured(script, words, said):
    usage = said != "this machine has"
    assert said in measure(script, *words, code=2 if usage else 1)


@pytest.mark.parametrize("script", ["run", "scaling"])
def test_a_page_without_a_place_and_a_damaged_record_are_named_and_left(script, tmp_path):
    page, record = tmp_path / "page.md", tmp_path / "record.json"
    page.write_text("# Nothing\n", encoding="utf-8")
    record.write_text("{", encoding="utf-8")
    assert f"{page} has no place for table" in measure(script, "--write", page, code=1)
    assert f"{record} is no record" in measure(script, "--record", record, code=1)
    assert page.read_text(encoding="utf-8") == "# Nothing\n" and record.read_text(encoding="utf-8") == "{"
