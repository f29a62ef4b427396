"""How many units a trade has."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Sizing(BaseModel):
    """Fixed units, or a percentage of equity at risk.

    Attributes:
        balance: money the account starts with.
        risk_pct: percent of the equity at entry that a trade loses at its initial stop; used where ``units`` is None.
        units: fixed units a trade.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    balance: float = Field(default=10_000.0, gt=0.0, allow_inf_nan=False)
    risk_pct: float = Field(default=0.25, gt=0.0, le=100.0)
    units: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
