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
    "drilldown": 6,
}
ENTRY: dict[str, int] = {"next_open": 0, "close": 1, "limit": 2, "stop": 3}
PRICED = ("limit", "stop")
"""Entries that wait for a price."""


class FillRules(BaseModel):
    """A named set of fill knobs; what most of them mean is told by ``execution.rules.Rules``.

    Attributes:
        intrabar: which of stop and target comes first in a bar that holds both (a key of ``INTRABAR``).
        one_position: whether the engine it stands for holds one trade and leaves by stops and targets alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intrabar: str = "pessimistic"
    stop_wins_open: bool = False
    gap_stop_at_level: bool = False
    gap_target_at_level: bool = False
    scan_entry_bar: bool = True
    reenter_on_exit_bar: bool = True
    one_position: bool = False


PRESETS: dict[str, FillRules] = {
    "pessimistic": FillRules(),
    "optimistic": FillRules(intrabar="optimistic"),
    # The engine takes one order a bar.
    "vectorbt": FillRules(stop_wins_open=True, scan_entry_bar=False, reenter_on_exit_bar=False, one_position=True),
    "backtesting.py": FillRules(stop_wins_open=True),
    "tradingview": FillRules(intrabar="nearest_open"),
    "mt4-ohlc": FillRules(intrabar="candle"),
}


def resolve_fills(
    fills: str, *, entry: str = "next_open", intrabar: str | None = None, position: str = "single"
) -> FillRules:
    """The knobs that a preset and an explicit path policy come to; the explicit policy wins.

    Raises:
        InputError: an unknown name, with the nearest ones, or a choice that contradicts what the preset stands for.
    """
    if fills not in PRESETS:
        raise InputError(f"unknown fills '{fills}': {nearest(fills, PRESETS)}")
    preset = PRESETS[fills]
    chosen = intrabar or preset.intrabar
    if entry not in ENTRY:
        raise InputError(f"unknown entry '{entry}': {nearest(entry, ENTRY)}")
    if chosen not in INTRABAR:
        raise InputError(f"unknown intrabar policy '{chosen}': {nearest(chosen, INTRABAR)}")
    why = ""
    if preset.stop_wins_open and chosen != "pessimistic":
        why = f"--intrabar {chosen} contradicts --fills {fills}, whose stop always comes first"
    elif preset.stop_wins_open and entry in PRICED:
        why = f"--entry {entry} contradicts --fills {fills}, which stands for entries at the market"
    elif preset.one_position and position != "single":
        why = f"--position {position} contradicts --fills {fills}, which holds one trade and ignores entries meanwhile"
    if why:
        raise InputError(f"{why}: leave one of them out")
    return preset.model_copy(update={"intrabar": chosen})


def refuse_exit_signals(fills: str) -> None:
    """Refuse exit signals beside a preset whose engine leaves by them in another way.

    Raises:
        InputError: the preset is such a one.
    """
    if PRESETS[fills].one_position:
        raise InputError(
            f"exit signals contradict --fills {fills}, which drops one where a stop or target is hit on the bar it would leave on: "
            "leave one of them out"
        )
