"""Numbers that the pages promise are those of the code: each is read from the page and compared with the constant."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORDS = {
    **dict(enumerate(("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))),
    16: "sixteen",
}

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="needs the pages of the source tree")


def number(value: float) -> str:
    """As the pages write a number."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def word(value: float) -> str:
    return WORDS[int(value)]


def share(value: float) -> str:
    return f"{100 * value:g}%"


def megabytes(value: float) -> str:
    return f"{value / 2**20:g}"


def minutes(value: float) -> str:
    return word(value / 60e9)


def half(value: float) -> str:
    return number(value / 2)


def ways(value: float) -> str:
    """Ways to choose half of so many."""
    return number(math.comb(int(value), int(value) // 2))


PROMISES: list[tuple[str, str, str, Callable[[float], str]]] = [
    # page, the words around the number, the constant, how it is written
    ("docs/project/decisions.md", "A run checks itself on its first {} bars", "engine.selfcheck:HEAD_BARS", number),
    (
        "docs/project/decisions.md",
        "passed again in chunks of {} bars on one thread",
        "engine.selfcheck:OTHER_CHUNK_ROWS",
        number,
    ),
    (
        "docs/project/decisions.md",
        "the first {} entries are judged by the reference",
        "engine.selfcheck:JUDGED_ENTRIES",
        number,
    ),
    ("docs/project/decisions.md", "a chunk of {} bars with all it needs", "engine.orchestrator:CHUNK_ROWS", number),
    (
        "docs/project/decisions.md",
        "with all it needs fits {} MB",
        "sweeps.runner.schedule:INDICATOR_BYTES",
        lambda value: f"{value / 1e6:g}",
    ),
    ("docs/project/decisions.md", "Read back {} row groups at a time", "engine.sinks:GROUPS_AT_ONCE", word),
    ("docs/profiling.md", "Chunks are of {} bars otherwise", "engine.orchestrator:CHUNK_ROWS", number),
    (
        "docs/project/scaling.md",
        "| run of ema-cross, a bar | {} | 31.5 | 21.7 to 32.2 | the default |",
        "engine.orchestrator:CHUNK_ROWS",
        number,
    ),
    ("docs/data.md", "batches of {} bars pass through", "bars.writer:BATCH_ROWS", number),
    ("docs/data.md", "more than {} robust standard deviations", "bars.checks:SPIKE_DEVIATIONS", number),
    ("docs/data.md", "({} x the running median of their absolute values)", "checking.pyx:ROBUST", number),
    ("docs/data.md", "at least {}, and back within", "checking.pyx:LEAST_SPIKE", share),
    ("docs/data.md", "and back within {} bars", "checking.pyx:AHEAD", word),
    ("docs/data.md", "`shifted_columns` | {} or more such rows", "checking.pyx:SHIFTED_RUN", word),
    ("docs/data.md", "`zero_range` | {} or more bars in a row", "checking.pyx:FLAT_RUN", number),
    ("docs/data.md", "`stale` | {} or more bars in a row", "checking.pyx:STALE_RUN", word),
    ("docs/data.md", "Data with more than {} spikes does not suit", "bars.sources.despiked:MOST_SPIKES", number),
    ("docs/data.md", "a hole from {} missing bars on", "bars.first_rows:HOLE", word),
    ("docs/data.md", "missing bars on; from {} on where more than", "bars.checks:SPARSE_HOLE", number),
    ("docs/data.md", "where more than {} of all bars are missing", "bars.checks:SPARSE", share),
    ("docs/data.md", "where bars are {} minutes", "bars.first_rows:SLOW", minutes),
    ("docs/data.md", "unfolds to more than {} times its size", "bars.sources.text:MOST_RATIO", number),
    ("docs/data.md", "has a line longer than {} MB", "bars.sources.text:LONGEST_LINE", megabytes),
    ("docs/records.md", "the run takes {} s or less", "observe.criteria:SECONDS_LIMIT", number),
    ("docs/records.md", "at least {} x as fast as the reference", "observe.criteria:SPEEDUP_LIMIT", number),
    ("docs/records.md", "at least {} of the processor time", "observe.criteria:EFFICIENCY_LIMIT", number),
    ("docs/records.md", "names at least {} hotspots", "observe.criteria:HOTSPOTS_LIMIT", number),
    ("docs/records.md", "at most {} MB, and at most", "observe.criteria:PEAK_LIMIT_MB", number),
    ("docs/sweeps.md", "({} unless told)", "sweeps.options:MAX_SETS", number),
    ("docs/sweeps.md", "bars               60,391, {} at a time", "engine.orchestrator:CHUNK_ROWS", number),
    ("docs/sweeps.md", "After {} tries the sweep is refused", "sweeps.grid.grid:MOST_LOOKED_AT", number),
    ("docs/sweeps.md", "in batches of {}; the first batch is random", "sweeps.grid.search:BATCH", number),
    ("docs/sweeps.md", "a line every {} seconds) says how many sets", "observe.progress:LINE_SECONDS", word),
    ("docs/sweeps.md", "not significant at {}", "sweeps.analysis.report:SIGNIFICANT", number),
    ("docs/sweeps.md", "are at most {}% behind", "sweeps.analysis.stability:NEAR_PCT", number),
    ("docs/sweeps.md", "the days are cut into {} blocks", "sweeps.analysis.overfitting:BLOCKS", number),
    ("docs/sweeps.md", "blocks; every {} of them choose", "sweeps.analysis.overfitting:BLOCKS", half),
    ("docs/sweeps.md", "It is the share of the {} ways", "sweeps.analysis.overfitting:BLOCKS", ways),
    ("docs/sweeps.md", "2 sets with a Sharpe ratio and {} days", "sweeps.analysis.overfitting:MIN_DAYS", number),
    ("docs/sweeps.md", "measured on a few sets over the first {} bars", "sweeps.runner.plan:HEAD_ROWS", number),
    ("docs/sweeps.md", "cannot be reached within {} seconds", "sweeps.runner.dask:REACHED_SECONDS", number),
]


def constant(name: str) -> float:
    """A constant of a module, or of a kernel's source."""
    where, _, called = name.partition(":")
    if not where.endswith(".pyx"):
        found: Any = getattr(importlib.import_module(f"barloom.{where}"), called)
        return float(found)
    text = (ROOT / "cython_ext" / where).read_text(encoding="utf-8")
    told = re.search(rf"^\s*(?:cdef double )?{called} = ([\d.]+)", text, re.MULTILINE)
    assert told is not None, name
    return float(told[1])


@pytest.mark.parametrize(
    ("page", "words", "name", "written"), PROMISES, ids=[f"{name}-{page}" for page, _, name, _ in PROMISES]
)
def test_a_documented_number_is_the_one_of_the_code(
    page: str, words: str, name: str, written: Callable[[float], str]
) -> None:
    text = re.sub(r"\s+", " ", (ROOT / page).read_text(encoding="utf-8"))
    around = r"(\S+?)".join(re.escape(re.sub(r"\s+", " ", part)) for part in words.split("{}"))
    found = re.findall(around.removesuffix("?)") + ")" if around.endswith("?)") else around, text)
    assert found, f"{page} no longer says '{words}': put the promise where it is now"
    assert set(found) == {written(constant(name))}, f"{name} and {page}"


@pytest.mark.parametrize("changed", [2.0, 0.5])
def test_a_constant_that_changes_is_found_on_its_page(changed: float) -> None:
    """Each number is written otherwise where its constant is twice or half as large: none is compared with words that fit all."""
    for _, _, name, written in PROMISES:
        if written in (word, minutes):
            continue
        value = constant(name)
        assert written(changed * value) != written(value), name


def test_spikes_are_as_far_away_as_the_page_says() -> None:
    """The words of a finding have the bound of the page too."""
    from barloom.bars.check_report import MEANINGS
    from barloom.bars.first_rows import SPIKE_DEVIATIONS

    assert f"more than {number(SPIKE_DEVIATIONS)} robust deviations" in MEANINGS["spike"][1]
