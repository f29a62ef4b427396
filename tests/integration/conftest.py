"""Fixtures shared by the tests of commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from barloom.bars import from_synthetic
from barloom.bars.writer import write_bars


@pytest.fixture(scope="module")
def bars(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of generated bars, as many as ``ROWS`` of the module says."""
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    write_bars(from_synthetic(request.module.ROWS, 1), path)
    return path
