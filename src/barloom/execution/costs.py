"""What a trade costs besides its price moves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Costs(BaseModel):
    """Costs that hold for every trade, in price units and money a unit.

    Attributes:
        spread: ask minus bid; the bars are bid prices.
        slippage: adverse price units on every market and stop fill, never on a target.
        commission: money a unit traded, for the round trip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spread: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    slippage: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    commission: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
