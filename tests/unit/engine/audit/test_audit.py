"""Strategies that look ahead end a run, a sweep and a walk forward; honest ones never are taken for such."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest
from tests.helpers import cheats, honest

import barloom as bl
from barloom.errors import FidelityError
from barloom.strategies.registry import BUILT_IN

ROWS = 1_000_000
OPTIONS = {"PeekingLimit": {"entry": "limit"}}
SEEN = r"looks ahead: on bar \d+ \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\) it decides .+, and .+ when the window ends with that bar"


def classes(module: ModuleType, base: type) -> list[str]:
    return [
        name
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base
    ]


def named(module: ModuleType, name: str) -> str:
    assert module.__file__ is not None
    return f"{Path(module.__file__)}:{name}"


CHEATS = classes(cheats, cheats.Cheat)
ALIKE = ("Rarely", "OneHour", "SlightStop", "HonestWhenLive", "InADefault", "InAClosure", "ThroughFourier", "Detrended")
"""Cheats that a sweep and a walk forward find as they find those like them."""
KINDS = [name for name in CHEATS if name not in ALIKE]
HONEST = classes(honest, honest.Honest)


@pytest.fixture(scope="module")
def bars() -> bl.Bars:
    made = bl.from_synthetic(ROWS, 11)
    return made


def test_there_are_twenty_of_each() -> None:
    assert len(KINDS) >= 20 and len(HONEST) >= 20


@pytest.mark.parametrize("name", CHEATS)
def test_a_strategy_that_looks_ahead_ends_the_run(bars: bl.Bars, name: str) -> None:
    with pytest.raises(FidelityError, match=SEEN):
        bl.run(bars, named(cheats, name), **OPTIONS.get(name, {}))


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_strategy_is_let_pass(bars: bl.Bars, name: str) -> None:
    audit = bl.run(bars, named(honest, name)).audit
    assert audit is not None and audit.unasked == 0
    if name == "LongLookback":
        assert 50 <= audit.decisions < 80 and "20,000" in audit.said
    else:
        assert audit.decisions >= 500
        assert audit.with_signal >= 200 or name in ("Seldom", "ByTheClock")
        assert audit.said == f"{audit.decisions:,} decisions, none looks ahead"


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_built_in_is_let_pass(bars: bl.Bars, name: str) -> None:
    audit = bl.run(bars, name).audit
    assert audit is not None and audit.decisions >= 500 and not audit.differing and not audit.rounded


@pytest.mark.parametrize("name", KINDS)
def test_a_strategy_that_looks_ahead_ends_a_sweep(bars: bl.Bars, name: str) -> None:
    options = OPTIONS.get(name, {})
    with pytest.raises(FidelityError, match=SEEN):
        bl.sweep(bars, named(cheats, name), grid={"max_hold": [50, 100]}, **options)


@pytest.mark.parametrize("name", KINDS)
def test_a_strategy_that_looks_ahead_ends_a_walk_forward(bars: bl.Bars, name: str) -> None:
    options = OPTIONS.get(name, {})
    with pytest.raises(FidelityError, match=SEEN):
        bl.walk_forward(bars, named(cheats, name), grid={"max_hold": [50]}, train="9m", test="9m", **options)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_strategy_passes_a_sweep_and_a_walk_forward(bars: bl.Bars, name: str) -> None:
    strategy, part = named(honest, name), bars.select(end="2016-01-01")
    swept = bl.sweep(part, strategy, grid={"max_hold": [50, 100]}, rank_by="net-pnl")
    assert not swept.outcome.table.refused
    walked = bl.walk_forward(part, strategy, grid={"max_hold": [50]}, train="5m", test="5m", rank_by="net-pnl")
    assert walked.audit.decisions >= (50 if name == "LongLookback" else 256)
