"""Common parts of strategies of a fast and a slow average."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from barloom.strategies.base import Period, Strategy


class TwoAverages(Strategy.Params):
    """Parameters of two EMAs, of which the fast one has fewer bars."""

    fast: Period = Field(20, description="bars of the fast EMA; fewer than slow")
    slow: Period = Field(50, description="bars of the slow EMA")

    @model_validator(mode="after")
    def _fast_below_slow(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} is not below slow {self.slow}: give fast fewer bars than slow")
        return self
