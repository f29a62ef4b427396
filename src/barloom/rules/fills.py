"""Named fill presets and path policies: the price path assumed in an ambiguous bar."""

from __future__ import annotations

from dataclasses import dataclass, replace

from barloom.errors import InputError, nearest
from barloom.options import choices

# Codes shared with simulation.pyx: the order of the words in the table of options is part of the kernel's contract.
INTRABAR: dict[str, int] = {word: code for code, word in enumerate(choices("intrabar"))}
ENTRY: dict[str, int] = {word: code for code, word in enumerate(choices("entry"))}
PRICED = ("limit", "stop")
"""Entries that wait for a price."""


@dataclass(frozen=True, slots=True)
class FillRules:
    """Rules for the fills of trades: the part of the execution rules that a preset sets.

    Attributes:
        intrabar: path policy, a key of ``INTRABAR``: which of stop and target comes first in a bar that holds both.
        stop_wins_open: a bar that opens beyond the target and comes back to the stop leaves at the stop.
        gap_stop_at_level: a bar that opens beyond the stop fills at the stop, not at the open.
        gap_target_at_level: a bar that opens beyond the target fills at the target, not at the open.
        scan_entry_bar: whether a trade may leave on the bar that fills it.
        reenter_on_exit_bar: whether an entry may fill on the bar on which the last trade left.
    """

    intrabar: str = "pessimistic"
    stop_wins_open: bool = False
    gap_stop_at_level: bool = False
    gap_target_at_level: bool = False
    scan_entry_bar: bool = True
    reenter_on_exit_bar: bool = True


PRESETS: dict[str, FillRules] = {
    "pessimistic": FillRules(),
    "optimistic": FillRules(intrabar="optimistic"),
    # The engine takes one order a bar.
    "vectorbt": FillRules(stop_wins_open=True, scan_entry_bar=False, reenter_on_exit_bar=False),
    "backtesting.py": FillRules(stop_wins_open=True),
    "tradingview": FillRules(intrabar="nearest_open"),
    "mt4-ohlc": FillRules(intrabar="candle"),
}
ONE_POSITION = frozenset({"vectorbt"})
"""Presets of engines that hold one trade and leave by stops and targets alone."""


def resolve_fills(
    fills: str, *, entry: str = "next_open", intrabar: str | None = None, position: str = "single"
) -> FillRules:
    """The fill rules of a preset and an explicit path policy; the explicit policy wins.

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
    elif fills in ONE_POSITION and position != "single":
        why = f"--position {position} contradicts --fills {fills}, which holds one trade and ignores entries meanwhile"
    if why:
        raise InputError(f"{why}: leave one of them out")
    return replace(preset, intrabar=chosen)


def refuse_exit_signals(fills: str) -> None:
    """Refuse exit signals beside a preset whose engine leaves by them in another way.

    Raises:
        InputError: the preset is such a one.
    """
    if fills in ONE_POSITION:
        raise InputError(
            f"exit signals contradict --fills {fills}, which drops one where a stop or target is hit on the bar it would leave on: "
            "leave one of them out"
        )
