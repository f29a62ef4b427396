"""The same bytes as everywhere: digests that were taken once must come out again, whatever compiled the kernels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from barloom.rules.fills import ENTRY, INTRABAR, PRESETS
from barloom.rules.parameters import RunParameters
from barloom.rules.positions import POSITIONS
from golden import cases, rewrite
from helpers.command import run_here

GOLDEN: dict[str, dict[str, Any]] = json.loads(rewrite.FILE.read_text(encoding="utf-8"))
RUNS = cases.run_cases()
HOW = "a digest that changed is a result that changed: if that is meant, python tests/golden/rewrite.py"


def test_every_case_has_its_digest_and_no_other_is_kept() -> None:
    assert set(GOLDEN["runs"]) == {"sample", "own signals", *RUNS}
    assert set(GOLDEN["indicators"]) == set(cases.indicator_specs())
    digests = [found["digest"] for found in GOLDEN["runs"].values()]
    assert len(set(digests)) == len(digests), "two cases that differ in nothing"


def test_the_cases_ask_for_everything_that_shapes_a_run() -> None:
    asked = [cases.RULES[rules] for _, rules in RUNS.values()]
    never = {"strategy", "params", "chunk_rows", "threads", "seed"}
    assert {name for rules in asked for name in rules} == set(RunParameters.model_fields) - never
    presets = {str(rules.get("fills", "pessimistic")) for rules in asked}
    assert presets == set(PRESETS)
    paths = {str(rules["intrabar"]) for rules in asked if "intrabar" in rules}
    assert paths | {PRESETS[name].intrabar for name in presets} | {"drilldown"} == set(INTRABAR)
    assert "finer bars" in cases.RULES, "which drilldown needs"
    assert {str(rules.get("entry", "next_open")) for rules in asked} == set(ENTRY)
    assert {str(rules.get("position", "single")) for rules in asked} == set(POSITIONS)


def test_the_bars_are_the_same_bytes() -> None:
    """Where this fails, the generator of bars differs here, and what the other tests say is of other bars."""
    assert cases.bars_digests() == GOLDEN["bars"]


@pytest.mark.parametrize("chunk_rows", [cases.ROWS, 997])
def test_indicators_are_the_same_bytes(chunk_rows: int) -> None:
    assert cases.indicator_digests(chunk_rows) == GOLDEN["indicators"], HOW


@pytest.mark.parametrize("case", RUNS)
def test_runs_are_the_same_bytes(case: str) -> None:
    assert GOLDEN["runs"][case]["trades"] > 20, "too few to mean anything"
    assert cases.run_digest(*RUNS[case]) == GOLDEN["runs"][case], HOW


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_chunks_change_nothing(threads: int) -> None:
    for case in (
        "trend-pullback, costs",
        "zscore-reversion, ladder",
        "ema-cross, reverse",
        "zscore-reversion, overlap",
    ):
        found = cases.run_digest(*RUNS[case], threads=threads, chunk_rows=4096 + 513 * threads)
        assert found == GOLDEN["runs"][case], case
    assert cases.own_digest(threads=threads, chunk_rows=5000 + threads) == GOLDEN["runs"]["own signals"]


def test_the_sample_run_is_the_same_bytes(tmp_path: Any) -> None:
    code, said, _ = run_here("run", "--sample", "--format", "json", "--out", tmp_path)
    assert code == 0
    assert json.loads(said)["digest"][:32] == GOLDEN["runs"]["sample"]["digest"], HOW
    assert cases.sample_digest() == GOLDEN["runs"]["sample"], HOW
