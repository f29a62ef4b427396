"""How many units a trade has."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from barloom.errors import InputError
from barloom.execution.checked import Checked

LOTS = ("lot_step", "min_lots", "max_lots")


class Sizing(Checked):
    """Fixed units, a fixed notional, or a percentage of equity at risk. An entry's own size in units wins.

    A size that is computed from notional or risk is rounded down to the lot step, between the fewest and the most lots; one that comes
    out below is refused as ``below_minimum``. Fixed sizes are taken as they are.

    Attributes:
        balance: money the account starts with.
        risk_pct: percent of the equity at entry that a trade loses at its initial stop; used where neither ``units`` nor ``notional``
            is given. Equity at entry is the balance of trades closed before the entry bar.
        units: fixed units a trade.
        notional: fixed notional a trade at its entry price, in account currency.
        lot_step: lots a size is a multiple of; None for any size.
        min_lots: fewest lots a trade may have.
        max_lots: most lots a trade gets.
        contract_size: units a lot.
        conversion: account currency for one of the quote currency, the same for the whole run.
        leverage: notional of open trades over the balance that is never passed: a trade that would is refused as
            ``insufficient_margin``. None for no limit.

    Raises:
        InputError: a value that is not accepted, or settings that contradict each other.
    """

    balance: float = Field(default=10_000.0, gt=0.0, allow_inf_nan=False)
    risk_pct: float = Field(default=0.25, gt=0.0, le=100.0)
    units: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    notional: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    lot_step: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    min_lots: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    max_lots: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    contract_size: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    conversion: float = Field(default=1.0, gt=0.0, allow_inf_nan=False)
    leverage: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)

    # Fields are checked in their order, so each looks back on those before it.

    @field_validator("notional")
    @classmethod
    def _one_size(cls, notional: float | None, given: ValidationInfo) -> float | None:
        if notional is not None and given.data.get("units") is not None:
            raise InputError("a trade cannot have fixed units and a fixed notional: give units or notional")
        return notional

    @field_validator(*LOTS)
    @classmethod
    def _lots_of_computed_sizes(cls, lots: float | None, given: ValidationInfo) -> float | None:
        if lots is None:
            return None
        if given.data.get("units") is not None:
            raise InputError("fixed units are not rounded to lots: leave it out, or size by notional or risk_pct")
        least = {name: given.data[name] for name in ("lot_step", "min_lots") if given.data.get(name) is not None}
        if given.field_name == "max_lots":
            for name, value in least.items():
                if value > lots:
                    raise InputError(f"{lots:g} is below {name} ({value:g}), so that no trade could be taken: raise it")
        return lots

    @field_validator("contract_size")
    @classmethod
    def _units_of_a_lot(cls, units: float, given: ValidationInfo) -> float:
        if units != 1.0 and all(given.data.get(name) is None for name in LOTS):
            raise InputError(
                "sizes are units, and a lot matters only to lot_step, min_lots and max_lots: give one of them"
            )
        return units

    @property
    def needs_stop(self) -> bool:
        """Whether a trade without a size of its own is sized by the distance to its stop."""
        return self.units is None and self.notional is None

    @property
    def step(self) -> float:
        """The lot step in units, 0 for none."""
        return (self.lot_step or 0.0) * self.contract_size

    @property
    def lowest(self) -> float:
        """The fewest units a computed size may come to, 0 for any."""
        return (self.min_lots or 0.0) * self.contract_size

    @property
    def highest(self) -> float:
        """The most units a computed size is given, 0 for any."""
        return (self.max_lots or 0.0) * self.contract_size
