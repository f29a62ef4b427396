"""How far a stop or a target is asked for, as data, and what holds for every trade of a run."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from barloom.errors import InputError

Unit = Literal["atr", "pct", "points", "pips", "r", "none"]


class Distance(BaseModel):
    """A distance from the fill price: a unit and how many of it (``atr:2``, ``points:0.0020``, ``r:2``, ``none``).

    Units: ``atr`` multiples of the ATR 14 at the signal, ``pct`` percent of the close at the signal, ``points`` price units, ``pips``
    of 0.0001 (0.01 where the first close is 20 or more), ``r`` multiples of the stop distance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit
    amount: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)

    @classmethod
    def parse(cls, text: str, option: str) -> Distance:
        """Read ``unit:amount`` or ``none``; ``option`` is named when it cannot be read.

        Raises:
            InputError: an unknown unit, or an amount that is no positive number.
        """
        unit, colon, amount_text = text.strip().lower().partition(":")
        if unit == "none" and not colon:
            return cls(unit="none")
        known = {"stop": ("atr", "pct", "points", "pips")}.get(option, ("atr", "pct", "points", "pips", "r"))
        if unit not in known or not colon:
            examples = ", ".join(f"{name}:2" for name in known)
            raise InputError(f"--{option} {text} is not a distance: give one of {examples} or none")
        try:
            amount = float(amount_text)
        except ValueError:
            amount = math.nan
        if not (0.0 < amount < math.inf):
            raise InputError(f"--{option} {text}: '{amount_text}' is not a positive number")
        return cls(unit=unit, amount=amount)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return "none" if self.unit == "none" else f"{self.unit}:{self.amount!r}"


class Exits(BaseModel):
    """Exits that hold for every trade.

    Attributes:
        max_hold: leave at the close after this many bars on which an exit may happen; None for no limit. An entry's own wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_hold: int | None = Field(default=None, ge=1)
