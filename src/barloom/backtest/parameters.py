"""Everything that shapes a run, as one record that can be written, read back and compared."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Direction = Literal["long", "short", "both"]


class RunParameters(BaseModel):
    """The options of one run; each field is the command-line option of the same name.

    ``stop`` and ``target`` are distances as text (``atr:2``), None for the strategy's own. ``size`` is fixed units and replaces
    ``risk_pct``. ``chunk_rows`` and ``threads`` never change a result; None chooses them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = "trend-pullback"
    params: dict[str, Any] = Field(default_factory=dict)
    direction: Direction = "both"
    stop: str | None = None
    target: str | None = None
    max_hold: int | None = Field(default=None, ge=1)
    entry: str = "next_open"
    fills: str = "pessimistic"
    intrabar: str | None = None
    position: str = "single"
    max_open: int | None = Field(default=None, ge=0)
    spread: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    slippage: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    commission: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    balance: float = Field(default=10_000.0, gt=0.0, allow_inf_nan=False)
    risk_pct: float = Field(default=0.25, gt=0.0, le=100.0)
    size: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    chunk_rows: int | None = Field(default=None, ge=1)
    threads: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
