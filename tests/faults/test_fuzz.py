"""The first of the fuzzed inputs, at every run of the tests; ``fuzz.py`` tries a hundred thousand."""

from __future__ import annotations

from pathlib import Path

from faults.fuzz import fuzz, inputs
from faults.made import KINDS


def test_damaged_files_are_read_as_good_bars_or_refused(tmp_path: Path) -> None:
    """And the fuzzing is no empty one, as some of each kind get through and some do not."""
    found = fuzz(tmp_path, 600, 0)
    assert sum(found.values()) == 600
    for kind in KINDS:
        assert found[f"{kind} refused"] > 1
    assert sum(count for name, count in found.items() if name.endswith(" read")) > 60


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert list(inputs(5, 20)) == list(inputs(5, 20)) != list(inputs(6, 20))
