"""Settings of sizing and costs: what is refused, by name, and what lots come to in units."""

from __future__ import annotations

import math
from typing import Any

import pytest

from barloom.errors import InputError
from barloom.rules.costs import Costs
from barloom.rules.sizing import Sizing


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"units": 1.0, "notional": 100.0}, "^Sizing: notional 100 and units 1 both say"),
        ({"units": 1.0, "lot_step": 0.1}, "lot_step 0.1 rounds a size that is computed, but units 1 fixes it"),
        ({"units": 1.0, "min_lots": 0.1}, "min_lots 0.1 .* units 1"),
        ({"units": 1.0, "max_lots": 0.1}, "max_lots 0.1 .* units 1"),
        ({"min_lots": 2.0, "max_lots": 1.0}, "min_lots 2 is above max_lots 1"),
        ({"lot_step": 2.0, "max_lots": 1.0}, "lot_step 2 is above max_lots 1"),
        ({"contract_size": 100_000.0}, "contract_size 100000 .*: give lot_step, min_lots or max_lots"),
        ({"lots": 2.0}, "no field 'lots'.*max_lots"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_by_name(settings: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Sizing(**settings)


@pytest.mark.parametrize(
    "name",
    [
        "balance",
        "risk_pct",
        "units",
        "notional",
        "lot_step",
        "min_lots",
        "max_lots",
        "contract_size",
        "conversion",
        "leverage",
    ],
)
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan, "many"])
def test_a_size_is_a_positive_number(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{name} of Sizing"):
        Sizing(**{name: value})


def test_risk_is_at_most_everything() -> None:
    with pytest.raises(InputError, match="risk_pct of Sizing is 101"):
        Sizing(risk_pct=101)


@pytest.mark.parametrize("name", ["spread", "slippage", "commission", "commission_per_trade", "commission_pct"])
def test_a_cost_is_not_negative(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} of Costs"):
        Costs(**{name: -0.1})


@pytest.mark.parametrize("name", ["swap_long", "swap_short"])
def test_a_swap_may_be_paid_to_the_trader(name: str) -> None:
    assert Costs(**{name: -0.1}).has_swap
    with pytest.raises(InputError, match=f"{name} of Costs"):
        Costs(**{name: math.inf})


def test_lots_in_units() -> None:
    sizing = Sizing(lot_step=0.01, min_lots=0.02, max_lots=50.0, contract_size=100_000.0)
    assert (sizing.step, sizing.lowest, sizing.highest) == (1000.0, 2000.0, 5_000_000.0)
    assert (Sizing().step, Sizing().lowest, Sizing().highest) == (0.0, 0.0, 0.0)


def test_only_sizes_by_risk_need_a_stop() -> None:
    assert Sizing(risk_pct=1.0).needs_stop
    assert not Sizing(units=1.0).needs_stop and not Sizing(notional=1.0).needs_stop


@pytest.mark.parametrize(
    "model", [Costs(swap_long=1.5, commission_pct=0.01), Sizing(lot_step=0.01, contract_size=1e5, leverage=30)]
)
def test_settings_come_back_from_json(model: Costs | Sizing) -> None:
    assert type(model).model_validate_json(model.model_dump_json()) == model
