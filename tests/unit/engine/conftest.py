"""Every scenario of the execution rules runs on the reference simulator and on the compiled engine alike."""

from __future__ import annotations

import pytest

from helpers.scenario import Simulate, by_engine, by_reference


@pytest.fixture(params=[by_reference, by_engine], ids=["reference", "engine"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[1, -1], ids=["long", "short"])
def side(request: pytest.FixtureRequest) -> int:
    return request.param  # type: ignore[no-any-return]
