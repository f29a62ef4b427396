"""Named fill presets and path policies: which price path a bar that could have gone two ways is taken to have run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from barloom.errors import InputError, nearest

# Codes shared with simulation.pyx; the order is part of the kernel's contract.
INTRABAR: dict[str, int] = {
    "pessimistic": 0,
    "optimistic": 1,
    "nearest_open": 2,
    "ohlc": 3,
    "olhc": 4,
    "candle": 5,
}
ENTRY: dict[str, int] = {"next_open": 0, "close": 1}


class FillRules(BaseModel):
    """A named set of fill knobs.

    Attributes:
        intrabar: which of stop and target comes first in a bar that holds both (a key of ``INTRABAR``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intrabar: str


PRESETS: dict[str, FillRules] = {
    "pessimistic": FillRules(intrabar="pessimistic"),
    "optimistic": FillRules(intrabar="optimistic"),
}


def resolve_intrabar(fills: str, intrabar: str | None) -> str:
    """The path policy that a preset and an explicit choice come to; the explicit choice wins.

    Raises:
        InputError: an unknown preset or policy, with the nearest names.
    """
    if fills not in PRESETS:
        raise InputError(f"unknown fills '{fills}': {nearest(fills, PRESETS)}")
    chosen = intrabar or PRESETS[fills].intrabar
    if chosen not in INTRABAR:
        raise InputError(f"unknown intrabar policy '{chosen}': {nearest(chosen, INTRABAR)}")
    return chosen
