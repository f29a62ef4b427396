"""Distances of stops and targets as data, and the exits that hold for every trade of a run."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from barloom.errors import InputError
from barloom.options import distance
from barloom.rules.checked import Checked
from barloom.rules.sessions import Session

Unit = Literal["atr", "pct", "points", "pips", "r", "peak", "none"]

FRACTION_TOLERANCE = 1e-9
"""Largest difference between the sum of a ladder's fractions and 1 that still counts as the whole."""


class Distance(BaseModel):
    """A distance from the fill price: a unit and how many of it (``atr:2``, ``points:0.0020``, ``r:2``, ``none``).

    Units: ``atr`` multiples of the ATR 14 at the signal, ``pct`` percent of the close at the signal, ``points`` price units, ``pips``
    of 0.0001 (0.01 where the first close is 20 or more), ``r`` multiples of the stop distance; for a trail also ``peak``, percent of
    the peak it follows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Unit
    amount: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)

    @classmethod
    def parse(cls, text: str, option: str, said: str | None = None) -> Distance:
        """Read ``unit:amount`` or ``none``.

        Args:
            text: what the user wrote.
            option: whose distance it is: which units it takes, and whether it may be 0 or none.
            said: what a fault is said of; the option unless given.

        Raises:
            InputError: an unit the option does not take, or an amount that is no number above 0 (or of at least 0).
        """
        said = said or f"--{option} {text}"
        unit, colon, amount_text = text.strip().lower().partition(":")
        takes = distance(option)
        if unit == "none" and not colon and takes.none:
            return cls(unit="none")
        if unit not in takes.units or not colon:
            examples = ", ".join(f"{name}:2" for name in takes.units) + (" or none" if takes.none else "")
            raise InputError(f"{said} is not a distance: give one of {examples}")
        try:
            amount = float(amount_text)
        except ValueError:
            amount = math.nan
        if unit == "peak" and amount >= 100.0:
            raise InputError(f"{said}: '{amount_text}' percent of the peak leaves no stop: give less than 100")
        return cls(unit=unit, amount=_checked(amount, amount_text, option, said))  # type: ignore[arg-type]

    @classmethod
    def of(cls, value: float | str, option: str, said: str | None = None) -> Distance:
        """A distance given as text or as a number of price units.

        Raises:
            InputError: see ``parse``.
        """
        if isinstance(value, str):
            return cls.parse(value, option, said)
        return cls(unit="points", amount=_checked(float(value), f"{value:g}", option, said or f"--{option} {value:g}"))

    def __str__(self) -> str:
        return "none" if self.unit == "none" else f"{self.unit}:{self.amount!r}"


def _checked(amount: float, text: str, option: str, said: str) -> float:
    zero = distance(option).zero
    if zero and amount == 0.0:
        return 0.0
    if not 0.0 < amount < math.inf:
        kind = "a number of at least 0" if zero else "a positive number"
        raise InputError(f"{said}: '{text}' is not {kind}")
    return amount


def _plain(option: str) -> AfterValidator:
    """Checks a distance and writes it in one form, so that equal distances are equal: a number for price units, else text."""

    def plain(value: float | str) -> float | str:
        distance = Distance.of(value, option, repr(value))
        if distance.unit == "none":
            raise InputError(f"'{value}' is no distance to give here: leave the whole of it out instead")
        return distance.amount if distance.unit == "points" else str(distance)

    return AfterValidator(plain)


class Trail(Checked):
    """A stop that follows the best price seen so far, on the closes of bars, and never loosens.

    Attributes:
        distance: from the peak to the stop; a number of price units, or text such as ``atr:2`` or ``peak:0.5``.
        activation: how far the peak must be from the entry price before the trail counts.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> exits = bl.Exits(trail=bl.Trail(distance=0.0002, activation=0.0001))
        >>> bl.simulate(bars, entries, exits=exits).trades["exit_reason"].tolist()
        ['trail', 'trail']
    """

    distance: Annotated[float | str, _plain("trail")]
    activation: Annotated[float | str, _plain("trail-activation")] = 0.0


class Breakeven(Checked):
    """A stop that moves to the entry price once the trade has gone far enough.

    Attributes:
        trigger: how far the peak must be from the entry price; a number of price units, or text such as ``r:1``.
        offset: how far beyond the entry price the stop moves, on the side of profit.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> exits = bl.Exits(breakeven=bl.Breakeven(trigger="r:0.2", offset=0.00001))
        >>> bl.simulate(bars, entries, exits=exits).trades["r"].round(2).tolist()
        [0.02, 0.02]
    """

    trigger: Annotated[float | str, _plain("breakeven")]
    offset: Annotated[float | str, _plain("breakeven-offset")] = 0.0


class Rung(Checked):
    """One target of a ladder.

    Attributes:
        target: distance from the fill price; a number of price units, or text such as ``r:1``.
        fraction: part of the whole size that leaves there, above 0 and at most 1.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> exits = bl.Exits(ladder=(bl.Rung(target="r:1", fraction=0.5), bl.Rung(target="r:1.5", fraction=0.25)))
        >>> trades = bl.simulate(bars, entries, exits=exits).trades
        >>> trades[["size", "r"]].head(3).round(2).values.tolist()  # the parts of the first entry
        [[0.5, 1.0], [0.25, 1.5], [0.25, 2.0]]
    """

    target: Annotated[float | str, _plain("ladder")]
    fraction: float = Field(gt=0.0, le=1.0, allow_inf_nan=False)


class Exits(Checked):
    """Exits that hold for every trade.

    Attributes:
        max_hold: leave at the close after this many bars on which an exit may happen; None for no limit. An entry's own wins.
        trail: a trailing stop; an entry's own wins.
        breakeven: a stop moved to the entry price.
        session: leave at the close of the day, the week, or before a gap.
        ladder: targets that each take a fraction of the size. What they leave keeps the entry's own target.

    Examples:
        >>> import barloom as bl
        >>> bars = bl.from_synthetic(1_000)
        >>> entries = bl.Entries([10, 500], side=[1, -1], stop=0.0005, target=0.0010)
        >>> exits = bl.Exits(max_hold=30, trail=bl.Trail(distance=0.0003))
        >>> bl.simulate(bars, entries, exits=exits).trades[["bars_held", "exit_reason"]].values.tolist()
        [[30, 'time'], [11, 'trail']]
    """

    max_hold: int | None = Field(default=None, ge=1)
    trail: Trail | None = None
    breakeven: Breakeven | None = None
    session: Session | None = None
    ladder: tuple[Rung, ...] = ()

    @field_validator("ladder")
    @classmethod
    def _at_most_the_whole(cls, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        whole = math.fsum(rung.fraction for rung in ladder)
        if whole > 1.0 + FRACTION_TOLERANCE:
            raise InputError(f"the fractions add up to {whole:g}: give at most 1")
        return ladder

    @property
    def parts(self) -> int:
        """Rows of one signal: the rungs of the ladder, and one more if they leave a rest."""
        left = 1.0 - math.fsum(rung.fraction for rung in self.ladder)
        return len(self.ladder) + (left > FRACTION_TOLERANCE)


def parse_ladder(text: str) -> tuple[Rung, ...]:
    """The rungs of ``r:1@0.5,r:2@0.3``; ``none`` has none.

    Raises:
        InputError: a rung that is no distance and fraction, or fractions above 1 together.
    """
    if text.strip().lower() == "none":
        return ()
    rungs = []
    for piece in text.split(","):
        target, at, fraction_text = piece.strip().partition("@")
        said = f"--ladder {text}: '{piece.strip()}'"
        if not at:
            raise InputError(f"{said} is not a target and a fraction: give both, such as r:1@0.5")
        distance = Distance.parse(target, "ladder", said)
        try:
            fraction = float(fraction_text)
        except ValueError:
            fraction = math.nan
        if not 0.0 < fraction <= 1.0:
            raise InputError(f"{said}: the fraction '{fraction_text}' is not above 0 and at most 1")
        rungs.append(Rung(target=str(distance), fraction=fraction))
    whole = math.fsum(rung.fraction for rung in rungs)
    if whole > 1.0 + FRACTION_TOLERANCE:
        raise InputError(f"--ladder {text}: the fractions add up to {whole:g}: give at most 1")
    return tuple(rungs)
